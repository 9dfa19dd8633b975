import { mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createAuditActions } from '../../src/daemon/audit-actions.js';
import { auditKeyFile } from '../../src/audit/key.js';
import { createAuditMethods } from '../../src/control/methods/audit.js';
import { createControlServer } from '../../src/control/server.js';
import { nodeClock } from '../../src/platform/node.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import { capturedIo, from } from '../cli/captured-io.js';
import { UNSAFE, raxed } from '../cli/fake-daemon.js';
import { post } from '../fixtures/daemon.js';
import { silentLogger } from '../fixtures/logger.js';
import { shortFolder } from '../fixtures/short-folder.js';
import { DAY, OUTCOME, audit, filesOf, linesOf, open, rawLines, type Opened } from './log-folder.js';

interface Site extends Opened { readonly socket: string }

/** An open audit log, and the methods for it on a control socket. */
async function serve(t: Test, options: { maxFileBytes?: number } = {}): Promise<Site> {
  const opened = await open(t, audit(t), options);
  const { log, folder, clock } = opened;
  const socket = join(shortFolder(t), 'control.sock');
  const server = await createControlServer({
    listeners: [{ path: socket, scope: 'control', mode: 0o600 }],
    methods: createAuditMethods(createAuditActions({ audit: log, folder, keyFile: auditKeyFile(folder), files: nodeSpoolFiles, clock })),
    probes: { ready: () => Promise.resolve({ ready: true }) }, limits: () => ({ maxTextBytes: 1_000_000 }),
  }, { clock: nodeClock, logger: silentLogger });
  t.teardown(() => server.close(0));
  return { ...opened, socket };
}

/** One file a day, the last of them today. */
async function days(site: Site, count: number): Promise<void> {
  for (let day = 0; day < count; day++) {
    if (day > 0) await site.clock.advance(DAY);
    await site.log.outcome({ ...OUTCOME, eventId: `evt_${day}` });
  }
}

t.test('T12: the audit record of a delivery has an id, the event and where it went, in one JSON line', async (t) => {
  const { log, folder, socket } = await serve(t);
  await log.outcome({ ...OUTCOME, deliveryStatus: 'dead', httpStatus: 400, attempts: 3, errorMessage: 'answered 400\nwith a line end' });
  const { body } = await post(socket, '/v1/audit/recent', {});
  const expected = {
    audit_id: /^aud_[0-9A-HJKMNP-TV-Z]{26}$/, timestamp: '2026-01-30T10:30:00.000Z', kind: 'delivery', mssp_id: 'mssp_a', customer_id: 'cust_b', event_id: OUTCOME.eventId,
    destination: 'webhook', destination_url: 'https://soc.example', data_mode: 'full', data_fields_sent: ['prompt'], delivery_status: 'dead', http_status_code: 400, attempts: 3,
    error_message: 'answered 400\nwith a line end', prev_hash: /^[0-9a-f]{64}$/, hash: /^[0-9a-f]{64}$/,
  };
  t.match(body, { records: [expected], damaged: 0 });
  const lines = rawLines(folder, filesOf(folder)[0] ?? '');
  t.equal(lines.length, 2, 'an anchor and one line');
  t.match(JSON.parse(lines[1] ?? ''), expected);
});

t.test('T13: an audit cleanup of 90 days removes what is older, and today\'s stays', async (t) => {
  const site = await serve(t);
  const { log, folder, clock, socket } = site;
  log.reconfigure({ maxFileBytes: 1_000_000, maxBytes: 1_000_000, retentionDays: 3650 });
  await days(site, 2);
  await clock.advance(90 * DAY);
  await log.outcome(OUTCOME);
  const names = filesOf(folder);
  t.equal(names.length, 3);
  const dryRun = await post(socket, '/v1/audit/cleanup', { retention_days: 90, dry_run: true });
  t.same(dryRun.body, { removed: [names[0]], kept: 2, dry_run: true });
  t.same(filesOf(folder), names, 'nothing went');
  t.same((await post(socket, '/v1/audit/cleanup', { retention_days: 90 })).body, { removed: [names[0]], kept: 2, dry_run: false });
  t.same(filesOf(folder), names.slice(1));
  t.match(linesOf(folder).at(-1), { kind: 'audit', action: 'removed', removed_files: 1, first_file: names[0], requested_over: 'control' }, 'and the log says so, and who wanted it');
  t.same((await post(socket, '/v1/audit/cleanup', { retention_days: 0 })).body, { removed: [names[1]], kept: 1, dry_run: false });
  t.match((await post(socket, '/v1/audit/verify', {})).body, { ok: true, files: 1, signatures_checked: true });
});

