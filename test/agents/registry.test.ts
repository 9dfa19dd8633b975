import assert from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import type { Agent, AgentKey, AgentRegistry, Moment, RegistryOptions, SavedAgent, StatusChange } from '../../src/agents/registry.js';
import { createRegistry, statusAfter, uptimeMs } from '../../src/agents/registry.js';
import { encodeAgents, parseAgents } from '../../src/agents/saved-state.js';
import { RaxedError } from '../../src/errors.js';

const CUSTOMER = { msspId: 'mssp_yourcompany', customerId: 'cust_acme' };
const AGENT: AgentKey = { ...CUSTOMER, agentId: 'agent_001' };
const LABELS = { version: '1.0.0', platform: 'linux', integration: 'langchain' };
const WALL_MS = Date.parse('2026-01-30T10:30:00Z');
const SILENT = { scans: 0, threats: 0, stopping: false };

/** An instant so many seconds after the beginning; the wall clock may be set wrong by some more. */
function at(seconds: number, wallOffsetSeconds = 0): Moment {
  return { monotonicMs: 5_000 + seconds * 1000, wallMs: WALL_MS + (seconds + wallOffsetSeconds) * 1000 };
}

function registry(options: Partial<RegistryOptions> = {}, saved: readonly SavedAgent[] = [], now = at(0)): AgentRegistry {
  return createRegistry({ thresholdMs: () => 300_000, limit: () => Infinity, ...options }, saved, now);
}

function saved(from: AgentRegistry): readonly SavedAgent[] {
  return parseAgents(JSON.parse([...encodeAgents(from.all())].join(''))).state;
}

const words = (changes: Iterable<StatusChange>): string[] => Array.from(changes, ({ agent, previous, next, reason }) => `${agent.agentId} ${previous} ${next} ${reason}`);
const word = (change: StatusChange | undefined): string | undefined => (change === undefined ? undefined : words([change])[0]);

t.test('T9: after 0, 121 and 301 s of silence an agent is online, degraded and offline; a threshold of 600 s makes it offline after 600 s only', (t) => {
  for (const [thresholdSeconds, expected] of [
    [300, { 0: 'online', 120: 'online', 121: 'degraded', 299: 'degraded', 300: 'offline', 301: 'offline' }],
    [600, { 0: 'online', 121: 'degraded', 301: 'degraded', 599: 'degraded', 600: 'offline' }],
    [60, { 30: 'online', 31: 'degraded', 59: 'degraded', 60: 'offline' }],
    [3600, { 120: 'online', 121: 'degraded', 3599: 'degraded', 3600: 'offline' }],
  ] as const) {
    const agents = registry({ thresholdMs: () => thresholdSeconds * 1000 });
    agents.register(AGENT, LABELS, at(0));
    for (const [seconds, status] of Object.entries(expected)) {
      words(agents.due(at(Number(seconds)).monotonicMs));
      t.equal(agents.get(AGENT)?.status, status, `${seconds} s at a threshold of ${thresholdSeconds} s`);
      t.equal(statusAfter(Number(seconds) * 1000, thresholdSeconds * 1000), status);
    }
  }
  t.end();
});

t.test('every change has its reason, and what does not change the status is no change', (t) => {
  const agents = registry();
  const beat = (seconds: number, stopping = false): string | undefined => word(agents.heartbeat(AGENT, { ...SILENT, stopping }, at(seconds))?.change);
  t.equal(word(agents.register(AGENT, LABELS, at(0)).change), 'agent_001 unknown online startup');
  t.equal(beat(10), undefined);
  t.same(words(agents.due(at(131).monotonicMs)), ['agent_001 online degraded no_heartbeat']);
  t.same(words(agents.due(at(132).monotonicMs)), [], 'said once');
  t.equal(beat(140), 'agent_001 degraded online heartbeat_received');
  t.same(words(agents.due(at(440).monotonicMs)), ['agent_001 online offline no_heartbeat'], 'a late look misses the step between');
  t.equal(beat(500), 'agent_001 offline online heartbeat_received');
  t.equal(beat(501, true), 'agent_001 online offline shutdown');
  t.equal(beat(502, true), undefined);
  t.same(words(agents.due(at(99_999).monotonicMs)), [], 'who said goodbye is not missed');
  t.equal(word(agents.register(AGENT, {}, at(100_000)).change), 'agent_001 offline online startup');
  t.equal(agents.register(AGENT, {}, at(100_001)).change, undefined);
  words(agents.due(at(100_200).monotonicMs));
  t.equal(word(agents.register(AGENT, {}, at(100_201)).change), 'agent_001 degraded online startup');
  t.equal(word(agents.unregister(AGENT)?.change), 'agent_001 online offline manual');
  t.equal(agents.unregister(AGENT), undefined);
  t.equal(agents.heartbeat(AGENT, SILENT, at(100_300)), undefined);
  agents.register(AGENT, {}, at(100_301));
  beat(100_302, true);
  t.equal(agents.unregister(AGENT)?.change, undefined, 'it was offline before');
  t.end();
});

