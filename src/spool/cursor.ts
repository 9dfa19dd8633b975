import type { SpoolFiles } from '../ports.js';
import type { CursorFile } from './cursor-file.js';
import type { SegmentedLog } from './log.js';
import { LogReader } from './log-reader.js';
import { countDone, firstOpen } from './progress.js';
import type { Progress, SeqRange } from './progress.js';
import type { Cursor, SpooledRecord } from './spool.js';
import { spoolError } from './spool-error.js';

/** How many times of records in flight are remembered, to tell the age of the oldest. */
const MAX_TIMES = 4096;

/** One destination of a stream, attached or not. */
export class Destination {
  readonly name: string;
  readonly file: CursorFile;
  readonly #log: SegmentedLog;
  /** How many cursors are out; `Destinations.attach` counts them, `detach` takes them back. */
  attached = 0;
  #times: { readonly seq: number; readonly time: number }[] = [];

  constructor(name: string, file: CursorFile, log: SegmentedLog) {
    this.name = name;
    this.file = file;
    this.#log = log;
  }

  get committed(): number { return this.file.progress.position; }
  get progress(): Progress { return this.file.progress; }

  pending(): number {
    return this.pendingBelow(this.#log.nextSeq);
  }

  pendingBelow(seq: number): number {
    return this.#log.countBetween(this.committed, seq) - countDone(this.progress, this.#log.firstSeq, Math.min(seq, this.#log.nextSeq));
  }

  oldestPendingTime(): number | undefined {
    const { committed } = this;
    if (committed >= this.#log.nextSeq) return undefined;
    const done = this.#times.findIndex(({ seq }) => seq >= committed);
    if (done > 0) this.#times.splice(0, done);
    if (done >= 0) return this.#times[0]?.time;
    // Not read yet: its segment's first record is no younger.
    return this.#log.segmentFor(committed)?.created;
  }

  /** Records were read or appended: their times are known. */
  note(records: readonly { readonly seq: number; readonly time: number }[]): void {
    const { committed } = this;
    if ((this.#times[0]?.seq ?? committed) < committed) this.#times = this.#times.filter(({ seq }) => seq >= committed);
    for (const { seq, time } of records) {
      if (this.#times.length >= MAX_TIMES) return;
      if (seq > (this.#times.at(-1)?.seq ?? committed - 1)) this.#times.push({ seq, time });
    }
  }

  /** The next record after all that was done is durable: nothing older waits. */
  noteAppended(first: { readonly seq: number; readonly time: number }): void {
    if (this.committed >= first.seq) this.note([first]);
  }
}

/** Who waits for records, and from which seq on. */
export class Waiters {
  readonly #waiting = new Set<{ readonly fromSeq: number; readonly wake: () => void }>();

  wait(fromSeq: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiter = { fromSeq, wake: () => { this.#waiting.delete(waiter); signal.removeEventListener('abort', waiter.wake); resolve(); } };
      this.#waiting.add(waiter);
      signal.addEventListener('abort', waiter.wake, { once: true });
      if (signal.aborted) waiter.wake();
    });
  }

  /** Records below `nextSeq` are there. */
  wake(nextSeq: number): void {
    for (const waiter of this.#waiting) if (waiter.fromSeq < nextSeq) waiter.wake();
  }
}

export interface CursorPorts {
  readonly log: SegmentedLog;
  readonly files: SpoolFiles;
  readonly waiters: Waiters;
  isClosed(): boolean;
  /** The position moved, durably. */
  committed(): void;
  detached(cursor: StreamCursor<Uint8Array>): void;
}

export class StreamCursor<P extends Uint8Array> implements Cursor<P> {
  readonly #of: Destination;
  readonly #ports: CursorPorts;
  readonly #reader: LogReader;
  #detached = false;

  constructor(of: Destination, ports: CursorPorts) {
    this.#of = of;
    this.#ports = ports;
    this.#reader = new LogReader(ports.log, ports.files);
  }

  get destination(): string { return this.#of.name; }
  get committed(): number { return this.#of.committed; }
  pending(): number { return this.#of.pending(); }
  oldestPendingTime(): number | undefined { return this.#of.oldestPendingTime(); }

  async read(fromSeq: number, limits: { readonly events: number; readonly bytes: number }): Promise<SpooledRecord<P>[]> {
    try {
      for (let from = fromSeq; ;) {
        const records = await this.#reader.read(this.#firstOpen(from), limits);
        const open = records.filter(({ seq }) => this.#firstOpen(seq) === seq);
        const last = records.at(-1);
        if (open.length === 0 && last !== undefined) { from = last.seq + 1; continue; }
        this.#of.note(open);
        // What comes out is what `append` of the same stream took in.
        return open as SpooledRecord<P>[];
      }
    } catch (error) {
      throw spoolError('read', error);
    }
  }

  wait(fromSeq: number, signal: AbortSignal): Promise<void> {
    const from = this.#firstOpen(fromSeq);
    if (from < this.#ports.log.nextSeq || this.#ports.isClosed()) return Promise.resolve();
    return this.#ports.waiters.wait(from, signal);
  }

  async commit(seq: number, done: readonly SeqRange[] = []): Promise<void> {
    const { nextSeq } = this.#ports.log;
    await this.#of.file.commit(Math.min(seq, nextSeq), done.filter(({ to }) => to <= nextSeq));
    this.#ports.committed();
  }

  detach(): void {
    if (this.#detached) return;
    this.#detached = true;
    this.#of.attached--;
    void this.#reader.close();
    this.#ports.detached(this);
  }

  /** As `detach`, and waits until the file is closed. */
  async close(): Promise<void> {
    this.detach();
    await this.#reader.close();
  }

  #firstOpen(seq: number): number {
    return firstOpen(this.#of.progress, seq);
  }
}
