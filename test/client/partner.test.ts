import { mkdirSync, writeFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createConnection, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import { findControlSocket } from '../../src/client/control-socket.js';
import type { CustomerView, NewCustomer, PartnerClient, PartnerOptions, RemovalOptions } from '../../src/client/partner.js';
import { createPartnerClient } from '../../src/client/partner.js';
import type { CallContext, MethodEntry } from '../../src/control/method.js';
import type { AgentActions } from '../../src/control/methods/agent.js';
import { createAgentMethods } from '../../src/control/methods/agent.js';
import type { CustomerActions } from '../../src/control/methods/customer.js';
import { createCustomerMethods } from '../../src/control/methods/customer.js';
import type { MsspActions } from '../../src/control/methods/mssp.js';
import { createMsspMethods } from '../../src/control/methods/mssp.js';
import { createControlServer } from '../../src/control/server.js';
import { RaxedError } from '../../src/errors.js';
import { nodeClock } from '../../src/platform/node.js';
import { silentLogger } from '../fixtures/logger.js';
import { shortFolder } from '../fixtures/short-folder.js';

const MSSP = 'mssp_yourcompany';
const CUSTOMER: CustomerView = {
  mssp_id: MSSP, id: 'cust_acme', name: 'Acme', managed_by: 'ctl', data_mode: 'full', data_fields: ['prompt', 'matched_text'],
  retention_days: 30, heartbeat_threshold_seconds: 300, webhook_url: null, threat_at: null, block_at: null, l2: { enabled: null, threshold: null }, siem: [],
};
const AGENT = {
  agent_id: 'agent_1', mssp_id: MSSP, customer_id: 'cust_acme', status: 'online', first_seen: '2026-01-01T00:00:00Z', last_heartbeat: '2026-01-01T00:00:00Z',
  uptime_seconds: 1, total_scans: 7, total_threats: 2,
} as const;
const STATS = { mssp_id: MSSP, total_agents: 1, online_agents: 1, total_scans: 7, total_threats: 2 };
const TESTED = { delivered: true, event_id: 'evt_1', url: 'https://soc.example:443', http_status: 200, duration_ms: 3 } as const;
const REMOVED = { mssp_id: MSSP, id: 'cust_acme', deleted: true, pending_events: 0, dead_letters: 1, agents: 1 };

interface Daemon {
  readonly socketPath: string;
  /** What the actions were called with, in order. */
  readonly seen: readonly unknown[];
  readonly methods: readonly MethodEntry[];
  stop(): Promise<void>;
}

/** The real method table on a real socket, with canned actions. */
async function serve(t: Test, changes: Partial<CustomerActions> = {}, socketPath = join(shortFolder(t), 'run/control.sock')): Promise<Daemon> {
  const seen: unknown[] = [];
  const answer = <T>(given: unknown, result: T): Promise<T> => { seen.push(given); return Promise.resolve(result); };
  const unused = (): never => { throw new Error('not a partner\'s method'); };
  const customer: CustomerActions = {
    create: (params) => answer(params, CUSTOMER),
    configure: (params) => answer(params, CUSTOMER),
    list: (mssp) => answer({ mssp }, { customers: [CUSTOMER] }),
    show: (mssp, id) => answer({ mssp, id }, CUSTOMER),
    delete: (which, removal) => answer({ ...which, ...removal }, REMOVED),
    stats: (mssp, id) => answer({ mssp, id }, { ...STATS, customer_id: id }),
    ...changes,
  };
  const mssp: MsspActions = {
    create: unused, configure: unused, list: unused, show: unused, rotateSecret: unused, delete: unused,
    testWebhook: (id, options) => answer({ id, ...options }, TESTED),
    stats: (id) => answer({ id }, { ...STATS, total_customers: 1 }),
  };
  const agent: AgentActions = {
    register: unused, heartbeat: unused, unregister: unused,
    list: (filter) => answer(filter, { agents: [AGENT] }),
    status: (which) => answer(which, AGENT),
  };
  const methods = [...createCustomerMethods(customer), ...createMsspMethods(mssp), ...createAgentMethods(agent)];
  const server = await createControlServer({
    listeners: [{ path: socketPath, scope: 'control', mode: 0o600 }], methods,
    probes: { ready: () => Promise.resolve({ ready: true }) }, limits: () => ({ maxTextBytes: 100_000 }),
  }, { clock: nodeClock, logger: silentLogger });
  const stop = (): Promise<void> => server.close(0);
  t.teardown(stop);
  return { socketPath, seen, methods, stop };
}

function clientOf(t: Test, daemon: { readonly socketPath: string }, options: PartnerOptions = {}): PartnerClient {
  const client = createPartnerClient(MSSP, { socketPath: daemon.socketPath, ...options });
  t.teardown(() => { client.close(); });
  return client;
}

function paramNames(daemon: Daemon, method: string): string[] {
  return Object.keys(daemon.methods.find(({ name }) => name === method)?.params.properties ?? {}).sort();
}

/** A unix socket in front of another that counts what comes; what is answered can be someone else's. */
async function between(t: Test, behind: string | ((socket: Socket) => void)): Promise<{ readonly socketPath: string; readonly connections: () => number; readonly open: () => number }> {
  const socketPath = join(shortFolder(t), 'front.sock');
  const open = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections++;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => open.delete(socket));
    if (typeof behind === 'function') { behind(socket); return; }
    const next = createConnection(behind);
    next.on('error', () => { socket.destroy(); });
    socket.pipe(next).pipe(socket);
  });
  await new Promise<void>((resolve) => { server.listen(socketPath, resolve); });
  t.teardown(() => { for (const socket of open) socket.destroy(); server.close(); });
  return { socketPath, connections: () => connections, open: () => open.size };
}

