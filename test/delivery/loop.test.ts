import t from 'tap';
import { encodeEvent, narrowEvent, type FilteredBytes, type FilteredEvent } from '../../src/event/privacy.js';
import { sampleScan } from '../fixtures/events.js';
import { DOWN, ids, REFUSED, rig, until } from './rig.js';

t.test('delivers everything in order, audits each event, then moves the cursor', async (t) => {
  const r = rig({ before: ids(100) });
  await until(r, () => r.stream.cursor.committed === 100);
  t.same(r.delivered, ids(100));
  t.equal(r.running.most, 4, 'as many at once as the output allows');
  t.same(r.outcomes.map((o) => o.eventId).sort(), ids(100).sort());
  t.match(r.outcomes[0], { msspId: 'mssp_yourcompany', customerId: 'cust_acme', destination: 'webhook', destinationUrl: 'http://soc.example', dataMode: 'privacy_safe', dataFieldsSent: [], deliveryStatus: 'success', httpStatus: 200, attempts: 1 });
  r.append('late');
  await until(r, () => r.stream.cursor.committed === 101);
  t.match(r.loop.status(), { name: 'webhook', state: 'ok', pending: 0, delivered: 101, failed_attempts: 0, dead: 0, lossy: false });
  await r.loop.stop(0);
});

t.test('the cursor waits for the oldest event that is not done', async (t) => {
  const r = rig({ before: ids(6), answer: ([id]) => (id === 'e1' ? 'hang' : 'ok') });
  await until(r, () => r.delivered.length === 5);
  t.equal(r.stream.cursor.committed, 1);
  r.release();
  await until(r, () => r.stream.cursor.committed === 6);
  t.equal(r.stream.commits.at(-1), 6);
  await r.loop.stop(0);
});

t.test('what is done behind an event that gets no answer is committed in groups, and not sent again by the next loop', async (t) => {
  const r = rig({ before: ids(400), answer: ([id]) => (id === 'e1' ? DOWN : 'ok') });
  await until(r, () => r.delivered.length === 399, 10);
  await until(r, () => r.stream.cursor.pending() === 1, 10);
  t.equal(r.stream.cursor.committed, 1);
  t.same(r.stream.done, [{ from: 2, to: 400 }]);
  t.ok(r.stream.commits.length <= 2 + 400 / 4, `${r.stream.commits.length} commits: a group each`);
  t.match(r.loop.status(), { pending: 1, stalled: undefined });
  await r.loop.stop(0);

  const again = rig({ loop: { cursor: r.stream.cursor, deadLetters: r.stream.deadLetters } });
  await until(again, () => r.stream.cursor.committed === 400);
  t.same(again.delivered, ['e1']);
  await again.loop.stop(0);
});

t.test('of what overtakes an event that gets no answer no more than ever is not durably done, and 4,096 stall the destination', async (t) => {
  const r = rig({ before: ids(5000), answer: ([id]) => (id === 'e0' ? DOWN : 'ok') });
  let most = 0;
  await until(r, () => {
    most = Math.max(most, r.delivered.length - (5000 - r.stream.cursor.pending()));
    return r.loop.status().stalled === true;
  }, 1);
  t.ok(most <= 3 * 4, `${most} were not durably done`);
  t.equal(r.delivered.length, 4095, 'the oldest counts');
  r.answer = () => 'ok';
  await until(r, () => r.stream.cursor.committed === 5000, 100);
  t.match(r.loop.status(), { state: 'ok', pending: 0, stalled: undefined });
  await r.loop.stop(0);
});

t.test('the cursor moves only when the audit line is durable', async (t) => {
  const r = rig();
  let durable: () => void = () => undefined;
  r.audit = () => new Promise((resolve) => { durable = resolve; });
  r.append('e0');
  await until(r, () => r.delivered.length === 1);
  for (let i = 0; i < 20; i++) await r.clock.advance(0);
  t.equal(r.stream.cursor.committed, 0);
  durable();
  await until(r, () => r.stream.cursor.committed === 1);
  await r.loop.stop(0);
});

t.test('an audit log or a cursor that cannot be written is tried again, and no event is sent twice for it', async (t) => {
  const r = rig();
  let failures = 3;
  r.audit = () => (failures-- > 0 ? Promise.reject(new Error('ENOSPC')) : Promise.resolve());
  r.stream.faults.commit = 2;
  r.append('e0');
  await until(r, () => r.stream.cursor.committed === 1, 250);
  t.same(r.sends, [['e0']]);
  t.equal(r.outcomes.length, 1);
  await r.loop.stop(0);
});

