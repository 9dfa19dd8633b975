import { join } from 'node:path';
import { errnoOf } from '../errors.js';
import type { SpoolFile, SpoolFiles } from '../ports.js';
import { segmentBase } from './names.js';
import { encodedLength, FLAG_GAPS, SEGMENT_HEADER_BYTES } from './record.js';
import type { RawRecord } from './record.js';
import { isTorn } from './recovery.js';
import { emptyWindow, readHeader, scanRecords } from './segment.js';

/** What reads a log as it lies on the disk needs of it: it changes nothing, and takes no lock. */
export type ReadingFiles = Pick<SpoolFiles, 'open' | 'list' | 'size'>;

/**
 * What is found in a file that is not as it should be:
 * - `records`: bytes that are no record, where one must have been; `header`: the file's own; `cursor`, `list`: another small file;
 * - `missing`: records that are not there although nothing says why; `letter`: a dead letter that cannot be told apart;
 * - `newer`: a later version wrote it; `unreadable`: the disk, or its permissions, do not let us;
 * - `torn_tail`: a write that was cut short, or is under way: nothing in it was acknowledged.
 */
export type FindingKind = 'records' | 'header' | 'missing' | 'letter' | 'cursor' | 'list' | 'newer' | 'unreadable' | 'torn_tail' | 'leftover' | 'rewrite_pending';

export interface Finding {
  readonly kind: FindingKind;
  /** Of the damage in its file. */
  readonly offset?: number;
  readonly bytes?: number;
  /** Records that are lost, as far as it can be told. */
  readonly records?: number;
  readonly errno?: string;
}

/** A finding and where it is. Files are named from the spool's folder on. */
export interface PlacedFinding extends Finding {
  readonly file: string;
}

/** One segment file of a folder, by its name. */
export interface StoredSegment {
  readonly name: string;
  readonly base: number;
  /** The next one's base: records from there on are in that one. */
  readonly end: number;
}

/** What is handed over at once, unless one record is larger. */
const PORTION_BYTES = 256 * 1024;

/** The names in a folder of the spool, in order; none, and that is found, when it cannot be listed. */
export async function listed(folder: string, place: string, { files, found }: { readonly files: ReadingFiles; found(finding: PlacedFinding): void }): Promise<string[]> {
  try {
    return (await files.list(join(folder, place))).sort();
  } catch (error) {
    found({ file: place, kind: 'unreadable', errno: errnoOf(error) ?? 'unknown error' });
    return [];
  }
}

/** The segments among the names in a folder, in order. */
export function storedSegments(names: readonly string[]): StoredSegment[] {
  const found = names.flatMap((name) => {
    const base = segmentBase(name);
    return base === undefined ? [] : [{ name, base }];
  }).sort((a, b) => a.base - b.base);
  return found.map((segment, i) => ({ ...segment, end: found[i + 1]?.base ?? Infinity }));
}

/**
 * The good records of a segment, in portions; one portion is in memory at a time. What is wrong is handed to `found`.
 * A file that has gone since it was listed is nothing wrong: a running daemon deletes what was delivered.
 */
export async function* readStored(folder: string, segment: StoredSegment, files: ReadingFiles, found: (finding: Finding) => void): AsyncGenerator<readonly RawRecord[], void> {
  let file: SpoolFile | undefined;
  try {
    file = await files.open(join(folder, segment.name), 'read');
    yield* readRecords(file, segment, found);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== 'ENOENT') found({ kind: 'unreadable', errno: errno ?? 'unknown error' });
  } finally {
    await file?.close();
  }
}

async function* readRecords(file: SpoolFile, { base, end: endSeq }: StoredSegment, found: (finding: Finding) => void): AsyncGenerator<readonly RawRecord[], void> {
  const size = await file.size();
  const header = await readHeader(file);
  if (header.kind === 'newer') { found({ kind: 'newer', bytes: size }); return; }
  const whole = header.kind === 'header' && header.base === base;
  const mayLack = !whole || (header.flags & FLAG_GAPS) !== 0;
  const window = emptyWindow();
  let offset = SEGMENT_HEADER_BYTES;
  let afterSeq = base - 1;
  /** Where the next record must begin. */
  let expected = SEGMENT_HEADER_BYTES;
  let lastSeq = base - 1;
  for (;;) {
    const portion: RawRecord[] = [];
    let bytes = 0;
    const end = await scanRecords(file, { offset, afterSeq, dataEnd: size, endSeq }, (record, at) => {
      if (bytes >= PORTION_BYTES) return false;
      const lost = record.seq - lastSeq - 1;
      if (at > expected) found({ kind: 'records', offset: expected, bytes: at - expected, records: lost });
      else if (lost > 0 && !mayLack) found({ kind: 'missing', offset: at, records: lost });
      lastSeq = record.seq;
      expected = at + encodedLength(record.payload);
      bytes += encodedLength(record.payload);
      portion.push({ seq: record.seq, time: record.time, payload: record.payload });
      return true;
    }, window);
    if (portion.length > 0) yield portion;
    offset = end.offset;
    afterSeq = end.afterSeq;
    if (!end.done) continue;
    for (const finding of await endOf(file, { size, base, endSeq, lastSeq, whole, badTailFrom: end.badTailFrom })) found(finding);
    if (endSeq < Infinity && lastSeq < endSeq - 1 && end.badTailFrom === undefined && !mayLack) found({ kind: 'missing', records: endSeq - 1 - lastSeq });
    return;
  }
}

/** What is wrong with a file's header and with its end. */
async function endOf(file: SpoolFile, of: { size: number; base: number; endSeq: number; lastSeq: number; whole: boolean; badTailFrom: number | undefined }): Promise<Finding[]> {
  const { size, base, endSeq, lastSeq, whole, badTailFrom } = of;
  const isLast = endSeq === Infinity;
  // The crash came before the first records were synced.
  if (!whole && isLast && lastSeq < base && (size < SEGMENT_HEADER_BYTES || await isTorn(file, 0, size))) return [{ kind: 'torn_tail', offset: 0, bytes: size }];
  const findings: Finding[] = whole ? [] : [{ kind: 'header', offset: 0, bytes: Math.min(size, SEGMENT_HEADER_BYTES) }];
  if (badTailFrom === undefined) return findings;
  const tail = { offset: badTailFrom, bytes: size - badTailFrom };
  if (isLast && await isTorn(file, badTailFrom, size)) return [...findings, { kind: 'torn_tail', ...tail }];
  return [...findings, { kind: 'records', ...tail, ...(isLast ? {} : { records: endSeq - 1 - lastSeq }) }];
}
