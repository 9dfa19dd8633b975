import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { CustomerKey } from '../../src/agents/customer.js';
import { keyOf } from '../../src/agents/customer.js';
import { createDispatcher } from '../../src/control/dispatcher.js';
import type { CallContext } from '../../src/control/method.js';
import type { AgentView } from '../../src/control/methods/agent.js';
import { createAgentMethods } from '../../src/control/methods/agent.js';
import { RaxedError } from '../../src/errors.js';
import type { AgentStatusChangeEvent } from '../../src/event/event.js';
import { jsonStore } from '../../src/platform/durable-file.js';
import type { SelfAgent, SiteAgents, SiteAgentsDeps } from '../../src/daemon/site-agents.js';
import { createSiteAgents } from '../../src/daemon/site-agents.js';
import type { ManualClock } from '../fixtures/clock.js';
import { manualClock } from '../fixtures/clock.js';
import { eventually } from '../fixtures/daemon.js';
import { recordingLogger } from '../fixtures/logger.js';

const ACME: CustomerKey = { msspId: 'mssp_a', customerId: 'cust_acme' };
const BETA: CustomerKey = { msspId: 'mssp_a', customerId: 'cust_beta' };
const OTHER: CustomerKey = { msspId: 'mssp_b', customerId: 'cust_acme' };
const signal = new AbortController().signal;
const CTL: CallContext = { scope: 'control', caller: { socket: 'control', uid: () => Promise.resolve(0) }, signal };
const APP: CallContext = { scope: 'scan', caller: { socket: 'scan', uid: () => Promise.resolve(1000) }, signal };

interface World {
  readonly agents: SiteAgents;
  readonly clock: ManualClock;
  readonly logger: ReturnType<typeof recordingLogger>;
  /** `customer agent previous new reason` of everything that was spooled, in order. */
  readonly events: string[];
  readonly spooled: AgentStatusChangeEvent[];
  readonly notes: object[];
  readonly configured: Map<string, { key: CustomerKey; thresholdSeconds: number }>;
  readonly settings: { limit: number; self: SelfAgent | undefined; home: CustomerKey | undefined; forbidden: (context: CallContext, customer: CustomerKey) => boolean };
  call(method: string, params: object, context?: CallContext): Promise<AgentView>;
  list(params?: object): Promise<string[]>;
}

async function world(folder: string, changes: Partial<SiteAgentsDeps> = {}, clock = manualClock()): Promise<World> {
  const logger = recordingLogger();
  const spooled: AgentStatusChangeEvent[] = [];
  const events: string[] = [];
  const notes: object[] = [];
  const configured = new Map([ACME, BETA, OTHER].map((key) => [keyOf(key), { key, thresholdSeconds: 300 }]));
  const settings: World['settings'] = { limit: Infinity, self: undefined, home: undefined, forbidden: () => false };
  let ids = 0;
  const agents = await createSiteAgents({
    clock, logger, ulid: () => String(ids++).padStart(26, '0'),
    stores: { agents: jsonStore(join(folder, 'agents.json')), counters: jsonStore(join(folder, 'counters.json')) },
    customers(msspId) {
      const keys = [...configured.values()].map(({ key }) => key).filter((key) => msspId === undefined || key.msspId === msspId);
      if (msspId !== undefined && msspId !== 'mssp_a' && msspId !== 'mssp_b') throw new RaxedError('MSSP_NOT_FOUND', 'there is no MSSP with this mssp_id');
      return keys;
    },
    thresholdMs(customer) {
      const found = configured.get(keyOf(customer));
      if (found === undefined) throw new RaxedError('CUSTOMER_NOT_FOUND', 'this MSSP has no customer with this customer_id');
      return found.thresholdSeconds * 1000;
    },
    agentLimit: () => settings.limit,
    home: () => settings.home,
    self: () => settings.self,
    allowed(context, customer) { if (settings.forbidden(context, customer)) throw new RaxedError('FORBIDDEN', 'not this customer'); },
    note(fields) { notes.push(fields); return Promise.resolve(); },
    spoolEvent(customer, event) {
      if (event.event_type === 'agent_status_change') {
        spooled.push(event);
        const { agent_id, previous_status, new_status, reason } = event.payload;
        events.push(`${keyOf(customer)} ${agent_id} ${previous_status} ${new_status} ${reason}`);
      }
      return Promise.resolve();
    },
    ...changes,
  });
  const dispatcher = createDispatcher({ methods: createAgentMethods(agents.actions), limits: () => ({ maxTextBytes: 1000 }), logger });
  const call = async (method: string, params: object, context = CTL): Promise<AgentView> => (await dispatcher.call(method, params, context)).result as AgentView;
  return {
    agents, clock, logger, events, spooled, notes, configured, settings, call,
    async list(params = {}) {
      const { agents: views } = await call('agent.list', params) as unknown as { agents: AgentView[] };
      return views.map((view) => `${view.mssp_id}/${view.customer_id} ${view.agent_id} ${view.status}${view.self === true ? ' self' : ''}`);
    },
  };
}

