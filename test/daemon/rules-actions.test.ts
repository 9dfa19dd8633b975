import { join } from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import type { AuditFields } from '../../src/audit/record.js';
import { AVAILABLE_SIEM } from '../../src/config/available.js';
import { parseConfig } from '../../src/config/schema.js';
import type { Config } from '../../src/config/schema.js';
import type { CallContext } from '../../src/control/method.js';
import type { RulesActions } from '../../src/control/methods/rules.js';
import { createDetectionCounts } from '../../src/daemon/detection-counts.js';
import type { Generation } from '../../src/daemon/generation.js';
import { judgementOf } from '../../src/daemon/judgement.js';
import { blanketWarnings, suppressionWarnings, unknownRule } from '../../src/daemon/rule-names.js';
import { createRulesActions } from '../../src/daemon/rules-actions.js';
import { openSuppressions } from '../../src/daemon/suppressions.js';
import { RaxedError } from '../../src/errors.js';
import { jsonStore } from '../../src/platform/durable-file.js';
import { parseRulePack } from '../../src/scanner/pack.js';
import { compileRules } from '../../src/scanner/ruleset.js';
import type { Detection } from '../../src/scanner/verdict.js';
import { recordingLogger } from '../fixtures/logger.js';

const NOW = Date.parse('2026-05-01T00:00:00.000Z');
const ruleset = compileRules(['pi-001', 'pi-002', 'hc-001'].flatMap((id) => parseRulePack(`{ rule_id: ${id}, family: PI, name: n, severity: low, patterns: [a] }`, 'x')));
const CALLER = { caller: { socket: 'control', uid: () => Promise.resolve(1000) } } as unknown as CallContext;

function configOf(json: object): Config {
  return parseConfig(json, { folder: '/', isCron: () => true, availableSiem: AVAILABLE_SIEM }).config;
}

const config = configOf({
  mssps: [{
    id: 'm', webhook: { url: 'https://soc.example', secret: 's' },
    customers: [
      { id: 'a', threat_at: 'high', block_at: 'never', l2: { enabled: false, threshold: { prompt: 0.9 } }, suppressions: [{ rule: 'hc-*', reason: 'why' }] },
      { id: 'b' },
    ],
  }],
  scanner: { block_at: 'critical', l2: { threshold: 0.7 }, suppressions: [{ rule: 'pi-002', expires: '2026-04-01T00:00:00Z' }, { rule: 'pi-999' }] },
});

async function actions(t: Test): Promise<{ readonly rules: RulesActions; readonly noted: AuditFields[]; readonly counts: ReturnType<typeof createDetectionCounts>; readonly customers: string[] }> {
  const noted: AuditFields[] = [];
  const counts = createDetectionCounts();
  const clock = { now: () => NOW };
  const customers = ['a', 'b'];
  const generation = {
    config, ruleset,
    tenant(msspId: string, customerId: string) {
      if (msspId !== 'm' || !customers.includes(customerId)) throw new RaxedError('CUSTOMER_NOT_FOUND', 'no');
    },
  } as unknown as Generation;
  const rules = createRulesActions({
    generation: () => generation, counts, configFile: '/etc/raxed/config.json', clock,
    suppressions: await openSuppressions({ clock, logger: recordingLogger(), store: jsonStore(join(t.testdir(), 'suppressions.json')) }),
    note: (_kind, fields) => { noted.push(fields); return Promise.resolve(); },
  });
  return { rules, noted, counts, customers };
}

