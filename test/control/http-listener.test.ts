import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import t from 'tap';
import type { CallContext, Tenant } from '../../src/control/method.js';
import type { ControlServer, ControlServerOptions } from '../../src/control/server.js';
import { createControlServer } from '../../src/control/server.js';
import { nodeClock } from '../../src/platform/node.js';
import { silentLogger } from '../fixtures/logger.js';
import { shortFolder } from '../fixtures/short-folder.js';
import type { FakeActions } from './actions.js';
import { fakeMethods, verdictOf } from './actions.js';
import type { HttpAnswer, Place } from './raw-client.js';
import { connect, http, parseAnswer, raw, readToEnd, rpc, until } from './raw-client.js';

type Test = Pick<typeof t, 'teardown'>;

const TOKEN = 'a-long-token-0123456789';
const TENANT: Tenant = { msspId: 'mssp_a', customerId: 'cust_a' };
const MAX_TEXT_BYTES = 100_000;
const BEARER = { headers: `authorization: Bearer ${TOKEN}\r\n` };

interface Running { readonly place: { readonly port: number }; readonly server: ControlServer; readonly contexts: CallContext[]; setToken(token: string | undefined): void }

async function serve(t: Test, changes: Partial<FakeActions> = {}, options: Partial<ControlServerOptions> = {}): Promise<Running> {
  let token: string | undefined = TOKEN;
  const contexts: CallContext[] = [];
  const server = await createControlServer({
    listeners: [{ host: '127.0.0.1', port: 0, token: () => token, tenant: TENANT }],
    methods: fakeMethods({
      scan: (params, context) => { contexts.push(context); return Promise.resolve({ ...verdictOf(false), asked: params }); },
      ...changes,
    }),
    probes: { ready: () => Promise.resolve({ ready: true }) },
    limits: () => ({ maxTextBytes: MAX_TEXT_BYTES }),
    ...options,
  }, { clock: nodeClock, logger: silentLogger });
  t.teardown(() => server.close(0));
  return { place: { port: portOf(server) }, server, contexts, setToken: (next) => { token = next; } };
}

function portOf({ addresses: [address] }: ControlServer): number {
  return Number(new URL(address ?? '').port);
}

function post(place: Place, body: object, headers = BEARER.headers): Promise<HttpAnswer> {
  return http(place, '/v1/scan', { body: JSON.stringify(body), headers });
}

const handshake = (headers: string): string => `GET /v1/rpc HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${headers}\r\n`;

t.test('a caller with the token scans, for the customer of the token and no other', async (t) => {
  const { place, contexts } = await serve(t);
  const bound = { mssp_id: 'mssp_a', customer_id: 'cust_a' };
  for (const named of [{}, bound, { mssp_id: 'mssp_a' }, { customer_id: 'cust_a' }]) {
    const answer = await post(place, { prompt: 'x', ...named });
    t.equal(answer.status, 200);
    t.match(answer.body, { asked: { prompt: 'x', ...bound } }, 'what is absent is filled in');
  }
  t.equal(contexts.length, 4);
  t.match(contexts[0], { scope: 'scan', tenant: TENANT, caller: { socket: 'http' } });
  t.equal(await contexts[0]?.caller.uid(), undefined);
  for (const named of [{ mssp_id: 'mssp_b', customer_id: 'cust_a' }, { mssp_id: 'mssp_a', customer_id: 'cust_b' }, { mssp_id: 'mssp_b' }, { customer_id: 'cust_b' }, { customer_id: 'Cust_a' }]) {
    const answer = await post(place, { prompt: 'x', ...named });
    t.equal(answer.status, 403);
    t.match(answer.body, { error: { code: 'FORBIDDEN', message: 'the token is for another customer' } });
  }
  t.equal((await post(place, { prompt: 'x', dry_run: true, customer_id: 'cust_b' })).status, 403, 'nor for a dry run');
  t.equal((await post(place, { prompt: 'x', customer_id: '../b' })).status, 400);
  t.equal(contexts.length, 4, 'what is refused is not scanned');
});

t.test('it serves what the scan socket serves, nothing of the control socket', async (t) => {
  const { place } = await serve(t);
  t.equal((await http(place, '/v1/health', BEARER)).status, 200);
  t.equal((await http(place, '/v1/version', BEARER)).status, 200);
  for (const { name, scope } of fakeMethods()) {
    if (scope === 'scan') continue;
    const answer = await http(place, `/v1/${name.replaceAll('.', '/')}`, BEARER);
    t.match(answer, { status: 403, body: { error: { code: 'FORBIDDEN' } } }, name);
  }
});

