import { X509Certificate } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as netConnect } from 'node:net';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import t, { type Test } from 'tap';
import { runReceiver, type ReceiverArgs } from '../../src/cli/receiver.js';
import { signPayload } from '../../src/outputs/signature.js';
import { nodeClock, nodeRandom } from '../../src/platform/node.js';
import { createCertificate } from '../../src/receiver/certificate.js';
import { createReceiver, type Delivery, type Receiver, type ReceiverOptions } from '../../src/receiver/receiver.js';
import { deliveryJson, summarize, visible } from '../../src/receiver/summary.js';
import { manualClock } from '../fixtures/clock.js';

const SECRET = 'test-secret';
const NOW = 1_769_769_000_000;
const SCAN = {
  event_type: 'scan', event_id: 'evt_01HZX3GZ7N9Q4M8T2V6B5C1D0E', timestamp: '2026-01-29T10:30:00.000Z',
  payload: {
    prompt_hash: `sha256:${'0'.repeat(64)}`, prompt_length: 156, threat_detected: true, scan_duration_ms: 0.08, action_taken: 'allow',
    entry_point: 'sdk', mssp_id: 'mssp_a', customer_id: 'cust_b', agent_id: 'agent_c',
    _mssp_context: { mssp_id: 'mssp_a', customer_id: 'cust_b', customer_name: 'B', data_mode: 'full', data_fields: [] },
    _mssp_data: { prompt_text: 'hello' },
    agent: { version: '1', platform: 'linux' },
    l1: { hit: true, duration_ms: 0.05, detection_count: 2, highest_severity: 'critical', families: ['PI'], detections: [
      { rule_id: 'pi-001', family: 'PI', severity: 'critical', confidence: 0.85 },
      { rule_id: 'pi-002', family: 'PI', severity: 'low', confidence: 0.5 },
    ] },
    l2: { enabled: false, hit: false },
  },
};

interface Answer { status: number; headers: IncomingHttpHeaders; body: string }

function send(url: string, body: string | Buffer, options: { headers?: Record<string, string>; ca?: string | undefined; method?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const make = url.startsWith('https') ? httpsRequest : httpRequest;
    const request = make(url, { method: options.method ?? 'POST', headers: options.headers ?? {}, agent: false, ...(options.ca === undefined ? {} : { ca: options.ca }) }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; });
      response.on('end', () => { resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }); });
    });
    request.on('error', reject);
    request.end(body);
  });
}

function signed(body: string | Buffer, secret = SECRET, seconds = NOW / 1000): Record<string, string> {
  return { 'Content-Type': 'application/json', 'X-Raxe-Timestamp': String(seconds), 'X-Raxe-Signature': signPayload(secret, seconds, Buffer.from(body)) };
}

async function start(t: Test, options: Partial<ReceiverOptions> = {}): Promise<Receiver & { deliveries: Delivery[] }> {
  const deliveries: Delivery[] = [];
  const receiver = await createReceiver(
    { host: '127.0.0.1', port: 0, secret: SECRET, ssl: false, onDelivery: (delivery) => { deliveries.push(delivery); }, ...options },
    { clock: manualClock(NOW), random: nodeRandom },
  );
  t.teardown(() => receiver.close());
  return Object.assign(receiver, { deliveries });
}

