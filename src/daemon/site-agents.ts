import { createAgentActions } from './agent-actions.js';
import type { ScanCounters } from '../agents/counters.js';
import { createCounters } from '../agents/counters.js';
import type { CustomerKey } from '../agents/customer.js';
import { keyOf } from '../agents/customer.js';
import type { Agent, StatusChange } from '../agents/registry.js';
import { createRegistry } from '../agents/registry.js';
import { encodeAgents, encodeTotals, parseAgents, parseTotals } from '../agents/saved-state.js';
import type { StateStore } from '../agents/state-file.js';
import { createStateFile, readState } from '../agents/state-file.js';
import type { CallContext } from '../control/method.js';
import type { AgentActions } from '../control/methods/agent.js';
import type { CustomerStats } from '../control/methods/customer.js';
import type { MsspStats } from '../control/methods/mssp.js';
import { RaxedError } from '../errors.js';
import type { FilteredEvent } from '../event/privacy.js';
import { withoutText } from '../event/privacy.js';
import type { Clock, Logger } from '../ports.js';

/** Who a scan was made for. */
export interface ScanOrigin extends CustomerKey {
  readonly agentId?: string | undefined;
}

export interface AgentCounts {
  readonly total: number;
  readonly online: number;
  readonly degraded: number;
  readonly offline: number;
}

/** The running daemon's own agent. */
export interface SelfAgent extends CustomerKey {
  readonly agentId: string;
  readonly version: string;
  readonly platform: string;
  readonly integration: string;
  readonly uptimeSeconds: number;
  /** Of the last one that arrived, milliseconds since the epoch. */
  readonly lastHeartbeatMs: number | undefined;
}

/** The agents at the customers' sites: who they are, whether they live, and what was counted. */
export interface SiteAgents {
  readonly actions: AgentActions;
  /** The daemon's own counts, for its heartbeats and `status`. */
  readonly counters: ScanCounters;
  /** Counts a scan that the daemon made; without an origin for itself only. */
  record(threatDetected: boolean, origin?: ScanOrigin): void;
  /** Looks once a second who has gone silent, until `stop`. */
  start(): void;
  /** One such look; resolves when what it announced is spooled. */
  tick(): Promise<void>;
  /** Over all customers that are configured, the daemon's own included. */
  counts(): AgentCounts;
  /** Real counts. Throws MSSP_NOT_FOUND or CUSTOMER_NOT_FOUND. */
  msspStats(msspId: string): MsspStats;
  customerStats(customer: CustomerKey): CustomerStats;
  /** How many are registered, the daemon's own left out: what goes with a customer that is deleted. */
  registered(customer: CustomerKey): number;
  /** Forgets a deleted customer's agents and counts, without events. Rejects STATE_UNWRITABLE. */
  removeCustomer(customer: CustomerKey): Promise<void>;
  /** What somebody should know: for `status` and heartbeats. */
  warnings(): string[];
  /** Looks no more, and writes what is unwritten. Safe twice and without `start`. */
  stop(): Promise<void>;
}

export interface SiteAgentsDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ulid: () => string;
  /** agents.json and counters.json of the state folder. */
  readonly stores: { readonly agents: StateStore; readonly counters: StateStore };
  /** Those of one MSSP, else all. Throws MSSP_NOT_FOUND. */
  readonly customers: (msspId?: string) => readonly CustomerKey[];
  /** A customer's heartbeat threshold in milliseconds, as it is now. Throws MSSP_NOT_FOUND or CUSTOMER_NOT_FOUND. */
  readonly thresholdMs: (customer: CustomerKey) => number;
  /** Agents a customer may have; Infinity: no limit. */
  readonly agentLimit: () => number;
  /** The customer that the configuration's `agent` names: whose agents those are that name none. */
  readonly home: () => CustomerKey | undefined;
  readonly self: () => SelfAgent | undefined;
  /** Throws FORBIDDEN when the caller may not speak for this customer. */
  readonly allowed: (context: CallContext, customer: CustomerKey) => void;
  /** Audits a change that an operator made. Never rejects. */
  readonly note: (fields: { readonly event: 'agent_registered' | 'agent_unregistered'; readonly mssp_id: string; readonly customer_id: string; readonly agent_id: string }, context: CallContext) => Promise<void>;
  /** Resolves when the event is durable, or was counted as rejected; keeps the order of its calls. Never rejects. */
  readonly spoolEvent: (customer: CustomerKey, event: FilteredEvent) => Promise<void>;
}

const TICK_MS = 1000;
const CHANGES_AT_ONCE = 200;

