import t from 'tap';
import { createRecorder } from '../../src/delivery/recorder.js';
import { manualClock } from '../fixtures/clock.js';
import { silentLogger } from '../fixtures/logger.js';

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
