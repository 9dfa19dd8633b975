import { decodeEvent, type FilteredBytes } from '../event/privacy.js';
import type { Output } from '../outputs/output.js';
import type { Clock } from '../ports.js';
import type { Cursor, SpooledRecord } from '../spool/spool.js';
import type { Recorder } from './recorder.js';
import type { Item, Unit, Window } from './window.js';

/** At least this many; for one batch more than is on its way. Beside what waits for company. */
const READ_AHEAD_EVENTS = 256;
/** Of a destination that takes nothing, this is in memory, and as much once more. */
const READ_AHEAD_BYTES = 1024 * 1024;
/** Between two looks at a spool that says that something is there and gives nothing. */
const EMPTY_READ_MS = 1000;

/** Keeps the window filled from the cursor, a bounded number of events and bytes ahead, one read at a time. */
export interface Reader {
  /** Starts a read when there is room and none runs; `stopping`: only of what is there already. */
  fill(): void;
  /** Every record below it has been put into the window. */
  readonly nextSeq: number;
  readonly busy: boolean;
  /** The last read found nothing more. */
  readonly atEnd: boolean;
}

export interface ReaderOptions {
  readonly cursor: Cursor<FilteredBytes>;
  readonly window: Window;
  readonly recorder: Recorder;
  readonly output: Pick<Output, 'batchEvents' | 'batchBytes'>;
  /** The longest that an event waits for company. */
  readonly flushIntervalMs: number;
  readonly clock: Clock;
  readonly stopping: AbortSignal;
  /** New events are in the window, or a read has ended. */
  onRead(): void;
  /** A record that is no event, kept as a dead letter: its unit has been recorded. */
  onDamaged(unit: Unit): void;
}

export function createReader(options: ReaderOptions): Reader {
  const { cursor, window, recorder, output, clock, stopping } = options;
  const ahead = Math.max(READ_AHEAD_EVENTS, output.batchEvents);
  let nextSeq = cursor.committed;
  let busy = false;
  let atEnd = false;
  let emptyReads = 0;

  async function read(): Promise<void> {
    let records: SpooledRecord<FilteredBytes>[] = [];
    const done = await recorder.persist(async () => { records = await cursor.read(nextSeq, { events: ahead, bytes: READ_AHEAD_BYTES }); });
    if (!done) return;
    const last = records.at(-1);
    atEnd = last === undefined;
    if (last !== undefined) {
      nextSeq = last.seq + 1;
      emptyReads = 0;
      accept(records);
    } else if (!stopping.aborted) {
      await cursor.wait(nextSeq, stopping);
      if (emptyReads++ > 0) await clock.sleep(EMPTY_READ_MS, stopping);
      atEnd = false;
    }
  }

  /** Decodes records into units; what is no event goes to the dead letters as it is. */
  function accept(records: readonly SpooledRecord<FilteredBytes>[]): void {
    const limits = { events: output.batchEvents, bytes: output.batchBytes, ...(stopping.aborted ? {} : { untilMs: clock.monotonic() + options.flushIntervalMs }) };
    let items: Item[] = [];
    for (const record of records) {
      try {
        items.push({ ...record, event: decodeEvent(record.payload) });
      } catch {
        window.add(items, limits);
        items = [];
        const unit = window.addFinishing(record.seq);
        void recorder.damaged(record).then((recorded) => { if (recorded) options.onDamaged(unit); else unit.state = 'waiting'; });
      }
    }
    window.add(items, limits);
  }

  return {
    get nextSeq() { return nextSeq; },
    get busy() { return busy; },
    get atEnd() { return atEnd; },
    fill() {
      const { events, bytes } = window.ready();
      if (busy || events >= ahead / 2 || bytes >= READ_AHEAD_BYTES || (stopping.aborted && atEnd)) return;
      busy = true;
      void read().finally(() => { busy = false; options.onRead(); });
    },
  };
}