t.test('without the token nothing is answered but the probes', async (t) => {
  const { place, contexts, setToken } = await serve(t);
  const rows: [string, string][] = [
    ['none', ''],
    ['an empty one', 'authorization: Bearer \r\n'],
    ['only the word', 'authorization: Bearer\r\n'],
    ['another', 'authorization: Bearer another\r\n'],
    ['a part of it', `authorization: Bearer ${TOKEN.slice(0, -1)}\r\n`],
    ['more than it', `authorization: Bearer ${TOKEN}0\r\n`],
    ['another case', `authorization: Bearer ${TOKEN.toUpperCase()}\r\n`],
    ['another scheme', `authorization: Basic ${Buffer.from(`x:${TOKEN}`).toString('base64')}\r\n`],
    ['no scheme', `authorization: ${TOKEN}\r\n`],
    ['in a place of its own', `x-token: ${TOKEN}\r\n`],
    ['a very long one', `authorization: Bearer ${'x'.repeat(10_000)}\r\n`],
  ];
  for (const [name, headers] of rows) {
    for (const target of ['/v1/scan', '/v1/status', '/v1/nonsense', '/', '/metrics']) {
      const answer = await http(place, target, { body: '{"prompt":"x"}', headers });
      t.equal(answer.status, 401, `${name}: ${target}`);
      t.match(answer.body, { error: { code: 'UNAUTHORIZED' } });
      t.match(answer.headers, /www-authenticate: bearer realm="raxed"/);
      t.notMatch(JSON.stringify(answer.body), TOKEN);
    }
  }
  t.equal((await http(place, `/v1/scan?access_token=${TOKEN}`, { body: '{"prompt":"x"}' })).status, 401, 'in the URL it would end up in logs');
  t.equal(contexts.length, 0);
  t.same((await http(place, '/healthz', { method: 'GET' })).body, { status: 'ok' });
  t.same((await http(place, '/readyz', { method: 'GET' })).body, { ready: true });

  setToken(undefined);
  t.equal((await post(place, { prompt: 'x' })).status, 401, 'when there is none, nobody has it');
  t.equal((await post(place, { prompt: 'x' }, 'authorization: Bearer undefined\r\n')).status, 401);
  setToken('');
  t.equal((await post(place, { prompt: 'x' }, 'authorization: Bearer \r\n')).status, 401);
  setToken('schlüssel 1');
  t.equal((await post(place, { prompt: 'x' })).status, 401, 'a changed token holds at once');
  t.equal((await post(place, { prompt: 'x' }, 'authorization: bearer  schlüssel 1\r\n')).status, 200);
});

t.test('who has no token is answered before the body is read', async (t) => {
  const { place } = await serve(t);
  const head = 'POST /v1/scan HTTP/1.1\r\nhost: localhost\r\ncontent-length: 50000\r\n';
  t.equal(parseAnswer(await raw(place, `${head}\r\n`)).status, 401);
  t.equal(parseAnswer(await raw(place, `${head}expect: 100-continue\r\n\r\n`)).status, 401, 'without asking for it');
});

t.test('requests of web pages are refused: by their Origin, and by the name that they came under', async (t) => {
  const { place, contexts } = await serve(t);
  const refused: [string, { host?: string; headers?: string }][] = [
    ['an origin', { headers: 'origin: https://evil.example\r\n' }],
    ['an opaque origin', { headers: 'origin: null\r\n' }],
    ['a local origin', { headers: 'origin: http://localhost:3000\r\n' }],
    ['a rebound name', { host: 'evil.example' }],
    ['a rebound name with our port', { host: `evil.example:${place.port}` }],
    ['a name that begins like ours', { host: 'localhost.evil.example' }],
    ['a name that begins like an address', { host: '127.0.0.1.evil.example' }],
    ['a user name', { host: 'localhost@evil.example' }],
    ['an empty name', { host: '' }],
    ['another address of this machine', { host: '10.0.0.1' }],
  ];
  for (const [name, { host, headers = '' }] of refused) {
    const named = host === undefined ? {} : { host };
    for (const [target, method] of [['/v1/scan', 'POST'], ['/healthz', 'GET'], ['/v1/scan', 'OPTIONS']] as const) {
      const answer = await http(place, target, { method, body: method === 'POST' ? '{"prompt":"x"}' : '', headers: BEARER.headers + headers, ...named });
      t.equal(answer.status, 403, `${name}: ${method} ${target}`);
      t.notMatch(answer.headers, /access-control/);
    }
    t.match(await raw(place, handshake(`host: ${host ?? 'localhost'}\r\n${BEARER.headers}${headers}`)), /^HTTP\/1\.1 403 /, `${name}: WebSocket`);
  }
  t.equal(contexts.length, 0);
  for (const host of ['localhost', `LOCALHOST:${place.port}`, '127.0.0.1', '127.8.9.1:80', '[::1]', '[::1]:8787']) t.equal((await http(place, '/v1/health', { ...BEARER, host })).status, 200, host);
  t.equal(parseAnswer(await raw(place, `POST /v1/health HTTP/1.0\r\n${BEARER.headers}\r\n`)).status, 403, 'HTTP/1.0 without a Host');
});