const named = (id: string, { msspId, customerId }: CustomerKey = ACME): { id: string; mssp: string; customer: string } => ({ id, mssp: msspId, customer: customerId });
const SELF: SelfAgent = { agentId: 'agent_daemon', ...ACME, version: '0.1.0', platform: 'linux', integration: 'raxed', uptimeSeconds: 90.9, lastHeartbeatMs: undefined };

t.test('an application registers, beats, falls silent, comes back and leaves; each change is an event', async (t) => {
  const w = await world(t.testdir());
  t.teardown(() => w.agents.stop());
  w.agents.start();
  t.same(await w.call('agent.register', { ...named('agent_1'), version: '1.0.0', platform: 'linux', integration: 'langchain' }, APP), {
    agent_id: 'agent_1', mssp_id: 'mssp_a', customer_id: 'cust_acme', status: 'online', version: '1.0.0', platform: 'linux', integration: 'langchain',
    first_seen: '2026-01-30T10:30:00.000Z', last_heartbeat: '2026-01-30T10:30:00.000Z', uptime_seconds: 0, total_scans: 0, total_threats: 0,
  });
  t.same(w.spooled[0], {
    event_type: 'agent_status_change', event_id: `evt_${'0'.repeat(26)}`, timestamp: '2026-01-30T10:30:00.000Z',
    payload: {
      agent_id: 'agent_1', mssp_id: 'mssp_a', customer_id: 'cust_acme', previous_status: 'unknown', new_status: 'online', reason: 'startup',
      agent: { version: '1.0.0', platform: 'linux', integration: 'langchain' },
    },
  });
  await w.clock.advance(60_500);
  t.match(await w.call('agent.heartbeat', { id: 'agent_1', scans: 40, threats: 2 }, APP), { status: 'online', uptime_seconds: 60, total_scans: 40, total_threats: 2, last_heartbeat: '2026-01-30T10:31:00.500Z' });
  await w.clock.advance(301_000);
  t.match(await w.call('agent.status', { id: 'agent_1' }), { status: 'offline', uptime_seconds: 60 });
  await w.call('agent.heartbeat', { id: 'agent_1', uptime_seconds: 7.9 }, APP);
  t.match(await w.call('agent.heartbeat', { id: 'agent_1', scans: 1, status: 'stopping' }, APP), { status: 'offline', total_scans: 41, uptime_seconds: 7 });
  await w.call('agent.register', { ...named('agent_1') }, APP);
  t.match(await w.call('agent.unregister', { id: 'agent_1' }), { status: 'offline', version: '1.0.0' });
  t.same(w.events.map((event) => event.replace('mssp_a/cust_acme agent_1 ', '')), [
    'unknown online startup', 'online degraded no_heartbeat', 'degraded offline no_heartbeat', 'offline online heartbeat_received',
    'online offline shutdown', 'offline online startup', 'online offline manual',
  ]);
  await t.rejects(w.call('agent.heartbeat', { id: 'agent_1' }, APP), { code: 'AGENT_NOT_FOUND' });
  t.same(await w.list(), []);
});

