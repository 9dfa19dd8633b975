import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import type { ControlServer, ControlServerOptions } from '../../src/control/server.js';
import { createControlServer } from '../../src/control/server.js';
import { nodeClock } from '../../src/platform/node.js';
import { createPeerUid, INTERPRETERS } from '../../src/platform/peer.js';
import type { RaxedError } from '../../src/errors.js';
import type { TailFilter } from '../../src/control/methods/tail.js';
import { tailFits } from '../../src/control/methods/tail.js';
import type { RaxedEvent } from '../../src/event/event.js';
import { sampleGap, sampleScan, sampleTest } from '../fixtures/events.js';
import { recordingLogger, silentLogger } from '../fixtures/logger.js';
import { shortFolder } from '../fixtures/short-folder.js';
import type { FakeActions } from './actions.js';
import { fakeMethods, verdictOf } from './actions.js';
import { http, parseAnswer, raw, readToEnd, rpc, until } from './raw-client.js';

type Test = Pick<typeof t, 'teardown'>;
const MAX_TEXT_BYTES = 100_000;

interface Running { readonly control: string; readonly scan: string; readonly server: ControlServer }

async function serve(t: Test, changes: Partial<FakeActions> = {}, options: Partial<ControlServerOptions> = {}, logger = silentLogger): Promise<Running> {
  const folder = join(shortFolder(t), 'run');
  const control = join(folder, 'control.sock');
  const scan = join(folder, 'scan.sock');
  const server = await createControlServer({
    listeners: [{ path: control, scope: 'control', mode: 0o600 }, { path: scan, scope: 'scan', mode: 0o660 }],
    methods: fakeMethods(changes),
    probes: { ready: () => Promise.resolve({ ready: true }) },
    limits: () => ({ maxTextBytes: MAX_TEXT_BYTES }),
    ...options,
  }, { clock: nodeClock, logger });
  t.teardown(() => server.close(0));
  return { control, scan, server };
}

t.test('the sockets have their modes, in a folder with its mode, whatever the umask', async (t) => {
  const before = process.umask(0o000);
  t.teardown(() => { process.umask(before); });
  const { control, scan, server } = await serve(t);
  t.equal(statSync(control).mode & 0o7777, 0o600);
  t.equal(statSync(scan).mode & 0o7777, 0o660);
  t.equal(statSync(join(control, '..')).mode & 0o7777, 0o750);
  t.same(readdirSync(join(control, '..')).sort(), ['control.sock', 'scan.sock'], 'nothing else is left in the folder');
  await server.close(0);
  await server.close(0);
  t.same(readdirSync(join(control, '..')), [], 'the sockets are gone after a stop');
});

t.test('no other process ever sees a socket in its place with a wider mode', async (t) => {
  const folder = shortFolder(t);
  const watcher = spawn(process.execPath, ['-e', `
    const { lstatSync, readdirSync } = require('node:fs'); const seen = new Set(); let looks = 0;
    process.stdin.on('data', () => { process.stdout.write(JSON.stringify({ seen: [...seen], looks })); process.exit(); });
    process.stderr.write('ready');
    (function look() { for (let i = 0; i < 200; i++) { looks++;
      for (const name of readdirSync(${JSON.stringify(folder)})) { try { const s = lstatSync(${JSON.stringify(folder)} + '/' + name);
        seen.add(name.replace(/^\\..*/, 'private') + ' ' + (s.mode & 0o777).toString(8)); } catch {} } } setImmediate(look); })();`], { stdio: ['pipe', 'pipe', 'pipe'] });
  await once(watcher.stderr, 'data');
  const before = process.umask(0o000);
  t.teardown(() => { process.umask(before); });
  for (let i = 0; i < 30; i++) {
    const server = await createControlServer({
      listeners: [{ path: join(folder, 'control.sock'), scope: 'control', mode: 0o600 }, { path: join(folder, 'scan.sock'), scope: 'scan', mode: 0o660 }],
      methods: [], probes: { ready: () => Promise.resolve({ ready: true }) }, limits: () => ({ maxTextBytes: 1 }),
    }, { clock: nodeClock, logger: silentLogger });
    await new Promise((resolve) => setImmediate(resolve));
    await server.close(0);
  }
  watcher.stdin.write('done');
  const [chunk] = await once(watcher.stdout, 'data') as [Buffer];
  const { seen } = JSON.parse(chunk.toString()) as { seen: string[] };
  for (const look of seen) t.ok(['control.sock 600', 'scan.sock 660', 'private 700'].includes(look), look);
});

t.test('the sockets are made inside their folder: nothing beside it is written', async (t) => {
  const folder = join(shortFolder(t), 'run');
  mkdirSync(folder);
  const before = statSync(join(folder, '..'), { bigint: true }).mtimeNs;
  const server = await createControlServer({
    listeners: [{ path: join(folder, 'control.sock'), scope: 'control', mode: 0o600 }],
    methods: [], probes: { ready: () => Promise.resolve({ ready: true }) }, limits: () => ({ maxTextBytes: 1 }),
  }, { clock: nodeClock, logger: silentLogger });
  await server.close(0);
  t.equal(statSync(join(folder, '..'), { bigint: true }).mtimeNs, before);
});

