import type { Clock, Logger, SpoolFiles } from '../ports.js';
import type { SegmentedLog } from './log.js';
import { LogReader } from './log-reader.js';
import type { Transform } from './replacement.js';
import type { Segment } from './segment.js';
import type { DeadLetter, DeadLetterReason, DeadLetters, SpooledRecord } from './spool.js';
import { spoolError } from './spool-error.js';

/**
 * A dead letter is a record whose payload is
 *
 *   0  4  length n of the note, little-endian
 *   4  n  the note: JSON { "seq", "time", "reason" } of the refused record
 *   …     the refused record's payload
 */
interface Note {
  readonly seq: number;
  readonly time: number;
  readonly reason: DeadLetterReason;
}

export function encodeDeadLetter(note: Note, payload: Uint8Array): Buffer {
  const json = Buffer.from(JSON.stringify({ seq: note.seq, time: note.time, reason: note.reason }), 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json, payload]);
}

/** Undefined for bytes that `encodeDeadLetter` did not make. */
export function decodeDeadLetter(bytes: Uint8Array): { note: Note; payload: Uint8Array } | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = view.length < 4 ? Infinity : view.readUInt32LE(0);
  if (4 + length > view.length) return undefined;
  try {
    const note: unknown = JSON.parse(view.toString('utf8', 4, 4 + length));
    return isNote(note) ? { note, payload: view.subarray(4 + length) } : undefined;
  } catch {
    return undefined;
  }
}

function isNote(value: unknown): value is Note {
  return typeof value === 'object' && value !== null && 'seq' in value && typeof value.seq === 'number'
    && 'time' in value && typeof value.time === 'number' && 'reason' in value && isReason(value.reason);
}

function isReason(value: unknown): value is DeadLetterReason {
  return typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'
    && 'attempts' in value && typeof value.attempts === 'number' && 'at' in value && typeof value.at === 'number'
    && (!('httpStatus' in value) || typeof value.httpStatus === 'number');
}

export interface DeadLetterPorts {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  maxBytes(): number;
  /** The oldest had to go, to stay within `maxBytes`. */
  dropped(count: number, bytes: number): void;
  /** Their time was over. */
  expired(count: number): void;
}

/** What is read at once; a larger letter comes alone. */
const READ_LIMITS = { events: 256, bytes: 256 * 1024 };
/** More than a destination has under way: what a crash may let it refuse once more. */
const RECENT_LETTERS = 8192;

/** A record of the stream. By its seq alone it could be another one: of an end of the log that rotted, the numbers are given again. */
type RecordId = Pick<Note, 'seq' | 'time'>;

/** Which of the newest letters is of which record. */
class RecentLetters {
  readonly #ids = new Map<string, number>();
  readonly #keys = new Map<number, string>();