t.test('the WebSocket needs the token too, and ends when it is changed', async (t) => {
  const { place, setToken, contexts } = await serve(t);
  const refused = parseAnswer(await raw(place, handshake('host: localhost\r\n')));
  t.equal(refused.status, 401);
  t.match(refused.headers, /www-authenticate: bearer/);
  t.match(await raw(place, handshake('host: localhost\r\nauthorization: Bearer wrong\r\n')), /^HTTP\/1\.1 401 /);

  const { call, socket, closed } = await rpc(t, place, { authorization: `Bearer ${TOKEN}` });
  t.match(await call({ jsonrpc: '2.0', id: 1, method: 'scan', params: { prompt: 'x' } }), { id: 1, result: { asked: { mssp_id: 'mssp_a', customer_id: 'cust_a' } } });
  t.match(await call({ jsonrpc: '2.0', id: 2, method: 'scan', params: { prompt: 'x', customer_id: 'cust_b' } }), { id: 2, error: { data: { code: 'FORBIDDEN' } } });
  t.match(await call({ jsonrpc: '2.0', id: 3, method: 'tail' }), { id: 3, error: { data: { code: 'FORBIDDEN' } } });
  t.match(await call({ jsonrpc: '2.0', id: 4, method: 'status' }), { id: 4, error: { data: { code: 'FORBIDDEN' } } });
  t.equal(contexts.length, 1);
  setToken('another');
  socket.send(JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'scan', params: { prompt: 'x' } }));
  t.equal(await closed, 1008);
  t.equal(contexts.length, 1, 'the call with the old token was not run');
});

t.test('every limit of the unix sockets holds', async (t) => {
  const { place } = await serve(t, {}, { requestTimeoutMs: 200, maxConnections: 8 });
  t.equal((await post(place, { prompt: 'x'.repeat(MAX_TEXT_BYTES + 1) })).status, 413);
  t.equal(parseAnswer(await raw(place, `POST /v1/scan HTTP/1.1\r\nhost: localhost\r\n${BEARER.headers}content-length: 999999999\r\n\r\n{`)).status, 413);
  t.equal(parseAnswer(await raw(place, `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`)).status, 413);
  t.equal(parseAnswer(await raw(place, 'SSH-2.0-x\r\n\r\n')).status, 400);

  const slow = ['', 'POST /v1/scan HTTP/1.1\r\nhost: localhost\r\n', `POST /v1/scan HTTP/1.1\r\nhost: localhost\r\n${BEARER.headers}content-length: 100\r\n\r\n{"pro`].map((bytes) => {
    const socket = connect(place);
    socket.write(bytes);
    return readToEnd(socket);
  });
  t.equal((await http(place, '/v1/health', BEARER)).status, 200, 'they hold nobody up');
  const answers = await Promise.all(slow);
  for (const answer of answers.slice(1)) t.match(answer, /^HTTP\/1\.1 408 [\s\S]*REQUEST_TIMEOUT/);

  const dripping = connect(place);
  const dripped = readToEnd(dripping);
  const drip = setInterval(() => { if (dripping.writable) dripping.write('x'); }, 20);
  t.match(await dripped, /^HTTP\/1\.1 (?:400|408) /, 'a byte now and then is not enough');
  clearInterval(drip);

  const held = await Promise.all(Array.from({ length: 8 }, async () => { const socket = connect(place); await once(socket, 'connect'); return socket; }));
  t.equal(await readToEnd(connect(place)), '', 'a connection too many is closed');
  for (const socket of held) socket.destroy();
});

t.test('a port that is taken is said, an address that others could reach is refused, and nothing stays open', async (t) => {
  const other = createServer();
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.teardown(() => { other.close(); });
  const address = other.address();
  if (address === null || typeof address === 'string') return;
  const socketPath = `${shortFolder(t)}/c`;
  const start = (host: string, port: number): Promise<ControlServer> => createControlServer({
    listeners: [{ path: socketPath, scope: 'control', mode: 0o600 }, { host, port, token: () => TOKEN, tenant: TENANT }],
    methods: fakeMethods(), probes: { ready: () => Promise.resolve({ ready: true }) }, limits: () => ({ maxTextBytes: 1000 }),
  }, { clock: nodeClock, logger: silentLogger });
  await t.rejects(start('127.0.0.1', address.port), { code: 'PORT_IN_USE', message: new RegExp(`port ${address.port} of 127\\.0\\.0\\.1`) });
  for (const host of ['0.0.0.0', '::', '192.0.2.1']) await t.rejects(start(host, 0), { code: 'CONFIG_INVALID' }, host);
  t.notOk(existsSync(socketPath), 'the control socket is gone with it');

  const server = await start('localhost', 0);
  t.equal(server.addresses[0], socketPath);
  t.match(server.addresses[1], /^http:\/\/(?:127\.0\.0\.1|\[::1\]):\d+$/);
  await server.close(0);
});

t.test('a stop answers what runs, closes the port and ends the WebSockets', async (t) => {
  let finish: (() => void) | undefined;
  const { place, server } = await serve(t, { scan: () => new Promise((resolve) => { finish = () => { resolve(verdictOf(false)); }; }) });
  const { closed } = await rpc(t, place, { authorization: `Bearer ${TOKEN}` });
  const running = post(place, { prompt: 'x' });
  await until(() => finish !== undefined, 'the scan runs');
  const stopped = server.close(10_000);
  const late = connect(place);
  const [error] = await once(late, 'error') as [Error & { code?: string }];
  t.equal(error.code, 'ECONNREFUSED');
  finish?.();
  t.equal((await running).status, 200);
  await stopped;
  t.equal(await closed, 1001);
});
