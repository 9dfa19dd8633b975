import type { ScanCounters } from '../agents/counters.js';
import { createCronScheduler } from '../agents/cron.js';
import type { Heartbeat } from '../agents/heartbeat.js';
import { createHeartbeat } from '../agents/heartbeat.js';
import { clockSkewMs, clockWarnings, heldWarnings } from '../agents/warnings.js';
import type { AgentConfig } from '../config/schema.js';
import type { DestinationStatus } from '../delivery/outcome.js';
import type { DirectDeps } from './direct.js';
import { sendDirectly } from './direct.js';
import type { Generation, TenantPlan } from './generation.js';
import type { FilteredEvent } from '../event/privacy.js';
import type { Output, Receipt } from '../outputs/output.js';
import { DeliveryError } from '../outputs/output.js';
import type { Clock, Logger } from '../ports.js';
import type { SelfAgent } from './site-agents.js';

/** The daemon's own heartbeat, kept equal to the configuration. Idle while no agent, or no such customer, is configured. */
export interface OwnAgent {
  use(agent: AgentConfig | null, generation: Pick<Generation, 'tenants'>): Promise<void>;
  /** Undefined while it is idle. */
  self(): SelfAgent | undefined;
  /** That this machine's clock and the receiver's differ. */
  warnings(): string[];
  /** With a farewell that says "stopping". */
  stop(): Promise<void>;
}

export interface OwnAgentDeps extends DirectDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: ScanCounters;
  readonly version: string;
  readonly ulid: () => string;
  readonly uptimeSeconds: () => number;
  readonly statuses: () => readonly DestinationStatus[];
  readonly rejected: () => number;
  readonly warnings: () => readonly string[];
}

interface Running {
  readonly agent: AgentConfig;
  readonly identity: string;
  readonly fingerprint: string;
  readonly heartbeat: Heartbeat;
  readonly output: Output;
}

export function createOwnAgent(deps: OwnAgentDeps): OwnAgent {
  const scheduler = createCronScheduler(deps.logger);
  let running: Running | undefined;
  let skewMs: number | undefined;

  async function send(event: FilteredEvent, output: Output, signal: AbortSignal): Promise<void> {
    const askedAtMs = deps.clock.now();
    const beganMs = deps.clock.monotonic();
    const measure = ({ serverDate }: Pick<Receipt, 'serverDate'> | DeliveryError): void => {
      if (serverDate !== undefined) skewMs = clockSkewMs({ askedAtMs, tookMs: deps.clock.monotonic() - beganMs, serverDateMs: serverDate });
    };
    try {
      measure(await sendDirectly(event, output, deps, signal));
    } catch (error) {
      if (error instanceof DeliveryError) measure(error);
      throw error;
    }
  }

  async function end(farewell: boolean): Promise<void> {
    const old = running;
    running = undefined;
    await old?.heartbeat.stop({ farewell });
    skewMs = undefined;
    await old?.output.close();
  }

  function begin(agent: AgentConfig, tenant: TenantPlan, identity: string, fingerprint: string): Running {
    const output = tenant.webhook.create();
    const ofMssp = (): DestinationStatus[] => deps.statuses().filter((status) => status.mssp_id === agent.mssp_id);
    const own = (): DestinationStatus[] => ofMssp().filter((status) => status.customer_id === agent.customer_id);
    const heartbeat = createHeartbeat({
      cron: agent.heartbeat_cron, agentId: agent.id, msspId: agent.mssp_id, customerId: agent.customer_id,
      agent: { version: deps.version, platform: process.platform, integration: agent.integration },
    }, {
      clock: deps.clock, logger: deps.logger, counters: deps.counters, scheduler,
      createId: () => `evt_${deps.ulid()}`,
      send: (event, signal) => send(event, output, signal),
      uptimeSeconds: deps.uptimeSeconds,
      memoryMb: () => process.memoryUsage.rss() / 1_048_576,
      queue: () => ({
        pending: sum(own().map(({ pending }) => pending)),
        oldest_pending_age_seconds: Math.max(0, ...own().map((status) => status.oldest_pending_age_seconds)),
        dead: sum(own().map(({ dead }) => dead)),
        rejected: deps.rejected(),
      }),
      destinations: () => own().map(({ name, state }) => ({ name, state })),
      // What is wrong with another MSSP's destinations is not this one's business.
      warnings: () => [...deps.warnings(), ...heldWarnings(ofMssp())],
    });
    return { agent, identity, fingerprint, heartbeat, output };
  }

  return {
    async use(agent, generation) {
      const tenant = agent === null ? undefined : generation.tenants.find(({ mssp, customer }) => mssp.id === agent.mssp_id && customer.id === agent.customer_id);
      if (agent === null || tenant === undefined) { await end(true); return; }
      const identity = [agent.id, tenant.key].join('/');
      const fingerprint = JSON.stringify([agent, tenant.webhook.fingerprint]);
      if (running?.fingerprint === fingerprint) return;
      await end(running?.identity !== identity);
      running = begin(agent, tenant, identity, fingerprint);
      await running.heartbeat.start();
    },
    self() {
      if (running === undefined) return undefined;
      const { agent, heartbeat } = running;
      return {
        agentId: agent.id, msspId: agent.mssp_id, customerId: agent.customer_id,
        version: deps.version, platform: process.platform, integration: agent.integration,
        uptimeSeconds: deps.uptimeSeconds(), lastHeartbeatMs: heartbeat.lastSuccess,
      };
    },
    warnings: () => clockWarnings(skewMs),
    stop: () => end(true),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
