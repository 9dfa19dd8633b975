import { basename, join } from 'node:path';
import type { Clock, Logger, SpoolFile, SpoolFiles } from '../ports.js';
import { asideName, parseAside, segmentBase, segmentName, TEMPORARY_SUFFIX } from './names.js';
import { findMarker, FLAG_GAPS, RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES } from './record.js';
import { copyRaw, copySegment } from './replacement.js';
import type { DecodedHeader } from './record.js';
import { readHeader, scanRecords, Segment } from './segment.js';

const SECTOR_BYTES = 512;
const CHUNK_BYTES = 256 * 1024;
/** Many times what a segment can have. */
const MAX_SEGMENT_BYTES = 16 * 1024 ** 3;

/** The most that is looked at to count what a damaged tail may have held. */
const MAX_TAIL_BYTES = 32 * 1024 * 1024;

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
  readonly budget: { readonly overBytes: number };
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

/** What is known of a log's numbers beside its files. */
export interface KnownSeqs {
  /** Every number below it was given to a record that was durable. */
  readonly end: number;
  /** Records below it are not wanted any more. */
  readonly floor: number;
  /** Of a log without a segment, `end` is where it ended. */
  readonly sure: boolean;
}

/** By the clock, a number above all that can have been given. */
const SEQS_PER_MS = 1000;
/** So many numbers are not missing records, but were skipped because nobody knew which had been given. */
const SKIPPED_SEQS = 1e9;

/**
 * Finds the log in a folder. Reads only the last segment, to find where writing stopped; all others are checked when they are read.
 * A disk that refuses a repair stops nothing: what cannot be mended is left and skipped.
 */
export async function recoverLog(folder: string, how: { known: KnownSeqs; segmentBytes: number; segmentFlags: number }, ports: RecoveryPorts): Promise<Recovered> {
  const { files } = ports;
  const found: Segment[] = [];
  const aside = new Map<string, number>();
  for (const name of await files.list(folder)) {
    const path = join(folder, name);
    const base = segmentBase(name);
    if (base !== undefined) found.push(new Segment(path, base, { bytes: await sizeOf(path, ports), end: Infinity }));
    else if (parseAside(name) !== undefined) aside.set(name, await sizeOf(path, ports) ?? 0);
    else if (name.endsWith(TEMPORARY_SUFFIX)) await attempt(() => files.unlink(path), ports);
  }
  const segments = found.sort((a, b) => a.base - b.base);
  // Until its header is read.
  for (const segment of segments) segment.flags = how.segmentFlags;
  for (let i = 0; i + 1 < segments.length; i++) (segments[i] as Segment).end = segments[i + 1]?.base ?? Infinity;
  const last = segments.at(-1);
  const tail = last === undefined ? { nextSeq: how.known.end, dropped: false, file: undefined } : await recoverTail(folder, { segment: last, aside, segmentBytes: how.segmentBytes, knownEnd: how.known.end }, ports);
  if (tail.dropped) segments.pop();
  const lastSeq = Math.max(how.known.end, tail.nextSeq);
  reportMissing({ segments, aside, tailSeq: tail.nextSeq, nextSeq: lastSeq, floor: how.known.floor }, ports);
  // A cursor that cannot be read now, and can be later, must not be ahead of records that it never passed.
  const nextSeq = how.known.sure || segments.length > 0 ? lastSeq : Math.max(lastSeq, ports.clock.now() * SEQS_PER_MS);
  return { segments, nextSeq, active: tail.file === undefined || last === undefined ? undefined : { segment: last, file: tail.file }, aside };
}

/** Somebody deleted a file, or the disk lost what it said was synced. What was set aside has been reported before. */
function reportMissing(log: { segments: readonly Segment[]; aside: ReadonlyMap<string, number>; tailSeq: number; nextSeq: number; floor: number }, ports: RecoveryPorts): void {
  const { segments, aside, tailSeq, nextSeq, floor } = log;
  const before = Math.max(0, Math.min(segments[0]?.base ?? nextSeq, nextSeq) - floor);
  const behind = segments.length === 0 ? 0 : Math.max(0, nextSeq - Math.max(tailSeq, floor));
  if (before + behind === 0 || before >= SKIPPED_SEQS) return;
  const isKnown = [...aside.keys()].some((name) => {
    const base = parseAside(name)?.base;
    return base !== undefined && !segments.some((segment) => base < segment.base && segment.base <= floor);
  });
  if (!isKnown) ports.report({ kind: 'damaged', file: segmentName(before > 0 ? floor : tailSeq), bytes: 0, count: before + behind });
}

