/** What the drain after an outage begins with. */
const FIRST_EVENTS_PER_SECOND = 500;
/** What was not used in the last moments may be made up for. */
const BURST_MS = 200;

/**
 * How fast events may leave. After an outage the backlog is let out at a bounded rate, which begins low and doubles each second
 * up to `eventsPerSecond`, until all of it is gone; each step is jittered, so that a fleet whose receiver came back
 * does not beat as one. Otherwise as fast as they are taken. Times are monotonic ms, `random` is uniform in [0, 1).
 */
export interface Pace {
  /** The destination takes events again. */
  recovered(nowMs: number): void;
  /** The backlog is gone. */
  caughtUp(): void;
  spend(events: number, nowMs: number, random: number): void;
  /** When the next batch may leave. */
  readonly dueMs: number;
}

export function createPace(eventsPerSecond: number): Pace {
  let drainingSinceMs: number | undefined;
  let dueMs = -Infinity;
  return {
    get dueMs() { return dueMs; },
    recovered(nowMs) { drainingSinceMs = nowMs; },
    caughtUp() {
      drainingSinceMs = undefined;
      dueMs = -Infinity;
    },
    spend(events, nowMs, random) {
      if (drainingSinceMs === undefined) return;
      const rate = Math.min(eventsPerSecond, FIRST_EVENTS_PER_SECOND * 2 ** ((nowMs - drainingSinceMs) / 1000));
      dueMs = Math.max(dueMs, nowMs - BURST_MS) + (0.5 + random) * events * 1000 / rate;
    },
  };
}
