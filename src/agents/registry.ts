import { RaxedError } from '../errors.js';
import type { AgentInfo, AgentStatus, AgentStatusReason } from '../event/event.js';
import type { ScanCounts } from './counters.js';
import { addCounts } from './counters.js';
import type { CustomerKey } from './customer.js';
import { keyOf } from './customer.js';

export interface AgentKey extends CustomerKey {
  readonly agentId: string;
}

/** What an agent said of itself. */
export type AgentLabels = Partial<AgentInfo>;

/** An agent as it is kept over a restart. */
export interface SavedAgent extends AgentKey, ScanCounts {
  readonly labels: AgentLabels;
  readonly status: AgentStatus;
  /** Milliseconds since the epoch. */
  readonly firstSeenMs: number;
  /** Its last sign of life: a heartbeat or a registration. Milliseconds since the epoch. */
  readonly lastHeartbeatMs: number;
  /** When it was last heard. */
  readonly uptimeMs: number;
}

export interface Agent extends SavedAgent {
  /** Its silence counts from here, on the monotonic clock. */
  readonly heardAtMs: number;
}

/** The same instant on both clocks. The monotonic one decides; the other is only shown. */
export interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export interface HeartbeatReport extends ScanCounts {
  readonly stopping: boolean;
  /** What the agent says; else it is counted from its start. */
  readonly uptimeMs?: number | undefined;
}

export interface StatusChange {
  readonly agent: Agent;
  readonly previous: AgentStatus | 'unknown';
  readonly next: AgentStatus;
  readonly reason: AgentStatusReason;
}

export interface Told {
  readonly agent: Agent;
  readonly change?: StatusChange;
}

/** Who is there and who is silent. It keeps nothing on disk and looks at no clock; what it returns is not changed by the caller. */
export interface AgentRegistry {
  /** A new agent, or a known one that starts again; labels that are not given stay. `news`: it is new or its labels are. Throws LIMIT_REACHED. */
  register(key: AgentKey, labels: AgentLabels, at: Moment): Told & { readonly news: boolean };
  /** Undefined: there is no such agent. */
  heartbeat(key: AgentKey, report: HeartbeatReport, at: Moment): Told | undefined;
  unregister(key: AgentKey): Told | undefined;
  /** Counts a scan made in an agent's name; false when there is no such agent. */
  count(key: AgentKey, counts: ScanCounts): boolean;
  /**
   * What silence has done until now. Silence only makes things worse: it is a heartbeat that makes them better, also
   * when a threshold was raised. Of customers that are not configured nothing is said, and their agents' time stands still.
   * Each change is made when it is asked for, so that other work may come in between.
   */
  due(monotonicMs: number): Iterable<StatusChange>;
  get(key: AgentKey): Agent | undefined;
  /** All agents with this id, whichever customer they belong to. */
  named(agentId: string): Agent[];
  ofCustomer(customer: CustomerKey): Iterable<Agent>;
  all(): Iterable<Agent>;
  removeCustomer(customer: CustomerKey): void;
}

