import type { DeliveryGapEvent, DeliveryGapPayload } from '../event/event.js';
import type { FilteredEvent } from '../event/privacy.js';
import { withoutText } from '../event/privacy.js';
import type { StreamId } from '../spool/spool.js';

export type GapReason = DeliveryGapPayload['reason'];

/** Counts events that will never arrive, so that the SOC is told instead of being left to guess. */
export interface Gaps {
  note(stream: StreamId, reason: GapReason, count: number, sinceMs: number, destination?: string): void;
  /** A customer that was deleted is told nothing more, nor is one of the same id. */
  forget(stream: StreamId): void;
  /** Spools one `delivery_gap` event for each count; what cannot be spooled yet is kept for the next time. */
  flush(append: (stream: StreamId, event: FilteredEvent) => Promise<unknown>): Promise<void>;
}

interface Gap {
  readonly stream: StreamId;
  readonly reason: GapReason;
  readonly destination: string | undefined;
  count: number;
  sinceMs: number;
}

export function createGaps(ports: { clock: { now(): number }; ulid: () => string }): Gaps {
  const open = new Map<string, Gap>();
  return {
    note(stream, reason, count, sinceMs, destination) {
      if (count <= 0) return;
      const key = [stream.msspId, stream.customerId, reason, destination ?? ''].join('/');
      const gap = open.get(key);
      if (gap === undefined) open.set(key, { stream, reason, destination, count, sinceMs });
      else { gap.count += count; gap.sinceMs = Math.min(gap.sinceMs, sinceMs); }
    },
    forget({ msspId, customerId }) {
      for (const [key, { stream }] of open) if (stream.msspId === msspId && stream.customerId === customerId) open.delete(key);
    },
    async flush(append) {
      for (const [key, gap] of [...open]) {
        open.delete(key);
        try {
          await append(gap.stream, withoutText(gapEvent(gap, ports)));
        } catch {
          // Still full: what was counted meanwhile and what was taken out belong together.
          this.note(gap.stream, gap.reason, gap.count, gap.sinceMs, gap.destination);
        }
      }
    },
  };
}

function gapEvent(gap: Gap, ports: { clock: { now(): number }; ulid: () => string }): DeliveryGapEvent {
  return {
    event_type: 'delivery_gap',
    event_id: `evt_${ports.ulid()}`,
    timestamp: new Date(ports.clock.now()).toISOString(),
    payload: {
      mssp_id: gap.stream.msspId,
      customer_id: gap.stream.customerId,
      ...(gap.destination === undefined ? {} : { destination: gap.destination }),
      reason: gap.reason,
      count: gap.count,
      since: new Date(gap.sinceMs).toISOString(),
    },
  };
}
