import fc from 'fast-check';
import t from 'tap';
import { CLOSED, expire, FAILURES_TO_OPEN, onFailure, onProbe, onSuccess, type Breaker } from '../../src/delivery/breaker.js';
import { createGate, type FailedAttempt } from '../../src/delivery/gate.js';
import { createPace } from '../../src/delivery/pace.js';
import { createRefusals } from '../../src/delivery/refusals.js';
import { nextDelay, RETRY_BACKOFF, throttledDelay } from '../../src/delivery/retry.js';
import { createWindow, type Item } from '../../src/delivery/window.js';
import { encodeEvent } from '../../src/event/privacy.js';
import { DeliveryError } from '../../src/outputs/output.js';
import { sampleTest } from '../fixtures/events.js';

const event = sampleTest();
const payload = encodeEvent(event);
const items = (count: number, from = 0): Item[] => Array.from({ length: count }, (_, i) => ({ seq: from + i, time: 0, event, payload }));

t.test('delays lie between a second and a ceiling that doubles up to five minutes', (t) => {
  t.equal(nextDelay(1, 0), 1000);
  t.equal(nextDelay(1, 1), 2000);
  t.equal(nextDelay(4, 1), 16_000);
  t.equal(nextDelay(9, 1), 300_000);
  t.equal(nextDelay(1e6, 1), 300_000);
  fc.assert(fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, random) => {
    const delay = nextDelay(attempt, random);
    return delay >= RETRY_BACKOFF.baseMs && delay <= RETRY_BACKOFF.capMs;
  }));
  t.end();
});

t.test('a receiver\'s wish is never undercut, and zero is not taken literally', (t) => {
  t.equal(throttledDelay(0, 0.9), 1000);
  t.equal(throttledDelay(60_000, 0), 60_000);
  t.equal(throttledDelay(60_000, 1), 65_000);
  t.equal(throttledDelay(3_600_000, 1), 3_605_000);
  t.end();
});

t.test('the breaker opens after five failures in a row and closes with one success', (t) => {
  let breaker: Breaker = CLOSED;
  for (let i = 1; i < FAILURES_TO_OPEN; i++) breaker = onFailure(breaker, 0, 0.5);
  t.equal(breaker.state, 'closed');
  t.same(onSuccess(), CLOSED);
  breaker = onFailure(breaker, 0, 0.5);
  t.same(breaker, { state: 'open', untilMs: 1500, rounds: 1 });
  t.same(onFailure(breaker, 100, 0.5), breaker, 'late failures change nothing');
  t.same(expire(breaker, 7), { state: 'open', untilMs: 7, rounds: 1 });
  breaker = onProbe(breaker, 900);
  t.same(breaker, { state: 'half_open', sinceMs: 900, rounds: 1 });
  t.same(onFailure(breaker, 1000, 1), { state: 'open', untilMs: 4900, rounds: 2 });
  t.same(onFailure(breaker, 10_900, 1), { state: 'open', untilMs: 11_900, rounds: 2 }, 'a probe that took ten seconds has waited already');
  t.same(onProbe(CLOSED, 0), CLOSED);
  t.same(expire(CLOSED, 7), CLOSED);
  t.end();
});

t.test('an open breaker never waits longer than 30 s for its probe', (t) => {
  fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 60 }), (randoms) => {
    let breaker: Breaker = { state: 'closed', failures: FAILURES_TO_OPEN - 1 };
    let now = 0;
    for (const random of randoms) {
      breaker = onFailure(breaker, now, random);
      if (breaker.state !== 'open' || breaker.untilMs - now > 30_000.001 || breaker.untilMs - now < 999.999) return false;
      now = breaker.untilMs;
      breaker = onProbe(breaker, now);
    }
    return true;
  }));
  t.end();
});

const FAILED: FailedAttempt = { retryAfterMs: undefined, overload: false, sentMs: 0 };
const overloaded = (sentMs: number): FailedAttempt => ({ retryAfterMs: undefined, overload: true, sentMs });