t.test('a socket left by a dead process is replaced, a live one and a file are not touched', async (t) => {
  const folder = shortFolder(t);
  const path = join(folder, 'control.sock');
  const start = (): Promise<ControlServer> => createControlServer({
    listeners: [{ path: join(folder, 'scan.sock'), scope: 'scan', mode: 0o660 }, { path, scope: 'control', mode: 0o600 }],
    methods: fakeMethods(), probes: { ready: () => Promise.resolve({ ready: true }) }, limits: () => ({ maxTextBytes: 1000 }),
  }, { clock: nodeClock, logger: silentLogger });

  const child = spawn(process.execPath, ['-e', `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`]);
  await once(child.stdout, 'data');
  await t.rejects(start(), { code: 'SOCKET_IN_USE' }, 'somebody listens there');
  t.notOk(existsSync(join(folder, 'scan.sock')), 'the socket that was already made is removed again');
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.ok(existsSync(path), 'the killed process left its socket behind');
  const server = await start();
  t.equal((await http(path, '/v1/health')).status, 200);
  await t.rejects(start(), { code: 'SOCKET_IN_USE' });
  t.equal((await http(path, '/v1/health')).status, 200, 'the running one is unharmed by the second');
  await server.close(0);

  writeFileSync(path, 'precious');
  await t.rejects(start(), { code: 'SOCKET_IN_USE' });
  t.equal(statSync(path).size, 8);
});

t.test('a daemon that stops does not remove the socket of its successor', async (t) => {
  const folder = shortFolder(t);
  const path = join(folder, 'control.sock');
  const options = { listeners: [{ path, scope: 'control' as const, mode: 0o600 }], methods: fakeMethods(), probes: { ready: () => Promise.resolve({ ready: true }) }, limits: () => ({ maxTextBytes: 1000 }) };
  const first = await createControlServer(options, { clock: nodeClock, logger: silentLogger });
  const { unlinkSync } = await import('node:fs');
  unlinkSync(path);
  const second = await createControlServer(options, { clock: nodeClock, logger: silentLogger });
  await first.close(0);
  t.equal((await http(path, '/v1/health')).status, 200);
  await second.close(0);
});

