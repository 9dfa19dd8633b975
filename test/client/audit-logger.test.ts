import { execFile } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { MsspAuditLogger, type AuditLoggerOptions, type LoggedDelivery } from '../../src/client/audit-logger.js';
import { RaxedError } from '../../src/errors.js';
import { filesOf, open, rawLines } from '../audit/log-folder.js';
import { raxed } from '../cli/fake-daemon.js';

const DELIVERY: LoggedDelivery = {
  msspId: 'mssp_a', customerId: 'cust_b', eventId: 'evt_1', dataMode: 'full', dataFieldsSent: ['prompt'],
  deliveryStatus: 'success', httpStatusCode: 200, destinationUrl: 'https://user:pw@soc.example:8443/alerts?token=secret',
};

function logger(t: Pick<Test, 'teardown'>, logDirectory: string, options: Partial<AuditLoggerOptions> = {}): MsspAuditLogger {
  const made = new MsspAuditLogger({ logDirectory, ...options });
  t.teardown(() => made.close());
  return made;
}

function lines(folder: string): Record<string, unknown>[] {
  return filesOf(folder).flatMap((name) => rawLines(folder, name).map((line) => JSON.parse(line) as Record<string, unknown>));
}

t.test('a delivery is one durable line, and the caller gets its id', async (t) => {
  const folder = join(t.testdir({}), 'logs');
  const log = logger(t, folder);
  const id = await log.logDelivery(DELIVERY);
  t.match(id, /^aud_[0-9A-HJKMNP-TV-Z]{26}$/);
  t.match(lines(folder), [{ kind: 'anchor' }, {
    audit_id: id, kind: 'delivery', mssp_id: 'mssp_a', customer_id: 'cust_b', event_id: 'evt_1', destination: 'webhook', destination_url: 'https://soc.example:8443',
    data_mode: 'full', data_fields_sent: ['prompt'], delivery_status: 'success', http_status_code: 200, attempts: 1, prev_hash: /^[0-9a-f]{64}$/, hash: /^[0-9a-f]{64}$/,
  }]);
  t.equal(statSync(folder).mode & 0o777, 0o700);
  t.equal(statSync(join(folder, 'mssp_audit.key')).mode & 0o777, 0o600);
  await log.logDelivery({ ...DELIVERY, dataMode: 'privacy_safe', deliveryStatus: 'failed', httpStatusCode: null, errorMessage: 'timed out', attempts: 3, destination: 'splunk' });
  const [newest, older] = await log.getRecentRecords();
  t.match(newest, { data_mode: 'privacy_safe', data_fields_sent: [], delivery_status: 'failed', error_message: 'timed out', attempts: 3, destination: 'splunk' });
  t.notOk(newest !== undefined && 'http_status_code' in newest);
  t.equal(older?.audit_id, id);
  t.same(await log.getStats(), { total_deliveries: 2, successful: 1, failed: 1 });
  t.same(await log.verify(), { ok: true, files: 1, lines: 3, unsigned_lines: 0, signatures_checked: true });
  t.match(await raxed(['ctl', 'audit', 'verify', '--folder', folder]), { code: 0, out: '✓ 3 lines in 1 file: the chain is whole\n' });
});

t.test('what was not written yet can be asked about', async (t) => {
  const folder = join(t.testdir({}), 'logs');
  const log = logger(t, folder);
  t.same(await log.getStats(), { total_deliveries: 0, successful: 0, failed: 0 });
  t.same(await log.getRecentRecords({ limit: 5 }), []);
  t.match(await log.verify(), { ok: true, lines: 0, signatures_checked: false });
  t.notOk(existsSync(folder), 'and asking makes nothing');
});

