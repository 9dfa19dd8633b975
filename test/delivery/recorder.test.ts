import t from 'tap';
import { createRecorder } from '../../src/delivery/recorder.js';
import { encodeEvent } from '../../src/event/privacy.js';
import { manualClock } from '../fixtures/clock.js';
import { sampleScan } from '../fixtures/events.js';
import { silentLogger } from '../fixtures/logger.js';
import { memoryStream } from '../fixtures/memory-stream.js';

t.test('storage that refuses for an hour is not stuck; storage that does not answer for 30 s is', async (t) => {
  const clock = manualClock();
  const recorder = createRecorder({
    stream: { msspId: 'mssp_a', customerId: 'cust_a' },
    output: { name: 'webhook', type: 'webhook', url: 'https://soc.example' },
    deadLetters: { add: () => Promise.reject(new Error('unused')), refusedAgain: () => Promise.resolve(), remove: () => Promise.resolve() } as never,
    audit: { outcome: () => Promise.resolve() },
    stopped: new AbortController().signal,
    narrow: () => undefined,
  }, { clock, logger: silentLogger });

  let answer: () => Promise<void> = () => Promise.reject(new Error('ENOSPC'));
  let attempts = 0;
  const persisted = recorder.persist(() => { attempts++; return answer(); });
  for (let minute = 0; minute < 60; minute++) {
    await clock.advance(60_000);
    if (recorder.stuck()) t.fail(`stuck after ${minute + 1} min`);
  }
  t.ok(attempts > 3500, 'it is tried again each second');

  let release = (): void => undefined;
  answer = () => new Promise((resolve) => { release = resolve; });
  await clock.advance(20_000);
  t.notOk(recorder.stuck());
  await clock.advance(20_000);
  t.ok(recorder.stuck());
  release();
  t.equal(await persisted, true);
  t.notOk(recorder.stuck());
});

t.test('an event that a crash left as a dead letter before its cursor moved is none any more when it is taken', async (t) => {
  const event = sampleScan();
  const item = { seq: 7, time: 1000, event, payload: encodeEvent(event) };
  const { deadLetters, letters } = memoryStream();
  await deadLetters.add({ ...item, seq: 6 }, { message: 'answered 422', attempts: 1, at: 0 });
  await deadLetters.add(item, { message: 'answered 422', attempts: 1, at: 0 });
  const recorder = createRecorder({
    stream: { msspId: 'mssp_a', customerId: 'cust_a' },
    output: { name: 'webhook', type: 'webhook', url: 'https://soc.example' },
    deadLetters,
    audit: { outcome: () => Promise.resolve() },
    stopped: new AbortController().signal,
    narrow: () => undefined,
  }, { clock: manualClock(), logger: silentLogger });
  const unit = { items: [item], size: 1, bytes: item.payload.byteLength, firstSeq: 7, state: 'finishing' as const, attempts: 1, notBeforeMs: -Infinity };
  t.equal(await recorder.settle([{ unit, verdict: { status: 'success', httpStatus: 200 } }]), true);
  t.same(letters.map(({ seq }) => seq), [6]);
});
