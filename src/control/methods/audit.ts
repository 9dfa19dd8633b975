import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { CallContext, Method } from '../method.js';
import { defineMethod } from '../method.js';
import { IdSchema } from './id.js';

const KINDS = ['delivery', 'config', 'spool', 'secret', 'agent', 'daemon', 'audit'] as const;

const closed = { additionalProperties: false } as const;
const MAX_DAYS = 3650;

const StatsParams = Type.Object({
  mssp: Type.Optional(IdSchema),
  customer: Type.Optional(IdSchema),
  /** The last so many times 24 hours. */
  days: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_DAYS })),
}, closed);

const RecentParams = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  mssp: Type.Optional(IdSchema),
  customer: Type.Optional(IdSchema),
  kind: Type.Optional(Type.Union(KINDS.map((kind) => Type.Literal(kind)))),
}, closed);

const VerifyParams = Type.Object({}, closed);

const CleanupParams = Type.Object({
  /** 0: only today's records stay. */
  retention_days: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_DAYS })),
  dry_run: Type.Optional(Type.Boolean()),
}, closed);

/** What the methods for the audit log do. All throw AUDIT_IO when it cannot be read or written. */
export interface AuditActions {
  /** `{ total_deliveries, successful, failed, by_status, other_records, damaged, first?, last?, files, bytes }` */
  stats(query: Static<typeof StatsParams>, context: CallContext): Promise<object>;
  /** `{ records: [...], damaged }`, newest first. */
  recent(query: Static<typeof RecentParams>, context: CallContext): Promise<object>;
  /** `{ ok, files, lines, unsigned_lines, signatures_checked, first_bad? }` */
  verify(context: CallContext): Promise<object>;
  /** `{ removed: [file…], kept, dry_run }` */
  cleanup(query: Static<typeof CleanupParams>, context: CallContext): Promise<object>;
}

export function createAuditMethods(actions: AuditActions): Method[] {
  return [
    defineMethod({ name: 'audit.stats', summary: 'How many deliveries succeeded and failed.', scope: 'control', params: StatsParams, handle: (query, context) => actions.stats(query, context) }),
    defineMethod({ name: 'audit.recent', summary: 'The newest records of the audit log.', scope: 'control', params: RecentParams, handle: (query, context) => actions.recent(query, context) }),
    defineMethod({ name: 'audit.verify', summary: 'Checks the chain of hashes of the audit log.', scope: 'control', params: VerifyParams, handle: (_params, context) => actions.verify(context) }),
    defineMethod({ name: 'audit.cleanup', summary: 'Removes files of the audit log that were kept long enough.', scope: 'control', params: CleanupParams, handle: (query, context) => actions.cleanup(query, context) }),
  ];
}
