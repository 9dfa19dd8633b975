import { nextDelay, PROBE_BACKOFF, type BackoffOptions } from './retry.js';

/** Failures in a row, on one destination, after which it is taken to be down. */
export const FAILURES_TO_OPEN = 5;

/**
 * A circuit breaker as a value. `closed`: everything may be sent. `open`: nothing until `untilMs` (monotonic).
 * `half_open`: one probe is on its way since then. `rounds` counts how often in a row it opened, for the backoff.
 */
export type Breaker =
  | { readonly state: 'closed'; readonly failures: number }
  | { readonly state: 'open'; readonly untilMs: number; readonly rounds: number }
  | { readonly state: 'half_open'; readonly sinceMs: number; readonly rounds: number };

export const CLOSED: Breaker = { state: 'closed', failures: 0 };

/** The breaker after an attempt failed. An answer that comes late while it is open changes nothing. */
export function onFailure(breaker: Breaker, nowMs: number, random: number, options: BackoffOptions = PROBE_BACKOFF): Breaker {
  switch (breaker.state) {
    case 'closed': {
      const failures = breaker.failures + 1;
      return failures < FAILURES_TO_OPEN ? { state: 'closed', failures } : { state: 'open', untilMs: nowMs + nextDelay(1, random, options), rounds: 1 };
    }
    // From probe to probe: a probe that took long to fail has waited already.
    case 'half_open': {
      const rounds = breaker.rounds + 1;
      return { state: 'open', untilMs: Math.max(nowMs + options.baseMs, breaker.sinceMs + nextDelay(rounds, random, options)), rounds };
    }
    case 'open': return breaker;
  }
}

/** The breaker after an attempt succeeded: whoever answers is not down. */
export function onSuccess(): Breaker {
  return CLOSED;
}

/** The breaker when a probe leaves. Only an open one changes. */
export function onProbe(breaker: Breaker, nowMs: number): Breaker {
  return breaker.state === 'open' ? { state: 'half_open', sinceMs: nowMs, rounds: breaker.rounds } : breaker;
}

/** An open breaker whose wait is over as of now: for a reload, after which everything is tried at once. */
export function expire(breaker: Breaker, nowMs: number): Breaker {
  return breaker.state === 'open' ? { ...breaker, untilMs: nowMs } : breaker;
}
