import type { CustomerActions, CustomerView } from '../../src/control/methods/customer.js';
import { createCustomerMethods } from '../../src/control/methods/customer.js';
import type { MsspActions, MsspView } from '../../src/control/methods/mssp.js';
import { createMsspMethods } from '../../src/control/methods/mssp.js';
import type { RulesActions } from '../../src/control/methods/rules.js';
import { createRulesMethods } from '../../src/control/methods/rules.js';
import type { ScanActions } from '../../src/control/methods/scan.js';
import { createScanMethods } from '../../src/control/methods/scan.js';
import type { SiemActions } from '../../src/control/methods/siem.js';
import { createSiemMethods } from '../../src/control/methods/siem.js';
import type { SystemActions } from '../../src/control/methods/system.js';
import { createSystemMethods } from '../../src/control/methods/system.js';
import type { CallContext, MethodEntry } from '../../src/control/method.js';
import { RaxedError } from '../../src/errors.js';

export interface FakeActions extends ScanActions, SystemActions {
  readonly mssp: MsspActions;
  readonly customer: CustomerActions;
  readonly siem: SiemActions;
  readonly rules: RulesActions;
}

export const controlContext: CallContext = {
  scope: 'control', caller: { socket: 'control', uid: () => Promise.resolve(0) }, signal: new AbortController().signal,
};

const MSSP: MsspView = { id: 'mssp_a', name: 'A', tier: 'starter', max_customers: null, customer_limit: 10, customers: 1, webhook_url: 'https://soc.example', managed_by: 'ctl' };
const CUSTOMER: CustomerView = {
  mssp_id: 'mssp_a', id: 'cust_a', name: 'A', managed_by: 'ctl', data_mode: 'privacy_safe', data_fields: [],
  retention_days: 30, heartbeat_threshold_seconds: 300, webhook_url: null, threat_at: null, block_at: null, l2: { enabled: null, threshold: null }, siem: [],
};
const COUNTS = { total_agents: 2, online_agents: 1, total_scans: 30, total_threats: 4 };
const AWAY = { pending_events: 3, dead_letters: 0, agents: 2 };
const UNTIL = '2026-01-31T00:00:00.000Z';

/** A daemon of canned answers. `scan` of "attack" is a threat; there is one MSSP, `mssp_a`. */
export function fakeActions(changes: Partial<FakeActions> = {}): FakeActions {
  return {
    scan: (params) => Promise.resolve(verdictOf(params.prompt?.includes('attack') === true, params.dry_run === true)),
    health: () => Promise.resolve({ status: 'ok' }),
    version: () => Promise.resolve({ version: '0.0.0' }),
    status: () => Promise.resolve({ version: '0.0.0', state: 'ready' }),
    bundle: () => Promise.resolve({ versions: { raxed: '0.0.0' }, log: [] }),
    reload: () => Promise.resolve({ reloaded: true }),
    tail: () => () => undefined,
    mssp: {
      create: ({ id, name, tier, max_customers }) => Promise.resolve({ ...MSSP, id, name, tier: tier ?? 'starter', max_customers: max_customers ?? null }),
      configure: ({ id, name }) => Promise.resolve({ ...MSSP, id, name: name ?? MSSP.name }),
      list: () => Promise.resolve({ mssps: [MSSP] }),
      show: (id) => (id === 'mssp_a' ? Promise.resolve(MSSP) : Promise.reject(new RaxedError('MSSP_NOT_FOUND', 'there is no such MSSP'))),
      testWebhook: (id, { skipSslVerify }) => Promise.resolve({ mssp_id: id, delivered: true, skip_ssl_verify: skipSslVerify }),
      rotateSecret: (id, { secret }) => Promise.resolve({ id, generated: secret === undefined, ...(secret === undefined ? { webhook_secret: 'generated' } : {}), previous_secret_until: UNTIL }),
      delete: (id, { dryRun }) => Promise.resolve({ id, deleted: !dryRun, customers: 1, ...AWAY }),
      stats: (id) => Promise.resolve({ mssp_id: id, total_customers: 1, ...COUNTS }),
    },
    customer: {
      create: ({ mssp, id, name }) => Promise.resolve({ ...CUSTOMER, mssp_id: mssp, id, name }),
      configure: ({ mssp, id, name }) => Promise.resolve({ ...CUSTOMER, mssp_id: mssp, id, name: name ?? CUSTOMER.name }),
      list: () => Promise.resolve({ customers: [] }),
      show: (mssp, id) => Promise.resolve({ ...CUSTOMER, mssp_id: mssp, id }),
      delete: ({ msspId, customerId }, { dryRun }) => Promise.resolve({ mssp_id: msspId, id: customerId, deleted: !dryRun, ...AWAY }),
      stats: (mssp, id) => Promise.resolve({ mssp_id: mssp, customer_id: id, ...COUNTS }),
    },
    siem: {
      configure: ({ mssp, id, name, type, url }) => Promise.resolve({ mssp_id: mssp, customer_id: id, siem: { name: name ?? type, type, url }, warnings: [] }),
      show: (mssp, id) => Promise.resolve({ mssp_id: mssp, customer_id: id, siem: [] }),
      test: () => Promise.resolve({ results: [{ name: 'soc', type: 'splunk', url: 'https://splunk.example', delivered: true, http_status: 200, duration_ms: 5 }] }),
      disable: ({ msspId, customerId, name }, { dryRun }) => Promise.resolve({ mssp_id: msspId, customer_id: customerId, name: name ?? 'soc', disabled: !dryRun, pending_events: 0 }),
    },
    rules: {
      list: () => Promise.resolve({ engine: 'js', rules: [] }),
      suppress: ({ id: rule }) => Promise.resolve({ rule, expired: false, managed_by: 'ctl' }),
      unsuppress: ({ id: rule }) => Promise.resolve({ rule }),
      suppressions: () => Promise.resolve({ suppressions: [] }),
    },
    ...changes,
  };
}

export function fakeMethods(changes: Partial<FakeActions> = {}): MethodEntry[] {
  const actions = fakeActions(changes);
  return [
    ...createScanMethods(actions), ...createSystemMethods(actions), ...createMsspMethods(actions.mssp),
    ...createCustomerMethods(actions.customer), ...createSiemMethods(actions.siem), ...createRulesMethods(actions.rules),
  ];
}

export function verdictOf(threat: boolean, dryRun = false): { readonly delivery: 'spooled' | 'none'; readonly [key: string]: unknown } {
  return {
    event_id: 'evt_01J0000000000000000000000A',
    threat_detected: threat,
    action_taken: 'allow',
    highest_severity: threat ? 'critical' : 'none',
    detections: threat ? [{ rule_id: 'pi-001', name: 'Ignore previous instructions', family: 'PI', severity: 'critical', confidence: 0.95, source: 'prompt', span: [0, 6], layer: 'l1' }] : [],
    l1: { hit: threat, duration_ms: 0.1, detection_count: threat ? 1 : 0, highest_severity: threat ? 'critical' : 'none', families: threat ? ['PI'] : [] },
    l2: { enabled: false, hit: false },
    scan_duration_ms: 0.2,
    delivery: threat && !dryRun ? 'spooled' : 'none',
  };
}