t.test('offline is announced within 5 s of its due time, whatever the wall clock does', async (t) => {
  const w = await world(t.testdir());
  t.teardown(() => w.agents.stop());
  w.agents.start();
  await w.clock.advance(333);
  await w.call('agent.register', named('agent_1'), APP);
  w.clock.step(-7_200_000);
  await w.clock.advance(299_999);
  t.same(w.events.length, 2, 'degraded, not yet offline');
  w.clock.step(86_400_000);
  await w.clock.advance(1001);
  t.equal(w.events.at(-1), 'mssp_a/cust_acme agent_1 degraded offline no_heartbeat');
  await w.agents.stop();
  await w.agents.stop();
  await w.clock.advance(600_000);
  t.equal(w.clock.sleepers, 0);
});

t.test('a call is answered when its event and the registry are durable, and events keep the order of the changes', async (t) => {
  const held: (() => void)[] = [];
  const order: string[] = [];
  const w = await world(t.testdir(), {
    spoolEvent: (_customer, event) => new Promise((resolve) => {
      if (event.event_type === 'agent_status_change') order.push(`${event.payload.agent_id} ${event.payload.new_status}`);
      held.push(resolve);
    }),
  });
  let answered = 0;
  const calls = [
    w.call('agent.register', named('a'), APP), w.call('agent.register', named('b'), APP),
    w.call('agent.heartbeat', { ...named('a'), status: 'stopping' }, APP), w.call('agent.heartbeat', named('a'), APP),
  ].map(async (call) => { await call; answered++; });
  await w.clock.advance(0);
  t.same(order, ['a online', 'b online', 'a offline', 'a online']);
  t.equal(answered, 0);
  for (const release of held) release();
  await Promise.all(calls);
  const file = JSON.parse(readFileSync(join(t.testdirName, 'agents.json'), 'utf8')) as { agents: { agent_id: string }[] };
  t.same(file.agents.map(({ agent_id }) => agent_id), ['a', 'b']);
  await w.agents.stop();
});

t.test('what the daemon counts in an agent\'s name, and what it says itself, adds up for it, its customer and its MSSP', async (t) => {
  const folder = t.testdir();
  const w = await world(folder);
  w.settings.self = SELF;
  await w.call('agent.register', named('agent_1'), APP);
  await w.call('agent.register', named('agent_1', OTHER), APP);
  w.agents.record(true, { ...ACME, agentId: 'agent_1' });
  w.agents.record(false, { ...ACME, agentId: 'somebody unknown' });
  w.agents.record(false, BETA);
  w.agents.record(true);
  await w.call('agent.heartbeat', { ...named('agent_1'), scans: 10, threats: 3 }, APP);
  await w.call('agent.heartbeat', { ...named('agent_1', OTHER), status: 'stopping' }, APP);
  t.match(await w.call('agent.status', named('agent_1')), { total_scans: 11, total_threats: 4 });
  t.match(await w.call('agent.status', named('agent_daemon')), { total_scans: 4, total_threats: 2, self: true });
  const stats = (): object[] => [w.agents.customerStats(ACME), w.agents.msspStats('mssp_a'), w.agents.msspStats('mssp_b')];
  const expected = [
    { mssp_id: 'mssp_a', customer_id: 'cust_acme', total_agents: 2, online_agents: 2, total_scans: 12, total_threats: 4 },
    { mssp_id: 'mssp_a', total_customers: 2, total_agents: 2, online_agents: 2, total_scans: 13, total_threats: 4 },
    { mssp_id: 'mssp_b', total_customers: 1, total_agents: 1, online_agents: 0, total_scans: 0, total_threats: 0 },
  ];
  t.same(stats(), expected);
  t.same(w.agents.counts(), { total: 3, online: 2, degraded: 0, offline: 1 });
  t.throws(() => w.agents.customerStats({ msspId: 'mssp_a', customerId: 'nobody' }), { code: 'CUSTOMER_NOT_FOUND' });
  t.throws(() => w.agents.msspStats('nobody'), { code: 'MSSP_NOT_FOUND' });
  w.agents.counters.take();
  w.agents.counters.restore({ scans: 2, threats: 1 });
  await w.agents.stop();

  const again = await world(folder);
  again.settings.self = SELF;
  t.match(await again.call('agent.status', named('agent_1')), { total_scans: 11, total_threats: 4, status: 'online' });
  t.same([again.agents.customerStats(ACME), again.agents.msspStats('mssp_a'), again.agents.msspStats('mssp_b')], expected);
  t.same(again.agents.counters.take(), { scans: 2, threats: 1 }, 'what no heartbeat delivered before the restart');
  t.same(again.agents.counters.totals(), { scans: 4, threats: 2 });
  t.equal((await again.call('agent.status', named('agent_daemon'))).first_seen, '2026-01-30T10:30:00.000Z', 'since when it counts');
  t.same(again.events, [], 'a restart is no change');
  await again.agents.stop();
});

