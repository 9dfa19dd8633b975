import { join } from 'node:path';
import type { AuditLimits } from '../audit/log.js';
import type { Paths } from '../config/paths.js';
import type { Config } from '../config/schema.js';
import type { TenantPlan } from './generation.js';
import type { SpoolOptions } from '../spool/spool.js';

/** What the configuration says, in the words of the components. */

const SEAL_AGE_MS = 3_600_000;
const SEAL_AGE_NO_RETENTION_MS = 60_000;
const DAY_MS = 86_400_000;

/** With retention 0 an event expires after a day; otherwise after the customer's days. */
export function retentionMs(tenant: TenantPlan): number {
  return Math.max(1, tenant.customer.retention_days) * DAY_MS;
}

export function spoolOptions(config: Config, paths: Paths): SpoolOptions {
  return {
    folder: join(paths.stateDir, 'spool'),
    segmentBytes: config.spool.segment_bytes,
    maxBytes: config.spool.max_bytes,
    minFreeBytes: config.spool.min_free_bytes,
    whenFull: config.spool.when_full,
    customers: config.mssps.flatMap((mssp) => mssp.customers.map(({ id }) => ({ msspId: mssp.id, customerId: id }))),
    ack: config.spool.ack,
    sealAgeMs: SEAL_AGE_MS,
  };
}

export function auditLimits(config: Config): AuditLimits {
  return { maxFileBytes: config.audit.max_file_size_mb * 1_048_576, maxBytes: config.audit.max_bytes, retentionDays: config.audit.retention_days };
}

/** Without retention, delivered text must not linger in a segment that is still written to. */
export function sealAgeMs(tenant: TenantPlan): number {
  return tenant.customer.retention_days === 0 ? SEAL_AGE_NO_RETENTION_MS : SEAL_AGE_MS;
}