interface Tail {
  readonly nextSeq: number;
  /** The segment is no longer there. */
  readonly dropped: boolean;
  /** Open, when records may be written behind its last one. */
  readonly file: SpoolFile | undefined;
}

interface Last {
  readonly segment: Segment;
  readonly aside: Map<string, number>;
  readonly segmentBytes: number;
  /** Every number below it was given. */
  readonly knownEnd: number;
}

async function recoverTail(folder: string, last: Last, ports: RecoveryPorts): Promise<Tail> {
  const { segment } = last;
  // Records of a file that cannot be read must not share their numbers with later ones.
  const beyond = segment.base + Math.floor((segment.isSized ? segment.bytes : MAX_SEGMENT_BYTES) / RECORD_HEADER_BYTES) + 1;
  let tail: Tail = { nextSeq: beyond, dropped: false, file: undefined };
  let file: SpoolFile | undefined;
  try {
    file = await ports.files.open(segment.path, 'write');
    if (!segment.isSized) segment.bytes = segment.dataEnd = await file.size();
    const header = await readHeader(file);
    if (header.kind === 'newer') {
      await setAsideNewer(folder, segment, last.aside, ports);
      tail = { nextSeq: beyond, dropped: true, file: undefined };
    } else {
      tail = await recoverRecords(folder, { ...last, file, header }, ports);
    }
  } catch (error) {
    ports.logger.error({ file: basename(segment.path), error }, 'cannot read a spool segment');
    segment.end = beyond;
  }
  if (tail.file === undefined) await attempt(() => file?.close(), ports);
  return tail;
}

async function recoverRecords(folder: string, last: Last & { readonly file: SpoolFile; readonly header: DecodedHeader }, ports: RecoveryPorts): Promise<Tail> {
  const { segment, file, header, aside } = last;
  const end = await scanRecords(file, { offset: SEGMENT_HEADER_BYTES, afterSeq: segment.base - 1, dataEnd: segment.bytes, endSeq: Infinity }, (record, offset) => {
    segment.created ??= record.time;
    segment.note(record.seq, offset);
    return true;
  });
  segment.end = end.afterSeq + 1;
  const whole = header.kind === 'header' && header.base === segment.base;
  if (whole) {
    segment.created = header.created;
    segment.flags = header.flags;
  }
  const torn = end.badTailFrom !== undefined && await isTorn(file, end.badTailFrom, segment.bytes);
  if (whole && end.skippedBytes === 0 && (end.badTailFrom === undefined || torn)) {
    const mended = end.badTailFrom === undefined || await cutTail(segment, end.badTailFrom, file, ports);
    // After SIGKILL the system may have it in memory only, the folder's entry too.
    const durable = mended && await attempt(() => file.datasync(), ports) && await attempt(() => ports.files.syncFolder(folder), ports);
    const goesOn = durable && segment.bytes < last.segmentBytes;
    return { nextSeq: segment.end, dropped: false, file: goesOn ? file : undefined };
  }
  const empty = segment.end === segment.base;
  if (empty && !whole && (segment.bytes < SEGMENT_HEADER_BYTES || await isTorn(file, 0, segment.bytes))) {
    // The crash came before the first group was synced: nothing in it was acknowledged.
    ports.report({ kind: 'torn_tail', file: basename(segment.path), bytes: segment.bytes });
    return { nextSeq: segment.end, dropped: await attempt(() => ports.files.unlink(segment.path), ports), file: undefined };
  }
  // The numbers of records that are lost are not given to others.
  if (end.badTailFrom !== undefined && !torn) segment.end += Math.max(1, await countMarkers(file, end.badTailFrom, segment.bytes));
  segment.end = Math.max(segment.end, last.knownEnd);
  await attempt(() => quarantine(folder, segment, aside, ports), ports);
  return { nextSeq: segment.end, dropped: segment.removed, file: undefined };
}

async function cutTail(segment: Segment, from: number, file: SpoolFile, ports: RecoveryPorts): Promise<boolean> {
  ports.report({ kind: 'torn_tail', file: basename(segment.path), bytes: segment.bytes - from });
  segment.dataEnd = from;
  if (!await attempt(() => file.truncate(from), ports)) return false;
  segment.bytes = from;
  return true;
}

