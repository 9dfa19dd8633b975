import { fieldsCarried, type FilteredBytes } from '../event/privacy.js';
import type { Output } from '../outputs/output.js';
import type { Clock, Logger } from '../ports.js';
import type { DeadLetterReason, DeadLetters, StreamId } from '../spool/spool.js';
import { dataModeOf, type AuditSink, type DeliveryOutcome } from './outcome.js';
import type { Item, Unit } from './window.js';

/** Storage that has not answered for this long counts as stuck, for the watchdog. */
const STUCK_MS = 30_000;
const STORAGE_RETRY_MS = 1000;

export interface Verdict {
  readonly status: 'success' | 'dead' | 'expired';
  readonly httpStatus?: number | undefined;
  readonly message?: string | undefined;
}

/** A unit and what became of it. */
export interface Settlement {
  readonly unit: Unit;
  readonly verdict: Verdict;
}

/**
 * Makes durable what became of events: dead letters first, then the audit lines. The cursor may move when `settle`
 * has resolved. A disk that refuses is asked again until the loop stops; nothing is skipped for its sake.
 */
export interface Recorder {
  /** True when all of it is recorded; false when the loop stopped first. */
  settle(settlements: readonly Settlement[]): Promise<boolean>;
  /** An audit line for a change of the destination's state. Never rejects. */
  change(item: Item | undefined, outcome: Pick<DeliveryOutcome, 'deliveryStatus' | 'attempts'> & { readonly httpStatus?: number | undefined; readonly message: string }): Promise<void>;
  /** A record whose payload is not an event: kept aside as it is. */
  damaged(record: { readonly seq: number; readonly time: number; readonly payload: FilteredBytes }): Promise<boolean>;
  /** Runs one storage operation, counted for `stuck`, again and again until it succeeds or the loop stops. */
  persist(operation: () => Promise<void>): Promise<boolean>;
  stuck(): boolean;
}

interface RecorderOptions {
  readonly stream: StreamId;
  readonly output: Pick<Output, 'name' | 'type' | 'url'>;
  readonly deadLetters: DeadLetters<FilteredBytes>;
  readonly audit: AuditSink;
  readonly stopped: AbortSignal;
  /** Takes away from an item what may no longer be kept. */
  narrow(item: Item): void;
}