t.test('a path that Linux would cut is refused, an unusable folder too', async (t) => {
  const folder = shortFolder(t);
  const start = (path: string, logger = silentLogger): Promise<ControlServer> => createControlServer({
    listeners: [{ path, scope: 'control', mode: 0o600 }], methods: [], probes: { ready: () => Promise.resolve({ ready: true }) }, limits: () => ({ maxTextBytes: 1 }),
  }, { clock: nodeClock, logger });
  const ofLength = (bytes: number): string => join(folder, 'x'.repeat(bytes - Buffer.byteLength(folder) - 1));
  await t.rejects(start(ofLength(108)), { code: 'SOCKET_PATH_TOO_LONG' });
  await t.rejects(start(join(folder, 'ü'.repeat(50))), { code: 'SOCKET_PATH_TOO_LONG' }, 'bytes count, not characters');
  const server = await start(ofLength(107));
  t.ok(statSync(ofLength(107)).isSocket());
  await server.close(0);

  writeFileSync(join(folder, 'file'), '');
  await t.rejects(start(join(folder, 'file', 'control.sock')), { code: 'STATE_UNWRITABLE' });

  const open = join(folder, 'open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  const logger = recordingLogger();
  await (await start(join(open, 'c'), logger)).close(0);
  t.match(logger.lines[0]?.message, /written by others/);
  t.equal(statSync(open).mode & 0o777, 0o777, 'a folder of somebody else keeps its mode');
});

t.test('methods are reached by POST, health by GET', async (t) => {
  const { control, scan } = await serve(t);
  const answer = await http(control, '/v1/scan', { body: '{"prompt":"an attack"}' });
  t.equal(answer.status, 200);
  t.match(answer.body, { threat_detected: true, delivery: 'spooled' });
  t.match(answer.headers, /content-type: application\/json/);
  t.match((await http(control, '/v1/mssp/test-webhook', { body: '{"id":"mssp_a","skip_ssl_verify":true}' })).body, { delivered: true, skip_ssl_verify: true });
  t.equal((await http(control, '/v1/health')).status, 200, 'an empty body is no parameters');
  t.same((await http(scan, '/healthz', { method: 'GET' })).body, { status: 'ok' });
  t.same((await http(scan, '/readyz', { method: 'GET' })).body, { ready: true });
  t.equal((await http(scan, '/v1/scan', { body: '{"prompt":"x"}' })).status, 200);
  t.equal((await http(control, '/v1/scan?x=1', { body: '{"prompt":"x"}', headers: 'content-type: application/x-www-form-urlencoded\r\n' })).status, 200, 'as plain curl -d sends it');
});

t.test('what is not ready says 503', async (t) => {
  const { scan } = await serve(t, {}, { probes: { ready: () => Promise.resolve({ ready: false, reason: 'spool' }) } });
  const answer = await http(scan, '/readyz', { method: 'GET' });
  t.equal(answer.status, 503);
  t.same(answer.body, { ready: false, reason: 'spool' });
  t.equal((await http(scan, '/healthz', { method: 'GET' })).status, 200);
});

t.test('errors have a status, a code and no value of the caller', async (t) => {
  const { control, scan } = await serve(t);
  const secret = 'CANARY-9f2c';
  const rows: [string, string, { method?: string; body?: string | Uint8Array; headers?: string }, number, string, RegExp?][] = [
    ['unknown method', '/v1/nonsense', {}, 404, 'UNKNOWN_METHOD'],
    ['unknown path', '/nonsense', { method: 'GET' }, 404, 'UNKNOWN_METHOD'],
    ['a path that climbs', '/v1/../../etc/passwd', { method: 'GET' }, 404, 'UNKNOWN_METHOD'],
    ['prototype names', '/v1/constructor', {}, 404, 'UNKNOWN_METHOD'],
    ['wrong verb', '/v1/scan', { method: 'GET' }, 405, 'BAD_REQUEST'],
    ['wrong verb', '/healthz', {}, 405, 'BAD_REQUEST'],
    ['malformed JSON', '/v1/scan', { body: `{"prompt": "${secret}` }, 400, 'BAD_REQUEST', /not valid JSON/],
    ['invalid UTF-8', '/v1/scan', { body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]) }, 400, 'BAD_REQUEST', /UTF-8/],
    ['cut UTF-8', '/v1/scan', { body: Buffer.from('{"prompt":"é"}', 'utf8').subarray(0, 12) }, 400, 'BAD_REQUEST', /UTF-8/],
    ['array', '/v1/scan', { body: '[1]' }, 400, 'BAD_REQUEST'],
    ['wrong type', '/v1/scan', { body: `{"prompt": ["${secret}"]}` }, 400, 'BAD_REQUEST', /^\/prompt: must be a string$/],
    ['null', '/v1/scan', { body: '{"prompt": null}' }, 400, 'BAD_REQUEST', /\/prompt/],
    ['unknown field near a known one', '/v1/scan', { body: '{"promt": "x"}' }, 400, 'BAD_REQUEST', /did you mean "prompt"\?/],
    ['unknown field', '/v1/scan', { body: `{"prompt": "x", "${secret}": 1}` }, 400, 'BAD_REQUEST', /known are .*prompt/],
    ['__proto__', '/v1/scan', { body: '{"prompt": "x", "__proto__": {}}' }, 400, 'BAD_REQUEST', /unknown field/],
    ['no text', '/v1/scan', { body: '{"dry_run": true}' }, 400, 'BAD_REQUEST', /one of prompt, response/],
    ['no tool call', '/v1/scan', { body: '{"tool_calls": []}' }, 400, 'BAD_REQUEST', /one of prompt/],
    ['bad id', '/v1/scan', { body: `{"prompt": "x", "mssp_id": "../${secret}"}` }, 400, 'BAD_REQUEST', /^\/mssp_id: must be a string that matches/],
    ['bad literal', '/v1/scan', { body: `{"prompt": "x", "entry_point": "${secret}"}` }, 400, 'BAD_REQUEST', /must be one of sdk, cli, gateway, integration/],
    ['nested unknown', '/v1/scan', { body: `{"tool_calls": [{"name": "a", "args": {}, "${secret}": 1}]}` }, 400, 'BAD_REQUEST', /^\/tool_calls\/0: unknown field/],
    ['missing', '/v1/mssp/show', { body: '{}' }, 400, 'BAD_REQUEST', /^\/id: is required/],
    ['no such MSSP', '/v1/mssp/show', { body: `{"id": "${secret}"}` }, 404, 'MSSP_NOT_FOUND'],
    ['a subscription', '/v1/tail', { body: '{}' }, 400, 'BAD_REQUEST', /WebSocket/],
    ['a compressed body', '/v1/scan', { body: 'x', headers: 'content-encoding: gzip\r\n' }, 400, 'BAD_REQUEST', /compressed/],
    ['deep nesting', '/v1/scan', { body: `{"tool_calls":${'['.repeat(50_000)}${']'.repeat(50_000)}}` }, 400, 'BAD_REQUEST', /levels deep/],
  ];
  for (const [name, target, options, status, code, message] of rows) {
    const answer = await http(control, target, options);
    t.equal(answer.status, status, name);
    t.match(answer.body, { error: { code, ...(message === undefined ? {} : { message }) } }, name);
    t.notMatch(JSON.stringify(answer.body), new RegExp(secret), name);
  }
  t.match((await http(control, '/v1/scan', { method: 'GET' })).headers, /allow: post/);
  t.equal((await http(scan, '/v1/mssp/list')).status, 403, 'the scan socket serves scans only');
  t.match((await http(scan, '/v1/status')).body, { error: { code: 'FORBIDDEN' } });
});

