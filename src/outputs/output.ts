import type { ErrorCode } from '../errors.js';
import type { FilteredEvent } from '../event/privacy.js';

/** One event on its way out: the decoded event and the exact bytes that the spool holds. */
export interface OutgoingEvent {
  readonly event: FilteredEvent;
  /** The event as compact JSON in UTF-8; the webhook's body, the same on every attempt. */
  readonly body: Uint8Array;
}

/** What the receiver said when it took the batch. `http_status_code` where there is one. */
export interface Receipt {
  readonly httpStatus?: number;
  /** What time the receiver has, by its answer: milliseconds since the epoch, in whole seconds. */
  readonly serverDate?: number;
  /** What it said beside a status, in a few words of ours or of the vendor's documentation. */
  readonly says?: string;
}

/** What a receiver said when it was asked whether it would take events. */
export interface Health extends Receipt {
  /** What this proves, and what it does not. */
  readonly checked: string;
}

/** The certificate that a receiver showed. */
export interface PeerCertificate {
  /** Distinguished names: `CN=siem.example, O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  /** ISO 8601. */
  readonly validTo: string;
  /** Of the DER form: upper-case hex, a colon between two octets. */
  readonly sha256: string;
}

/**
 * One place that events are delivered to. An output turns events into bytes and sends them;
 * order, retry, accounting and audit belong to `delivery/loop`.
 */
export interface Output {
  /** `webhook`, or the SIEM's name; the identity of the cursor. */
  readonly name: string;
  readonly type: 'webhook' | 'cef' | 'arcsight' | 'splunk' | 'crowdstrike' | 'sentinel';
  /** scheme://host:port, for audit and status; never a path or a credential. */
  readonly url: string;
  /** The most that one `send` may be given. */
  readonly batchEvents: number;
  readonly batchBytes: number;
  /** How many `send` calls may run at once. */
  readonly maxInFlight: number;
  /** True where a finished send does not prove arrival (UDP, confirm "write"). */
  readonly lossy: boolean;
  /** Resolves when the receiver has the whole batch. Rejects with DeliveryError, and with nothing else. */
  send(batch: readonly OutgoingEvent[], signal: AbortSignal): Promise<Receipt>;
  close(): Promise<void>;
}

/** An output to a SIEM, which can also be tried out. */
export interface SiemOutput extends Output {
  /** One event as it stands in a request, a frame or a datagram. */
  format(event: FilteredEvent): string;
  /** Resolves when the receiver says, without being sent an event, that it would take some. Rejects as `send` does. */
  healthCheck(signal: AbortSignal): Promise<Health>;
  /** The certificate that the receiver showed last, trusted or not; undefined when it showed none. */
  certificate(): PeerCertificate | undefined;
}

/**
 * Why a send failed, in the words of the delivery loop:
 * - `retry`: may heal by itself (network, TLS, timeout, 408, 425, 429, 5xx): tried again without end;
 * - `misconfigured`: a setting is wrong (3xx, 401, 403, 404, 405, 410, other 4xx): held, nothing is dropped;
 * - `refused`: the receiver will never take this content (400, 422): a batch is halved, an event dead-lettered;
 * - `too_large`: 413: a batch is halved, an event dead-lettered.
 */
export type FailureKind = 'retry' | 'misconfigured' | 'refused' | 'too_large';

export interface DeliveryErrorDetails {
  readonly httpStatus?: number | undefined;
  /** The receiver's wish (Retry-After), milliseconds from now. */
  readonly retryAfterMs?: number | undefined;
  /** As in a Receipt: a receiver that refuses a signature may do so because the clocks differ. */
  readonly serverDate?: number | undefined;
  /** Perhaps it was too much at once: a timeout, 429, 503. */
  readonly overload?: boolean | undefined;
  /** Which event of the batch, from 0, the receiver itself says is the bad one. */
  readonly refusedAt?: number | undefined;
}

export class DeliveryError extends Error implements DeliveryErrorDetails {
  override readonly name = 'DeliveryError';
  readonly code: ErrorCode = 'DELIVERY_FAILED';
  readonly kind: FailureKind;
  readonly httpStatus: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly serverDate: number | undefined;
  readonly overload: boolean;
  readonly refusedAt: number | undefined;

  /** `message` names the cause (`ECONNREFUSED`, `answered 503`) and holds no secret, no text and no URL path. */
  constructor(kind: FailureKind, message: string, details: DeliveryErrorDetails & { readonly cause?: unknown } = {}) {
    super(message, { cause: details.cause });
    this.kind = kind;
    this.httpStatus = details.httpStatus;
    this.retryAfterMs = details.retryAfterMs;
    this.serverDate = details.serverDate;
    this.overload = details.overload ?? false;
    this.refusedAt = details.refusedAt;
  }
}
