import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { StateStore } from '../agents/state-file.js';
import { createStateFile, readState } from '../agents/state-file.js';
import type { DeliveryGapEvent, DeliveryGapPayload } from '../event/event.js';
import type { FilteredEvent } from '../event/privacy.js';
import { withoutText } from '../event/privacy.js';
import type { Clock, Logger } from '../ports.js';
import type { StreamId } from '../spool/spool.js';

export type GapReason = DeliveryGapPayload['reason'];

/** Counts events that will never arrive, so that the SOC is told instead of being left to guess. The counts outlive the process. */
export interface Gaps {
  note(stream: StreamId, reason: GapReason, count: number, sinceMs: number, destination?: string): void;
  /** A customer that was deleted is told nothing more, nor is one of the same id. */
  forget(stream: StreamId): void;
  /** Spools one `delivery_gap` event for each count (of what expired, at most every ten minutes); what cannot be spooled yet is kept for the next time. */
  flush(append: (stream: StreamId, event: FilteredEvent, gap: DeliveryGapPayload) => Promise<unknown>): Promise<void>;
  /** To be called every few seconds: writes the counts to the disk when they have changed, without being waited for. */
  tick(monotonicMs: number): void;
  /** Writes them a last time. */
  close(): Promise<void>;
}

/**
 * gaps.json: {"version":1,"gaps":[{mssp_id, customer_id, destination?, reason, count, since}, …]}, each as in the event
 * that will tell it. An entry that is not understood is left out, and the file counts as damaged.
 */
const Gap = Type.Object({
  mssp_id: Type.String(), customer_id: Type.String(), destination: Type.Optional(Type.String()),
  reason: Type.Union([Type.Literal('rejected'), Type.Literal('dropped_oldest'), Type.Literal('expired'), Type.Literal('damaged')]),
  count: Type.Integer({ minimum: 1 }), since: Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' }),
});
const GapsFile = TypeCompiler.Compile(Type.Object({ version: Type.Literal(1), gaps: Type.Array(Type.Unknown()) }));
const checkedGap = TypeCompiler.Compile(Gap);
/** At a destination that is dead, something expires all the time. */
const TELL_EXPIRED_MS = 600_000;
const WHAT = 'the record of events that will never arrive';

type StoredGap = Static<typeof Gap>;

interface GapsPorts {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly logger: Logger;
  readonly ulid: () => string;
  readonly store: StateStore;
}

/** Takes up what an earlier process could not tell. Rejects STATE_UNWRITABLE when that can be neither read nor kept aside. */
export async function openGaps({ clock, logger, ulid, store }: GapsPorts): Promise<Gaps> {
  const open = new Map<string, StoredGap>();
  /** When it was told of what expired, on the monotonic clock, of the last ten minutes. */
  const toldMs = new Map<string, number>();
  /** Being told, which may fail: until then it must stay on the disk. */
  let telling: StoredGap | undefined;
  const file = createStateFile({ what: WHAT, store, logger, parts: () => [`${JSON.stringify({ version: 1, gaps: [...open.values(), ...(telling === undefined ? [] : [telling])] })}\n`] });

  function add(gap: StoredGap): void {
    const key = [gap.mssp_id, gap.customer_id, gap.reason, gap.destination ?? ''].join('/');
    const known = open.get(key);
    open.set(key, known === undefined ? gap : { ...gap, count: known.count + gap.count, since: known.since < gap.since ? known.since : gap.since });
  }

  for (const gap of await readState({ what: WHAT, store, logger, parse })) add(gap);

  return {
    note({ msspId, customerId }, reason, count, sinceMs, destination) {
      if (count <= 0) return;
      add({ mssp_id: msspId, customer_id: customerId, ...(destination === undefined ? {} : { destination }), reason, count, since: new Date(sinceMs).toISOString() });
      file.changed('soon');
    },
    forget({ msspId, customerId }) {
      for (const [key, gap] of open) if (gap.mssp_id === msspId && gap.customer_id === customerId) open.delete(key);
      file.changed('soon');
    },
    async flush(append) {
      const nowMs = clock.monotonic();
      for (const [key, ms] of toldMs) if (nowMs - ms >= TELL_EXPIRED_MS) toldMs.delete(key);
      for (const [key, gap] of [...open]) {
        if (toldMs.has(key)) continue;
        open.delete(key);
        telling = gap;
        try {
          await append({ msspId: gap.mssp_id, customerId: gap.customer_id }, withoutText(gapEvent(gap)), gap);
          if (gap.reason === 'expired') toldMs.set(key, nowMs);
          file.changed('soon');
        } catch {
          // Still full: what was counted meanwhile and what was taken out belong together.
          add(gap);
        }
        telling = undefined;
      }
    },
    tick: (monotonicMs) => { file.tick(monotonicMs); },
    close: () => file.close(),
  };

  function gapEvent(payload: StoredGap): DeliveryGapEvent {
    return { event_type: 'delivery_gap', event_id: `evt_${ulid()}`, timestamp: new Date(clock.now()).toISOString(), payload };
  }
}

function parse(json: unknown): { readonly state: readonly StoredGap[]; readonly damaged: boolean } {
  if (json === undefined) return { state: [], damaged: false };
  if (!GapsFile.Check(json)) return { state: [], damaged: true };
  const state = json.gaps.filter((gap): gap is StoredGap => checkedGap.Check(gap));
  return { state, damaged: state.length < json.gaps.length };
}
