import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import type { Test } from 'tap';
import type { MetricsListener } from '../../src/control/metrics-listener.js';
import { createMetricsListener } from '../../src/control/metrics-listener.js';
import { createControlServer } from '../../src/control/server.js';
import { nodeClock } from '../../src/platform/node.js';
import { silentLogger } from '../fixtures/logger.js';
import { shortFolder } from '../fixtures/short-folder.js';
import { fakeMethods } from './actions.js';
import { connect, http, parseAnswer, raw, readToEnd, until } from './raw-client.js';

const METRICS = '# HELP a A.\n# TYPE a gauge\na 1\n';

async function listen(t: Test, metrics: () => Buffer = () => Buffer.from(METRICS)): Promise<{ readonly place: { readonly port: number }; readonly listener: MetricsListener }> {
  const listener = await createMetricsListener({ host: '127.0.0.1', port: 0, metrics }, { clock: nodeClock, logger: silentLogger });
  t.teardown(() => listener.close());
  return { listener, place: { port: Number(new URL(listener.address).port) } };
}

t.test('the listener answers GET /metrics without a token, and nothing else', async (t) => {
  const { listener, place } = await listen(t);
  const response = await fetch(`${listener.address}/metrics?x=1`);
  t.equal(response.status, 200);
  t.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  t.equal(await response.text(), METRICS);
  for (const path of ['/', '/healthz', '/readyz', '/v1/openapi.json', '/metrics/', '//metrics', '/v1/status']) {
    t.match(await http(place, path, { method: 'GET' }), { status: 404, body: { error: { code: 'UNKNOWN_METHOD' } } }, path);
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const answer = await http(place, '/metrics', { method, body: 'x'.repeat(100_000) });
    t.equal(answer.status, 405, method);
    t.match(answer.headers, /allow: get/);
  }
  t.equal((await http(place, '/v1/scan', { body: '{"prompt":"x"}' })).status, 404);
});

t.test('of a request with a body nothing is read beyond its head, and the connection ends', async (t) => {
  const { place } = await listen(t);
  for (const more of ['content-length: 5\r\n\r\nhello', 'content-length: 5\r\n\r\n', 'expect: 100-continue\r\ncontent-length: 5\r\n\r\n', 'transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n']) {
    const text = await raw(place, `POST /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n${more}GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`);
    t.match(text, /^HTTP\/1\.1 405 [^\r]*\r\n[^]*connection: close\r\n/, 'at once, without a body that is asked for');
    t.notMatch(text, METRICS, 'what follows is no request');
  }
  const socket = connect(place);
  const ended = readToEnd(socket);
  let sent = 0;
  const pour = (): void => { while (!socket.destroyed && socket.write('x'.repeat(65_536))) sent += 65_536; };
  socket.on('drain', pour);
  socket.write('PUT /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000000000000\r\n\r\n');
  pour();
  t.match(await ended, /^HTTP\/1\.1 405 /, 'also to who sends without end');
  t.ok(sent < 64 * 1024 * 1024, `what the kernel's buffers take, ${sent} bytes`);
});

t.test('web pages get nothing from it, by sending to it or by a name of their own', async (t) => {
  const { place } = await listen(t);
  t.match(await http(place, '/metrics', { method: 'GET', headers: 'origin: https://evil.example\r\n' }), { status: 403, body: { error: { code: 'FORBIDDEN' } } });
  t.equal((await http(place, '/metrics', { method: 'GET', host: 'evil.example' })).status, 403);
  const { status } = parseAnswer((await raw(place, 'GET /v1/rpc HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n', false)));
  t.equal(status, 404, 'no WebSocket');
});

t.test('metrics that cannot be read are an error without a word of why, and the listener goes on', async (t) => {
  let broken = true;
  const { place, listener } = await listen(t, () => { if (broken) throw new Error('CANARY'); return Buffer.from(METRICS); });
  const answer = await http(place, '/metrics', { method: 'GET' });
  t.match(answer, { status: 500, body: { error: { code: 'INTERNAL' } } });
  t.notMatch(JSON.stringify(answer), /CANARY/);
  broken = false;
  t.equal((await fetch(`${listener.address}/metrics`)).status, 200);
});

