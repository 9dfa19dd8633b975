import { dirname } from 'node:path';
import { errnoOf } from '../errors.js';
import type { SpoolFile, SpoolFiles } from '../ports.js';
import { encodedLength, encodeRecord, encodeSegmentHeader, FLAG_GAPS, SEGMENT_HEADER_BYTES } from './record.js';
import type { RawRecord } from './record.js';
import { TEMPORARY_SUFFIX } from './names.js';
import { scanRecords } from './segment.js';
import type { ScanRange, Segment } from './segment.js';

const BUFFER_BYTES = 256 * 1024;

/** Writes all of `chunks`, whatever short writes come. Throws what the file throws, or ENOSPC when nothing was taken. */
export async function writeAll(file: SpoolFile, chunks: readonly Uint8Array[], position: number): Promise<void> {
  let rest = chunks;
  let at = position;
  for (;;) {
    let written = await file.write(rest, at);
    if (written <= 0) throw Object.assign(new Error('the disk took nothing'), { code: 'ENOSPC' });
    at += written;
    const left: Uint8Array[] = [];
    for (const chunk of rest) {
      if (written >= chunk.length) { written -= chunk.length; continue; }
      left.push(written === 0 ? chunk : chunk.subarray(written));
      written = 0;
    }
    if (left.length === 0) return;
    rest = left;
  }
}

/** A new file that `fill` has written, synced; its folder is the caller's. When that fails nothing is left of it. */
async function writeNew<T>(files: SpoolFiles, path: string, fill: (file: SpoolFile) => Promise<T>): Promise<T> {
  const file = await files.open(path, 'create');
  try {
    const result = await fill(file);
    await file.datasync();
    await file.close();
    return result;
  } catch (error) {
    await ignoreErrors(() => file.close());
    await ignoreErrors(() => files.unlink(path));
    throw error;
  }
}

/** Puts `bytes` in the place of the file at `path`, whole or not at all, durably. Its folder must be there. */
export async function replaceFile(files: SpoolFiles, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}${TEMPORARY_SUFFIX}`;
  await removeIfThere(files, temporary);
  await writeNew(files, temporary, (file) => writeAll(file, [bytes], 0));
  await files.rename(temporary, path);
  await files.syncFolder(dirname(path));
}

/** What a record becomes in the copy; undefined leaves it out. */
export type Transform = (record: RawRecord) => Uint8Array | undefined;

export interface Copied {
  readonly bytes: number;
  readonly count: number;
  /** Records that `transform` left out. */
  readonly leftOut: number;
  readonly damaged: boolean;
}

/**
 * Writes the good records of `segment`, transformed, to a new file at `target`, and syncs it; the folder is the caller's.
 * A file that is there already is a leftover, and removed first.
 */
export async function copySegment(files: SpoolFiles, segment: Segment, target: string, how: { created: number; flags: number; transform: Transform }): Promise<Copied> {
  await removeIfThere(files, target);
  const source = await files.open(segment.path, 'read');
  try {
    return await writeNew(files, target, (out) => copyRecords(source, out, segment, how));
  } finally {
    await source.close();
  }
}

async function copyRecords(source: SpoolFile, out: SpoolFile, segment: Segment, how: { created: number; flags: number; transform: Transform }): Promise<Copied> {
  await writeAll(out, [encodeSegmentHeader({ base: segment.base, created: how.created, flags: how.flags })], 0);
  let bytes = SEGMENT_HEADER_BYTES;
  let count = 0;
  let leftOut = 0;
  let damaged = false;
  let range: ScanRange = { offset: SEGMENT_HEADER_BYTES, afterSeq: segment.base - 1, dataEnd: await segment.endIn(source), endSeq: segment.end };
  for (;;) {
    const waiting: RawRecord[] = [];
    let waitingBytes = 0;
    const end = await scanRecords(source, range, (record) => {
      if (waitingBytes >= BUFFER_BYTES) return false;
      const payload = how.transform(record);
      if (payload === undefined) { leftOut++; return true; }
      waiting.push({ seq: record.seq, time: record.time, payload });
      waitingBytes += encodedLength(payload);
      return true;
    });
    damaged ||= end.skippedBytes > 0 || end.badTailFrom !== undefined;
    if (waiting.length > 0) {
      const buffer = Buffer.allocUnsafeSlow(waitingBytes);
      let at = 0;
      for (const record of waiting) at = encodeRecord(buffer, at, record);
      await writeAll(out, [buffer], bytes);
      bytes += waitingBytes;
      count += waiting.length;
    }
    if (end.done) {
      const flags = how.flags | (damaged || leftOut > 0 ? FLAG_GAPS : 0);
      if (flags !== how.flags) await writeAll(out, [encodeSegmentHeader({ base: segment.base, created: how.created, flags })], 0);
      return { bytes, count, leftOut, damaged };
    }
    range = { ...range, offset: end.offset, afterSeq: end.afterSeq };
  }
}

/** A byte-for-byte copy, synced. */
export async function copyRaw(files: SpoolFiles, from: string, to: string): Promise<void> {
  const source = await files.open(from, 'read');
  try {
    await writeNew(files, to, async (out) => {
      const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
      for (let at = 0, got; (got = await source.read(buffer, at)) > 0; at += got) await writeAll(out, [buffer.subarray(0, got)], at);
    });
  } finally {
    await source.close();
  }
}

export async function removeIfThere(files: SpoolFiles, path: string): Promise<void> {
  try {
    await files.unlink(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** Makes the names in a folder durable; one in which nothing was ever written need not be there. */
export async function syncIfThere(files: SpoolFiles, folder: string): Promise<void> {
  try {
    await files.syncFolder(folder);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** For what is tidied up: after a failure that its caller learns of, or when everything that matters was synced. */
export async function ignoreErrors(action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch { /* It is tried again, or does not matter. */ }
}