t.test('no more than a bounded number of events is sent ahead of the cursor', async (t) => {
  const r = rig({ before: ids(500) });
  r.audit = () => new Promise(() => undefined);
  await until(r, () => r.delivered.length >= 12);
  for (let i = 0; i < 50; i++) await r.clock.advance(0);
  t.ok(r.delivered.length <= 4 + 2 * 4, `${r.delivered.length} events in the window: what a crash repeats`);
  const stopped = r.loop.stop(0);
  await r.clock.advance(10_000);
  await stopped;
});

t.test('a failure is tried again without end, with growing waits, and the circuit opens', async (t) => {
  const r = rig({ answer: () => DOWN, output: { maxInFlight: 1 } });
  r.append('e0');
  const at: number[] = [];
  let seen = 0;
  await until(r, () => {
    if (r.sends.length > seen) { seen = r.sends.length; at.push(r.clock.monotonic()); }
    return r.sends.length >= 40;
  }, 50);
  const gaps = at.slice(1).map((time, i) => time - (at[i] ?? 0));
  t.ok(gaps.every((gap) => gap >= 950), 'never sooner than a second');
  t.ok(gaps.every((gap) => gap <= 30_100), 'a dead destination is probed at least every 30 s');
  t.ok((gaps.at(-1) ?? 0) > 10_000, 'and not much more often');
  t.equal(r.loop.status().state, 'circuit_open');
  t.equal(r.loop.status().last_error?.message, 'ECONNREFUSED');
  t.same(r.outcomes.map((o) => o.deliveryStatus), ['failed', 'circuit_open'], 'one audit line a change of state');
  r.answer = () => 'ok';
  await until(r, () => r.stream.cursor.committed === 1, 500);
  t.equal(r.outcomes.at(-1)?.attempts, r.sends.length);
  t.equal(r.loop.status().state, 'ok');
  await r.loop.stop(0);
});

t.test('after an outage the backlog begins with one probe and drains to the last event', async (t) => {
  const r = rig({ answer: () => DOWN, before: ids(300) });
  await until(r, () => r.loop.status().state === 'circuit_open', 100);
  await r.clock.advance(120_000);
  const sentWhileDown = r.sends.length;
  t.ok(sentWhileDown < 30, `${sentWhileDown} attempts in two minutes`);
  r.answer = () => 'hang';
  await r.clock.advance(60_000);
  t.equal(r.running.now, 1, 'one probe');
  r.answer = () => 'ok';
  r.release();
  await until(r, () => r.stream.cursor.committed === 300, 100, 10_000);
  t.same(new Set(r.delivered), new Set(ids(300)));
  t.equal(r.delivered.length, 300);
  await r.loop.stop(0);
});

t.test('Retry-After is honoured for the whole destination', async (t) => {
  const r = rig({ before: ids(20), answer: () => ({ kind: 'retry', status: 429, retryAfterMs: 60_000 }) });
  await until(r, () => r.loop.status().failed_attempts === 4);
  const sent = r.sends.length;
  r.answer = () => 'ok';
  t.equal(r.loop.status().state, 'retrying');
  await r.clock.advance(59_500);
  t.equal(r.sends.length, sent);
  r.loop.kick();
  for (let i = 0; i < 10; i++) await r.clock.advance(0);
  t.equal(r.sends.length, sent, 'a reload does not overrule the receiver');
  await until(r, () => r.stream.cursor.committed === 20, 100, 20_000);
  await r.loop.stop(0);
});

t.test('a wrong setting holds the destination: tried every 5 minutes and at once after a reload, nothing dropped', async (t) => {
  const r = rig({ before: ids(10), answer: () => ({ kind: 'misconfigured', status: 401 }), output: { maxInFlight: 2 } });
  await until(r, () => r.loop.status().state === 'misconfigured');
  for (let i = 0; i < 10; i++) await r.clock.advance(0);
  const sent = r.sends.length;
  t.ok(sent <= 2);
  await r.clock.advance(299_000);
  t.equal(r.sends.length, sent);
  await r.clock.advance(2000);
  t.equal(r.sends.length, sent + 1);
  t.equal(r.stream.cursor.committed, 0);
  t.equal(r.stream.letters.length, 0);
  t.same(r.outcomes.map((o) => [o.deliveryStatus, o.httpStatus]), [['failed', 401]]);
  r.answer = () => 'ok';
  r.loop.kick();
  await until(r, () => r.stream.cursor.committed === 10, 10, 5000);
  t.equal(r.loop.status().state, 'ok');
  t.same(new Set(r.delivered), new Set(ids(10)));
  await r.loop.stop(0);
});