t.test('a restart of the daemon declares nobody offline, and forgets nobody who was', async (t) => {
  const folder = t.testdir();
  const before = await world(folder);
  before.agents.start();
  await before.call('agent.register', named('gone'), APP);
  await before.clock.advance(299_000);
  await before.call('agent.register', named('alive'), APP);
  await before.clock.advance(7_000);
  t.same(await before.list(), ['mssp_a/cust_acme alive online', 'mssp_a/cust_acme gone offline']);
  const onDisk = (): string => readFileSync(join(folder, 'agents.json'), 'utf8');
  await eventually('the change is on disk within 5 s', () => onDisk().includes('"status":"offline"'));
  // Killed: nothing is written any more.
  const clock = manualClock(before.clock.now() + 3_600_000);
  const after = await world(folder, {}, clock);
  after.agents.start();
  await clock.advance(110_000);
  t.same(after.events, []);
  t.same(await after.list(), ['mssp_a/cust_acme alive online', 'mssp_a/cust_acme gone offline']);
  await clock.advance(200_000);
  t.same(after.events, ['mssp_a/cust_acme alive online degraded no_heartbeat', 'mssp_a/cust_acme alive degraded offline no_heartbeat']);
  await before.agents.stop();
  await after.agents.stop();
});

t.test('who is meant: named whole, by the id alone, by the token, or by the daemon\'s own tenant', async (t) => {
  const w = await world(t.testdir());
  await t.rejects(w.call('agent.register', { id: 'agent_1' }, APP), { code: 'TENANT_REQUIRED' });
  w.settings.home = BETA;
  t.match(await w.call('agent.register', { id: 'agent_1' }, APP), { customer_id: 'cust_beta' });
  t.match(await w.call('agent.register', { id: 'agent_1' }, { ...APP, tenant: OTHER }), { mssp_id: 'mssp_b' }, 'a token speaks for one customer');
  await w.call('agent.register', named('agent_2'), APP);

  await t.rejects(w.call('agent.heartbeat', { id: 'agent_1' }, APP), { code: 'AGENT_AMBIGUOUS' });
  t.match(await w.call('agent.heartbeat', { id: 'agent_1', mssp: 'mssp_b' }, APP), { mssp_id: 'mssp_b' });
  t.match(await w.call('agent.heartbeat', { id: 'agent_1', customer: 'cust_beta' }, APP), { mssp_id: 'mssp_a' });
  t.match(await w.call('agent.heartbeat', { id: 'agent_2' }, APP), { customer_id: 'cust_acme' });
  await t.rejects(w.call('agent.status', { id: 'agent_1' }), { code: 'AGENT_AMBIGUOUS' });
  await t.rejects(w.call('agent.unregister', { id: 'agent_1' }), { code: 'AGENT_AMBIGUOUS' });
  for (const method of ['agent.heartbeat', 'agent.status', 'agent.unregister']) {
    await t.rejects(w.call(method, { id: 'nobody' }), { code: 'AGENT_NOT_FOUND' });
    await t.rejects(w.call(method, named('nobody')), { code: 'AGENT_NOT_FOUND' });
    await t.rejects(w.call(method, { ...named('agent_1'), customer: 'nobody' }), { code: 'CUSTOMER_NOT_FOUND' });
    await t.rejects(w.call(method, { id: 'agent_1', mssp: 'nobody' }), { code: 'MSSP_NOT_FOUND' });
  }
  await t.rejects(w.call('agent.register', { ...named('x'), customer: 'nobody' }, APP), { code: 'CUSTOMER_NOT_FOUND' });
  await t.rejects(w.list({ mssp: 'nobody' }), { code: 'MSSP_NOT_FOUND' });
  await t.rejects(w.list({ mssp: 'mssp_b', customer: 'cust_beta' }), { code: 'CUSTOMER_NOT_FOUND' });
  t.same(await w.list(), ['mssp_a/cust_acme agent_2 online', 'mssp_a/cust_beta agent_1 online', 'mssp_b/cust_acme agent_1 online']);
  t.same(await w.list({ mssp: 'mssp_b' }), ['mssp_b/cust_acme agent_1 online']);
  t.same(await w.list({ customer: 'cust_acme' }), ['mssp_a/cust_acme agent_2 online', 'mssp_b/cust_acme agent_1 online']);
  await w.agents.stop();
});

