import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { changedPaths } from '../../src/config/changes.js';

const CANARY = 'canary-7f3a';
const before = {
  spool: { max_bytes: 1, when_full: 'reject' }, agent: null, headers: ['a', 'b'],
  mssps: [{ id: 'm1', webhook: { url: 'https://a', secret: CANARY }, customers: [{ id: 'c1', siem: [{ name: 'splunk', token: CANARY }] }, { id: 'c2' }] }],
};

t.test('what differs is named by its path, entries of a list by their id or name', (t) => {
  const [mssp] = before.mssps;
  t.same(changedPaths(before, {
    ...before, spool: { max_bytes: 2, when_full: 'reject' }, agent: { id: CANARY }, headers: ['b', 'a'],
    mssps: [{ id: 'm2' }, { ...mssp, webhook: { url: 'https://a', secret: { file: CANARY } }, customers: [{ id: 'c3' }, { id: 'c1', siem: [{ name: 'splunk', token: `${CANARY}2` }] }] }],
  }), [
    '/spool/max_bytes', '/agent', '/headers', '/mssps/m1/webhook/secret', '/mssps/m1/customers/c1/siem/splunk/token', '/mssps/m1/customers/c2', '/mssps/m1/customers/c3', '/mssps/m2',
  ]);
  t.same(changedPaths(before, structuredClone(before)), []);
  t.end();
});

t.test('no value is ever named, and nothing that differs is left out', (t) => {
  const leaf = fc.constantFrom<unknown>(`${CANARY}1`, `${CANARY}2`, null, 7, [CANARY], [{ name: 'n', [`x`]: CANARY }], { id: 'i', url: CANARY });
  const config = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof(leaf, fc.dictionary(fc.constantFrom('d', 'e'), leaf)));
  fc.assert(fc.property(config, config, (one, other) => {
    const paths = changedPaths(one, other);
    assert.ok(!paths.join().includes(CANARY));
    assert.equal(paths.length === 0, JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)));
    assert.deepEqual([...changedPaths(other, one)].sort(), [...paths].sort());
  }));
  t.end();
});

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}
