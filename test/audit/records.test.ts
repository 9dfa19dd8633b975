import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { recentRecords } from '../../src/audit/recent.js';
import { summarize } from '../../src/audit/summary.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import type { SpoolFiles } from '../../src/ports.js';
import { DAY, MIB, OUTCOME, audit, filesOf, open, rawLines } from './log-folder.js';

t.test('recent records come newest first, across files, and without anchors', async (t) => {
  const { log, folder } = await open(t, audit(t), { maxFileBytes: 2500 });
  for (let i = 0; i < 12; i++) await log.outcome({ ...OUTCOME, eventId: `evt_${i}` });
  await log.event('config', { event: 'reloaded' });
  t.ok(filesOf(folder).length >= 3);
  const { records, damaged } = await recentRecords({ folder, limit: 8 }, nodeSpoolFiles);
  t.same(records.map((record) => record['event_id'] ?? record['event']), ['reloaded', 'evt_11', 'evt_10', 'evt_9', 'evt_8', 'evt_7', 'evt_6', 'evt_5']);
  t.equal(damaged, 0);
  t.match(records[1], { audit_id: /^aud_/, kind: 'delivery', delivery_status: 'success', hash: /^[0-9a-f]{64}$/ }, 'as they are stored');
  const all = await recentRecords({ folder, limit: 1000 }, nodeSpoolFiles);
  t.equal(all.records.length, 13);
  t.notOk(all.records.some(({ kind }) => kind === 'anchor'));
  t.same(await recentRecords({ folder: join(folder, 'none'), limit: 5 }, nodeSpoolFiles), { records: [], damaged: 0 });
});

t.test('recent records can be those of an MSSP, of a customer, or of a kind', async (t) => {
  const { log, folder } = await open(t, audit(t));
  await log.outcome({ ...OUTCOME, eventId: 'a' });
  await log.outcome({ ...OUTCOME, customerId: 'cust_c', eventId: 'b' });
  await log.outcome({ ...OUTCOME, msspId: 'mssp_z', eventId: 'c' });
  await log.event('secret', { event: 'secret_rotated', mssp_id: 'mssp_a' });
  await log.event('spool', { event: 'expired', mssp_id: 'mssp_a', customer_id: 'cust_b', note: '"kind":"config","customer_id":"cust_c"' });
  const found = async (filter: object): Promise<unknown[]> =>
    (await recentRecords({ folder, limit: 100, ...filter }, nodeSpoolFiles)).records.map((record) => record['event_id'] ?? record['event']);
  t.same(await found({}), ['expired', 'secret_rotated', 'c', 'b', 'a']);
  t.same(await found({ msspId: 'mssp_a' }), ['expired', 'secret_rotated', 'b', 'a']);
  t.same(await found({ msspId: 'mssp_a', customerId: 'cust_b' }), ['expired', 'a']);
  t.same(await found({ customerId: 'cust_c' }), ['b'], 'a text that looks like the field is none');
  t.same(await found({ kind: 'delivery' }), ['c', 'b', 'a']);
  t.same(await found({ kind: 'config' }), []);
  t.same(await found({ kind: 'secret', customerId: 'cust_b' }), []);
  t.same(await found({ msspId: 'mssp_' }), [], 'ids are whole');
});

t.test('damaged lines are passed over and counted, an unfinished last one is not', async (t) => {
  const { log, folder } = await open(t, audit(t), { maxFileBytes: 2500 });
  for (let i = 0; i < 10; i++) await log.outcome({ ...OUTCOME, eventId: `evt_${i}` });
  await log.close();
  const [first = '', second = ''] = filesOf(folder);
  const lines = rawLines(folder, second);
  lines[1] = (lines[1] ?? '').replace('success', 'failure');
  lines.splice(2, 0, '', 'no json', '{"audit_id":1}');
  writeFileSync(join(folder, second), `${lines.join('\n')}\n`);
  writeFileSync(join(folder, first), readFileSync(join(folder, first)).subarray(0, -10));
  appendFileSync(join(folder, filesOf(folder).at(-1) ?? ''), '{"audit_id":"aud_unfin');
  const recent = await recentRecords({ folder, limit: 100 }, nodeSpoolFiles);
  t.equal(recent.records.length, 8);
  t.equal(recent.damaged, 5, 'four lines, and one that is cut off at the end of an older file');
  const summary = await summarize({ folder }, nodeSpoolFiles);
  t.match(summary, { deliveries: 8, damaged: 5 });
  t.equal((await recentRecords({ folder, limit: 100, kind: 'delivery' }, nodeSpoolFiles)).damaged, 2, 'with a filter, those that name what is looked for, and the cut one');
});

