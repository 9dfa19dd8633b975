import t from 'tap';
import { createDeliveryLoop, type DeliveryLoop, type DeliveryLoopOptions } from '../../src/delivery/loop.js';
import type { DeliveryOutcome } from '../../src/delivery/outcome.js';
import { encodeEvent, narrowEvent, type FilteredBytes } from '../../src/event/privacy.js';
import { DeliveryError, type FailureKind, type OutgoingEvent, type Output } from '../../src/outputs/output.js';
import { manualClock, type ManualClock } from '../fixtures/clock.js';
import { sampleScan } from '../fixtures/events.js';
import { silentLogger } from '../fixtures/logger.js';
import { memoryStream, type MemoryStream } from '../fixtures/memory-stream.js';

type Answer = 'ok' | 'hang' | { kind: FailureKind; status?: number };
const REFUSED: Answer = { kind: 'refused', status: 422 };
const HELD: Answer = { kind: 'misconfigured', status: 401 };
const DOWN: Answer = { kind: 'retry' };

interface Rig {
  readonly clock: ManualClock;
  readonly stream: MemoryStream;
  readonly loop: DeliveryLoop;
  readonly sends: string[][];
  readonly delivered: string[];
  readonly bodies: string[];
  readonly outcomes: DeliveryOutcome[];
  answer: (ids: string[]) => Answer;
  /** Asks again for the answers to what hangs. */
  release(answer: Rig['answer']): void;
  append(...ids: string[]): void;
}

/** A delivery loop whose destination has refused `letters` before. */
async function rig(letters: readonly string[], options: { answer?: Rig['answer']; output?: Partial<Output>; loop?: Partial<DeliveryLoopOptions>; dataMode?: 'full' } = {}): Promise<Rig> {
  const clock = manualClock();
  const stream = memoryStream();
  const hanging: (() => void)[] = [];
  const self: Omit<Rig, 'loop'> = {
    clock, stream, sends: [], delivered: [], bodies: [], outcomes: [],
    answer: options.answer ?? (() => 'ok'),
    release(answer) { self.answer = answer; for (const wake of hanging.splice(0)) wake(); },
    append(...ids) { for (const id of ids) stream.append(encodeEvent(sampleScan({ id })), clock.now()); },
  };
  const output: Output = {
    name: 'webhook', type: 'webhook', url: 'http://soc.example', batchEvents: 1, batchBytes: 1e9, maxInFlight: 4, lossy: false,
    async send(batch: readonly OutgoingEvent[], signal) {
      const ids = batch.map((item) => item.event.event_id);
      self.sends.push(ids);
      await new Promise((resolve) => { setImmediate(resolve); });
      let answer = self.answer(ids);
      while (answer === 'hang') {
        await new Promise<void>((resolve, reject) => {
          hanging.push(resolve);
          signal.addEventListener('abort', () => { reject(new DeliveryError('retry', 'aborted')); }, { once: true });
        });
        answer = self.answer(ids);
      }
      if (answer !== 'ok') {
        throw new DeliveryError(answer.kind, answer.status === undefined ? 'ECONNREFUSED' : `answered ${answer.status}`, { httpStatus: answer.status });
      }
      self.delivered.push(...ids);
      self.bodies.push(...batch.map((item) => Buffer.from(item.body).toString('utf8')));
      return { httpStatus: 200 };
    },
    close: () => Promise.resolve(),
    ...options.output,
  };
  for (const [seq, id] of letters.entries()) {
    const payload = encodeEvent(sampleScan({ id, ...(options.dataMode === undefined ? {} : { dataMode: options.dataMode }) }));
    await stream.deadLetters.add({ seq, time: 1, payload }, { message: 'answered 400', httpStatus: 400, attempts: 2, at: 5 });
  }
  const loop = createDeliveryLoop({
    stream: { msspId: 'mssp_yourcompany', customerId: 'cust_acme' },
    cursor: stream.cursor, deadLetters: stream.deadLetters, output, narrow: (event) => event,
    audit: { outcome: (outcome) => { self.outcomes.push(outcome); return Promise.resolve(); } },
    ...options.loop,
  }, { clock, random: { float: () => 0.5, bytes: (length) => new Uint8Array(length) }, logger: silentLogger });
  return Object.assign(self, { loop });
}

