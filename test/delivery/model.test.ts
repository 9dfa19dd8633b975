import fc from 'fast-check';
import t from 'tap';
import { createDeliveryLoop } from '../../src/delivery/loop.js';
import type { DeliveryOutcome } from '../../src/delivery/outcome.js';
import { encodeEvent } from '../../src/event/privacy.js';
import { DeliveryError, type FailureKind, type Output } from '../../src/outputs/output.js';
import { firstOpen } from '../../src/spool/progress.js';
import { manualClock } from '../fixtures/clock.js';
import { sampleScan } from '../fixtures/events.js';
import { silentLogger } from '../fixtures/logger.js';
import { memoryStream } from '../fixtures/memory-stream.js';

/** What a receiver makes of one event: always the same, or so many times a failure first. */
type Nature = 'good' | 'bad' | 'huge' | { fails: FailureKind; times: number };
/** What happens between two stretches of time. */
type Step = { do: 'wait'; ms: number } | { do: 'outage'; kind: FailureKind | 'reset' } | { do: 'heal' } | { do: 'restart' } | { do: 'kick' } | { do: 'disk'; faults: number };

const nature: fc.Arbitrary<Nature> = fc.oneof(
  { weight: 8, arbitrary: fc.constant('good' as const) },
  { weight: 1, arbitrary: fc.constant('bad' as const) },
  { weight: 1, arbitrary: fc.constant('huge' as const) },
  { weight: 2, arbitrary: fc.record({ fails: fc.constantFrom('retry' as const, 'misconfigured' as const), times: fc.integer({ min: 1, max: 4 }) }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 5, 100, 3000, 40_000, 400_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('outage' as const), kind: fc.constantFrom('retry' as const, 'misconfigured' as const, 'refused' as const, 'too_large' as const) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'heal' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'kick' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('disk' as const), faults: fc.integer({ min: 1, max: 3 }) }) },
);

t.setTimeout(600_000);

t.test('whatever happens, every event is delivered or a dead letter, and the cursor never passes one that is neither, nor says of one that it is done', async (t) => {
  await fc.assert(fc.asyncProperty(
    fc.array(nature, { minLength: 1, maxLength: 60 }), fc.array(step, { maxLength: 25 }), fc.integer({ min: 1, max: 8 }), fc.constantFrom(1, 1, 3, 20),
    async (natures, steps, maxInFlight, batchEvents) => {
      const clock = manualClock();
      const stream = memoryStream();
      const delivered = new Set<string>();
      const outcomes: DeliveryOutcome[] = [];
      const failures = new Map<string, number>();
      let outage: FailureKind | undefined;
      const idOf = (seq: number): string => `e${seq}`;

      const output: Output = {
        name: 'webhook', type: 'webhook', url: 'http://soc.example', batchEvents, batchBytes: 1e9, maxInFlight, lossy: false,
        async send(batch, signal) {
          await new Promise((resolve) => { setImmediate(resolve); });
          if (signal.aborted) throw new DeliveryError('retry', 'aborted');
          if (outage !== undefined) throw new DeliveryError(outage, outage, { httpStatus: 499 });
          const ids = batch.map((item) => item.event.event_id);
          for (const id of ids) {
            const what = natures[Number(id.slice(1))] ?? 'good';
            if (what === 'bad') throw new DeliveryError('refused', 'bad', { httpStatus: 400 });
            if (what === 'huge') throw new DeliveryError('too_large', 'huge', { httpStatus: 413 });
            const failed = failures.get(id) ?? 0;
            if (what !== 'good' && failed < what.times) { failures.set(id, failed + 1); throw new DeliveryError(what.fails, 'not yet'); }
          }
          for (const id of ids) delivered.add(id);
          return { httpStatus: 200 };
        },
        close: () => Promise.resolve(),
      };
      const start = () => createDeliveryLoop({
        stream: { msspId: 'm', customerId: 'c' }, cursor: stream.cursor, deadLetters: stream.deadLetters, output, narrow: (event) => event,
        audit: { outcome: (outcome) => { outcomes.push(outcome); return Promise.resolve(); } },
      }, { clock, random: { float: () => 0.5, bytes: (length) => new Uint8Array(length) }, logger: silentLogger });
      const settled = (seq: number): boolean => delivered.has(idOf(seq)) || stream.letters.some((letter) => letter.seq === seq);
      const check = (): void => {
        const place = { position: stream.cursor.committed, done: stream.done };
        for (let seq = 0; seq < natures.length; seq++) {
          if (firstOpen(place, seq) === seq) continue;
          if (!settled(seq)) throw new Error(`${idOf(seq)} is lost`);
          if (!outcomes.some((outcome) => outcome.eventId === idOf(seq) && outcome.deliveryStatus !== 'failed' && outcome.deliveryStatus !== 'circuit_open')) throw new Error(`${idOf(seq)} is not audited`);
        }
      };

      let loop = start();
      const half = Math.ceil(natures.length / 2);
      const append = (from: number, to: number): void => { for (let i = from; i < to; i++) stream.append(encodeEvent(sampleScan({ id: idOf(i) })), clock.now()); };
      append(0, half);
      for (const action of steps) {
        switch (action.do) {
          case 'wait': await clock.advance(action.ms); break;
          case 'outage': outage = action.kind === 'reset' ? 'retry' : action.kind; break;
          case 'heal': outage = undefined; break;
          case 'kick': loop.kick(); break;
          case 'disk': stream.faults.commit = action.faults; stream.faults.addLetter = action.faults; stream.faults.read = action.faults; break;
          case 'restart': {
            const stopped = loop.stop(0);
            await clock.advance(5000);
            await stopped;
            check();
            loop = start();
          }
        }
        check();
      }
      outage = undefined;
      // And one more: without anything that is taken, a held destination cannot know that its setting is right now.
      const all = natures.length + 1;
      append(half, all);
      for (let i = 0; i < 200 && stream.cursor.committed < all; i++) await clock.advance(60_000);
      check();
      if (stream.cursor.committed !== all) throw new Error(`stuck at ${stream.cursor.committed}: ${JSON.stringify(loop.status())}`);
      for (const letter of stream.letters) {
        const what = natures[letter.seq];
        // With nothing but refusals in an outage, single events that nothing followed may have been buried; never delivered ones.
        if (what === 'good' && !steps.some((action) => action.do === 'outage')) throw new Error(`${idOf(letter.seq)} was good`);
      }
      const stopped = loop.stop(0);
      await clock.advance(5000);
      await stopped;
    }), { numRuns: process.env['RAXED_TEST_LONG'] === undefined ? 60 : 2000 });
  t.pass();
});
