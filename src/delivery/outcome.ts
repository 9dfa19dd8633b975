import type { FilteredEvent } from '../event/privacy.js';

/** What became of one event at one destination, or of the destination with that event: one audit line. */
export interface DeliveryOutcome {
  readonly msspId: string;
  readonly customerId: string;
  /** `unknown` where the stored bytes could not be read. */
  readonly eventId: string;
  readonly destination: string;
  /** Scheme, host and port. */
  readonly destinationUrl: string;
  readonly dataMode: 'full' | 'privacy_safe';
  /** What was in fact sent. */
  readonly dataFieldsSent: readonly string[];
  /** `success`, `dead`, `expired` are final for the event; `failed`, `circuit_open` are changes of the destination's state. */
  readonly deliveryStatus: 'success' | 'failed' | 'dead' | 'expired' | 'circuit_open';
  readonly httpStatus?: number;
  readonly attempts: number;
  readonly errorMessage?: string;
  /** Of an event that expired, unless it was to tell of others: when it was spooled, ms since the epoch. */
  readonly missingSince?: number;
}

export interface AuditSink {
  /** Durable when it resolves; calls that come together share one sync. */
  outcome(record: DeliveryOutcome): Promise<void>;
}

export type DestinationState = 'ok' | 'retrying' | 'circuit_open' | 'misconfigured' | 'idle';

/** As `status` shows it. */
export interface DestinationStatus {
  readonly mssp_id: string;
  readonly customer_id: string;
  readonly name: string;
  readonly type: string;
  readonly url: string;
  readonly state: DestinationState;
  readonly pending: number;
  readonly oldest_pending_age_seconds: number;
  /** Since this loop began. */
  readonly delivered: number;
  readonly failed_attempts: number;
  readonly expired: number;
  /** Refused for good and set aside. */
  readonly dead_lettered: number;
  /** Events that are being sent. */
  readonly in_flight: number;
  /** Dead letters on disk. */
  readonly dead: number;
  /** ISO 8601. */
  readonly last_error?: { readonly message: string; readonly http_status?: number; readonly at: string };
  readonly last_success?: string;
  readonly lossy: boolean;
  /** As many events as may have overtaken the oldest: nothing new is sent until that one is decided. */
  readonly stalled?: true;
}

/** `full` only where the event itself says so. */
export function dataModeOf(event: FilteredEvent): 'full' | 'privacy_safe' {
  return event.event_type === 'scan' ? event.payload._mssp_context.data_mode : 'privacy_safe';
}
