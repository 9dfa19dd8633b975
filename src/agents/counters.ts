/** How many scans, and how many of them found a threat. */
export interface ScanCounts {
  readonly scans: number;
  readonly threats: number;
}

/** Counts scans between heartbeats; what a failed heartbeat took is given back, and nothing is counted twice or lost. */
export interface ScanCounters {
  record(threatDetected: boolean): void;
  /** What was counted since the last `take`; counting starts anew. */
  take(): ScanCounts;
  /** Gives back what was taken and not delivered. */
  restore(taken: ScanCounts): void;
  /** Since the beginning. */
  totals(): ScanCounts;
}

export function createCounters(): ScanCounters {
  let since = { scans: 0, threats: 0 };
  const total = { scans: 0, threats: 0 };
  return {
    record(threatDetected) {
      since.scans++;
      total.scans++;
      if (!threatDetected) return;
      since.threats++;
      total.threats++;
    },
    take() {
      const taken = since;
      since = { scans: 0, threats: 0 };
      return taken;
    },
    restore(taken) {
      since.scans += taken.scans;
      since.threats += taken.threats;
    },
    totals: () => ({ ...total }),
  };
}
