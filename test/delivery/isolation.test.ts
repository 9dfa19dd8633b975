import { readdirSync } from 'node:fs';
import t from 'tap';
import { createDeliveryLoop, type DeliveryLoop } from '../../src/delivery/loop.js';
import { encodeEvent, type FilteredBytes } from '../../src/event/privacy.js';
import type { Output } from '../../src/outputs/output.js';
import { createWebhookOutput } from '../../src/outputs/webhook.js';
import { nodeClock, nodeRandom } from '../../src/platform/node.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import { createSpool, type Cursor, type DeadLetters } from '../../src/spool/spool.js';
import { sampleScan } from '../fixtures/events.js';
import { silentLogger } from '../fixtures/logger.js';
import { memoryStream } from '../fixtures/memory-stream.js';
import { eventually, httpReceiver, tcpReceiver } from '../fixtures/receivers.js';

const PORTS = { clock: nodeClock, random: nodeRandom, logger: silentLogger };
const MAX_IN_FLIGHT = 8;
const MIB = 1024 * 1024;
const idOf = (i: number): string => `evt_${String(i).padStart(26, '0')}`;

interface Storage { readonly cursor: Cursor<FilteredBytes>; readonly deadLetters: DeadLetters<FilteredBytes> }

function start({ cursor, deadLetters }: Storage, output: Output): DeliveryLoop {
  return createDeliveryLoop({
    stream: { msspId: 'mssp', customerId: 'customer' }, cursor, deadLetters, output, narrow: (event) => event, audit: { outcome: () => Promise.resolve() },
  }, PORTS);
}

function webhook(url: string): Output {
  return createWebhookOutput({
    name: 'webhook', url, secret: () => 's', previousSecret: () => undefined, timeoutMs: 600_000, maxInFlight: MAX_IN_FLIGHT, skipVerify: false, clock: nodeClock, version: '0.1.0',
  });
}

/** Counts what is read, beside reading it. */
function counted<P extends Uint8Array>(cursor: Cursor<P>): { readonly cursor: Cursor<P>; readonly read: { events: number; bytes: number } } {
  const read = { events: 0, bytes: 0 };
  const watched: Cursor<P> = {
    destination: cursor.destination,
    get committed() { return cursor.committed; },
    pending: () => cursor.pending(), oldestPendingTime: () => cursor.oldestPendingTime(),
    wait: (seq, signal) => cursor.wait(seq, signal), commit: (seq) => cursor.commit(seq), detach: () => { cursor.detach(); },
    async read(seq, limits) {
      const records = await cursor.read(seq, limits);
      read.events += records.length;
      for (const { payload } of records) read.bytes += payload.byteLength;
      return records;
    },
  };
  return { cursor: watched, read };
}

t.test('a black hole holds its own slots and a bounded part of the memory, and the destination beside it gets everything', async (t) => {
  const EVENTS = 300;
  const soc = await httpReceiver();
  const sockets: unknown[] = [];
  const hole = await tcpReceiver((socket) => { sockets.push(socket); socket.resume(); });
  const spool = await createSpool<FilteredBytes>({
    folder: t.testdir(), segmentBytes: MIB, maxBytes: 1024 * MIB, minFreeBytes: 0, whenFull: 'reject', ack: 'fsync', sealAgeMs: 3_600_000,
  }, { ...PORTS, files: nodeSpoolFiles, onReport: () => undefined });
  const stream = await spool.openStream({ msspId: 'mssp', customerId: 'customer' });
  const storage = async (name: string): Promise<Storage> => ({ cursor: await stream.attach(name), deadLetters: await stream.deadLetters(name) });
  const live = await storage('live');
  const dead = await storage('dead');
  const watched = counted(dead.cursor);
  const before = readdirSync('/proc/self/fd').length;

  const beside = start({ ...dead, cursor: watched.cursor }, webhook(`http://127.0.0.1:${hole.port}/`));
  const loop = start(live, webhook(soc.url));
  // 64 KiB each: by their number alone, 8 MiB would be read ahead.
  for (let i = 0; i < EVENTS; i += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, n) => stream.append(padded(encodeEvent(sampleScan({ id: idOf(i + n) })), 64 * 1024))));
  }
  await eventually(() => loop.status().pending === 0);
  await eventually(() => sockets.length === MAX_IN_FLIGHT);
  t.equal(new Set(soc.requests.map(({ headers }) => headers['x-raxe-event-id'])).size, EVENTS, 'every event is there');
  t.match(beside.status(), { pending: EVENTS, delivered: 0, state: 'idle' });
  t.ok(watched.read.bytes <= 4 * MIB, `${(watched.read.bytes / MIB).toFixed(1)} MiB were read for the dead one`);
  const grown = readdirSync('/proc/self/fd').length - before;
  // The stream's files; a socket for each request under way, at both of its ends.
  t.ok(grown <= 4 + 2 * 2 * MAX_IN_FLIGHT, `${grown} more descriptors`);
  await beside.stop(0);
  await loop.stop(0);
  await spool.close();
  await hole.close();
  await soc.close();
});

t.test('customers get their turns: a flood of one holds another back by no more than its share', async (t) => {
  const delivered = { flood: 0, quiet: 0 };
  const output = (name: keyof typeof delivered): Output => ({
    name, type: 'webhook', url: 'http://soc.example', batchEvents: 1, batchBytes: MIB, maxInFlight: MAX_IN_FLIGHT, lossy: false,
    async send() {
      await new Promise((resolve) => { setImmediate(resolve); });
      delivered[name]++;
      return {};
    },
    close: () => Promise.resolve(),
  });
  const flood = memoryStream();
  const quiet = memoryStream();
  for (let i = 0; i < 20_000; i++) flood.append(encodeEvent(sampleScan({ id: idOf(i) })), 0);
  const loops = [start(flood, output('flood')), start(quiet, output('quiet'))];
  await eventually(() => delivered.flood > 100);
  const began = delivered.flood;
  for (let i = 0; i < 200; i++) quiet.append(encodeEvent(sampleScan({ id: idOf(i) })), 0);
  await new Promise<void>((resolve) => {
    const look = (): void => { if (delivered.quiet === 200) resolve(); else setImmediate(look); };
    look();
  });
  const meanwhile = delivered.flood - began;
  t.ok(meanwhile <= 3 * 200, `${meanwhile} of the flood went out while 200 of the other did`);
  for (const loop of loops) await loop.stop(0);
});

/** The same event with white space behind it, which JSON allows: bytes that are stored and sent as they are. */
function padded(payload: FilteredBytes, bytes: number): FilteredBytes {
  const whole = new Uint8Array(bytes).fill(0x20);
  whole.set(payload);
  return whole as Uint8Array as FilteredBytes;
}