/** An action that waits until it is let go, and says when it has begun. */
function held(): { readonly begun: Promise<AbortSignal | undefined>; readonly run: (context?: CallContext) => Promise<CustomerView>; release(): void } {
  let began = (_signal: AbortSignal | undefined): void => undefined;
  let release = (): void => undefined;
  const begun = new Promise<AbortSignal | undefined>((resolve) => { began = resolve; });
  const released = new Promise<void>((resolve) => { release = resolve; });
  return { begun, run: async (context) => { began(context?.signal); await released; return CUSTOMER; }, release };
}

const SETTINGS = {
  dataMode: 'full', dataFields: ['prompt', 'matched_text'], retentionDays: 90, heartbeatThreshold: 60, webhookUrl: 'https://acme.example/hook', webhookSecret: 'acme-secret',
  threatAt: 'high', blockAt: 'never', l2Enabled: false, l2Threshold: { prompt: 0.9, rag_context: 0.8 },
} as const;
const WIRE_SETTINGS = {
  data_mode: 'full', data_fields: ['prompt', 'matched_text'], retention_days: 90, heartbeat_threshold: 60, webhook_url: 'https://acme.example/hook', webhook_secret: 'acme-secret',
  threat_at: 'high', block_at: 'never', l2_enabled: false, l2_threshold: { prompt: 0.9, rag_context: 0.8 },
};