t.test('lone surrogates are text like any other', async (t) => {
  const prompts: (string | undefined)[] = [];
  const { scan } = await serve(t, { scan: (params) => { prompts.push(params.prompt); return Promise.resolve(verdictOf(false)); } });
  t.equal((await http(scan, '/v1/scan', { body: '{"prompt":"a\\ud800b"}' })).status, 200);
  t.same(prompts, ['a\ud800b']);
});

t.test('a rejected event answers 503 with the verdict', async (t) => {
  const { scan } = await serve(t, { scan: () => Promise.resolve({ ...verdictOf(true), delivery: 'rejected' }) });
  const answer = await http(scan, '/v1/scan', { body: '{"prompt":"attack"}' });
  t.equal(answer.status, 503);
  t.match(answer.body, { threat_detected: true, delivery: 'rejected' });
  t.match(answer.headers, /retry-after: \d+/);
  const { call } = await rpc(t, scan);
  t.match(await call({ jsonrpc: '2.0', id: 1, method: 'scan', params: { prompt: 'attack' } }), { id: 1, result: { delivery: 'rejected' } });
});

t.test('an unexpected error says nothing of the request, to the caller or the log', async (t) => {
  const logger = recordingLogger();
  const { scan } = await serve(t, { scan: (params) => Promise.reject(new TypeError(`broke on ${params.prompt ?? ''}`)) }, {}, logger);
  const answer = await http(scan, '/v1/scan', { body: '{"prompt":"CANARY-77"}' });
  t.equal(answer.status, 500);
  t.same(answer.body, { error: { code: 'INTERNAL', message: 'an unexpected error' } });
  t.equal(logger.lines.length, 1);
  t.match(JSON.stringify(logger.lines), /TypeError/);
  t.notMatch(JSON.stringify(logger.lines), /CANARY/);
});

t.test('texts over the limit are refused by their UTF-8 bytes, all texts together', async (t) => {
  const { scan } = await serve(t);
  const half = MAX_TEXT_BYTES / 2;
  const body = (params: object): { body: string } => ({ body: JSON.stringify(params) });
  t.equal((await http(scan, '/v1/scan', body({ prompt: 'x'.repeat(half), response: 'y'.repeat(half) }))).status, 200);
  t.equal((await http(scan, '/v1/scan', body({ prompt: 'x'.repeat(half), response: 'y'.repeat(half + 1) }))).status, 413);
  t.equal((await http(scan, '/v1/scan', body({ prompt: 'é'.repeat(half) }))).status, 200);
  t.equal((await http(scan, '/v1/scan', body({ prompt: 'é'.repeat(half + 1) }))).status, 413);
  t.equal((await http(scan, '/v1/scan', body({ tool_calls: [{ name: 'a', args: 'z'.repeat(MAX_TEXT_BYTES) }] }))).status, 413);
  const escaped = `{"prompt":"${'\\u0041'.repeat(MAX_TEXT_BYTES)}"}`;
  t.equal((await http(scan, '/v1/scan', { body: escaped })).status, 200, 'escapes do not count against the text');
});

