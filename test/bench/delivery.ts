import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeEvent } from '../../src/event/privacy.js';
import { sampleScan } from '../fixtures/events.js';
import { bareGotLoop, CONCURRENCY, drainSpool, fillSpool, webhookOutput } from './delivery-sides.js';

const EVENTS = 4000;
const ROUNDS = 7;

const RECEIVER = `
  const server = require('node:http').createServer((request, response) => {
    request.resume();
    request.on('end', () => { response.end('ok'); });
  });
  server.listen(0, '127.0.0.1', () => { console.log(server.address().port); });
  process.stdin.resume().on('end', () => process.exit());
`;

/**
 * A backlog in the real spool, delivered by the webhook output and the delivery loop with the real audit log, against
 * a bare got loop with a keep-alive agent that posts the same bytes to the same receiver. Each side has a process of
 * its own, so that neither spoils what the compiler learned from the other; they run in turn.
 */
export async function run(): Promise<void> {
  const folder = await mkdtemp(join(process.env['RAXED_BENCH_DIR'] ?? tmpdir(), 'raxed-bench-'));
  const receiver = startHttpReceiver();
  const url = await receiver.url;
  const sides = { bare: fork(import.meta.filename, ['bare', url, folder]), raxed: fork(import.meta.filename, ['raxed', url, folder]) };
  try {
    const pairs: { bare: number; raxed: number }[] = [];
    // The first pair warms up code, disk and receiver, and does not count.
    for (let round = 0; round <= ROUNDS; round++) {
      const pair = { bare: await measure(sides.bare), raxed: await measure(sides.raxed) };
      if (round > 0) pairs.push(pair);
    }
    const ratio = median(pairs.map(({ bare, raxed }) => raxed / bare));
    process.stdout.write(`webhook, ${CONCURRENCY} in flight, ${encodeEvent(sampleScan()).length} octets an event, median of ${ROUNDS} pairs\n`);
    process.stdout.write(`bare got loop   ${Math.round(median(pairs.map((pair) => pair.bare)))} deliveries/s\n`);
    process.stdout.write(`raxed           ${Math.round(median(pairs.map((pair) => pair.raxed)))} deliveries/s   ${Math.round(ratio * 100)} %\n`);
  } finally {
    for (const side of Object.values(sides)) side.disconnect();
    receiver.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A process of its own that answers every request with 200. */
export function startHttpReceiver(): { readonly url: Promise<string>; stop(): void } {
  const child = spawn(process.execPath, ['-e', RECEIVER], { stdio: ['pipe', 'pipe', 'inherit'] });
  return {
    url: once(child.stdout, 'data').then(([line]) => `http://127.0.0.1:${String(line).trim()}/raxe/alerts`),
    stop: () => { child.stdin.end(); },
  };
}

async function measure(side: ChildProcess): Promise<number> {
  side.send('go');
  const [rate] = await once(side, 'message') as [number];
  return rate;
}

async function fillAndDrain(url: string, folder: string): Promise<number> {
  await fillSpool(folder, EVENTS, ['webhook']);
  return drainSpool(folder, webhookOutput(url));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

const [, program, side, url = '', folder = ''] = process.argv;
if (program === import.meta.filename) {
  let round = 0;
  process.on('message', () => {
    globalThis.gc?.();
    void (side === 'bare' ? bareGotLoop(url, EVENTS) : fillAndDrain(url, join(folder, String(round++)))).then((rate) => process.send?.(rate));
  });
}
