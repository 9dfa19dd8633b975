import type { AuditLog } from '../audit/log.js';
import type { AuditFields } from '../audit/record.js';
import type { DeliveryOutcome } from '../delivery/outcome.js';
import { RaxedError } from '../errors.js';
import type { FilteredBytes, FilteredEvent } from '../event/privacy.js';
import { encodeEvent } from '../event/privacy.js';
import type { Clock, Logger } from '../ports.js';
import type { Spool, SpoolReport, StreamId } from '../spool/spool.js';
import type { Gaps } from './gaps.js';

/** Where events are lost, whether by the disk, a limit or time, and who is told: the log, the audit, the SOC. */
export interface Losses {
  /** What the spool reports of itself. */
  report(report: SpoolReport): void;
  /** The spool did not take an event. */
  rejected(stream: StreamId): void;
  /** The audit line of a delivery's end, which may be that it expired. */
  outcome(outcome: DeliveryOutcome): Promise<void>;
  /** Tells each customer's SOC of what it will never get; what cannot be told yet is kept. */
  announce(): Promise<void>;
}

export interface LossesDeps {
  readonly gaps: Gaps;
  readonly audit: Pick<AuditLog, 'outcome'>;
  readonly note: (fields: AuditFields) => void;
  readonly spool: () => Pick<Spool<FilteredBytes>, 'openStream'>;
  /** Throws for a customer that is not in force. */
  readonly mustBeInForce: (stream: StreamId) => void;
  readonly observe: (event: FilteredEvent) => void;
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Logger;
}

/** How the log says what the spool reports. */
const SPOOL_MESSAGES: Readonly<Record<SpoolReport['kind'], readonly [level: 'info' | 'warn' | 'error', message: string]>> = {
  torn_tail: ['info', 'the end of a spool segment was cut off: its write was never acknowledged'],
  damaged: ['error', 'a damaged file of the spool was set aside; what could be read of it is kept'],
  newer_version: ['error', 'a file of the spool was set aside: a newer version of raxed wrote it'],
  segment_given_up: ['error', 'a spool segment could not be written and was given up for a new one'],
  full: ['error', 'the spool is full'],
  healed: ['info', 'the spool takes events again'],
  dropped_oldest: ['error', 'the oldest events were dropped to make room'],
  expired: ['warn', 'events that waited longer than the retention were deleted'],
  dead_letters_dropped: ['warn', 'the oldest dead letters were dropped to make room'],
  dead_letters_expired: ['warn', 'dead letters that were kept longer than the retention were deleted'],
  cursor_released: ['info', 'a destination that is no longer configured keeps nothing any more'],
};

export function createLosses({ gaps, audit, note, spool, mustBeInForce, observe, clock, logger }: LossesDeps): Losses {
  return {
    report({ kind, stream, destination, count, since, bytes, file }) {
      const where = stream === undefined ? {} : { mssp_id: stream.msspId, customer_id: stream.customerId };
      const fields = { ...where, destination, count, bytes, file };
      const [level, message] = SPOOL_MESSAGES[kind];
      logger[level](fields, message);
      note({ event: kind, ...fields });
      const reason = kind === 'damaged' || kind === 'dropped_oldest' || kind === 'expired' ? kind : undefined;
      if (reason !== undefined && stream !== undefined) gaps.note(stream, reason, count ?? 1, since ?? clock.now(), destination);
    },
    rejected(stream) {
      logger.error({ mssp_id: stream.msspId, customer_id: stream.customerId }, 'an event was not stored: its customer\'s SOC will be told that it is missing');
      gaps.note(stream, 'rejected', 1, clock.now());
    },
    async outcome(outcome) {
      await audit.outcome(outcome);
      if (outcome.missingSince !== undefined) gaps.note(outcome, 'expired', 1, outcome.missingSince, outcome.destination);
    },
    announce: () => gaps.flush(async (stream, event, gap) => {
      // Of a customer that is not in force what is to be said is kept: there is nobody to tell, and no stream to make.
      mustBeInForce(stream);
      const opened = await spool().openStream(stream);
      if (opened.stats().full) throw new RaxedError('SPOOL_FULL', 'the stream takes nothing more');
      await opened.append(encodeEvent(event));
      observe(event);
      note({ event: 'gap_announced', event_id: event.event_id, ...gap });
    }),
  };
}
