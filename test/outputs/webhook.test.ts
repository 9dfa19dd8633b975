import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { encodeEvent } from '../../src/event/privacy.js';
import { signPayload, verifySignature } from '../../src/outputs/signature.js';
import type { Output } from '../../src/outputs/output.js';
import { createWebhookOutput, type WebhookOptions } from '../../src/outputs/webhook.js';
import { manualClock } from '../fixtures/clock.js';
import { hasOpenssl, makeCertificates } from '../fixtures/certificates.js';
import { sampleScan, SAMPLE_TIME } from '../fixtures/events.js';
import { eventually, httpReceiver, tcpReceiver } from '../fixtures/receivers.js';
import { conformsToOutput, outgoing, refusal } from './conformance.js';

const never = new AbortController().signal;
const event = sampleScan();
const batch = [outgoing(event)];

function webhook(url: string, options: Partial<WebhookOptions> = {}): Output {
  return createWebhookOutput({
    name: 'webhook', url, secret: () => 'my_secret', previousSecret: () => undefined,
    timeoutMs: 10_000, maxInFlight: 4, skipVerify: false, clock: manualClock(SAMPLE_TIME), version: '0.1.0', ...options,
  });
}

t.test('signatures, byte for byte', (t) => {
  const table: [string, number, string, string][] = [
    ['test-secret', 1706526600, '{"event": "test"}', '9f8c018ddf0f30c970ace5ce5d359ad037b5d35bf21a201e81dcab3b55a105fe'],
    ['my_secret', 1769769000, '', 'e3cad880678cb64f5148e209699a695b74c0d8d84065096901f5dcb0f46431b5'],
    ['my_secret', 1769769000, '{}', '188e103da20407aab6a79277cbdfacc6eb2ae80d25f6e23952b50e5f091baadb'],
    ['my_secret', 1769769000, '{}\n', 'a7b193f38c9c8c757f1895a4824bc31d2d13bf2b018f2fd5b8dbfc36f4092be7'],
    ['s€cret', 1769769000, '{"p":"naïve 🚀"}', 'bb65ca7a7e3dfd80db75f282b143c1ce41c6236d6595bce0360dbfb41bb0611d'],
    ['s€cret', 1769769000, '{"p":"na\\u00efve \\ud83d\\ude80"}', 'ffa05339eee0ce574437f7c8d0d54f4ae065d03164595080756dc8a55dde5de9'],
    ['my_secret', 1769769000, '{"event_type": "test", "mssp_id": "mssp_test", "timestamp": "2026-01-30T10:30:00Z", "message": "This is a test event from RAXE CLI"}', 'e7c58044989610c7cd79e508407a592731c44088e532df9b9bf221f45de79361'],
    ['my_secret', 0, '{}', 'f9094f769dcb272bb4213d723db97b5880c128b70803c208a4fc1869450aa25d'],
  ];
  for (const [secret, timestamp, body, hex] of table) t.equal(signPayload(secret, timestamp, Buffer.from(body)), `sha256=${hex}`);
  t.end();
});

t.test('a signature verifies while it is fresh, with today\'s secret or the one before', (t) => {
  const body = Buffer.from('{}');
  const now = 1769769000;
  const verdict = (age: number, secrets = ['my_secret'], change: { body?: Buffer; signature?: string } = {}): string => verifySignature(
    { body: change.body ?? body, timestamp: String(now - age), signatures: [change.signature ?? signPayload('my_secret', now - age, body)] },
    { secrets, nowSeconds: now });
  t.equal(verdict(0), 'valid');
  t.equal(verdict(300), 'valid');
  t.equal(verdict(301), 'expired');
  t.equal(verdict(-60), 'valid');
  t.equal(verdict(-61), 'expired');
  t.equal(verdict(0, ['new', 'my_secret']), 'valid');
  t.equal(verdict(0, ['new']), 'mismatch');
  t.equal(verdict(0, []), 'mismatch');
  t.equal(verdict(0, ['my_secret'], { body: Buffer.from('{} ') }), 'mismatch');
  for (const signature of ['', 'sha256=', 'sha256=00', '☃'.repeat(71)]) t.equal(verdict(0, ['my_secret'], { signature }), 'mismatch');
  for (const timestamp of ['', 'now', '-1', '1e9', '1769769000.0', ' 1769769000', '9'.repeat(13)]) {
    t.equal(verifySignature({ body, timestamp, signatures: [signPayload('my_secret', now, body)] }, { secrets: ['my_secret'], nowSeconds: now }), 'bad_timestamp');
  }
  fc.assert(fc.property(fc.string(), fc.uint8Array(), fc.nat(2_000_000_000), (secret, bytes, timestamp) =>
    verifySignature({ body: bytes, timestamp: String(timestamp), signatures: ['sha256=x', signPayload(secret, timestamp, bytes)] }, { secrets: [secret], nowSeconds: timestamp }) === 'valid'));
  t.end();
});