export interface RegistryOptions {
  /** A customer's threshold as it is now; undefined: it is not configured. */
  readonly thresholdMs: (customer: CustomerKey) => number | undefined;
  /** Agents a customer may have; Infinity: no limit. */
  readonly limit: () => number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
interface Group extends CustomerKey {
  readonly agents: Map<string, Writable<Agent>>;
}

const DEGRADED_AFTER_MS = 120_000;
const RANK = { online: 0, degraded: 1, offline: 2 } as const satisfies Record<AgentStatus, number>;

/** What an agent is after so long a silence. */
export function statusAfter(silenceMs: number, thresholdMs: number): AgentStatus {
  if (silenceMs >= thresholdMs) return 'offline';
  return silenceMs > Math.min(DEGRADED_AFTER_MS, thresholdMs / 2) ? 'degraded' : 'online';
}

export function uptimeMs(agent: Agent, monotonicMs: number): number {
  return agent.status === 'offline' ? agent.uptimeMs : agent.uptimeMs + monotonicMs - agent.heardAtMs;
}

/**
 * `saved`: what was known before a restart. Agents keep their status, and their silence counts from `at`: that the
 * daemon was away says nothing about them.
 */
export function createRegistry(options: RegistryOptions, saved: readonly SavedAgent[], at: Moment): AgentRegistry {
  const groups = new Map<string, Group>();

  function groupOf(customer: CustomerKey): Group {
    const key = keyOf(customer);
    const group = groups.get(key) ?? { msspId: customer.msspId, customerId: customer.customerId, agents: new Map<string, Writable<Agent>>() };
    groups.set(key, group);
    return group;
  }

  const find = (key: AgentKey): Writable<Agent> | undefined => groups.get(keyOf(key))?.agents.get(key.agentId);

  for (const agent of saved) {
    const awayMs = agent.status === 'offline' ? 0 : Math.max(0, at.wallMs - agent.lastHeartbeatMs);
    groupOf(agent).agents.set(agent.agentId, { ...agent, uptimeMs: agent.uptimeMs + awayMs, heardAtMs: at.monotonicMs });
  }

  return {
    register(key, labels, now) {
      const { agents } = groupOf(key);
      const known = agents.get(key.agentId);
      if (known === undefined) {
        const limit = options.limit();
        if (agents.size >= limit) throw new RaxedError('LIMIT_REACHED', `the community edition allows ${limit} agents a customer; unregister one that is no longer used, or choose the enterprise edition`);
        const agent: Writable<Agent> = {
          msspId: key.msspId, customerId: key.customerId, agentId: key.agentId, labels, status: 'online',
          firstSeenMs: now.wallMs, lastHeartbeatMs: now.wallMs, heardAtMs: now.monotonicMs, uptimeMs: 0, scans: 0, threats: 0,
        };
        agents.set(key.agentId, agent);
        return { agent, news: true, change: { agent, previous: 'unknown', next: 'online', reason: 'startup' } };
      }
      const merged = { ...known.labels, ...labels };
      const news = JSON.stringify(merged) !== JSON.stringify(known.labels);
      known.labels = merged;
      known.lastHeartbeatMs = now.wallMs;
      known.heardAtMs = now.monotonicMs;
      known.uptimeMs = 0;
      return { ...changed(known, 'online', 'startup'), news };
    },

    heartbeat(key, report, now) {
      const agent = find(key);
      if (agent === undefined) return undefined;
      agent.uptimeMs = report.uptimeMs ?? agent.uptimeMs + now.monotonicMs - agent.heardAtMs;
      agent.lastHeartbeatMs = now.wallMs;
      agent.heardAtMs = now.monotonicMs;
      addCounts(agent, report);
      return report.stopping ? changed(agent, 'offline', 'shutdown') : changed(agent, 'online', 'heartbeat_received');
    },

    unregister(key) {
      const agent = find(key);
      if (agent === undefined) return undefined;
      groups.get(keyOf(key))?.agents.delete(key.agentId);
      return changed(agent, 'offline', 'manual');
    },

    count(key, counts) {
      const agent = find(key);
      if (agent !== undefined) addCounts(agent, counts);
      return agent !== undefined;
    },

    *due(monotonicMs) {
      for (const group of groups.values()) {
        const thresholdMs = options.thresholdMs(group);
        for (const agent of group.agents.values()) {
          if (agent.status === 'offline') continue;
          if (thresholdMs === undefined) {
            agent.uptimeMs += monotonicMs - agent.heardAtMs;
            agent.heardAtMs = monotonicMs;
            continue;
          }
          const next = statusAfter(monotonicMs - agent.heardAtMs, thresholdMs);
          if (RANK[next] <= RANK[agent.status]) continue;
          const { change } = changed(agent, next, 'no_heartbeat');
          if (change !== undefined) yield change;
        }
      }
    },

    get: find,
    named: (agentId) => [...groups.values()].flatMap(({ agents }) => agents.get(agentId) ?? []),
    ofCustomer: (customer) => groups.get(keyOf(customer))?.agents.values() ?? [],
    *all() { for (const { agents } of groups.values()) yield* agents.values(); },
    removeCustomer(customer) {
      const key = keyOf(customer);
      // Ends what is just going through them.
      groups.get(key)?.agents.clear();
      groups.delete(key);
    },
  };
}

function changed(agent: Writable<Agent>, next: AgentStatus, reason: AgentStatusReason): Told {
  const previous = agent.status;
  agent.status = next;
  return previous === next ? { agent } : { agent, change: { agent, previous, next, reason } };
}
