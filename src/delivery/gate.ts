import type { DeliveryError } from '../outputs/output.js';
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

/** How an attempt ended that began at `sentMs`. */
export type FailedAttempt = Pick<DeliveryError, 'retryAfterMs' | 'overload'> & { readonly sentMs: number };

/**
 * Whether, and how much at once, a destination may be sent to. Times are monotonic milliseconds, `random` is
 * uniform in [0, 1); both come in, so that the gate only decides.
 *
 *   open          up to maxInFlight; halved when the receiver is overloaded, one more for each round of successes
 *   circuit open  nothing, then one probe, at least every 30 s
 *   held          nothing, then one probe every 5 min: a setting is wrong
 *   throttled     nothing until the receiver's own Retry-After is over
 *
 * After an outage, and after a Retry-After, it begins with one.
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

  sent(nowMs: number): void;
  /** True when this ended an outage: nothing was taken for a while. */
  succeeded(nowMs: number): boolean;
  /** It answered, and so is alive, although it did not take what was sent. */
  answered(): void;
  failed(nowMs: number, random: number, attempt: FailedAttempt): void;
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
  /** How many at once; its fraction counts towards one more. */
  let allowed = options.maxInFlight;
  let slowedMs = -Infinity;

  return {
    get state() { return held !== undefined ? 'held' : breaker.state === 'closed' ? 'open' : 'circuit_open'; },
    get probing() { return held !== undefined || breaker.state !== 'closed'; },
    throttled: (nowMs) => nowMs < throttledUntilMs,

    limit(nowMs) {
      if (nowMs < throttledUntilMs) return 0;
      if (held !== undefined) return nowMs >= held.untilMs ? 1 : 0;
      if (breaker.state === 'open') return nowMs >= breaker.untilMs ? 1 : 0;
      return breaker.state === 'half_open' ? 1 : Math.floor(allowed);
    },

    dueMs(nowMs) {
      const own = held?.untilMs ?? (breaker.state === 'open' ? breaker.untilMs : undefined);
      const due = Math.max(own ?? -Infinity, throttledUntilMs);
      return due > nowMs ? due : undefined;
    },

    sent(nowMs) { if (held === undefined) breaker = onProbe(breaker, nowMs); },

    succeeded(nowMs) {
      // What was under way when a Retry-After came ends nothing.
      const outageOver = held !== undefined || breaker.state !== 'closed' || (nowMs >= throttledUntilMs && throttledUntilMs > -Infinity);
      allowed = outageOver ? 1 : Math.min(options.maxInFlight, allowed + 1 / allowed);
      if (outageOver) throttledUntilMs = -Infinity;
      held = undefined;
      breaker = onSuccess();
      return outageOver;
    },

    answered() {
      if (breaker.state !== 'closed') allowed = 1;
      breaker = onSuccess();
    },

    failed(nowMs, random, { retryAfterMs, overload, sentMs }) {
      if (held !== undefined) {
        held = { untilMs: nowMs + nextDelay(held.unanswered + 1, random, probe), unanswered: held.unanswered + 1 };
        return;
      }
      // What was on the wire together fails for one reason, and counts once.
      if (overload && sentMs > slowedMs) {
        slowedMs = nowMs;
        allowed = Math.max(1, allowed / 2);
      }
      if (retryAfterMs === undefined) { breaker = onFailure(breaker, nowMs, random, probe); return; }
      // Who says when to come back is not down.
      throttledUntilMs = Math.max(throttledUntilMs, nowMs + throttledDelay(retryAfterMs, random, probe));
      breaker = onSuccess();
      allowed = 1;
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
