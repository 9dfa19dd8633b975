import type { AuditFields } from '../audit/record.js';
import type { SiemOutput } from '../config/checks.js';
import type { Config } from '../config/schema.js';
import type { Configuration } from './configuration.js';
import type { CallContext } from '../control/method.js';
import type { CustomerActions, CustomerView } from '../control/methods/customer.js';
import type { MsspActions, MsspView } from '../control/methods/mssp.js';
import type { SiemActions, SiemTest } from '../control/methods/siem.js';
import type { Departures } from './departures.js';
import type { DirectDeps } from './direct.js';
import { sendTest, trySiem } from './direct.js';
import { describeError, RaxedError } from '../errors.js';
import type { Generation, SiemPlan } from './generation.js';
import type { Clock, Random } from '../ports.js';
import type { Removals } from './removals.js';
import type { SiteAgents } from './site-agents.js';
import type { StreamId } from '../spool/spool.js';
import { customerView, msspView, siemView } from './tenant-views.js';
import { configureCustomer, createCustomer, deleteCustomer } from '../tenants/customer.js';
import { configureMssp, createMssp, deleteMssp, newSecret, rotateSecret } from '../tenants/mssp.js';
import { configureSiem, disableSiem, findSiem } from '../tenants/siem.js';
import type { ChangeContext, Tenants } from '../tenants/tenants.js';
import { changeableCustomer, changeableMssp } from '../tenants/tenants.js';

export interface TenantActionDeps extends DirectDeps {
  readonly configuration: Configuration;
  readonly generation: () => Generation;
  /** Of the operator's file. */
  readonly configFile: string;
  readonly availableSiem: readonly SiemOutput[];
  readonly departures: Departures;
  readonly removals: Removals;
  readonly agents: Pick<SiteAgents, 'registered' | 'msspStats' | 'customerStats'>;
  /** Writes to the audit log; resolves when it is durable, and never rejects. */
  readonly note: (kind: 'config' | 'secret', fields: AuditFields) => Promise<void>;
  readonly skipVerify: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly ulid: () => string;
}

type Change = (tenants: Tenants, context: ChangeContext) => Tenants;