t.test('a wall clock that jumps changes what is shown and nothing that is decided', (t) => {
  const agents = registry();
  agents.register(AGENT, {}, at(0));
  for (const [i, offset] of [86_400, -86_400, 0, 7 * 86_400].entries()) {
    agents.heartbeat(AGENT, SILENT, at(60 * (i + 1), offset));
    t.same(words(agents.due(at(60 * (i + 1) + 59, offset).monotonicMs)), []);
    t.equal(agents.get(AGENT)?.lastHeartbeatMs, at(60 * (i + 1), offset).wallMs);
  }
  t.equal(uptimeMs(agents.get(AGENT) as Agent, at(300).monotonicMs), 300_000);
  t.same(words(agents.due(at(541, -86_400).monotonicMs)), ['agent_001 online offline no_heartbeat']);
  t.end();
});

t.test('a changed threshold holds at once, and a higher one lets only a heartbeat make things better', (t) => {
  let thresholdMs = 300_000;
  const agents = registry({ thresholdMs: () => thresholdMs });
  agents.register(AGENT, {}, at(0));
  t.same(words(agents.due(at(100).monotonicMs)), []);
  thresholdMs = 60_000;
  t.same(words(agents.due(at(100).monotonicMs)), ['agent_001 online offline no_heartbeat']);
  thresholdMs = 3_600_000;
  t.same(words(agents.due(at(101).monotonicMs)), []);
  t.equal(word(agents.heartbeat(AGENT, SILENT, at(102))?.change), 'agent_001 offline online heartbeat_received');
  t.end();
});

t.test('while a customer is not configured its agents\' time stands still', (t) => {
  let thresholdMs: number | undefined = 300_000;
  const agents = registry({ thresholdMs: () => thresholdMs });
  agents.register(AGENT, {}, at(0));
  thresholdMs = undefined;
  for (const seconds of [100, 1000, 10_000]) t.same(words(agents.due(at(seconds).monotonicMs)), []);
  thresholdMs = 300_000;
  t.same(words(agents.due(at(10_100).monotonicMs)), []);
  t.equal(uptimeMs(agents.get(AGENT) as Agent, at(10_100).monotonicMs), 10_100_000);
  t.same(words(agents.due(at(10_300).monotonicMs)), ['agent_001 online offline no_heartbeat']);
  t.end();
});

t.test('over a restart agents keep their status, and have the time since then only', (t) => {
  const before = registry();
  const ids = ['calm', 'late', 'gone', 'stopped'].map((agentId) => ({ ...CUSTOMER, agentId }));
  for (const id of ids) before.register(id, LABELS, at(0));
  before.heartbeat({ ...CUSTOMER, agentId: 'stopped' }, { scans: 7, threats: 2, stopping: true }, at(100));
  words(before.due(at(300).monotonicMs));
  for (const agentId of ['calm', 'late']) before.heartbeat({ ...CUSTOMER, agentId }, SILENT, at(301));
  before.heartbeat({ ...CUSTOMER, agentId: 'calm' }, SILENT, at(400));
  words(before.due(at(450).monotonicMs));
  const statuses = (of: AgentRegistry): Record<string, string> => Object.fromEntries(Array.from(of.all(), ({ agentId, status }) => [agentId, status]));
  const expected = { calm: 'online', late: 'degraded', gone: 'offline', stopped: 'offline' };
  t.same(statuses(before), expected);

  // Down for an hour; the monotonic clock begins anew.
  const restart: Moment = { monotonicMs: 12, wallMs: at(450 + 3600).wallMs };
  const after = registry({}, saved(before), restart);
  const later = (seconds: number): number => restart.monotonicMs + seconds * 1000;
  t.same(statuses(after), expected);
  t.same(words(after.due(later(119))), []);
  t.equal(uptimeMs(after.get({ ...CUSTOMER, agentId: 'calm' }) as Agent, later(10)), (450 + 3600 + 10) * 1000, 'it was not the agent that was down');
  t.equal(uptimeMs(after.get({ ...CUSTOMER, agentId: 'gone' }) as Agent, later(10)), 0, 'when it was last heard');
  t.match(after.get({ ...CUSTOMER, agentId: 'stopped' }), { scans: 7, threats: 2, labels: LABELS, firstSeenMs: WALL_MS, lastHeartbeatMs: at(100).wallMs });
  after.heartbeat({ ...CUSTOMER, agentId: 'calm' }, SILENT, { monotonicMs: later(200), wallMs: WALL_MS });
  t.same(words(after.due(later(300))), ['late degraded offline no_heartbeat']);
  t.equal(word(after.register({ ...CUSTOMER, agentId: 'gone' }, {}, { monotonicMs: later(301), wallMs: WALL_MS }).change), 'gone offline online startup');
  t.end();
});

