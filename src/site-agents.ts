import type { ScanCounters } from './agents/counters.js';
import type { StateStore } from './agents/state-file.js';
import type { CallContext } from './control/method.js';
import type { AgentActions } from './control/methods/agent.js';
import type { FilteredEvent } from './event/privacy.js';
import type { Clock, Logger } from './ports.js';

export interface CustomerKey {
  readonly msspId: string;
  readonly customerId: string;
}

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

export interface CustomerStats {
  readonly mssp_id: string;
  readonly customer_id: string;
  readonly total_agents: number;
  readonly online_agents: number;
  readonly total_scans: number;
  readonly total_threats: number;
}

export interface MsspStats extends Omit<CustomerStats, 'customer_id'> {
  readonly total_customers: number;
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
  readonly self: () => SelfAgent | undefined;
  /** Throws FORBIDDEN when the caller may not speak for this customer. */
  readonly allowed: (context: CallContext, customer: CustomerKey) => void;
  /** Audits a change that an operator made. Never rejects. */
  readonly note: (fields: { readonly event: 'agent_registered' | 'agent_unregistered'; readonly mssp_id: string; readonly customer_id: string; readonly agent_id: string }, context: CallContext) => Promise<void>;
  /** Resolves when the event is durable, or was counted as rejected; keeps the order of its calls. Never rejects. */
  readonly spoolEvent: (customer: CustomerKey, event: FilteredEvent) => Promise<void>;
}