t.test('a caller that may not speak for a customer neither changes nor finds its agents', async (t) => {
  const w = await world(t.testdir());
  for (const customer of [ACME, BETA]) await w.call('agent.register', named('agent_1', customer), APP);
  await w.call('agent.register', named('agent_2', BETA), APP);
  const events = w.events.length;
  w.settings.forbidden = ({ scope }, customer) => scope === 'scan' && keyOf(customer) !== keyOf(ACME);
  for (const method of ['agent.register', 'agent.heartbeat']) {
    await t.rejects(w.call(method, named('agent_1', BETA), APP), { code: 'FORBIDDEN' });
    await t.rejects(w.call(method, { ...named('x'), customer: 'nobody' }, APP), { code: 'FORBIDDEN' }, 'nor learns who there is');
  }
  t.match(await w.call('agent.heartbeat', { id: 'agent_1' }, APP), { customer_id: 'cust_acme' }, 'the only one that it may name');
  await t.rejects(w.call('agent.heartbeat', { id: 'agent_2' }, APP), { code: 'AGENT_NOT_FOUND' });
  await t.rejects(w.call('agent.heartbeat', { id: 'agent_1' }), { code: 'AGENT_AMBIGUOUS' });
  t.equal(w.events.length, events);
  for (const method of ['agent.list', 'agent.status', 'agent.unregister']) await t.rejects(w.call(method, named('agent_1'), APP), RaxedError, `${method} is for the control socket`);
  await w.agents.stop();
});

t.test('T2 (agents): the 51st agent of a customer is refused with the limit and the way out, and nothing changes', async (t) => {
  const w = await world(t.testdir());
  w.settings.limit = 50;
  w.settings.self = SELF;
  await Promise.all(Array.from({ length: 60 }, (_, i) => w.call('agent.register', named(`agent_${i}`), APP).catch((error: unknown) => error))).then((answers) => {
    t.equal(answers.filter((answer) => answer instanceof RaxedError && answer.code === 'LIMIT_REACHED').length, 10);
  });
  t.equal(w.agents.registered(ACME), 50, 'the daemon\'s own does not count');
  t.equal(w.agents.customerStats(ACME).total_agents, 51);
  t.equal(w.events.length, 50);
  t.match(await w.call('agent.register', named('agent_7'), APP), { status: 'online' });
  await w.call('agent.register', named('agent_55', BETA), APP);
  await w.agents.stop();
});

