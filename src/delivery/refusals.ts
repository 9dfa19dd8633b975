import type { DeliveryError } from '../outputs/output.js';
import type { Item, Unit, Window } from './window.js';

/** Different events refused in a row that say that the setting is wrong, and not the events. */
export const REFUSALS_TO_HOLD = 5;

/**
 * Decides whether a refused event is bad, or the setting of its destination is. A refused event stays undecided, and
 * the cursor before it, until another's success shows that the setting is right (`bury`), or until five different
 * ones were refused in a row (`hold`): then all five wait again. One that nothing follows is buried for the time
 * being; it counts for the row all the same and is taken back from the dead letters if the row grows to five.
 */
export interface Refusals {
  /** An event alone was refused. */
  refused(unit: Unit, error: DeliveryError, nowMs: number): void;
  /** Something was delivered: the row is over. Who was refused in it was refused rightly, unless five were: then the setting is right only now, and they are tried again. */
  succeeded(): void;
  /** Buries what has been undecided for `undecidedMs`; while the destination is held, it only waits again. */
  passTime(nowMs: number, held: boolean): void;
}

export interface RefusalsOptions {
  readonly window: Window;
  readonly undecidedMs: number;
  /** Dead-letters a unit; when that is recorded, its state is `done` and its item's `letterId` set. */
  bury(unit: Unit): void;
  hold(nowMs: number): void;
}

export function createRefusals(options: RefusalsOptions): Refusals {
  const { window } = options;
  /** Counts the rows: each success begins another. */
  let row = 0;
  /** Buried for the time being, in this row. */
  let buried: { readonly item: Item; readonly attempts: number }[] = [];

  let undecided: Unit[] = [];
  /** Five were refused, and nothing was delivered since. */
  let doubtful = false;

  function hold(nowMs: number): void {
    doubtful = true;
    for (const unit of undecided) unit.state = 'waiting';
    undecided = [];
    for (const { item, attempts } of buried.reverse()) if (item.letterId !== undefined) window.takeBack(item, attempts);
    buried = [];
    options.hold(nowMs);
  }

  return {
    refused(unit, error, nowMs) {
      const earlierRow = unit.refusedInRow;
      unit.refusedInRow = row;
      unit.refusal = { message: error.message, httpStatus: error.httpStatus, sinceMs: nowMs };
      // Refused before and after another's success: then it is the event.
      if (earlierRow !== undefined && earlierRow < row) { options.bury(unit); return; }
      unit.state = 'undecided';
      undecided.push(unit);
      if (undecided.length + buried.length >= REFUSALS_TO_HOLD) hold(nowMs);
    },

    succeeded() {
      row++;
      buried = [];
      for (const unit of undecided.splice(0)) {
        if (doubtful) unit.state = 'waiting';
        else options.bury(unit);
      }
      doubtful = false;
    },

    passTime(nowMs, held) {
      const due = undecided.filter((unit) => nowMs - (unit.refusal?.sinceMs ?? nowMs) >= options.undecidedMs);
      if (due.length === 0) return;
      if (held) { hold(nowMs); return; }
      undecided = undecided.filter((unit) => !due.includes(unit));
      for (const unit of due) {
        const [item] = unit.items;
        if (item !== undefined) buried.push({ item, attempts: unit.attempts });
        options.bury(unit);
      }
    },
  };
}