t.test('the methods answer what the log holds, and refuse what they do not know', async (t) => {
  const { log, clock, socket } = await serve(t);
  for (const deliveryStatus of ['success', 'failed', 'circuit_open'] as const) await log.outcome({ ...OUTCOME, deliveryStatus });
  await log.event('config', { event: 'reloaded' });
  const bytes = log.stats().bytes;
  const at = '2026-01-30T10:30:00.000Z';
  t.same((await post(socket, '/v1/audit/stats', {})).body, {
    total_deliveries: 2, successful: 1, failed: 1, by_status: { success: 1, failed: 1, circuit_open: 1 }, other_records: 1, damaged: 0, first: at, last: at, files: 1, bytes,
  });
  t.match((await post(socket, '/v1/audit/stats', { mssp: 'mssp_none' })).body, { total_deliveries: 0, other_records: 0 });
  await clock.advance(2 * DAY);
  t.match((await post(socket, '/v1/audit/stats', { days: 1 })).body, { total_deliveries: 0, files: 0, bytes: 0 });
  t.match((await post(socket, '/v1/audit/recent', { limit: 2, kind: 'delivery' })).body, { records: [{ delivery_status: 'circuit_open' }, { delivery_status: 'failed' }] });
  t.same((await post(socket, '/v1/audit/verify', {})).body, { ok: true, files: 1, lines: 5, unsigned_lines: 0, signatures_checked: true });

  const refused: [string, object, string][] = [
    ['stats', { days: 0 }, '/days'], ['stats', { days: 1.5 }, '/days'], ['stats', { days: 3651 }, '/days'], ['stats', { mssp: '../x' }, '/mssp'], ['stats', { day: 1 }, 'did you mean "days"'],
    ['recent', { limit: 0 }, '/limit'], ['recent', { limit: 1001 }, '/limit'], ['recent', { limit: '10' }, '/limit'], ['recent', { kind: 'anchor' }, '/kind'],
    ['verify', { folder: '/etc' }, 'unknown field'], ['cleanup', { retention_days: -1 }, '/retention_days'], ['cleanup', { dry_run: 1 }, '/dry_run'],
  ];
  for (const [method, params, part] of refused) {
    const { status, body } = await post(socket, `/v1/audit/${method}`, params);
    t.equal(status, 400, `${method} ${JSON.stringify(params)}`);
    t.ok(JSON.stringify(body).replaceAll('\\"', '"').includes(part), JSON.stringify(body));
  }
});

t.test('reading the log whole is done for one caller at a time, and all get their answers', async (t) => {
  const { log, socket } = await serve(t, { maxFileBytes: 100_000 });
  await Promise.all(Array.from({ length: 2000 }, () => log.outcome(OUTCOME)));
  const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => post(socket, i % 2 === 0 ? '/v1/audit/verify' : '/v1/audit/stats', {})));
  for (const [i, { status, body }] of answers.entries()) t.match({ status, body }, i % 2 === 0 ? { status: 200, body: { ok: true } } : { status: 200, body: { total_deliveries: 2000 } });
});

t.test('a log that cannot be read is an error of the disk, and the next caller is not held up by it', async (t) => {
  const { log, folder, socket } = await serve(t);
  await log.outcome(OUTCOME);
  const name = filesOf(folder)[0] ?? '';
  const bytes = readFileSync(join(folder, name));
  rmSync(join(folder, name));
  mkdirSync(join(folder, name));
  t.match(await post(socket, '/v1/audit/verify', {}), { status: 200, body: { ok: false, first_bad: { file: name, problem: 'it is no regular file' } } });
  for (const method of ['stats', 'recent']) t.match(await post(socket, `/v1/audit/${method}`, {}), { status: 503, body: { error: { code: 'AUDIT_IO', message: 'the audit log cannot be read (EISDIR)' } } }, method);
  rmdirSync(join(folder, name));
  writeFileSync(join(folder, name), bytes);
  t.match(await post(socket, '/v1/audit/stats', {}), { status: 200 });
});