t.test('a body over any limit is refused before it is read', async (t) => {
  const { scan } = await serve(t);
  const declared = parseAnswer(await raw(scan, 'POST /v1/scan HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999\r\n\r\n{"prompt":"'));
  t.equal(declared.status, 413);
  t.match(declared.body, { error: { code: 'TOO_LARGE' } });

  const expecting = parseAnswer(await raw(scan, 'POST /v1/scan HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 999999999\r\n\r\n'));
  t.equal(expecting.status, 413, 'without asking for the body first');

  const socket = createConnection({ path: scan, allowHalfOpen: true });
  const answer = readToEnd(socket);
  socket.write('POST /v1/scan HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 120), Buffer.from('\r\n')]);
  let written = 0;
  const pump = (): void => {
    while (socket.writable && written < 64 * 1024 * 1024) { written += chunk.length; if (!socket.write(chunk)) { socket.once('drain', pump); return; } }
  };
  pump();
  t.equal(parseAnswer(await answer).status, 413);
  t.ok(written < 8 * 1024 * 1024, `an endless body is not read on (${written} bytes were taken)`);

  const polite = createConnection({ path: scan, allowHalfOpen: true });
  polite.write('POST /v1/scan HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: 14\r\n\r\n');
  const [first] = await once(polite, 'data') as [Buffer];
  t.match(first.toString(), /^HTTP\/1\.1 100/);
  polite.write('{"prompt":"x"}');
  t.equal(parseAnswer(await readToEnd(polite)).status, 200);
});

t.test('bytes that are not HTTP get an answer that says so', async (t) => {
  const { scan } = await serve(t);
  t.equal(parseAnswer(await raw(scan, '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n')).status, 400);
  t.equal(parseAnswer(await raw(scan, `GET / HTTP/1.1\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`)).status, 413);
  t.equal(parseAnswer(await raw(scan, 'POST /v1/scan HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"prom', false)).status, 400, 'half-closed in the body');
  t.equal((await http(scan, '/v1/health')).status, 200);
});

t.test('a slow or silent caller is cut off and holds nobody up', async (t) => {
  const { scan } = await serve(t, {}, { requestTimeoutMs: 200 });
  const silent = createConnection(scan);
  const headers = createConnection(scan);
  const body = createConnection(scan);
  const idle = createConnection(scan);
  headers.write('POST /v1/scan HTTP/1.1\r\nhost: x\r\n');
  body.write('POST /v1/scan HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"pro');
  idle.write('POST /v1/health HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n');
  t.equal((await http(scan, '/v1/health')).status, 200);
  const answers = await Promise.all([silent, headers, body].map(readToEnd));
  for (const answer of answers.slice(1)) t.match(answer, /^HTTP\/1\.1 408 [\s\S]*REQUEST_TIMEOUT/);
  t.match(await readToEnd(idle), /^HTTP\/1\.1 200 /, 'an idle connection is closed after its answer');
});

t.test('a caller that does not read its answer is cut off', async (t) => {
  const { scan } = await serve(t, { scan: () => Promise.resolve({ ...verdictOf(false), filler: 'x'.repeat(4 * 1024 * 1024) }) }, { requestTimeoutMs: 300 });
  const socket = createConnection(scan);
  socket.pause();
  socket.on('error', () => undefined);
  socket.write('POST /v1/scan HTTP/1.1\r\nhost: x\r\ncontent-length: 14\r\n\r\n{"prompt":"x"}');
  await once(socket, 'connect');
  const closed = new Promise<void>((resolve) => { socket.once('close', () => { resolve(); }); });
  // The server's close is seen by writing: this side reads nothing.
  const knock = setInterval(() => { socket.write(' '); }, 20);
  await closed;
  clearInterval(knock);
  t.pass('closed');
});

t.test('connections over the bound are dropped, and served again when others end', async (t) => {
  const { scan } = await serve(t, {}, { maxConnections: 8 });
  const held = await Promise.all(Array.from({ length: 8 }, async () => { const socket = createConnection(scan); await once(socket, 'connect'); return socket; }));
  const extra = createConnection(scan);
  t.equal(await readToEnd(extra), '', 'closed without an answer');
  for (const socket of held) socket.destroy();
  let answer = '';
  for (let i = 0; i < 500 && answer === ''; i++) answer = await raw(scan, 'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  t.match(answer, /^HTTP\/1\.1 200/);
});

t.test('more text in work than the bound is answered busy, and room comes back', async (t) => {
  const release: (() => void)[] = [];
  const MiB = 1024 * 1024;
  const { scan } = await serve(t, { scan: () => new Promise((resolve) => { release.push(() => { resolve(verdictOf(false)); }); }) }, { limits: () => ({ maxTextBytes: 8 * MiB }) });
  const text = JSON.stringify({ prompt: 'x'.repeat(8 * MiB) });
  const running = Array.from({ length: 4 }, () => http(scan, '/v1/scan', { body: text }));
  await until(() => release.length === 4, 'four scans run');
  const busy = await http(scan, '/v1/scan', { body: '{"prompt":"x"}' });
  t.equal(busy.status, 503);
  t.match(busy.body, { error: { code: 'BUSY' } });
  t.match(busy.headers, /retry-after: \d/);
  t.equal((await http(scan, '/v1/health')).status, 200, 'what holds no text is still answered');
  for (const finish of release.splice(0)) finish();
  for (const answer of await Promise.all(running)) t.equal(answer.status, 200);
  const again = http(scan, '/v1/scan', { body: '{"prompt":"x"}' });
  await until(() => release.length === 1, 'a scan runs again');
  release[0]?.();
  t.equal((await again).status, 200);
});

t.test('JSON-RPC: many calls in flight, answered by id', async (t) => {
  const waiting = new Map<string, () => void>();
  const { scan } = await serve(t, { scan: (params) => new Promise((resolve) => { waiting.set(params.prompt ?? '', () => { resolve(verdictOf(params.prompt === 'b')); }); }) });
  const { socket, messages } = await rpc(t, scan);
  for (const prompt of ['a', 'b', 'c']) socket.send(JSON.stringify({ jsonrpc: '2.0', id: prompt, method: 'scan', params: { prompt } }));
  await until(() => waiting.size === 3, 'three calls run');
  for (const prompt of ['c', 'a', 'b']) waiting.get(prompt)?.();
  await until(() => messages.length === 3, 'three answers');
  t.same(messages.map((message) => message['id']), ['c', 'a', 'b']);
  t.match(messages[2], { jsonrpc: '2.0', id: 'b', result: { threat_detected: true } });
});

t.test('JSON-RPC: a caller of many calls at once leaves others their turn; all are answered, in their order', async (t) => {
  let calls = 0;
  let callsWhenOthersHadTheirTurn: number | undefined;
  const { scan } = await serve(t, {
    scan: () => {
      if (calls++ === 0) setImmediate(() => { setImmediate(() => { callsWhenOthersHadTheirTurn = calls; }); });
      return Promise.resolve(verdictOf(false));
    },
  });
  const { socket, messages } = await rpc(t, scan);
  const ids = Array.from({ length: 200 }, (_, id) => id);
  for (const id of ids) socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'scan', params: { prompt: 'x' } }));
  await until(() => messages.length === ids.length, 'all answers');
  t.strictSame(messages.map(({ id }) => id), ids);
  t.ok((callsWhenOthersHadTheirTurn ?? ids.length) < ids.length / 2, `${callsWhenOthersHadTheirTurn} calls`);
});

