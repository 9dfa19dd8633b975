import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { DataField, DataMode } from '../../src/event/event.js';
import type { FilteredBytes, FilteredEvent, PrivacyPolicy } from '../../src/event/privacy.js';
import { decodeEvent, encodeEvent } from '../../src/event/privacy.js';
import type { TenantPlan } from '../../src/daemon/generation.js';
import { createPolicies, openPolicyRecord } from '../../src/daemon/policies.js';
import type { PolicyRecord } from '../../src/daemon/policies.js';
import type { Spool, Stream } from '../../src/spool/spool.js';
import { sampleScan } from '../fixtures/events.js';
import { silentLogger } from '../fixtures/logger.js';

const KEY = 'mssp_a/cust_a';

/** Only what policies look at. */
function tenant(dataMode: DataMode, dataFields: DataField[] = []): TenantPlan {
  const policy: PrivacyPolicy = { customerName: 'A', dataMode, dataFields, scanResponses: false };
  return { key: KEY, policy, mssp: { id: 'mssp_a' }, customer: { id: 'cust_a' } } as unknown as TenantPlan;
}

/** A spool of one stream in memory, whose `rewrite` may be made to fail or to wait. */
function disk(records: FilteredBytes[]) {
  const control = { fails: 0, rewrites: 0, before: (): Promise<void> => Promise.resolve() };
  const stream = {
    async rewrite(transform: (payload: FilteredBytes) => FilteredBytes) {
      control.rewrites++;
      await control.before();
      if (control.fails-- > 0) throw new Error('EIO');
      records.forEach((record, index) => { records[index] = transform(record); });
    },
  } as unknown as Stream<FilteredBytes>;
  return { control, spool: { openStream: () => Promise.resolve(stream) } as unknown as Spool<FilteredBytes> };
}

async function make(t: Test, records: FilteredBytes[] = []) {
  const file = join(t.testdir({}), 'policies.json');
  const { control, spool } = disk(records);
  const rewritten: DataMode[] = [];
  const record: PolicyRecord = await openPolicyRecord(file);
  const policies = createPolicies({ record, spool, logger: silentLogger, onRewritten: ({ policy }) => { rewritten.push(policy.dataMode); } });
  const use = async (of: TenantPlan): Promise<boolean> => { (await policies.prepare([of]))(); return policies.enforce(); };
  return { file, control, record, policies, rewritten, use };
}

const full = (): FilteredEvent => sampleScan({ dataMode: 'full', texts: { prompt: 'a canary' } });
const holdsText = (bytes: FilteredBytes): boolean => Buffer.from(bytes).includes('canary');

t.test('a policy made stricter holds at once for what is sent, and for what waits on disk', async (t) => {
  const records = [encodeEvent(full()), Buffer.from('no event') as unknown as FilteredBytes];
  const { policies, rewritten, use } = await make(t, records);
  await use(tenant('full'));
  t.equal(rewritten.length, 0, 'nothing on disk could hold more than everything');
  t.ok(records.some(holdsText));
  const putInForce = await policies.prepare([tenant('privacy_safe')]);
  t.equal(policies.current(KEY)?.dataMode, 'full');
  putInForce();
  t.notMatch(JSON.stringify(policies.narrow(KEY, full())), 'canary');
  t.equal(policies.unfinished, true);
  t.equal(await policies.enforce(), true);
  t.same([policies.unfinished, rewritten], [false, ['privacy_safe']]);
  t.notOk(records.some(holdsText));
  t.match(decodeEvent(records[0] ?? Buffer.alloc(0)), { payload: { _mssp_context: { data_mode: 'privacy_safe' } } });
});

t.test('a new customer with a strict policy is no news, unless something of one waits', async (t) => {
  const fresh = await make(t);
  await fresh.use(tenant('privacy_safe'));
  t.same(fresh.rewritten, []);
  const unknown = await make(t, [encodeEvent(full())]);
  await unknown.use(tenant('privacy_safe'));
  t.same(unknown.rewritten, ['privacy_safe']);
});

t.test('the text of a customer that has gone goes nowhere', async (t) => {
  const { policies, use } = await make(t);
  await use(tenant('full'));
  (await policies.prepare([]))();
  t.notMatch(JSON.stringify(policies.narrow(KEY, full())), 'canary');
});

t.test('a rewrite that fails is owed until it is done, over a restart too', async (t) => {
  const { file, control, policies, rewritten, use } = await make(t);
  await use(tenant('full'));
  control.fails = 2;
  t.equal(await use(tenant('privacy_safe')), false);
  t.equal(policies.unfinished, true);
  t.equal(policies.current(KEY)?.dataMode, 'privacy_safe', 'it is in force all the same');
  t.equal((await openPolicyRecord(file)).mustRewrite(KEY, { dataMode: 'privacy_safe', dataFields: [] }), true);
  t.equal(await policies.enforce(), false);
  t.equal(await policies.enforce(), true);
  t.same([policies.unfinished, rewritten.length], [false, 1]);
  t.equal((await openPolicyRecord(file)).mustRewrite(KEY, { dataMode: 'privacy_safe', dataFields: [] }), false);
});

t.test('what is not on record, or on a damaged one, may have been stored under any policy', async (t) => {
  const file = join(t.testdir({ 'policies.json': '{"mssp_a/cust_a":{"dataMode":"privacy_safe","dataFields":["no such field"]}' }), 'policies.json');
  const record = await openPolicyRecord(file);
  for (const dataFields of [[], ['prompt']] as DataField[][]) t.equal(record.mustRewrite(KEY, { dataMode: 'privacy_safe', dataFields }), true);
  t.equal(record.mustRewrite(KEY, { dataMode: 'full', dataFields: ['prompt'] }), true);
  t.equal(record.mustRewrite(KEY, { dataMode: 'full', dataFields: [] }), false);
});

t.test('a looser policy is on record before it is in force; when that cannot be written, the old one stays', async (t) => {
  const { file, policies, use } = await make(t);
  await use(tenant('privacy_safe'));
  // A folder in the file's place: root may write anywhere else.
  rmSync(file);
  mkdirSync(join(file, 'in the way'), { recursive: true });
  for (let attempt = 0; attempt < 2; attempt++) await t.rejects(policies.prepare([tenant('full')]), 'each time, not only the first');
  t.equal(policies.current(KEY)?.dataMode, 'privacy_safe');
  rmSync(file, { recursive: true });
  await use(tenant('full', ['prompt']));
  t.match(JSON.parse(readFileSync(file, 'utf8')), { [KEY]: { dataMode: 'full', dataFields: ['prompt'] } });
});

t.test('a rewrite that ends when a looser policy has come does not take it off the record', async (t) => {
  const { file, control, policies, use } = await make(t);
  await use(tenant('full'));
  (await policies.prepare([tenant('privacy_safe')]))();
  let goOn = (): void => undefined;
  control.before = () => new Promise((resolve) => { goOn = resolve; });
  const enforced = policies.enforce();
  while (control.rewrites === 0) await new Promise((resolve) => setImmediate(resolve));
  (await policies.prepare([tenant('full')]))();
  goOn();
  await enforced;
  t.equal((await openPolicyRecord(file)).mustRewrite(KEY, { dataMode: 'privacy_safe', dataFields: [] }), true, 'what is stored now holds text');
});
