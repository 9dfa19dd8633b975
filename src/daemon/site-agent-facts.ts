import { checkAccess } from './access.js';
import { EDITION_LIMITS } from '../config/limits.js';
import type { FilteredBytes, FilteredEvent } from '../event/privacy.js';
import { encodeEvent } from '../event/privacy.js';
import type { Generation } from './generation.js';
import type { SiteAgentsDeps } from './site-agents.js';
import type { Spool, StreamId } from '../spool/spool.js';

/** What the configuration in force says of the customers whose agents are looked after. */
export function factsOf(generation: () => Generation): Pick<SiteAgentsDeps, 'customers' | 'thresholdMs' | 'agentLimit' | 'home' | 'allowed'> {
  return {
    customers: (msspId) => (msspId === undefined ? generation().config.mssps : [generation().mssp(msspId)])
      .flatMap((mssp) => mssp.customers.map(({ id }) => ({ msspId: mssp.id, customerId: id }))),
    thresholdMs: ({ msspId, customerId }) => generation().tenant(msspId, customerId).customer.heartbeat_threshold_seconds * 1000,
    agentLimit: () => EDITION_LIMITS[generation().config.edition].agentsPerCustomer,
    home() {
      const { agent } = generation().config;
      return agent === null ? undefined : { msspId: agent.mssp_id, customerId: agent.customer_id };
    },
    allowed(context, customer) { checkAccess(context, customer, generation().config.control); },
  };
}

/** Spools the events of agents, and counts what the spool does not take. */
export function keeper({ spool, observe, rejected }: {
  readonly spool: Pick<Spool<FilteredBytes>, 'openStream'>;
  readonly observe: (event: FilteredEvent) => void;
  readonly rejected: (stream: StreamId) => void;
}): SiteAgentsDeps['spoolEvent'] {
  return async ({ msspId, customerId }, event) => {
    try {
      await (await spool.openStream({ msspId, customerId })).append(encodeEvent(event));
      observe(event);
    } catch {
      rejected({ msspId, customerId });
    }
  };
}
