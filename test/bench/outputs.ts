import { once } from 'node:events';
import { fork } from 'node:child_process';
import { Agent } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { got } from 'got';
import { decodeEvent, encodeEvent } from '../../src/event/privacy.js';
import type { OutgoingEvent } from '../../src/outputs/output.js';
import { httpReceiver, tcpReceiver } from '../fixtures/receivers.js';
import { drainSpool, fillSpool, nextEvent } from './delivery-sides.js';
import { createOutput, KINDS, startPeers, type Kind, type Peers } from './output-peers.js';
import { answer, inProcess } from './side.js';

const EVENTS = 10_000;
const ROUNDS = 3;
const never = new AbortController().signal;

/**
 * Events a second of each output, from the spool to its local peer with the audit log and the cursor, beside a bare
 * loop that sends the same bytes, made beforehand, with the same concurrency; and beside the output alone, which makes
 * them from events in memory. The peers, which judge what they get, are a process of their own, and so is each side.
 */
export async function run({ events = EVENTS }: { readonly events?: number | undefined } = {}): Promise<void> {
  const folder = await mkdtemp(join(process.env['RAXED_BENCH_DIR'] ?? tmpdir(), 'raxed-bench-'));
  const child = fork(import.meta.filename, ['peers', folder]);
  try {
    const [peers] = await once(child, 'message') as [Peers];
    process.stdout.write(`${events.toLocaleString('en-US')} events, medians of ${ROUNDS}: events/s, and raxed in % of it\n`);
    process.stdout.write(`${'output'.padEnd(12)} ${['raxed', 'bare loop', 'output alone'].map((head) => head.padStart(18)).join('')}\n`);
    for (const kind of KINDS) {
      const rates: Record<'raxed' | 'bare' | 'alone', number>[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const side = (name: string): Promise<number> => inProcess(import.meta.filename, [name, kind, JSON.stringify(peers), String(events), join(folder, `${kind}-${round}`)]);
        rates.push({ bare: await side('bare'), raxed: await side('raxed'), alone: await side('alone') });
      }
      const of = (name: 'raxed' | 'bare' | 'alone'): number => median(rates.map((rate) => rate[name]));
      const beside = (name: 'bare' | 'alone'): string => `${format(of(name))}   ${String(Math.round(median(rates.map((rate) => rate.raxed / rate[name])) * 100)).padStart(3)} %`.padStart(18);
      process.stdout.write(`${kind.padEnd(12)} ${format(of('raxed')).padStart(18)}${beside('bare')}${beside('alone')}\n`);
    }
  } finally {
    child.disconnect();
    await rm(folder, { recursive: true, force: true });
  }
}

async function raxed(kind: Kind, peers: Peers, { events, folder }: { events: number; folder: string }): Promise<number> {
  for (const [name, count] of [['warm', Math.ceil(events / 4)], ['measured', events]] as const) {
    await fillSpool(join(folder, name), count, [kind]);
    const rate = await drainSpool(join(folder, name), createOutput(kind, peers));
    if (name === 'measured') return rate;
  }
  return NaN;
}

/** Batches as the delivery loop makes them, from events in memory, as many at once as the output allows. */
async function alone(kind: Kind, peers: Peers, events: number): Promise<number> {
  const output = createOutput(kind, peers);
  const stored = Array.from({ length: events }, () => encodeEvent(nextEvent()));
  const outgoing = (bodies: typeof stored): OutgoingEvent[] => bodies.map((body) => ({ body, event: decodeEvent(body) }));
  await output.send(outgoing(stored.slice(0, output.batchEvents)), never);
  const seconds = await inParallel(output.maxInFlight, batched(stored, output.batchEvents), (batch) => output.send(outgoing(batch), never));
  return events / seconds;
}

/** What the output sends is recorded, and then sent by got or a plain socket. */
async function bare(kind: Kind, peers: Peers, events: number): Promise<number> {
  const stored = Array.from({ length: events }, () => encodeEvent(nextEvent()));
  if (kind === 'syslog-tcp' || kind === 'syslog-tls') {
    const streams: Buffer[][] = [];
    const recorder = await tcpReceiver((socket) => {
      const chunks: Buffer[] = [];
      streams.push(chunks);
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    });
    const output = createOutput('syslog-tcp', { ...peers, 'syslog-tcp': { url: '', port: recorder.port } });
    for (const batch of batched(stored, output.batchEvents)) await output.send(batch.map((body) => ({ body, event: decodeEvent(body) })), never);
    const bodies = streams.map((chunks) => Buffer.concat(chunks));
    await recorder.close();
    const { port } = peers[kind];
    return events / await inParallel(1, bodies, async (bytes) => {
      const socket = kind === 'syslog-tls' ? connectTls({ host: '127.0.0.1', port, ca: peers.ca }) : connect({ host: '127.0.0.1', port });
      socket.resume().end(bytes);
      await once(socket, 'end');
    });
  }
  const recorder = await httpReceiver({ answer: (_request, response) => { response.end('{"text":"Success","code":0}'); } });
  const output = createOutput(kind, { ...peers, [kind]: { ...peers[kind], url: peers[kind].url.replace(/:\d+/, `:${recorder.port}`) } });
  for (const batch of batched(stored, output.batchEvents)) await output.send(batch.map((body) => ({ body, event: decodeEvent(body) })), never);
  const requests = [...recorder.requests];
  await recorder.close();
  const agent = new Agent({ keepAlive: true, maxSockets: output.maxInFlight });
  const client = got.extend({ agent: { http: agent }, retry: { limit: 0 } });
  const { origin } = new URL(peers[kind].url);
  return events / await inParallel(output.maxInFlight, requests, ({ path, headers: { host: _host, connection: _connection, ...headers }, body }) => client.post(`${origin}${path}`, { headers, body }));
}

/** Seconds. */
async function inParallel<T>(workers: number, work: readonly T[], action: (one: T) => Promise<unknown>): Promise<number> {
  const left = [...work].reverse();
  const started = performance.now();
  await Promise.all(Array.from({ length: workers }, async () => { for (let one = left.pop(); one !== undefined; one = left.pop()) await action(one); }));
  return (performance.now() - started) / 1000;
}

function batched<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function format(perSecond: number): string {
  return Math.round(perSecond).toLocaleString('en-US');
}

const [, program, side, kind, peers = '', events = '', folder = ''] = process.argv;
if (program === import.meta.filename) {
  if (side === 'peers') answer(startPeers(kind ?? ''));
  else {
    const place = JSON.parse(peers) as Peers;
    const sides = { raxed: () => raxed(kind as Kind, place, { events: Number(events), folder }), alone: () => alone(kind as Kind, place, Number(events)), bare: () => bare(kind as Kind, place, Number(events)) };
    answer(sides[side as keyof typeof sides]());
  }
}
