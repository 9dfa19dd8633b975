import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeliveryLoop } from '../../src/delivery/loop.js';
import { encodeEvent, type FilteredBytes } from '../../src/event/privacy.js';
import type { Output } from '../../src/outputs/output.js';
import { nodeClock } from '../../src/platform/node.js';
import type { Stream } from '../../src/spool/spool.js';
import { deliver, nextEvent, openAudit, openSpool, webhookOutput } from './delivery-sides.js';
import { startHttpReceiver } from './delivery.js';
import { answer, inProcess } from './side.js';

/** Of the live destination. */
const EVENTS = 600;
const INTERVAL_MS = 5;
const ROUNDS = 5;
/** Of the customer beside it, as a flood. */
const FLOOD_EVENTS_PER_SECOND = 1000;
const LIVE = { msspId: 'mssp', customerId: 'live' };
const FLOOD = { msspId: 'mssp', customerId: 'flood' };
const SCENES = ['alone', 'dead', 'flood', 'both'] as const;
type Scene = (typeof SCENES)[number];

/**
 * How long an event of one customer takes from its append until its receiver has answered: alone, beside a second
 * destination of the same customer that takes nothing (a black hole: it accepts connections and never answers), beside
 * another customer's flood to a receiver of its own, and beside both. Every scene is a process of its own.
 */
export async function run({ events = EVENTS }: { readonly events?: number | undefined } = {}): Promise<void> {
  const receivers = [startHttpReceiver(), startHttpReceiver()];
  const hole = createServer((socket) => { socket.on('error', () => undefined).resume(); }).listen(0, '127.0.0.1');
  await once(hole, 'listening');
  const [live = '', flood = ''] = await Promise.all(receivers.map(({ url }) => url));
  const dead = `http://127.0.0.1:${(hole.address() as AddressInfo).port}/`;
  const found = new Map<Scene, Latency[]>(SCENES.map((scene) => [scene, []]));
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const scene of SCENES) {
        found.get(scene)?.push(await inProcess<Latency>(import.meta.filename, [scene, String(events), live, dead, flood]));
      }
    }
    const of = (scene: Scene, what: keyof Latency): number => median((found.get(scene) ?? []).map((latency) => latency[what]));
    process.stdout.write(`${events} events, one each ${INTERVAL_MS} ms, from append to answer; a flood is ${FLOOD_EVENTS_PER_SECOND.toLocaleString('en-US')} events/s; medians of ${ROUNDS} runs\n`);
    for (const scene of SCENES) {
      const p99 = of(scene, 'p99');
      const alone = of('alone', 'p99');
      const beside = scene === 'alone' ? '' : `   ${(p99 / alone).toFixed(2)} × alone, ${(p99 - alone).toFixed(1)} ms more`;
      process.stdout.write(`${{ alone: 'alone', dead: 'beside a dead destination', flood: 'beside a flooding customer', both: 'beside both' }[scene].padEnd(28)} p50 ${of(scene, 'p50').toFixed(1).padStart(5)} ms   p99 ${p99.toFixed(1).padStart(5)} ms${beside}\n`);
    }
  } finally {
    for (const receiver of receivers) receiver.stop();
    hole.close();
  }
}

interface Latency { readonly p50: number; readonly p99: number }

/** In a process of its own: one daemon's spool, audit log and loops. */
async function play(scene: Scene, events: number, [live, dead, flood]: readonly [string, string, string]): Promise<Latency> {
  const folder = await mkdtemp(join(process.env['RAXED_BENCH_DIR'] ?? tmpdir(), 'raxed-bench-'));
  const spool = await openSpool(folder);
  const audit = await openAudit(folder);
  const loops: DeliveryLoop[] = [];

  const sentMs = new Map<string, number>();
  const tookMs: number[] = [];
  const timed = (output: Output): Output => ({
    ...output,
    async send(batch, signal) {
      const receipt = await output.send(batch, signal);
      for (const { event } of batch) tookMs.push(performance.now() - (sentMs.get(event.event_id) ?? NaN));
      return receipt;
    },
  });
  const stream = await spool.openStream(LIVE);
  loops.push(await deliver({ stream, output: timed(webhookOutput(live)), audit }));
  if (scene === 'dead' || scene === 'both') loops.push(await deliver({ stream, output: { ...webhookOutput(dead), name: 'dead' }, audit }));
  const stop = new AbortController();
  const flooding = scene === 'flood' || scene === 'both' ? spool.openStream(FLOOD).then(async (other) => {
    loops.push(await deliver({ stream: other, output: webhookOutput(flood), audit }));
    await pour(other, stop.signal);
  }) : Promise.resolve();

  const warmUp = Math.ceil(events / 2);
  const began = performance.now();
  for (let i = 0; i < warmUp + events; i++) {
    const waitMs = began + i * INTERVAL_MS - performance.now();
    if (waitMs > 0) await nodeClock.sleep(waitMs);
    const event = nextEvent();
    sentMs.set(event.event_id, performance.now());
    void stream.append(encodeEvent(event));
  }
  while (tookMs.length < warmUp + events) await nodeClock.sleep(2);
  stop.abort();
  await flooding;
  await Promise.all(loops.map((loop) => loop.stop(0)));
  await audit.close();
  await spool.close();
  await rm(folder, { recursive: true, force: true });
  const sorted = tookMs.slice(warmUp).sort((a, b) => a - b);
  return { p50: sorted[Math.floor(sorted.length / 2)] ?? NaN, p99: sorted[Math.floor(sorted.length * 0.99)] ?? NaN };
}

async function pour(stream: Stream<FilteredBytes>, signal: AbortSignal): Promise<void> {
  const began = performance.now();
  for (let poured = 0; !signal.aborted;) {
    const due = Math.floor((performance.now() - began) * FLOOD_EVENTS_PER_SECOND / 1000);
    for (; poured < due; poured++) void stream.append(encodeEvent(nextEvent()));
    await nodeClock.sleep(1);
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

const [, program, scene, events = '', live = '', dead = '', flood = ''] = process.argv;
if (program === import.meta.filename) answer(play(scene as Scene, Number(events), [live, dead, flood]));
