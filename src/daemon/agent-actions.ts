import type { ScanCounters } from '../agents/counters.js';
import type { CustomerKey } from '../agents/customer.js';
import { keyOf } from '../agents/customer.js';
import type { Agent, AgentKey, AgentRegistry, Moment, StatusChange, Told } from '../agents/registry.js';
import { uptimeMs } from '../agents/registry.js';
import type { StateFile } from '../agents/state-file.js';
import type { CallContext } from '../control/method.js';
import type { AgentActions, AgentName, AgentView } from '../control/methods/agent.js';
import { RaxedError } from '../errors.js';
import type { SelfAgent, SiteAgentsDeps } from './site-agents.js';

export interface AgentActionDeps extends Pick<SiteAgentsDeps, 'clock' | 'customers' | 'thresholdMs' | 'home' | 'self' | 'allowed' | 'note'> {
  readonly registry: AgentRegistry;
  readonly registryFile: StateFile;
  readonly counters: ScanCounters;
  /** When the counters began, milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Resolves when the event is spooled. */
  readonly announce: (change: StatusChange) => Promise<void>;
}

/** What the agent methods do. A change holds, and its event is queued, in the turn in which it is decided; the answer waits for the disk. */
export function createAgentActions(deps: AgentActionDeps): AgentActions {
  const { clock, registry, registryFile, counters } = deps;
  const now = (): Moment => ({ wallMs: clock.now(), monotonicMs: clock.monotonic() });

  function announced({ change }: Told): Promise<void> | undefined {
    return change === undefined ? undefined : deps.announce(change);
  }

  function requireCustomer(customer: CustomerKey, context?: CallContext): void {
    if (context !== undefined) deps.allowed(context, customer);
    deps.thresholdMs(customer);
  }

  /** The one agent that is meant, among those that the caller may name. */
  function resolve({ id, mssp, customer }: AgentName, context?: CallContext): AgentKey {
    if (mssp !== undefined && customer !== undefined) {
      requireCustomer({ msspId: mssp, customerId: customer }, context);
      return { msspId: mssp, customerId: customer, agentId: id };
    }
    if (mssp !== undefined) deps.customers(mssp);
    const own = deps.self();
    const known: AgentKey[] = own?.agentId === id ? [own, ...registry.named(id)] : registry.named(id);
    const meant = known.filter((key) => (
      (mssp === undefined || mssp === key.msspId) && (customer === undefined || customer === key.customerId)
      && doesNotThrow(() => { requireCustomer(key, context); })
    ));
    const [key, other] = meant;
    if (key === undefined) throw notFound();
    if (other !== undefined) throw new RaxedError('AGENT_AMBIGUOUS', 'several customers have an agent with this id');
    return key;
  }

  function selfAs(key: AgentKey): SelfAgent | undefined {
    const own = deps.self();
    return own?.agentId === key.agentId && keyOf(own) === keyOf(key) ? own : undefined;
  }

  function viewOfSelf(own: SelfAgent): AgentView {
    const { scans, threats } = counters.totals();
    return {
      agent_id: own.agentId, mssp_id: own.msspId, customer_id: own.customerId, status: 'online',
      version: own.version, platform: own.platform, integration: own.integration,
      first_seen: isoTime(deps.sinceMs), last_heartbeat: isoTime(own.lastHeartbeatMs ?? clock.now() - own.uptimeSeconds * 1000),
      uptime_seconds: Math.floor(own.uptimeSeconds), total_scans: scans, total_threats: threats, self: true,
    };
  }

  function viewOf(agent: Agent): AgentView {
    return {
      agent_id: agent.agentId, mssp_id: agent.msspId, customer_id: agent.customerId, status: agent.status, ...agent.labels,
      first_seen: isoTime(agent.firstSeenMs), last_heartbeat: isoTime(agent.lastHeartbeatMs),
      uptime_seconds: Math.floor(uptimeMs(agent, clock.monotonic()) / 1000), total_scans: agent.scans, total_threats: agent.threats,
    };
  }

  return {
    async register({ id, mssp, customer, ...labels }, context) {
      const tenant = mssp !== undefined && customer !== undefined ? { msspId: mssp, customerId: customer } : context.tenant ?? deps.home();
      if (tenant === undefined) throw new RaxedError('TENANT_REQUIRED', 'the registration names no customer and the daemon has no own');
      const key: AgentKey = { msspId: tenant.msspId, customerId: tenant.customerId, agentId: id };
      requireCustomer(key, context);
      const own = selfAs(key);
      if (own !== undefined) return viewOfSelf(own);

      const told = registry.register(key, labels, now());
      const view = viewOf(told.agent);
      // That a known one starts again need not outlive the daemon: it is like a heartbeat.
      registryFile.changed('later');
      await Promise.all([announced(told), told.news || told.change !== undefined ? registryFile.save() : undefined, noted('agent_registered', key, context)]);
      return view;
    },

    async heartbeat({ scans = 0, threats = 0, uptime_seconds, status, ...name }, context) {
      const key = resolve(name, context);
      const own = selfAs(key);
      const told = own ?? registry.heartbeat(key, { scans, threats, stopping: status === 'stopping', uptimeMs: uptime_seconds === undefined ? undefined : uptime_seconds * 1000 }, now());
      if (told === undefined) throw notFound();
      counters.add({ scans, threats }, key);
      if (!('agent' in told)) return viewOfSelf(told);
      registryFile.changed('later');
      const view = viewOf(told.agent);
      await announced(told);
      return view;
    },

    list({ mssp, customer }) {
      return attempt(() => {
        if (mssp !== undefined && customer !== undefined) requireCustomer({ msspId: mssp, customerId: customer });
        const own = deps.self();
        const agents = deps.customers(mssp).filter(({ customerId }) => customer === undefined || customer === customerId).flatMap((key) => [
          ...(own !== undefined && keyOf(own) === keyOf(key) ? [viewOfSelf(own)] : []),
          ...Array.from(registry.ofCustomer(key), viewOf),
        ]);
        return { agents: agents.sort((a, b) => compare(a.mssp_id, b.mssp_id) || compare(a.customer_id, b.customer_id) || compare(a.agent_id, b.agent_id)) };
      });
    },

    status(name) {
      return attempt(() => {
        const key = resolve(name);
        const own = selfAs(key);
        if (own !== undefined) return viewOfSelf(own);
        const agent = registry.get(key);
        if (agent === undefined) throw notFound();
        return viewOf(agent);
      });
    },

    async unregister(name, context) {
      const key = resolve(name, context);
      if (selfAs(key) !== undefined) throw new RaxedError('MANAGED_BY_FILE', 'this is the daemon\'s own agent, which `agent` in the configuration file names');
      const told = registry.unregister(key);
      if (told === undefined) throw notFound();
      const view = viewOf(told.agent);
      await Promise.all([announced(told), registryFile.save(), noted('agent_unregistered', key, context)]);
      return view;
    },
  };

  /** What applications do by themselves is no operator's change. */
  function noted(event: 'agent_registered' | 'agent_unregistered', { msspId, customerId, agentId }: AgentKey, context: CallContext): Promise<void> | undefined {
    return context.scope === 'control' ? deps.note({ event, mssp_id: msspId, customer_id: customerId, agent_id: agentId }, context) : undefined;
  }
}

function notFound(): RaxedError {
  return new RaxedError('AGENT_NOT_FOUND', 'there is no agent with this id');
}

function doesNotThrow(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Runs what is synchronous so that what it throws becomes a rejection. */
function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => { resolve(work()); });
}
