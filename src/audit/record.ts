/**
 * What an audit line says. It never holds a text that was scanned: a delivery is described by ids, counts,
 * names and a bounded error message, and every other record by short fields.
 *
 * Shape of a delivery, keys in this order (absent values are left out):
 *   audit_id, timestamp, kind "delivery", mssp_id, customer_id, event_id, destination, destination_url,
 *   data_mode, data_fields_sent, delivery_status, http_status_code, attempts, error_message
 * followed in every line by seq, prev_hash, hash (see `chain.ts`).
 */

export type DeliveryStatus = 'success' | 'failed' | 'dead' | 'expired' | 'circuit_open';

/** What became of one event at one destination, or of the destination itself (then without an event). */
export interface DeliveryOutcome {
  readonly msspId: string;
  readonly customerId: string;
  readonly eventId?: string | undefined;
  /** `webhook`, or the SIEM's name. */
  readonly destination: string;
  readonly destinationUrl: string;
  readonly dataMode: 'full' | 'privacy_safe';
  /** The fields that the event in fact carried. */
  readonly dataFieldsSent: readonly string[];
  readonly deliveryStatus: DeliveryStatus;
  readonly httpStatus?: number | undefined;
  readonly attempts: number;
  readonly errorMessage?: string | undefined;
}

/** What can be asked for. `audit` is the log speaking of itself: repairs, removals, errors. */
export const RECORD_KINDS = ['delivery', 'config', 'spool', 'secret', 'agent', 'daemon', 'audit'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** `anchor` begins every file. */
export type AuditKind = RecordKind | 'anchor';

export type AuditValue = string | number | boolean | readonly string[];
/** Short facts. Undefined values are left out; the keys of the chain and of the record itself are reserved. */
export type AuditFields = Readonly<Record<string, AuditValue | undefined>>;

/** A record before it is sealed into the chain; the order of its keys is the order of the line. */
export type AuditBody = Readonly<Record<string, AuditValue>>;

export interface RecordIdentity {
  /** `aud_` and a ULID. */
  readonly auditId: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly timestamp: string;
}

const RESERVED_KEYS: ReadonlySet<string> = new Set(['audit_id', 'timestamp', 'kind', 'seq', 'prev_hash', 'hash']);
const MAX_STRING_LENGTH = 1024;
const MAX_LIST_LENGTH = 64;

export function deliveryRecord(outcome: DeliveryOutcome, identity: RecordIdentity): AuditBody {
  return auditRecord('delivery', {
    mssp_id: outcome.msspId,
    customer_id: outcome.customerId,
    event_id: outcome.eventId,
    destination: outcome.destination,
    destination_url: originOf(outcome.destinationUrl),
    data_mode: outcome.dataMode,
    data_fields_sent: outcome.dataFieldsSent,
    delivery_status: outcome.deliveryStatus,
    http_status_code: outcome.httpStatus,
    attempts: outcome.attempts,
    error_message: outcome.errorMessage,
  }, identity);
}

/** A record of any kind. Strings are cut to 1,024 UTF-16 units, lists to 64 entries. */
export function auditRecord(kind: AuditKind, fields: AuditFields, identity: RecordIdentity): AuditBody {
  const body: Record<string, AuditValue> = { audit_id: identity.auditId, timestamp: identity.timestamp, kind };
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined && !RESERVED_KEYS.has(key)) body[key] = bounded(value);
  }
  return body;
}

/** Scheme, host and port of a URL; empty for what is no URL. Paths and queries often hold tokens. */
export function originOf(url: string): string {
  if (!URL.canParse(url)) return '';
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

function bounded(value: AuditValue): AuditValue {
  if (typeof value === 'string') return cut(value);
  if (typeof value === 'object') return value.slice(0, MAX_LIST_LENGTH).map(cut);
  return value;
}

function cut(text: string): string {
  return text.length <= MAX_STRING_LENGTH ? text : text.slice(0, MAX_STRING_LENGTH);
}
