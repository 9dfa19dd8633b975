import t from 'tap';
import type { Configuration } from '../../src/daemon/configuration.js';
import { createRemovals } from '../../src/daemon/removals.js';
import type { Tenants } from '../../src/tenants/tenants.js';
import { NO_TENANTS } from '../../src/tenants/tenants.js';
import { recordingLogger } from '../fixtures/logger.js';

function made(removed: readonly string[], inForce: readonly string[] = []) {
  let tenants: Tenants = { ...NO_TENANTS, removed: removed.map((customer_id) => ({ mssp_id: 'mssp_a', customer_id })) };
  const done: string[] = [];
  const fails = new Set<string>();
  const configuration: Pick<Configuration, 'tenants' | 'record'> = {
    tenants: () => tenants,
    record: async (change) => { if (fails.has('store')) throw new Error('ENOSPC'); tenants = change(tenants); },
  };
  const removals = createRemovals({
    configuration, logger: recordingLogger(),
    spool: { removeStream: async ({ customerId }) => { if (fails.has(customerId)) throw new Error('EIO'); done.push(`stream ${customerId}`); } },
    agents: { removeCustomer: async ({ customerId }) => { done.push(`agents ${customerId}`); } },
    gaps: { forget: ({ customerId }) => { done.push(`gaps ${customerId}`); } },
    suppressions: { forget: async ({ customerId }) => { done.push(`suppressions ${customerId}`); } },
    inForce: ({ customerId }) => inForce.includes(customerId),
  });
  return { removals, done, fails };
}

t.test('what deleted customers had is removed once, and then forgotten', async (t) => {
  const { removals, done } = made(['cust_a', 'cust_b']);
  t.equal(removals.unfinished, true);
  await Promise.all([removals.carryOut(), removals.carryOut()]);
  t.same(done, ['stream cust_a', 'agents cust_a', 'gaps cust_a', 'suppressions cust_a', 'stream cust_b', 'agents cust_b', 'gaps cust_b', 'suppressions cust_b']);
  t.equal(removals.unfinished, false);
});

t.test('what could not be removed is tried again, and holds up no other', async (t) => {
  const { removals, done, fails } = made(['cust_a', 'cust_b']);
  fails.add('cust_a');
  await removals.carryOut();
  t.same(done, ['stream cust_b', 'agents cust_b', 'gaps cust_b', 'suppressions cust_b']);
  t.equal(removals.unfinished, true);
  fails.clear();
  await removals.carryOut();
  t.equal(removals.unfinished, false);
  t.ok(done.includes('stream cust_a'));
});

t.test('a customer that is in force again keeps its own data, even if the store cannot forget the deleted one yet', async (t) => {
  const { removals, done, fails } = made(['cust_a'], ['cust_a']);
  fails.add('store');
  await removals.carryOut();
  t.equal(removals.unfinished, true);
  fails.clear();
  await removals.carryOut();
  t.same(done, []);
  t.equal(removals.unfinished, false);
});