t.test('a rule is suppressed, shown, and reported again, and the audit says who asked', async (t) => {
  const { rules, noted } = await actions(t);
  t.same(await rules.suppress({ id: 'pi-001', mssp: 'm', customer: 'b', reason: 'noise', expires: '7d' }, CALLER), {
    rule: 'pi-001', mssp_id: 'm', customer_id: 'b', reason: 'noise', expires: '2026-05-08T00:00:00.000Z', expired: false, created: '2026-05-01T00:00:00.000Z', managed_by: 'ctl',
  });
  await rules.suppress({ id: 'l2-*' }, CALLER);
  t.same((await rules.suppressions()).suppressions, [
    { rule: 'pi-002', expires: '2026-04-01T00:00:00Z', expired: true, managed_by: 'file' },
    { rule: 'pi-999', expired: false, managed_by: 'file' },
    { rule: 'hc-*', mssp_id: 'm', customer_id: 'a', reason: 'why', expired: false, managed_by: 'file' },
    { rule: 'pi-001', mssp_id: 'm', customer_id: 'b', reason: 'noise', expires: '2026-05-08T00:00:00.000Z', expired: false, created: '2026-05-01T00:00:00.000Z', managed_by: 'ctl' },
    { rule: 'l2-*', expired: false, created: '2026-05-01T00:00:00.000Z', managed_by: 'ctl' },
  ]);
  t.same(await rules.unsuppress({ id: 'pi-001', mssp: 'm', customer: 'b' }, CALLER), { rule: 'pi-001', mssp_id: 'm', customer_id: 'b' });
  t.same(noted, [
    { event: 'rule_suppressed', rule_id: 'pi-001', mssp_id: 'm', customer_id: 'b', requested_over: 'control', requested_by_uid: 1000 },
    { event: 'rule_suppressed', rule_id: 'l2-*', requested_over: 'control', requested_by_uid: 1000 },
    { event: 'rule_unsuppressed', rule_id: 'pi-001', mssp_id: 'm', customer_id: 'b', requested_over: 'control', requested_by_uid: 1000 },
  ], 'without the reason, which is free text');
});

t.test('the suppression of a customer that the file has no more can still be taken back', async (t) => {
  const { rules, noted, customers } = await actions(t);
  await rules.suppress({ id: 'pi-001', mssp: 'm', customer: 'b' }, CALLER);
  customers.pop();
  t.same(await rules.unsuppress({ id: 'pi-001', mssp: 'm', customer: 'b' }, CALLER), { rule: 'pi-001', mssp_id: 'm', customer_id: 'b' });
  await t.rejects(rules.unsuppress({ id: 'pi-001', mssp: 'm', customer: 'b' }, CALLER), { code: 'CUSTOMER_NOT_FOUND' });
  t.equal(noted.length, 2);
});

t.test('what cannot be suppressed is refused with what was meant', async (t) => {
  const { rules, noted } = await actions(t);
  await t.rejects(rules.suppress({ id: 'pi-01' }, CALLER), { code: 'RULE_NOT_FOUND', message: 'there is no rule of this id; did you mean "pi-001"?' });
  await t.rejects(rules.suppress({ id: 'nothing-like-it' }, CALLER), { code: 'RULE_NOT_FOUND', message: 'there is no rule of this id' });
  await t.rejects(rules.suppress({ id: 'zz-*' }, CALLER), { code: 'RULE_NOT_FOUND', message: 'no rule\'s id begins like this' });
  await t.rejects(rules.suppress({ id: 'pi-001', mssp: 'm' }, CALLER), { code: 'BAD_REQUEST', message: /mssp and customer together/ });
  await t.rejects(rules.suppress({ id: 'pi-001', mssp: 'm', customer: 'c' }, CALLER), { code: 'CUSTOMER_NOT_FOUND' });
  for (const expires of ['yesterday', '0d', '2026-04-01T00:00:00Z']) await t.rejects(rules.suppress({ id: 'pi-001', expires }, CALLER), { code: 'BAD_REQUEST', message: /^\/expires: expected a time to come/ });
  await t.rejects(rules.unsuppress({ id: 'pi-001' }, CALLER), { code: 'RULE_NOT_FOUND', message: /^for all customers no suppression/ });
  await t.rejects(rules.unsuppress({ id: 'pi-001', mssp: 'm', customer: 'b' }, CALLER), { code: 'RULE_NOT_FOUND', message: /^for this customer/ });
  await t.rejects(rules.unsuppress({ id: 'pi-002' }, CALLER), { code: 'MANAGED_BY_FILE', message: /\/etc\/raxed\/config\.json/ });
  await t.rejects(rules.unsuppress({ id: 'hc-*', mssp: 'm', customer: 'a' }, CALLER), { code: 'MANAGED_BY_FILE' });
  t.same(noted, []);
});