t.test('each call reaches the daemon under its own names, for the one MSSP, and gives back what it says', async (t) => {
  const daemon = await serve(t);
  const client = clientOf(t, daemon);
  const customer: Required<NewCustomer> = { customerId: 'cust_acme', name: 'Acme', ...SETTINGS };
  t.same(await client.createCustomer(customer), CUSTOMER);
  t.same(await client.configureCustomer('cust_acme', { name: 'Acme', ...SETTINGS }), CUSTOMER);
  t.same(await client.configureCustomer('cust_acme', { dataFields: [] }), CUSTOMER, 'only what is named is sent');
  t.same(await client.listCustomers(), [CUSTOMER]);
  t.same(await client.getCustomer('cust_acme'), CUSTOMER);
  t.same(await client.deleteCustomer('cust_acme'), REMOVED);
  t.same(await client.deleteCustomer('cust_acme', { dryRun: true }), REMOVED);
  t.same(await client.getMsspStats(), { ...STATS, total_customers: 1 });
  t.same(await client.getCustomerStats('cust_acme'), { ...STATS, customer_id: 'cust_acme' });
  t.same(await client.listAgents(), [AGENT]);
  t.same(await client.listAgents({ customerId: 'cust_acme' }), [AGENT]);
  t.same(await client.getAgent('agent_1'), AGENT);
  t.same(await client.getAgent('agent_1', { customerId: 'cust_acme' }), AGENT);
  t.same(await client.testWebhook(), TESTED);
  t.same(await client.testWebhook({ skipSslVerify: true }), TESTED);
  const named = { mssp: MSSP, id: 'cust_acme' };
  t.same(daemon.seen, [
    { ...named, name: 'Acme', ...WIRE_SETTINGS }, { ...named, name: 'Acme', ...WIRE_SETTINGS }, { ...named, data_fields: [] }, { mssp: MSSP }, named,
    { msspId: MSSP, customerId: 'cust_acme', dryRun: false, drainMs: undefined }, { msspId: MSSP, customerId: 'cust_acme', dryRun: true, drainMs: undefined },
    { id: MSSP }, named, { mssp: MSSP }, { mssp: MSSP, customer: 'cust_acme' }, { mssp: MSSP, id: 'agent_1' }, { mssp: MSSP, customer: 'cust_acme', id: 'agent_1' },
    { id: MSSP, skipSslVerify: false }, { id: MSSP, skipSslVerify: true },
  ]);
});

t.test('the client knows every parameter that the daemon\'s methods take', async (t) => {
  const daemon = await serve(t);
  const settings = [...Object.keys(WIRE_SETTINGS), 'mssp', 'id', 'name'].sort();
  t.same(paramNames(daemon, 'customer.create'), settings);
  t.same(paramNames(daemon, 'customer.configure'), settings);
  const removal: Required<RemovalOptions> = { dryRun: true, drain: true, drainTimeoutSeconds: 1 };
  t.same(paramNames(daemon, 'customer.delete'), ['mssp', 'id', 'dry_run', 'drain', 'drain_timeout_seconds'].sort());
  await clientOf(t, daemon).deleteCustomer('cust_acme', removal);
  t.match(daemon.seen, [{ dryRun: true, drainMs: 1000 }]);
});

t.test('a mistake does not compile, and what comes without types is refused by the daemon', async (t) => {
  const daemon = await serve(t);
  const client = clientOf(t, daemon);
  // @ts-expect-error -- not a field
  await t.rejects(client.configureCustomer('cust_acme', { dataFields: ['prompts'] }), { code: 'BAD_REQUEST', message: /data_fields.*prompt, matched_text, response/ });
  // @ts-expect-error -- not a mode
  await t.rejects(client.configureCustomer('cust_acme', { dataMode: 'private' }), { code: 'BAD_REQUEST', message: /data_mode: must be one of full, privacy_safe/ });
  // @ts-expect-error -- not a setting
  await t.rejects(client.configureCustomer('cust_acme', { retentionDay: 1 }), { code: 'BAD_REQUEST', message: /did you mean "retention_days"/ });
  // @ts-expect-error -- no name
  await t.rejects(client.createCustomer({ customerId: 'cust_acme' }), { code: 'BAD_REQUEST', message: /name: is required/ });
  // @ts-expect-error -- no id
  await t.rejects(client.getCustomer(), { code: 'BAD_REQUEST', message: /id: is required/ });
  // @ts-expect-error -- another MSSP's customers are not this client's
  await client.createCustomer({ customerId: 'cust_acme', name: 'Acme', mssp: 'mssp_other' });
  t.same(daemon.seen, [{ mssp: MSSP, id: 'cust_acme', name: 'Acme' }], 'nothing else was done, and nobody else\'s customer was made');
  await t.rejects(client.configureCustomer('cust_acme', { retentionDays: 91 }), { code: 'BAD_REQUEST', message: /retention_days/ });
  await t.rejects(client.getCustomer('../cust_acme'), { code: 'BAD_REQUEST' });
  await t.rejects(client.deleteCustomer('cust_acme', { drain: true, drainTimeoutSeconds: NaN }), { code: 'BAD_REQUEST', message: /drain_timeout_seconds/ });
  await t.rejects(createPartnerClient('not an id', daemon).listCustomers(), { code: 'BAD_REQUEST' });
});