conformsToOutput(t, 'webhook', {
  create: (port, timeoutMs) => webhook(`http://127.0.0.1:${port}/hooks/s3cret-path`, { timeoutMs }),
  secrets: ['s3cret-path', 'my_secret'],
  async receiver() {
    const receiver = await httpReceiver();
    return { port: receiver.port, close: receiver.close, ids: () => receiver.requests.map((request) => String(request.headers['x-raxe-event-id'])) };
  },
});

t.test('the request is exactly what receivers verify', async (t) => {
  const receiver = await httpReceiver();
  const clock = manualClock(SAMPLE_TIME + 999);
  let secret = 'my_secret';
  let previous: { secret: string; until: number } | undefined = { secret: 'old_secret', until: SAMPLE_TIME + 5000 };
  const output = webhook(`${receiver.url}/raxe/alerts?x=1`, { clock, secret: () => secret, previousSecret: () => previous });
  t.match(await output.send(batch, never), { httpStatus: 200 });
  const [first] = receiver.requests;
  t.ok(first);
  if (first === undefined) return;
  t.equal(first.method, 'POST');
  t.equal(first.path, '/raxe/alerts?x=1');
  t.ok(first.body.equals(Buffer.from(encodeEvent(event))), 'the body is the stored bytes');
  t.match(first.headers, {
    'content-type': 'application/json', 'user-agent': 'raxed/0.1.0', 'x-raxe-timestamp': '1769769000', 'x-raxe-event-id': event.event_id,
    'x-raxe-signature': signPayload('my_secret', 1769769000, first.body), 'x-raxe-signature-previous': signPayload('old_secret', 1769769000, first.body),
    'content-length': String(first.body.length),
  });
  for (const header of ['transfer-encoding', 'accept-encoding', 'authorization', 'cookie']) t.notOk(header in first.headers, header);

  await clock.advance(5000);
  secret = 'new_secret';
  await output.send(batch, never);
  const second = receiver.requests[1];
  t.ok(second?.body.equals(first.body), 'the same bytes on every attempt');
  t.equal(second?.headers['x-raxe-timestamp'], '1769769005');
  t.equal(second?.headers['x-raxe-signature'], signPayload('new_secret', 1769769005, first.body));
  t.notOk('x-raxe-signature-previous' in (second?.headers ?? {}), 'the rotation is over');
  previous = undefined;
  await output.close();
  await receiver.close();
});

t.test('answers become the failures that the delivery loop acts on', async (t) => {
  const receiver = await httpReceiver();
  const output = webhook(receiver.url);
  const table: [number, Record<string, string>, { kind: string; retryAfterMs?: number | undefined }][] = [
    [302, { Location: `${receiver.url}/elsewhere` }, { kind: 'misconfigured' }],
    [308, { Location: `${receiver.url}/elsewhere` }, { kind: 'misconfigured' }],
    [400, {}, { kind: 'refused' }], [401, { 'WWW-Authenticate': 'Basic' }, { kind: 'misconfigured' }], [413, {}, { kind: 'too_large' }],
    [429, { 'Retry-After': '7' }, { kind: 'retry', retryAfterMs: 7000 }],
    [503, { 'Retry-After': 'Fri, 30 Jan 2026 10:30:09 GMT' }, { kind: 'retry', retryAfterMs: 9000 }],
    [500, {}, { kind: 'retry', retryAfterMs: undefined }],
  ];
  for (const [status, headers, expected] of table) {
    receiver.answer = (_request, response) => { response.writeHead(status, headers).end('<html>no</html>'); };
    t.match(await refusal(output.send(batch, never)), { ...expected, httpStatus: status, message: `answered ${status}` });
  }
  t.equal(receiver.requests.length, table.length, 'nothing was followed or repeated');
  receiver.answer = (_request, response) => { response.writeHead(204).end(); };
  t.match(await output.send(batch, never), { httpStatus: 204 });
  t.equal(receiver.connections.total, 1, 'all over one connection');
  await output.close();
  await receiver.close();
});

