import { nextDelay, PROBE_BACKOFF, type BackoffOptions } from './retry.js';

/** Failures in a row, on one destination, after which it is taken to be down. */
export const FAILURES_TO_OPEN = 5;

/**
 * A circuit breaker as a value. `closed`: everything may be sent. `open`: nothing until `untilMs` (monotonic).
 * `half_open`: one probe is on its way. `rounds` counts how often in a row it opened, for the backoff.
 */
export type Breaker =
  | { readonly state: 'closed'; readonly failures: number }
  | { readonly state: 'open'; readonly untilMs: number; readonly rounds: number }
  | { readonly state: 'half_open'; readonly rounds: number };

export const CLOSED: Breaker = { state: 'closed', failures: 0 };

/** The breaker after an attempt failed. An answer that comes late while it is open changes nothing. */
export function onFailure(breaker: Breaker, nowMs: number, random: number, options: BackoffOptions = PROBE_BACKOFF): Breaker {
  switch (breaker.state) {
    case 'closed': {
      const failures = breaker.failures + 1;
      return failures < FAILURES_TO_OPEN ? { state: 'closed', failures } : open(nowMs, 1, random, options);
    }
    case 'half_open': return open(nowMs, breaker.rounds + 1, random, options);
    case 'open': return breaker;
  }
}

/** The breaker after an attempt succeeded: whoever answers is not down. */
export function onSuccess(): Breaker {
  return CLOSED;
}

/** The breaker when a probe leaves. Only an open one changes. */
export function onProbe(breaker: Breaker): Breaker {
  return breaker.state === 'open' ? { state: 'half_open', rounds: breaker.rounds } : breaker;
}

/** An open breaker whose wait is over as of now: for a reload, after which everything is tried at once. */
export function expire(breaker: Breaker, nowMs: number): Breaker {
  return breaker.state === 'open' ? { ...breaker, untilMs: nowMs } : breaker;
}

function open(nowMs: number, rounds: number, random: number, options: BackoffOptions): Breaker {
  return { state: 'open', untilMs: nowMs + nextDelay(rounds, random, options), rounds };
}