/** Moves the clock by little steps until the promise is settled. */
async function outcome<T>(r: Rig, promise: Promise<T>, stepMs = 0): Promise<T> {
  let settled = false;
  void promise.finally(() => { settled = true; });
  for (let turn = 0; !settled; turn++) {
    if (turn > 5000) throw new Error(`never ends ${JSON.stringify(r.loop.status())}`);
    await r.clock.advance(stepMs);
  }
  return promise;
}

async function until(r: Rig, condition: () => boolean, stepMs = 0): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    if (turn > 5000) throw new Error(`never happened: ${condition.toString()}`);
    await r.clock.advance(stepMs);
  }
}

const never = (): AbortSignal => new AbortController().signal;
const ids = (count: number, prefix = 'e'): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

t.test('replayed letters arrive with the same event id and bytes, are audited, and are no dead letters any more', async (t) => {
  const r = await rig(['e0', 'e1', 'e2']);
  const bytes = Buffer.from(r.stream.letters[1]?.payload ?? []).toString('utf8');
  t.same(await outcome(r, r.loop.replay([2], never())), { delivered: 1, refused: 0, left: 0 });
  t.same([r.delivered, r.bodies], [['e1'], [bytes]]);
  t.match(r.outcomes, [{ eventId: 'e1', deliveryStatus: 'success', attempts: 1, httpStatus: 200 }]);
  t.same(r.stream.letters.map(({ id }) => id), [1, 3]);
  t.same(await outcome(r, r.loop.replay([1, 2, 3, 99], never())), { delivered: 2, refused: 0, left: 0 }, 'what is not there counts nowhere');
  t.equal(r.loop.status().dead, 0);
  t.equal(r.stream.cursor.committed, 0, 'the stream\'s cursor has nothing to do with it');
  await r.loop.stop(0);
});

t.test('thousands of letters and a stream get their turns', async (t) => {
  const r = await rig(ids(2000));
  const replay = r.loop.replay(upTo(2000), never());
  await until(r, () => r.delivered.length > 50, 1);
  r.append('live');
  await until(r, () => r.delivered.includes('live'), 1);
  t.ok(r.delivered.length < 1000, 'an event of the stream does not wait for the replay\'s end');
  t.same(await outcome(r, replay, 10), { delivered: 2000, refused: 0, left: 0 });
  t.same(r.delivered.filter((id) => id !== 'live').sort(), ids(2000).sort());
  t.equal(r.stream.letters.length, 0);
  await until(r, () => r.stream.cursor.committed === 1, 1);
  await r.loop.stop(0);
});

t.test('what is refused again keeps its place with the new reason, and holds nothing else up', async (t) => {
  const r = await rig(ids(30), { answer: ([id]) => (id === 'e7' || id === 'live' ? 'ok' : REFUSED) });
  t.same(await outcome(r, r.loop.replay(upTo(30), never()), 10), { delivered: 1, refused: 29, left: 0, error: 'answered 422' });
  t.same(r.stream.letters.map(({ id }) => id), upTo(30).filter((id) => id !== 8));
  t.match(r.stream.letters[0]?.reason, { message: 'answered 422', httpStatus: 422, attempts: 3 });
  t.ok((r.stream.letters[0]?.reason.at ?? 0) > 1_000_000_000_000);
  t.equal(r.outcomes.filter(({ deliveryStatus }) => deliveryStatus === 'dead').length, 29);
  t.match(r.loop.status(), { state: 'ok', dead: 29 }, 'old events say nothing about the settings');
  r.append('live');
  await until(r, () => r.stream.cursor.committed === 1);
  await r.loop.stop(0);
});

t.test('a batch of letters is halved until the refused one is found', async (t) => {
  const r = await rig(ids(16), { output: { batchEvents: 8, maxInFlight: 1 }, answer: (sent) => (sent.includes('e5') ? REFUSED : 'ok') });
  t.match(await outcome(r, r.loop.replay(upTo(16), never()), 1), { delivered: 15, refused: 1, left: 0 });
  t.same(r.stream.letters.map(({ id }) => id), [6]);
  t.same(new Set(r.delivered), new Set(ids(16).filter((id) => id !== 'e5')));
  await r.loop.stop(0);
});

