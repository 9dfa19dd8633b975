import { once, EventEmitter } from 'node:events';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { createCounters, type ScanCounters } from '../../src/agents/counters.js';
import { createCronScheduler, type CronScheduler } from '../../src/agents/cron.js';
import { createHeartbeat, jitterMs, type Heartbeat, type HeartbeatDeps, type HeartbeatOptions } from '../../src/agents/heartbeat.js';
import type { HeartbeatEvent } from '../../src/event/event.js';
import type { FilteredEvent } from '../../src/event/privacy.js';
import { ConfigError } from '../../src/errors.js';
import { nodeClock } from '../../src/platform/node.js';
import { manualClock, type ManualClock } from '../fixtures/clock.js';
import { recordingLogger, silentLogger } from '../fixtures/logger.js';

const OPTIONS: HeartbeatOptions = {
  cron: '* * * * *', agentId: 'agent_c', msspId: 'mssp_a', customerId: 'cust_b', agent: { version: '1.2.3', platform: 'linux', integration: 'raxed' },
};
const JITTER = jitterMs(OPTIONS.agentId, 60_000);

t.test('counts are taken once, given back when asked, and never lost', (t) => {
  const counters = createCounters();
  counters.record(false);
  counters.record(true);
  t.same(counters.take(), { scans: 2, threats: 1 });
  t.same(counters.take(), { scans: 0, threats: 0 });
  const step = fc.oneof(fc.constantFrom('scan', 'threat', 'deliver', 'fail'), fc.constant('take'));
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const counted = createCounters();
    let scans = 0;
    let delivered = 0;
    let held: { scans: number; threats: number } | undefined;
    for (const action of steps) {
      if (action === 'scan' || action === 'threat') { counted.record(action === 'threat'); scans++; }
      if (action === 'take' && held === undefined) held = counted.take();
      if (action === 'deliver' && held !== undefined) { delivered += held.scans; held = undefined; }
      if (action === 'fail' && held !== undefined) { counted.restore(held); held = undefined; }
    }
    return delivered + (held?.scans ?? 0) + counted.take().scans === scans && counted.totals().scans === scans;
  }));
  t.end();
});

t.test('the jitter is the same for an agent each time, spread over a fleet, and bounded', (t) => {
  t.equal(jitterMs('agent_c', 60_000), JITTER);
  t.equal(jitterMs('agent_prod_001', 60_000), 4_803);
  fc.assert(fc.property(fc.string(), fc.integer({ min: 1000, max: 86_400_000 }), (id, periodMs) => {
    const jitter = jitterMs(id, periodMs);
    return jitter >= 0 && jitter < 30_000 && jitter < periodMs / 2 && jitter === jitterMs(id, periodMs);
  }));
  const tenths = new Set(Array.from({ length: 1000 }, (_, i) => Math.floor(jitterMs(`agent_${i}`, 60_000) / 3000)));
  t.equal(tenths.size, 10);
  t.end();
});

interface Setup {
  heartbeat: Heartbeat;
  clock: ManualClock;
  counters: ScanCounters;
  sent: HeartbeatEvent[];
  /** One per `send` under way, when `hold` is on. */
  held: { succeed(): void; fail(): void; signal: AbortSignal }[];
  tick(): Promise<void>;
  jobs: { stopped: boolean }[];
  mode: { answer: 'ok' | 'fail' | 'hold' };
}

