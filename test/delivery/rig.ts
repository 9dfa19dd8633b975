import { createDeliveryLoop, type DeliveryLoop, type DeliveryLoopOptions } from '../../src/delivery/loop.js';
import type { DeliveryOutcome } from '../../src/delivery/outcome.js';
import { encodeEvent } from '../../src/event/privacy.js';
import { DeliveryError, type FailureKind, type OutgoingEvent, type Output } from '../../src/outputs/output.js';
import { manualClock, type ManualClock } from '../fixtures/clock.js';
import { sampleScan } from '../fixtures/events.js';
import { silentLogger } from '../fixtures/logger.js';
import { memoryStream, type MemoryStream } from '../fixtures/memory-stream.js';

export type Answer = 'ok' | 'hang' | { kind: FailureKind; status?: number; retryAfterMs?: number; overload?: boolean; refusedAt?: number };
export const REFUSED: Answer = { kind: 'refused', status: 400 };
export const DOWN: Answer = { kind: 'retry' };

/** A delivery loop on a manual clock, with a stream in memory and an output that answers as told. */
export interface Rig {
  readonly clock: ManualClock;
  readonly stream: MemoryStream;
  readonly loop: DeliveryLoop;
  /** Ids of every `send`, in order. */
  readonly sends: string[][];
  readonly bodies: string[];
  readonly delivered: string[];
  readonly outcomes: DeliveryOutcome[];
  readonly running: { now: number; most: number };
  answer: (ids: string[]) => Answer;
  release(): void;
  audit: (outcome: DeliveryOutcome) => Promise<void>;
  append(...ids: string[]): void;
}

export interface RigOptions {
  readonly answer?: (ids: string[]) => Answer;
  readonly output?: Partial<Output>;
  readonly loop?: Partial<DeliveryLoopOptions>;
  readonly before?: string[];
  /** How long the receiver takes for an answer. */
  readonly latencyMs?: number;
}

export function rig(options: RigOptions = {}): Rig {
  const clock = manualClock();
  const stream = memoryStream();
  const hanging: (() => void)[] = [];
  const self: Omit<Rig, 'loop'> = {
    clock, stream, sends: [], bodies: [], delivered: [], outcomes: [], running: { now: 0, most: 0 },
    answer: options.answer ?? (() => 'ok'),
    audit: () => Promise.resolve(),
    release() { for (const wake of hanging.splice(0)) wake(); },
    append(...ids) { for (const id of ids) stream.append(encodeEvent(sampleScan({ id })), clock.now()); },
  };
  const output: Output = {
    name: 'webhook', type: 'webhook', url: 'http://soc.example', batchEvents: 1, batchBytes: 1e9, maxInFlight: 4, lossy: false,
    async send(batch: readonly OutgoingEvent[], signal) {
      const ids = batch.map((item) => item.event.event_id);
      self.sends.push(ids);
      self.bodies.push(...batch.map((item) => Buffer.from(item.body).toString('utf8')));
      self.running.now++;
      self.running.most = Math.max(self.running.most, self.running.now);
      try {
        await new Promise((resolve) => { setImmediate(resolve); });
        await clock.sleep(options.latencyMs ?? 0);
        const answer = self.answer(ids);
        if (answer === 'hang') {
          await new Promise<void>((resolve, reject) => {
            hanging.push(resolve);
            signal.addEventListener('abort', () => { reject(new DeliveryError('retry', 'aborted')); }, { once: true });
          });
        } else if (answer !== 'ok') {
          throw new DeliveryError(answer.kind, answer.status === undefined ? 'ECONNREFUSED' : `answered ${answer.status}`, { ...answer, httpStatus: answer.status });
        }
        self.delivered.push(...ids);
        return { httpStatus: 200 };
      } finally {
        self.running.now--;
      }
    },
    close: () => Promise.resolve(),
    ...options.output,
  };
  for (const id of options.before ?? []) self.append(id);
  const loop = createDeliveryLoop({
    stream: { msspId: 'mssp_yourcompany', customerId: 'cust_acme' },
    cursor: stream.cursor, deadLetters: stream.deadLetters, output, narrow: (event) => event,
    audit: { outcome: async (outcome) => { await self.audit(outcome); self.outcomes.push(outcome); } },
    ...options.loop,
  }, { clock, random: { float: () => 0.5, bytes: (length) => new Uint8Array(length) }, logger: silentLogger });
  return Object.assign(self, { loop });
}

/** Lets everything that needs no time happen, several turns of the event loop long, and moves the clock by little steps. */
export async function until(r: Rig, condition: () => boolean, stepMs = 0, limitMs = 3_600_000): Promise<void> {
  let spent = 0;
  for (let turn = 0; !condition(); turn++) {
    if (spent > limitMs || (stepMs === 0 && turn > 2000)) throw new Error(`never happened: ${condition.toString()} ${JSON.stringify(r.loop.status())}`);
    await r.clock.advance(stepMs);
    spent += stepMs;
  }
}

export const ids = (count: number, prefix = 'e'): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