export function createRecorder(options: RecorderOptions, ports: { readonly clock: Clock; readonly logger: Logger }): Recorder {
  const { stream, output, deadLetters, audit, stopped } = options;
  const { clock, logger } = ports;
  // CEF carries no text by its definition.
  const carriesText = output.type !== 'cef' && output.type !== 'arcsight';
  let running = 0;
  let progressMs = 0;

  const about = { mssp_id: stream.msspId, customer_id: stream.customerId, destination: output.name };
  const place = { msspId: stream.msspId, customerId: stream.customerId, destination: output.name, destinationUrl: output.url };

  async function persist(operation: () => Promise<void>): Promise<boolean> {
    if (running++ === 0) progressMs = clock.monotonic();
    try {
      for (let failures = 0; ; failures++) {
        try {
          await operation();
          return true;
        } catch (error) {
          // A refusal is an answer: nothing is stuck.
          progressMs = clock.monotonic();
          if (failures === 0) logger.error({ ...about, error }, 'the outcome of a delivery cannot be stored; it is tried again');
        }
        if (stopped.aborted) return false;
        await clock.sleep(STORAGE_RETRY_MS, stopped);
      }
    } finally {
      running--;
      progressMs = clock.monotonic();
    }
  }

  const outcomeOf = (item: Item, attempts: number, verdict: Verdict): DeliveryOutcome => ({
    ...place,
    eventId: item.event.event_id,
    dataMode: dataModeOf(item.event),
    dataFieldsSent: carriesText && verdict.status === 'success' ? fieldsCarried(item.event) : [],
    deliveryStatus: verdict.status,
    ...(verdict.httpStatus === undefined ? {} : { httpStatus: verdict.httpStatus }),
    attempts,
    ...(verdict.message === undefined ? {} : { errorMessage: verdict.message }),
    // Of a destination that is dead for good, a gap that told of a gap would tell of another one for ever.
    ...(verdict.status === 'expired' && item.event.event_type !== 'delivery_gap' ? { missingSince: item.time } : {}),
  });

  const reasonOf = (unit: Unit, verdict: Verdict): DeadLetterReason =>
    ({ message: verdict.message ?? '', attempts: unit.attempts, at: clock.now(), ...(verdict.httpStatus === undefined ? {} : { httpStatus: verdict.httpStatus }) });

  async function bury(unit: Unit, verdict: Verdict): Promise<boolean> {
    const reason = reasonOf(unit, verdict);
    for (const item of unit.items) {
      const stored = await persist(async () => {
        // Each time anew: a rewrite for a stricter privacy does not find what is not stored yet.
        options.narrow(item);
        item.letterId = await deadLetters.add(item, reason);
      });
      if (!stored) return false;
    }
    return true;
  }

  /** All at once, so that they share one sync; only those that failed are written again. */
  function auditAll(outcomes: readonly DeliveryOutcome[]): Promise<boolean> {
    let left = outcomes;
    return persist(async () => {
      const results = await Promise.allSettled(left.map((outcome) => audit.outcome(outcome)));
      left = left.filter((_, i) => results[i]?.status === 'rejected');
      const failure = results.find((result) => result.status === 'rejected');
      if (failure !== undefined) throw failure.reason;
    });
  }

  return {
    persist,

    async settle(settlements) {
      const outcomes: DeliveryOutcome[] = [];
      const gone: number[] = [];
      const again = new Map<number, DeadLetterReason>();
      for (const { unit, verdict } of settlements) {
        const letters = unit.items.flatMap(({ letterId }) => letterId ?? []);
        // What a crash left as a letter is sent once more, and may be taken now.
        if (verdict.status !== 'dead') gone.push(...unit.items.flatMap((item) => item.letterId ?? deadLetters.idOf(item) ?? []));
        else if (unit.replay !== undefined) for (const id of letters) again.set(id, reasonOf(unit, verdict));
        // Taken back and refused again: it is a dead letter already, and audited as one.
        else if (letters.length > 0) continue;
        else if (!await bury(unit, verdict)) return false;
        for (const item of unit.items) outcomes.push(outcomeOf(item, unit.attempts, verdict));
      }
      if (again.size > 0 && !await persist(async () => { await deadLetters.refusedAgain(again); })) return false;
      if (!await auditAll(outcomes)) return false;
      // Delivered or expired after all: they are no dead letters any more.
      return gone.length === 0 || persist(async () => { await deadLetters.remove(gone); });
    },

    async change(item, { message, httpStatus, ...outcome }) {
      await persist(() => audit.outcome({
        ...place, ...outcome,
        eventId: item?.event.event_id ?? 'unknown',
        dataMode: item === undefined ? 'privacy_safe' : dataModeOf(item.event),
        dataFieldsSent: [],
        ...(httpStatus === undefined ? {} : { httpStatus }),
        errorMessage: message,
      }));
    },

    async damaged(record) {
      logger.error({ ...about, seq: record.seq }, 'a stored record is not an event; it is kept as a dead letter');
      const reason = { message: 'damaged: the stored bytes are not an event', attempts: 0, at: clock.now() };
      if (!await persist(async () => { await deadLetters.add(record, reason); })) return false;
      return persist(() => audit.outcome({
        ...place, eventId: 'unknown', dataMode: 'privacy_safe', dataFieldsSent: [], deliveryStatus: 'dead', attempts: 0, errorMessage: reason.message,
      }));
    },

    stuck: () => running > 0 && clock.monotonic() - progressMs > STUCK_MS,
  };
}
