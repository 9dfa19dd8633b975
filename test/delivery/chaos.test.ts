import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { createDeliveryLoop, type DeliveryLoop } from '../../src/delivery/loop.js';
import type { DeliveryOutcome, DestinationState } from '../../src/delivery/outcome.js';
import { encodeEvent, type FilteredBytes } from '../../src/event/privacy.js';
import { receiptOf } from '../../src/outputs/answer.js';
import { createHttpClient } from '../../src/outputs/http.js';
import type { Output } from '../../src/outputs/output.js';
import { createWebhookOutput, type WebhookOptions } from '../../src/outputs/webhook.js';
import { nodeClock, nodeRandom } from '../../src/platform/node.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import { createSpool } from '../../src/spool/spool.js';
import { hasOpenssl, makeCertificates } from '../fixtures/certificates.js';
import { chaosReceiver, refusing, tooManyUntil, TRICKS, type ChaosReceiver, type Trick } from '../fixtures/chaos.js';
import { sampleScan } from '../fixtures/events.js';
import { silentLogger } from '../fixtures/logger.js';
import { memoryStream, type MemoryStream } from '../fixtures/memory-stream.js';
import { closedPort, eventually } from '../fixtures/receivers.js';

const PORTS = { clock: nodeClock, random: nodeRandom, logger: silentLogger };
const QUICK = { retry: { baseMs: 2, capMs: 50 }, probe: { baseMs: 2, capMs: 20 }, holdMs: 30, undecidedMs: 500 };
const ID = { msspId: 'mssp_yourcompany', customerId: 'cust_acme' };
const EVENTS = 20;

const idOf = (i: number): string => `evt_${String(i).padStart(26, '0')}`;
const ids = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => idOf(from + i));

interface Site {
  readonly stream: MemoryStream;
  readonly loop: DeliveryLoop;
  readonly outcomes: DeliveryOutcome[];
  append(list: readonly string[]): void;
}

function deliver(output: Output): Site {
  const stream = memoryStream();
  const outcomes: DeliveryOutcome[] = [];
  const loop = createDeliveryLoop({
    stream: ID, cursor: stream.cursor, deadLetters: stream.deadLetters, output, narrow: (event) => event, timing: QUICK,
    audit: { outcome: (outcome) => { outcomes.push(outcome); return Promise.resolve(); } },
  }, PORTS);
  return { stream, loop, outcomes, append: (list) => { for (const id of list) stream.append(encodeEvent(sampleScan({ id })), nodeClock.now()); } };
}

function webhook(url: string, options: Partial<WebhookOptions> = {}): Output {
  return createWebhookOutput({ name: 'webhook', url, secret: () => 's', previousSecret: () => undefined, timeoutMs: 300, maxInFlight: 4, skipVerify: false, clock: nodeClock, version: '0.1.0', ...options });
}

/** All of `list` arrived, each is audited as delivered once, nothing else became of any. */
function allDelivered(t: Test, site: Site, receiver: ChaosReceiver, list: readonly string[]): void {
  t.same([...new Set(receiver.taken)].sort(), [...list].sort(), 'every event arrived');
  t.same(site.outcomes.filter((o) => o.deliveryStatus === 'success').map((o) => o.eventId).sort(), [...list].sort(), 'and is audited once');
  t.notOk(site.outcomes.some((o) => o.deliveryStatus === 'dead' || o.deliveryStatus === 'expired'));
  t.equal(site.stream.letters.length, 0);
  t.match(site.loop.status(), { state: 'ok', pending: 0, dead: 0, delivered: list.length });
}

interface Row {
  readonly name: string;
  readonly trick: Trick;
  readonly state: DestinationState;
  readonly error: RegExp;
}