function setup(overrides: { options?: Partial<HeartbeatOptions>; deps?: Partial<HeartbeatDeps> } = {}): Setup {
  const clock = manualClock();
  const counters = overrides.deps?.counters ?? createCounters();
  const sent: HeartbeatEvent[] = [];
  const held: Setup['held'] = [];
  const jobs: { stopped: boolean; run(): void }[] = [];
  const mode: Setup['mode'] = { answer: 'ok' };
  let ids = 0;
  const scheduler: CronScheduler = {
    schedule(_expression, run) {
      const job = { periodMs: 60_000, untilNextMs: () => 60_000, stopped: false, run, stop() { job.stopped = true; } };
      jobs.push(job);
      return Promise.resolve(job);
    },
  };
  const heartbeat = createHeartbeat({ ...OPTIONS, ...overrides.options }, {
    clock, logger: silentLogger, scheduler, counters,
    createId: () => `evt_${ids++}`,
    send(event: FilteredEvent, signal) {
      if (event.event_type === 'heartbeat') sent.push(event);
      if (mode.answer === 'ok') return Promise.resolve();
      if (mode.answer === 'fail') return Promise.reject(new Error('answered 503'));
      return new Promise((resolve, reject) => {
        const fail = (): void => { reject(new Error('answered 503')); };
        signal.addEventListener('abort', fail);
        held.push({ succeed: resolve, fail, signal });
      });
    },
    uptimeSeconds: () => clock.monotonic() / 1000,
    memoryMb: () => 61.23456,
    queue: () => ({ pending: 3, oldest_pending_age_seconds: 4, dead: 1, rejected: 2 }),
    destinations: () => [{ name: 'webhook', state: 'ok' }],
    warnings: () => ['certificates are not checked'],
    ...overrides.deps,
  });
  return {
    heartbeat, clock, counters, sent, held, jobs, mode,
    async tick() { for (const job of jobs) if (!job.stopped) job.run(); await clock.advance(0); },
  };
}

t.test('one at the start, one at each time of the expression after the jitter, one at a clean stop', async (t) => {
  const { heartbeat, clock, counters, sent, tick, jobs } = setup();
  await heartbeat.start();
  await clock.advance(0);
  t.same(sent[0], {
    event_type: 'heartbeat', event_id: 'evt_0', timestamp: '2026-01-30T10:30:00.000Z',
    payload: {
      mssp_id: 'mssp_a', customer_id: 'cust_b', agent_id: 'agent_c', status: 'online', uptime_seconds: 0,
      scans_since_last_heartbeat: 0, threats_since_last_heartbeat: 0, scans_total: 0, threats_total: 0, memory_mb: 61.2,
      agent: { version: '1.2.3', platform: 'linux', integration: 'raxed' },
      queue: { pending: 3, oldest_pending_age_seconds: 4, dead: 1, rejected: 2 },
      destinations: [{ name: 'webhook', state: 'ok' }], warnings: ['certificates are not checked'],
    },
  });
  counters.record(true);
  counters.record(false);
  await tick();
  t.equal(sent.length, 1);
  await clock.advance(JITTER - 1);
  t.equal(sent.length, 1, 'not before its jitter');
  await clock.advance(1);
  t.match(sent[1], { event_id: 'evt_1', payload: { status: 'online', scans_since_last_heartbeat: 2, threats_since_last_heartbeat: 1, scans_total: 2, uptime_seconds: Math.floor(JITTER / 1000) } });
  t.equal(heartbeat.lastSuccess, clock.now());
  counters.record(false);
  await heartbeat.stop({ farewell: true });
  t.match(sent[2], { payload: { status: 'stopping', scans_since_last_heartbeat: 1, scans_total: 3 } });
  t.same(jobs.map((job) => job.stopped), [true]);
  await heartbeat.stop({ farewell: true });
  await clock.advance(600_000);
  t.equal(sent.length, 3, 'nothing after that');
});

t.test('a heartbeat that failed is not queued; the next one carries its counts', async (t) => {
  const { heartbeat, clock, counters, sent, tick, mode } = setup();
  mode.answer = 'fail';
  counters.record(true);
  await heartbeat.start();
  await clock.advance(0);
  counters.record(false);
  for (let i = 0; i < 5; i++) { await tick(); await clock.advance(60_000); }
  t.equal(sent.length, 6);
  t.equal(heartbeat.lastError, 'answered 503');
  mode.answer = 'ok';
  await tick();
  await clock.advance(60_000);
  t.equal(sent.length, 7, 'one, not seven');
  t.match(sent[6]?.payload, { scans_since_last_heartbeat: 2, threats_since_last_heartbeat: 1 });
  t.equal(heartbeat.lastError, undefined);
  await heartbeat.stop({ farewell: false });
  t.equal(sent.length, 7);
});

t.test('while one is under way, all that became due is one, built when its turn comes', async (t) => {
  const { heartbeat, clock, counters, sent, held, tick, mode } = setup();
  mode.answer = 'hold';
  await heartbeat.start();
  await clock.advance(0);
  for (let i = 0; i < 4; i++) { counters.record(false); await tick(); await clock.advance(60_000); }
  t.equal(sent.length, 1, 'never two at once');
  held[0]?.succeed();
  await clock.advance(0);
  t.equal(sent.length, 2);
  t.match(sent[1]?.payload, { scans_since_last_heartbeat: 4 });
  t.equal(sent[1]?.timestamp, new Date(clock.now()).toISOString(), 'the newest state');
  held[1]?.fail();
  await clock.advance(0);
  t.equal(sent.length, 2);
  await heartbeat.stop({ farewell: false });
});