t.test('the gate: all at once, nothing, one, then one more for each round of successes', (t) => {
  const gate = createGate({ maxInFlight: 4 });
  t.equal(gate.limit(0), 4);
  for (let i = 0; i < FAILURES_TO_OPEN; i++) gate.failed(0, 0, FAILED);
  t.equal(gate.state, 'circuit_open');
  t.equal(gate.limit(999), 0);
  t.equal(gate.dueMs(0), 1000);
  t.equal(gate.limit(1000), 1);
  gate.sent(1000);
  t.equal(gate.limit(1000), 1);
  t.equal(gate.succeeded(1000), true, 'an outage is over');
  const limits: number[] = [gate.limit(1000)];
  for (let i = 0; i < 12; i++) { t.equal(gate.succeeded(1000), false); limits.push(gate.limit(1000)); }
  t.same(limits, [1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4]);
  t.equal(gate.state, 'open');
  t.end();
});

t.test('an overloaded receiver gets half as much at once, and never nothing', (t) => {
  const gate = createGate({ maxInFlight: 16 });
  const fail = (nowMs: number, attempt: FailedAttempt): number => {
    gate.failed(nowMs, 0, attempt);
    gate.answered();
    return gate.limit(nowMs);
  };
  t.equal(fail(100, overloaded(0)), 8);
  t.equal(fail(101, overloaded(0)), 8, 'what was on the wire with it fails for the same reason');
  t.equal(fail(5000, overloaded(99)), 8, 'however late');
  t.equal(fail(5001, overloaded(101)), 4);
  t.equal(fail(5002, FAILED), 4, 'another failure says nothing about the load');
  for (let now = 6000; now < 20_000; now += 1000) fail(now, overloaded(now - 1));
  t.equal(gate.limit(20_000), 1);
  for (let i = 0; i < 1000; i++) gate.succeeded(20_000);
  t.equal(gate.limit(20_000), 16);
  t.end();
});

t.test('the number in flight settles about what a receiver can take', (t) => {
  for (const capacity of [1, 3, 10, 40]) {
    const gate = createGate({ maxInFlight: 64 });
    let now = 0;
    const seen: number[] = [];
    // In rounds of 100 ms: what is over the capacity is answered 429.
    for (let round = 0; round < 2000; round++, now += 100) {
      const sent = gate.limit(now);
      for (let i = 0; i < sent; i++) if (i < capacity) gate.succeeded(now);
      for (let i = capacity; i < sent; i++) gate.failed(now + 50, 0, overloaded(now));
      gate.answered();
      if (round > 1000) seen.push(sent);
    }
    const average = seen.reduce((sum, limit) => sum + limit, 0) / seen.length;
    t.ok(average >= capacity / 2 && average <= capacity + 1, `${capacity}: ${average} on average`);
    t.ok(Math.max(...seen) <= capacity + 1, `${capacity}: ${Math.max(...seen)} at most`);
  }
  t.end();
});

t.test('a held gate is tried every five minutes, sooner when nobody answered, and at once when kicked', (t) => {
  const gate = createGate({ maxInFlight: 8 });
  gate.hold(0);
  t.equal(gate.state, 'held');
  t.equal(gate.limit(299_999), 0);
  t.equal(gate.limit(300_000), 1);
  gate.failed(300_000, 0, FAILED);
  t.equal(gate.state, 'held');
  t.equal(gate.limit(300_999), 0);
  t.equal(gate.limit(301_000), 1);
  gate.hold(301_000);
  gate.kick(301_001);
  t.equal(gate.limit(301_001), 1);
  t.equal(gate.succeeded(301_001), true);
  t.equal(gate.state, 'open');
  t.end();
});

t.test('Retry-After closes the gate for everybody, and a reload does not open it', (t) => {
  const gate = createGate({ maxInFlight: 8 });
  for (let i = 0; i < 10; i++) gate.failed(0, 0, { ...overloaded(0), retryAfterMs: 60_000 });
  t.equal(gate.state, 'open', 'who says when to come back is not down');
  t.ok(gate.throttled(59_999));
  gate.kick(1);
  t.equal(gate.limit(59_999), 0);
  t.equal(gate.dueMs(1), 60_000);
  t.equal(gate.succeeded(59_999), false, 'what was under way before ends no outage');
  t.equal(gate.limit(60_000), 2);
  t.equal(gate.succeeded(60_000), true);
  t.equal(gate.limit(60_000), 1);
  t.equal(gate.succeeded(60_001), false);
  t.end();
});