t.test('the certificate is accepted by a real TLS handshake for every name in it, and for no other', async (t) => {
  const { certificate, key } = createCertificate({
    hosts: ['localhost', '127.0.0.1', '::1', 'soc.example', '2001:db8::5', '::ffff:10.0.0.1'], now: Date.now(), validDays: 30, serial: Uint8Array.of(0, 0x80, 1),
  });
  const parsed = new X509Certificate(certificate);
  t.ok(parsed.verify(parsed.publicKey), 'signed by itself');
  t.equal(parsed.serialNumber, '8001');
  for (const name of ['localhost', 'soc.example']) t.ok(parsed.checkHost(name), name);
  for (const address of ['127.0.0.1', '::1', '2001:db8::5', '::ffff:10.0.0.1']) t.ok(parsed.checkIP(address), address);
  t.notOk(parsed.checkHost('other.example'));
  t.notOk(parsed.checkIP('127.0.0.2'));
  t.match(key, /^-----BEGIN PRIVATE KEY-----/);

  const receiver = await createReceiver({ host: '127.0.0.1', port: 0, secret: SECRET, ssl: true, onDelivery() {} }, { clock: nodeClock, random: nodeRandom });
  t.teardown(() => receiver.close());
  for (const servername of ['localhost', '']) {
    const socket = tlsConnect({ port: receiver.port, host: '127.0.0.1', ca: receiver.certificate, ...(servername === '' ? {} : { servername }) });
    await once(socket, 'secureConnect');
    t.ok(socket.authorized, `authorized as ${servername === '' ? '127.0.0.1' : servername}`);
    socket.destroy();
  }
  const untrusting = tlsConnect({ port: receiver.port, host: '127.0.0.1' });
  const [error] = await once(untrusting, 'error') as [NodeJS.ErrnoException];
  t.match(error.code, /SELF_SIGNED/);
});

t.test('a certificate may end after 2049', (t) => {
  const { certificate } = createCertificate({ hosts: ['localhost'], now: Date.UTC(2049, 11, 30), validDays: 30, serial: Uint8Array.of(1) });
  t.match(new X509Certificate(certificate).validTo, /2050 GMT$/);
  t.end();
});

