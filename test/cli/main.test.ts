import { execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { Type } from '@sinclair/typebox';
import type { MethodEntry } from '../../src/control/method.js';
import { defineSubscription } from '../../src/control/method.js';
import { ConfigError, RaxedError } from '../../src/errors.js';
import { verdictOf } from '../control/actions.js';
import { shortFolder } from '../fixtures/short-folder.js';
import { capturedIo, from } from './captured-io.js';
import type { Answer, Ran } from './fake-daemon.js';
import { fakeDaemon, raxed, UNSAFE } from './fake-daemon.js';

/** A daemon that answers what most tests need; a scan of "attack" is a threat. */
async function daemon(t: Parameters<typeof fakeDaemon>[0], answers: Readonly<Record<string, Answer>> = {}, others: readonly MethodEntry[] = []): Promise<string> {
  const { socket } = await fakeDaemon(t, {
    health: { status: 'ok' }, status: STATUS, reload: { reloaded: true },
    scan: (params) => verdictOf(String(params['prompt']).includes('attack')),
    'mssp.list': { mssps: [{ id: 'mssp_a', name: 'A' }] },
    'mssp.show': (params) => { if (params['id'] !== 'mssp_a') throw new RaxedError('MSSP_NOT_FOUND', 'there is no such MSSP'); return { id: 'mssp_a', name: 'A' }; },
    'mssp.test-webhook': (params) => ({ mssp_id: params['id'], delivered: true, skip_ssl_verify: params['skip_ssl_verify'] === true }),
    'customer.list': { customers: [] },
    'customer.show': { mssp_id: 'mssp_a', id: 'cust_a' },
    'rules.list': { engine: 'js', rules: [] },
    ...answers,
  }, others);
  return socket;
}

const STATUS = {
  version: '1.2.3', pid: 4711, uptime_seconds: 11_000, state: 'degraded',
  config: { file: '/etc/raxed/config.json', loaded_at: '2026-01-29T10:30:00.000Z', last_error: { message: '/mssps: must be an array', at: '2026-01-29T11:00:00.000Z' }, restart_required: true },
  scanner: { engine: 're2', rules: 64, scans_total: 1_234_567, threats_total: 12, l2: { enabled: false } },
  spool: { state: 'ok', bytes: 1536, max_bytes: 1_073_741_824, pending: 1200, dead: 1, rejected: 3 },
  audit: { state: 'ok', files: 2, bytes: 2048, lines: 9 }, agents: { total: 3, online: 1, degraded: 0, offline: 2 },
  destinations: [
    { mssp_id: 'mssp_a', customer_id: 'cust_a', name: 'webhook', type: 'webhook', url: 'https://soc.example', state: 'ok', pending: 0, oldest_pending_age_seconds: 0, delivered: 12, dead: 0, lossy: false },
    { mssp_id: 'mssp_a', customer_id: 'cust_a', name: 'siem\u001b[31m\u202e', type: 'cef', url: 'syslog://siem.example:514', state: 'circuit_open', pending: 1200, oldest_pending_age_seconds: 3700, delivered: 0, dead: 1, last_error: { message: 'ECONNREFUSED' }, lossy: true },
  ],
  warnings: ['certificate checks are off'],
};

t.test('status shows state, configuration, spool, destinations and warnings', async (t) => {
  const socket = await daemon(t);
  const { code, out, err } = await raxed(['ctl', 'status', '--socket', socket]);
  t.equal(code, 0);
  t.equal(err, '');
  t.match(out, /^raxed 1\.2\.3 {2}✗ degraded {2}up 3h 3m {2}pid 4711\n/);
  for (const part of ['/etc/raxed/config.json', 'the newest version was refused: /mssps: must be an array', 'a restart is required', '64 rules (re2), 1,234,567 scans, 12 threats',
    'ok, 1.5 KiB of 1.0 GiB, 1,200 pending, 1 dead, 3 rejected', '1 online, 0 degraded, 2 offline', 'ok, 2 files, 2.0 KiB', 'mssp_a/cust_a  webhook', '✓ ok', '✗ circuit_open', '1,200', '1h 1m', '(lossy): ECONNREFUSED', '! certificate checks are off']) {
    t.ok(out.includes(part), part);
  }
  t.notMatch(out, UNSAFE, 'control characters from outside are escaped, and without a terminal there is no colour');
  t.ok(out.includes('siem\\u001b[31m\\u202e'), 'visibly');
  const columns = out.split('\n').filter((line) => line.startsWith('mssp_a/')).map((line) => line.search(/[✓✗]/));
  t.equal(new Set(columns).size, 1, 'columns are aligned');
});

t.test('colour only on a terminal, and not with NO_COLOR', async (t) => {
  const socket = await daemon(t);
  t.match((await raxed(['ctl', 'status', '--socket', socket], capturedIo({ tty: true }))).out, /\u001b\[33m✗ degraded\u001b\[0m/);
  t.notMatch((await raxed(['ctl', 'status', '--socket', socket], capturedIo({ tty: true, env: { NO_COLOR: '1' } }))).out, UNSAFE);
  t.match((await raxed(['ctl', 'status', '--socket', socket], capturedIo({ tty: true, env: { NO_COLOR: '' } }))).out, UNSAFE, 'an empty NO_COLOR says nothing');
});

t.test('--json is one JSON document, the method\'s own result', async (t) => {
  const socket = await daemon(t);
  const rows: [string[], object][] = [
    [['ctl', 'status'], STATUS],
    [['ctl', 'health'], { status: 'ok' }],
    [['ctl', 'reload'], { reloaded: true }],
    [['ctl', 'mssp', 'list'], { mssps: [{ id: 'mssp_a', name: 'A' }] }],
    [['mssp', 'list'], { mssps: [{ id: 'mssp_a', name: 'A' }] }],
    [['ctl', 'mssp', 'show', 'mssp_a'], { id: 'mssp_a', name: 'A' }],
    [['ctl', 'mssp', 'test-webhook', 'mssp_a'], { mssp_id: 'mssp_a', delivered: true, skip_ssl_verify: false }],
    [['customer', 'list', '--mssp', 'mssp_a'], { customers: [] }],
    [['ctl', 'customer', 'show', '--mssp', 'mssp_a', 'cust_a'], { mssp_id: 'mssp_a', id: 'cust_a' }],
    [['ctl', 'rules', 'list'], { engine: 'js', rules: [] }],
    [['ctl', 'scan', 'hello'], verdictOf(false)],
  ];
  for (const [argv, expected] of rows) {
    const { code, out, err } = await raxed([...argv, '--json', '--socket', socket]);
    t.equal(code, 0, argv.join(' '));
    t.equal(err, '');
    t.equal(out.split('\n').length, 2);
    t.same(JSON.parse(out), expected);
    const people = await raxed([...argv, '--socket', socket]);
    t.equal(people.code, 0);
    t.ok(people.out.endsWith('\n') && people.out.length > 5, `${argv.join(' ')} says something to people`);
    t.same(await raxed(['ctl', '--socket', socket, '--json', ...(argv[0] === 'ctl' ? argv.slice(1) : argv)]), { code, out, err }, 'options may come before the command\'s name');
  }
});

t.test('RAXE_SKIP_SSL_VERIFY holds for one webhook test', async (t) => {
  const socket = await daemon(t);
  const { out } = await raxed(['mssp', 'test-webhook', 'test_mssp', '--json', '--socket', socket], capturedIo({ env: { RAXE_SKIP_SSL_VERIFY: 'true' } }));
  t.match(JSON.parse(out), { skip_ssl_verify: true });
  const other = await raxed(['mssp', 'test-webhook', 'test_mssp', '--json', '--socket', socket], capturedIo({ env: { RAXE_SKIP_SSL_VERIFY: '1' } }));
  t.match(JSON.parse(other.out), { skip_ssl_verify: false });
});

t.test('a scan through the daemon exits 1 for a threat and carries all that was given', async (t) => {
  const seen: object[] = [];
  const socket = await daemon(t, { scan: (params) => { seen.push(params); return verdictOf(String(params['prompt']).includes('attack')); } });
  const threat = await raxed(['ctl', 'scan', '--socket', socket, '--mssp', 'mssp_a', '--customer', 'cust_a', '--agent', 'agent_1', '--response', 'r', '--system-prompt', 's', '--rag-context', 'c',
    '--tool-calls', '[{"name":"n","args":{}}]', 'an attack']);
  t.equal(threat.code, 1);
  t.match(threat.out, /✗ THREAT {2}critical[\s\S]*pi-001 {2}critical {2}0\.95[\s\S]*prompt 0–6[\s\S]*stored for delivery as evt_/);
  t.same(seen[0], { prompt: 'an attack', response: 'r', system_prompt: 's', rag_context: 'c', tool_calls: [{ name: 'n', args: {} }], entry_point: 'cli', mssp_id: 'mssp_a', customer_id: 'cust_a', agent_id: 'agent_1' });
  const input = await raxed(['scan', '--mssp', 'm', '--customer', 'c', '--socket', socket, '--dry-run', '-'], capturedIo({ stdin: from(['from ', Buffer.from('stdin é').subarray(0, 7), Buffer.from('stdin é').subarray(7)]) }));
  t.equal(input.code, 0);
  t.match(input.out, /✓ clean/);
  t.match(seen[1], { prompt: 'from stdin é', dry_run: true });
  const lone = await raxed(['ctl', 'scan', '--socket', socket, '--', '--looks-like-an-option']);
  t.equal(lone.code, 0);
  t.match(seen[2], { prompt: '--looks-like-an-option' });
  await raxed(['ctl', 'scan', '--socket', socket, '12345']);
  t.match(seen[3], { prompt: '12345' }, 'a number is a text');
});

t.test('ctl scan --explain asks the daemon what its rules say', async (t) => {
  const socket = await daemon(t, {
    scan: { ...verdictOf(true), detections: [{ rule_id: 'own-1', name: 'Own', severity: 'high', confidence: 0.9, family: 'CUSTOM', source: 'prompt', span: [4, 10], layer: 'l1' }] },
    'rules.list': { engine: 'js', rules: [{ id: 'own-1', description: 'Finds attacks.', risk_explanation: 'They hurt.' }] },
  });
  const { code, out } = await raxed(['ctl', 'scan', '--explain', '--socket', socket, 'the attack']);
  t.equal(code, 1);
  t.match(out, /own-1 +Own\n +found +attack +\(prompt\)\n +rule +Finds attacks\.\n +risk +They hurt\.\n +advice +–\n/);
});

t.test('an event that was rejected is said loudly', async (t) => {
  const socket = await daemon(t, { scan: { ...verdictOf(true), delivery: 'rejected' } });
  const { code, out } = await raxed(['ctl', 'scan', '--socket', socket, 'attack']);
  t.equal(code, 1);
  t.match(out, /✗ NOT delivered/);
});

t.test('exit codes and one line on standard error (T17)', async (t) => {
  const folder = shortFolder(t);
  const socket = await daemon(t, {
    reload: () => { throw new ConfigError('CONFIG_INVALID', [{ pointer: '/mssps/0/id', message: 'is required' }]); },
    health: { status: 'ok', ready: false },
    'mssp.test-webhook': () => { throw new RaxedError('DELIVERY_FAILED', 'the webhook did not take it: answered 500'); },
  });
  writeFileSync(join(folder, 'not-a-socket'), '');
  const rows: [string[], number, RegExp][] = [
    [['ctl', 'status', '--socket', join(folder, 'absent.sock')], 5, /DAEMON_UNREACHABLE: no daemon is running here/],
    [['ctl', 'status', '--socket', join(folder, 'not-a-socket')], 5, /DAEMON_UNREACHABLE/],
    [['ctl', 'mssp', 'show', 'nobody', '--socket', socket], 3, /MSSP_NOT_FOUND: there is no such MSSP\. List the MSSPs/],
    [['ctl', 'reload', '--socket', socket], 3, /CONFIG_INVALID: \/mssps\/0\/id: is required\. Correct/],
    [['ctl', 'mssp', 'test-webhook', 'mssp_a', '--socket', socket], 4, /DELIVERY_FAILED/],
    [['ctl', 'status', '--jsn'], 2, /USAGE: there is no option --jsn; did you mean --json\./],
    [['ctl', 'status', 'extra'], 2, /USAGE: there are more words/],
    [['ctl', 'stauts'], 2, /USAGE: raxed ctl has no such command; did you mean status\./],
    [['constructor'], 2, /USAGE: raxed has no such command\./],
    [['ctl'], 2, /USAGE: raxed ctl needs a command: status, /],
    [['ctl', 'mssp', 'show'], 2, /USAGE: give <id>: the MSSP's id\./],
    [['ctl', 'customer', 'list'], 2, /USAGE: give --mssp\./],
    [['ctl', 'status', '--socket'], 2, /USAGE: --socket needs a value/],
    [['ctl', 'status', '--socket='], 2, /USAGE/],
    [['ctl', 'status', '--timeout', 'soon', '--socket', socket], 2, /USAGE: --timeout takes/],
    [['ctl', 'scan', '--socket', socket], 2, /USAGE: there is nothing to scan/],
    [['ctl', 'scan', '--tool-calls', '[{', '--socket', socket], 2, /USAGE: --tool-calls takes JSON/],
    [['scan', '--mssp', 'm', '--customer', 'c', '--jsonl', 'x'], 2, /USAGE: --file and --jsonl/],
    [['scan', 'a', '--jsonl', 'x'], 2, /USAGE: give one of TEXT/],
    [['receiver', '--port', '0', '--certificate-file', join(folder, 'absent/soc.pem')], 2, /USAGE: the file given with --certificate-file cannot be written \(ENOENT\)/],
    [['config', 'check', join(folder, 'absent')], 3, /CONFIG_UNREADABLE: .*absent cannot be read \(ENOENT\)/],
    [['config', 'check', '--config', join(folder, 'absent')], 3, /CONFIG_UNREADABLE: .*absent cannot be read \(ENOENT\)/],
    [['config', 'show', '--config', join(folder, 'absent')], 3, /CONFIG_UNREADABLE: .*absent cannot be read \(ENOENT\)/],
    [['config', 'check', 'a', '--config', 'b'], 2, /USAGE: give the file once: as a word or with --config/],
    [['scan', '--file', join(folder, 'absent')], 2, /BAD_REQUEST: the file cannot be read \(ENOENT\)/],
    [['receiver', '--port', '99999'], 2, /USAGE: --port takes/],
  ];
  for (const [argv, code, message] of rows) {
    const ran = await raxed(argv);
    t.equal(ran.code, code, argv.join(' '));
    t.match(ran.err, /^raxed: [A-Z_]+: [^\n]+\.\n$/);
    t.match(ran.err, message);
    t.equal(ran.out, '');
  }
  t.equal((await raxed(['ctl', 'health', '--socket', socket])).code, 4, 'a data path that does not move');
  const json = await raxed(['ctl', 'reload', '--json', '--socket', socket]);
  t.same(JSON.parse(json.out), { error: { code: 'CONFIG_INVALID', message: '/mssps/0/id: is required' } });
  t.match(json.err, /^raxed: CONFIG_INVALID/);
});

t.test('a daemon that does not answer, or is none, is unreachable', async (t) => {
  const folder = shortFolder(t);
  const path = join(folder, 's');
  let reply: string | undefined;
  const server = createServer((socket) => { socket.on('error', () => undefined); socket.on('data', () => { if (reply !== undefined) socket.end(reply); }); });
  server.listen(path);
  await once(server, 'listening');
  t.teardown(() => { server.close(); });
  const status = (...more: string[]): Promise<Ran> => raxed(['ctl', 'status', '--socket', path, ...more]);
  t.match(await status('--timeout', '100'), { code: 5, err: /did not answer within 100 ms/ });
  t.match(await raxed(['ctl', 'tail', '--socket', path, '--timeout', '100']), { code: 5, err: /did not answer within 100 ms/ });
  const drip = createServer((socket) => { socket.on('error', () => undefined); socket.write('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{'); });
  drip.listen(`${path}.drip`);
  await once(drip, 'listening');
  t.teardown(() => { drip.close(); });
  t.match(await raxed(['ctl', 'status', '--socket', `${path}.drip`, '--timeout', '200']), { code: 5, err: /did not answer within 200 ms/ });
  reply = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello';
  t.match(await status(), { code: 5, err: /is not raxed/ });
  reply = 'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"cut';
  t.match(await status(), { code: 5, err: /DAEMON_UNREACHABLE/ });
  reply = '';
  t.match(await status(), { code: 5, err: /closed the connection without an answer/ });
  reply = 'SSH-2.0-x\r\n\r\n';
  t.match(await status(), { code: 5, err: /DAEMON_UNREACHABLE/ });
  reply = 'HTTP/1.1 500 X\r\ncontent-length: 42\r\n\r\n{"error":{"code":"FUTURE","message":"x\\ny"}}'.slice(0, -1) + '}';
  t.match(await status(), { code: 5 });
  if (process.getuid?.() !== 0) {
    chmodSync(path, 0);
    t.match(await status(), { code: 5, err: /may not use/ });
  }
});

t.test('the socket is RAXED_SOCKET, else where this user\'s daemon has it', async (t) => {
  const socket = await daemon(t);
  t.equal((await raxed(['ctl', 'health'], capturedIo({ env: { RAXED_SOCKET: socket } }))).code, 0);
  const runtime = join(socket, '..', 'rt');
  const absent = await raxed(['ctl', 'health'], capturedIo({ env: { XDG_RUNTIME_DIR: runtime } }));
  t.match(absent, { code: 5 });
  t.ok(absent.err.includes(join(runtime, 'raxed', 'control.sock')), 'the message names the socket');
});

t.test('tail shows events until it is ended, and says when the daemon goes', async (t) => {
  const filters: object[] = [];
  const socket = await daemon(t, {}, [defineSubscription({
    name: 'tail', summary: 'Events.', scope: 'control', params: Type.Object({ type: Type.Optional(Type.String({ pattern: '^[a-z]+$' })) }),
    start: (filter, emit) => { filters.push(filter); queueMicrotask(() => { for (const event of events) emit(event); }); return () => undefined; },
  })]);
  const events = [
    { event_type: 'scan', event_id: 'evt_1', timestamp: '2026-01-29T10:30:00.000Z', payload: { mssp_id: 'mssp_a', customer_id: 'cust_a', threat_detected: true, l1: { highest_severity: 'high', families: ['PI'] } } },
    { event_type: 'heartbeat', event_id: 'evt_2', timestamp: '2026-01-29T10:31:00.000Z', payload: { mssp_id: 'mssp_a', customer_id: 'cust_a', status: 'online\u001b[2J' } },
  ];
  const json = await raxed(['ctl', 'tail', '--json', '--limit', '2', '--socket', socket, '--customer', 'cust_a']);
  t.equal(json.code, 0);
  t.same(json.out.trim().split('\n').map((line) => JSON.parse(line) as unknown), events);
  t.same(filters, [{ customer: 'cust_a' }]);
  const shown = capturedIo({ onOutput: () => { if (shown.out().split('\n').length > 2) shown.interrupt(); } });
  const people = await raxed(['ctl', 'tail', '--socket', socket], shown);
  t.equal(people.code, 0, 'Ctrl-C ends it cleanly');
  t.match(people.out, /scan {2}mssp_a\/cust_a {2}✗ high {2}PI {2}evt_1\n.*heartbeat {2}mssp_a\/cust_a {2}online\\u001b\[2J\n/);
  t.equal((await raxed(['ctl', 'tail', '--type', 'No Such', '--socket', socket])).code, 2);
  t.equal((await raxed(['ctl', 'tail', '--socket', `${socket}.absent`])).code, 5);
  const closed = capturedIo();
  closed.closeOutput();
  t.equal((await raxed(['ctl', 'tail', '--socket', socket], closed)).code, 0, 'a reader that has gone ends it');
  const full = capturedIo();
  full.closeOutput('ENOSPC');
  t.match(await raxed(['ctl', 'tail', '--socket', socket], full), { code: 4, err: /OUTPUT_FAILED: the output could not be written \(ENOSPC\)/ });
});

t.test('help says what there is, on standard output, exit 0', async (t) => {
  for (const [argv, parts] of [
    [[], ['raxed run', 'raxed ctl']],
    [['--help'], ['raxed run', 'raxed receiver', 'raxed mssp']],
    [['ctl', '--help'], ['raxed ctl status', 'raxed ctl tail']],
    [['ctl', 'mssp', '-h'], ['raxed ctl mssp test-webhook']],
    [['ctl', 'customer', 'show', '--help'], ['raxed ctl customer show <id>', '--mssp', '--json', '--socket', '--timeout', 'Examples:', '--mssp mssp_yourcompany']],
    [['scan', '--help'], ['raxed scan [text]', '--jsonl']],
    [['run', '--help'], ['--config']], [['demo', '--help'], ['--once']], [['receiver', '--help'], ['--json-lines']], [['config', 'check', '--help'], ['[file]', '--config']],
  ] as [string[], string[]][]) {
    const { code, out, err } = await raxed(argv);
    t.equal(code, 0, argv.join(' '));
    t.equal(err, '');
    for (const part of parts) t.ok(out.includes(part), part);
    t.notOk(out.split('\n').some((line) => line.length > 110), 'no line is too long');
  }
  t.match(await raxed(['--version']), { code: 0, out: /^\d+\.\d+\.\d+\n$/ });
});

t.test('bin/raxed.js without a build says what to do', (t) => {
  execFile(process.execPath, [join(import.meta.dirname, '../../bin/raxed.js'), '--version'], (error, stdout, stderr) => {
    // With a build it prints the version.
    if (error === null) t.match(stdout, /^\d+\.\d+\.\d+\n$/);
    else t.match(stderr, /npm run build/);
    t.end();
  });
});