t.test('JSON-RPC: errors have the standard numbers and our codes', async (t) => {
  const { control, scan } = await serve(t);
  const { call, socket, messages } = await rpc(t, control);
  const rows: [string, unknown, object][] = [
    ['not JSON', '{"jsonrpc"', { id: null, error: { code: -32700, data: { code: 'BAD_REQUEST' } } }],
    ['not an object', '1', { id: null, error: { code: -32600 } }],
    ['an empty batch', '[]', { id: null, error: { code: -32600 } }],
    ['too large a batch', JSON.stringify(Array.from({ length: 257 }, () => 1)), { id: null, error: { code: -32600 } }],
    ['no version', { id: 1, method: 'health' }, { id: 1, error: { code: -32600 } }],
    ['no method', { jsonrpc: '2.0', id: 1 }, { id: 1, error: { code: -32600 } }],
    ['a bad id', { jsonrpc: '2.0', id: {}, method: 'health' }, { id: null, error: { code: -32600 } }],
    ['an unknown method', { jsonrpc: '2.0', id: 'x', method: 'nope' }, { id: 'x', error: { code: -32601, data: { code: 'UNKNOWN_METHOD' } } }],
    ['a bad parameter', { jsonrpc: '2.0', id: 0, method: 'scan', params: { prompt: 5 } }, { id: 0, error: { code: -32602, data: { code: 'BAD_REQUEST', field: '/prompt' } } }],
    ['positional parameters', { jsonrpc: '2.0', id: 0, method: 'scan', params: ['x'] }, { id: 0, error: { code: -32602 } }],
    ['our own error', { jsonrpc: '2.0', id: 2, method: 'mssp.show', params: { id: 'zzz' } }, { id: 2, error: { code: -32000, data: { code: 'MSSP_NOT_FOUND' } } }],
    ['a good call after all that', { jsonrpc: '2.0', id: 3, method: 'health' }, { id: 3, result: { status: 'ok' } }],
  ];
  for (const [name, message, expected] of rows) t.match(await call(message), expected, name);

  const before = messages.length;
  socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'health' }));
  socket.send(JSON.stringify([{ jsonrpc: '2.0', method: 'health' }, { jsonrpc: '2.0', id: 7, method: 'version' }, 1]));
  await until(() => messages.length > before, 'the batch is answered');
  t.match(messages[before], [{ id: 7, result: {} }, { id: null, error: { code: -32600 } }], 'a batch is answered as one, notifications not at all');

  const forbidden = await rpc(t, scan);
  t.match(await forbidden.call({ jsonrpc: '2.0', id: 1, method: 'status' }), { error: { data: { code: 'FORBIDDEN' } } });
  t.match(await forbidden.call({ jsonrpc: '2.0', id: 1, method: 'tail' }), { error: { data: { code: 'FORBIDDEN' } } });
});

t.test('JSON-RPC: a text or message over the limit is an error, then close 1009', async (t) => {
  const { scan } = await serve(t);
  const text = await rpc(t, scan);
  t.match(await text.call({ jsonrpc: '2.0', id: 9, method: 'scan', params: { prompt: 'x'.repeat(MAX_TEXT_BYTES + 1) } }), { id: 9, error: { data: { code: 'TOO_LARGE' } } });
  t.equal(await text.closed, 1009);
  const message = await rpc(t, scan);
  t.match(await message.call(`"${'x'.repeat(MAX_TEXT_BYTES * 6 + 70_000)}"`), { id: null, error: { data: { code: 'TOO_LARGE' } } });
  t.equal(await message.closed, 1009);
});

