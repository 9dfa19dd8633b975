import type { Configuration } from './configuration.js';
import type { FilteredBytes } from '../event/privacy.js';
import type { Gaps } from './gaps.js';
import type { Logger } from '../ports.js';
import type { SiteAgents } from './site-agents.js';
import type { Spool, StreamId } from '../spool/spool.js';
import type { Suppressions } from './suppressions.js';
import { forgetRemoved } from '../tenants/customer.js';

/**
 * Takes what deleted customers had off the disk: events, cursors, dead letters, agents, counts, suppressions. The store of tenants
 * names them until that is done, so that a crash in between leaves nothing behind.
 */
export interface Removals {
  /** Resolves when everything that could be removed is; what could not, is tried again at the next call. */
  carryOut(): Promise<void>;
  readonly unfinished: boolean;
}

export function createRemovals(deps: {
  readonly configuration: Pick<Configuration, 'tenants' | 'record'>;
  readonly spool: Pick<Spool<FilteredBytes>, 'removeStream'>;
  readonly agents: Pick<SiteAgents, 'removeCustomer'>;
  readonly gaps: Pick<Gaps, 'forget'>;
  readonly suppressions: Pick<Suppressions, 'forget'>;
  /** The file may name a customer whose data is still to be removed; once it is in force, that is its own data. */
  readonly inForce: (id: StreamId) => boolean;
  readonly logger: Logger;
}): Removals {
  let last: Promise<void> = Promise.resolve();

  async function once(): Promise<void> {
    for (const gone of deps.configuration.tenants().removed) {
      const { mssp_id: msspId, customer_id: customerId } = gone;
      try {
        if (!deps.inForce({ msspId, customerId })) {
          await deps.spool.removeStream({ msspId, customerId });
          await deps.agents.removeCustomer({ msspId, customerId });
          deps.gaps.forget({ msspId, customerId });
          await deps.suppressions.forget({ msspId, customerId });
        }
        await deps.configuration.record((tenants) => forgetRemoved(tenants, gone));
      } catch (error) {
        deps.logger.warn({ mssp_id: msspId, customer_id: customerId, error }, 'what a deleted customer had could not be removed from the disk; it is tried again');
      }
    }
  }

  return {
    carryOut() {
      last = last.then(once);
      return last;
    },
    get unfinished() { return deps.configuration.tenants().removed.length > 0; },
  };
}
