import type { Clock } from '../ports.js';

const TICK_MS = 1000;

/** Rings when something is due, and at least every second, until it is stopped. */
export interface Alarm {
  /** Something may be due sooner than it was when the alarm last looked. */
  check(): void;
  stop(): void;
}

/** `dueMs`: when the next thing is due, monotonic ms; Infinity when nothing is. */
export function createAlarm(clock: Clock, { dueMs, ring }: { dueMs(): number; ring(): void }): Alarm {
  let wake = new AbortController();
  let setToMs = Infinity;
  let stopped = false;

  async function keepTime(): Promise<void> {
    while (!stopped) {
      const nowMs = clock.monotonic();
      setToMs = Math.min(nowMs + TICK_MS, dueMs());
      wake = new AbortController();
      await clock.sleep(Math.max(1, setToMs - nowMs), wake.signal);
      if (!stopped) ring();
    }
  }
  void keepTime();

  return {
    check() { if (dueMs() < setToMs) wake.abort(); },
    stop() {
      stopped = true;
      wake.abort();
    },
  };
}