async function countMarkers(file: SpoolFile, from: number, end: number): Promise<number> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(end - from, MAX_TAIL_BYTES));
  const bytes = buffer.subarray(0, await file.read(buffer, from));
  let count = 0;
  for (let at = findMarker(bytes, 0); at >= 0; at = findMarker(bytes, at + 1)) count++;
  return count;
}

/** A write that a crash cut short: it ends too early, or a sector of it is zero. Otherwise the bytes have changed since. */
export async function isTorn(file: SpoolFile, from: number, end: number): Promise<boolean> {
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  if (end - from < RECORD_HEADER_BYTES || await file.read(header, from) < RECORD_HEADER_BYTES) return true;
  if (from > 0 && from + RECORD_HEADER_BYTES + header.readUInt32LE(8) > end) return true;
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (let at = from; at < end;) {
    const wanted = Math.min(CHUNK_BYTES - (at % SECTOR_BYTES), end - at);
    const got = await file.read(chunk.subarray(0, wanted), at);
    if (got < wanted || hasZeroSector(chunk.subarray(0, got), at % SECTOR_BYTES)) return true;
    at += got;
  }
  return false;
}

/** `skew`: how far into a sector `bytes` begin. */
function hasZeroSector(bytes: Buffer, skew: number): boolean {
  for (let from = 0, to = SECTOR_BYTES - skew; from < bytes.length; from = to, to += SECTOR_BYTES) {
    if (bytes.subarray(from, to).every((byte) => byte === 0)) return true;
  }
  return false;
}

/**
 * Keeps a damaged segment's bytes aside as `.bad` and puts a file with all its good records in its place, numbers unchanged;
 * with none, the segment goes. Until then, the damaged file is where it was. Throws what the disk throws.
 */
export async function quarantine(folder: string, segment: Segment, aside: Map<string, number>, ports: RecoveryPorts): Promise<void> {
  const { files, clock, budget } = ports;
  // What is set aside comes on top: the limit may be passed by one segment, not by many.
  if (budget.overBytes > 0) throw Object.assign(new Error('the spool is over its limit'), { code: 'ENOSPC' });
  const { bytes } = segment;
  const name = asideName(basename(segment.path), { timeMs: clock.now(), kind: 'bad', taken: aside });
  const copy = `${segment.path}${TEMPORARY_SUFFIX}`;
  await copyRaw(files, segment.path, join(folder, name));
  aside.set(name, bytes);
  const copied = await copySegment(files, segment, copy, { created: segment.created ?? clock.now(), flags: FLAG_GAPS, transform: (record) => record.payload });
  // What is set aside must be listed before the original goes.
  await files.syncFolder(folder);
  const lost = lostRecords(segment, copied.count);
  if (copied.count > 0) {
    await files.rename(copy, segment.path);
    segment.flags = FLAG_GAPS;
    segment.replaced(copied.bytes);
  } else {
    await files.unlink(copy);
    await files.unlink(segment.path);
    segment.removed = true;
  }
  ports.report({ kind: 'damaged', file: name, bytes, ...lost });
  await attempt(() => files.syncFolder(folder), ports);
}

/** How many of a segment's records are lost when `found` are left; unknown when some were missing before. */
export function lostRecords(segment: Segment, found: number): { readonly count?: number } {
  return (segment.flags & FLAG_GAPS) === 0 ? { count: Math.max(0, segment.end - segment.base - found) } : {};
}

/** Renames a segment that a later version wrote, so that it can read it again. */
export async function setAsideNewer(folder: string, segment: Segment, aside: Map<string, number>, ports: RecoveryPorts): Promise<void> {
  const name = asideName(basename(segment.path), { timeMs: ports.clock.now(), kind: 'newer', taken: aside });
  await ports.files.rename(segment.path, join(folder, name));
  segment.removed = true;
  aside.set(name, segment.bytes);
  ports.report({ kind: 'newer_version', file: name, bytes: segment.bytes });
  await attempt(() => ports.files.syncFolder(folder), ports);
}

async function sizeOf(path: string, ports: RecoveryPorts): Promise<number | undefined> {
  let bytes: number | undefined;
  await attempt(async () => { bytes = await ports.files.size(path); }, ports);
  return bytes;
}

async function attempt(action: () => Promise<unknown> | undefined, ports: RecoveryPorts): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    ports.logger.warn({ error }, 'a repair of the spool did not work; it goes on without');
    return false;
  }
}