const ROWS: readonly Row[] = [
  { name: 'resets', trick: TRICKS.reset, state: 'circuit_open', error: /^(ECONNRESET|EPIPE)$/ },
  { name: 'resets in the middle of its answer', trick: TRICKS.resetInTheAnswer, state: 'circuit_open', error: /^ECONNRESET$/ },
  { name: 'stalls', trick: TRICKS.stall, state: 'circuit_open', error: /^no answer within 300 ms$/ },
  { name: 'half-closes', trick: TRICKS.halfClose, state: 'circuit_open', error: /^ECONNRESET$/ },
  { name: 'speaks no HTTP', trick: TRICKS.notHttp, state: 'circuit_open', error: /^HPE_\w+: .*does not speak HTTP/ },
  { name: 'answers byte by byte', trick: TRICKS.headByteByByte, state: 'circuit_open', error: /^no answer within 300 ms$/ },
  { name: 'answers 500', trick: TRICKS.serverError, state: 'circuit_open', error: /^answered 500$/ },
  { name: 'answers 429 without a time', trick: TRICKS.tooMany, state: 'circuit_open', error: /^answered 429$/ },
  { name: 'answers 503 with seconds', trick: TRICKS.busyForASecond, state: 'retrying', error: /^answered 503$/ },
  { name: 'answers 429 with a date', trick: tooManyUntil(2), state: 'retrying', error: /^answered 429$/ },
  { name: 'redirects', trick: TRICKS.redirect, state: 'misconfigured', error: /^answered 302$/ },
  { name: 'redirects for good', trick: TRICKS.redirectForGood, state: 'misconfigured', error: /^answered 308$/ },
  { name: 'answers 401, and 200 when the secret is right again', trick: TRICKS.unauthorized, state: 'misconfigured', error: /^answered 401$/ },
  { name: 'answers 410', trick: TRICKS.gone, state: 'misconfigured', error: /^answered 410$/ },
  { name: 'refuses every event', trick: TRICKS.badRequest, state: 'misconfigured', error: /^answered 400$/ },
];

for (const row of ROWS) {
  t.test(`a receiver that ${row.name}: nothing is consumed, and all arrives when it is well again`, async (t) => {
    const receiver = await chaosReceiver();
    receiver.trick = row.trick;
    const site = deliver(webhook(receiver.url));
    site.append(ids(EVENTS));
    await eventually(() => site.loop.status().state === row.state);
    t.match(site.loop.status().last_error?.message, row.error);
    t.equal(site.stream.cursor.committed, 0);
    t.equal(receiver.taken.length, 0);
    receiver.trick = TRICKS.well;
    await eventually(() => site.loop.status().pending === 0);
    allDelivered(t, site, receiver, ids(EVENTS));
    await site.loop.stop(0);
    await receiver.close();
  });
}

for (const name of ['bodyByteByByte', 'hugeBody', 'closeBehind200'] as const) {
  t.test(`a receiver that says 200 and then misbehaves has the event: ${name}`, async (t) => {
    const receiver = await chaosReceiver();
    receiver.trick = TRICKS[name];
    const site = deliver(webhook(receiver.url, { timeoutMs: 30_000 }));
    site.append(ids(EVENTS));
    await eventually(() => site.loop.status().pending === 0);
    allDelivered(t, site, receiver, ids(EVENTS));
    t.equal(receiver.taken.length, EVENTS, 'nothing was sent twice');
    await site.loop.stop(0);
    await receiver.close();
  });
}

t.test('a receiver that says 200 before the event is sent is not believed', async (t) => {
  const receiver = await chaosReceiver();
  receiver.trick = TRICKS.lie;
  const site = deliver(webhook(receiver.url, { timeoutMs: 5000 }));
  const large = 'x'.repeat(32 * 1024 * 1024);
  site.stream.append(encodeEvent(sampleScan({ id: idOf(0), dataMode: 'full', texts: { prompt: large } })), nodeClock.now());
  await eventually(() => site.loop.status().failed_attempts >= 2);
  t.match(site.loop.status().last_error?.message, /^(answered 200 before the event had been sent|ECONNRESET|EPIPE)$/);
  t.equal(site.stream.cursor.committed, 0);
  receiver.trick = TRICKS.well;
  await eventually(() => site.loop.status().pending === 0);
  t.same(receiver.taken, [idOf(0)]);
  await site.loop.stop(0);
  await receiver.close();
});

t.test('one refused event of many is a dead letter, the others arrive', async (t) => {
  const bad = idOf(7);
  for (const [name, create] of [['webhook', webhook], ['batches', batches]] as const) {
    const receiver = await chaosReceiver();
    receiver.trick = refusing([bad], 400);
    const site = deliver(create(receiver.url));
    site.append(ids(EVENTS));
    await eventually(() => site.loop.status().pending === 0);
    t.same([...new Set(receiver.taken)].sort(), ids(EVENTS).filter((id) => id !== bad), name);
    t.equal(receiver.taken.length, EVENTS - 1, `${name}: nothing was taken twice`);
    t.match(site.stream.letters, [{ seq: 7, reason: { httpStatus: 400, message: 'answered 400' } }], name);
    t.ok(receiver.seen.filter((id) => id === bad).length <= 6, `${name}: found in a bounded number of attempts`);
    await site.loop.stop(0);
    await receiver.close();
  }
});

t.test('nobody listens, and then somebody does', async (t) => {
  const port = await closedPort();
  const site = deliver(webhook(`http://127.0.0.1:${port}/`));
  site.append(ids(EVENTS));
  await eventually(() => site.loop.status().state === 'circuit_open');
  t.match(site.loop.status(), { last_error: { message: 'ECONNREFUSED' }, pending: EVENTS });
  await site.loop.stop(0);
});