t.test('one refused event is dead-lettered with the answer, its neighbours are delivered', async (t) => {
  const r = rig({ before: ids(10), answer: ([id]) => (id === 'e4' ? REFUSED : 'ok') });
  await until(r, () => r.stream.cursor.committed === 10);
  t.equal(r.delivered.length, 9);
  t.match(r.stream.letters, [{ seq: 4, reason: { httpStatus: 400, message: 'answered 400', attempts: 1 } }]);
  t.match(r.outcomes.find((o) => o.eventId === 'e4'), { deliveryStatus: 'dead', httpStatus: 400, errorMessage: 'answered 400' });
  t.equal(r.loop.status().dead, 1);
  t.equal(r.loop.status().state, 'ok');
  await r.loop.stop(0);
});

t.test('a refused event with nothing behind it is dead-lettered after a while', async (t) => {
  const r = rig({ before: ['e0'], answer: () => REFUSED });
  await until(r, () => r.sends.length === 1);
  await r.clock.advance(5000);
  t.equal(r.stream.letters.length, 0);
  await until(r, () => r.stream.cursor.committed === 1, 1000, 20_000);
  t.equal(r.stream.letters.length, 1);
  await r.loop.stop(0);
});

t.test('a batch that is refused is halved until the one event is found', async (t) => {
  for (const kind of ['refused', 'too_large'] as const) {
    const r = rig({ before: ids(64), output: { batchEvents: 64, maxInFlight: 1 }, answer: (sent) => (sent.includes('e37') ? { kind, status: kind === 'refused' ? 422 : 413 } : 'ok') });
    await until(r, () => r.stream.cursor.committed === 64);
    t.equal(r.delivered.length, 63);
    t.same(r.stream.letters.map((letter) => letter.seq), [37]);
    t.ok(r.sends.length <= 14, `${r.sends.length} requests`);
    await r.loop.stop(0);
  }
});

t.test('five different events refused in a row are a wrong setting: held, and all five are taken back', async (t) => {
  for (const maxInFlight of [1, 4]) {
    const r = rig({ before: ids(12), output: { maxInFlight }, answer: () => REFUSED });
    await until(r, () => r.loop.status().state === 'misconfigured');
    for (let i = 0; i < 10; i++) await r.clock.advance(0);
    await r.clock.advance(60_000);
    t.equal(r.stream.letters.length, 0);
    t.equal(r.stream.cursor.committed, 0);
    t.equal(r.loop.status().state, 'misconfigured');
    await r.clock.advance(3_600_000);
    t.equal(r.stream.letters.length, 0, 'nor later');
    r.answer = () => 'ok';
    r.loop.kick();
    await until(r, () => r.stream.cursor.committed === 12, 10, 10_000);
    t.same(new Set(r.delivered), new Set(ids(12)));
    t.equal(r.stream.letters.length, 0);
    await r.loop.stop(0);
  }
});

t.test('refused events that came one by one are taken back from the dead letters', async (t) => {
  const r = rig({ answer: () => REFUSED });
  for (const id of ids(4)) {
    r.append(id);
    await r.clock.advance(30_000);
  }
  t.equal(r.stream.letters.length, 4);
  r.append('e4');
  await until(r, () => r.loop.status().state === 'misconfigured');
  await r.clock.advance(700_000);
  r.answer = () => 'ok';
  r.loop.kick();
  await until(r, () => r.stream.cursor.committed === 5 && r.stream.letters.length === 0, 10, 10_000);
  t.same(new Set(r.delivered), new Set(ids(5)));
  await r.loop.stop(0);
});

t.test('a row of events that really are bad does not hold up the good ones for ever', async (t) => {
  const bad = new Set(ids(7));
  const r = rig({ before: ids(20), output: { maxInFlight: 1 }, answer: ([id]) => (bad.has(id ?? '') ? REFUSED : 'ok') });
  await until(r, () => r.stream.cursor.committed === 20, 1000);
  t.equal(r.delivered.length, 13);
  t.equal(r.stream.letters.length, 7);
  t.ok(r.clock.monotonic() < 700_000, `after ${r.clock.monotonic() / 60_000} minutes`);
  await r.loop.stop(0);
});

t.test('one event that never gets through does not stop the others', async (t) => {
  const r = rig({ before: ids(300), answer: ([id]) => (id === 'e0' ? { kind: 'retry', status: 500 } : 'ok') });
  await until(r, () => r.delivered.length === 299, 100, 60_000);
  t.equal(r.stream.cursor.committed, 0);
  await r.clock.advance(600_000);
  r.append('later');
  await until(r, () => r.delivered.includes('later'), 100, 60_000);
  r.answer = () => 'ok';
  await until(r, () => r.stream.cursor.committed === 301, 1000, 400_000);
  await r.loop.stop(0);
});