t.test('the daemon\'s own agent is listed, always online, and belongs to the configuration', async (t) => {
  const w = await world(t.testdir());
  await w.call('agent.register', named('agent_daemon'), APP);
  await w.call('agent.register', named('agent_zoe'), APP);
  const before = w.events.length;
  w.settings.self = { ...SELF, lastHeartbeatMs: Date.parse('2026-01-30T10:29:00Z') };
  await w.agents.tick();
  t.same(w.events.length, before, 'an application whose id the daemon took over is no more, without a word');
  t.same(await w.list(), ['mssp_a/cust_acme agent_daemon online self', 'mssp_a/cust_acme agent_zoe online']);
  const view = { agent_id: 'agent_daemon', status: 'online', version: '0.1.0', integration: 'raxed', last_heartbeat: '2026-01-30T10:29:00.000Z', uptime_seconds: 90, self: true };
  t.match(await w.call('agent.status', { id: 'agent_daemon' }), view);
  t.match(await w.call('agent.register', { ...named('agent_daemon'), version: '9' }, APP), view, 'it is there already');
  t.match(await w.call('agent.heartbeat', { id: 'agent_daemon', scans: 3, status: 'stopping' }, APP), view);
  t.equal(w.agents.customerStats(ACME).total_scans, 3);
  await t.rejects(w.call('agent.unregister', { id: 'agent_daemon' }), { code: 'MANAGED_BY_FILE' });
  w.settings.self = SELF;
  t.equal((await w.call('agent.status', { id: 'agent_daemon' })).last_heartbeat, new Date(w.clock.now() - 90_900).toISOString(), 'before its first heartbeat arrived: its start');
  await w.clock.advance(1_000_000);
  await w.agents.tick();
  t.same(await w.list(), ['mssp_a/cust_acme agent_daemon online self', 'mssp_a/cust_acme agent_zoe offline']);
  await w.agents.stop();
});

t.test('what an operator changes is audited, what an application does is not', async (t) => {
  const w = await world(t.testdir());
  await w.call('agent.register', named('by_app'), APP);
  await w.call('agent.heartbeat', named('by_app'), CTL);
  await w.call('agent.register', named('by_ctl'), CTL);
  await w.call('agent.unregister', { id: 'by_app' });
  await w.call('agent.unregister', { id: 'nobody' }).catch(() => undefined);
  t.same(w.notes, [
    { event: 'agent_registered', mssp_id: 'mssp_a', customer_id: 'cust_acme', agent_id: 'by_ctl' },
    { event: 'agent_unregistered', mssp_id: 'mssp_a', customer_id: 'cust_acme', agent_id: 'by_app' },
  ]);
  await w.agents.stop();
});

t.test('a customer that is deleted takes its agents and counts along; made again it starts empty', async (t) => {
  const folder = t.testdir();
  const w = await world(folder);
  for (const id of ['a', 'b']) await w.call('agent.register', named(id), APP);
  await w.call('agent.register', named('a', BETA), APP);
  w.agents.record(true, { ...ACME, agentId: 'a' });
  const before = w.events.length;
  await w.agents.removeCustomer(ACME);
  t.equal(w.agents.registered(ACME), 0);
  t.equal(w.events.length, before);
  const onDisk = (name: string): string => readFileSync(join(folder, name), 'utf8');
  t.notMatch(onDisk('agents.json'), 'cust_acme');
  t.notMatch(onDisk('counters.json'), 'cust_acme');
  t.same(await w.list(), ['mssp_a/cust_beta a online']);
  t.match(w.agents.customerStats(ACME), { total_agents: 0, total_scans: 0 });
  await w.agents.stop();
});

