import type { ScanCounters } from './agents/counters.js';
import type { Scope } from './control/method.js';
import type { CustomerActions } from './control/methods/customer.js';
import type { MsspActions } from './control/methods/mssp.js';
import type { RulesActions } from './control/methods/rules.js';
import type { ScanActions } from './control/methods/scan.js';
import type { SystemActions } from './control/methods/system.js';
import type { DeliveryOutcome } from './delivery/outcome.js';
import type { Destinations } from './destinations.js';
import { sendDirectly } from './direct.js';
import { describeError, RaxedError } from './errors.js';
import type { TestEvent } from './event/event.js';
import type { FilteredBytes, FilteredEvent, PrivacyPolicy } from './event/privacy.js';
import { withoutText } from './event/privacy.js';
import type { Generation, TenantPlan } from './generation.js';
import type { ScanContext, ScanTenant } from './pipeline.js';
import { runScan } from './pipeline.js';
import type { Clock } from './ports.js';
import type { Spool, StreamId } from './spool/spool.js';
import type { StatusInfo } from './status.js';
import { showCustomer, showMssp, statusOf } from './status.js';

export interface ActionDeps {
  readonly generation: () => Generation;
  /** Today's privacy of a customer; undefined when it has gone. */
  readonly policy: (key: string) => PrivacyPolicy | undefined;
  readonly spool: Spool<FilteredBytes>;
  readonly destinations: Destinations;
  readonly counters: ScanCounters;
  readonly clock: Clock;
  readonly ulid: () => string;
  /** Those who tail; `observe` tells them all. */
  readonly watchers: Set<(event: FilteredEvent) => void>;
  readonly observe: (event: FilteredEvent) => void;
  readonly reload: () => Promise<void>;
  readonly ready: () => Promise<boolean>;
  readonly warnings: () => string[];
  readonly version: string;
  readonly skipVerify: boolean;
  readonly onRejected: (stream: StreamId) => void;
  readonly audit: (outcome: DeliveryOutcome) => Promise<void>;
  readonly info: () => StatusInfo;
}

export interface Actions {
  readonly scan: ScanActions;
  readonly system: SystemActions;
  readonly mssp: MsspActions;
  readonly customer: CustomerActions;
  readonly rules: RulesActions;
}

/** What the methods on the sockets do to the running daemon. */
export function createActions(deps: ActionDeps): Actions {
  return {
    scan: {
      scan: (params, { scope }) => runScan({
        texts: {
          ...(params.prompt === undefined ? {} : { prompt: params.prompt }),
          ...(params.response === undefined ? {} : { response: params.response }),
          ...(params.system_prompt === undefined ? {} : { system_prompt: params.system_prompt }),
          ...(params.rag_context === undefined ? {} : { rag_context: params.rag_context }),
          ...(params.tool_calls === undefined ? {} : { tool_calls: params.tool_calls }),
        },
        msspId: params.mssp_id, customerId: params.customer_id, agentId: params.agent_id,
        integration: params.integration, platform: params.platform, version: params.version,
        entryPoint: params.entry_point, dryRun: params.dry_run, includeMatches: params.include_matches,
      }, scanContext(deps.generation(), scope, deps), { clock: deps.clock, ulid: deps.ulid, counters: deps.counters, observe: deps.observe }),
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
      tail(filter, emit) {
        const watcher = (event: FilteredEvent): void => { if (fits(filter, event)) emit(event); };
        deps.watchers.add(watcher);
        return () => { deps.watchers.delete(watcher); };
      },
    },
    mssp: {
      list: () => Promise.resolve({ mssps: deps.generation().config.mssps.map(showMssp) }),
      show: (id) => attempt(() => showMssp(deps.generation().mssp(id))),
      testWebhook: (id, { skipSslVerify }) => testWebhook(id, skipSslVerify || deps.skipVerify, deps),
    },
    customer: {
      list: (msspId) => attempt(() => ({ customers: deps.generation().mssp(msspId).customers.map(showCustomer) })),
      show: (msspId, customerId) => attempt(() => showCustomer(deps.generation().tenant(msspId, customerId).customer)),
    },
    rules: {
      list: () => Promise.resolve({
        engine: deps.generation().ruleset.engine,
        rules: deps.generation().ruleset.rules.map(({ id, name, family, severity, confidence }) => ({ id, name, family, severity, confidence })),
      }),
    },
  };
}

function scanContext(generation: Generation, scope: Scope, deps: ActionDeps): ScanContext {
  const { agent, control } = generation.config;
  const allowed = scope === 'scan' ? control.scan_tenants : null;
  return {
    scanner: generation.scanner,
    sendAll: generation.config.events.send === 'all',
    agentVersion: deps.version,
    agentPlatform: process.platform,
    self: agent === null ? undefined : { msspId: agent.mssp_id, customerId: agent.customer_id, agentId: agent.id, integration: agent.integration },
    tenant(msspId, customerId) {
      if (allowed?.some(([mssp, customer]) => mssp === msspId && customer === customerId) === false) {
        throw new RaxedError('FORBIDDEN', 'control.scan_tenants does not allow this customer on the scan socket');
      }
      return scanTenant(generation.tenant(msspId, customerId), deps);
    },
  };
}

async function scanTenant(tenant: TenantPlan, deps: ActionDeps): Promise<ScanTenant> {
  const id = { msspId: tenant.mssp.id, customerId: tenant.customer.id };
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

async function testWebhook(id: string, skipVerify: boolean, deps: ActionDeps): Promise<object> {
  const generation = deps.generation();
  const output = generation.msspWebhook(id).create({ skipVerify });
  const event: TestEvent = {
    event_type: 'test',
    event_id: `evt_${deps.ulid()}`,
    timestamp: new Date(deps.clock.now()).toISOString(),
    payload: { mssp_id: id, message: 'This is a test event from raxed' },
  };
  const began = deps.clock.monotonic();
  try {
    const { httpStatus } = await sendDirectly(withoutText(event), output, deps, new AbortController().signal);
    return { delivered: true, event_id: event.event_id, url: output.url, http_status: httpStatus, duration_ms: deps.clock.monotonic() - began };
  } catch (error) {
    throw new RaxedError('DELIVERY_FAILED', `the webhook at ${output.url} did not take the test event: ${describeError(error)}`, { cause: error });
  } finally {
    await output.close();
  }
}

function fits(filter: { readonly mssp?: string; readonly customer?: string; readonly type?: string }, event: FilteredEvent): boolean {
  const { payload } = event;
  return (filter.type === undefined || filter.type === event.event_type)
    && (filter.mssp === undefined || filter.mssp === payload.mssp_id)
    && (filter.customer === undefined || ('customer_id' in payload && filter.customer === payload.customer_id));
}

/** Runs a synchronous look-up so that what it throws becomes a rejection. */
function attempt<T>(lookUp: () => T): Promise<T> {
  return new Promise((resolve) => { resolve(lookUp()); });
}