t.test('ctl audit stats shows aligned pairs', async (t) => {
  const { log, socket } = await serve(t);
  for (const deliveryStatus of ['success', 'success', 'dead'] as const) await log.outcome({ ...OUTCOME, deliveryStatus });
  const { code, out, err } = await raxed(['ctl', 'audit', 'stats', '--socket', socket]);
  t.equal(code, 0, err);
  t.match(out, /^Deliveries {5}3\nSuccessful {5}2\nFailed {9}1\n {2}dead {9}1\nOther records {2}0\nFirst {10}2026-01-30T10:30:00\.000Z\nLast .*\nRead {11}1 file, \d.*B\n$/);
  const json = await raxed(['audit', 'stats', '--socket', socket, '--json', '--days', '3', '--mssp', 'mssp_a', '--customer', 'cust_b']);
  t.match(JSON.parse(json.out), { total_deliveries: 3, by_status: { success: 2, dead: 1 } });
  t.match(await raxed(['ctl', 'audit', 'stats', '--socket', socket, '--days', 'x']), { code: 2, err: /days/ });
});

t.test('ctl audit recent shows a table, newest first, with nothing in it that acts on a terminal', async (t) => {
  const { log, socket } = await serve(t);
  t.match(await raxed(['ctl', 'audit', 'recent', '--socket', socket]), { code: 0, out: 'There is no record.\n' });
  await log.outcome(OUTCOME);
  await log.outcome({ ...OUTCOME, deliveryStatus: 'failed', httpStatus: 503, errorMessage: 'answered \u001b[31m503\u202e\nx' });
  await log.event('spool', { event: 'expired', mssp_id: 'mssp_a', customer_id: 'cust_b', count: 12, destination: 'siem\u0007' });
  const { out } = await raxed(['ctl', 'audit', 'recent', '--socket', socket]);
  t.notMatch(out.replaceAll('\n', ''), UNSAFE);
  const lines = out.trimEnd().split('\n');
  t.equal(lines.length, 4);
  t.match(lines[0], /^TIME +KIND +CUSTOMER +WHAT +DETAILS$/);
  t.match(lines[1], /^2026-01-30T10:30:00\.000Z {2}spool {5}mssp_a\/cust_b {2}expired +count=12 destination=siem\\u0007$/);
  t.match(lines[2], /delivery {2}mssp_a\/cust_b {2}✗ webhook failed 503 {3}evt_01HZX3GZ7N9Q4M8T2V6B5C1D0E answered \\u001b\[31m503\\u202e\\u000ax$/);
  t.match(lines[3], /✓ webhook success 200 {2}evt_/);
  t.equal((await raxed(['ctl', 'audit', 'recent', '--socket', socket, '--limit', '1'])).out.trimEnd().split('\n').length, 2);
  t.match(JSON.parse((await raxed(['ctl', 'audit', 'recent', '--socket', socket, '--kind', 'spool', '--json'])).out), { records: [{ event: 'expired' }] });
  t.match(await raxed(['ctl', 'audit', 'recent', '--socket', socket, '--kind', 'anchor']), { code: 2 });
  t.match(await raxed(['ctl', 'audit', 'recent', '--socket', socket, '--limit', '1001']), { code: 2, err: /limit/ });
});

t.test('ctl audit verify exits 0 when the chain is whole, and 4 with the first bad line when not', async (t) => {
  const { log, folder, socket } = await serve(t, { maxFileBytes: 2500 });
  for (let i = 0; i < 8; i++) await log.outcome(OUTCOME);
  const verify = (...options: string[]): ReturnType<typeof raxed> => raxed(['ctl', 'audit', 'verify', '--socket', socket, ...options]);
  t.same(await verify(), { code: 0, out: `✓ ${log.stats().lines} lines in ${filesOf(folder).length} files: the chain is whole\n`, err: '' });
  const name = filesOf(folder)[1] ?? '';
  const bytes = readFileSync(join(folder, name));
  writeFileSync(join(folder, name), bytes.toString().replace('success', 'failure'));
  const before = rawLines(folder, filesOf(folder)[0] ?? '').length + 1;
  const { code, out, err } = await verify();
  t.equal(code, 4);
  t.equal(out, `✗ ${name}:2: the line was changed or is damaged (altered)\n  ${before} lines before it are whole\n`);
  t.match(err, /^raxed: AUDIT_DAMAGED: .*\. Keep a copy/);
  const json = await verify('--json');
  t.equal(json.code, 4);
  t.equal(json.err, '');
  t.match(JSON.parse(json.out), { ok: false, first_bad: { file: name, line: 2, kind: 'altered' } }, 'one document: the verdict');
});

t.test('ctl audit verify --folder needs no daemon, only a copy of the log, and its key for the signatures', async (t) => {
  const folder = audit(t);
  const { log } = await open(t, folder);
  for (let i = 0; i < 3; i++) await log.outcome(OUTCOME);
  await log.close();
  const verify = (...options: string[]): ReturnType<typeof raxed> => raxed(['ctl', 'audit', 'verify', ...options], capturedIo({ cwd: join(folder, '../..') }));
  t.same(await verify('--folder', 'state/audit'), { code: 0, out: '✓ 4 lines in 1 file: the chain is whole\n', err: '' }, 'the key beside it is found');
  const key = join(folder, '../../elsewhere.key');
  writeFileSync(key, readFileSync(auditKeyFile(folder)));
  rmSync(auditKeyFile(folder));
  t.match(await verify('--folder', folder), { code: 0, out: /✓ .*\n! there was no key: signatures were not checked\n/ });
  t.match(await verify('--folder', folder, '--key-file', 'elsewhere.key'), { code: 0, out: '✓ 4 lines in 1 file: the chain is whole\n' });
  writeFileSync(key, `${'0'.repeat(64)}\n`);
  t.match(await verify('--folder', folder, '--key-file', key), { code: 4, out: /^✗ mssp_audit_2026-01-30\.jsonl:1: the anchor's count or signature is wrong/ });
  writeFileSync(key, 'no key');
  t.match(await verify('--folder', folder, '--key-file', key), { code: 2, err: /--key-file: there is no key in it/ });
  t.match(await verify('--folder', folder, '--key-file', 'none'), { code: 2, err: /--key-file/ });
  t.match(await verify('--folder', join(folder, 'none')), { code: 2, err: /--folder cannot be read \(ENOENT\)/ });
  t.match(await verify('--folder', key), { code: 2, err: /--folder takes a folder/ });
  t.match(await verify('--folder', join(folder, '..')), { code: 2, err: /there is no audit log in it/ });
  t.match(await verify('--key-file', key), { code: 2, err: /--key-file goes with --folder/ });
  t.match(await verify('--folder', folder, '--json').then(({ out }) => JSON.parse(out) as object), { ok: true, signatures_checked: false });
});

t.test('ctl audit cleanup removes what the retention does not cover, and asks before it removes more', async (t) => {
  const site = await serve(t);
  const { folder, socket } = site;
  const cleanup = (...options: string[]): ReturnType<typeof raxed> => raxed(['ctl', 'audit', 'cleanup', '--socket', socket, ...options]);
  await days(site, 4);
  const names = filesOf(folder);
  t.match(await cleanup(), { code: 0, out: '✓ nothing to remove, 4 files kept\n' });
  t.match(await cleanup('--retention-days', '90'), { code: 0, out: '✓ nothing to remove, 4 files kept\n' });
  t.match(await cleanup('--retention-days', '2', '--dry-run'), { code: 0, out: `✓ 1 file would go, 3 files would stay\n  ${names[0] ?? ''}\n` });
  t.match(await cleanup('--retention-days', '2'), { code: 2, out: '', err: /^raxed: CONFIRMATION_REQUIRED: there is no terminal to ask on: Remove 1 audit file, some of which the configured retention would keep/ });
  t.equal(filesOf(folder).length, 4);
  const answering = (answer: string): ReturnType<typeof capturedIo> => capturedIo({ tty: true, stdin: Object.assign(from([answer]), { isTTY: true }) });
  t.match(await raxed(['ctl', 'audit', 'cleanup', '--socket', socket, '--retention-days', '2'], answering('n\n')), { code: 2, err: /nothing was changed/ });
  t.match(await raxed(['ctl', 'audit', 'cleanup', '--socket', socket, '--retention-days', '2'], answering('y\n')), { code: 0, out: /Removed 1 file, 3 files kept/ });
  t.match(await cleanup('--retention-days', '0', '--force', '--json').then(({ out }) => JSON.parse(out) as object), { removed: names.slice(1, 3), kept: 1, dry_run: false });
  t.same(filesOf(folder), names.slice(3));
  t.match(await cleanup('--retention-days', '-1', '--force'), { code: 2, err: /retention_days/ });
  t.ok(readdirSync(folder).includes('mssp_audit.head'));
});

t.test('every audit command has help with an example', async (t) => {
  for (const command of ['stats', 'recent', 'verify', 'cleanup']) {
    const { code, out } = await raxed(['ctl', 'audit', command, '--help']);
    t.equal(code, 0);
    t.match(out, new RegExp(`Examples:\\n +raxed ctl audit ${command}`));
  }
});
