import { cpSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createDeliveryLoop, type DeliveryLoop } from '../../src/delivery/loop.js';
import type { DeliveryOutcome } from '../../src/delivery/outcome.js';
import { decodeEvent, encodeEvent, type FilteredBytes } from '../../src/event/privacy.js';
import type { Output } from '../../src/outputs/output.js';
import { createSyslogOutput } from '../../src/outputs/syslog.js';
import { createWebhookOutput } from '../../src/outputs/webhook.js';
import { nodeClock, nodeRandom } from '../../src/platform/node.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import { createSpool, type Spool } from '../../src/spool/spool.js';
import { parseCef } from '../fixtures/cef-parser.js';
import { sampleScan } from '../fixtures/events.js';
import { silentLogger } from '../fixtures/logger.js';
import { eventually, httpReceiver, syslogReceiver } from '../fixtures/receivers.js';

const ID = { msspId: 'mssp_yourcompany', customerId: 'cust_acme' };
const PORTS = { clock: nodeClock, random: nodeRandom, logger: silentLogger };
const QUICK = { retry: { baseMs: 2, capMs: 50 }, probe: { baseMs: 2, capMs: 20 }, holdMs: 50, undecidedMs: 500 };

function open(folder: string): Promise<Spool<FilteredBytes>> {
  return createSpool<FilteredBytes>({
    folder, segmentBytes: 16 * 1024, maxBytes: 1024 ** 3, minFreeBytes: 0, whenFull: 'reject', ack: 'fsync', sealAgeMs: 3_600_000,
  }, { ...PORTS, files: nodeSpoolFiles, onReport: () => undefined });
}

async function deliver(spool: Spool<FilteredBytes>, output: Output, outcomes: DeliveryOutcome[]): Promise<DeliveryLoop> {
  const stream = await spool.openStream(ID);
  return createDeliveryLoop({
    stream: ID, cursor: await stream.attach(output.name), deadLetters: await stream.deadLetters(output.name), output, narrow: (event) => event, timing: QUICK,
    audit: { outcome: (outcome) => { outcomes.push(outcome); return Promise.resolve(); } },
  }, PORTS);
}

const idOf = (i: number): string => `evt_${String(i).padStart(26, '0')}`;

t.test('through a receiver that fails at random, restarts of both sides and a spool opened anew, every event arrives', async (t) => {
  const folder = t.testdir();
  const outcomes: DeliveryOutcome[] = [];
  const accepted = new Set<string>();
  const receiver = await httpReceiver();
  let calls = 0;
  receiver.answer = (request, response) => {
    const id = String(request.headers['x-raxe-event-id']);
    if (id === idOf(77) || id === idOf(200)) { response.writeHead(400).end('bad'); return; }
    switch (calls++ % 11) {
      case 3: response.destroy(); return;
      case 5: response.writeHead(503).end(); return;
      case 8: response.writeHead(calls > 300 && calls < 310 ? 401 : 500).end(); return;
      default: accepted.add(id); response.end();
    }
  };
  const webhook = (): Output => createWebhookOutput({
    name: 'webhook', url: receiver.url, secret: () => 's', previousSecret: () => undefined, timeoutMs: 10_000, maxInFlight: 8, skipVerify: false, clock: nodeClock, version: '0.1.0',
  });

  let spool = await open(folder);
  await (await spool.openStream(ID)).attach('webhook');
  let appended = 0;
  for (let life = 0; life < 4; life++) {
    const loop = await deliver(spool, webhook(), outcomes);
    const stream = await spool.openStream(ID);
    const goal = accepted.size + 60;
    await Promise.all(Array.from({ length: 100 }, () => stream.append(encodeEvent(sampleScan({ id: idOf(appended++) })))));
    await eventually(() => accepted.size >= goal);
    await loop.stop(0);
    await spool.close();
    spool = await open(folder);
  }
  const last = await deliver(spool, webhook(), outcomes);
  const stream = await spool.openStream(ID);
  const cursor = await stream.attach('webhook');
  await eventually(() => cursor.committed === stream.nextSeq);
  t.equal(accepted.size, appended - 2);
  const letters = await stream.deadLetters('webhook');
  t.same((await letters.list(10)).map((letter) => [decodeEvent(letter.payload).event_id, letter.reason.httpStatus]), [[idOf(77), 400], [idOf(200), 400]]);
  t.match(last.status(), { state: 'ok', pending: 0, dead: 2 });
  const final = new Set(outcomes.filter((o) => o.deliveryStatus === 'success' || o.deliveryStatus === 'dead').map((o) => o.eventId));
  t.equal(final.size, appended, 'each has its audit line');
  await last.stop(0);
  await spool.close();
  await receiver.close();
});

