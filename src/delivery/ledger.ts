import type { FilteredBytes } from '../event/privacy.js';
import type { Cursor } from '../spool/spool.js';
import type { Recorder, Settlement, Verdict } from './recorder.js';
import type { Unit, Window } from './window.js';

/** What gathers longer is recorded however little it is. */
const GROUP_MS = 10;

/**
 * Closes the books on what was sent: outcomes are recorded in groups, then the cursor moves over what is recorded, in
 * order. One group is recorded and one position committed at a time, both beside the sends.
 */
export interface Ledger {
  /** What became of a unit is known. */
  finish(unit: Unit, verdict: Verdict): void;
  /** A unit that was recorded elsewhere is done with. */
  close(unit: Unit): void;
  /** Starts what is due. `quiet`: nothing more will gather. */
  run(nowMs: number, quiet: boolean): void;
  /** The spool moved the cursor itself. */
  moved(): void;
  /** Events that are recorded and not yet durably behind the cursor: with those in the window, what a crash repeats. */
  readonly uncommitted: number;
  readonly committing: boolean;
  /** When `run` has something to start by itself. */
  readonly dueMs: number | undefined;
}

export interface LedgerOptions {
  readonly cursor: Cursor<FilteredBytes>;
  readonly window: Window;
  readonly recorder: Recorder;
  /** So many outcomes are worth a sync of their own. */
  readonly groupEvents: number;
  /** Every record below it has been put into the window. */
  nextSeq(): number;
  recorded(settlement: Settlement): void;
  /** Something may start that could not before. */
  onChange(): void;
}

export function createLedger(options: LedgerOptions): Ledger {
  const { cursor, window, recorder } = options;
  let gathered: Settlement[] = [];
  let gatheredEvents = 0;
  let recording = false;
  let recordedMs = -Infinity;
  let committing = false;
  let committedTo = cursor.committed;
  let uncommitted = 0;

  function record(nowMs: number, quiet: boolean): void {
    if (recording || gathered.length === 0) return;
    if (!quiet && gatheredEvents < options.groupEvents && nowMs < recordedMs + GROUP_MS) return;
    const group = gathered;
    gathered = [];
    gatheredEvents = 0;
    recording = true;
    recordedMs = nowMs;
    void recorder.settle(group).then((recorded) => {
      recording = false;
      for (const settlement of group) {
        settlement.unit.state = recorded ? 'done' : 'waiting';
        if (!recorded) continue;
        settlement.unit.items = [];
        options.recorded(settlement);
      }
      release();
    });
  }

  function release(): void {
    uncommitted += window.release();
    options.onChange();
  }

  function commit(): void {
    const target = window.firstOpenSeq() ?? options.nextSeq();
    if (committing || target <= committedTo) return;
    const covered = uncommitted;
    committing = true;
    void recorder.persist(() => cursor.commit(target)).then((stored) => {
      if (stored) { committedTo = target; uncommitted -= covered; }
      committing = false;
      options.onChange();
    });
  }

  return {
    get uncommitted() { return uncommitted; },
    get committing() { return committing; },
    get dueMs() { return gathered.length === 0 || recording ? undefined : recordedMs + GROUP_MS; },
    finish(unit, verdict) {
      unit.state = 'finishing';
      window.hurry(unit);
      gathered.push({ unit, verdict });
      gatheredEvents += unit.size;
    },
    close(unit) {
      unit.state = 'done';
      release();
    },
    run(nowMs, quiet) {
      record(nowMs, quiet);
      commit();
    },
    moved() {
      if (cursor.committed <= committedTo) return;
      committedTo = cursor.committed;
      window.dropBefore(committedTo);
    },
  };
}