t.test('the window makes batches within both limits, and one larger event a batch of its own', (t) => {
  const window = createWindow();
  window.add(items(7), { events: 3, bytes: 1e9 });
  t.same(window.units.map((unit) => unit.size), [3, 3, 1]);
  const narrow = createWindow();
  narrow.add(items(5), { events: 100, bytes: payload.byteLength * 2 });
  t.same(narrow.units.map((unit) => unit.size), [2, 2, 1]);
  const tiny = createWindow();
  tiny.add(items(3), { events: 100, bytes: 1 });
  t.same(tiny.units.map((unit) => unit.size), [1, 1, 1]);
  t.end();
});

t.test('the window knows what is fresh, what is started and how far the cursor may go', (t) => {
  const window = createWindow();
  window.add(items(4), { events: 1, bytes: 1e9 });
  const first = window.next(0, { freshToo: true });
  t.equal(first?.firstSeq, 0);
  if (first === undefined) return;
  first.state = 'sending';
  first.attempts = 1;
  t.same([window.fresh(), window.started(), window.firstOpenSeq()], [3, 1, 0]);
  first.state = 'waiting';
  window.delay(first, 100);
  t.ok(window.headIsStuck());
  t.equal(window.nextDueMs(0), 100);
  t.equal(window.next(50, { freshToo: false }), undefined);
  t.equal(window.next(100, { freshToo: false }), first);
  t.equal(window.probe('oldest'), first);
  t.equal(window.probe('least_tried')?.firstSeq, 1);
  window.hurry();
  t.notOk(window.failing());
  first.state = 'done';
  t.equal(window.firstOpenSeq(), 1);
  t.equal(window.release(), 1);
  t.equal(window.release(), 0);

  window.takeBack({ seq: -5, time: 0, event, payload, letterId: 9 }, 2);
  t.equal(window.firstOpenSeq(), 1, 'what the cursor has passed does not hold it');
  window.dropBefore(3);
  t.same(window.units.map((unit) => unit.firstSeq), [-5, 3]);
  t.end();
});

t.test('what is done behind an open event is told in as few ranges as there are, over what is missing between', (t) => {
  const window = createWindow();
  window.add([...items(4), ...items(3, 10)], { events: 1, bytes: 1e9 });
  window.takeBack({ seq: 2, time: 0, event, payload, letterId: 9 }, 2);
  t.same(window.doneRanges(13), []);
  for (const unit of window.units) if (unit.passed !== true && [1, 2, 3, 11, 12].includes(unit.firstSeq)) unit.state = 'done';
  t.same(window.doneRanges(13), [{ from: 1, to: 10 }, { from: 11, to: 13 }]);
  t.equal(window.firstOpenSeq(), 0);
  t.end();
});

t.test('dead letters that are sent again hold no cursor, come in their turn, and can be withdrawn', (t) => {
  const window = createWindow();
  const replay = { open: 3, delivered: 0, refused: 0, over: false, changed: () => undefined };
  window.add(items(2, 10), { events: 1, bytes: 1e9 });
  window.add(items(3), { events: 2, bytes: 1e9 }, replay);
  t.same(window.units.map(({ firstSeq, size, passed }) => [firstSeq, size, passed === true]), [[10, 1, false], [11, 1, false], [0, 2, true], [2, 1, true]]);
  t.same([window.fresh(), window.started(), window.firstOpenSeq()], [5, 0, 10]);
  for (const unit of window.units.slice(0, 3)) { window.begin(unit); unit.state = 'done'; unit.attempts = 1; }
  t.equal(window.firstOpenSeq(), undefined);
  t.equal(window.release(), 2, 'the cursor is to move over the live ones only');
  t.same([window.fresh(), window.started()], [1, 0]);
  t.same(window.withdraw(() => true).map(({ firstSeq }) => firstSeq), [2]);
  t.same([window.fresh(), window.started(), window.units.length], [0, 0, 0]);

  window.add(items(4), { events: 4, bytes: 1e9 }, replay);
  const [all] = window.units;
  if (all !== undefined) window.split(all, undefined);
  t.ok(window.units.length === 2 && window.units.every((unit) => unit.passed === true && unit.replay === replay), 'halves belong to the same replay');
  t.end();
});

t.test('a batch is cut in halves, or around the event that the receiver names', (t) => {
  const sizes = (count: number, known?: number): number[][] => {
    const window = createWindow();
    window.add(items(count), { events: 100, bytes: 1e9 });
    const [all] = window.units;
    if (all !== undefined) window.split(all, known);
    return window.units.map((unit) => unit.items.map(({ seq }) => seq));
  };
  t.same(sizes(5), [[0, 1, 2], [3, 4]]);
  t.same(sizes(5, 2), [[0, 1], [2], [3, 4]]);
  t.same(sizes(5, 0), [[0], [1, 2, 3, 4]]);
  t.same(sizes(5, 4), [[0, 1, 2, 3], [4]]);
  for (const nonsense of [5, -1, 1.5, NaN]) t.same(sizes(5, nonsense), [[0, 1, 2], [3, 4]], `${nonsense}: as if it had named none`);
  t.end();
});