t.test('agents of a customer that is not configured are neither shown nor announced, and are there when it comes back', async (t) => {
  const w = await world(t.testdir());
  w.agents.start();
  await w.call('agent.register', named('agent_1'), APP);
  w.configured.delete(keyOf(ACME));
  await w.clock.advance(1_000_000);
  t.equal(w.events.length, 1);
  t.same(await w.list(), []);
  t.same(w.agents.counts(), { total: 0, online: 0, degraded: 0, offline: 0 });
  await t.rejects(w.call('agent.heartbeat', { id: 'agent_1' }, APP), { code: 'AGENT_NOT_FOUND' });
  w.configured.set(keyOf(ACME), { key: ACME, thresholdSeconds: 60 });
  await w.clock.advance(20_000);
  t.same(await w.list(), ['mssp_a/cust_acme agent_1 online']);
  await w.clock.advance(50_000);
  t.equal(w.events.at(-1), 'mssp_a/cust_acme agent_1 degraded offline no_heartbeat', 'a new threshold holds at once');
  await w.agents.stop();
});

t.test('a disk that refuses fails those who ask for durability, no heartbeat, and heals by itself', async (t) => {
  const folder = t.testdir();
  const w = await world(folder);
  w.agents.start();
  await w.call('agent.register', named('agent_1'), APP);
  // A folder in the place of a file cannot be replaced by one, whoever runs the test.
  for (const name of ['agents.json', 'counters.json']) {
    rmSync(join(folder, name), { force: true });
    mkdirSync(join(folder, name, 'in the way'), { recursive: true });
  }
  await t.rejects(w.call('agent.register', named('agent_2'), APP), { code: 'STATE_UNWRITABLE', message: /holds and is tried again/ });
  t.match(await w.call('agent.heartbeat', named('agent_2'), APP), { status: 'online' }, 'it is there all the same');
  t.match(await w.call('agent.heartbeat', { ...named('agent_1'), status: 'stopping' }, APP), { status: 'offline' });
  await t.rejects(w.agents.removeCustomer(BETA), { code: 'STATE_UNWRITABLE' });
  await eventually('both files are warned of', () => w.agents.warnings().join() === 'the agent registry cannot be written,the record of counted scans cannot be written');
  for (let i = 0; i < 20; i++) await w.clock.advance(1000);
  t.ok(w.logger.lines.filter(({ level }) => level === 'error').length === 2, 'one line a file, not one a second');
  for (const name of ['agents.json', 'counters.json']) rmSync(join(folder, name), { recursive: true });
  await w.call('agent.register', named('agent_3'), APP);
  await w.agents.stop();
  t.same(w.agents.warnings(), []);
  const again = await world(folder);
  t.same(await again.list(), ['mssp_a/cust_acme agent_1 offline', 'mssp_a/cust_acme agent_2 online', 'mssp_a/cust_acme agent_3 online']);
  await again.agents.stop();
});

t.test('a damaged registry is kept aside, what can be read of it lives on', async (t) => {
  const folder = t.testdir();
  const w = await world(folder);
  for (const id of ['a', 'b']) await w.call('agent.register', named(id), APP);
  await w.agents.stop();
  const whole = readFileSync(join(folder, 'agents.json'), 'utf8');
  writeFileSync(join(folder, 'agents.json'), whole.replace('"agent_id":"a"', '"agent_id":"../a"'));
  writeFileSync(join(folder, 'counters.json'), 'no JSON');
  const again = await world(folder);
  t.same(await again.list(), ['mssp_a/cust_acme b online']);
  t.equal(again.logger.lines.filter(({ level }) => level === 'error').length, 2);
  await again.agents.stop();
  t.same(readdirSync(folder).sort(), ['agents.json', 'agents.json.damaged-1', 'counters.json', 'counters.json.damaged-1']);
  t.match(readFileSync(join(folder, 'agents.json.damaged-1'), 'utf8'), '"agent_id":"../a"');
});

