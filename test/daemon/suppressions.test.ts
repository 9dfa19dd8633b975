import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import { expiryOf, openSuppressions } from '../../src/daemon/suppressions.js';
import type { Suppressions } from '../../src/daemon/suppressions.js';
import { jsonStore } from '../../src/platform/durable-file.js';
import { recordingLogger } from '../fixtures/logger.js';

const NOW = Date.parse('2026-05-01T00:00:00.000Z');
const DAY = 86_400_000;
const ACME = { msspId: 'mssp_a', customerId: 'cust_acme' };
const OTHER = { msspId: 'mssp_a', customerId: 'cust_b' };

interface World { readonly file: string; nowMs: number; full: boolean; readonly logger: ReturnType<typeof recordingLogger>; open(): Promise<Suppressions> }

function world(t: Test): World {
  const file = join(t.testdir(), 'suppressions.json');
  const store = jsonStore(file);
  const logger = recordingLogger();
  const made: World = {
    file, logger, nowMs: NOW, full: false,
    open: () => openSuppressions({
      clock: { now: () => made.nowMs }, logger,
      store: { ...store, write: (parts) => (made.full ? Promise.reject(Object.assign(new Error('no'), { code: 'ENOSPC' })) : store.write(parts)) },
    }),
  };
  return made;
}

t.test('a suppression is for one customer or for all, holds at once, and is on disk in this form', async (t) => {
  const at = world(t);
  const suppressions = await at.open();
  t.same(suppressions.of(ACME), []);
  await suppressions.add({ rule: 'pi-001', customer: ACME, reason: 'why', until: NOW + DAY, createdMs: NOW });
  await suppressions.add({ rule: 'hc-*', createdMs: NOW });
  t.match(suppressions.of(ACME), [{ rule: 'pi-001', until: NOW + DAY }, { rule: 'hc-*' }]);
  t.match(suppressions.of(OTHER), [{ rule: 'hc-*' }]);
  t.equal(suppressions.of(OTHER).length, 1);
  t.match(suppressions.of(undefined), [{ rule: 'hc-*' }]);
  t.equal(readFileSync(at.file, 'utf8'), '{"version":1,"suppressions":[{"rule":"pi-001","mssp_id":"mssp_a","customer_id":"cust_acme","reason":"why","expires":"2026-05-02T00:00:00.000Z","created":"2026-05-01T00:00:00.000Z"},{"rule":"hc-*","created":"2026-05-01T00:00:00.000Z"}]}\n');
  t.same((await at.open()).list(), [{ rule: 'pi-001', customer: ACME, reason: 'why', until: NOW + DAY, createdMs: NOW }, { rule: 'hc-*', createdMs: NOW }], 'and after a restart');
});

t.test('the same rule for the same customer again takes the place of the one before', async (t) => {
  const suppressions = await world(t).open();
  await Promise.all([
    suppressions.add({ rule: 'pi-001', customer: ACME, createdMs: 1 }), suppressions.add({ rule: 'pi-001', createdMs: 2 }),
    suppressions.add({ rule: 'pi-001', customer: ACME, createdMs: 3 }), suppressions.add({ rule: 'pi-*', customer: ACME, createdMs: 4 }),
  ]);
  t.same(suppressions.list().map(({ createdMs }) => createdMs), [2, 3, 4]);
  t.equal(await suppressions.remove('pi-001', ACME), true);
  t.equal(await suppressions.remove('pi-001', ACME), false);
  t.same(suppressions.list().map(({ createdMs }) => createdMs), [2, 4]);
  await suppressions.forget(ACME);
  t.same(suppressions.list().map(({ createdMs }) => createdMs), [2], 'those of a customer that is gone');
});

t.test('a daemon keeps a thousand suppressions, and says so of one more', async (t) => {
  const at = world(t);
  const entries = Array.from({ length: 1000 }, (_, n) => ({ rule: `pi-${n}`, created: '2026-05-01T00:00:00.000Z' }));
  writeFileSync(at.file, JSON.stringify({ version: 1, suppressions: entries }));
  const suppressions = await at.open();
  await t.rejects(suppressions.add({ rule: 'jb-1', createdMs: NOW }), { code: 'LIMIT_REACHED', message: 'there are 1000 suppressions already, as many as a daemon keeps' });
  await t.rejects(suppressions.add({ rule: 'pi-1', customer: ACME, createdMs: NOW }), { code: 'LIMIT_REACHED' });
  t.equal(suppressions.list().length, 1000);
  await suppressions.add({ rule: 'pi-1', reason: 'another', createdMs: NOW });
  t.match(suppressions.list().at(-1), { rule: 'pi-1', reason: 'another' }, 'one may take the place of another');
  await suppressions.remove('pi-2', undefined);
  await suppressions.add({ rule: 'jb-1', createdMs: NOW });
  t.equal((await at.open()).list().length, 1000);
});

t.test('what has expired stays to be seen for a week', async (t) => {
  const at = world(t);
  const suppressions = await at.open();
  await suppressions.add({ rule: 'a', until: NOW + 1, createdMs: NOW });
  await suppressions.add({ rule: 'b', createdMs: NOW });
  at.nowMs = NOW + 7 * DAY;
  await suppressions.prune();
  t.equal(suppressions.list().length, 2);
  at.nowMs++;
  await suppressions.prune();
  t.same((await at.open()).list().map(({ rule }) => rule), ['b']);
});

t.test('what the disk does not take does not hold', async (t) => {
  const at = world(t);
  const suppressions = await at.open();
  await suppressions.add({ rule: 'a', createdMs: NOW });
  at.full = true;
  await t.rejects(suppressions.add({ rule: 'b', createdMs: NOW }), { code: 'DISK_FULL' });
  await t.rejects(suppressions.remove('a', undefined), { code: 'DISK_FULL' });
  t.same(suppressions.list().map(({ rule }) => rule), ['a']);
  at.full = false;
  t.equal(await suppressions.remove('a', undefined), true, 'and a failure holds nothing up');
});

t.test('a damaged file is kept aside, and what is understood of it holds', async (t) => {
  const good = { rule: 'pi-001', created: '2026-05-01T00:00:00.000Z' };
  const bad = [{ ...good, rule: '../etc' }, { ...good, created: 'yesterday' }, { ...good, mssp_id: 'mssp_a' }, { ...good, expires: 'soon' }, { rule: 'x' }, null];
  for (const [text, count] of [
    ['{"version":1,"suppressions":[', 0], ['[]', 0], ['{"version":2,"suppressions":[]}', 0], ...bad.map((entry) => [JSON.stringify({ version: 1, suppressions: [entry, good] }), 1] as const),
  ] as const) {
    const at = world(t);
    writeFileSync(at.file, text);
    t.equal((await at.open()).list().length, count, text);
    t.equal(readFileSync(`${at.file}.damaged-1`, 'utf8'), text);
    t.match(at.logger.lines, [{ message: /the list of suppressions was damaged/ }]);
  }
});

t.test('an end is a duration or a time to come', (t) => {
  for (const [text, ms] of [['30m', 1_800_000], ['12h', DAY / 2], ['7d', 7 * DAY], ['2w', 14 * DAY], ['2026-05-02T00:00:00Z', DAY], ['2026-05-01T03:00:00+02:00', 3_600_000]] as const) t.equal(expiryOf(text, NOW), NOW + ms, text);
  for (const text of ['', '7', 'd', '0d', '-1d', '7 d', '7y', '99999d', '2026-05-02', '2026-04-30T00:00:00Z', '2026-02-30T00:00:00Z', 'tomorrow']) t.equal(expiryOf(text, NOW), undefined, text);
  t.end();
});
