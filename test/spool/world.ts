import type { SpoolFiles } from '../../src/ports.js';
import { createSpool } from '../../src/spool/spool.js';
import type { Cursor, Spool, SpooledRecord, SpoolOptions, SpoolReport, Stream } from '../../src/spool/spool.js';
import { manualClock } from '../fixtures/clock.js';
import type { ManualClock } from '../fixtures/clock.js';
import type { FaultyFiles } from '../fixtures/faulty-files.js';
import { recordingLogger } from '../fixtures/logger.js';

export const ID = { msspId: 'mssp', customerId: 'cust' };
export const HOUR_MS = 3600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Small enough that rolling over, deleting and limits are reached with few records. */
export const SMALL: SpoolOptions = { folder: '/spool', segmentBytes: 1024, maxBytes: 1024 * 1024, minFreeBytes: 0, whenFull: 'reject', ack: 'fsync', sealAgeMs: HOUR_MS };

export interface World {
  readonly spool: Spool<Uint8Array>;
  readonly stream: Stream<Uint8Array>;
  readonly reports: SpoolReport[];
  readonly clock: ManualClock;
}

export async function openWorld(files: SpoolFiles, options: Partial<SpoolOptions> = {}, clock: ManualClock = manualClock()): Promise<World> {
  const reports: SpoolReport[] = [];
  const spool = await createSpool<Uint8Array>({ ...SMALL, ...options }, { files, clock, logger: recordingLogger(), onReport: (report) => { reports.push(report); } });
  return { spool, stream: await spool.openStream(ID), reports, clock };
}

export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}

export function textOf(record: SpooledRecord<Uint8Array>): string {
  return Buffer.from(record.payload).toString('utf8');
}

/** Everything that a cursor still has to deliver, read in small steps. */
export async function readAll(cursor: Cursor<Uint8Array>, from = cursor.committed): Promise<SpooledRecord<Uint8Array>[]> {
  const all: SpooledRecord<Uint8Array>[] = [];
  for (let seq = from; ;) {
    const records = await cursor.read(seq, { events: 7, bytes: 4096 });
    if (records.length === 0) return all;
    all.push(...records);
    seq = (all.at(-1)?.seq ?? seq) + 1;
  }
}

/** Appends all at once; the seqs. */
export function appendAll(stream: Stream<Uint8Array>, texts: readonly string[]): Promise<number[]> {
  return Promise.all(texts.map((text) => stream.append(bytesOf(text))));
}

/** `count` texts of `length` characters that tell where they come from. */
export function numbered(count: number, from = 0, length = 40): string[] {
  return Array.from({ length: count }, (_, i) => `event ${from + i} `.padEnd(length, 'x'));
}

/** What the spool must count: the bytes of all files of all streams. */
export function bytesOnDisk(files: FaultyFiles): number {
  let sum = 0;
  for (const bytes of files.snapshot().values()) sum += bytes.length;
  return sum;
}