/** Reads what was known before; until `start` it does nothing by itself. Rejects STATE_UNWRITABLE when that can be neither read nor kept aside. */
export async function createSiteAgents(deps: SiteAgentsDeps): Promise<SiteAgents> {
  const { clock, logger, stores, self } = deps;

  const registryName = 'the agent registry';
  const savedAgents = await readState({ what: registryName, store: stores.agents, logger, parse: parseAgents });
  const registry = createRegistry({ thresholdMs: knownThresholdMs, limit: deps.agentLimit }, savedAgents, { wallMs: clock.now(), monotonicMs: clock.monotonic() });
  const registryFile = createStateFile({ what: registryName, store: stores.agents, logger, parts: () => encodeAgents(registry.all()) });

  const totalsName = 'the record of counted scans';
  const { sinceMs, ...savedCounts } = await readState({ what: totalsName, store: stores.counters, logger, parse: (json) => parseTotals(json, clock.now()) });
  const counters = createCounters(savedCounts, () => { totalsFile.changed('later'); });
  const totalsFile = createStateFile({ what: totalsName, store: stores.counters, logger, parts: () => encodeTotals({ sinceMs, ...counters.saved() }) });
  const files = [registryFile, totalsFile];
  // What was damaged or not there is whole again soon.
  for (const file of files) file.changed('soon');

  const stopping = new AbortController();
  let watching: Promise<void> | undefined;

  function knownThresholdMs(customer: CustomerKey): number | undefined {
    try {
      return deps.thresholdMs(customer);
    } catch (error) {
      if (error instanceof RaxedError) return undefined;
      throw error;
    }
  }

  /** Queued in this turn, so that a customer's events keep the order of its agents' changes. */
  function announce({ agent, previous, next, reason }: StatusChange): Promise<void> {
    const { msspId, customerId, agentId, labels } = agent;
    logger[next === 'online' ? 'info' : 'warn']({ mssp_id: msspId, customer_id: customerId, agent_id: agentId, previous, reason }, `an agent is ${next}`);
    registryFile.changed('soon');
    return deps.spoolEvent({ msspId, customerId }, withoutText({
      event_type: 'agent_status_change',
      event_id: `evt_${deps.ulid()}`,
      timestamp: new Date(clock.now()).toISOString(),
      payload: { agent_id: agentId, mssp_id: msspId, customer_id: customerId, previous_status: previous, new_status: next, reason, agent: labels },
    }));
  }

  async function tick(): Promise<void> {
    const monotonicMs = clock.monotonic();
    // The daemon itself is now what was an application before.
    const own = self();
    if (own !== undefined && registry.unregister(own) !== undefined) registryFile.changed('soon');
    for (const file of files) file.tick(monotonicMs);
    // In portions: ten thousand agents behind one broken line must not hold up the scans.
    let announced: Promise<void>[] = [];
    for (const change of registry.due(monotonicMs)) {
      // A customer that was deleted meanwhile gets no stream again.
      if (knownThresholdMs(change.agent) === undefined) continue;
      if (announced.push(announce(change)) < CHANGES_AT_ONCE) continue;
      await Promise.all(announced);
      announced = [];
    }
    await Promise.all(announced);
  }

  async function watch(): Promise<void> {
    for (;;) {
      await clock.sleep(TICK_MS, stopping.signal);
      if (stopping.signal.aborted) return;
      await tick().catch((error: unknown) => { logger.error({ error }, 'the look for silent agents failed; it is tried again'); });
    }
  }

  function countsOf(customers: readonly CustomerKey[]): AgentCounts {
    const counts = { total: 0, online: 0, degraded: 0, offline: 0 };
    const count = (status: Agent['status']): void => { counts.total++; counts[status]++; };
    const own = self();
    for (const customer of customers) {
      for (const { status } of registry.ofCustomer(customer)) count(status);
      if (own !== undefined && keyOf(own) === keyOf(customer)) count('online');
    }
    return counts;
  }

  function statsOf(customers: readonly CustomerKey[]): Omit<CustomerStats, 'mssp_id' | 'customer_id'> {
    const { total, online } = countsOf(customers);
    const scanned = customers.map((customer) => counters.ofCustomer(customer));
    return { total_agents: total, online_agents: online, total_scans: sum(scanned.map(({ scans }) => scans)), total_threats: sum(scanned.map(({ threats }) => threats)) };
  }

  return {
    actions: createAgentActions({ ...deps, registry, registryFile, counters, sinceMs, announce }),
    counters,
    record(threatDetected, origin) {
      counters.record(threatDetected, origin);
      if (origin?.agentId === undefined) return;
      if (registry.count({ ...origin, agentId: origin.agentId }, { scans: 1, threats: threatDetected ? 1 : 0 })) registryFile.changed('later');
    },
    start() { watching ??= watch(); },
    tick,
    counts: () => countsOf(deps.customers()),
    msspStats(msspId) {
      const customers = deps.customers(msspId);
      return { mssp_id: msspId, total_customers: customers.length, ...statsOf(customers) };
    },
    customerStats({ msspId, customerId }) {
      deps.thresholdMs({ msspId, customerId });
      return { mssp_id: msspId, customer_id: customerId, ...statsOf([{ msspId, customerId }]) };
    },
    registered: (customer) => [...registry.ofCustomer(customer)].length,
    async removeCustomer(customer) {
      registry.removeCustomer(customer);
      counters.removeCustomer(customer);
      await Promise.all(files.map((file) => file.save()));
    },
    warnings: () => [
      ...(registryFile.failing ? [`${registryName} cannot be written`] : []),
      ...(totalsFile.failing ? [`${totalsName} cannot be written`] : []),
    ],
    async stop() {
      stopping.abort();
      await watching;
      await Promise.all(files.map((file) => file.close()));
    },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
