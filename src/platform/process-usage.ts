import { readdirSync } from 'node:fs';

/** What the operating system says of this process. */
export interface ProcessUsage {
  readonly residentBytes: number;
  /** User and system together, all threads. */
  readonly cpuSeconds: number;
  /** undefined where there is no /proc. */
  readonly openFds: number | undefined;
  /** How long the event loop has been at work since the start, not waiting. */
  readonly loopActiveSeconds: number;
}

export function processUsage(): ProcessUsage {
  const { user, system } = process.cpuUsage();
  return {
    residentBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1_000_000,
    openFds: countFds(),
    loopActiveSeconds: performance.eventLoopUtilization().active / 1000,
  };
}

function countFds(): number | undefined {
  try {
    // Less the one that this reads with.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined;
  }
}
