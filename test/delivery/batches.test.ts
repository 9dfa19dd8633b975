import t from 'tap';
import { encodeEvent } from '../../src/event/privacy.js';
import { sampleScan } from '../fixtures/events.js';
import { ids, rig, until } from './rig.js';

const BATCHES = { output: { batchEvents: 10, maxInFlight: 2 }, loop: { flushIntervalMs: 5000 } };

t.test('a trickle gathers until the interval is over since its first event, and leaves as one batch', async (t) => {
  const r = rig(BATCHES);
  r.append('e0');
  await r.clock.advance(2000);
  r.append('e1');
  await r.clock.advance(2900);
  r.append('e2');
  t.same(r.sends, []);
  await r.clock.advance(100);
  t.same(r.sends, [['e0', 'e1', 'e2']]);
  await until(r, () => r.stream.cursor.committed === 3, 1);
  r.append('e3');
  await r.clock.advance(4999);
  t.equal(r.sends.length, 1, 'the next one has an interval of its own');
  await r.clock.advance(1);
  t.same(r.sends.at(-1), ['e3']);
  await r.loop.stop(0);
});

t.test('a batch that is full leaves at once, and what is left over waits', async (t) => {
  const r = rig(BATCHES);
  r.append(...ids(23));
  await until(r, () => r.delivered.length === 20);
  t.same(r.sends.map((sent) => sent.length), [10, 10]);
  await r.clock.advance(1000);
  r.append(...ids(7, 'late'));
  await until(r, () => r.delivered.length === 30);
  t.same(r.sends.at(-1), ['e20', 'e21', 'e22', ...ids(7, 'late')]);
  t.ok(r.clock.monotonic() < 5000);
  await r.loop.stop(0);
});

t.test('a batch is full by its bytes, too', async (t) => {
  const one = rig({ before: ['e0'] });
  await until(one, () => one.bodies.length === 1);
  const bytes = Buffer.byteLength(one.bodies[0] ?? '');
  const r = rig({ ...BATCHES, output: { ...BATCHES.output, batchBytes: 3 * bytes } });
  r.append(...ids(5));
  await until(r, () => r.delivered.length === 3);
  await r.clock.advance(4000);
  t.same(r.sends, [ids(3)]);
  await r.clock.advance(1000);
  t.same(r.sends, [ids(3), ['e3', 'e4']]);
  await r.loop.stop(0);
  await one.loop.stop(0);
});

t.test('an output that takes one event a request never waits', async (t) => {
  const r = rig({ loop: { flushIntervalMs: 5000 } });
  r.append('e0');
  await until(r, () => r.stream.cursor.committed === 1);
  t.equal(r.clock.monotonic(), 0);
  await r.loop.stop(0);
});

t.test('a stop sends what gathers at once, and what the stream holds beside it', async (t) => {
  const r = rig(BATCHES);
  r.append('e0');
  await r.clock.advance(100);
  r.append('e1');
  const stopped = r.loop.stop(1000);
  await until(r, () => r.stream.cursor.committed === 2);
  t.equal(r.clock.monotonic(), 100);
  await stopped;
});

t.test('a flush and a kick send what gathers at once; what comes after them waits again', async (t) => {
  const r = rig(BATCHES);
  for (const [i, hurry] of [r.loop.flush, r.loop.kick].entries()) {
    r.append(`e${i}`);
    await r.clock.advance(100);
    t.equal(r.sends.length, i);
    hurry();
    await until(r, () => r.delivered.length === i + 1);
  }
  t.equal(r.clock.monotonic(), 200);
  await r.loop.stop(0);
});

t.test('while all requests are under way, a batch goes on gathering until it is full', async (t) => {
  const r = rig({ ...BATCHES, output: { batchEvents: 10, maxInFlight: 1 }, latencyMs: 60_000 });
  r.append('e0');
  await r.clock.advance(5000);
  for (let i = 1; i <= 14; i++) { r.append(`e${i}`); await r.clock.advance(1000); }
  t.same(r.sends, [['e0']]);
  await r.clock.advance(60_000);
  t.same(r.sends, [['e0'], ids(11).slice(1)], 'ten, and the other four when it is back');
  await r.clock.advance(60_000);
  t.same(r.sends.at(-1), ids(15).slice(11));
  await r.clock.advance(60_000);
  await r.loop.stop(0);
});

t.test('a batch that is longer than one read is filled by several', async (t) => {
  const r = rig({ output: { batchEvents: 1000, maxInFlight: 1 }, loop: { flushIntervalMs: 5000 } });
  r.append(...ids(700));
  await r.clock.advance(10);
  r.append(...ids(700, 'late'));
  await until(r, () => r.delivered.length === 1000);
  t.same(r.sends.map((sent) => sent.length), [1000]);
  await r.clock.advance(5000);
  t.same(r.sends.map((sent) => sent.length), [1000, 400]);
  await r.loop.stop(0);
});

t.test('dead letters that are sent again wait for no company', async (t) => {
  const r = rig(BATCHES);
  r.append('e0');
  const id = await r.stream.deadLetters.add({ seq: -1, time: 1, payload: encodeEvent(sampleScan({ id: 'letter' })) }, { message: 'answered 400', attempts: 1, at: 1 });
  await r.clock.advance(100);
  const replayed = r.loop.replay([id], new AbortController().signal);
  await until(r, () => r.delivered.includes('letter'));
  t.same(r.sends.flat(), ['e0', 'letter'], 'a replay is a wish of an operator, like a kick');
  t.match(await replayed, { delivered: 1 });
  await r.loop.stop(0);
});