t.test('certificates', { skip: hasOpenssl() ? false : 'openssl is not installed' }, async (t) => {
  const folder = t.testdir();
  const good = makeCertificates(folder, 'good');
  const expired = makeCertificates(folder, 'expired', { days: -1 });
  const misnamed = makeCertificates(folder, 'misnamed', { altNames: 'DNS:other.example' });
  const stranger = makeCertificates(folder, 'stranger');
  const caFile = join(folder, 'trusted.pem');
  writeFileSync(caFile, Buffer.concat([good.ca, expired.ca, misnamed.ca]));
  const table = [
    ['an expired certificate', expired, /^CERT_HAS_EXPIRED: .*has expired$/],
    ['a certificate for another name', misnamed, /^ERR_TLS_CERT_ALTNAME_INVALID: .*tls\.server_name$/],
    ['a stranger\'s certificate', stranger, /^(UNABLE_TO_\w+|SELF_SIGNED_CERT_IN_CHAIN): .*tls\.ca_file$/],
  ] as const;
  for (const [name, wrong, error] of table) {
    const receiver = await chaosReceiver({ cert: wrong.cert, key: wrong.key });
    const site = deliver(webhook(receiver.url, { tls: { caFile }, timeoutMs: 10_000 }));
    site.append(ids(EVENTS));
    await eventually(() => site.loop.status().state === 'circuit_open');
    t.match(site.loop.status().last_error?.message, error, name);
    t.equal(receiver.seen.length, 0, 'not an octet of an event has left');
    t.equal(site.stream.cursor.committed, 0);
    receiver.present({ cert: good.cert, key: good.key });
    await eventually(() => site.loop.status().pending === 0);
    allDelivered(t, site, receiver, ids(EVENTS));
    await site.loop.stop(0);
    await receiver.close();
  }
});

t.test('through all tricks one after another, from a real spool: every event arrives, none is lost or altered', async (t) => {
  const spool = await createSpool<FilteredBytes>({
    folder: t.testdir(), segmentBytes: 16 * 1024, maxBytes: 1024 ** 3, minFreeBytes: 0, whenFull: 'reject', ack: 'fsync', sealAgeMs: 3_600_000,
  }, { ...PORTS, files: nodeSpoolFiles, onReport: () => undefined });
  const stream = await spool.openStream(ID);
  const cursor = await stream.attach('webhook');
  const deadLetters = await stream.deadLetters('webhook');
  const receiver = await chaosReceiver();
  const outcomes: DeliveryOutcome[] = [];
  const loop = createDeliveryLoop({
    stream: ID, cursor, deadLetters, output: webhook(receiver.url), narrow: (event) => event, timing: QUICK,
    audit: { outcome: (outcome) => { outcomes.push(outcome); return Promise.resolve(); } },
  }, PORTS);
  // Without those that take a second, and without refusals, which may rightly cost single events here.
  const tricks = [...ROWS.filter(({ state, trick }) => state !== 'retrying' && trick !== TRICKS.badRequest).map(({ trick }) => trick), TRICKS.bodyByteByByte, TRICKS.closeBehind200, TRICKS.well];
  let appended = 0;
  for (const trick of tricks) {
    receiver.trick = trick;
    const failedBefore = loop.status().failed_attempts;
    const takenBefore = receiver.taken.length;
    await Promise.all(ids(10, appended).map((id) => stream.append(encodeEvent(sampleScan({ id })))));
    appended += 10;
    await eventually(() => loop.status().failed_attempts > failedBefore || receiver.taken.length > takenBefore);
  }
  receiver.trick = TRICKS.well;
  await eventually(() => cursor.committed === stream.nextSeq);
  t.same([...new Set(receiver.taken)].sort(), ids(appended));
  t.equal(deadLetters.count(), 0);
  t.same(outcomes.filter((o) => o.deliveryStatus === 'success').map((o) => o.eventId).sort(), ids(appended));
  await loop.stop(0);
  await spool.close();
  await receiver.close();
});

/** As the SIEM outputs send: a line an event, many events a request. */
function batches(url: string): Output {
  const client = createHttpClient({ skipVerify: false, timeoutMs: 5000, maxSockets: 1 });
  return {
    name: 'webhook', type: 'splunk', url: new URL(url).origin, batchEvents: 20, batchBytes: 1e9, maxInFlight: 1, lossy: false,
    async send(batch, signal) {
      const body = Buffer.from(batch.map((item) => Buffer.from(item.body).toString()).join('\n'));
      return receiptOf(await client.post({ url, headers: {}, body, signal }), nodeClock.now());
    },
    close() { client.close(); return Promise.resolve(); },
  };
}