t.test('JSON-RPC: binary frames, broken frames, invalid UTF-8 and other paths are refused', async (t) => {
  const { scan } = await serve(t);
  const binary = await rpc(t, scan);
  binary.socket.send(Buffer.from([1, 2, 3]));
  t.equal(await binary.closed, 1003);
  const handshake = 'GET /v1/rpc HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
  const unmasked = Buffer.concat([Buffer.from(handshake), Buffer.from([0x81, 0x02, 0x7b, 0x7d])]);
  t.match(await raw(scan, unmasked), /^HTTP\/1\.1 101 /);
  const badText = Buffer.concat([Buffer.from(handshake), Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe])]);
  t.match(await raw(scan, badText), /^HTTP\/1\.1 101 /);
  t.equal(parseAnswer(await raw(scan, handshake.replace('/v1/rpc', '/v1/other'))).status, 404);
  t.equal((await http(scan, '/v1/health')).status, 200);
});

type Emit = (event: RaxedEvent) => void;

/** A `tail` action, and all that listen to it. */
function tails(): { readonly emitters: Set<Emit>; readonly tail: FakeActions['tail'] } {
  const emitters = new Set<Emit>();
  return { emitters, tail: (emit) => { emitters.add(emit); return () => { emitters.delete(emit); }; } };
}

t.test('tail streams the events that fit until the connection closes', async (t) => {
  const { emitters, tail } = tails();
  const { control } = await serve(t, { tail });
  const { call, messages, socket } = await rpc(t, control);
  t.match(await call({ jsonrpc: '2.0', id: 1, method: 'tail', params: { type: 'scan', severity: 'high' } }), { id: 1, result: { subscribed: true } });
  const severe = sampleScan();
  for (const emit of emitters) for (const event of [sampleTest(), sampleScan({ detections: [{ severity: 'low' }] }), severe]) emit(event);
  await until(() => messages.length === 2, 'the event arrives');
  t.same(messages[1], { jsonrpc: '2.0', method: 'tail', params: { event: severe } });
  t.match(await call({ jsonrpc: '2.0', id: 2, method: 'tail', params: { type: '../x' } }), { error: { code: -32602, data: { field: '/type' } } });
  t.match(await call({ jsonrpc: '2.0', id: 3, method: 'tail', params: { severity: 'severe' } }), { error: { code: -32602, message: '/severity: must be one of low, medium, high, critical' } });
  socket.close();
  await until(() => emitters.size === 0, 'the subscription ends');
});

t.test('the filters of tail', (t) => {
  const low = sampleScan({ detections: [{ severity: 'low' }] });
  const rows: [TailFilter, RaxedEvent, boolean][] = [
    [{}, sampleTest(), true],
    [{ mssp: 'mssp_yourcompany', customer: 'cust_acme', type: 'scan' }, low, true],
    [{ mssp: 'mssp_other' }, low, false],
    [{ customer: 'cust_other' }, low, false],
    [{ type: 'heartbeat' }, low, false],
    [{ severity: 'low' }, low, true],
    [{ severity: 'medium' }, low, false],
    [{ severity: 'high' }, sampleScan({ detections: [], l2: { enabled: true, hit: true } }), true],
    [{ severity: 'critical' }, sampleScan({ detections: [], l2: { enabled: true, hit: true } }), false],
    [{ severity: 'low' }, sampleTest(), false],
    [{ threats: true }, sampleScan(), true],
    [{ threats: true }, sampleScan({ detections: [] }), false],
    [{ threats: true }, sampleGap(), false],
    [{ threats: false }, sampleGap(), true],
  ];
  for (const [filter, event, fits] of rows) t.equal(tailFits(filter, event), fits, `${JSON.stringify(filter)} ${event.event_type}`);
  t.end();
});

