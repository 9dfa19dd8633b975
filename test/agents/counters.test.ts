import fc from 'fast-check';
import t from 'tap';
import { createCounters } from '../../src/agents/counters.js';
import { encodeTotals, parseTotals } from '../../src/agents/saved-state.js';
import { clockSkewMs, clockWarnings, heldWarnings, spoolWarnings } from '../../src/agents/warnings.js';

const ACME = { msspId: 'mssp_a', customerId: 'cust_acme' };
const OTHER = { msspId: 'mssp_b', customerId: 'cust_acme' };
const SINCE = Date.parse('2026-01-30T10:30:00Z');

t.test('scans count for the daemon and for their customer, what agents report for the customer only', (t) => {
  const counters = createCounters();
  counters.record(true, ACME);
  counters.record(false, ACME);
  counters.record(true, OTHER);
  counters.record(false);
  counters.add({ scans: 10, threats: 3 }, ACME);
  t.same(counters.totals(), { scans: 4, threats: 2 });
  t.same(counters.ofCustomer(ACME), { scans: 12, threats: 4 });
  t.same(counters.ofCustomer(OTHER), { scans: 1, threats: 1 });
  t.same(counters.ofCustomer({ msspId: 'mssp_a', customerId: 'nobody' }), { scans: 0, threats: 0 });
  counters.removeCustomer(ACME);
  t.same(counters.ofCustomer(ACME), { scans: 0, threats: 0 });
  t.same(counters.totals(), { scans: 4, threats: 2 });
  t.end();
});

t.test('every change is told of, so that it is written', (t) => {
  let changes = 0;
  const counters = createCounters(undefined, () => { changes++; });
  counters.record(true, ACME);
  const taken = counters.take();
  counters.restore(taken);
  counters.add({ scans: 1, threats: 0 }, ACME);
  counters.removeCustomer(ACME);
  t.equal(changes, 5);
  counters.totals();
  counters.ofCustomer(ACME);
  counters.saved();
  counters.take();
  t.equal(changes, 6);
  counters.restore(counters.take());
  t.equal(changes, 6, 'an idle daemon\'s heartbeats write nothing');
  t.end();
});

t.test('counters.json has its pinned form, and counting goes on from it', (t) => {
  const counters = createCounters();
  counters.record(true, ACME);
  counters.record(false, ACME);
  counters.take();
  counters.record(false, OTHER);
  const text = encodeTotals({ sinceMs: SINCE, ...counters.saved() }).join('');
  t.equal(text, '{"version":1,"since":"2026-01-30T10:30:00.000Z","total":{"scans":3,"threats":1},"unreported":{"scans":1,"threats":0},'
    + '"customers":[{"mssp_id":"mssp_a","customer_id":"cust_acme","scans":2,"threats":1},{"mssp_id":"mssp_b","customer_id":"cust_acme","scans":1,"threats":0}]}\n');
  const { state, damaged } = parseTotals(JSON.parse(text), 0);
  t.notOk(damaged);
  t.equal(state.sinceMs, SINCE);
  const again = createCounters(state);
  again.record(true, ACME);
  t.same(again.totals(), { scans: 4, threats: 2 });
  t.same(again.take(), { scans: 2, threats: 1 });
  t.same(again.ofCustomer(ACME), { scans: 3, threats: 2 });
  t.end();
});

t.test('of a damaged counters.json what can be understood is kept', (t) => {
  const none = { sinceMs: 7, total: { scans: 0, threats: 0 }, unreported: { scans: 0, threats: 0 }, customers: [] };
  t.same(parseTotals(undefined, 7), { state: none, damaged: false });
  for (const json of [null, [], {}, { version: 1 }, { version: 2, since: new Date(SINCE).toISOString(), total: none.total, unreported: none.unreported, customers: [] }]) {
    t.same(parseTotals(json, 7), { state: none, damaged: true });
  }
  const good = { version: 1, since: '2026-01-30T10:30:00.000Z', total: { scans: 9, threats: 1 }, unreported: { scans: 1, threats: 1 }, customers: [] };
  const entry = { mssp_id: 'm', customer_id: 'c', scans: 1, threats: 0 };
  t.match(parseTotals({ ...good, customers: [entry, { ...entry, scans: -1 }] }, 7), { state: { total: { scans: 9 }, customers: [{ msspId: 'm', customerId: 'c', scans: 1, threats: 0 }] }, damaged: true });
  t.ok(parseTotals({ ...good, total: { scans: 0.5, threats: 0 } }, 7).damaged);
  fc.assert(fc.property(fc.jsonValue(), (json) => { parseTotals(json, 0); parseTotals({ ...good, customers: [json] }, 0); }));
  t.end();
});

t.test('the spool is warned of above 80 %, a destination while it is held', (t) => {
  t.same(spoolWarnings({ bytes: 800, maxBytes: 1000 }), []);
  t.same(spoolWarnings({ bytes: 819, maxBytes: 1000 }), ['the spool holds 81 % of spool.max_bytes']);
  t.same(spoolWarnings({ bytes: 0, maxBytes: 1000 }), []);
  const destination = (name: string, state: string): { mssp_id: string; customer_id: string; name: string; state: string } => ({ mssp_id: 'm', customer_id: 'c', name, state });
  t.same(heldWarnings(['ok', 'idle', 'retrying', 'circuit_open'].map((state) => destination('webhook', state))), []);
  t.same(heldWarnings([destination('webhook', 'ok'), destination('splunk', 'misconfigured')]), ['destination splunk of m/c is held: a setting is wrong']);
  t.end();
});

t.test('the clock is compared with the receiver\'s at the middle of the request, in whole seconds, and warned of beyond 30 s', (t) => {
  // Asked at 100 s, answered at 104 s: the receiver spoke at about 102 s and said whole seconds.
  t.equal(clockSkewMs({ askedAtMs: 100_000, tookMs: 4000, serverDateMs: 102_000 }), -500);
  t.equal(clockSkewMs({ askedAtMs: 100_000, tookMs: 4000, serverDateMs: 62_000 }), 39_500);
  fc.assert(fc.property(fc.integer({ min: -1e6, max: 1e6 }), fc.integer({ min: 0, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (skew, took, share) => {
    const askedAtMs = SINCE;
    const serverDateMs = Math.floor((askedAtMs + took * share - skew) / 1000) * 1000;
    return Math.abs(clockSkewMs({ askedAtMs, tookMs: took, serverDateMs }) - skew) <= took / 2 + 501;
  }));
  t.same(clockWarnings(undefined), []);
  t.same([...clockWarnings(30_000), ...clockWarnings(-30_000), ...clockWarnings(0)], []);
  t.same(clockWarnings(45_400), ['this machine\'s clock is 45 s ahead of the webhook\'s: signatures may be refused']);
  t.same(clockWarnings(-600_000), ['this machine\'s clock is 600 s behind the webhook\'s: signatures may be refused']);
  t.end();
});
