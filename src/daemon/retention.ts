import type { Clock, Logger } from '../ports.js';
import type { Spool, StreamId } from '../spool/spool.js';

/** The background job that deletes what was kept for as long as its customer allows. Deliveries also expire by themselves. */
export interface Retention {
  /**
   * Goes from stream to stream until its time is over; the next call goes on there. True when all were looked at.
   * One whose disk refuses holds up no other.
   */
  run(): Promise<boolean>;
}

/** What may wait longest. A customer that is no longer configured may come back with that. */
const LONGEST_MS = 90 * 86_400_000;
const RUN_MS = 1000;

export function createRetention(deps: {
  readonly spool: Pick<Spool<Uint8Array>, 'streams' | 'openStream'>;
  /** Undefined for a customer that is not configured. */
  readonly retentionMs: (of: StreamId) => number | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}): Retention {
  const { spool, clock, logger } = deps;
  const looked = new Set<string>();

  async function expire(id: StreamId): Promise<void> {
    try {
      await (await spool.openStream(id)).expire(deps.retentionMs(id) ?? LONGEST_MS);
    } catch (error) {
      logger.warn({ mssp_id: id.msspId, customer_id: id.customerId, error }, 'what is too old could not be deleted; it is tried again');
    }
  }

  return {
    async run() {
      const endMs = clock.monotonic() + RUN_MS;
      while (clock.monotonic() < endMs) {
        // Asked anew each time: a stream that is removed meanwhile must not be opened.
        const next = spool.streams().find((id) => !looked.has(keyOf(id)));
        if (next === undefined) {
          looked.clear();
          return true;
        }
        looked.add(keyOf(next));
        await expire(next);
      }
      return false;
    },
  };
}

function keyOf({ msspId, customerId }: StreamId): string {
  return `${msspId}/${customerId}`;
}