t.test('a port in use and an address that others can reach are refused by name; a closed listener frees its port', async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => { taken.listen(0, '127.0.0.1', resolve); });
  t.teardown(() => { taken.close(); });
  const { port } = taken.address() as AddressInfo;
  const start = (host: string, at: number): Promise<MetricsListener> => createMetricsListener({ host, port: at, metrics: () => Buffer.from(METRICS) }, { clock: nodeClock, logger: silentLogger });
  await t.rejects(start('127.0.0.1', port), { code: 'PORT_IN_USE', message: `port ${port} of 127.0.0.1 cannot be listened on (another process listens there)` });
  await t.rejects(start('0.0.0.0', 0), { code: 'CONFIG_INVALID', message: /^control\.metrics\.host is not a loopback address/ });
  const { listener, place } = await listen(t);
  await fetch(`${listener.address}/metrics`);
  await listener.close();
  await listener.close();
  const again = await start('127.0.0.1', place.port);
  await again.close();
});

t.test('on the sockets metrics are for the control socket only, and for GET', async (t) => {
  const folder = shortFolder(t);
  const control = `${folder}/control.sock`;
  const scan = `${folder}/scan.sock`;
  const server = await createControlServer({
    listeners: [
      { path: control, scope: 'control', mode: 0o600 }, { path: scan, scope: 'scan', mode: 0o660 },
      { host: '127.0.0.1', port: 0, token: () => 'token', tenant: { msspId: 'm', customerId: 'c' } },
    ],
    methods: fakeMethods({}), probes: { ready: () => Promise.resolve({ ready: true }) }, limits: () => ({ maxTextBytes: 1000 }),
    metrics: ({ sockets }) => Buffer.from(`# ${sockets.map(({ name, connections }) => `${name} ${connections}`).join(', ')}\n`),
  }, { clock: nodeClock, logger: silentLogger });
  t.teardown(() => server.close(0));
  const token = { port: Number(new URL(server.addresses[2] ?? '').port) };

  const [head = '', text] = (await raw(control, 'GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).split('\r\n\r\n');
  t.match(head.toLowerCase(), /^http\/1\.1 200[^]*content-type: text\/plain; version=0\.0\.4; charset=utf-8/);
  t.equal(text, '# control 1, scan 0, http 0\n');
  t.equal((await http(control, '/metrics')).status, 405);
  t.match(await http(scan, '/metrics', { method: 'GET' }), { status: 403, body: { error: { code: 'FORBIDDEN' } } });
  t.equal((await http(token, '/metrics', { method: 'GET' })).status, 401);
  t.equal((await http(token, '/metrics', { method: 'GET', headers: 'authorization: Bearer token\r\n' })).status, 403);
});

t.test('a full socket and too much text at once are counted', async (t) => {
  const folder = shortFolder(t);
  const path = `${folder}/control.sock`;
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => { release = resolve; });
  const server = await createControlServer({
    listeners: [{ path, scope: 'control', mode: 0o600 }], maxConnections: 2,
    methods: fakeMethods({ scan: async () => { await held; return {} as never; } }),
    probes: { ready: () => Promise.resolve({ ready: true }) }, limits: () => ({ maxTextBytes: 20 * 1024 * 1024 }),
  }, { clock: nodeClock, logger: silentLogger });
  t.teardown(() => server.close(0));
  const body = JSON.stringify({ prompt: 'x'.repeat(18 * 1024 * 1024), mssp_id: 'm', customer_id: 'c' });
  const answers = Promise.all([http(path, '/v1/scan', { body }), http(path, '/v1/scan', { body })]);
  await until(() => server.stats().refused.texts > 0, 'a scan is refused');
  release();
  t.same((await answers).map(({ status }) => status).sort(), [200, 503]);
  t.match(server.stats(), { refused: { texts: 1, connections: 0 } });
  await until(() => server.stats().sockets[0]?.connections === 0, 'nobody is connected');
  const open = [0, 1, 2].map(() => raw(path, ''));
  await until(() => server.stats().refused.connections > 0, 'a connection is refused');
  t.equal(server.stats().refused.connections, 1);
  await server.close(0);
  await Promise.all(open);
});