t.test('T2 (agents): the community edition refuses the 51st agent of a customer, and never one that is known', (t) => {
  let limit = 50;
  const agents = registry({ limit: () => limit });
  for (let i = 0; i < 50; i++) agents.register({ ...CUSTOMER, agentId: `agent_${i}` }, {}, at(i));
  t.throws(() => agents.register({ ...CUSTOMER, agentId: 'agent_50' }, {}, at(51)), { code: 'LIMIT_REACHED', message: /community edition.* 50 agents .*unregister.*enterprise/ });
  t.equal(agents.get({ ...CUSTOMER, agentId: 'agent_50' }), undefined);
  t.equal(agents.register({ ...CUSTOMER, agentId: 'agent_7' }, { version: '2' }, at(52)).news, true);
  t.equal(word(agents.register({ ...CUSTOMER, customerId: 'cust_other', agentId: 'agent_50' }, {}, at(53)).change), 'agent_50 unknown online startup', 'each customer has its own');
  agents.unregister({ ...CUSTOMER, agentId: 'agent_0' });
  t.ok(agents.register({ ...CUSTOMER, agentId: 'agent_50' }, {}, at(54)).news);
  limit = Infinity;
  for (let i = 100; i < 200; i++) agents.register({ ...CUSTOMER, agentId: `agent_${i}` }, {}, at(i));
  limit = 50;
  t.throws(() => agents.register({ ...CUSTOMER, agentId: 'more' }, {}, at(200)), RaxedError);
  t.equal([...agents.ofCustomer(CUSTOMER)].length, 150, 'a limit that came later throws nobody out');
  t.end();
});

t.test('uptime counts from the last start, or is what the agent says', (t) => {
  const agents = registry();
  const uptime = (seconds: number): number => uptimeMs(agents.get(AGENT) as Agent, at(seconds).monotonicMs) / 1000;
  agents.register(AGENT, {}, at(0));
  agents.heartbeat(AGENT, SILENT, at(60));
  t.equal(uptime(90), 90);
  agents.heartbeat(AGENT, { ...SILENT, uptimeMs: 1_000_000 }, at(120));
  t.equal(uptime(130), 1010);
  agents.heartbeat(AGENT, SILENT, at(140));
  t.equal(uptime(140), 1020);
  agents.heartbeat(AGENT, { ...SILENT, stopping: true }, at(150));
  t.equal(uptime(9000), 1030, 'it stands still');
  agents.register(AGENT, {}, at(9000));
  t.equal(uptime(9001), 1);
  t.end();
});

t.test('labels that are given replace, others stay; counts add up and never leave the integers', (t) => {
  const agents = registry();
  t.ok(agents.register(AGENT, LABELS, at(0)).news);
  t.notOk(agents.register(AGENT, {}, at(1)).news);
  t.notOk(agents.register(AGENT, LABELS, at(1)).news);
  t.ok(agents.register(AGENT, { version: '2.0.0' }, at(2)).news);
  t.same(agents.get(AGENT)?.labels, { ...LABELS, version: '2.0.0' });
  agents.heartbeat(AGENT, { scans: 3, threats: 1, stopping: false }, at(3));
  t.ok(agents.count(AGENT, { scans: 1, threats: 1 }));
  t.match(agents.get(AGENT), { scans: 4, threats: 2 });
  t.notOk(agents.count({ ...AGENT, agentId: 'nobody' }, { scans: 1, threats: 1 }));
  for (let i = 0; i < 20; i++) agents.heartbeat(AGENT, { scans: 1e15, threats: 1e15, stopping: false }, at(4));
  t.match(agents.get(AGENT), { scans: Number.MAX_SAFE_INTEGER, threats: Number.MAX_SAFE_INTEGER });
  t.end();
});