t.test('privacy that became stricter holds for what waits, for every attempt and for dead letters', async (t) => {
  let now: { dataMode: 'full' | 'privacy_safe'; dataFields: [] } = { dataMode: 'full', dataFields: [] };
  const r = rig({ loop: { narrow: (event: FilteredEvent) => narrowEvent(now, event) }, answer: () => DOWN });
  const canary = 'the quick brown canary';
  r.stream.append(encodeEvent(sampleScan({ id: 'full', dataMode: 'full', texts: { prompt: canary } })), r.clock.now());
  await until(r, () => r.sends.length === 1);
  t.match(r.bodies[0], canary, 'sent as it was made');
  const before = r.bodies.length;
  now = { dataMode: 'privacy_safe', dataFields: [] };
  r.answer = () => REFUSED;
  await until(r, () => r.stream.letters.length === 1, 500, 60_000);
  t.ok(r.bodies.length > before);
  for (const body of r.bodies.slice(before)) t.notMatch(body, canary);
  t.notMatch(Buffer.from(r.stream.letters[0]?.payload ?? []).toString('utf8'), canary);
  await r.loop.stop(0);
});

t.test('what was really sent of the text stands in the audit', async (t) => {
  const r = rig();
  r.stream.append(encodeEvent(sampleScan({ id: 'full', dataMode: 'full', dataFields: ['prompt', 'response'] })), r.clock.now());
  await until(r, () => r.outcomes.length === 1);
  t.match(r.outcomes[0], { dataMode: 'full', dataFieldsSent: ['prompt'] });
  await r.loop.stop(0);
  const cef = rig({ output: { type: 'cef' } });
  cef.stream.append(encodeEvent(sampleScan({ id: 'full', dataMode: 'full' })), cef.clock.now());
  await until(cef, () => cef.outcomes.length === 1);
  t.same(cef.outcomes[0]?.dataFieldsSent, [], 'CEF carries no text');
  await cef.loop.stop(0);
});

t.test('a stored record that is no event goes to the dead letters as it is', async (t) => {
  const r = rig({ before: ['e0'] });
  r.stream.append(Buffer.from('{"torn') as unknown as FilteredBytes, 0);
  r.append('e1');
  await until(r, () => r.stream.cursor.committed === 3);
  t.same(r.delivered, ['e0', 'e1']);
  t.match(r.stream.letters, [{ seq: 1, reason: { message: /damaged/ } }]);
  t.ok(r.outcomes.some((o) => o.deliveryStatus === 'dead' && o.eventId === 'unknown'));
  await r.loop.stop(0);
});

t.test('an event that breaks its output is set aside like a refused one', async (t) => {
  const r = rig({ before: ids(3), loop: { narrow: (event) => { if (event.event_id === 'e1') throw new TypeError('no such field'); return event; } } });
  await until(r, () => r.stream.cursor.committed === 3);
  t.same(r.delivered, ['e0', 'e2']);
  t.equal(r.stream.letters.length, 1);
  await r.loop.stop(0);
});

t.test('what waits longer than the retention expires with an audit line', async (t) => {
  const r = rig({ answer: () => DOWN, loop: { retentionMs: () => 600_000 }, before: ids(400) });
  const spooledMs = r.clock.now();
  await r.clock.advance(500_000);
  t.equal(r.stream.cursor.committed, 0);
  r.append('young');
  await until(r, () => r.stream.cursor.committed === 400, 1000, 200_000);
  const expired = r.outcomes.filter((o) => o.deliveryStatus === 'expired');
  t.equal(expired.length, 400);
  t.ok(expired.every(({ missingSince }) => missingSince === spooledMs), 'for who tells the SOC');
  r.answer = () => 'ok';
  await until(r, () => r.stream.cursor.committed === 401, 500, 60_000);
  t.same(r.delivered, ['young']);
  t.equal(r.loop.status().expired, 400);
  await r.loop.stop(0);
});

t.test('it turns every second whatever it waits for', async (t) => {
  const idle = rig();
  const down = rig({ before: ['e0'], answer: () => DOWN });
  const held = rig({ before: ['e0'], answer: () => ({ kind: 'misconfigured', status: 403 }) });
  const hanging = rig({ before: ['e0'], answer: () => 'hang' });
  for (const r of [idle, down, held, hanging]) {
    for (let i = 0; i < 20; i++) {
      await r.clock.advance(2500);
      t.ok(r.clock.monotonic() - r.loop.lastTurn <= 1500);
    }
    await r.loop.stop(0);
  }
});

