import { CLOSED, expire, onFailure, onProbe, onSuccess, type Breaker } from './breaker.js';
import { nextDelay, PROBE_BACKOFF, throttledDelay, type BackoffOptions } from './retry.js';

/** How often a destination with a wrong setting is tried, unless it is kicked. */
export const HOLD_MS = 300_000;

export interface GateOptions {
  readonly maxInFlight: number;
  /** Of an unreachable destination. */
  readonly probe?: BackoffOptions;
  readonly holdMs?: number;
}

/**
 * Whether, and how much at once, a destination may be sent to. Times are monotonic milliseconds, `random` is
 * uniform in [0, 1); both come in, so that the gate only decides.
 *
 *   open          up to maxInFlight; after an outage one, then two, four, …
 *   circuit open  nothing, then one probe, at least every 30 s
 *   held          nothing, then one probe every 5 min: a setting is wrong
 *   throttled     nothing until the receiver's own Retry-After is over
 */
export interface Gate {
  /** How many sends may run at once now. */
  limit(nowMs: number): number;
  /** When the limit grows by itself; undefined when it waits for an answer. */
  dueMs(nowMs: number): number | undefined;
  readonly state: 'open' | 'circuit_open' | 'held';
  /** Only one send at a time, to learn whether the way is clear again. */
  readonly probing: boolean;
  throttled(nowMs: number): boolean;

  sent(): void;
  succeeded(): void;
  /** It answered, and so is alive, although it did not take what was sent. */
  answered(): void;
  failed(nowMs: number, random: number, retryAfterMs: number | undefined): void;
  hold(nowMs: number): void;
  /** A reload: everything may be right now. Only the receiver's own Retry-After stands. */
  kick(nowMs: number): void;
}

export function createGate(options: GateOptions): Gate {
  const probe = options.probe ?? PROBE_BACKOFF;
  let breaker: Breaker = CLOSED;
  /** Set while held: when the next probe may leave, and how many in a row got no answer at all. */
  let held: { untilMs: number; unanswered: number } | undefined;
  let throttledUntilMs = -Infinity;
  let ramp = options.maxInFlight;

  return {
    get state() { return held !== undefined ? 'held' : breaker.state === 'closed' ? 'open' : 'circuit_open'; },
    get probing() { return held !== undefined || breaker.state !== 'closed'; },
    throttled: (nowMs) => nowMs < throttledUntilMs,

    limit(nowMs) {
      if (nowMs < throttledUntilMs) return 0;
      if (held !== undefined) return nowMs >= held.untilMs ? 1 : 0;
      if (breaker.state === 'open') return nowMs >= breaker.untilMs ? 1 : 0;
      return breaker.state === 'half_open' ? 1 : ramp;
    },

    dueMs(nowMs) {
      const own = held?.untilMs ?? (breaker.state === 'open' ? breaker.untilMs : undefined);
      const due = Math.max(own ?? -Infinity, throttledUntilMs);
      return due > nowMs ? due : undefined;
    },

    sent() { if (held === undefined) breaker = onProbe(breaker); },

    succeeded() {
      if (held !== undefined || breaker.state !== 'closed') ramp = 1;
      else ramp = Math.min(options.maxInFlight, ramp * 2);
      held = undefined;
      breaker = onSuccess();
    },

    answered() {
      if (breaker.state !== 'closed') ramp = 1;
      breaker = onSuccess();
    },

    failed(nowMs, random, retryAfterMs) {
      if (held !== undefined) {
        held = { untilMs: nowMs + nextDelay(held.unanswered + 1, random, probe), unanswered: held.unanswered + 1 };
        return;
      }
      if (retryAfterMs === undefined) { breaker = onFailure(breaker, nowMs, random, probe); return; }
      // Who says when to come back is not down.
      throttledUntilMs = Math.max(throttledUntilMs, nowMs + throttledDelay(retryAfterMs, random, probe));
      breaker = onSuccess();
      ramp = 1;
    },

    hold(nowMs) {
      breaker = onSuccess();
      held = { untilMs: nowMs + (options.holdMs ?? HOLD_MS), unanswered: 0 };
    },

    kick(nowMs) {
      breaker = expire(breaker, nowMs);
      if (held !== undefined) held = { ...held, untilMs: nowMs };
    },
  };
}
