import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeClock } from '../../src/platform/node.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import { createSpool, type Spool } from '../../src/spool/spool.js';
import { silentLogger } from '../fixtures/logger.js';

const BACKLOG_BYTES = 2 * 1024 ** 3;
const PAYLOAD_BYTES = 1024;
const PRODUCERS = 256;
const READ_EVENTS = 50_000;
const DESTINATIONS = ['webhook', 'siem'];

interface Opened {
  readonly readyMs: number;
  readonly grownMb: number;
  readonly descriptors: number;
  readonly pending: number;
}

/** A backlog in one stream: how long opening it takes, what it and reading from it for two destinations at once cost, each beside an empty one. */
export async function run({ events = Math.floor(BACKLOG_BYTES / PAYLOAD_BYTES) }: { readonly events?: number | undefined } = {}): Promise<void> {
  const folder = await mkdtemp(join(process.env['RAXED_BENCH_DIR'] ?? tmpdir(), 'raxed-bench-'));
  try {
    for (const [name, count] of [['empty', 0], ['full', events]] as const) {
      await fill(join(folder, name), count);
      const child = fork(import.meta.filename, [join(folder, name)], { execArgv: [...process.execArgv, '--expose-gc'] });
      const [opened] = await once(child, 'message') as [Opened];
      child.disconnect();
      process.stdout.write(`${opened.pending.toLocaleString('en-US').padStart(10)} events of ${PAYLOAD_BYTES} octets: ready in ${opened.readyMs.toFixed(0)} ms; reading for ${DESTINATIONS.length} destinations, memory grew by ${opened.grownMb.toFixed(0)} MB, ${opened.descriptors} descriptors\n`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fill(folder: string, count: number): Promise<void> {
  const spool = await openSpool(folder);
  const stream = await spool.openStream({ msspId: 'mssp', customerId: 'customer' });
  for (const name of DESTINATIONS) await stream.attach(name);
  const payload = Buffer.alloc(PAYLOAD_BYTES, 'x');
  let left = count;
  await Promise.all(Array.from({ length: PRODUCERS }, async () => { while (left-- > 0) await stream.append(payload); }));
  await spool.close();
}

/** In a process of its own: opens the spool and reads from it, each destination at another place. */
async function open(folder: string): Promise<Opened> {
  globalThis.gc?.();
  const before = { bytes: process.memoryUsage.rss(), descriptors: readdirSync('/proc/self/fd').length };
  const started = performance.now();
  const spool = await openSpool(folder);
  const stream = await spool.openStream({ msspId: 'mssp', customerId: 'customer' });
  const cursors = await Promise.all(DESTINATIONS.map((name) => stream.attach(name)));
  const readyMs = performance.now() - started;
  const pending = cursors[0]?.pending() ?? 0;
  let grown = 0;
  let descriptors = 0;
  await Promise.all(cursors.map(async (cursor, i) => {
    let from = cursor.committed + Math.floor((pending * i) / cursors.length);
    for (let read = 0; read < READ_EVENTS;) {
      const records = await cursor.read(from, { events: 256, bytes: 256 * 1024 });
      if (records.length === 0) break;
      read += records.length;
      from += records.length;
      grown = Math.max(grown, process.memoryUsage.rss() - before.bytes);
      descriptors = Math.max(descriptors, readdirSync('/proc/self/fd').length - before.descriptors);
    }
  }));
  await spool.close();
  return { readyMs, grownMb: grown / 1024 ** 2, descriptors, pending };
}

function openSpool(folder: string): Promise<Spool<Uint8Array>> {
  return createSpool<Uint8Array>({
    folder, segmentBytes: 8 * 1024 * 1024, maxBytes: 64 * 1024 ** 3, minFreeBytes: 0, whenFull: 'reject', ack: 'fsync', sealAgeMs: 3_600_000,
  }, { files: nodeSpoolFiles, clock: nodeClock, logger: silentLogger, onReport: () => undefined });
}

const [, program, place = ''] = process.argv;
if (program === import.meta.filename) void open(place).then((opened) => process.send?.(opened));