t.test('a stop cuts off what is under way, counts included, and waits 3 s at most for the farewell', async (t) => {
  const { heartbeat, clock, counters, sent, held, mode } = setup();
  mode.answer = 'hold';
  counters.record(true);
  await heartbeat.start();
  await clock.advance(0);
  let stopped = false;
  const stop = heartbeat.stop({ farewell: true }).then(() => { stopped = true; });
  await clock.advance(0);
  t.ok(held[0]?.signal.aborted);
  t.match(sent.map((event) => [event.payload.status, event.payload.threats_since_last_heartbeat]), [['online', 1], ['stopping', 1]]);
  await clock.advance(2999);
  t.notOk(stopped);
  await clock.advance(1);
  await stop;
  await clock.advance(0);
  t.ok(held[1]?.signal.aborted);
  t.same(counters.take(), { scans: 1, threats: 1 }, 'nothing was lost');
  t.equal(clock.sleepers, 0);
});

t.test('a farewell that failed has given its counts back when the stop resolves', async (t) => {
  const { heartbeat, clock, counters, mode } = setup();
  await heartbeat.start();
  await clock.advance(0);
  counters.record(true);
  mode.answer = 'hold';
  let after: unknown;
  const stopped = heartbeat.stop({ farewell: true }).then(() => { after = counters.saved().unreported; });
  await clock.advance(3000);
  await stopped;
  t.same(after, { scans: 1, threats: 1 }, 'what is written next holds them');
});

t.test('runs that do not come are made up for, logged, and said in the next heartbeat that arrives', async (t) => {
  const logger = recordingLogger();
  const { heartbeat, clock, sent, tick, mode } = setup({ deps: { logger } });
  await heartbeat.start();
  for (let minute = 0; minute < 5; minute++) { await clock.advance(60_000); await tick(); }
  await clock.advance(JITTER);
  t.equal(sent.length, 6);
  t.same(sent.map((event) => event.payload.warnings.length), [1, 1, 1, 1, 1, 1]);

  mode.answer = 'fail';
  await clock.advance(89_999 - JITTER);
  t.equal(sent.length, 6, 'half a period late is no miss');
  await clock.advance(1);
  t.equal(sent.length, 7, 'the wall clock may have been set back: nobody else would send one');
  const warned = (): object[] => logger.lines.filter(({ message }) => message === 'heartbeats were not sent when they were due');
  t.match(warned(), [{ fields: { agent_id: 'agent_c', missed: 1 } }]);
  await clock.advance(90_000);
  mode.answer = 'ok';
  await tick();
  await clock.advance(JITTER);
  t.same(sent.at(-1)?.payload.warnings, ['certificates are not checked', '2 heartbeats were not sent when they were due']);
  await tick();
  await clock.advance(JITTER);
  t.same(sent.at(-1)?.payload.warnings, ['certificates are not checked'], 'said once');
  clock.step(-86_400_000);
  await clock.advance(59_000 - JITTER);
  t.equal(warned().length, 2, 'a wall clock that jumps is no miss');
  await heartbeat.stop({ farewell: false });
  t.equal(clock.sleepers, 0);
});

t.test('nights and weekends of an expression are no missed runs', async (t) => {
  let untilNextMs = 10_000;
  const logger = recordingLogger();
  let run = (): void => undefined;
  const scheduler: CronScheduler = { schedule: (_expression, job) => { run = job; return Promise.resolve({ periodMs: 60_000, untilNextMs: () => untilNextMs, stop() {} }); } };
  const { heartbeat, clock, sent } = setup({ deps: { logger, scheduler } });
  await heartbeat.start();
  await clock.advance(39_000);
  t.equal(logger.lines.length, 0, 'a short first wait allows for half a period too');
  untilNextMs = 60 * 3_600_000;
  run();
  await clock.advance(80 * 3_600_000);
  t.equal(logger.lines.length, 0);
  untilNextMs = Infinity;
  run();
  await clock.advance(1000 * 3_600_000);
  t.equal(logger.lines.length, 0, 'an expression that never comes again');
  t.equal(sent.length, 3);
  await heartbeat.stop({ farewell: false });
});