t.test('a reader of tail that falls behind is cut off before much waits for it', async (t) => {
  const { emitters, tail } = tails();
  const { control } = await serve(t, { tail });
  const slow = await rpc(t, control);
  await slow.call({ jsonrpc: '2.0', id: 1, method: 'tail' });
  slow.socket.pause();
  const event = sampleScan({ texts: { prompt: 'x'.repeat(10_000) }, dataMode: 'full' });
  const eventBytes = JSON.stringify(event).length;
  let sent = 0;
  for (; emitters.size > 0 && sent < 2000; sent++) {
    for (const emit of emitters) emit(event);
    if (sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => emitters.size === 0, 'the connection is cut');
  t.ok(sent * eventBytes < 4 * 1024 * 1024, `after ${sent} events of ${eventBytes} bytes`);
});

t.test('a caller that sends calls and reads no answer is first held up, then cut off', async (t) => {
  let calls = 0;
  const { scan } = await serve(t, { health: () => { calls++; return Promise.resolve({ filler: 'x'.repeat(5000) }); } }, { pingIntervalMs: 300 });
  const flood = await rpc(t, scan);
  flood.socket.pause();
  const total = 20_000;
  for (let i = 0; i < total; i++) flood.socket.send('{"jsonrpc":"2.0","id":1,"method":"health"}');
  const other = await rpc(t, scan);
  t.match(await other.call({ jsonrpc: '2.0', id: 1, method: 'version' }), { result: {} }, 'others are served');
  await flood.closed.then(() => undefined);
  t.ok(calls < total / 2, `${calls} of ${total} calls were taken`);
});

t.test('a silent WebSocket is cut off, a quiet one that answers pings is not', async (t) => {
  const { scan } = await serve(t, {}, { pingIntervalMs: 100 });
  const quiet = await rpc(t, scan);
  const silent = createConnection(scan);
  silent.write('GET /v1/rpc HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n');
  t.match(await readToEnd(silent), /^HTTP\/1\.1 101 /);
  t.match(await quiet.call({ jsonrpc: '2.0', id: 1, method: 'version' }), { result: {} });
});

t.test('a stop answers what runs, refuses what is new, and closes', async (t) => {
  let finish: (() => void) | undefined;
  const { scan, server } = await serve(t, { scan: () => new Promise((resolve) => { finish = () => { resolve(verdictOf(true)); }; }) });
  const { socket, messages, closed } = await rpc(t, scan);
  const idle = createConnection(scan);
  idle.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(idle, 'data');
  const running = http(scan, '/v1/scan', { body: '{"prompt":"x"}' });
  await until(() => finish !== undefined, 'the scan runs');
  const stopped = server.close(10_000);
  socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'health' }));
  await until(() => messages.length === 1, 'an answer');
  t.match(messages[0], { error: { data: { code: 'STOPPING' } } });
  t.notOk(existsSync(scan), 'the socket is gone at once');
  finish?.();
  t.equal((await running).status, 200);
  await stopped;
  t.equal(await closed, 1001);
});

t.test('a stop does not wait for ever', async (t) => {
  let runs = false;
  const { scan, server } = await serve(t, { scan: () => { runs = true; return new Promise(() => undefined); } });
  const running = raw(scan, 'POST /v1/scan HTTP/1.1\r\nhost: x\r\ncontent-length: 14\r\n\r\n{"prompt":"x"}');
  await until(() => runs, 'the scan runs');
  await server.close(50);
  t.equal(await running, '');
});

t.test('a method can ask who calls, over HTTP and the WebSocket; it is asked once a connection, and only then', async (t) => {
  const answers: (number | undefined)[] = [];
  let asked = 0;
  const real = createPeerUid({ timeoutMs: 60_000 });
  const reload: FakeActions['reload'] = async ({ caller }) => {
    t.equal(caller.socket, 'control');
    answers.push(await caller.uid(), await caller.uid());
    return {};
  };
  const { control } = await serve(t, { reload }, { peerUid: (connection) => { asked++; return real(connection); } });
  await http(control, '/v1/health');
  t.equal(asked, 0);
  t.equal((await http(control, '/v1/reload')).status, 200);
  const { call } = await rpc(t, control);
  for (const id of [1, 2]) t.match(await call({ jsonrpc: '2.0', id, method: 'reload' }), { id, result: {} });
  if (INTERPRETERS.some(([program]) => existsSync(program))) {
    t.same(answers, Array.from({ length: 6 }, () => process.getuid?.()));
    t.equal(asked, 2);
  }
  const plain = await serve(t, { reload });
  await http(plain.control, '/v1/reload');
  t.same(answers.slice(6), [undefined, undefined], 'a server that cannot know says so');
});

t.test('a caller that goes away is made known to the method', async (t) => {
  let signal: AbortSignal | undefined;
  const { control } = await serve(t, { reload: (context) => { signal = context.signal; return new Promise(() => undefined); } });
  const socket = createConnection(control);
  socket.write('POST /v1/reload HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}');
  await until(() => signal !== undefined, 'the method runs');
  t.equal(signal?.aborted, false);
  socket.destroy();
  await until(() => signal?.aborted === true, 'the signal aborts');
});

t.test('a failed listener leaves nothing behind and says which', async (t) => {
  const folder = shortFolder(t);
  const occupied = createServer();
  occupied.listen(join(folder, 'scan.sock'));
  await once(occupied, 'listening');
  t.teardown(() => { occupied.close(); });
  const failed = await createControlServer({
    listeners: [{ path: join(folder, 'control.sock'), scope: 'control', mode: 0o600 }, { path: join(folder, 'scan.sock'), scope: 'scan', mode: 0o660 }],
    methods: [], probes: { ready: () => Promise.resolve({ ready: true }) }, limits: () => ({ maxTextBytes: 1 }),
  }, { clock: nodeClock, logger: silentLogger }).catch((error: unknown) => error as RaxedError);
  t.match(failed, { code: 'SOCKET_IN_USE', message: /scan\.sock/ });
  t.same(readdirSync(folder), ['scan.sock']);
});
