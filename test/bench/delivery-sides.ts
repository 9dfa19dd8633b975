import { Agent } from 'node:http';
import { join } from 'node:path';
import { got } from 'got';
import { openAuditLog, type AuditLog } from '../../src/audit/log.js';
import { createDeliveryLoop, type DeliveryLoop } from '../../src/delivery/loop.js';
import { encodeEvent, narrowEvent, type FilteredBytes, type FilteredEvent } from '../../src/event/privacy.js';
import { createSyslogOutput } from '../../src/outputs/syslog.js';
import { createWebhookOutput } from '../../src/outputs/webhook.js';
import type { Output } from '../../src/outputs/output.js';
import { nodeClock, nodeRandom } from '../../src/platform/node.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import { createSpool, type Spool, type Stream } from '../../src/spool/spool.js';
import { createUlid } from '../../src/ulid.js';
import { sampleScan } from '../fixtures/events.js';
import { silentLogger } from '../fixtures/logger.js';

/** What is compared in the benches of delivery: raxed from its spool to a receiver, and a bare loop that posts the same bytes. */

export const CONCURRENCY = 8;
/** How long the last events of a backlog wait for company is a setting, and not what is measured. */
const FLUSH_MS = 20;
const PRODUCERS = 256;
const ID = { msspId: 'mssp', customerId: 'customer' };
const ulid = createUlid(nodeClock, nodeRandom);
const ports = {
  files: nodeSpoolFiles, clock: nodeClock, random: nodeRandom, logger: silentLogger,
  spend: <T>(write: () => Promise<T>): Promise<T> => write(), ulid: () => `aud_${ulid()}`,
};

export function nextEvent(): FilteredEvent {
  return sampleScan({ id: `evt_${ulid()}` });
}

export function webhookOutput(url: string): Output {
  return createWebhookOutput({
    name: 'webhook', url, secret: () => 'my_secret', previousSecret: () => undefined, timeoutMs: 10_000, maxInFlight: CONCURRENCY, skipVerify: false, clock: nodeClock, version: '0.0.0',
  });
}

export function syslogOutput(port: number): Output {
  return createSyslogOutput({
    name: 'syslog', host: '127.0.0.1', port, transport: 'tcp', skipVerify: false, facility: 16, hostname: 'bench', appName: 'raxed',
    confirm: 'fin', batchEvents: 2000, batchBytes: 1024 * 1024, timeoutMs: 60_000, cef: { deviceVendor: 'RAXE', deviceProduct: 'ThreatDetection', version: '0.0.0', installationId: 'inst_bench', mode: 'strict' }, clock: nodeClock,
  });
}

/** Durable appends of `count` events that wait for `destinations`; how many a second. */
export async function fillSpool(folder: string, count: number, destinations: readonly string[]): Promise<number> {
  const spool = await openSpool(folder);
  const stream = await spool.openStream(ID);
  for (const name of destinations) await stream.attach(name);
  let left = count;
  const started = performance.now();
  await Promise.all(Array.from({ length: PRODUCERS }, async () => { while (left-- > 0) await stream.append(encodeEvent(nextEvent())); }));
  const seconds = (performance.now() - started) / 1000;
  await spool.close();
  return count / seconds;
}

/** Delivers all that waits, with the real audit log and no limit to the rate; how many a second. */
export async function drainSpool(folder: string, output: Output): Promise<number> {
  const spool = await openSpool(folder);
  const audit = await openAudit(folder);
  const stream = await spool.openStream(ID);
  const cursor = await stream.attach(output.name);
  const count = cursor.pending();
  const started = performance.now();
  const loop = await deliver({ stream, output, audit });
  while (cursor.pending() > 0) await nodeClock.sleep(2);
  const seconds = (performance.now() - started) / 1000;
  await loop.stop(0);
  await audit.close();
  await spool.close();
  return count / seconds;
}

/** A delivery loop as the daemon makes it, but for the limit to the rate after an outage. */
export async function deliver({ stream, output, audit }: { readonly stream: Stream<FilteredBytes>; readonly output: Output; readonly audit: AuditLog }): Promise<DeliveryLoop> {
  return createDeliveryLoop({
    stream: stream.id, cursor: await stream.attach(output.name), deadLetters: await stream.deadLetters(output.name), output, audit,
    flushIntervalMs: output.batchEvents === 1 ? 0 : FLUSH_MS, retentionMs: () => 86_400_000,
    narrow: (event) => narrowEvent({ dataMode: 'privacy_safe', dataFields: [] }, event),
    timing: { eventsPerSecond: Number.MAX_SAFE_INTEGER },
  }, ports);
}

export function openAudit(folder: string): Promise<AuditLog> {
  return openAuditLog({ folder: join(folder, 'audit'), maxFileBytes: 10_000_000, maxBytes: 1024 ** 3, retentionDays: 90 }, ports);
}

/** A bare got loop with a keep-alive agent; how many posts a second. */
export async function bareGotLoop(url: string, count: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  const client = got.extend({ agent: { http: agent }, retry: { limit: 0 }, headers: { 'content-type': 'application/json' } });
  const body = Buffer.from(encodeEvent(sampleScan()));
  let left = count;
  const started = performance.now();
  await Promise.all(Array.from({ length: CONCURRENCY }, async () => { while (left-- > 0) await client.post(url, { body }); }));
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  return count / seconds;
}

export function openSpool(folder: string): Promise<Spool<FilteredBytes>> {
  return createSpool<FilteredBytes>({
    folder: join(folder, 'spool'), segmentBytes: 8 * 1024 * 1024, maxBytes: 64 * 1024 ** 3, minFreeBytes: 0, whenFull: 'reject', ack: 'fsync', sealAgeMs: 3_600_000,
  }, { ...ports, onReport: () => undefined });
}