t.test('an id may occur at several customers; one that is removed takes its agents along, also while they are gone through', (t) => {
  const agents = registry();
  const other = { msspId: 'mssp_other', customerId: 'cust_acme' };
  for (const customer of [CUSTOMER, other]) for (const agentId of ['a', 'b', 'c']) agents.register({ ...customer, agentId }, {}, at(0));
  t.same(agents.named('b').map(({ msspId }) => msspId), ['mssp_yourcompany', 'mssp_other']);
  const seen: string[] = [];
  for (const { agent } of agents.due(at(1000).monotonicMs)) {
    seen.push(`${agent.msspId} ${agent.agentId}`);
    if (seen.length === 1) agents.removeCustomer(CUSTOMER);
  }
  t.same(seen, ['mssp_yourcompany a', 'mssp_other a', 'mssp_other b', 'mssp_other c']);
  agents.removeCustomer(CUSTOMER);
  t.same([...agents.ofCustomer(CUSTOMER)], []);
  t.equal(agents.register({ ...CUSTOMER, agentId: 'a' }, {}, at(1001)).change?.previous, 'unknown', 'made again it starts empty');
  t.end();
});

t.test('agents.json has its pinned form, and what it holds is read back', (t) => {
  const agents = registry();
  agents.register(AGENT, LABELS, at(0));
  agents.heartbeat(AGENT, { scans: 5, threats: 2, stopping: false }, at(61.5));
  agents.register({ ...CUSTOMER, agentId: 'bare' }, {}, at(62));
  const text = [...encodeAgents(agents.all())].join('');
  t.equal(text, '{"version":1,"agents":['
    + '{"mssp_id":"mssp_yourcompany","customer_id":"cust_acme","agent_id":"agent_001","status":"online","version":"1.0.0","platform":"linux","integration":"langchain","first_seen":"2026-01-30T10:30:00.000Z","last_heartbeat":"2026-01-30T10:31:01.500Z","uptime_seconds":61.5,"total_scans":5,"total_threats":2},'
    + '{"mssp_id":"mssp_yourcompany","customer_id":"cust_acme","agent_id":"bare","status":"online","first_seen":"2026-01-30T10:31:02.000Z","last_heartbeat":"2026-01-30T10:31:02.000Z","uptime_seconds":0,"total_scans":0,"total_threats":0}'
    + ']}\n');
  t.equal([...encodeAgents([])].join(''), '{"version":1,"agents":[]}\n');
  const again = registry({}, parseAgents(JSON.parse(text)).state, { monotonicMs: 0, wallMs: at(62).wallMs });
  t.match(again.get(AGENT), { labels: LABELS, scans: 5, threats: 2, status: 'online' });
  for (let i = 0; i < 1000; i++) agents.register({ ...CUSTOMER, agentId: `many_${i}` }, LABELS, at(i));
  const parts = [...encodeAgents(agents.all())];
  t.ok(parts.length > 4, 'a long one comes in parts');
  t.equal(parseAgents(JSON.parse(parts.join(''))).state.length, 1002);
  t.end();
});

t.test('of a damaged agents.json what can be understood is kept', (t) => {
  const good = { mssp_id: 'm', customer_id: 'c', agent_id: 'a', status: 'offline', first_seen: '2026-01-30T10:30:00.000Z', last_heartbeat: '2026-01-30T10:30:00.000Z', uptime_seconds: 1, total_scans: 1, total_threats: 0 };
  for (const wrong of [
    null, 7, 'a', {}, { ...good, agent_id: '../x' }, { ...good, mssp_id: undefined }, { ...good, status: 'unknown' }, { ...good, version: 'a b' }, { ...good, version: '' },
    { ...good, first_seen: '2026-13-30T10:30:00.000Z' }, { ...good, last_heartbeat: 1769769000000 }, { ...good, uptime_seconds: -1 }, { ...good, uptime_seconds: 1e300 },
    { ...good, total_scans: 1.5 }, { ...good, total_threats: 2 ** 60 },
  ]) {
    const { state, damaged } = parseAgents({ version: 1, agents: [good, wrong] });
    t.same([state.map(({ agentId }) => agentId), damaged], [['a'], true], JSON.stringify(wrong));
  }
  for (const whole of [null, [], 'x', {}, { version: 2, agents: [good] }, { version: 1 }, { version: 1, agents: {} }]) t.same(parseAgents(whole), { state: [], damaged: true });
  t.same(parseAgents(undefined), { state: [], damaged: false });
  t.same(parseAgents({ version: 1, agents: [] }), { state: [], damaged: false });
  const twice = registry({}, parseAgents({ version: 1, agents: [good, { ...good, status: 'online' }] }).state);
  t.equal(twice.get({ msspId: 'm', customerId: 'c', agentId: 'a' })?.status, 'online');
  fc.assert(fc.property(fc.jsonValue(), (json) => { parseAgents({ version: 1, agents: [json] }); parseAgents(json); }));
  t.end();
});

