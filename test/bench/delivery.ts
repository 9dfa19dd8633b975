import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { got } from 'got';
import { openAuditLog } from '../../src/audit/log.js';
import { createDeliveryLoop } from '../../src/delivery/loop.js';
import { encodeEvent, narrowEvent, type FilteredBytes } from '../../src/event/privacy.js';
import { createWebhookOutput } from '../../src/outputs/webhook.js';
import { nodeClock, nodeRandom } from '../../src/platform/node.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import { createSpool } from '../../src/spool/spool.js';
import { createUlid } from '../../src/ulid.js';
import { sampleScan } from '../fixtures/events.js';
import { silentLogger } from '../fixtures/logger.js';

const EVENTS = 4000;
const CONCURRENCY = 8;
const ROUNDS = 7;

const RECEIVER = `
  const server = require('node:http').createServer((request, response) => {
    request.resume();
    request.on('end', () => { response.end('ok'); });
  });
  server.listen(0, '127.0.0.1', () => { console.log(server.address().port); });
  process.stdin.resume().on('end', () => process.exit());
`;

/**
 * A backlog in the real spool, delivered by the webhook output and the delivery loop with the real audit log, against
 * a bare got loop with a keep-alive agent that posts the same bytes to the same receiver. Each side has a process of
 * its own, so that neither spoils what the compiler learned from the other; they run in turn.
 */
export async function run(): Promise<void> {
  const folder = await mkdtemp(join(process.env['RAXED_BENCH_DIR'] ?? tmpdir(), 'raxed-bench-'));
  const receiver = spawn(process.execPath, ['-e', RECEIVER], { stdio: ['pipe', 'pipe', 'inherit'] });
  const url = `http://127.0.0.1:${await portOf(receiver)}/raxe/alerts`;
  const sides = { bare: fork(import.meta.filename, ['bare', url, folder]), raxed: fork(import.meta.filename, ['raxed', url, folder]) };
  try {
    const pairs: { bare: number; raxed: number }[] = [];
    // The first pair warms up code, disk and receiver, and does not count.
    for (let round = 0; round <= ROUNDS; round++) {
      const pair = { bare: await measure(sides.bare), raxed: await measure(sides.raxed) };
      if (round > 0) pairs.push(pair);
    }
    const ratio = median(pairs.map(({ bare, raxed }) => raxed / bare));
    process.stdout.write(`webhook, ${CONCURRENCY} in flight, ${encodeEvent(sampleScan()).length} octets an event, median of ${ROUNDS} pairs\n`);
    process.stdout.write(`bare got loop   ${Math.round(median(pairs.map((pair) => pair.bare)))} deliveries/s\n`);
    process.stdout.write(`raxed           ${Math.round(median(pairs.map((pair) => pair.raxed)))} deliveries/s   ${Math.round(ratio * 100)} %\n`);
  } finally {
    for (const side of Object.values(sides)) side.disconnect();
    receiver.stdin?.end();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(side: ChildProcess): Promise<number> {
  side.send('go');
  const [rate] = await once(side, 'message') as [number];
  return rate;
}

async function bareLoop(url: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  const client = got.extend({ agent: { http: agent }, retry: { limit: 0 }, headers: { 'content-type': 'application/json' } });
  const body = Buffer.from(encodeEvent(sampleScan()));
  let left = EVENTS;
  const started = performance.now();
  await Promise.all(Array.from({ length: CONCURRENCY }, async () => { while (left-- > 0) await client.post(url, { body }); }));
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  return EVENTS / seconds;
}

async function deliveryLoop(url: string, folder: string): Promise<number> {
  const ports = { files: nodeSpoolFiles, clock: nodeClock, random: nodeRandom, logger: silentLogger };
  const ulid = createUlid(nodeClock, nodeRandom);
  const spool = await createSpool<FilteredBytes>({
    folder: join(folder, 'spool'), segmentBytes: 8 * 1024 * 1024, maxBytes: 1024 ** 3, minFreeBytes: 0, whenFull: 'reject', ack: 'fsync', sealAgeMs: 3_600_000,
  }, { ...ports, onReport: () => undefined });
  const audit = await openAuditLog({ folder: join(folder, 'audit'), maxFileBytes: 10_000_000, maxBytes: 1024 ** 3, retentionDays: 90 }, { ...ports, ulid: () => `aud_${ulid()}` });
  const id = { msspId: 'mssp', customerId: 'customer' };
  const stream = await spool.openStream(id);
  const cursor = await stream.attach('webhook');
  await Promise.all(Array.from({ length: EVENTS }, () => stream.append(encodeEvent(sampleScan({ id: `evt_${ulid()}` })))));
  const output = createWebhookOutput({
    name: 'webhook', url, secret: () => 'my_secret', previousSecret: () => undefined, timeoutMs: 10_000, maxInFlight: CONCURRENCY, skipVerify: false, clock: nodeClock, version: '0.0.0',
  });
  const started = performance.now();
  const loop = createDeliveryLoop({
    stream: id, cursor, deadLetters: await stream.deadLetters('webhook'), output, audit, retentionMs: () => 86_400_000,
    narrow: (event) => narrowEvent({ dataMode: 'privacy_safe', dataFields: [] }, event),
  }, ports);
  while (cursor.pending() > 0) await nodeClock.sleep(2);
  const seconds = (performance.now() - started) / 1000;
  await loop.stop(0);
  await audit.close();
  await spool.close();
  return EVENTS / seconds;
}

async function portOf(receiver: ChildProcess): Promise<number> {
  if (receiver.stdout === null) throw new Error('no standard output');
  const [line] = await once(receiver.stdout, 'data') as [Buffer];
  return Number(line.toString());
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

const [, program, side, url = '', folder = ''] = process.argv;
if (program === import.meta.filename) {
  let round = 0;
  process.on('message', () => {
    globalThis.gc?.();
    void (side === 'bare' ? bareLoop(url) : deliveryLoop(url, join(folder, String(round++)))).then((rate) => process.send?.(rate));
  });
}