t.test('valid, invalid and missing signatures are told apart, over TLS (T15)', async (t) => {
  // Certificates are checked against the real time.
  const deliveries: Delivery[] = [];
  const receiver = await createReceiver({ host: '127.0.0.1', port: 0, secret: SECRET, ssl: true, onDelivery: (delivery) => { deliveries.push(delivery); } }, { clock: nodeClock, random: nodeRandom });
  t.teardown(() => receiver.close());
  const ca = receiver.certificate;
  const now = Math.floor(Date.now() / 1000);
  const body = JSON.stringify(SCAN);
  t.match(receiver.url, /^https:\/\/127\.0\.0\.1:\d+\//);

  t.same(await send(receiver.url, body, { ca, headers: signed(body, SECRET, now) }).then((r) => [r.status, JSON.parse(r.body)]), [200, { received: true, signature: 'valid' }]);
  t.same(await send(receiver.url, body, { ca, headers: signed(body, 'other', now) }).then((r) => [r.status, JSON.parse(r.body)]), [200, { received: true, signature: 'invalid' }]);
  t.same(await send(receiver.url, body, { ca, headers: {} }).then((r) => [r.status, JSON.parse(r.body)]), [200, { received: true, signature: 'missing' }]);
  t.same(deliveries.map(({ number, verified, problem, duplicate }) => ({ number, verified, problem, duplicate })), [
    { number: 1, verified: 'valid', problem: undefined, duplicate: false },
    { number: 2, verified: 'invalid', problem: 'mismatch', duplicate: true },
    { number: 3, verified: 'missing', problem: undefined, duplicate: true },
  ]);
  t.same(deliveries[0]?.event, SCAN);
});

t.test('the exact bytes, the timestamp and the secret before a rotation count', async (t) => {
  const receiver = await start(t);
  const verdict = async (body: string | Buffer, headers: Record<string, string>): Promise<unknown> => {
    await send(receiver.url, body, { headers });
    const last = receiver.deliveries.at(-1);
    return last?.problem ?? last?.verified;
  };
  const body = Buffer.from('{"p":"naïve 🚀"}');
  t.equal(await verdict(body, signed(body)), 'valid');
  t.equal(await verdict(`${body.toString()}\n`, signed(body)), 'mismatch', 'a line end more');
  t.equal(await verdict(body, signed(body, SECRET, NOW / 1000 - 300)), 'valid', '300 s old');
  t.equal(await verdict(body, signed(body, SECRET, NOW / 1000 - 301)), 'expired');
  t.equal(await verdict(body, signed(body, SECRET, NOW / 1000 + 61)), 'expired', 'from the future');
  t.equal(await verdict(body, { ...signed(body), 'X-Raxe-Timestamp': 'yesterday' }), 'bad_timestamp');
  const { 'X-Raxe-Timestamp': _dropped, ...untimed } = signed(body);
  t.equal(await verdict(body, untimed), 'bad_timestamp');
  t.equal(await verdict(body, { ...signed(body, 'new one'), 'X-Raxe-Signature-Previous': signPayload(SECRET, NOW / 1000, body) }), 'valid', 'signed with the old secret too');
});

t.test('strict: what is not validly signed gets 401', async (t) => {
  const receiver = await start(t, { strict: true });
  t.equal((await send(receiver.url, '{}', { headers: signed('{}') })).status, 200);
  t.equal((await send(receiver.url, '{}', { headers: signed('{}', 'x') })).status, 401);
  t.equal((await send(receiver.url, '{}')).status, 401);
});

t.test('bad input gets an answer, and the receiver goes on', async (t) => {
  const receiver = await start(t, { maxBodyBytes: 1000 });
  t.equal((await send(receiver.url, 'x'.repeat(1000))).status, 400, 'no JSON');
  t.equal((await send(receiver.url, '[1]')).status, 400, 'no object');
  t.equal((await send(receiver.url, Buffer.of(0xff, 0xfe))).status, 400);
  t.equal((await send(receiver.url, '')).status, 400);
  t.equal(receiver.deliveries.length, 4, 'they are shown all the same');
  t.equal((await send(receiver.url, 'x'.repeat(1001))).status, 413);
  const chunked = await new Promise<number>((resolve, reject) => {
    const request = httpRequest(receiver.url, { method: 'POST', agent: false }, (response) => { response.resume(); resolve(response.statusCode ?? 0); });
    request.on('error', reject);
    request.write('y'.repeat(600));
    request.end('y'.repeat(600));
  });
  t.equal(chunked, 413, 'without a Content-Length');
  t.equal(receiver.deliveries.length, 4);
  const flood = await new Promise<string>((resolve) => {
    const request = httpRequest(receiver.url, { method: 'POST', agent: false }, (response) => { response.resume(); resolve(String(response.statusCode)); });
    const more = (): void => { while (!request.destroyed && request.write('z'.repeat(1000))); };
    request.on('error', () => { resolve('cut'); }).on('drain', more);
    more();
  });
  t.match(flood, /^(413|cut)$/, 'a body without end is cut off');
  const other = await send(receiver.url, '', { method: 'DELETE' });
  t.same([other.status, other.headers.allow], [405, 'GET, HEAD, POST']);
  t.equal((await send(receiver.url, '', { method: 'GET' })).status, 200);

  const broken = netConnect(receiver.port, '127.0.0.1');
  broken.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nhalf');
  await once(broken, 'ready');
  broken.destroy();
  t.equal((await send(receiver.url, '{}', { headers: signed('{}') })).status, 200);
});

t.test('a port in use is a clear error', async (t) => {
  const receiver = await start(t);
  await t.rejects(
    createReceiver({ host: '127.0.0.1', port: receiver.port, secret: SECRET, ssl: false, onDelivery() {} }, { clock: nodeClock, random: nodeRandom }),
    { code: 'PORT_IN_USE', message: `port ${receiver.port} is in use` },
  );
  await t.rejects(
    createReceiver({ host: '192.0.2.1', port: 0, secret: SECRET, ssl: false, onDelivery() {} }, { clock: nodeClock, random: nodeRandom }),
    { code: 'USAGE', message: /EADDRNOTAVAIL/ },
  );
  await receiver.close();
  await receiver.close();
});

t.test('the URL can be used, whatever it listens on', async (t) => {
  t.match((await start(t, { host: '0.0.0.0' })).url, /^http:\/\/localhost:\d+\//);
  const six = await start(t, { host: '::1' }).catch(() => undefined);
  if (six === undefined) t.comment('no IPv6 here'); else t.match(six.url, /^http:\/\/\[::1\]:\d+\//);
});

const DELIVERY: Delivery = { number: 1, receivedAt: NOW, path: '/', headers: { 'x-raxe-timestamp': '1' }, verified: 'valid', event: SCAN, eventId: SCAN.event_id, duplicate: false, bodyBytes: 10 };

t.test('the summary is readable and shows the verdict of the signature', (t) => {
  const plain = { fullJson: false, colour: false };
  t.equal(summarize(DELIVERY, plain), `✓ signature valid  2026-01-30T10:30:00.000Z  scan
    event     evt_01HZX3GZ7N9Q4M8T2V6B5C1D0E
    from      mssp_a / cust_b / agent_c
    threat    detected, critical, allow
    rules     pi-001 PI critical 0.85
              pi-002 PI low 0.5
    prompt    sha256:${'0'.repeat(64)}, 156 characters
    data      full: prompt_text
`);
  const modelOnly = { ...SCAN, payload: { ...SCAN.payload, l1: { hit: false, highest_severity: 'none', detections: [] }, l2: { hit: true, binary: { threat_probability: 0.9264 }, family: { prediction: 'jailbreak' } } } };
  t.match(summarize({ ...DELIVERY, event: modelOnly }, plain), /threat {4}detected, high, allow\n {4}model {5}jailbreak high 0\.9264\n/, 'what only the model found');
  t.match(summarize({ ...DELIVERY, verified: 'invalid', problem: 'mismatch', duplicate: true }, plain), /^✗ signature invalid \(another secret.*scan {2}duplicate$/m);
  t.match(summarize({ ...DELIVERY, verified: 'missing' }, plain), /^○ signature missing/);
  t.match(summarize(DELIVERY, { fullJson: false, colour: true }), /^\u001b\[32m✓/);
  const full = summarize(DELIVERY, { fullJson: true, colour: false });
  t.same(JSON.parse(full.slice(full.indexOf('    {'))), SCAN);
  t.match(summarize({ ...DELIVERY, event: undefined }, { fullJson: true, colour: false }), /10 bytes, not a JSON object/);
  const heartbeat = { event_type: 'heartbeat', payload: { status: 'online', uptime_seconds: 12, scans_since_last_heartbeat: 3, threats_since_last_heartbeat: 1 } };
  t.match(summarize({ ...DELIVERY, event: heartbeat }, plain), /status {4}online, up 12 s, 3 scans, 1 threats/);
  t.match(summarize({ ...DELIVERY, event: { event_type: 5, payload: [{ l1: null }] } }, plain), /✓/, 'odd shapes do no harm');
  t.end();
});

t.test('control and bidirectional characters from outside never reach the terminal', (t) => {
  const hostile = '\u001b]0;owned\u0007\u009b2J\u202e\u2028\r\n\ufeff\u007f';
  const event = { event_type: hostile, payload: { message: hostile, mssp_id: hostile, [hostile]: 1, _mssp_context: { data_mode: 'full' }, _mssp_data: { [hostile]: '' } } };
  const shown = summarize({ ...DELIVERY, event, eventId: hostile }, { fullJson: true, colour: false });
  t.notMatch(shown.replaceAll('\n', ''), /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/);
  t.same(JSON.parse(shown.slice(shown.indexOf('    {'))), event, 'the JSON still means the same');
  t.equal(visible('a\u001bb é 漢 🚀'), 'a\\u001bb é 漢 🚀');
  t.notMatch(deliveryJson({ ...DELIVERY, eventId: 'a\nb' }), /\n/, 'one line for scripts');
  t.end();
});

interface Command { output(): string; errors(): string; exit: Promise<number>; signal: EventEmitter; until(pattern: RegExp): Promise<RegExpExecArray> }

function command(args: ReceiverArgs, stdin: readonly string[] = []): Command {
  const signal = new EventEmitter();
  const written = new EventEmitter();
  let output = '';
  let errors = '';
  async function* input(): AsyncGenerator<string> { for (const part of stdin) yield await Promise.resolve(part); }
  const exit = runReceiver(args, {
    stdin: input(),
    stdout: { write(text: string) { output += text; written.emit('text'); } },
    stderr: { write(text: string) { errors += text; written.emit('text'); } },
    env: {},
    on: (event, listener) => signal.once(event, listener),
  });
  return {
    output: () => output, errors: () => errors, exit, signal,
    async until(pattern) {
      for (;;) {
        const found = pattern.exec(output + errors);
        if (found !== null) return found;
        await Promise.race([once(written, 'text'), exit]);
      }
    },
  };
}

t.test('raxed receiver shows what arrives and ends with 0 on Ctrl-C', async (t) => {
  const folder = t.testdir({});
  const certificateFile = join(folder, 'receiver.pem');
  const shown = command({ port: 0, certificateFile });
  const url = (await shown.until(/https:\/\/127\.0\.0\.1:\d+\S*/))[0];
  const body = JSON.stringify(SCAN);
  const now = Math.floor(Date.now() / 1000);
  await shown.until(/Ctrl-C/);
  await send(url, body, { ca: readFileSync(certificateFile, 'utf8'), headers: signed(body, SECRET, now) });
  await shown.until(/✓ signature valid {2}.*scan/);
  shown.signal.emit('SIGINT');
  t.equal(await shown.exit, 0);
  await t.rejects(send(url, body), { code: 'ECONNREFUSED' });
});

t.test('--no-ssl, --json-lines, --secret-file and --strict', async (t) => {
  const folder = t.testdir({ secret: 's€cret\n' });
  const lines = command({ port: 0, ssl: false, jsonLines: true, strict: true, secretFile: join(folder, 'secret') });
  const url = (await lines.until(/http:\/\/127\.0\.0\.1:\d+\S*/))[0];
  t.equal(lines.output(), '', 'standard output belongs to the deliveries');
  t.notMatch(lines.errors(), /s€cret/);
  const now = Math.floor(Date.now() / 1000);
  t.equal((await send(url, '{"event_type":"test","event_id":"evt_1"}', { headers: signed('{"event_type":"test","event_id":"evt_1"}', 's€cret', now) })).status, 200);
  t.equal((await send(url, '{}', { headers: signed('{}', SECRET, now) })).status, 401);
  lines.signal.emit('SIGTERM');
  t.equal(await lines.exit, 0);
  const parsed = lines.output().trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  t.match(parsed, [{ verified: 'valid', duplicate: false, event_id: 'evt_1', event_type: 'test', event: { event_type: 'test' } }, { verified: 'invalid', problem: 'mismatch' }]);
  t.equal(parsed.length, 2);
});

t.test('secrets that cannot be had are refused before anything listens', async (t) => {
  const folder = t.testdir({});
  writeFileSync(join(folder, 'empty'), '\n');
  await t.rejects(command({ port: 0, secretFile: join(folder, 'none') }).exit, { code: 'SECRET_UNAVAILABLE' });
  await t.rejects(command({ port: 0, secretFile: join(folder, 'empty') }).exit, { code: 'SECRET_UNAVAILABLE' });
  await t.rejects(command({ port: 0, secret: 'a', secretFile: 'b' }).exit, { code: 'USAGE' });
  const piped = command({ port: 0, ssl: false, secretFile: '-' }, ['pi', 'ped\n']);
  const url = (await piped.until(/http:\S+/))[0];
  await send(url, '{}', { headers: signed('{}', 'piped', Math.floor(Date.now() / 1000)) });
  await piped.until(/✓ signature valid {2}/);
  piped.signal.emit('SIGINT');
  await piped.exit;
});
