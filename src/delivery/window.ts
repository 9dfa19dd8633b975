import type { FilteredBytes, FilteredEvent } from '../event/privacy.js';
import type { SeqRange } from '../spool/progress.js';

/** One spooled event on its way to one destination. `event` and `payload` are replaced when privacy became stricter. */
export interface Item {
  readonly seq: number;
  /** When it was appended, ms since the epoch. */
  readonly time: number;
  event: FilteredEvent;
  payload: FilteredBytes;
  /** Its dead letter, once it has one. */
  letterId?: number;
}

export interface Refusal {
  readonly message: string;
  readonly httpStatus: number | undefined;
  /** Monotonic ms. */
  readonly sinceMs: number;
}

/**
 * What one `send` carries. `waiting` → `sending` → back to `waiting` (failed) or `undecided` (refused; not yet known
 * whether the event or the setting is wrong) or `finishing` (its outcome is being recorded) → `done`.
 */
export interface Unit {
  /** Emptied when done: what waits behind an older unit must not hold its texts. */
  items: Item[];
  /** How many, and their payloads' bytes together; kept when done. */
  size: number;
  bytes: number;
  readonly firstSeq: number;
  state: 'waiting' | 'sending' | 'undecided' | 'finishing' | 'done';
  attempts: number;
  /** Monotonic ms; before it, it is sent as a probe only: it gathers, or its last attempt failed. */
  notBeforeMs: number;
  refusal?: Refusal;
  /** Which row of refusals it was last part of. */
  refusedInRow?: number;
  /** Its events are dead letters: the cursor is already behind them. */
  readonly passed?: boolean;
  /** The replay that it belongs to: an operator sends dead letters again. */
  readonly replay?: Replay;
}

/** A request to send dead letters again, counting events. */
export interface Replay {
  /** In the window, and not done with. */
  open: number;
  delivered: number;
  refused: number;
  /** Nothing more of it is to be sent. */
  over: boolean;
  error?: string;
  /** Told when a count changed. */
  changed: () => void;
}

export interface BatchLimits {
  readonly events: number;
  readonly bytes: number;
  /** Until then (monotonic ms) a batch that is not full waits for company; not at all unless told. */
  readonly untilMs?: number;
}

/** The events between the cursor and what has been read, in the order of the spool. */
export interface Window {
  /** Oldest first. */
  readonly units: readonly Unit[];
  /** With `replay`, the items are dead letters that are sent again in their turn. */
  add(items: readonly Item[], limits: BatchLimits, replay?: Replay): void;
  /** An event that is not to be sent: its outcome is being recorded. */
  addFinishing(seq: number): Unit;
  /** Counts a fresh unit as started although it was not chosen by `next` or `probe`. */
  begin(unit: Unit): void;
  /** Puts a dead letter, which the cursor has passed, in front of all. */
  takeBack(letter: Item, attempts: number): void;
  /** Replaces a unit of several events by its two halves, or, when one event is `known` to be bad, by what is before it, itself, and what is behind it. */
  split(unit: Unit, known: number | undefined): void;
  /** Removes the units that are done at the front; of how many events the cursor is to be moved over. */
  release(): number;
  /** Removes every waiting unit that ends before `seq`: the spool has moved on without us. */
  dropBefore(seq: number): void;
  /** Takes out the waiting units of replays that fit; they stay dead letters. */
  withdraw(fits: (unit: Unit) => boolean): readonly Unit[];
  /** Every event below it is done; undefined when all are. */
  firstOpenSeq(): number | undefined;
  /** What is done behind it, of all below `endSeq`. */
  doneRanges(endSeq: number): readonly SeqRange[];
  /** Events that were never sent. */
  fresh(): number;
  /** Those of them that wait for no company, and their bytes. */
  ready(): { readonly events: number; readonly bytes: number };
  /** Events that were sent at least once and are not released. */
  started(): number;
  /** The oldest unit keeps failing while others behind it may succeed. */
  headIsStuck(): boolean;
  /** The unit to send now, or undefined. */
  next(nowMs: number, choice: { readonly freshToo: boolean }): Unit | undefined;
  /** For a probe: the oldest, or else the one that was tried least, so that one bad event does not stand for all. */
  probe(choice: 'oldest' | 'least_tried'): Unit | undefined;
  /** Sent again no sooner than then (monotonic ms). */
  delay(unit: Unit, untilMs: number): void;
  /** The unit, or each of them, may be sent at once. */
  hurry(unit?: Unit): void;
  /** What waits for company may be sent at once. */
  flush(): void;
  /** Some unit failed and was neither hurried nor finished since. */
  failing(): boolean;
  /** When the first unit that waits for company or a retry may be sent. */
  nextDueMs(nowMs: number): number | undefined;
}