t.test('many deliveries at once are all there, in order, and files stay small', async (t) => {
  const folder = t.testdir({});
  const log = logger(t, folder, { maxFileSizeMb: 0.01 });
  const ids = await Promise.all(Array.from({ length: 200 }, (_, i) => log.logDelivery({ ...DELIVERY, eventId: `evt_${i}` })));
  t.equal(new Set(ids).size, 200);
  t.ok(filesOf(folder).length > 5);
  const recent = await log.getRecentRecords({ limit: 200 });
  t.same(recent.map(({ audit_id }) => audit_id), ids.toReversed());
  t.equal((await log.getRecentRecords()).length, 10);
  t.match(await log.verify(), { ok: true });
});

t.test('a logger goes on where the last one ended', async (t) => {
  const folder = t.testdir({});
  const first = logger(t, folder);
  await first.logDelivery(DELIVERY);
  await first.close();
  await first.close();
  await t.rejects(first.logDelivery(DELIVERY), { code: 'STOPPING' });
  t.match(await first.getStats(), { total_deliveries: 1 }, 'reading goes on');
  const second = logger(t, folder);
  await second.logDelivery(DELIVERY);
  t.equal(lines(folder).length, 3);
  t.match(await second.verify(), { ok: true, lines: 3 });
});

t.test('a second logger cannot write to the folder, in this process or another, until the first is closed', async (t) => {
  const folder = t.testdir({});
  const first = logger(t, folder);
  await first.logDelivery(DELIVERY);
  const second = logger(t, folder);
  await t.rejects(second.logDelivery(DELIVERY), { code: 'STATE_LOCKED', message: /another MsspAuditLogger writes to this logDirectory/ });
  await t.rejects(second.cleanupOldLogs({ retentionDays: 1 }), { code: 'STATE_LOCKED' });
  t.match(await second.getStats(), { total_deliveries: 1 }, 'but read it');
  t.match(await second.verify(), { ok: true });

  const program = `
    import { MsspAuditLogger } from ${JSON.stringify(join(import.meta.dirname, '../../src/client/audit-logger.ts'))};
    const log = new MsspAuditLogger({ logDirectory: ${JSON.stringify(folder)} });
    await log.logDelivery(${JSON.stringify(DELIVERY)}).then((id) => { console.log(id); }, (error) => { console.log(error.code); });
  `;
  const other = async (): Promise<string> => (await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { cwd: join(import.meta.dirname, '../..') })).stdout.trim();
  t.equal(await other(), 'STATE_LOCKED');
  await first.close();
  t.match(await other(), /^aud_/, 'a program that ends without closing lets go of it, too');
  await second.logDelivery(DELIVERY);
  t.match(await second.verify(), { ok: true, lines: 4 });
});

t.test('a daemon\'s own log is not written to', async (t) => {
  const folder = join(t.testdir({}), 'state', 'audit');
  const { log } = await open(t, folder);
  await log.event('daemon', { event: 'started' });
  const intruder = logger(t, folder);
  await t.rejects(intruder.logDelivery(DELIVERY), { code: 'STATE_LOCKED', message: /audit log of a daemon/ });
  t.match(await intruder.verify(), { ok: true, lines: 2, signatures_checked: true }, 'but read it');
  await log.event('daemon', { event: 'x' });
  t.match(await intruder.verify(), { ok: true, lines: 3 });
});

t.test('old files go when that is asked for, and only then', async (t) => {
  const folder = t.testdir({});
  const log = logger(t, folder);
  await log.logDelivery(DELIVERY);
  await log.close();
  // As it would lie there after a hundred days.
  const [today = ''] = filesOf(folder);
  renameSync(join(folder, today), join(folder, `mssp_audit_${new Date(Date.now() - 100 * 86_400_000).toISOString().slice(0, 10)}.jsonl`));
  const later = logger(t, folder);
  await later.logDelivery(DELIVERY);
  t.equal(filesOf(folder).length, 2);
  t.equal(await later.cleanupOldLogs({ retentionDays: 365 }), 0);
  t.equal(await later.cleanupOldLogs({ retentionDays: 90 }), 1);
  t.equal(await later.cleanupOldLogs({ retentionDays: 0 }), 0, 'today\'s stays');
  t.match(lines(folder).at(-1), { kind: 'audit', action: 'removed', removed_files: 1 });
  t.match(await later.getStats(), { total_deliveries: 1 });
  t.match(await later.verify(), { ok: true });
});