t.test('storage that does not answer is not taken for life', async (t) => {
  const r = rig({ before: ['e0'] });
  r.audit = () => new Promise(() => undefined);
  await r.clock.advance(120_000);
  t.ok(r.clock.monotonic() - r.loop.lastTurn > 60_000);
  const stopped = r.loop.stop(0);
  await r.clock.advance(10_000);
  await stopped;
});

t.test('stop delivers what it can within the drain and commits it', async (t) => {
  const r = rig({ before: ids(200) });
  await r.loop.stop(5000);
  t.equal(r.stream.cursor.committed, 200);
  t.same(r.delivered, ids(200));
  const twice = r.loop.stop(5000);
  await twice;
});

t.test('stop does not wait for what cannot be delivered, and aborts what hangs', async (t) => {
  const down = rig({ before: ids(3), answer: () => DOWN });
  await until(down, () => down.loop.status().state !== 'idle');
  await down.loop.stop(60_000);
  t.equal(down.stream.cursor.committed, 0);

  const hanging = rig({ before: ids(3), answer: ([id]) => (id === 'e1' ? 'hang' : 'ok') });
  await until(hanging, () => hanging.delivered.length === 2);
  const stopped = hanging.loop.stop(3000);
  await hanging.clock.advance(3000);
  await stopped;
  t.equal(hanging.stream.cursor.committed, 1);
  t.equal(hanging.running.now, 0);
  t.notOk(hanging.outcomes.some((o) => o.eventId === 'e1'));
});

t.test('after an outage it drains no faster than it is told, and as fast as ever when the backlog is gone', async (t) => {
  const r = rig({ before: ids(2500), answer: () => DOWN, loop: { timing: { eventsPerSecond: 1000 } } });
  await until(r, () => r.loop.status().state === 'circuit_open', 100);
  r.answer = () => 'ok';
  await until(r, () => r.delivered.length > 0, 20);
  const from = r.clock.monotonic();
  await until(r, () => r.delivered.length === 2500, 20);
  const seconds = (r.clock.monotonic() - from) / 1000;
  t.ok(seconds >= 2.2 && seconds <= 4.5, `${seconds} s`);
  await until(r, () => r.stream.cursor.committed === 2500, 20);
  const later = r.clock.monotonic();
  r.append(...ids(1000, 'l'));
  await until(r, () => r.stream.cursor.committed === 3500, 1);
  t.ok(r.clock.monotonic() - later < 1000, `1000 more in ${r.clock.monotonic() - later} ms`);
  await r.loop.stop(0);
});

t.test('without an outage nothing is held back', async () => {
  const r = rig({ before: ids(1500), loop: { timing: { eventsPerSecond: 1 } } });
  await until(r, () => r.delivered.length === 1500);
  await r.loop.stop(0);
});

t.test('an overloaded receiver is sent less at once, and more again as it takes it', async (t) => {
  let capacity = 2;
  const r = rig({ before: ids(1500), output: { maxInFlight: 6 }, latencyMs: 20 });
  r.answer = () => (r.running.now > capacity ? { kind: 'retry', status: 429, overload: true } : 'ok');
  await until(r, () => r.delivered.length > 100, 10);
  r.running.most = 0;
  const failuresBefore = r.loop.status().failed_attempts;
  const deliveredBefore = r.delivered.length;
  await until(r, () => r.delivered.length > 600, 10);
  t.equal(r.running.most, 3, 'one more is tried now and then');
  t.ok(r.loop.status().failed_attempts - failuresBefore < (r.delivered.length - deliveredBefore) / 2);
  capacity = 6;
  await until(r, () => r.running.most === 6, 10);
  await until(r, () => r.stream.cursor.committed === 1500, 50);
  t.equal(new Set(r.delivered).size, 1500);
  await r.loop.stop(0);
});

t.test('the event that a receiver names is found at once, its neighbours are delivered', async (t) => {
  const r = rig({
    before: ids(64), output: { batchEvents: 64, maxInFlight: 1 },
    answer: (sent) => { const at = sent.indexOf('e37'); return at < 0 ? 'ok' : { kind: 'refused', status: 400, refusedAt: at }; },
  });
  await until(r, () => r.stream.cursor.committed === 64);
  t.same(r.sends.map((sent) => sent.length), [64, 37, 1, 26]);
  t.same(r.delivered, ids(64).filter((id) => id !== 'e37'), 'in order');
  t.same(r.stream.letters.map((letter) => letter.seq), [37]);
  await r.loop.stop(0);
});
