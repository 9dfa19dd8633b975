import type { FilteredBytes } from '../event/privacy.js';
import type { Cursor } from '../spool/spool.js';
import type { Recorder, Settlement, Verdict } from './recorder.js';
import type { Unit, Window } from './window.js';

/** What gathers longer is recorded however little it is. */
const GROUP_MS = 10;

/**
 * Closes the books on what was sent: outcomes are recorded in groups, then the cursor moves over what is recorded, in
 * order, and learns what is recorded behind an event that is not. One group is recorded and one place committed at a
 * time, both beside the sends.
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
  /** Events that have left the window and are not yet durably behind the cursor. */
  readonly uncommitted: number;
  /** Events that are finished and not yet durably so: with those on the wire, what a crash repeats. */
  readonly unsaved: number;
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
  let finishing = 0;
  let recordedUnsaved = 0;

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
        finishing -= eventsBeyond(settlement.unit);
        settlement.unit.state = recorded ? 'done' : 'waiting';
        if (!recorded) continue;
        recordedUnsaved += eventsBeyond(settlement.unit);
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

  /** What is recorded behind an open event is committed in groups, too, and otherwise together with the position. */
  function commit(quiet: boolean): void {
    const target = window.firstOpenSeq() ?? options.nextSeq();
    const groupIsDue = recordedUnsaved > 0 && (quiet || recordedUnsaved >= options.groupEvents);
    if (committing || (target <= committedTo && !groupIsDue)) return;
    const done = window.doneRanges(options.nextSeq());
    const left = uncommitted;
    const saved = recordedUnsaved;
    committing = true;
    void recorder.persist(() => cursor.commit(target, done)).then((stored) => {
      if (stored) {
        committedTo = Math.max(committedTo, target);
        uncommitted -= left;
        recordedUnsaved -= saved;
      }
      committing = false;
      options.onChange();
    });
  }

  return {
    get uncommitted() { return uncommitted; },
    get unsaved() { return finishing + recordedUnsaved; },
    get committing() { return committing; },
    get dueMs() { return gathered.length === 0 || recording ? undefined : recordedMs + GROUP_MS; },
    finish(unit, verdict) {
      unit.state = 'finishing';
      window.hurry(unit);
      gathered.push({ unit, verdict });
      gatheredEvents += unit.size;
      finishing += eventsBeyond(unit);
    },
    close(unit) {
      unit.state = 'done';
      recordedUnsaved += eventsBeyond(unit);
      release();
    },
    run(nowMs, quiet) {
      record(nowMs, quiet);
      commit(quiet);
    },
    moved() {
      if (cursor.committed <= committedTo) return;
      committedTo = cursor.committed;
      window.dropBefore(committedTo);
    },
  };
}

/** How many of a unit's events the cursor has not passed. */
function eventsBeyond(unit: Unit): number {
  return unit.passed === true ? 0 : unit.size;
}
