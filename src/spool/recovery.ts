import { basename, join } from 'node:path';
import { describeError, errnoOf } from '../errors.js';
import type { Clock, Logger, SpoolFile, SpoolFiles } from '../ports.js';
import { asideName, asideTime, segmentBase } from './names.js';
import { FLAG_GAPS, RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES } from './record.js';
import { copyRaw, copySegment } from './replacement.js';
import { readHeader, scanRecords, Segment } from './segment.js';

const SECTOR_BYTES = 512;

export interface LogReport {
  readonly kind: 'torn_tail' | 'damaged' | 'newer_version' | 'segment_given_up';
  readonly file: string;
  readonly bytes?: number;
  readonly count?: number;
}

export interface RecoveryPorts {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  report(report: LogReport): void;
}

export interface Recovered {
  readonly segments: Segment[];
  readonly nextSeq: number;
  /** The newest segment, open for writing, when it may be continued. */
  readonly active: { readonly segment: Segment; readonly file: SpoolFile } | undefined;
  /** Files that were set aside, by name. */
  readonly aside: Map<string, number>;
}

/**
 * Finds the log in a folder. Reads only the last segment, to find where writing stopped; all others are checked when they are read.
 * A disk that refuses a repair stops nothing: what cannot be mended is left and skipped.
 */
export async function recoverLog(folder: string, how: { minSeq: number; segmentBytes: number }, ports: RecoveryPorts): Promise<Recovered> {
  const { files } = ports;
  const found: Segment[] = [];
  const aside = new Map<string, number>();
  for (const name of await files.list(folder)) {
    const path = join(folder, name);
    const base = segmentBase(name);
    if (base !== undefined) found.push(new Segment(path, base, await sizeOf(path, ports), Infinity));
    else if (asideTime(name) !== undefined) aside.set(name, await sizeOf(path, ports));
    else if (name.endsWith('.tmp')) await attempt(() => files.unlink(path), ports);
  }
  const segments = found.sort((a, b) => a.base - b.base);
  for (let i = 0; i + 1 < segments.length; i++) (segments[i] as Segment).end = segments[i + 1]?.base ?? Infinity;
  const last = segments.at(-1);
  if (last === undefined) return { segments, nextSeq: how.minSeq, active: undefined, aside };
  const tail = await recoverTail(folder, last, aside, ports);
  if (tail.dropped) segments.pop();
  const nextSeq = Math.max(how.minSeq, tail.nextSeq);
  // A destination has confirmed records that are no longer here: this disk lost what it said was synced.
  if (nextSeq > tail.nextSeq) ports.report({ kind: 'damaged', file: basename(last.path), bytes: 0, count: nextSeq - tail.nextSeq });
  if (tail.file === undefined) return { segments, nextSeq, active: undefined, aside };
  if (last.bytes >= how.segmentBytes || !await attempt(() => tail.file?.datasync(), ports)) {
    await attempt(() => tail.file?.close(), ports);
    return { segments, nextSeq, active: undefined, aside };
  }
  return { segments, nextSeq, active: { segment: last, file: tail.file }, aside };
}

interface Tail {
  readonly nextSeq: number;
  /** The segment is no longer there. */
  readonly dropped: boolean;
  readonly file: SpoolFile | undefined;
}

async function recoverTail(folder: string, segment: Segment, aside: Map<string, number>, ports: RecoveryPorts): Promise<Tail> {
  // Records of a file that cannot be read must not share their numbers with later ones.
  const beyond = segment.base + Math.floor(segment.bytes / RECORD_HEADER_BYTES) + 1;
  let file: SpoolFile;
  try {
    file = await ports.files.open(segment.path, 'write');
  } catch (error) {
    ports.logger.error({ file: basename(segment.path), error: describeError(error) }, 'cannot open a spool segment');
    segment.end = beyond;
    return { nextSeq: beyond, dropped: false, file: undefined };
  }
  try {
    const header = await readHeader(file);
    if (header.kind === 'newer') {
      await file.close();
      await setAsideNewer(folder, segment, aside, ports);
      return { nextSeq: beyond, dropped: true, file: undefined };
    }
    const end = await scanRecords(file, { offset: SEGMENT_HEADER_BYTES, afterSeq: segment.base - 1, dataEnd: segment.bytes, endSeq: Infinity }, (record, offset) => {
      segment.created ??= record.time;
      segment.note(record.seq, offset);
      return true;
    });
    const nextSeq = end.afterSeq + 1;
    segment.end = nextSeq;
    const whole = header.kind === 'header' && header.base === segment.base;
    if (whole) {
      segment.created = header.created;
      segment.flags = header.flags;
    }
    if (whole && end.skippedBytes === 0) {
      if (end.badTailFrom === undefined) return { nextSeq, dropped: false, file };
      if (await isTorn(file, end.badTailFrom, segment.bytes)) return await cutTail(segment, end.badTailFrom, file, ports);
    }
    const empty = nextSeq === segment.base;
    if (empty && !whole && (segment.bytes < SEGMENT_HEADER_BYTES || await isTorn(file, 0, segment.bytes))) {
      // The crash came before the first group was synced: nothing in it was acknowledged.
      await file.close();
      ports.report({ kind: 'torn_tail', file: basename(segment.path), bytes: segment.bytes });
      return { nextSeq, dropped: await attempt(() => ports.files.unlink(segment.path), ports), file: undefined };
    }
    await file.close();
    await attempt(() => quarantine(folder, segment, aside, ports), ports);
    return { nextSeq, dropped: empty && segment.removed, file: undefined };
  } catch (error) {
    ports.logger.error({ file: basename(segment.path), error: describeError(error) }, 'cannot read a spool segment');
    await attempt(() => file.close(), ports);
    segment.end = beyond;
    return { nextSeq: beyond, dropped: false, file: undefined };
  }
}

