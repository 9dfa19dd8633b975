import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeEvent } from '../../src/event/privacy.js';
import { bareGotLoop, drainSpool, fillSpool, nextEvent, syslogOutput, webhookOutput } from './delivery-sides.js';
import { startHttpReceiver } from './delivery.js';
import { answer, inProcess } from './side.js';

const EVENTS = 200_000;
const FEED_BATCH = 2000;
/** What rsyslog is asked to take in with a sync each. */
const FED_EVENTS = 2000;
type Sync = 'on' | 'off';
const never = new AbortController().signal;

/**
 * One backlog, drained by the webhook output beside a bare got loop, and by the syslog output beside rsyslog, which
 * forwards the same messages from a disk queue of its own. Each side is a process of its own; they run in turn.
 */
export async function run({ events = EVENTS }: { readonly events?: number | undefined } = {}): Promise<void> {
  const folder = await mkdtemp(join(process.env['RAXED_BENCH_DIR'] ?? tmpdir(), 'raxed-bench-'));
  const http = startHttpReceiver();
  const syslog = startSyslogReceiver();
  try {
    print(`${format(events)} events, ${encodeEvent(nextEvent()).length} octets each; load ${loadavg().map((load) => load.toFixed(1)).join(' ')}`);
    const url = await http.url;
    const filled = await inTurn('fill', folder, events);
    const before = await inTurn('bare', url, Math.ceil(events / 8));
    const webhook = await inTurn('webhook', folder, url);
    const bare = (before + await inTurn('bare', url, Math.ceil(events / 8))) / 2;
    print('webhook', 'bare got loop', `${format(bare)}/s over an eighth as many, before and after`);
    print('webhook', 'raxed', `${format(webhook)}/s, ${Math.round(webhook / bare * 100)} %`);

    const counted = syslog.count(events);
    const drained = await inTurn('syslog', folder, await syslog.listen());
    await counted;
    await syslog.unlisten();
    const raxed = { taken: filled, drained };
    print('syslog over TCP', 'raxed, ack fsync', rates(raxed));
    if (spawnSync('rsyslogd', ['-v']).status !== 0) {
      print('syslog over TCP', 'rsyslog', 'not installed: it is a package of Debian');
      return;
    }
    for (const sync of ['on', 'off'] as const) {
      const rsyslog = await rsyslogForwards(join(folder, `rsyslog-${sync}`), { events, sync, receiver: syslog });
      print('syslog over TCP', `rsyslog, syncQueueFiles ${sync}`, `${rates(rsyslog)}; raxed ${(through(raxed) / through(rsyslog)).toFixed(1)} × through, ${(drained / rsyslog.drained).toFixed(1)} × drained`);
    }
    print(`load ${loadavg().map((load) => load.toFixed(1)).join(' ')}`);
  } finally {
    http.stop();
    syslog.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface SyslogReceiver {
  listen(): Promise<number>;
  unlisten(): Promise<void>;
  /** Resolves with the messages a second, from the first to the last of `messages` that arrive from now on. */
  count(messages: number): Promise<number>;
  stop(): void;
}

/**
 * Fills rsyslog's disk queue while the receiver is down, without syncs so that it takes minutes and not an hour, stops
 * it, and starts it again beside a receiver that is up: what is measured is the drain of a queue that is on the disk.
 * What it takes in with `sync` is measured before that, with fewer events.
 */
async function rsyslogForwards(folder: string, { events, sync, receiver }: { events: number; sync: Sync; receiver: SyslogReceiver }): Promise<{ taken: number; drained: number }> {
  const target = await receiver.listen();
  await receiver.unlisten();
  const few = Math.min(events, FED_EVENTS);
  const trial = await startRsyslog(join(folder, 'trial'), { target, sync });
  const taken = await inTurn('feed', trial.port, few);
  await trial.stop();
  const filler = await startRsyslog(join(folder, 'queue'), { target, sync: 'off' });
  await inTurn('feed', filler.port, events);
  await filler.stop();
  const counted = receiver.count(events);
  await receiver.listen();
  const drainer = await startRsyslog(join(folder, 'queue'), { target, sync });
  try {
    return { taken, drained: await counted };
  } finally {
    await drainer.stop();
    await receiver.unlisten();
  }
}

async function startRsyslog(folder: string, { target, sync }: { target: number; sync: Sync }): Promise<{ readonly port: number; stop(): Promise<void> }> {
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  await writeFile(join(folder, 'rsyslog.conf'), `
global(workDirectory="${folder}" maxMessageSize="64k")
module(load="imptcp")
main_queue(queue.type="Direct")
input(type="imptcp" address="127.0.0.1" port="${port}")
template(name="raw" type="string" string="%rawmsg%")
action(type="omfwd" target="127.0.0.1" port="${target}" protocol="tcp" tcp_framing="octet-counted" template="raw"
  queue.type="Disk" queue.filename="forward" queue.syncQueueFiles="${sync}" queue.size="100000000" queue.maxFileSize="8m" queue.saveOnShutdown="on"
  action.resumeRetryCount="-1" action.resumeInterval="1" action.resumeIntervalMax="1")
`);
  const rsyslogd = spawn('rsyslogd', ['-n', '-f', join(folder, 'rsyslog.conf'), '-i', join(folder, 'pid')], { stdio: 'ignore' });
  const exited = once(rsyslogd, 'exit');
  while (!await answers(port)) {
    if (rsyslogd.exitCode !== null) throw new Error(`rsyslogd ended with code ${rsyslogd.exitCode}`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
  return {
    port,
    async stop() {
      rsyslogd.kill('SIGTERM');
      await exited;
    },
  };
}

/** Sends events to rsyslog as raxed's own output does: each batch is taken once rsyslog ended the connection. */
async function feed(port: number, count: number): Promise<number> {
  const output = syslogOutput(port);
  const started = performance.now();
  for (let sent = 0; sent < count; sent += FEED_BATCH) {
    await output.send(Array.from({ length: Math.min(FEED_BATCH, count - sent) }, () => { const event = nextEvent(); return { event, body: encodeEvent(event) }; }), never);
  }
  return count * 1000 / (performance.now() - started);
}

function startSyslogReceiver(): SyslogReceiver {
  const child = fork(import.meta.filename, ['receive']);
  const ask = async (message: object): Promise<number> => {
    const answer = once(child, 'message') as Promise<[number]>;
    child.send(message);
    return (await answer)[0];
  };
  return {
    listen: () => ask({ do: 'listen' }),
    unlisten: async () => { await ask({ do: 'unlisten' }); },
    count: (messages) => { child.send({ do: 'count', messages }); return counted(child); },
    stop: () => { child.disconnect(); },
  };
}

async function counted(child: ChildProcess): Promise<number> {
  for (;;) {
    const [answer] = await once(child, 'message') as [number | { rate: number }];
    if (typeof answer === 'object') return answer.rate;
  }
}

/** In its own process: counts the octet-counted messages of all its connections, and answers each end with an end. */
function receive(): void {
  let port = 0;
  let wanted = Infinity;
  let count = 0;
  let first = 0;
  const server = createServer((socket) => {
    let rest: Buffer = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      for (;;) {
        const space = rest.indexOf(0x20, at);
        const end = space + 1 + Number(rest.toString('latin1', at, space));
        if (space < 0 || end > rest.length) break;
        at = end;
        if (count++ === 0) first = performance.now();
        if (count === wanted) process.send?.({ rate: count * 1000 / (performance.now() - first) });
      }
      rest = rest.subarray(at);
    });
  });
  process.on('message', (message: { do: 'listen' | 'unlisten' | 'count'; messages: number }) => {
    if (message.do === 'listen') server.listen(port, '127.0.0.1', () => { port = (server.address() as AddressInfo).port; process.send?.(port); });
    else if (message.do === 'unlisten') server.close(() => { process.send?.(0); });
    else { wanted = message.messages; count = 0; }
  });
}

function inTurn(side: keyof typeof SIDES, ...args: readonly (string | number)[]): Promise<number> {
  return inProcess(import.meta.filename, [side, ...args.map(String)]);
}

const SIDES = {
  fill: ([folder = '', count]: readonly string[]) => fillSpool(folder, Number(count), ['webhook', 'syslog']),
  bare: ([url = '', count]: readonly string[]) => bareGotLoop(url, Number(count)),
  webhook: ([folder = '', url = '']: readonly string[]) => drainSpool(folder, webhookOutput(url)),
  syslog: ([folder = '', port]: readonly string[]) => drainSpool(folder, syslogOutput(Number(port))),
  feed: ([port, count]: readonly string[]) => feed(Number(port), Number(count)),
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
    socket.on('error', () => { resolve(false); });
  });
}

/** Messages a second from the producer to the receiver, when all are taken in first and drained then. */
function through({ taken, drained }: { readonly taken: number; readonly drained: number }): number {
  return 1 / (1 / taken + 1 / drained);
}

function rates(of: { readonly taken: number; readonly drained: number }): string {
  return `${format(of.taken)}/s taken in, ${format(of.drained)}/s drained, ${format(through(of))}/s through`;
}

function format(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function print(first: string, ...rest: readonly string[]): void {
  process.stdout.write(`${rest.length === 0 ? first : `${first.padEnd(16)} ${rest[0]?.padEnd(28)} ${rest[1]}`}\n`);
}

const [, program, side = '', ...args] = process.argv;
if (program === import.meta.filename) {
  if (side === 'receive') receive();
  else if (side in SIDES) answer(SIDES[side as keyof typeof SIDES](args));
}