  idOf(record: RecordId): number | undefined { return this.#ids.get(keyOf(record)); }

  add(id: number, record: RecordId): void {
    const key = keyOf(record);
    this.#ids.set(key, id);
    this.#keys.set(id, key);
    if (this.#keys.size > RECENT_LETTERS) this.delete(this.#keys.keys().next().value ?? id);
  }

  delete(id: number): void {
    const key = this.#keys.get(id);
    if (key === undefined) return;
    this.#keys.delete(id);
    if (this.#ids.get(key) === id) this.#ids.delete(key);
  }
}

function keyOf({ seq, time }: RecordId): string {
  return `${seq} ${time}`;
}

/** The dead letters of one destination, in a log of their own. Its sequence numbers are the letters' ids. */
export class DeadLetterLog<P extends Uint8Array> implements DeadLetters<P> {
  readonly #log: SegmentedLog;
  readonly #ports: DeadLetterPorts;
  readonly #recent: RecentLetters;
  #count: number;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(log: SegmentedLog, ports: DeadLetterPorts, found: { readonly recent: RecentLetters; readonly count: number }) {
    this.#log = log;
    this.#ports = ports;
    this.#recent = found.recent;
    this.#count = found.count;
  }

  /** Counts what is there by reading it once; it is at most `maxBytes`. */
  static async open<P extends Uint8Array>(log: SegmentedLog, ports: DeadLetterPorts): Promise<DeadLetterLog<P>> {
    const recent = new RecentLetters();
    const count = await log.forEach(({ seq: id, payload }) => {
      const letter = decodeDeadLetter(payload);
      if (letter !== undefined) recent.add(id, letter.note);
    });
    return new DeadLetterLog<P>(log, ports, { recent, count });
  }

  async add(record: SpooledRecord<P>, reason: DeadLetterReason): Promise<number> {
    const known = this.idOf(record);
    if (known !== undefined) return known;
    const id = await this.#log.append(encodeDeadLetter({ seq: record.seq, time: record.time, reason }, record.payload));
    this.#recent.add(id, record);
    this.#count++;
    if (this.#log.bytes > this.#ports.maxBytes()) await this.#alone(() => this.#dropOldest());
    return id;
  }

  idOf(record: RecordId): number | undefined { return this.#recent.idOf(record); }
  count(): number { return this.#count; }
  bytes(): number { return this.#log.bytes; }

  async list(limit: number, fromId = 0): Promise<DeadLetter<P>[]> {
    const letters: DeadLetter<P>[] = [];
    if (limit <= 0) return letters;
    for await (const letter of this.each(fromId)) if (letters.push(letter) >= limit) break;
    return letters;
  }

  async* each(fromId = 0): AsyncGenerator<DeadLetter<P>, void> {
    const reader = new LogReader(this.#log, this.#ports.files);
    try {
      for (let from = fromId; ;) {
        const records = await reader.read(from, READ_LIMITS);
        if (records.length === 0) return;
        for (const record of records) {
          from = record.seq + 1;
          const letter = decodeDeadLetter(record.payload);
          if (letter === undefined) continue;
          const { seq, time, reason } = letter.note;
          yield { id: record.seq, seq, time, reason, payload: letter.payload as P };
        }
      }
    } finally {
      await reader.close();
    }
  }

  async refusedAgain(reasons: ReadonlyMap<number, DeadLetterReason>): Promise<number> {
    let found = 0;
    await this.#changeSome([...reasons.keys()], (record) => {
      const reason = reasons.get(record.seq);
      const letter = reason === undefined ? undefined : decodeDeadLetter(record.payload);
      if (reason === undefined || letter === undefined) return record.payload;
      found++;
      // A failed attempt of this call may have come as far as this letter.
      if (letter.note.reason.at === reason.at) return record.payload;
      return encodeDeadLetter({ ...letter.note, reason: { ...reason, attempts: letter.note.reason.attempts + reason.attempts } }, letter.payload);
    });
    return found;
  }

  remove(ids: Iterable<number>): Promise<number> {
    const gone = new Set(ids);
    return this.#changeSome([...gone], (record) => (gone.has(record.seq) ? undefined : record.payload));
  }

  purge(): Promise<number> {
    return this.#change(() => true, () => undefined);
  }

  async expire(olderThanMs: number): Promise<number> {
    const before = this.#ports.clock.now() - olderThanMs;
    const { seq } = await this.#log.seqAt(before);
    await this.#log.removeAside(before);
    if (this.#log.firstSeq >= seq) return 0;
    const count = await this.#change((segment) => segment.base < seq, (record) => (record.seq < seq ? undefined : record.payload));
    if (count > 0) this.#ports.expired(count);
    return count;
  }

  async rewrite(transform: (payload: P) => P): Promise<void> {
    await this.#change(() => true, (record) => {
      const letter = decodeDeadLetter(record.payload);
      return letter === undefined ? undefined : encodeDeadLetter(letter.note, transform(letter.payload as P));
    });
    await this.#log.removeAside(Infinity);
    await this.#log.syncFolder();
  }

  /** Changes only the files that hold one of `ids`. */
  #changeSome(ids: readonly number[], transform: Transform): Promise<number> {
    if (ids.length === 0) return Promise.resolve(0);
    return this.#change((segment) => ids.some((id) => id >= segment.base && id < segment.end), transform);
  }

  /** Replaces each file that `concerns` chooses, in one step each; how many letters `transform` left out. */
  #change(concerns: (segment: Segment) => boolean, transform: Transform): Promise<number> {
    const forgetting: Transform = (record) => {
      const payload = transform(record);
      if (payload === undefined) this.#recent.delete(record.seq);
      return payload;
    };
    return this.#alone(async () => {
      let leftOut = 0;
      try {
        await this.#log.appender.seal();
        const concerned = this.#log.segments.filter(concerns);
        for (const { base, end } of concerned) leftOut += await this.#log.rewrite(base, end, forgetting);
        // What is asked for may have gone with an attempt that did not end.
        if (concerned.length === 0) await this.#log.syncFolder();
        return leftOut;
      } catch (error) {
        throw spoolError('write', error);
      } finally {
        this.#count -= leftOut;
      }
    });
  }

  /** What the disk refuses here is tried again with the next letter. */
  async #dropOldest(): Promise<void> {
    try {
      while (this.#log.bytes > this.#ports.maxBytes()) {
        const oldest = this.#log.segments[0];
        if (oldest === undefined) return;
        if (!this.#log.isSealed(oldest)) await this.#log.appender.seal();
        const count = await this.#log.forEach(({ seq: id }) => { this.#recent.delete(id); }, [oldest]);
        const bytes = await this.#log.removeBelow(oldest.end);
        if (bytes === 0) return;
        this.#ports.dropped(count, bytes);
        this.#count -= count;
      }
    } catch (error) {
      this.#ports.logger.warn({ error }, 'the oldest dead letters could not be dropped');
    }
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