t.test('a file that is removed meanwhile is passed over', async (t) => {
  const { log, folder, clock } = await open(t, audit(t));
  await log.outcome(OUTCOME);
  await clock.advance(DAY);
  await log.outcome(OUTCOME);
  const [oldest = ''] = filesOf(folder);
  const files: SpoolFiles = { ...nodeSpoolFiles, list: async (path) => { const names = await nodeSpoolFiles.list(path); rmSync(join(folder, oldest), { force: true }); return names; } };
  t.equal((await recentRecords({ folder, limit: 10 }, files)).records.length, 1);
  t.match(await summarize({ folder }, files), { deliveries: 1, files: 1 });
});

t.test('a summary counts outcomes of events, and tells changes of destinations apart', async (t) => {
  const { log, folder, clock } = await open(t, audit(t));
  for (const deliveryStatus of ['success', 'success', 'failed', 'dead', 'expired', 'circuit_open'] as const) await log.outcome({ ...OUTCOME, deliveryStatus });
  await clock.advance(3_600_000);
  await log.event('config', { event: 'reloaded' });
  await log.outcome({ ...OUTCOME, msspId: 'mssp_z' });
  t.same(await summarize({ folder }, nodeSpoolFiles), {
    deliveries: 6, successful: 3, failed: 3, byStatus: { success: 3, failed: 1, dead: 1, expired: 1, circuit_open: 1 }, others: 1, damaged: 0,
    first: '2026-01-30T10:30:00.000Z', last: '2026-01-30T11:30:00.000Z', files: 1, bytes: log.stats().bytes,
  });
  t.match(await summarize({ folder, msspId: 'mssp_z' }, nodeSpoolFiles), { deliveries: 1, others: 0, first: '2026-01-30T11:30:00.000Z' });
  t.match(await summarize({ folder, customerId: 'none' }, nodeSpoolFiles), { deliveries: 0, byStatus: {}, first: undefined, last: undefined });
});

t.test('a summary of some days reads the files of those days only', async (t) => {
  const { log, folder, clock } = await open(t, audit(t));
  for (let day = 0; day < 5; day++) { await log.outcome(OUTCOME); await clock.advance(DAY); }
  const opened: string[] = [];
  const files: SpoolFiles = { ...nodeSpoolFiles, open: (path, mode) => { opened.push(path); return nodeSpoolFiles.open(path, mode); } };
  t.match(await summarize({ folder, since: clock.now() - 2 * DAY }, files), { deliveries: 2, files: 2 });
  t.equal(opened.length, 2);
  t.match(await summarize({ folder, since: clock.now() - 2 * DAY + 1 }, files), { deliveries: 1, files: 2 }, 'to the millisecond');
  t.match(await summarize({ folder, since: clock.now() - 400 * DAY }, files), { deliveries: 5, files: 5 });
});

t.test('the newest records of a large log cost a few reads, and the answer to a closed connection none', async (t) => {
  const { log, folder } = await open(t, audit(t), { maxFileBytes: 16 * MIB });
  await Promise.all(Array.from({ length: 4000 }, () => log.outcome(OUTCOME)));
  let reads = 0;
  const files: SpoolFiles = {
    ...nodeSpoolFiles,
    open: async (path, mode) => { const file = await nodeSpoolFiles.open(path, mode); return { ...file, read: (buffer, position) => { reads++; return file.read(buffer, position); } }; },
  };
  t.equal((await recentRecords({ folder, limit: 10 }, files)).records.length, 10);
  t.equal(reads, 1);
  await t.rejects(recentRecords({ folder, limit: 10, signal: AbortSignal.abort(new Error('gone')) }, files), { message: 'gone' });
  await t.rejects(summarize({ folder, signal: AbortSignal.abort(new Error('gone')) }, files), { message: 'gone' });
  t.equal(reads, 1);
});
