import type { Clock, SpoolFiles } from '../ports.js';
import type { SegmentedLog } from './log.js';
import { LogReader } from './log-reader.js';
import type { RawRecord } from './record.js';
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
    && 'time' in value && typeof value.time === 'number' && 'reason' in value && typeof value.reason === 'object' && value.reason !== null;
}

export interface DeadLetterPorts {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  maxBytes(): number;
  /** The oldest had to go, to stay within `maxBytes`. */
  dropped(count: number, bytes: number): void;
}

/** The dead letters of one destination, in a log of their own. */
export class DeadLetterLog<P extends Uint8Array> implements DeadLetters<P> {
  readonly #log: SegmentedLog;
  readonly #ports: DeadLetterPorts;
  #count: number;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(log: SegmentedLog, ports: DeadLetterPorts, count: number) {
    this.#log = log;
    this.#ports = ports;
    this.#count = count;
  }

  /** Counts what is there by reading it once; it is at most `maxBytes`. */
  static async open<P extends Uint8Array>(log: SegmentedLog, ports: DeadLetterPorts): Promise<DeadLetterLog<P>> {
    return new DeadLetterLog<P>(log, ports, await log.forEach(() => undefined));
  }

  async add(record: SpooledRecord<P>, reason: DeadLetterReason): Promise<number> {
    const id = await this.#log.append(encodeDeadLetter({ seq: record.seq, time: record.time, reason }, record.payload));
    this.#count++;
    if (this.#log.bytes > this.#ports.maxBytes()) await this.#alone(() => this.#dropOldest());
    return id;
  }

  count(): number { return this.#count; }

  async list(limit: number, fromId = 0): Promise<DeadLetter<P>[]> {
    const reader = new LogReader(this.#log, this.#ports.files);
    try {
      const letters: DeadLetter<P>[] = [];
      for (let from = fromId; letters.length < limit;) {
        const records = await reader.read(from, { events: limit - letters.length, bytes: 1024 * 1024 });
        if (records.length === 0) break;
        for (const record of records) {
          const letter = decodeDeadLetter(record.payload);
          if (letter !== undefined) letters.push({ id: record.seq, seq: letter.note.seq, time: letter.note.time, reason: letter.note.reason, payload: letter.payload as P });
          from = record.seq + 1;
        }
      }
      return letters;
    } finally {
      await reader.close();
    }
  }

  remove(ids: readonly number[]): Promise<number> {
    const gone = new Set(ids);
    if (gone.size === 0) return Promise.resolve(0);
    return this.#leaveOut(Math.min(...gone), Math.max(...gone) + 1, (record) => gone.has(record.seq));
  }

  purge(): Promise<number> {
    return this.#leaveOut(0, Infinity, () => true);
  }

  async expire(olderThanMs: number): Promise<number> {
    const before = this.#ports.clock.now() - olderThanMs;
    const { seq } = await this.#log.seqAt(before);
    await this.#log.removeAside(before);
    return this.#log.firstSeq < seq ? this.#leaveOut(0, seq, (record) => record.seq < seq) : 0;
  }

  async rewrite(transform: (payload: P) => P): Promise<void> {
    await this.#change(0, Infinity, (record) => {
      const letter = decodeDeadLetter(record.payload);
      return letter === undefined ? undefined : encodeDeadLetter(letter.note, transform(letter.payload as P));
    });
    await this.#log.removeAside(Infinity);
  }

  #leaveOut(from: number, to: number, isGone: (record: RawRecord) => boolean): Promise<number> {
    return this.#change(from, to, (record) => (isGone(record) ? undefined : record.payload));
  }

  #change(from: number, to: number, transform: (record: RawRecord) => Uint8Array | undefined): Promise<number> {
    return this.#alone(async () => {
      try {
        await this.#log.appender.seal();
        const leftOut = await this.#log.rewrite(from, Math.min(to, this.#log.nextSeq), transform);
        this.#count -= leftOut;
        return leftOut;
      } catch (error) {
        throw spoolError('write', error);
      }
    });
  }

  async #dropOldest(): Promise<void> {
    while (this.#log.bytes > this.#ports.maxBytes()) {
      const oldest = this.#log.segments[0];
      if (oldest === undefined) return;
      if (!this.#log.isSealed(oldest)) await this.#log.appender.seal();
      const count = await this.#log.forEach(() => undefined, [oldest]);
      const bytes = await this.#log.removeBelow(oldest.end);
      if (bytes === 0) return;
      this.#ports.dropped(count, bytes);
      this.#count -= count;
    }
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
