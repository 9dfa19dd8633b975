import { decodeEvent, type FilteredBytes } from '../event/privacy.js';
import { describeError } from '../errors.js';
import type { DeliveryError, Output } from '../outputs/output.js';
import type { DeadLetter, DeadLetters } from '../spool/spool.js';
import type { Verdict } from './recorder.js';
import type { Item, Replay, Unit, Window } from './window.js';

/** How often a letter that meets passing failures is tried in one replay. */
const REPLAY_ATTEMPTS = 3;
/** What is in memory of a replay. */
const PORTION_LETTERS = 256;
const PORTION_BYTES = 1024 * 1024;

/** What became of the letters of one replay. Those that were no longer there count nowhere. */
export interface ReplayResult {
  /** Arrived, and are no dead letters any more. */
  readonly delivered: number;
  /** Refused once more: they keep their place, with the new reason. */
  readonly refused: number;
  /** Not sent, or not got through: they stay as they were. */
  readonly left: number;
  /** Why the last one that did not arrive did not. */
  readonly error?: string;
}

/**
 * Sends dead letters again, in turn with the stream. A replay ends by itself: when the destination takes nothing,
 * what is left stays a dead letter and whoever asked is told. Nothing of it is remembered over a restart.
 */
export interface Replays {
  /** Letters that another replay has under way are left to it. An abort ends it after what is on the wire. */
  replay(ids: readonly number[], signal: AbortSignal): Promise<ReplayResult>;
  /** It is recorded what became of a unit. */
  settled(unit: Unit, verdict: Verdict): void;
  /** An attempt failed, and may succeed later. */
  failed(unit: Unit, error: DeliveryError): void;
  /** The destination takes nothing for now: every replay ends. */
  closed(error: string): void;
}

export interface ReplaysOptions {
  readonly deadLetters: DeadLetters<FilteredBytes>;
  readonly window: Window;
  readonly output: Pick<Output, 'batchEvents' | 'batchBytes'>;
  /** Nothing more is sent or recorded. */
  readonly stopped: AbortSignal;
  /** Something new waits in the window. */
  pump(): void;
}

export function createReplays(options: ReplaysOptions): Replays {
  const { deadLetters, window, output, stopped } = options;
  const limits = { events: output.batchEvents, bytes: output.batchBytes };
  const running = new Set<Replay>();
  const underWay = new Set<number>();

  function close(replay: Replay, count: number): void {
    replay.open -= count;
    replay.changed();
  }

  function withdraw(fits: (unit: Unit) => boolean): void {
    for (const { replay, size } of window.withdraw(fits)) if (replay !== undefined) close(replay, size);
  }

  function end(replay: Replay, error: string): void {
    if (!replay.over) replay.error = error;
    replay.over = true;
    withdraw((unit) => unit.replay === replay);
    replay.changed();
  }

  /** Resolves when each of the items is done with. */
  async function send(replay: Replay, items: readonly Item[]): Promise<void> {
    if (replay.over || items.length === 0) return;
    replay.open += items.length;
    window.add(items, limits, replay);
    options.pump();
    while (replay.open > 0 && !stopped.aborted) await new Promise<void>((resolve) => { replay.changed = resolve; });
  }

  /** How many of `wanted` were found; they are taken out of it. */
  async function sendAll(replay: Replay, wanted: Set<number>): Promise<number> {
    let found = 0;
    let items: Item[] = [];
    let bytes = 0;
    for await (const letter of deadLetters.each(wanted.values().next().value)) {
      if (replay.over || wanted.size === 0) break;
      if (!wanted.delete(letter.id)) continue;
      found++;
      const item = itemOf(letter);
      if (item === undefined) { replay.error = 'the stored bytes are not an event'; continue; }
      items.push(item);
      bytes += item.payload.byteLength;
      if (items.length < PORTION_LETTERS && bytes < PORTION_BYTES) continue;
      await send(replay, items);
      items = [];
      bytes = 0;
    }
    await send(replay, items);
    return found;
  }

  return {
    async replay(ids, signal) {
      const free = ids.filter((id) => !underWay.has(id)).sort((a, b) => a - b);
      const wanted = new Set(free);
      const replay: Replay = { open: 0, delivered: 0, refused: 0, over: false, changed: () => undefined };
      const stop = (): void => { end(replay, 'the replay was broken off'); };
      running.add(replay);
      for (const id of free) underWay.add(id);
      for (const each of [signal, stopped]) each.addEventListener('abort', stop);
      if (signal.aborted || stopped.aborted) stop();
      let found = 0;
      try {
        found = await sendAll(replay, wanted);
      } catch (error) {
        end(replay, describeError(error));
      }
      for (const each of [signal, stopped]) each.removeEventListener('abort', stop);
      for (const id of free) underWay.delete(id);
      running.delete(replay);
      const { delivered, refused, error } = replay;
      const left = found - delivered - refused + (replay.over ? wanted.size : 0) + ids.length - free.length;
      return { delivered, refused, left, ...(error === undefined ? {} : { error }) };
    },

    settled(unit, verdict) {
      const { replay, size } = unit;
      if (replay === undefined) return;
      if (verdict.status === 'success') replay.delivered += size;
      else { replay.refused += size; replay.error = verdict.message ?? ''; }
      close(replay, size);
    },

    failed(unit, error) {
      if (unit.replay === undefined || error.kind !== 'retry') return;
      if (!unit.replay.over && unit.attempts < REPLAY_ATTEMPTS) return;
      unit.replay.error = error.message;
      withdraw((other) => other === unit);
    },

    closed(error) {
      for (const replay of running) end(replay, error);
    },
  };
}

function itemOf(letter: DeadLetter<FilteredBytes>): Item | undefined {
  try {
    const { id: letterId, seq, time, payload } = letter;
    return { seq, time, payload, event: decodeEvent(payload), letterId };
  } catch {
    return undefined;
  }
}
