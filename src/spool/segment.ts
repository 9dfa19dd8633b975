import type { SpoolFile } from '../ports.js';
import { decodeRecord, decodeSegmentHeader, findMarker, SEGMENT_HEADER_BYTES } from './record.js';
import type { DecodedHeader, RawRecord } from './record.js';

const CHUNK_BYTES = 256 * 1024;
const INDEX_STEP_BYTES = 64 * 1024;

/** What is known of one segment file without reading it. */
export class Segment {
  /** The file's length, for the accounts. */
  bytes: number;
  /** Reading stops here: what lies behind is not durable, or was given up. */
  dataEnd: number;
  /** One more than the last seq that may be in it. */
  end: number;
  /** Time of the first record; undefined until the header was read. */
  created: number | undefined;
  flags = 0;
  /** Grows when the file is replaced: open handles and offsets of before are void. */
  generation = 0;
  removed = false;
  damageReported = false;
  missingReported = false;
  readFailures = 0;
  #indexSeqs: number[] = [];
  #indexOffsets: number[] = [];

  /** `bytes`: undefined when the disk did not tell. */
  constructor(readonly path: string, readonly base: number, known: { readonly bytes: number | undefined; readonly end: number }) {
    this.bytes = known.bytes ?? 0;
    this.dataEnd = known.bytes ?? Infinity;
    this.end = known.end;
  }

  get isSized(): boolean { return this.dataEnd !== Infinity; }

  /** Where reading stops. */
  endIn(file: Pick<SpoolFile, 'size'>): number | Promise<number> {
    return this.isSized ? this.dataEnd : file.size();
  }

  /** Remembers where a record lies, every 64 KiB: reading may begin there. */
  note(seq: number, offset: number): void {
    const last = this.#indexOffsets.at(-1) ?? SEGMENT_HEADER_BYTES;
    if (offset < last + INDEX_STEP_BYTES) return;
    this.#indexSeqs.push(seq);
    this.#indexOffsets.push(offset);
  }

  /** The nearest known place at or before `seq`: its offset, and a seq that everything from there on is above. */
  seek(seq: number): { offset: number; afterSeq: number } {
    let low = 0;
    let high = this.#indexSeqs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#indexSeqs[middle] ?? Infinity) <= seq) low = middle + 1; else high = middle;
    }
    const found = this.#indexSeqs[low - 1];
    const offset = this.#indexOffsets[low - 1];
    if (found === undefined || offset === undefined) return { offset: SEGMENT_HEADER_BYTES, afterSeq: this.base - 1 };
    return { offset, afterSeq: found - 1 };
  }

  /** The file was replaced by one of `bytes`. */
  replaced(bytes: number): void {
    this.bytes = bytes;
    this.dataEnd = bytes;
    this.generation++;
    this.#indexSeqs = [];
    this.#indexOffsets = [];
  }
}

export async function readHeader(file: SpoolFile): Promise<DecodedHeader> {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  return decodeSegmentHeader(bytes.subarray(0, await file.read(bytes, 0)));
}

export interface ScanRange {
  readonly offset: number;
  /** Every record must be above. */
  readonly afterSeq: number;
  readonly dataEnd: number;
  /** Records from this seq on were given up and written elsewhere: the scan ends there. */
  readonly endSeq: number;
}

export interface ScanEnd {
  /** Where the next scan goes on. */
  readonly offset: number;
  /** The last seq that was seen (or what the range began with). */
  readonly afterSeq: number;
  /** False when `visit` stopped it. */
  readonly done: boolean;
  /** Bytes between good records that are not one. */
  readonly skippedBytes: number;
  /** From here to the range's end there is no good record, but bytes. */
  readonly badTailFrom: number | undefined;
}

/** A stretch of the file that was read; handed from scan to scan it saves reading it again. */
export interface Window {
  bytes: Buffer;
  start: number;
  /** The most that is read at once, unless one record is larger. */
  readonly chunkBytes: number;
}

export function emptyWindow(chunkBytes: number = CHUNK_BYTES): Window {
  return { bytes: Buffer.alloc(0), start: 0, chunkBytes };
}

/**
 * Reads records in order and hands each good one to `visit`, which answers false to stop before it.
 * After a bad one it looks for the next good one. Memory: one chunk, or one record if that is larger.
 */
export async function scanRecords(file: SpoolFile, range: ScanRange, visit: (record: RawRecord, offset: number) => boolean, window: Window = emptyWindow()): Promise<ScanEnd> {
  let { offset, afterSeq, dataEnd } = range;
  if (offset < window.start || offset > window.start + window.bytes.length) clear(window, offset);
  let badFrom: number | undefined;
  let skippedBytes = 0;
  while (offset < dataEnd && afterSeq < range.endSeq - 1) {
    const decoded = decodeRecord(window.bytes, offset - window.start);
    if (decoded.kind === 'short' && offset + decoded.needed <= dataEnd) {
      const wanted = Math.min(Math.max(window.chunkBytes, decoded.needed), dataEnd - offset);
      const bytes = Buffer.allocUnsafeSlow(wanted);
      const got = await file.read(bytes, offset);
      window.bytes = bytes.subarray(0, got);
      window.start = offset;
      if (got < wanted) dataEnd = offset + got;
      continue;
    }
    if (decoded.kind === 'record' && decoded.seq > afterSeq) {
      if (decoded.seq >= range.endSeq) break;
      if (badFrom !== undefined) skippedBytes += offset - badFrom;
      badFrom = undefined;
      if (!visit(decoded, offset)) return { offset, afterSeq, done: false, skippedBytes, badTailFrom: undefined };
      afterSeq = decoded.seq;
      offset = window.start + decoded.end;
      continue;
    }
    badFrom ??= offset;
    offset = afterBad(window, offset, dataEnd);
    // The rest of the window holds no marker: read on from its last bytes, where one may have begun.
    if (offset - window.start >= window.bytes.length - 3) clear(window, offset);
  }
  const shortened = dataEnd < range.dataEnd ? dataEnd : undefined;
  return { offset, afterSeq, done: true, skippedBytes, badTailFrom: afterSeq >= range.endSeq - 1 ? undefined : badFrom ?? shortened };
}

function clear(window: Window, start: number): void {
  window.bytes = Buffer.alloc(0);
  window.start = start;
}

/** Where a record may begin again behind a bad one. */
function afterBad(window: Window, offset: number, dataEnd: number): number {
  const found = findMarker(window.bytes, offset - window.start + 1);
  if (found >= 0) return window.start + found;
  const windowEnd = window.start + window.bytes.length;
  return windowEnd >= dataEnd ? dataEnd : Math.max(offset + 1, windowEnd - 3);
}
