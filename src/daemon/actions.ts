import { checkAccess } from './access.js';
import type { CallContext } from '../control/method.js';
import type { RulesActions } from '../control/methods/rules.js';
import type { ScanActions } from '../control/methods/scan.js';
import { scanTexts } from '../control/methods/scan.js';
import type { SystemActions } from '../control/methods/system.js';
import type { Departures } from './departures.js';
import type { Destinations } from './destinations.js';
import type { FilteredBytes, FilteredEvent, PrivacyPolicy } from '../event/privacy.js';
import type { Generation, TenantPlan } from './generation.js';
import { streamOf } from './generation.js';
import type { PipelinePorts, ScanContext, ScanTenant } from '../pipeline.js';
import { runScan } from '../pipeline.js';
import type { Clock } from '../ports.js';
import type { Spool, StreamId } from '../spool/spool.js';
import type { StatusInfo } from './status.js';
import { statusOf } from './status.js';
import type { SiteAgents } from './site-agents.js';

export interface ActionDeps {
  readonly generation: () => Generation;
  /** Today's privacy of a customer; undefined when it has gone. */
  readonly policy: (key: string) => PrivacyPolicy | undefined;
  readonly spool: Spool<FilteredBytes>;
  readonly destinations: Destinations;
  readonly agents: Pick<SiteAgents, 'counters' | 'counts' | 'record'>;
  readonly departures: Departures;
  readonly clock: Clock;
  readonly ulid: () => string;
  /** Those who tail; `observe` tells them all. */
  readonly watchers: Set<(event: FilteredEvent) => void>;
  readonly observe: (event: FilteredEvent) => void;
  readonly reload: () => Promise<void>;
  readonly ready: () => Promise<boolean>;
  readonly warnings: () => string[];
  readonly version: string;
  readonly onRejected: (stream: StreamId) => void;
  readonly info: () => StatusInfo;
}

export interface Actions {
  readonly scan: ScanActions;
  readonly system: SystemActions;
  readonly rules: RulesActions;
}

/** What the methods on the sockets do to the running daemon. */
export function createActions(deps: ActionDeps): Actions {
  const ports: PipelinePorts = { clock: deps.clock, ulid: deps.ulid, count: (threat, origin) => { deps.agents.record(threat, origin); }, observe: deps.observe };
  return {
    scan: {
      async scan(params, context) {
        const ended: (() => void)[] = [];
        try {
          return await runScan({
            texts: scanTexts(params),
            msspId: params.mssp_id, customerId: params.customer_id, agentId: params.agent_id,
            integration: params.integration, platform: params.platform, version: params.version,
            entryPoint: params.entry_point, dryRun: params.dry_run, includeMatches: params.include_matches,
          }, scanContext(deps, context, ended), ports);
        } finally {
          for (const end of ended) end();
        }
      },
    },
    system: {
      health: async () => ({ status: 'ok', ready: await deps.ready(), version: deps.version }),
      version: () => Promise.resolve({ version: deps.version, node: process.version }),
      status: () => Promise.resolve(statusOf(deps)),
      async reload() {
        await deps.reload();
        const { restartRequired } = deps.info();
        return { reloaded: true, restart_required: restartRequired, warnings: deps.warnings() };
      },
      tail(emit) {
        deps.watchers.add(emit);
        return () => { deps.watchers.delete(emit); };
      },
    },
    rules: {
      list: () => Promise.resolve({
        engine: deps.generation().ruleset.engine,
        rules: deps.generation().ruleset.rules.map(({ id, name, family, severity, confidence, description, risk_explanation, remediation_advice }) => ({ id, name, family, severity, confidence, description, risk_explanation, remediation_advice })),
      }),
    },
  };
}

/** `ended`: what is to be called at the end of the scan. */
function scanContext(deps: ActionDeps, context: CallContext, ended: (() => void)[]): ScanContext {
  const generation = deps.generation();
  const { agent, control } = generation.config;
  const self = agent === null ? undefined : { msspId: agent.mssp_id, customerId: agent.customer_id, agentId: agent.id, integration: agent.integration };
  return {
    scanner: generation.scanner,
    sendAll: generation.config.events.send === 'all',
    agentVersion: deps.version,
    agentPlatform: process.platform,
    self,
    home: context.tenant ?? self,
    async tenant(msspId, customerId) {
      checkAccess(context, { msspId, customerId }, control);
      const tenant = generation.tenant(msspId, customerId);
      ended.push(deps.departures.enter({ msspId, customerId }));
      return scanTenant(tenant, deps);
    },
  };
}

async function scanTenant(tenant: TenantPlan, deps: ActionDeps): Promise<ScanTenant> {
  const id = streamOf(tenant);
  const stream = await deps.spool.openStream(id);
  return {
    ...id,
    policy: () => deps.policy(tenant.key) ?? tenant.policy,
    append: (payload) => stream.append(payload).catch((error: unknown) => {
      deps.onRejected(id);
      throw error;
    }),
  };
}