t.test('every detection can be suppressed, also one that no rule makes', (t) => {
  for (const id of ['pi-001', 'pi-*', 'h*', '*', 'enc-base64', 'enc-*', 'l2-jailbreak', 'l2-*', 'scan-incomplete']) t.equal(unknownRule(id, ruleset), undefined, id);
  t.same(suppressionWarnings({ config, ruleset }), ['/scanner/suppressions/1/rule: there is no rule of this id']);
  t.end();
});

t.test('that nothing is reported any more is a warning, for as long as it lasts', (t) => {
  const customer = { msspId: 'm', customerId: 'a' };
  t.same(blanketWarnings([{ rule: '*', createdMs: 0 }, { rule: '*', customer, until: 10, createdMs: 0 }, { rule: 'pi-*', createdMs: 0 }], 9), [
    'every rule is suppressed for all customers: no threat is reported; see raxed ctl rules suppressions',
    'every rule is suppressed for customer a of m: no threat is reported; see raxed ctl rules suppressions',
  ]);
  t.same(blanketWarnings([{ rule: '*', customer, until: 10, createdMs: 0 }], 10), []);
  t.end();
});

t.test('what fires is counted by rule, family and severity', async (t) => {
  const { rules, counts } = await actions(t);
  const detection = (rule_id: string, more: Partial<Detection> = {}): Detection => ({ rule_id, name: 'n', family: 'PI', severity: 'high', confidence: 1, source: 'prompt', span: [0, 1], layer: 'l1', ...more });
  const clean = { detections: [], threat_detected: false, l2: { enabled: true, hit: false }, scan_duration_ms: 0.04 };
  counts.record(clean);
  counts.record({ ...clean, threat_detected: true, l2: { enabled: true, hit: true }, scan_duration_ms: 3, detections: [detection('pi-001'), detection('pi-001', { source: 'rag_context' }), detection('l2-jailbreak', { family: 'JB', layer: 'l2' })] });
  counts.record({ ...clean, detections: [detection('pi-001', { severity: 'low' })], incomplete: true, scan_duration_ms: 20_000 });
  counts.recordFailure();
  t.same(counts.detections(), { total: 4, by_family: { PI: 3, JB: 1 }, by_severity: { high: 3, low: 1 }, by_rule: { 'pi-001': 3, 'l2-jailbreak': 1 } });
  t.same(counts.troubles(), { incomplete: 1, failed: 1 });
  t.same([counts.threats('PI', 'high'), counts.threats('PI', 'low'), counts.threats('JB', 'high')], [1, 0, 0], 'a scan once, and only if it is a threat');
  t.equal(counts.modelHits(), 1);
  const { bounds, counts: buckets, sum } = counts.seconds();
  t.same(buckets.flatMap((count, index) => (count === 0 ? [] : [[bounds[index], count]])), [[0.000_05, 1], [0.005, 1], [undefined, 1]]);
  t.ok(Math.abs(sum - 20.003_04) < 1e-9);
  t.match(await rules.list(), { engine: 'js', rules: [{ id: 'pi-001', hits: 3 }, { id: 'pi-002', hits: 0 }, { id: 'hc-001', hits: 0 }] });
});

t.test('a customer is judged by its own limits, and else by the scanner\'s', (t) => {
  const [a, b] = config.mssps[0]?.customers ?? [];
  const general = [{ rule: 'pi-002', until: Date.parse('2026-04-01T00:00:00Z') }, { rule: 'pi-999' }];
  t.same(judgementOf(config), { threatAt: 'medium', blockAt: 'critical', scanResponses: false, suppressions: general, l2: { enabled: true, threshold: 0.7 } });
  t.same(judgementOf(config, b), judgementOf(config));
  t.same(judgementOf(config, a), { threatAt: 'high', blockAt: null, scanResponses: false, suppressions: [...general, { rule: 'hc-*' }], l2: { enabled: false, threshold: { prompt: 0.9 } } });
  t.end();
});
