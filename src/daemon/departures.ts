import type { DestinationStatus } from '../delivery/outcome.js';
import { RaxedError } from '../errors.js';
import type { StreamId } from '../spool/spool.js';

/** Customers that are about to be deleted: they take no more scans, and what waits for their destinations may be let out first. */
export interface Departures {
  /** A scan begins; what it returns is called at its end. Throws CUSTOMER_NOT_FOUND while the customer is leaving. */
  enter(id: StreamId): () => void;
  /** Takes no more scans of these customers until what it returns is called. */
  close(ids: readonly StreamId[]): () => void;
  /** Resolves when no scan of theirs runs, or after 10 s: what still comes then is lost with the customer. */
  settle(ids: readonly StreamId[]): Promise<void>;
  /** Resolves when no scan of theirs runs and every destination has everything. Throws DRAIN_TIMEOUT. */
  drain(ids: readonly StreamId[], timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** What one destination has not got yet. */
  pending(id: StreamId, destination: string): number;
  /** What would be lost by deleting them now; an event that several destinations wait for counts once. */
  waiting(ids: readonly StreamId[]): { readonly pending_events: number; readonly dead_letters: number };
}

const POLL_MS = 50;
const SETTLE_MS = 10_000;

export function createDepartures(deps: {
  readonly statuses: () => readonly DestinationStatus[];
  /** Sends at once what waits for a batch to be full. */
  readonly flush: (ids: readonly StreamId[]) => void;
  readonly clock: { monotonic(): number; sleep(ms: number, signal?: AbortSignal): Promise<void> };
}): Departures {
  const running = new Map<string, number>();
  const leaving = new Map<string, number>();

  const statusesOf = ({ msspId, customerId }: StreamId): DestinationStatus[] =>
    deps.statuses().filter((status) => status.mssp_id === msspId && status.customer_id === customerId);
  const pendingOf = (id: StreamId): number => Math.max(0, ...statusesOf(id).map(({ pending }) => pending));

  /** Waits, and says whether it is over in time. */
  async function whileBusy(busy: () => boolean, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const until = deps.clock.monotonic() + timeoutMs;
    while (busy()) {
      if (signal?.aborted === true || deps.clock.monotonic() >= until) return false;
      await deps.clock.sleep(POLL_MS, signal);
    }
    return true;
  }

  return {
    enter(id) {
      const key = keyOf(id);
      if (leaving.has(key)) throw new RaxedError('CUSTOMER_NOT_FOUND', 'this customer is being deleted');
      add(running, key, 1);
      return () => { add(running, key, -1); };
    },
    close(ids) {
      for (const id of ids) add(leaving, keyOf(id), 1);
      return () => { for (const id of ids) add(leaving, keyOf(id), -1); };
    },
    async settle(ids) {
      await whileBusy(() => ids.some((id) => running.has(keyOf(id))), SETTLE_MS);
    },
    async drain(ids, timeoutMs, signal) {
      const drained = await whileBusy(() => {
        deps.flush(ids);
        return ids.some((id) => running.has(keyOf(id)) || pendingOf(id) > 0);
      }, timeoutMs, signal);
      if (!drained) throw new RaxedError('DRAIN_TIMEOUT', 'not everything that waits could be delivered in time');
    },
    pending: (id, destination) => statusesOf(id).find(({ name }) => name === destination)?.pending ?? 0,
    waiting: (ids) => ({
      pending_events: ids.reduce((total, id) => total + pendingOf(id), 0),
      dead_letters: ids.reduce((total, id) => total + statusesOf(id).reduce((sum, { dead }) => sum + dead, 0), 0),
    }),
  };
}

function keyOf({ msspId, customerId }: StreamId): string {
  return `${msspId}/${customerId}`;
}

function add(counts: Map<string, number>, key: string, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
