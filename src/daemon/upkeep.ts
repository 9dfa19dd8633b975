import type { AuditLog } from '../audit/log.js';
import type { FilteredBytes } from '../event/privacy.js';
import type { Gaps } from './gaps.js';
import type { Generation } from './generation.js';
import { tenantKey } from './generation.js';
import { keepHouse } from './housekeeping.js';
import type { Installer } from './installer.js';
import type { Losses } from './losses.js';
import type { Policies } from './policies.js';
import type { Clock, Logger } from '../ports.js';
import type { Removals } from './removals.js';
import { createRetention } from './retention.js';
import type { Rotations } from './rotations.js';
import { retentionMs } from './settings.js';
import type { Reserve } from '../spool/reserve.js';
import type { Spool } from '../spool/spool.js';
import type { Suppressions } from './suppressions.js';

export interface UpkeepDeps {
  readonly reserve: Pick<Reserve, 'refill'>;
  readonly gaps: Pick<Gaps, 'tick'>;
  readonly rotations: Pick<Rotations, 'tick'>;
  readonly policies: Pick<Policies, 'unfinished' | 'enforce'>;
  readonly installer: Pick<Installer, 'settled' | 'settle'>;
  readonly removals: Pick<Removals, 'unfinished' | 'carryOut'>;
  readonly spool: Spool<FilteredBytes>;
  readonly losses: Pick<Losses, 'announce'>;
  readonly suppressions: Pick<Suppressions, 'prune'>;
  readonly audit: Pick<AuditLog, 'cleanup'>;
  readonly generation: () => Generation;
  readonly stopping: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What the running daemon looks after by itself; resolves when `stopping` is aborted and what runs has ended. */
export function upkeep({ reserve, gaps, rotations, policies, installer, removals, spool, losses, suppressions, audit, generation, stopping, clock, logger }: UpkeepDeps): Promise<void> {
  return keepHouse({
    tick: [
      () => reserve.refill(),
      () => { gaps.tick(clock.monotonic()); },
      () => rotations.tick(),
      async () => { if (policies.unfinished) await policies.enforce(); },
      async () => { if (!installer.settled) await installer.settle(); },
      async () => { if (removals.unfinished) await removals.carryOut(); },
      async () => { if (spool.stats().state !== 'failing') await losses.announce(); },
      () => suppressions.prune(),
    ],
    retention: createRetention({
      spool, clock, logger,
      retentionMs({ msspId, customerId }) {
        const tenant = generation().find(tenantKey(msspId, customerId));
        return tenant === undefined ? undefined : retentionMs(tenant);
      },
    }),
    cleanAudit: () => audit.cleanup(), stopping, clock, logger,
  });
}