t.test('a batch that is too big is halved, and that is no failure', async (t) => {
  const r = await rig(ids(16), { output: { batchEvents: 16, maxInFlight: 1 }, answer: (sent) => (sent.length > 1 ? { kind: 'too_large', status: 413 } : 'ok') });
  t.same(await outcome(r, r.loop.replay(upTo(16), never()), 1), { delivered: 16, refused: 0, left: 0 });
  await r.loop.stop(0);
});

t.test('a held destination is tried at once: what it still does not take stays, what it takes again arrives', async (t) => {
  const r = await rig(ids(3), { answer: () => HELD });
  r.append('live');
  await until(r, () => r.loop.status().state === 'misconfigured');
  const attempts = r.sends.length;
  t.same(await outcome(r, r.loop.replay([1, 2, 3], never())), { delivered: 0, refused: 0, left: 3, error: 'answered 401' });
  t.equal(r.sends.length, attempts + 1, 'one attempt tells');
  t.match(r.stream.letters.map(({ reason }) => reason.message), ['answered 400', 'answered 400', 'answered 400']);
  r.answer = () => 'ok';
  t.same(await outcome(r, r.loop.replay([1, 2, 3], never())), { delivered: 3, refused: 0, left: 0 });
  await until(r, () => r.stream.cursor.committed === 1);
  t.equal(r.loop.status().state, 'ok');
  await r.loop.stop(0);
});

t.test('a dead destination ends the replay, with and without a stream that waits', async (t) => {
  const r = await rig(ids(8), { answer: () => DOWN });
  t.match(await outcome(r, r.loop.replay(upTo(8), never()), 100), { delivered: 0, refused: 0, left: 8, error: 'ECONNREFUSED' });
  t.equal(r.loop.status().state, 'circuit_open');
  r.append('live');
  t.match(await outcome(r, r.loop.replay(upTo(8), never()), 100), { left: 8, error: 'ECONNREFUSED' });
  t.equal(r.stream.letters.length, 8);
  r.answer = () => 'ok';
  t.same(await outcome(r, r.loop.replay(upTo(8), never()), 100), { delivered: 8, refused: 0, left: 0 });
  await r.loop.stop(0);
});

t.test('a destination that is held while a replay is under way ends it', async (t) => {
  const r = await rig(ids(10), { answer: () => 'hang', output: { maxInFlight: 6 } });
  r.append(...ids(5, 'live'));
  await until(r, () => r.sends.length === 5);
  const replay = r.loop.replay(upTo(10), never());
  await until(r, () => r.sends.length === 6);
  r.release(([id]) => (id?.startsWith('live') === true ? REFUSED : 'hang'));
  await until(r, () => r.loop.status().state === 'misconfigured');
  r.release(() => 'ok');
  const ended = await outcome(r, replay);
  t.match(ended, { refused: 0, error: 'held: different events in a row were refused' });
  t.ok(ended.left > 0 && ended.left + ended.delivered === 10, 'what was on the wire may arrive, the rest stays');
  t.equal(r.stream.letters.length, ended.left);
  await r.loop.stop(0);
});

t.test('a passing failure is tried again, a letter that never gets through is left after a few attempts', async (t) => {
  let failures = 1;
  const r = await rig(ids(4), { answer: ([id]) => (id === 'e0' && failures-- > 0 ? DOWN : id === 'e2' ? DOWN : 'ok') });
  t.same(await outcome(r, r.loop.replay(upTo(4), never()), 100), { delivered: 3, refused: 0, left: 1, error: 'ECONNREFUSED' });
  t.equal(r.sends.filter(([id]) => id === 'e2').length, 3);
  t.same(r.stream.letters.map(({ id }) => id), [3]);
  await r.loop.stop(0);
});

