import { readAuditKey } from '../audit/key.js';
import type { AuditLog } from '../audit/log.js';
import { reading } from '../audit/reading.js';
import { recentRecords } from '../audit/recent.js';
import { summarize } from '../audit/summary.js';
import { showVerification, verifyAudit } from '../audit/verify.js';
import type { CallContext } from '../control/method.js';
import type { AuditActions } from '../control/methods/audit.js';
import type { Clock, SpoolFiles } from '../ports.js';
import { requester } from './tenant-actions.js';

const DAY_MS = 86_400_000;
const DEFAULT_LIMIT = 10;

export interface AuditActionDeps {
  readonly audit: Pick<AuditLog, 'head' | 'stats' | 'expired' | 'cleanup'>;
  readonly folder: string;
  readonly keyFile: string;
  readonly files: SpoolFiles;
  readonly clock: Clock;
}

/** What the methods for the audit log do. Reading it whole is done for one caller at a time, in small pieces. */
export function createAuditActions({ audit, folder, keyFile, files, clock }: AuditActionDeps): AuditActions {
  let turn: Promise<unknown> = Promise.resolve();

  function inTurn<T>({ signal }: CallContext, work: () => Promise<T>): Promise<T> {
    const result = turn.then(() => { signal.throwIfAborted(); return reading(work); });
    turn = result.catch(() => undefined);
    return result;
  }

  return {
    stats: ({ mssp, customer, days }, context) => inTurn(context, async () => {
      const since = days === undefined ? undefined : clock.now() - days * DAY_MS;
      const summary = await summarize({ folder, msspId: mssp, customerId: customer, since, signal: context.signal }, files);
      const { first, last } = summary;
      return {
        total_deliveries: summary.deliveries, successful: summary.successful, failed: summary.failed, by_status: summary.byStatus,
        other_records: summary.others, damaged: summary.damaged,
        ...(first === undefined ? {} : { first }), ...(last === undefined ? {} : { last }),
        files: summary.files, bytes: summary.bytes,
      };
    }),
    recent: ({ limit = DEFAULT_LIMIT, mssp, customer, kind }, { signal }) =>
      reading(() => recentRecords({ folder, limit, msspId: mssp, customerId: customer, kind, signal }, files)),
    verify: (context) => inTurn(context, async () => {
      const key = await readAuditKey(keyFile, files);
      return showVerification(await verifyAudit({ folder, key, knownHead: () => audit.head, signal: context.signal }, files), key);
    }),
    async cleanup({ retention_days: retentionDays, dry_run: dryRun = false }, context) {
      const removed = dryRun ? audit.expired(retentionDays) : await audit.cleanup(retentionDays, await requester(context));
      return { removed, kept: audit.stats().files - (dryRun ? removed.length : 0), dry_run: dryRun };
    },
  };
}