t.test('10,000 agents: registered at once they are a few writes, and silent at once they are announced in one look', async (t) => {
  const folder = t.testdir();
  let writes = 0;
  const store = jsonStore(join(folder, 'agents.json'));
  const w = await world(folder, {
    stores: { agents: { ...store, write: (parts) => { writes++; return store.write(parts); } }, counters: jsonStore(join(folder, 'counters.json')) },
  });
  const customers = [ACME, BETA, OTHER];
  const keyAt = (i: number): { id: string; mssp: string; customer: string } => named(`agent_${i}`, customers[i % 3]);
  await Promise.all(Array.from({ length: 10_000 }, (_, i) => w.call('agent.register', keyAt(i), APP)));
  t.ok(writes <= 5, `${writes} writes`);
  t.equal(w.agents.counts().online, 10_000);
  await Promise.all(Array.from({ length: 10_000 }, (_, i) => w.call('agent.heartbeat', keyAt(i), APP)));
  await Promise.all(Array.from({ length: 10_000 }, (_, i) => w.call('agent.register', keyAt(i), APP)));
  t.ok(writes <= 5, 'that they start again is not waited for');
  await w.clock.advance(300_000);
  await w.agents.tick();
  t.same(w.agents.counts(), { total: 10_000, online: 0, degraded: 0, offline: 10_000 });
  t.equal(w.events.length, 20_000);
  await w.agents.stop();
  const again = await world(folder);
  t.equal(again.agents.counts().offline, 10_000);
  await again.agents.stop();
});

t.test('parameters are checked, and no parameters at all bring down a method', async (t) => {
  const w = await world(t.testdir());
  w.settings.home = ACME;
  await w.call('agent.register', { id: 'agent_1' }, APP);
  for (const [method, params, problem] of [
    ['agent.register', {}, /id/], ['agent.register', { id: '../x' }, /id/], ['agent.register', { id: 'a', mssp: 'mssp_a' }, /customer: is required/], ['agent.register', { id: 'a', customer: 'c' }, /mssp: is required/],
    ['agent.register', { id: 'a', version: 'a b' }, /version/], ['agent.register', { id: 'a', platform: '' }, /platform/], ['agent.register', { id: 'a', integration: 'x'.repeat(65) }, /integration/],
    ['agent.heartbeat', { id: 'agent_1', scans: 1, threats: 2 }, /threats: must not be more than scans/], ['agent.heartbeat', { id: 'agent_1', threats: 1 }, /threats/],
    ['agent.heartbeat', { id: 'agent_1', scans: -1 }, /scans/], ['agent.heartbeat', { id: 'agent_1', scans: 1.5 }, /scans/], ['agent.heartbeat', { id: 'agent_1', scans: 1e12 + 1 }, /scans/],
    ['agent.heartbeat', { id: 'agent_1', status: 'offline' }, /online, stopping/], ['agent.heartbeat', { id: 'agent_1', uptime_seconds: -1 }, /uptime_seconds/],
    ['agent.list', { msspp: 'x' }, /did you mean "mssp"/], ['agent.status', { id: 'a', force: true }, /unknown field/], ['agent.unregister', { mssp: 'mssp_a' }, /id/],
  ] as const) await t.rejects(w.call(method, params), { code: 'BAD_REQUEST', message: problem }, `${method} ${JSON.stringify(params)}`);
  const before = await w.list();
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom('agent_1', 'mssp_a', 'cust_acme', '__proto__'));
  const params = fc.dictionary(fc.constantFrom('id', 'mssp', 'customer', 'version', 'scans', 'threats', 'status', 'uptime_seconds', 'constructor', 'x'), value);
  await fc.assert(fc.asyncProperty(fc.constantFrom('agent.list', 'agent.status', 'agent.heartbeat'), params, async (method, given) => {
    try {
      await w.call(method, given);
      return true;
    } catch (error) {
      return error instanceof RaxedError && error.code !== 'INTERNAL';
    }
  }), { numRuns: 1000 });
  t.same(await w.list(), before);
  await w.agents.stop();
});
