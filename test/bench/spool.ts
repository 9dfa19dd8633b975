import { constants } from 'node:fs';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeClock } from '../../src/platform/node.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import { RECORD_HEADER_BYTES } from '../../src/spool/record.js';
import { createSpool } from '../../src/spool/spool.js';
import { silentLogger } from '../fixtures/logger.js';

const PAYLOAD_BYTES = 1024;
const RUN_MS = 1000;
const ROUNDS = 5;

/** Durable appends of 1 KiB against a bare writev + fdatasync loop of the same bytes and group sizes, in the same folder, in turn. */
export async function run(): Promise<void> {
  const folder = await mkdtemp(join(process.env['RAXED_BENCH_DIR'] ?? tmpdir(), 'raxed-bench-'));
  try {
    process.stdout.write('producers   bare records/s   spool records/s   ratio (median of 5 pairs)\n');
    for (const producers of [1, 16, 256]) {
      const pairs: { bare: number; spool: number }[] = [];
      // The first pair warms up code and disk, and does not count.
      for (let round = 0; round <= ROUNDS; round++) {
        const bare = await bareLoop(folder, producers);
        const spool = await spoolLoop(folder, producers);
        if (round > 0) pairs.push({ bare, spool });
      }
      const ratio = median(pairs.map((pair) => pair.spool / pair.bare));
      const columns = [String(producers).padEnd(9), format(median(pairs.map((p) => p.bare))), format(median(pairs.map((p) => p.spool))), `${Math.round(ratio * 100)} %`.padStart(7)];
      process.stdout.write(`${columns.join('   ')}\n`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function bareLoop(folder: string, groupSize: number): Promise<number> {
  const path = join(folder, 'bare');
  const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  const group = Array.from({ length: groupSize }, () => Buffer.alloc(RECORD_HEADER_BYTES + PAYLOAD_BYTES, 'x'));
  const groupBytes = groupSize * (RECORD_HEADER_BYTES + PAYLOAD_BYTES);
  try {
    let position = 0;
    const started = performance.now();
    while (performance.now() - started < RUN_MS) {
      await file.writev(group, position);
      await file.datasync();
      position += groupBytes;
    }
    return (position / groupBytes) * groupSize * 1000 / (performance.now() - started);
  } finally {
    await file.close();
    await rm(path);
  }
}

async function spoolLoop(folder: string, producers: number): Promise<number> {
  const spoolFolder = join(folder, 'spool');
  await mkdir(spoolFolder);
  const spool = await createSpool({
    folder: spoolFolder, segmentBytes: 8 * 1024 * 1024, maxBytes: 64 * 1024 ** 3, minFreeBytes: 0, whenFull: 'reject', ack: 'fsync', sealAgeMs: 3600_000,
  }, { files: nodeSpoolFiles, clock: nodeClock, logger: silentLogger, onReport: () => undefined });
  try {
    const stream = await spool.openStream({ msspId: 'mssp', customerId: 'customer' });
    await stream.attach('webhook');
    const payload = Buffer.alloc(PAYLOAD_BYTES, 'x');
    let count = 0;
    const started = performance.now();
    await Promise.all(Array.from({ length: producers }, async () => {
      while (performance.now() - started < RUN_MS) {
        await stream.append(payload);
        count++;
      }
    }));
    return count * 1000 / (performance.now() - started);
  } finally {
    await spool.close();
    await rm(spoolFolder, { recursive: true });
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function format(perSecond: number): string {
  return Math.round(perSecond).toLocaleString('en-US').padStart(14);
}
