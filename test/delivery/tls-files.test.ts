import { copyFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import t from 'tap';
import { createDeliveryLoop, type DeliveryLoop } from '../../src/delivery/loop.js';
import { encodeEvent } from '../../src/event/privacy.js';
import type { TlsOptions } from '../../src/outputs/tls-files.js';
import { createWebhookOutput } from '../../src/outputs/webhook.js';
import { nodeClock, nodeRandom } from '../../src/platform/node.js';
import { hasOpenssl, makeCertificates } from '../fixtures/certificates.js';
import { sampleScan } from '../fixtures/events.js';
import { silentLogger } from '../fixtures/logger.js';
import { memoryStream, type MemoryStream } from '../fixtures/memory-stream.js';
import { eventually, httpReceiver } from '../fixtures/receivers.js';

/** Certificate and authority files that change under a running delivery loop, which is told nothing. */

const QUICK = { retry: { baseMs: 2, capMs: 20 }, probe: { baseMs: 2, capMs: 10 }, holdMs: 20 };
const skip = hasOpenssl() ? false : 'openssl is not installed';

function deliver(url: string, tls: TlsOptions): { readonly loop: DeliveryLoop; readonly stream: MemoryStream; append(...ids: string[]): void } {
  const stream = memoryStream();
  const output = createWebhookOutput({
    name: 'webhook', url, secret: () => 's', previousSecret: () => undefined, timeoutMs: 10_000, maxInFlight: 4, tls, skipVerify: false, clock: nodeClock, version: '0.1.0',
  });
  const loop = createDeliveryLoop({
    stream: { msspId: 'mssp', customerId: 'customer' }, cursor: stream.cursor, deadLetters: stream.deadLetters, output, narrow: (event) => event, timing: QUICK,
    audit: { outcome: () => Promise.resolve() },
  }, { clock: nodeClock, random: nodeRandom, logger: silentLogger });
  return { loop, stream, append(...ids) { for (const id of ids) stream.append(encodeEvent(sampleScan({ id })), 0); } };
}

t.test('authorities that are replaced while nothing can be delivered: nothing is consumed, and all arrives with the new ones', { skip }, async (t) => {
  const folder = t.testdir();
  const good = makeCertificates(folder, 'good');
  const stranger = makeCertificates(folder, 'stranger');
  const at = (name: string): string => join(folder, name);
  const half = good.ca.subarray(0, good.ca.length / 2);
  const WAYS: readonly { readonly name: string; before(file: string): void; halfway?(file: string): void; after(file: string): void }[] = [
    {
      name: 'by a rename',
      before: (file) => { writeFileSync(file, stranger.ca); },
      after: (file) => { writeFileSync(`${file}.new`, good.ca); renameSync(`${file}.new`, file); },
    },
    {
      name: 'by turning a link',
      before: (file) => { symlinkSync(stranger.caFile, file); },
      after: (file) => { symlinkSync(good.caFile, `${file}.new`); renameSync(`${file}.new`, file); },
    },
    {
      name: 'by turning the link of the folder, as Kubernetes does',
      before: (file) => {
        for (const [name, from] of [['v1', stranger], ['v2', good]] as const) copyFileSync(from.caFile, `${file}.${name}`);
        symlinkSync(`${file}.v1`, `${file}.data`);
        symlinkSync(`${file}.data`, file);
      },
      after: (file) => { symlinkSync(`${file}.v2`, `${file}.turn`); renameSync(`${file}.turn`, `${file}.data`); },
    },
    {
      name: 'in place, in two pieces',
      before: (file) => { writeFileSync(file, stranger.ca); },
      halfway: (file) => { writeFileSync(file, half); },
      after: (file) => { writeFileSync(file, good.ca); },
    },
    {
      name: 'in place, empty at first and no good file before',
      before: (file) => { writeFileSync(file, ''); },
      halfway: (file) => { writeFileSync(file, half); },
      after: (file) => { writeFileSync(file, good.ca); },
    },
  ];
  for (const [i, { name, before, halfway, after }] of WAYS.entries()) {
    const receiver = await httpReceiver({ tls: { cert: good.cert, key: good.key } });
    const caFile = at(`ca-${i}.pem`);
    before(caFile);
    const { loop, stream, append } = deliver(receiver.url, { caFile });
    append('e0', 'e1', 'e2');
    const failed = async (times: number): Promise<void> => {
      const from = loop.status().failed_attempts;
      await eventually(() => loop.status().failed_attempts >= from + times);
    };
    await failed(3);
    halfway?.(caFile);
    if (halfway !== undefined) await failed(3);
    t.same([receiver.requests.length, stream.cursor.committed, stream.letters.length], [0, 0, 0], `${name}: not an octet has left, and nothing is consumed`);
    after(caFile);
    await eventually(() => loop.status().pending === 0);
    t.same(new Set(receiver.requests.map(({ headers }) => headers['x-raxe-event-id'])), new Set(['e0', 'e1', 'e2']), name);
    t.equal(stream.letters.length, 0);
    await loop.stop(0);
    await receiver.close();
  }
});

t.test('a certificate and its key are replaced one after the other: the old pair serves until both fit', { skip }, async (t) => {
  const folder = t.testdir();
  const server = makeCertificates(folder, 'server');
  const first = makeCertificates(folder, 'first');
  const second = makeCertificates(folder, 'second');
  const shown: unknown[] = [];
  const receiver = await httpReceiver({
    tls: { cert: server.cert, key: server.key, ca: [first.ca, second.ca], requestCert: true, rejectUnauthorized: true },
    answer: (_request, response) => {
      const { socket } = response;
      if (socket instanceof TLSSocket) shown.push(socket.getPeerCertificate().issuer.CN);
      response.end();
    },
  });
  const certFile = join(folder, 'client.pem');
  const keyFile = join(folder, 'client.key');
  copyFileSync(first.certFile, certFile);
  copyFileSync(first.keyFile, keyFile);
  const { loop, stream, append } = deliver(receiver.url, { caFile: server.caFile, certFile, keyFile });
  const send = async (id: string): Promise<unknown> => {
    append(id);
    await eventually(() => loop.status().pending === 0);
    return shown.at(-1);
  };
  const old = await send('e0');
  copyFileSync(second.certFile, certFile);
  t.equal(await send('e1'), old, 'the new certificate does not fit to the old key');
  t.match(loop.status(), { state: 'ok', failed_attempts: 0 });
  copyFileSync(second.keyFile, keyFile);
  t.not(await send('e2'), old, 'from the next event on');
  t.equal(loop.status().failed_attempts, 0);
  t.equal(stream.letters.length, 0);
  await loop.stop(0);
  await receiver.close();
});