t.test('the daemon\'s refusals arrive as errors with its code, message and field', async (t) => {
  const daemon = await serve(t, {
    create: () => Promise.reject(new RaxedError('LIMIT_REACHED', 'tier starter has 10 customers')),
    show: () => Promise.reject(new RaxedError('CUSTOMER_NOT_FOUND', 'there is no such customer')),
    list: () => Promise.reject(new Error('a bug')),
  });
  const client = clientOf(t, daemon);
  const limit = await client.createCustomer({ customerId: 'cust_acme', name: 'Acme' }).catch((error: unknown) => error);
  t.ok(limit instanceof RaxedError);
  t.match(limit, { code: 'LIMIT_REACHED', message: 'tier starter has 10 customers', exitCode: 2, advice: /larger tier/ });
  await t.rejects(client.getCustomer('cust_acme'), { code: 'CUSTOMER_NOT_FOUND' });
  await t.rejects(client.configureCustomer('cust_acme', { retentionDays: -1 }), { code: 'BAD_REQUEST', data: { field: '/retention_days' } });
  await t.rejects(client.listCustomers(), { code: 'INTERNAL', message: 'an unexpected error' });
});

t.test('whatever does not answer like a daemon is DAEMON_UNREACHABLE', async (t) => {
  const folder = shortFolder(t);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const calls = async (socketPath: string, options: PartnerOptions = {}): Promise<void> => {
    await t.rejects(clientOf(t, { socketPath }, options).listCustomers(), { code: 'DAEMON_UNREACHABLE' });
  };
  await calls(join(folder, 'nothing.sock'));
  await calls(file);
  const answering = (body: string) => between(t, (socket) => { socket.on('data', () => { socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`); }); });
  for (const body of ['hello', '[]', 'null', '"customers"', '{"mssps":[]}']) await calls((await answering(body)).socketPath);
  await calls((await between(t, (socket) => { socket.destroy(); })).socketPath);
  await calls((await between(t, (socket) => { socket.on('data', () => { socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"customers":['); }); })).socketPath);
  await calls((await between(t, () => undefined)).socketPath, { timeoutMs: 50 });
});

t.test('one connection serves call after call, and many at once wait for no other', async (t) => {
  const slow = held();
  const daemon = await serve(t, { show: (_mssp, id) => (id === 'cust_slow' ? slow.run() : Promise.resolve({ ...CUSTOMER, id })) });
  const front = await between(t, daemon.socketPath);
  const client = clientOf(t, front);
  for (let call = 0; call < 10; call++) await client.listCustomers();
  t.equal(front.connections(), 1);

  const waiting = client.getCustomer('cust_slow');
  const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => client.getCustomer(`cust_${index}`)));
  t.same(answers.map(({ id }) => id), Array.from({ length: 200 }, (_, index) => `cust_${index}`), 'every call has its own answer');
  t.ok(front.connections() <= 33, `${front.connections()} connections for 200 calls at once`);
  slow.release();
  t.match(await waiting, CUSTOMER);
});

t.test('a call that is aborted ends with the signal\'s reason, there as here, and the others go on', async (t) => {
  const slow = held();
  const other = held();
  const daemon = await serve(t, { create: (_params, context) => slow.run(context), configure: (_params, context) => other.run(context) });
  const client = clientOf(t, daemon);
  const abort = new AbortController();
  const going = client.configureCustomer('cust_acme', { retentionDays: 1 });
  const aborted = client.createCustomer({ customerId: 'cust_acme', name: 'Acme' }, { signal: abort.signal });
  const signal = await slow.begun;
  const stopped = new Promise((resolve) => { signal?.addEventListener('abort', resolve); });
  const reason = new Error('the user left');
  abort.abort(reason);
  t.equal(await aborted.catch((error: unknown) => error), reason);
  await stopped;
  t.pass('the daemon learns of it');
  other.release();
  t.same(await going, CUSTOMER);
  t.equal(await client.listCustomers({ signal: abort.signal }).catch((error: unknown) => error), reason, 'with an aborted signal nothing is asked');
});

t.test('a call has its own time, and one that drains has the time to drain too', async (t) => {
  const hung = held();
  const drained = held();
  const daemon = await serve(t, {
    show: () => hung.run(),
    delete: async (which, removal) => { await drained.run(); return { ...REMOVED, id: `${which.customerId} ${removal.drainMs ?? 0}` }; },
  });
  const client = clientOf(t, daemon, { timeoutMs: 50 });
  const deletion = client.deleteCustomer('cust_acme', { drain: true });
  await drained.begun;
  await t.rejects(client.getCustomer('cust_acme'), { code: 'DAEMON_UNREACHABLE', message: /within 50 ms/ });
  await t.rejects(client.getCustomer('cust_acme', { timeoutMs: 20 }), { code: 'DAEMON_UNREACHABLE', message: /within 20 ms/ });
  drained.release();
  t.match(await deletion, { id: 'cust_acme 60000' });
});

t.test('close ends what runs and closes the connections; so does the client\'s own signal', async (t) => {
  const slow = held();
  const daemon = await serve(t, { show: () => slow.run() });
  const front = await between(t, daemon.socketPath);
  const client = clientOf(t, front);
  await client.listCustomers();
  const running = client.getCustomer('cust_acme');
  await slow.begun;
  client.close();
  await t.rejects(running, { code: 'DAEMON_UNREACHABLE', message: /closed/ });
  await t.rejects(client.listCustomers(), { code: 'DAEMON_UNREACHABLE', message: /closed/ });
  client.close();
  while (front.open() > 0) await new Promise(setImmediate);

  const abort = new AbortController();
  const other = clientOf(t, front, { signal: abort.signal });
  await other.listCustomers();
  const reason = new Error('shutting down');
  abort.abort(reason);
  t.equal(await other.listCustomers().catch((error: unknown) => error), reason);
  while (front.open() > 0) await new Promise(setImmediate);
  t.equal(await clientOf(t, front, { signal: abort.signal }).listCustomers().catch((error: unknown) => error), reason, 'a client of an aborted signal is closed');
});

t.test('a daemon that was started again is simply called again', async (t) => {
  const first = await serve(t);
  const client = clientOf(t, first);
  t.same(await client.listCustomers(), [CUSTOMER]);
  await first.stop();
  await t.rejects(client.listCustomers(), { code: 'DAEMON_UNREACHABLE' });
  const second = await serve(t, {}, first.socketPath);
  t.same(await client.listCustomers(), [CUSTOMER]);
  t.same(second.seen, [{ mssp: MSSP }]);
});

t.test('options that cannot be are refused', async (t) => {
  await t.rejects(createPartnerClient(MSSP, { socketPath: `/${'x'.repeat(107)}` }).listCustomers(), { code: 'SOCKET_PATH_TOO_LONG' });
  t.throws(() => createPartnerClient(MSSP, { socketPath: '' }), { code: 'USAGE' });
  for (const timeoutMs of [0, -1, NaN, Infinity, 2 ** 31]) t.throws(() => createPartnerClient(MSSP, { timeoutMs }), { code: 'USAGE' }, String(timeoutMs));
  // @ts-expect-error -- nothing given
  await t.rejects(createPartnerClient(MSSP).createCustomer(), TypeError);
});

t.test('the control socket is looked for where ctl looks', (t) => {
  const folder = shortFolder(t);
  const at = { home: folder, cwd: folder };
  const own = join(folder, 'run/raxed/control.sock');
  t.equal(findControlSocket({ RAXED_SOCKET: 'here.sock', XDG_RUNTIME_DIR: join(folder, 'run') }, at), join(folder, 'here.sock'));
  mkdirSync(dirname(own), { recursive: true });
  writeFileSync(own, '');
  t.equal(findControlSocket({ XDG_RUNTIME_DIR: join(folder, 'run') }, at), own, 'this user\'s daemon before the system\'s');
  t.match(findControlSocket({ XDG_RUNTIME_DIR: join(folder, 'none') }, at), /\/raxed\/control\.sock$/, 'with none there, one is named');
  t.end();
});
