import type { Destinations } from './destinations.js';
import type { Clock } from '../ports.js';

/** `moves`; `refuses`: the disk says no, which a restart does not mend; `stuck`: something does not answer. */
export type DataPathState = 'moves' | 'refuses' | 'stuck';

export interface DataPath {
  /** For the watchdog: appends and syncs a probe record, and looks whether every delivery loop has turned lately. */
  state(): Promise<DataPathState>;
  /** For `/readyz`: whether it moves; what is a second old still counts. */
  ready(): Promise<boolean>;
}

const STALL_MS = 30_000;
const FRESH_MS = 1000;

export function createDataPath(spool: { probe(): Promise<void> }, destinations: Pick<Destinations, 'oldestTurn'>, clock: Clock): DataPath {
  let last: { readonly at: number; readonly state: Promise<DataPathState> } | undefined;

  async function state(): Promise<DataPathState> {
    const late = new AbortController();
    try {
      const probed = spool.probe().then(() => 'moves' as const, () => 'refuses' as const);
      const answer = await Promise.race([probed, clock.sleep(STALL_MS, late.signal).then(() => 'stuck' as const)]);
      return clock.monotonic() - destinations.oldestTurn(clock.monotonic()) < STALL_MS ? answer : 'stuck';
    } finally {
      late.abort();
    }
  }

  return {
    state,
    async ready() {
      const now = clock.monotonic();
      if (last === undefined || now - last.at > FRESH_MS) last = { at: now, state: state() };
      return await last.state === 'moves';
    },
  };
}