t.test('what time the receiver has is told, whether it takes the event or not', async (t) => {
  const receiver = await httpReceiver();
  const output = webhook(receiver.url);
  const answers: [number, string | undefined, number | undefined][] = [
    [200, 'Fri, 30 Jan 2026 10:30:09 GMT', SAMPLE_TIME + 9000], [401, 'Fri, 30 Jan 2026 10:20:00 GMT', SAMPLE_TIME - 600_000],
    [200, 'yesterday', undefined], [200, undefined, undefined],
  ];
  for (const [status, date, expected] of answers) {
    receiver.answer = (_request, response) => {
      response.sendDate = false;
      response.writeHead(status, date === undefined ? {} : { Date: date }).end();
    };
    const told = status === 200 ? await output.send(batch, never) : await refusal(output.send(batch, never));
    t.equal(told.serverDate, expected, date ?? 'none');
  }
  await output.close();
  await receiver.close();
});

t.test('receivers that misbehave cost neither memory nor time', async (t) => {
  const answers: [string, string | null, (write: (text: string) => void, end: () => void) => void][] = [
    ['an endless body behind 200', null, (write) => { write('HTTP/1.1 200 OK\r\n\r\n'); forever(() => { write('x'.repeat(65_536)); }); }],
    ['an endless body behind 500', 'answered 500', (write) => { write('HTTP/1.1 500 no\r\nTransfer-Encoding: chunked\r\n\r\n'); forever(() => { write(`10000\r\n${'x'.repeat(65_536)}\r\n`); }); }],
    ['a body that never ends behind 200', null, (write) => { write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx'); }],
    ['a body one octet at a time', null, (write) => { write('HTTP/1.1 202 OK\r\nContent-Length: 100000\r\n\r\n'); forever(() => { write('x'); }); }],
    ['a body cut short', null, (write, end) => { write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx'); end(); }],
    ['a head one octet at a time', 'no answer within 700 ms', (write) => { let i = 0; forever(() => { write(`HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(1e4)}`.charAt(i++)); }); }],
    ['an endless head', 'HPE_HEADER_OVERFLOW', (write) => { write('HTTP/1.1 200 OK\r\n'); forever(() => { write(`X-A: ${'b'.repeat(1000)}\r\n`); }); }],
    ['endless interim answers', 'no answer within 700 ms', (write) => { forever(() => { write('HTTP/1.1 102 Processing\r\n\r\n'); }); }],
    ['something that is not HTTP', 'HPE_', (write) => { write('220 mail.example ESMTP\r\n'); }],
    ['an end without an answer', 'ECONNRESET', (_write, end) => { end(); }],
    ['an end within the head', 'ECONNRESET', (write, end) => { write('HTTP/1.1 20'); end(); }],
  ];
  const timers = new Set<NodeJS.Timeout>();
  const forever = (step: () => void): void => { timers.add(setInterval(step, 1)); };
  for (const [name, expected, misbehave] of answers) {
    const receiver = await tcpReceiver((socket) => {
      socket.once('data', () => { misbehave((text) => { if (socket.writable) socket.write(text); }, () => { socket.end(); }); });
    });
    const output = webhook(`http://127.0.0.1:${receiver.port}/`, { timeoutMs: 700 });
    const before = performance.now();
    if (expected === null) t.match(await output.send(batch, never), { httpStatus: /20\d/ }, name);
    else {
      const error = await refusal(output.send(batch, never));
      t.equal(error.kind, 'retry', name);
      t.match(error.message, expected, name);
    }
    t.ok(performance.now() - before < 15_000, `${name}: bounded`);
    await eventually(() => receiver.connections.open === 0 || expected === null);
    for (const timer of timers) clearInterval(timer);
    timers.clear();
    await output.close();
    await receiver.close();
  }
});

t.test('a kept connection that the receiver closed meanwhile is no failure', async (t) => {
  const receiver = await httpReceiver();
  let answered = 0;
  receiver.answer = (_request, response) => {
    if (answered++ % 2 === 0) response.end('ok');
    else response.destroy();
  };
  const output = webhook(receiver.url);
  await output.send(batch, never);
  t.match(await output.send(batch, never), { httpStatus: 200 });
  t.equal(receiver.connections.total, 2);
  await output.close();
  await receiver.close();
});

t.test('connections are kept, and no more than maxInFlight of them', async (t) => {
  const receiver = await httpReceiver();
  const output = webhook(receiver.url, { maxInFlight: 4 });
  for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 4 }, () => output.send(batch, never)));
  t.ok(receiver.connections.total <= 4);
  t.equal(receiver.requests.length, 40);
  await output.close();
  await eventually(() => receiver.connections.open === 0);
  await receiver.close();
});

t.test('a secret that cannot be read is a wrong setting, and nothing is sent', async (t) => {
  const receiver = await httpReceiver();
  const output = webhook(receiver.url, { secret: () => { throw new Error('ENOENT: /etc/raxed/webhook.secret'); } });
  const error = await refusal(output.send(batch, never));
  t.equal(error.kind, 'misconfigured');
  t.notMatch(error.message, '/etc');
  t.equal(receiver.requests.length, 0);
  await output.close();
  await receiver.close();
});

t.test('a name that does not resolve may do so tomorrow', async (t) => {
  const error = await refusal(webhook('https://soc.invalid/x').send(batch, never));
  t.equal(error.kind, 'retry');
  t.match(error.message, /^(ENOTFOUND|EAI_AGAIN)$/);
});

t.test('TLS', { skip: hasOpenssl() ? false : 'openssl is not installed' }, async (t) => {
  const folder = t.testdir();
  const good = makeCertificates(folder, 'good');
  const other = makeCertificates(folder, 'other');

  await t.test('a certificate of the given authority is trusted, a stranger\'s is not, and skipVerify trusts all', async (t) => {
    const receiver = await httpReceiver({ tls: { cert: good.cert, key: good.key } });
    const unknown = await refusal(webhook(receiver.url).send(batch, never));
    t.equal(unknown.kind, 'retry');
    t.match(unknown.message, /UNABLE_TO|SELF_SIGNED/);
    t.equal(receiver.requests.length, 0);
    const trusting = webhook(receiver.url, { tls: { caFile: good.caFile } });
    t.match(await trusting.send(batch, never), { httpStatus: 200 });
    const blind = webhook(receiver.url, { skipVerify: true });
    t.match(await blind.send(batch, never), { httpStatus: 200 });
    const named = webhook(receiver.url, { tls: { caFile: good.caFile, serverName: 'soc.example' } });
    t.match(await named.send(batch, never), { httpStatus: 200 });
    const misnamed = webhook(receiver.url, { tls: { caFile: good.caFile, serverName: 'evil.example' } });
    t.match((await refusal(misnamed.send(batch, never))).message, /^ERR_TLS_CERT_ALTNAME_INVALID: .*tls\.server_name$/);
    for (const output of [trusting, blind, named, misnamed]) await output.close();
    await receiver.close();
  });

  await t.test('a client certificate is shown to a receiver that asks for one', async (t) => {
    const receiver = await httpReceiver({ tls: { cert: good.cert, key: good.key, ca: good.ca, requestCert: true, rejectUnauthorized: true } });
    const without = await refusal(webhook(receiver.url, { tls: { caFile: good.caFile } }).send(batch, never));
    t.equal(without.kind, 'retry');
    const output = webhook(receiver.url, { tls: { caFile: good.caFile, certFile: good.certFile, keyFile: good.keyFile } });
    t.match(await output.send(batch, never), { httpStatus: 200 });
    await output.close();
    await receiver.close();
  });

  await t.test('replaced files hold from the next connection; half-written ones leave the last good in force', async (t) => {
    const caFile = join(folder, 'current-ca.pem');
    const replace = (content: Buffer | string): void => { writeFileSync(`${caFile}.new`, content); renameSync(`${caFile}.new`, caFile); };
    replace(other.ca);
    const receiver = await httpReceiver({ tls: { cert: good.cert, key: good.key } });
    receiver.answer = (_request, response) => { response.setHeader('Connection', 'close').end(); };
    const output = webhook(receiver.url, { tls: { caFile } });
    t.equal((await refusal(output.send(batch, never))).kind, 'retry');
    replace(good.ca);
    t.match(await output.send(batch, never), { httpStatus: 200 });
    writeFileSync(caFile, good.ca.subarray(0, 100));
    t.match(await output.send(batch, never), { httpStatus: 200 });
    replace(other.ca);
    t.equal((await refusal(output.send(batch, never))).kind, 'retry');
    await output.close();
    await receiver.close();
  });

  await t.test('files that never were any good are a wrong setting, and name no path', async (t) => {
    const broken = join(folder, 'broken.pem');
    writeFileSync(broken, 'not a key');
    for (const tls of [{ caFile: join(folder, 'absent.pem') }, { certFile: good.certFile, keyFile: broken }, { certFile: good.certFile, keyFile: other.keyFile }]) {
      const error = await refusal(webhook('https://127.0.0.1:1/', { tls }).send(batch, never));
      t.equal(error.kind, 'misconfigured');
      t.notMatch(error.message, folder);
    }
  });
});