t.test('a successor with the same counters goes on without a farewell', async (t) => {
  const first = setup();
  first.mode.answer = 'fail';
  await first.heartbeat.start();
  await first.clock.advance(0);
  first.counters.record(true);
  await first.tick();
  await first.heartbeat.stop({ farewell: false });
  await first.clock.advance(60_000);
  t.equal(first.sent.length, 1, 'the one that waited for its jitter is gone');
  const second = setup({ deps: { counters: first.counters } });
  await second.heartbeat.start();
  await second.clock.advance(0);
  t.match(second.sent[0]?.payload, { status: 'online', threats_since_last_heartbeat: 1 });
  await second.heartbeat.stop({ farewell: false });
});

t.test('stop is safe without start, and before start has done', async (t) => {
  const never = setup();
  await never.heartbeat.stop({ farewell: true });
  await never.heartbeat.start();
  await never.clock.advance(0);
  t.equal(never.sent.length, 0);
  t.ok(never.jobs.every((job) => job.stopped));
  const early = setup();
  const started = early.heartbeat.start();
  await early.heartbeat.stop({ farewell: true });
  await started;
  await early.clock.advance(60_000);
  t.equal(early.sent.length, 0);
  t.ok(early.jobs.every((job) => job.stopped));
});

async function real(t: Test, cron: string): Promise<{ beats: number[]; next(): Promise<void>; heartbeat: Heartbeat; lines(): readonly string[] }> {
  const logger = recordingLogger();
  const beats: number[] = [];
  const beat = new EventEmitter();
  const { heartbeat } = setup({
    options: { cron, agentId: 'agent_prod_001' },
    deps: { clock: nodeClock, scheduler: createCronScheduler(logger), send() { beats.push(Date.now()); beat.emit('beat'); return Promise.resolve(); } },
  });
  t.teardown(() => heartbeat.stop({ farewell: false }));
  const keepAlive = setInterval(() => undefined, 1000); // the job does not keep the process alive
  t.teardown(() => { clearInterval(keepAlive); });
  await heartbeat.start();
  return { beats, heartbeat, lines: () => logger.lines.map((line) => line.message), async next() { await once(beat, 'beat'); } };
}

t.test('node-cron beats on an expression with seconds, and writes nothing to the console', async (t) => {
  const printed = t.capture(console, 'log');
  const warned = t.capture(console, 'warn');
  const failed = t.capture(console, 'error');
  const { beats, next, heartbeat } = await real(t, '* * * * * *');
  if (beats.length === 0) await next();
  await next();
  const blockedUntil = Date.now() + 2500; // so that runs are missed, of which node-cron likes to speak
  while (Date.now() < blockedUntil);
  await next();
  await next();
  await heartbeat.stop({ farewell: false });
  t.ok(beats.length >= 4);
  t.same([...printed(), ...warned(), ...failed()], []);
});

t.test('what is no cron expression is refused with its place in the configuration', async (t) => {
  const scheduler = createCronScheduler(silentLogger);
  for (const expression of ['', 'bogus', '99 * * * *', '* * * * * * *', '0 0 30 2 *']) {
    const error: unknown = await scheduler.schedule(expression, () => undefined).catch((thrown: unknown) => thrown);
    t.ok(error instanceof ConfigError && error.problems[0]?.pointer === '/agent/heartbeat_cron', expression);
    if (expression !== '' && error instanceof ConfigError) t.notMatch(error.message, expression);
  }
  for (const [expression, periodMs] of [['* * * * *', 60_000], ['*/10 * * * * *', 10_000], ['@daily', 86_400_000]] as const) {
    const job = await scheduler.schedule(expression, () => undefined);
    t.equal(job.periodMs, periodMs, expression);
    t.ok(job.untilNextMs() > 0 && job.untilNextMs() <= periodMs, 'the next run');
    job.stop();
  }
  const { heartbeat } = setup({ deps: { scheduler }, options: { cron: 'bogus' } });
  await t.rejects(heartbeat.start(), ConfigError);
  await heartbeat.stop({ farewell: true });
});