/** What the registry should do, in the fewest words: who is known, since when silent, with which status. */
interface Known { status: string; heard: number; scans: number }

t.test('random lives of agents, restarts and thresholds agree with a small model', (t) => {
  const step = fc.oneof(
    fc.record({ kind: fc.constantFrom('register', 'beat', 'stop', 'unregister', 'scan'), who: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ kind: fc.constant('wait'), seconds: fc.integer({ min: 1, max: 400 }) }),
    fc.record({ kind: fc.constant('threshold'), seconds: fc.constantFrom(60, 300, 600) }),
    fc.record({ kind: fc.constant('step'), seconds: fc.integer({ min: -100_000, max: 100_000 }) }),
    fc.record({ kind: fc.constant('restart') }),
  );
  const LIMIT = 3;
  fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
    let thresholdMs = 300_000;
    let now: Moment = at(0);
    const options = { thresholdMs: () => thresholdMs, limit: () => LIMIT };
    let real = createRegistry(options, [], now);
    const model = new Map<string, Known>();
    for (const action of steps) {
      const told: string[] = [];
      const expected: string[] = [];
      const move = (id: string, known: Known, next: string, reason: string): void => {
        if (known.status !== next) expected.push(`${id} ${known.status} ${next} ${reason}`);
        known.status = next;
      };
      const keep = (change: StatusChange | undefined): void => { if (change !== undefined) told.push(...words([change])); };
      if ('who' in action) {
        const id = `agent_${action.who}`;
        const key = { ...CUSTOMER, agentId: id };
        const known = model.get(id);
        if (action.kind === 'register') {
          if (known === undefined && model.size >= LIMIT) {
            assert.throws(() => real.register(key, {}, now), { code: 'LIMIT_REACHED' });
          } else {
            keep(real.register(key, {}, now).change);
            const fresh = known ?? { status: 'unknown', heard: 0, scans: 0 };
            model.set(id, fresh);
            fresh.heard = now.monotonicMs;
            move(id, fresh, 'online', 'startup');
          }
        } else if (action.kind === 'unregister') {
          keep(real.unregister(key)?.change);
          if (known !== undefined) move(id, known, 'offline', 'manual');
          model.delete(id);
        } else if (action.kind === 'scan') {
          assert.equal(real.count(key, { scans: 1, threats: 0 }), known !== undefined);
          if (known !== undefined) known.scans++;
        } else {
          const stopping = action.kind === 'stop';
          const answer = real.heartbeat(key, { scans: 2, threats: 1, stopping }, now);
          assert.equal(answer === undefined, known === undefined);
          keep(answer?.change);
          if (known !== undefined) {
            known.heard = now.monotonicMs;
            known.scans += 2;
            move(id, known, stopping ? 'offline' : 'online', stopping ? 'shutdown' : 'heartbeat_received');
          }
        }
      } else if (action.kind === 'restart') {
        now = { monotonicMs: now.monotonicMs % 1000, wallMs: now.wallMs + 3_600_000 };
        real = createRegistry(options, saved(real), now);
        for (const known of model.values()) known.heard = now.monotonicMs;
      } else if ('seconds' in action) {
        if (action.kind === 'threshold') thresholdMs = action.seconds * 1000;
        if (action.kind === 'step') now = { ...now, wallMs: now.wallMs + action.seconds * 1000 };
        if (action.kind === 'wait') {
          now = { monotonicMs: now.monotonicMs + action.seconds * 1000, wallMs: now.wallMs + action.seconds * 1000 };
          told.push(...words(real.due(now.monotonicMs)));
          for (const [id, known] of model) {
            const silent = now.monotonicMs - known.heard;
            if (known.status === 'offline') continue;
            if (silent >= thresholdMs) move(id, known, 'offline', 'no_heartbeat');
            else if (known.status === 'online' && silent > Math.min(120_000, thresholdMs / 2)) move(id, known, 'degraded', 'no_heartbeat');
          }
        }
      }
      assert.deepEqual(told.sort(), expected.sort());
      assert.deepEqual(Array.from(real.all(), ({ agentId, status, scans }) => [agentId, status, scans]).sort(), [...model].map(([id, { status, scans }]) => [id, status, scans]).sort());
    }
  }), { numRuns: 300 });
  t.end();
});
