import type { DeliveryError } from '../outputs/output.js';
import type { Item, Unit, Window } from './window.js';

/** Different events refused in a row that say that the setting is wrong, and not the events. */
const REFUSALS_TO_HOLD = 5;

/**
 * Decides whether a refused event is bad, or the setting of its destination is. A refused event stays undecided, and
 * the cursor before it, until another's success shows that the setting is right (`bury`), or until five different
 * ones were refused in a row (`hold`): then all five wait again. One that nothing follows is buried for the time
 * being; it counts for the row all the same and is taken back from the dead letters if the row grows to five.
 */
export interface Refusals {
  /** An event alone was refused. */
  refused(unit: Unit, error: DeliveryError, nowMs: number): void;
  /** Something was delivered: the row is over, and who was refused in it was refused rightly. */
  succeeded(): void;
  /** Buries what has been undecided for `undecidedMs`; while the destination is held, it only waits again. */
  passTime(nowMs: number, held: boolean): void;
}

export interface RefusalsOptions {
  readonly window: Window;
  readonly undecidedMs: number;
  /** Dead-letters a unit; resolves when it is done, with its `letterId` set. */
  bury(unit: Unit): Promise<void>;
  hold(nowMs: number): void;
}

export function createRefusals(options: RefusalsOptions): Refusals {
  const { window } = options;
  /** Counts the rows: each success begins another. */
  let row = 0;
  let letters: { item: Item; letterId: number; attempts: number }[] = [];

  const undecided = (): Unit[] => window.units.filter((unit) => unit.state === 'undecided');

  function hold(nowMs: number): void {
    for (const unit of undecided()) unit.state = 'waiting';
    for (const letter of letters.reverse()) window.takeBack(letter);
    letters = [];
    options.hold(nowMs);
  }

  async function buryForNow(unit: Unit): Promise<void> {
    const { items: [item], attempts } = unit;
    const rowThen = row;
    await options.bury(unit);
    if (item !== undefined && unit.letterId !== undefined && row === rowThen) letters.push({ item, letterId: unit.letterId, attempts });
  }

  return {
    refused(unit, error, nowMs) {
      const earlierRow = unit.refusedInRow;
      unit.refusedInRow = row;
      unit.state = 'undecided';
      unit.refusal = { message: error.message, httpStatus: error.httpStatus, sinceMs: nowMs };
      // Refused before and after another's success: then it is the event.
      if (earlierRow !== undefined && earlierRow < row) void options.bury(unit);
      else if (undecided().length + letters.length >= REFUSALS_TO_HOLD) hold(nowMs);
    },

    succeeded() {
      row++;
      letters = [];
      for (const unit of undecided()) void options.bury(unit);
    },

    passTime(nowMs, held) {
      for (const unit of undecided()) {
        if (nowMs - (unit.refusal?.sinceMs ?? nowMs) < options.undecidedMs) continue;
        if (held) { hold(nowMs); return; }
        void buryForNow(unit);
      }
    },
  };
}