t.test('cutting keeps order and every event', (t) => {
  fc.assert(fc.property(fc.integer({ min: 2, max: 50 }), fc.array(fc.record({ which: fc.nat(), known: fc.option(fc.nat(60), { nil: undefined }) }), { maxLength: 80 }), (count, choices) => {
    const window = createWindow();
    window.add(items(count), { events: 100, bytes: 1e9 });
    for (const { which, known } of choices) {
      const divisible = window.units.filter((unit) => unit.size > 1);
      const unit = divisible[which % divisible.length];
      if (unit !== undefined) window.split(unit, known);
    }
    return window.units.flatMap((unit) => unit.items.map((item) => item.seq)).join() === items(count).map((item) => item.seq).join()
      && window.units.every((unit) => unit.size > 0 && unit.firstSeq === unit.items[0]?.seq && unit.size === unit.items.length);
  }));
  t.end();
});

t.test('after an outage events leave at a bounded rate that begins at 500 a second and doubles; otherwise as they come', (t) => {
  const pace = createPace(4000);
  pace.spend(1_000_000, 0, 0.5);
  t.equal(pace.dueMs, -Infinity, 'no outage, no bound');
  pace.recovered(1000);
  /** How many single events leave in the second from `from` on. */
  const inSecond = (from: number, random = (): number => 0.5): number => {
    let sent = 0;
    for (let now = from; now < from + 1000; now += 5) while (pace.dueMs <= now) { pace.spend(1, now, random()); sent++; }
    return sent;
  };
  const rates = Array.from({ length: 6 }, (_, i) => inSecond(1000 + i * 1000));
  t.ok((rates[0] ?? 0) >= 500 && (rates[0] ?? 0) <= 1000, `${rates[0]} in the first second`);
  for (let i = 1; i < 3; i++) t.ok((rates[i] ?? 0) > 1.7 * (rates[i - 1] ?? 0), `${rates[i]} in second ${i + 1}`);
  t.ok(rates.slice(4).every((rate) => rate >= 3900 && rate <= 4100), `${rates.slice(4).join()} later`);
  pace.caughtUp();
  t.equal(pace.dueMs, -Infinity);
  pace.spend(1000, 9000, 0.5);
  t.equal(pace.dueMs, -Infinity, 'and no bound when the backlog is gone');
  t.end();
});

t.test('the steps of a drain are jittered, and a batch is paid for as a whole', (t) => {
  const due = (events: number, random: number): number => {
    const pace = createPace(5000);
    pace.recovered(0);
    pace.spend(events, 0, random);
    return pace.dueMs;
  };
  t.same([due(100, 0), due(100, 0.5), due(100, 1)], [-100, 0, 100], 'from half to one and a half times its share, less what was saved up');
  t.equal(due(2000, 0.5), 3800);
  t.end();
});

t.test('what was refused while five in a row were is tried again at the first success, and dead-lettered if it is refused again', (t) => {
  const window = createWindow();
  window.add(items(6), { events: 1, bytes: 1e9 });
  const buried: number[] = [];
  let holds = 0;
  const refusals = createRefusals({ window, undecidedMs: 1000, bury: (unit) => { buried.push(unit.firstSeq); }, hold: () => { holds++; } });
  const error = new DeliveryError('refused', 'answered 400', { httpStatus: 400 });
  const refuse = (seq: number): void => { for (const unit of window.units) if (unit.firstSeq === seq) refusals.refused(unit, error, 0); };
  for (let seq = 0; seq < 5; seq++) refuse(seq);
  t.equal(holds, 1);
  refuse(0);
  refuse(1);
  refusals.succeeded();
  t.same(buried, [], 'the setting is right only since now');
  t.ok(window.units.every(({ state }) => state === 'waiting'));
  refuse(1);
  t.same(buried, [1]);
  refuse(5);
  refusals.succeeded();
  t.same(buried, [1, 5], 'with no doubt about the setting, another\'s success says that it was the event');
  t.end();
});
