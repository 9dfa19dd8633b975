import { errnoOf } from '../errors.js';
import type { SpoolFile, SpoolFiles } from '../ports.js';
import type { SegmentedLog } from './log.js';
import type { RawRecord } from './record.js';
import { emptyWindow, readHeader, scanRecords } from './segment.js';
import type { Segment, Window } from './segment.js';
import { spoolError } from './spool-error.js';
import { Turns } from './turns.js';

const WINDOW_BYTES = 64 * 1024;
/** How often a disk may fail to read a segment before that is taken for lost. */
const READ_ATTEMPTS = 5;

export interface ReadLimits {
  readonly events: number;
  readonly bytes: number;
}

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
  readonly #turns = new Turns();
  #closed = false;

  constructor(log: SegmentedLog, files: SpoolFiles) {
    this.#log = log;
    this.#files = files;
  }

  /** Durable records from `fromSeq` on: at least one where there is one, else within `limits`. Damage is skipped, and reported by the log. */
  read(fromSeq: number, limits: ReadLimits): Promise<RawRecord[]> {
    return this.#turns.take(() => this.#read(fromSeq, limits));
  }

  /** Gives the open file back. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#turns.take(() => this.#leave());
  }

  async #read(fromSeq: number, limits: ReadLimits): Promise<RawRecord[]> {
    let records: RawRecord[] = [];
    let bytes = 0;
    let seq = fromSeq;
    while (!this.#closed && records.length < limits.events && (records.length === 0 || bytes < limits.bytes)) {
      const segment = this.#log.segmentFor(seq);
      if (segment === undefined) break;
      const place = await this.#at(segment, seq);
      if (place === undefined) { seq = Math.max(seq + 1, segment.end); continue; }
      const more = await this.#readSegment(place, seq, { events: limits.events - records.length, bytes: limits.bytes - bytes, orOne: records.length === 0 });
      if (more === 'again') continue;
      if (more === 'unreadable') { seq = Math.max(seq + 1, segment.end); continue; }
      records = records.concat(more.records);
      bytes += more.bytes;
      if (!more.done) break;
      seq = Math.max(seq, more.nextSeq);
    }
    return records;
  }

  /** `again`: the file was replaced meanwhile. */
  async #readSegment(place: Place, seq: number, limits: ReadLimits & { readonly orOne: boolean }): Promise<'again' | 'unreadable' | { records: RawRecord[]; bytes: number; done: boolean; nextSeq: number }> {
    const { segment, generation } = place;
    const { end: endSeq } = segment;
    const records: RawRecord[] = [];
    let bytes = 0;
    const dataEnd = segment.isSized ? segment.dataEnd : await this.#guard(segment, place.file.size());
    if (dataEnd === undefined) return 'unreadable';
    const end = await this.#guard(segment, scanRecords(place.file, { offset: place.offset, afterSeq: place.afterSeq, dataEnd, endSeq }, (record, offset) => {
      if (segment.generation === generation) segment.note(record.seq, offset);
      if (record.seq < seq) return true;
      const isOne = limits.orOne && records.length === 0;
      if (!isOne && (records.length >= limits.events || bytes + record.payload.length > limits.bytes)) return false;
      records.push({ seq: record.seq, time: record.time, payload: record.payload });
      bytes += record.payload.length;
      return true;
    }, place.window));
    if (end === undefined) return 'unreadable';
    segment.readFailures = 0;
    if (end.skippedBytes > 0 || end.badTailFrom !== undefined) await this.#log.damaged(segment, { newer: false, generation });
    // The good records of a damaged segment are in another file now, unless the disk refused that.
    if (segment.generation !== generation || segment.removed) {
      await this.#leave();
      return 'again';
    }
    place.offset = end.offset;
    place.afterSeq = end.afterSeq;
    if (end.done && end.afterSeq < endSeq - 1) this.#log.missing(segment, endSeq - 1 - Math.max(end.afterSeq, seq - 1));
    return { records, bytes, done: end.done, nextSeq: endSeq };
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
    this.#place = { segment, generation, file, window: emptyWindow(WINDOW_BYTES), ...segment.seek(seq) };
    const header = await this.#guard(segment, readHeader(file)).catch(async (error: unknown) => {
      await this.#leave();
      throw error;
    });
    if (header?.kind === 'header') segment.flags = header.flags;
    if (header === undefined || header.kind === 'header') return header === undefined ? undefined : this.#place;
    if (header.kind === 'newer') await this.#leave();
    await this.#log.damaged(segment, { newer: header.kind === 'newer', generation });
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