export function createWindow(): Window {
  const units: Unit[] = [];
  const delayed = new Set<Unit>();
  let fresh = { events: 0, bytes: 0 };
  let started = 0;
  /** The batch that waits for company. */
  let gathering: Unit | undefined;

  function leaveFresh(unit: Unit): void {
    if (unit === gathering) gathering = undefined;
    fresh = { events: fresh.events - unit.size, bytes: fresh.bytes - unit.bytes };
  }

  function countStart(unit: Unit): Unit {
    if (unit.attempts === 0) { leaveFresh(unit); started += unit.size; }
    return unit;
  }

  function removeWaiting(fits: (unit: Unit) => boolean): Unit[] {
    const removed = units.filter((unit) => unit.state === 'waiting' && fits(unit));
    for (const unit of removed) {
      units.splice(units.indexOf(unit), 1);
      delayed.delete(unit);
      if (unit.attempts === 0) leaveFresh(unit);
      else started -= unit.size;
    }
    return removed;
  }

  return {
    units,

    add(items, { events, bytes, untilMs = -Infinity }, replay) {
      let batch = replay === undefined ? gathering : undefined;
      for (const item of items) {
        const length = item.payload.byteLength;
        if (batch === undefined || batch.size >= events || batch.bytes + length > bytes) {
          if (batch !== undefined) batch.notBeforeMs = -Infinity;
          batch = { ...waiting([], item.seq, 0), notBeforeMs: untilMs, ...partOf(replay) };
          units.push(batch);
        }
        batch.items.push(item);
        batch.size++;
        batch.bytes += length;
        fresh = { events: fresh.events + 1, bytes: fresh.bytes + length };
      }
      if (batch !== undefined && (batch.size >= events || batch.bytes >= bytes)) batch.notBeforeMs = -Infinity;
      if (replay === undefined) gathering = batch?.notBeforeMs === -Infinity ? undefined : batch;
    },

    addFinishing(seq) {
      const unit: Unit = { ...waiting([], seq, 1), size: 1, state: 'finishing' };
      units.push(unit);
      started += unit.size;
      return unit;
    },

    begin(unit) { countStart(unit); },

    takeBack(letter, attempts) {
      units.unshift({ ...waiting([letter], letter.seq, attempts), passed: true });
      started += 1;
    },

    split(unit, known) {
      const at = units.indexOf(unit);
      delayed.delete(unit);
      const { items, size } = unit;
      const cuts = known === undefined || items[known] === undefined ? [Math.ceil(size / 2)] : [known, known + 1];
      const parts = [0, ...cuts].map((from, i) => items.slice(from, cuts[i])).filter((part) => part.length > 0);
      units.splice(at, 1, ...parts.map((part) => ({ ...waiting(part, part[0]?.seq ?? unit.firstSeq, unit.attempts), ...partOf(unit.replay) })));
    },

    release() {
      const open = units.findIndex((unit) => unit.state !== 'done');
      const removed = units.splice(0, open === -1 ? units.length : open);
      const eventsOf = (some: readonly Unit[]): number => some.reduce((sum, unit) => sum + unit.size, 0);
      started -= eventsOf(removed);
      return eventsOf(removed.filter((unit) => unit.passed !== true));
    },

    dropBefore(seq) {
      removeWaiting((unit) => unit.passed !== true && (unit.items.at(-1)?.seq ?? Infinity) < seq);
    },

    withdraw: (fits) => removeWaiting((unit) => unit.replay !== undefined && fits(unit)),

    firstOpenSeq() {
      return units.find((unit) => unit.state !== 'done' && unit.passed !== true)?.firstSeq;
    },

    doneRanges(endSeq) {
      const ranges: SeqRange[] = [];
      let from: number | undefined;
      for (const unit of units) {
        if (unit.passed === true) continue;
        if (unit.state === 'done') { from ??= unit.firstSeq; continue; }
        // Between two units there is nothing, or what an earlier life has done.
        if (from !== undefined) ranges.push({ from, to: unit.firstSeq });
        from = undefined;
      }
      if (from !== undefined) ranges.push({ from, to: endSeq });
      return ranges;
    },

    fresh: () => fresh.events,
    ready: () => ({ events: fresh.events - (gathering?.size ?? 0), bytes: fresh.bytes - (gathering?.bytes ?? 0) }),
    started: () => started,

    headIsStuck() {
      const head = units[0];
      return head !== undefined && (head.state === 'waiting' ? head.attempts > 0 : head.state === 'sending' && head.attempts > 1);
    },

    next(nowMs, { freshToo }) {
      const unit = units.find((u) => u.state === 'waiting' && u.notBeforeMs <= nowMs && (freshToo || u.attempts > 0));
      return unit === undefined ? undefined : countStart(unit);
    },

    probe(choice) {
      let best: Unit | undefined;
      for (const unit of units) {
        if (unit.state !== 'waiting') continue;
        if (best === undefined || unit.attempts < best.attempts) best = unit;
        if (choice === 'oldest') break;
      }
      return best === undefined ? undefined : countStart(best);
    },

    delay(unit, untilMs) {
      unit.notBeforeMs = untilMs;
      delayed.add(unit);
    },

    hurry(one) {
      for (const unit of one === undefined ? [...delayed] : [one]) {
        unit.notBeforeMs = -Infinity;
        delayed.delete(unit);
      }
    },

    flush() {
      if (gathering !== undefined) gathering.notBeforeMs = -Infinity;
      gathering = undefined;
    },

    failing: () => delayed.size > 0,

    nextDueMs(nowMs) {
      let due: number | undefined;
      for (const unit of gathering === undefined ? delayed : [gathering, ...delayed]) {
        if (unit.state === 'waiting' && unit.notBeforeMs > nowMs && (due === undefined || unit.notBeforeMs < due)) due = unit.notBeforeMs;
      }
      return due;
    },
  };
}

function waiting(items: Item[], firstSeq: number, attempts: number): Unit {
  const bytes = items.reduce((sum, { payload }) => sum + payload.byteLength, 0);
  return { items, size: items.length, bytes, firstSeq, state: 'waiting', attempts, notBeforeMs: -Infinity };
}

function partOf(replay: Replay | undefined): Pick<Unit, 'passed' | 'replay'> {
  return replay === undefined ? {} : { passed: true, replay };
}
