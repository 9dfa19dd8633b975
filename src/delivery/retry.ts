/** Delays are milliseconds; `random` is uniform in [0, 1). */
export interface BackoffOptions {
  readonly baseMs: number;
  readonly capMs: number;
}

export const RETRY_BACKOFF: BackoffOptions = { baseMs: 1000, capMs: 300_000 };
/** A destination that does not answer is probed at least this often. */
export const PROBE_BACKOFF: BackoffOptions = { baseMs: 1000, capMs: 30_000 };

/**
 * How long to wait after failure number `attempt` (from 1): uniform between the base and a ceiling that doubles
 * with each attempt. The jitter is full so that a fleet that lost its receiver does not come back as one.
 */
export function nextDelay(attempt: number, random: number, options: BackoffOptions = RETRY_BACKOFF): number {
  const ceiling = Math.min(options.capMs, options.baseMs * 2 ** Math.min(attempt, 32));
  return options.baseMs + random * Math.max(0, ceiling - options.baseMs);
}

/** The receiver's own wish, never earlier than it said, with up to a tenth (at most 5 s) of jitter on top. */
export function throttledDelay(retryAfterMs: number, random: number, options: BackoffOptions = RETRY_BACKOFF): number {
  return Math.max(options.baseMs, retryAfterMs) + random * Math.min(5000, retryAfterMs / 10);
}