t.test('a log that was tampered with is said so', async (t) => {
  const folder = t.testdir({});
  const log = logger(t, folder);
  for (let i = 0; i < 3; i++) await log.logDelivery(DELIVERY);
  const name = filesOf(folder)[0] ?? '';
  const bytes = readFileSync(join(folder, name));
  writeFileSync(join(folder, name), bytes.toString().replace('"delivery_status":"success"', '"delivery_status":"failed"'));
  t.match(await log.verify(), { ok: false, first_bad: { file: name, line: 2, kind: 'altered' } });
  t.equal((await log.getRecentRecords()).length, 2, 'and the line is passed over');
  writeFileSync(join(folder, name), bytes);
  t.match(await log.verify(), { ok: true });
});

t.test('bad values are refused by the field\'s name, and no value is repeated', async (t) => {
  const folder = join(t.testdir({}), 'logs');
  const log = logger(t, folder);
  const secret = 'canary secret';
  const bad: [Record<string, unknown>, RegExp][] = [
    [{ msspId: secret }, /^msspId/], [{ customerId: '../x' }, /^customerId/], [{ eventId: undefined }, /^eventId/], [{ eventId: secret }, /^eventId/],
    [{ dataMode: 'half' }, /^dataMode must be one of full, privacy_safe/], [{ dataFieldsSent: [secret] }, /^dataFieldsSent/], [{ dataFieldsSent: 'prompt' }, /^dataFieldsSent/],
    [{ deliveryStatus: 'ok' }, /^deliveryStatus must be one of success/], [{ httpStatusCode: 99 }, /^httpStatusCode/], [{ httpStatusCode: '200' }, /^httpStatusCode/],
    [{ destinationUrl: secret }, /^destinationUrl/], [{ errorMessage: { secret } }, /^errorMessage/], [{ attempts: -1 }, /^attempts/], [{ destination: '' }, /^destination/],
  ];
  for (const [change, message] of bad) {
    const error: unknown = await log.logDelivery({ ...DELIVERY, ...change } as LoggedDelivery).catch((caught: unknown) => caught);
    t.ok(error instanceof RaxedError && error.code === 'BAD_REQUEST', JSON.stringify(change));
    t.match(error, { message });
    t.notMatch(error, { message: secret });
  }
  await t.rejects(log.getRecentRecords({ limit: 0 }), { code: 'BAD_REQUEST', message: /^limit/ });
  await t.rejects(log.cleanupOldLogs({ retentionDays: -1 }), { code: 'BAD_REQUEST', message: /^retentionDays/ });
  await t.rejects(log.cleanupOldLogs({ retentionDays: NaN }), { code: 'BAD_REQUEST', message: /^retentionDays/ });
  for (const options of [{ logDirectory: '' }, { logDirectory: folder, maxFileSizeMb: 0 }, { logDirectory: folder, maxFileSizeMb: NaN }, { logDirectory: folder, maxFileSizeMb: 2000 }]) {
    t.throws(() => new MsspAuditLogger(options), { code: 'BAD_REQUEST' });
  }
  t.notOk(existsSync(folder), 'nothing was made');
});

t.test('a folder that cannot be written is a clear error, and the next call tries again', async (t) => {
  const base = t.testdir({ file: 'x' });
  const folder = join(base, 'file', 'logs');
  const log = logger(t, folder);
  await t.rejects(log.logDelivery(DELIVERY), { code: 'STATE_UNWRITABLE' });
  await t.rejects(log.getStats(), { code: 'AUDIT_IO' });
  rmSync(join(base, 'file'));
  await log.logDelivery(DELIVERY);
  t.match(await log.getStats(), { total_deliveries: 1 });
});