async function cutTail(segment: Segment, from: number, file: SpoolFile, ports: RecoveryPorts): Promise<Tail> {
  ports.report({ kind: 'torn_tail', file: basename(segment.path), bytes: segment.bytes - from });
  segment.dataEnd = from;
  if (!await attempt(() => file.truncate(from), ports)) {
    await attempt(() => file.close(), ports);
    return { nextSeq: segment.end, dropped: false, file: undefined };
  }
  segment.bytes = from;
  return { nextSeq: segment.end, dropped: false, file };
}

/** A write that a crash cut short: it ends too early, or a sector of it is zero. Otherwise the bytes have changed since. */
async function isTorn(file: SpoolFile, from: number, end: number): Promise<boolean> {
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  if (end - from < RECORD_HEADER_BYTES || await file.read(header, from) < RECORD_HEADER_BYTES) return true;
  if (from > 0 && from + RECORD_HEADER_BYTES + header.readUInt32LE(8) > end) return true;
  const sector = Buffer.alloc(SECTOR_BYTES);
  for (let at = from; at < end;) {
    const length = Math.min(SECTOR_BYTES - (at % SECTOR_BYTES), end - at);
    const got = await file.read(sector.subarray(0, length), at);
    if (sector.subarray(0, got).every((byte) => byte === 0)) return true;
    at += length;
  }
  return false;
}

/**
 * Keeps a damaged segment's bytes aside as `.bad` and puts a file with all its good records in its place, numbers unchanged.
 * Crash-safe: until the rename, the damaged file is where it was. How many bytes the folder grew by.
 * Throws what the disk throws, and has changed nothing then.
 */
export async function quarantine(folder: string, segment: Segment, aside: Map<string, number>, ports: RecoveryPorts): Promise<number> {
  const { files } = ports;
  const before = segment.bytes;
  const name = asideName(segment.base, ports.clock.now(), 'bad');
  const copy = `${segment.path}.tmp`;
  await copyRaw(files, segment.path, join(folder, name));
  const copied = await copySegment(files, segment, copy, { created: segment.created ?? ports.clock.now(), flags: FLAG_GAPS, transform: (record) => record.payload });
  if (copied.count > 0) {
    await files.rename(copy, segment.path);
    segment.flags = FLAG_GAPS;
    segment.replaced(copied.bytes);
  } else {
    // The copy must be listed before the original goes.
    await files.unlink(copy);
    await files.syncFolder(folder);
    await files.unlink(segment.path);
    segment.removed = true;
  }
  await files.syncFolder(folder);
  aside.set(name, before);
  ports.report({ kind: 'damaged', file: name, bytes: before, count: Math.max(0, segment.end - segment.base - copied.count) });
  return copied.count > 0 ? copied.bytes : 0;
}

/** Renames a segment that a later version wrote, so that it can read it again. */
export async function setAsideNewer(folder: string, segment: Segment, aside: Map<string, number>, ports: RecoveryPorts): Promise<void> {
  const name = asideName(segment.base, ports.clock.now(), 'newer');
  ports.report({ kind: 'newer_version', file: name, bytes: segment.bytes });
  await ports.files.rename(segment.path, join(folder, name));
  await ports.files.syncFolder(folder);
  segment.removed = true;
  aside.set(name, segment.bytes);
}

async function sizeOf(path: string, ports: RecoveryPorts): Promise<number> {
  let bytes = 0;
  await attempt(async () => { bytes = await ports.files.size(path); }, ports);
  return bytes;
}

async function attempt(action: () => Promise<unknown> | undefined, ports: RecoveryPorts): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    ports.logger.warn({ errno: errnoOf(error) }, 'a repair of the spool did not work; it goes on without');
    return false;
  }
}
