import { errnoOf } from '../errors.js';
import type { SpoolFile, SpoolFiles } from '../ports.js';
import type { SegmentedLog } from './log.js';
import type { RawRecord } from './record.js';
import { emptyWindow, readHeader, scanRecords } from './segment.js';
import type { Segment, Window } from './segment.js';
import { spoolError } from './spool-error.js';

const WINDOW_BYTES = 64 * 1024;
/** How often a disk may fail to read a segment before that is taken for lost. */
const READ_ATTEMPTS = 5;

interface Place {
  readonly segment: Segment;
  readonly generation: number;
  readonly file: SpoolFile;
  readonly window: Window;
  /** Where the record after `afterSeq` begins. */
  offset: number;
  afterSeq: number;
}

/** Reads a log from any place; one open file at a time, and going on where the last read ended costs no search. */
export class LogReader {
  readonly #log: SegmentedLog;
  readonly #files: SpoolFiles;
  #place: Place | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(log: SegmentedLog, files: SpoolFiles) {
    this.#log = log;
    this.#files = files;
  }

  /** Durable records from `fromSeq` on: at least one where there is one, else within `limits`. Damage is skipped, and reported by the log. */
  read(fromSeq: number, limits: { readonly events: number; readonly bytes: number }): Promise<RawRecord[]> {
    const result = this.#turn.then(() => this.#read(fromSeq, limits));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Gives the open file back. */
  close(): Promise<void> {
    this.#closed = true;
    const closed = this.#turn.then(() => this.#leave());
    this.#turn = closed;
    return closed;
  }

  async #read(fromSeq: number, limits: { readonly events: number; readonly bytes: number }): Promise<RawRecord[]> {
    const records: RawRecord[] = [];
    let bytes = 0;
    let seq = fromSeq;
    while (!this.#closed && records.length < limits.events && (records.length === 0 || bytes < limits.bytes)) {
      const segment = this.#log.segmentFor(seq);
      if (segment === undefined) break;
      const place = await this.#at(segment, seq);
      const { end: endSeq, dataEnd } = segment;
      if (place === undefined) { seq = Math.max(seq + 1, endSeq); continue; }
      const range = { offset: place.offset, afterSeq: place.afterSeq, dataEnd, endSeq };
      const end = await this.#guard(segment, scanRecords(place.file, range, (record, offset) => {
        segment.note(record.seq, offset);
        if (record.seq < seq) return true;
        if (records.length > 0 && (records.length >= limits.events || bytes + record.payload.length > limits.bytes)) return false;
        records.push({ seq: record.seq, time: record.time, payload: record.payload });
        bytes += record.payload.length;
        return true;
      }, place.window));
      if (end === undefined) { seq = Math.max(seq + 1, endSeq); continue; }
      place.offset = end.offset;
      place.afterSeq = end.afterSeq;
      if (end.skippedBytes > 0 || end.badTailFrom !== undefined) {
        await this.#leave();
        await this.#log.damaged(segment, false);
      } else if (end.done && end.afterSeq < endSeq - 1) {
        this.#log.missing(segment, endSeq - 1 - Math.max(end.afterSeq, seq - 1));
      }
      if (!end.done) break;
      seq = Math.max(seq, endSeq);
    }
    return records;
  }

  /** The open file of `segment` and where in it the search for `seq` begins; undefined when it cannot be read at all. */
  async #at(segment: Segment, seq: number): Promise<Place | undefined> {
    const known = this.#place;
    if (known?.segment === segment && known.generation === segment.generation) {
      const nearest = segment.seek(seq);
      if (known.afterSeq >= seq || nearest.offset > known.offset) Object.assign(known, nearest);
      return known;
    }
    await this.#leave();
    const { generation } = segment;
    const file = await this.#guard(segment, this.#files.open(segment.path, 'read'));
    if (file === undefined) return undefined;
    const header = await this.#guard(segment, readHeader(file));
    if (header?.kind === 'header') segment.flags = header.flags;
    this.#place = { segment, generation, file, window: emptyWindow(WINDOW_BYTES), ...segment.seek(seq) };
    if (header === undefined || header.kind === 'header') return header === undefined ? undefined : this.#place;
    if (header.kind === 'newer') await this.#leave();
    await this.#log.damaged(segment, header.kind === 'newer');
    // With a damaged header only, the good records are in a new file now, or, when the disk refused that, still in this one.
    return header.kind === 'newer' || segment.removed ? undefined : this.#at(segment, seq);
  }

  /** A file that is gone, or that the disk has failed to read several times, is passed over and reported; else the caller tries again. */
  async #guard<T>(segment: Segment, action: Promise<T>): Promise<T | undefined> {
    try {
      return await action;
    } catch (error) {
      const code = errnoOf(error);
      const hopeless = code === 'ENOENT' || code === 'ELOOP' || code === 'EISDIR' || (code === 'EIO' && ++segment.readFailures >= READ_ATTEMPTS);
      if (!hopeless) throw spoolError('read', error);
      this.#log.missing(segment, segment.end - segment.base);
      return undefined;
    }
  }

  async #leave(): Promise<void> {
    const file = this.#place?.file;
    this.#place = undefined;
    try {
      await file?.close();
    } catch { /* It was only read. */ }
  }
}