t.test('a caller who goes ends the replay after what is on the wire', async (t) => {
  const r = await rig(ids(600), { answer: () => 'hang' });
  const caller = new AbortController();
  const replay = r.loop.replay(upTo(600), caller.signal);
  await until(r, () => r.sends.length === 4);
  caller.abort();
  r.release(() => 'ok');
  t.same(await outcome(r, replay), { delivered: 4, refused: 0, left: 596, error: 'the replay was broken off' });
  t.equal(r.sends.length, 4);
  t.equal(r.stream.letters.length, 596);
  t.match(await outcome(r, r.loop.replay([9], caller.signal)), { left: 1 }, 'one who is gone before it begins, too');
  await r.loop.stop(0);
});

t.test('a loop that stops ends its replays, and no letter is lost', async (t) => {
  const r = await rig(ids(10), { answer: () => 'hang' });
  const replay = r.loop.replay(upTo(10), never());
  await until(r, () => r.sends.length === 4);
  const stopped = r.loop.stop(0);
  t.match(await outcome(r, replay), { delivered: 0, left: 10 });
  await outcome(r, stopped, 100);
  t.equal(r.stream.letters.length, 10);
  t.match(await r.loop.replay([1], never()), { left: 1 });
});

t.test('two replays of the same letters send them once', async (t) => {
  const r = await rig(ids(3), { answer: () => 'hang' });
  const first = r.loop.replay([1, 2, 3], never());
  const second = r.loop.replay([2], never());
  t.same(await outcome(r, second), { delivered: 0, refused: 0, left: 1 });
  r.release(() => 'ok');
  t.match(await outcome(r, first), { delivered: 3 });
  t.equal(r.sends.length, 3);
  await r.loop.stop(0);
});

t.test('what is purged while it is on its way does not come back', async (t) => {
  const r = await rig(ids(2), { answer: () => 'hang' });
  const replay = r.loop.replay([1, 2], never());
  await until(r, () => r.sends.length === 2);
  await r.stream.deadLetters.purge();
  r.release(() => REFUSED);
  t.match(await outcome(r, replay), { delivered: 0, refused: 2 });
  t.equal(r.stream.letters.length, 0);
  await r.loop.stop(0);
});

t.test('bytes that are no event are left', async (t) => {
  const r = await rig(['e0']);
  await r.stream.deadLetters.add({ seq: 9, time: 1, payload: Buffer.from('no event') as Uint8Array as FilteredBytes }, { message: 'damaged', attempts: 0, at: 1 });
  t.same(await outcome(r, r.loop.replay([1, 2], never())), { delivered: 1, refused: 0, left: 1, error: 'the stored bytes are not an event' });
  await r.loop.stop(0);
});

t.test('today\'s privacy holds for a replay, and retention does not take a letter that is on its way', async (t) => {
  const r = await rig(['e0'], {
    dataMode: 'full',
    loop: { narrow: (event) => narrowEvent({ dataMode: 'privacy_safe', dataFields: [] }, event), retentionMs: () => 1 },
  });
  t.ok(Buffer.from(r.stream.letters[0]?.payload ?? []).includes('Ignore all previous instructions'));
  t.match(await outcome(r, r.loop.replay([1], never()), 1), { delivered: 1 });
  t.notMatch(r.bodies[0], /Ignore all previous/);
  t.match(r.outcomes, [{ deliveryStatus: 'success', dataMode: 'privacy_safe', dataFieldsSent: [] }]);
  await r.loop.stop(0);
});

t.test('a dead letter is narrowed by the policy of the moment in which it is stored', async (t) => {
  let policy: 'full' | 'privacy_safe' = 'full';
  const r = await rig([], { answer: ([id]) => (id === 'bad' ? REFUSED : 'ok'), loop: { narrow: (event) => narrowEvent({ dataMode: policy, dataFields: [] }, event) } });
  r.stream.faults.addLetter = 2;
  r.stream.append(encodeEvent(sampleScan({ id: 'bad', dataMode: 'full' })), r.clock.now());
  r.append('good');
  await until(r, () => r.stream.faults.addLetter < 2, 1);
  policy = 'privacy_safe';
  await until(r, () => r.stream.letters.length === 1, 100);
  t.notOk(Buffer.from(r.stream.letters[0]?.payload ?? []).includes('Ignore all previous'), 'the disk failed while the policy became stricter');
  await r.loop.stop(0);
});
