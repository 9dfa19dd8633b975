import { openLine } from './chain.js';
import type { RecordKind } from './record.js';

/** A record as it is stored, with the fields of the chain. */
export interface StoredRecord {
  readonly audit_id: string;
  readonly timestamp: string;
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** Absent fields let everything through. */
export interface AuditFilter {
  readonly msspId?: string | undefined;
  readonly customerId?: string | undefined;
  readonly kind?: RecordKind | undefined;
}

/** `other`: intact, and not what is looked for; anchors are always that. */
export type Sifted = StoredRecord | 'other' | 'damaged';

/** Sorts lines by a filter. A damaged line is told only where it names what is looked for: the others are not opened. */
export function createSieve({ msspId, customerId, kind }: AuditFilter): (line: Buffer) => Sifted {
  const wanted = Object.entries({ mssp_id: msspId, customer_id: customerId, kind }).filter(([, value]) => value !== undefined);
  // Lines are compact JSON that we wrote: most of those that do not match need not be opened.
  const traces = wanted.map(([key, value]) => Buffer.from(`"${key}":${JSON.stringify(value)}`, 'utf8'));
  return (line) => {
    if (!traces.every((trace) => line.includes(trace))) return 'other';
    const body = openLine(line)?.body;
    if (body === undefined || !isRecord(body)) return 'damaged';
    return body.kind !== 'anchor' && wanted.every(([key, value]) => body[key] === value) ? body : 'other';
  };
}

function isRecord(body: Readonly<Record<string, unknown>>): body is StoredRecord {
  return ['audit_id', 'timestamp', 'kind'].every((key) => typeof body[key] === 'string');
}
