import t from 'tap';
import type { ActionDeps } from '../../src/daemon/actions.js';
import { createActions } from '../../src/daemon/actions.js';
import { createDetectionCounts } from '../../src/daemon/detection-counts.js';
import type { CallContext } from '../../src/control/method.js';
import { RaxedError } from '../../src/errors.js';
import type { ScanPolicy } from '../../src/scanner/scan.js';
import type { ScanTexts, Verdict } from '../../src/scanner/verdict.js';
import { recordingLogger } from '../fixtures/logger.js';

const TEXT = 'CANARY-text';
const CUSTOMER = { msspId: 'm', customerId: 'a' };
const GENERAL: ScanPolicy = { threatAt: 'medium', blockAt: null, scanResponses: false, suppressions: [{ rule: 'of-the-file' }] };

/** A daemon of one customer whose scanner answers as told. */
function made(answer: () => Verdict) {
  const counts = createDetectionCounts();
  const logger = recordingLogger();
  const policies: ScanPolicy[] = [];
  const tenant = { key: 'm/a', mssp: { id: 'm' }, customer: { id: 'a' }, policy: {}, judgement: { ...GENERAL, threatAt: 'high' } };
  const generation = {
    config: { agent: null, control: { scan_tenants: null }, events: { send: 'threats' } }, judgement: GENERAL, tenant: () => tenant,
    scanner: { scan: (_texts: ScanTexts, policy: ScanPolicy) => { policies.push(policy); return Promise.resolve().then(answer); } },
  };
  const deps = {
    generation: () => generation, counts, logger, suppressions: { of: (customer?: object) => [{ rule: customer === undefined ? 'for-all' : 'for-a' }] },
    spool: { openStream: () => Promise.resolve({}) }, departures: { enter: () => () => undefined }, agents: { record: () => undefined },
    clock: { now: () => 0 }, ulid: () => '0', observe: () => undefined, version: '0', policy: () => undefined,
  } as unknown as ActionDeps;
  const context = { caller: { socket: 'control' }, tenant: undefined } as unknown as CallContext;
  const { scan } = createActions(deps).scan;
  return { counts, logger, policies, scan: (more: object) => scan({ prompt: TEXT, dry_run: true, ...more }, context) };
}

const CLEAN: Verdict = {
  threat_detected: false, action_taken: 'allow', highest_severity: 'none', detections: [],
  l1: { hit: false, duration_ms: 0, detection_count: 0, highest_severity: 'none', families: [] }, l2: { enabled: false, hit: false }, scan_duration_ms: 1234.5,
};

t.test('texts are judged as their customer wants it, and nobody\'s as the scanner\'s settings say', async (t) => {
  const { scan, policies } = made(() => CLEAN);
  await scan({ mssp_id: CUSTOMER.msspId, customer_id: CUSTOMER.customerId });
  await scan({});
  t.match(policies, [{ threatAt: 'high', suppressions: [{ rule: 'of-the-file' }, { rule: 'for-a' }] }, { threatAt: 'medium', suppressions: [{ rule: 'of-the-file' }, { rule: 'for-all' }] }]);
});

t.test('a scan that did not end in time, or failed, is counted and logged, without its text', async (t) => {
  let fails = false;
  const { scan, counts, logger } = made(() => {
    if (fails) throw new RaxedError('SCAN_FAILED', 'the scanner thread ended');
    return { ...CLEAN, incomplete: true };
  });
  t.match(await scan({ mssp_id: 'm', customer_id: 'a' }), { incomplete: true });
  fails = true;
  await t.rejects(scan({}), { code: 'SCAN_FAILED' });
  t.same(counts.troubles(), { incomplete: 1, failed: 1 });
  t.match(logger.lines, [
    { level: 'warn', message: 'a scan did not end in time', fields: { mssp_id: 'm', customer_id: 'a', duration_ms: 1235 } },
    { level: 'error', message: 'a scan failed', fields: { error: { code: 'SCAN_FAILED', message: 'the scanner thread ended' } } },
  ]);
  t.notMatch(JSON.stringify(logger.lines), TEXT);
});