t.test('one dead destination holds up no other', async (t) => {
  const spool = await open(t.testdir());
  const outcomes: DeliveryOutcome[] = [];
  const soc = await httpReceiver({ answer: (_request, response) => { response.writeHead(500).end(); } });
  const siem = await syslogReceiver();
  const stream = await spool.openStream(ID);
  const webhook = await deliver(spool, createWebhookOutput({
    name: 'webhook', url: soc.url, secret: () => 's', previousSecret: () => undefined, timeoutMs: 10_000, maxInFlight: 8, skipVerify: false, clock: nodeClock, version: '0.1.0',
  }), outcomes);
  const syslog = await deliver(spool, createSyslogOutput({
    name: 'soc-syslog', host: '127.0.0.1', port: siem.port, transport: 'tcp', facility: 16, hostname: 'h', appName: 'RAXE', confirm: 'fin', batchEvents: 2000, batchBytes: 1024 * 1024, timeoutMs: 10_000, skipVerify: false,
    cef: { mode: 'strict', deviceVendor: 'RAXE', deviceProduct: 'ThreatDetection', version: '1', installationId: 'inst_x' }, clock: nodeClock,
  }), outcomes);
  await Promise.all(Array.from({ length: 1500 }, (_, i) => stream.append(encodeEvent(sampleScan({ id: idOf(i) })))));
  await eventually(() => syslog.status().pending === 0);
  t.same(siem.messages.map((message) => parseCef(message).extension['cs4']), Array.from({ length: 1500 }, (_, i) => idOf(i)), 'in order, once each');
  t.equal(webhook.status().pending, 1500);
  soc.answer = (_request, response) => { response.end(); };
  await eventually(() => webhook.status().pending === 0);
  await webhook.stop(0);
  await syslog.stop(0);
  await spool.close();
  await soc.close();
  await siem.close();
});

t.test('behind an event that never gets through, a crash at any moment repeats what is in flight, and a stop nothing', async (t) => {
  const MAX_IN_FLIGHT = 8;
  const EVENTS = 300;
  const stuck = new Set([idOf(0), idOf(100), idOf(101), idOf(205)]);
  const folder = t.testdir({ running: {} });
  const running = join(folder, 'running');
  let taken = new Map<string, number>();
  const takenAtCrash: string[][] = [];
  const receiver = await httpReceiver();
  receiver.answer = (request, response) => {
    const id = String(request.headers['x-raxe-event-id']);
    if (stuck.has(id)) { response.writeHead(500).end(); return; }
    taken.set(id, (taken.get(id) ?? 0) + 1);
    // What SIGKILL would leave now.
    if ([40, 150, 260].includes(taken.size) && takenAtCrash.length < 3) {
      cpSync(running, join(folder, `crash${takenAtCrash.length}`), { recursive: true });
      takenAtCrash.push([...taken.keys()]);
    }
    response.end();
  };
  const webhook = (): Output => createWebhookOutput({
    name: 'webhook', url: receiver.url, secret: () => 's', previousSecret: () => undefined, timeoutMs: 10_000, maxInFlight: MAX_IN_FLIGHT, skipVerify: false, clock: nodeClock, version: '0.1.0',
  });
  const outcomes: DeliveryOutcome[] = [];

  let spool = await open(running);
  let stream = await spool.openStream(ID);
  await stream.attach('webhook');
  // All of them before the first is sent: then each copy of the folder has them.
  await Promise.all(Array.from({ length: EVENTS }, (_, i) => stream.append(encodeEvent(sampleScan({ id: idOf(i) })))));
  let loop = await deliver(spool, webhook(), outcomes);
  t.teardown(() => loop.stop(0));
  await eventually(() => taken.size === EVENTS - stuck.size && loop.status().pending === stuck.size);
  await loop.stop(0);
  await spool.close();
  t.ok([...taken.values()].every((times) => times === 1));

  for (const [n, before] of takenAtCrash.entries()) {
    taken = new Map();
    spool = await open(join(folder, `crash${n}`));
    loop = await deliver(spool, webhook(), outcomes);
    await eventually(() => loop.status().pending === stuck.size);
    const again = before.filter((id) => taken.has(id));
    t.ok(again.length <= 3 * MAX_IN_FLIGHT, `${again.length} of ${before.length} come again after a crash`);
    await loop.stop(0);
    await spool.close();
  }
  t.equal(takenAtCrash.length, 3);

  taken = new Map();
  stuck.clear();
  spool = await open(running);
  stream = await spool.openStream(ID);
  const cursor = await stream.attach('webhook');
  t.equal(cursor.pending(), 4);
  loop = await deliver(spool, webhook(), outcomes);
  await stream.append(encodeEvent(sampleScan({ id: idOf(EVENTS) })));
  await eventually(() => cursor.committed === stream.nextSeq);
  t.same([...taken.keys()].sort(), [0, 100, 101, 205, EVENTS].map(idOf), 'what was stuck and what is new, nothing else');
  await loop.stop(0);
  await spool.close();
  await receiver.close();
});