/** What `ctl mssp`, `ctl customer` and `ctl customer siem` do to the running daemon. */
export function createTenantActions(deps: TenantActionDeps): { readonly mssp: MsspActions; readonly customer: CustomerActions; readonly siem: SiemActions } {
  const { configuration, generation } = deps;
  const contextOf = (file: Config): ChangeContext => ({ file, configFile: deps.configFile, availableSiem: deps.availableSiem });

  async function apply(change: Change, kind: 'config' | 'secret', fields: AuditFields, caller: CallContext): Promise<void> {
    // Asked first: who has gone meanwhile cannot be told any more.
    const by = await requester(caller);
    await configuration.change((file, tenants) => change(tenants, contextOf(file)));
    await deps.note(kind, { ...fields, ...by });
  }

  const showMssp = (id: string): MsspView => msspView(generation().mssp(id), configuration.effective().managedBy(id));
  const showCustomer = (msspId: string, id: string): CustomerView => customerView(msspId, generation().tenant(msspId, id).customer, configuration.effective().managedBy(msspId, id));

  function siemsOf({ msspId, customerId }: StreamId, name: string | undefined): readonly SiemPlan[] {
    const { customer, siem } = generation().tenant(msspId, customerId);
    if (name === undefined && siem.length > 0) return siem;
    const wanted = findSiem(customer, name).name;
    return siem.filter((plan) => plan.name === wanted);
  }

  /** Lets what waits be delivered when asked, then takes the customers out of force, and what they had off the disk. */
  async function remove(ids: readonly StreamId[], change: Change, fields: AuditFields, how: { readonly drainMs: number | undefined; readonly caller: CallContext }): Promise<void> {
    const reopen = deps.departures.close(ids);
    try {
      if (how.drainMs !== undefined) await deps.departures.drain(ids, how.drainMs, how.caller.signal);
      else await deps.departures.settle(ids);
      await apply(change, 'config', fields, how.caller);
    } finally {
      reopen();
    }
    await deps.removals.carryOut();
  }

  function impact(ids: readonly StreamId[]): { readonly pending_events: number; readonly dead_letters: number; readonly agents: number } {
    return { ...deps.departures.waiting(ids), agents: ids.reduce((sum, id) => sum + deps.agents.registered(id), 0) };
  }

  return {
    mssp: {
      list: async () => ({ mssps: generation().config.mssps.map(({ id }) => showMssp(id)) }),
      show: async (id) => showMssp(id),
      async create(params, caller) {
        await apply((tenants, context) => createMssp(tenants, params, context), 'config', { event: 'mssp_created', mssp_id: params.id }, caller);
        return showMssp(params.id);
      },
      async configure(params, caller) {
        await apply((tenants, context) => configureMssp(tenants, params, context), 'config', { event: 'mssp_configured', mssp_id: params.id, changed: changed(params) }, caller);
        return showMssp(params.id);
      },
      async testWebhook(id, { skipSslVerify }, caller) {
        const output = generation().msspWebhook(id).create({ skipVerify: skipSslVerify || deps.skipVerify });
        try {
          const { eventId, receipt, durationMs } = await sendTest(output, { mssp_id: id, message: TEST_MESSAGE }, deps, caller.signal);
          return { delivered: true, event_id: eventId, url: output.url, http_status: receipt.httpStatus, duration_ms: durationMs };
        } catch (error) {
          throw new RaxedError('DELIVERY_FAILED', `the webhook at ${output.url} did not take the test event: ${describeError(error)}`, { cause: error });
        }
      },
      async rotateSecret(id, { secret, overlapMs }, caller) {
        const nowMs = deps.clock.now();
        const next = secret ?? newSecret(deps.random);
        await apply((tenants, context) => rotateSecret(tenants, { id, secret: next, overlapMs, nowMs }, context), 'secret', { event: 'secret_rotated', mssp_id: id, overlap_seconds: overlapMs / 1000 }, caller);
        return {
          id, generated: secret === undefined, ...(secret === undefined ? { webhook_secret: next } : {}),
          previous_secret_until: new Date(nowMs + overlapMs).toISOString(),
        };
      },
      async delete(id, { dryRun, drainMs }, caller) {
        changeableMssp(configuration.tenants(), id, contextOf(configuration.file()));
        const ids = generation().mssp(id).customers.map((customer) => ({ msspId: id, customerId: customer.id }));
        const goes = { customers: ids.length, ...impact(ids) };
        if (!dryRun) await remove(ids, (tenants, context) => deleteMssp(tenants, { id }, context), { event: 'mssp_deleted', mssp_id: id, ...goes }, { drainMs, caller });
        return { id, deleted: !dryRun, ...goes };
      },
      stats: async (id) => deps.agents.msspStats(id),
    },

    customer: {
      list: async (msspId) => ({ customers: generation().mssp(msspId).customers.map(({ id }) => showCustomer(msspId, id)) }),
      show: async (msspId, id) => showCustomer(msspId, id),
      async create(params, caller) {
        await apply((tenants, context) => createCustomer(tenants, params, context), 'config', { event: 'customer_created', mssp_id: params.mssp, customer_id: params.id }, caller);
        return showCustomer(params.mssp, params.id);
      },
      async configure(params, caller) {
        const nowMs = deps.clock.now();
        await apply((tenants, context) => configureCustomer(tenants, { ...params, nowMs }, context), 'config', { event: 'customer_configured', mssp_id: params.mssp, customer_id: params.id, changed: changed(params) }, caller);
        return showCustomer(params.mssp, params.id);
      },
      async delete({ msspId, customerId }, { dryRun, drainMs }, caller) {
        const ref = { mssp: msspId, id: customerId };
        changeableCustomer(configuration.tenants(), ref, contextOf(configuration.file()));
        const ids = [{ msspId, customerId }];
        const goes = impact(ids);
        if (!dryRun) await remove(ids, (tenants, context) => deleteCustomer(tenants, ref, context), { event: 'customer_deleted', mssp_id: msspId, customer_id: customerId, ...goes }, { drainMs, caller });
        return { mssp_id: msspId, id: customerId, deleted: !dryRun, ...goes };
      },
      stats: async (msspId, customerId) => deps.agents.customerStats({ msspId, customerId }),
    },

    siem: {
      async configure(params, caller) {
        let warnings: readonly string[] = [];
        const change: Change = (tenants, context) => {
          const made = configureSiem(tenants, params, context);
          ({ warnings } = made);
          return made.tenants;
        };
        const { mssp, id, name = params.type } = params;
        await apply(change, 'config', { event: 'siem_configured', mssp_id: mssp, customer_id: id, destination: name }, caller);
        return { mssp_id: mssp, customer_id: id, siem: siemView(findSiem(generation().tenant(mssp, id).customer, name)), warnings };
      },
      show: async (msspId, customerId) => ({ mssp_id: msspId, customer_id: customerId, siem: generation().tenant(msspId, customerId).customer.siem.map(siemView) }),
      async test({ msspId, customerId, name }, { skipSslVerify, checkOnly }, caller) {
        const tenant = { mssp_id: msspId, customer_id: customerId, message: TEST_MESSAGE };
        const results: SiemTest[] = [];
        const failures: string[] = [];
        for (const plan of siemsOf({ msspId, customerId }, name)) {
          const output = plan.create({ skipVerify: skipSslVerify || deps.skipVerify });
          await trySiem(output, { tenant, checkOnly }, deps, caller.signal).then((result) => results.push(result), (error: unknown) => failures.push(describeError(error)));
        }
        if (failures.length > 0) throw new RaxedError('DELIVERY_FAILED', failures.join('; '));
        return { results };
      },
      async disable({ msspId, customerId, name }, { dryRun }, caller) {
        const ref = { mssp: msspId, id: customerId };
        const gone = findSiem(changeableCustomer(configuration.tenants(), ref, contextOf(configuration.file())), name).name;
        const pending = deps.departures.pending({ msspId, customerId }, gone);
        if (!dryRun) await apply((tenants, context) => disableSiem(tenants, { ...ref, name: gone }, context), 'config', { event: 'siem_disabled', mssp_id: msspId, customer_id: customerId, destination: gone, pending_events: pending }, caller);
        return { mssp_id: msspId, customer_id: customerId, name: gone, disabled: !dryRun, pending_events: pending };
      },
    },
  };
}

const TEST_MESSAGE = 'This is a test event from raxed';

/** Who asked, as the audit log says it: the user where the socket's other end is known, else the socket. */
export async function requester({ caller }: CallContext): Promise<AuditFields> {
  const uid = await caller.uid();
  return { requested_over: caller.socket, ...(uid === undefined ? {} : { requested_by_uid: uid }) };
}

/** The names of what a change names, never the values. */
function changed(params: object): string[] {
  return Object.keys(params).filter((key) => key !== 'id' && key !== 'mssp');
}
