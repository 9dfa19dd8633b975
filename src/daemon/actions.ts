import { checkAccess } from './access.js';
import type { CallContext } from '../control/method.js';
import type { ScanActions } from '../control/methods/scan.js';
import { scanTexts } from '../control/methods/scan.js';
import type { SystemActions } from '../control/methods/system.js';
import { PROTOCOL } from '../control/protocol.js';
import type { Departures } from './departures.js';
import type { Destinations } from './destinations.js';
import type { DetectionCounts } from './detection-counts.js';
import type { FilteredBytes, FilteredEvent, PrivacyPolicy } from '../event/privacy.js';
import type { Generation, TenantPlan } from './generation.js';
import { streamOf } from './generation.js';
import type { PipelinePorts, ScanContext, ScanTenant } from '../pipeline.js';
import { runScan } from '../pipeline.js';
import type { Clock, DaemonLog } from '../ports.js';
import type { ScanTexts, Verdict } from '../scanner/verdict.js';
import type { Spool, StreamId } from '../spool/spool.js';
import type { StatusInfo } from './status.js';
import { statusOf } from './status.js';
import type { SiteAgents } from './site-agents.js';
import type { SupportDeps } from './support.js';
import { supportOf } from './support.js';
import type { Suppressions } from './suppressions.js';

export interface ActionDeps extends SupportDeps {
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
  readonly onRejected: (stream: StreamId) => void;
  readonly info: () => StatusInfo;
  readonly suppressions: Pick<Suppressions, 'of'>;
  readonly counts: DetectionCounts;
  readonly logger: Pick<DaemonLog, 'warn' | 'error' | 'recent'>;
}

export interface Actions {
  readonly scan: ScanActions;
  readonly system: SystemActions;
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
      version: () => Promise.resolve({ version: deps.version, node: process.version, protocol: PROTOCOL, max_text_bytes: deps.generation().config.scanner.max_text_bytes }),
      status: () => Promise.resolve(statusOf(deps)),
      bundle: () => Promise.resolve(supportOf(deps)),
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
  };
}

/** `ended`: what is to be called at the end of the scan. */
function scanContext(deps: ActionDeps, context: CallContext, ended: (() => void)[]): ScanContext {
  const generation = deps.generation();
  const { agent, control } = generation.config;
  const self = agent === null ? undefined : { msspId: agent.mssp_id, customerId: agent.customer_id, agentId: agent.id, integration: agent.integration };
  return {
    scanner: { scan: (texts, customer) => judged(texts, { customer, generation }, deps) },
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

/** Counts what comes of a scan, also when nothing does. */
async function judged(texts: ScanTexts, { customer, generation }: { readonly customer: StreamId | undefined; readonly generation: Generation }, { suppressions, counts, logger }: ActionDeps): Promise<Verdict> {
  const judgement = customer === undefined ? generation.judgement : generation.tenant(customer.msspId, customer.customerId).judgement;
  const whose = customer === undefined ? {} : { mssp_id: customer.msspId, customer_id: customer.customerId };
  try {
    const verdict = await generation.scanner.scan(texts, { ...judgement, suppressions: [...judgement.suppressions, ...suppressions.of(customer)] });
    counts.record(verdict);
    if (verdict.incomplete === true) logger.warn({ ...whose, duration_ms: Math.round(verdict.scan_duration_ms) }, 'a scan did not end in time');
    return verdict;
  } catch (error) {
    counts.recordFailure();
    logger.error({ ...whose, error }, 'a scan failed');
    throw error;
  }
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
