import type { CustomerActions } from '../../src/control/methods/customer.js';
import { createCustomerMethods } from '../../src/control/methods/customer.js';
import type { MsspActions } from '../../src/control/methods/mssp.js';
import { createMsspMethods } from '../../src/control/methods/mssp.js';
import type { RulesActions } from '../../src/control/methods/rules.js';
import { createRulesMethods } from '../../src/control/methods/rules.js';
import type { ScanActions } from '../../src/control/methods/scan.js';
import { createScanMethods } from '../../src/control/methods/scan.js';
import type { SystemActions } from '../../src/control/methods/system.js';
import { createSystemMethods } from '../../src/control/methods/system.js';
import type { MethodEntry } from '../../src/control/method.js';
import { RaxedError } from '../../src/errors.js';

export interface FakeActions extends ScanActions, SystemActions {
  readonly mssp: MsspActions;
  readonly customer: CustomerActions;
  readonly rules: RulesActions;
}

/** A daemon of canned answers. `scan` of "attack" is a threat. */
export function fakeActions(changes: Partial<FakeActions> = {}): FakeActions {
  return {
    scan: (params) => Promise.resolve(verdictOf(params.prompt?.includes('attack') === true, params.dry_run === true)),
    health: () => Promise.resolve({ status: 'ok' }),
    version: () => Promise.resolve({ version: '0.0.0' }),
    status: () => Promise.resolve({ version: '0.0.0', state: 'ready' }),
    reload: () => Promise.resolve({ reloaded: true }),
    tail: () => () => undefined,
    mssp: {
      list: () => Promise.resolve({ mssps: [{ id: 'mssp_a', name: 'A' }] }),
      show: (id) => (id === 'mssp_a' ? Promise.resolve({ id, name: 'A' }) : Promise.reject(new RaxedError('MSSP_NOT_FOUND', 'there is no such MSSP'))),
      testWebhook: (id, { skipSslVerify }) => Promise.resolve({ mssp_id: id, delivered: true, skip_ssl_verify: skipSslVerify }),
    },
    customer: {
      list: () => Promise.resolve({ customers: [] }),
      show: (mssp, id) => Promise.resolve({ mssp_id: mssp, id }),
    },
    rules: { list: () => Promise.resolve({ engine: 'js', rules: [] }) },
    ...changes,
  };
}

export function fakeMethods(changes: Partial<FakeActions> = {}): MethodEntry[] {
  const actions = fakeActions(changes);
  return [
    ...createScanMethods(actions), ...createSystemMethods(actions), ...createMsspMethods(actions.mssp),
    ...createCustomerMethods(actions.customer), ...createRulesMethods(actions.rules),
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
