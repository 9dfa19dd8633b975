import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import t from 'tap';
import type { FilteredEvent } from '../../src/event/privacy.js';
import { formatCef, type CefOptions } from '../../src/outputs/cef.js';
import type { SiemOutput } from '../../src/outputs/output.js';
import { createSyslogOutput, type SyslogOptions } from '../../src/outputs/syslog.js';
import { parseCef } from '../fixtures/cef-parser.js';
import { hasOpenssl, makeCertificates } from '../fixtures/certificates.js';
import { manualClock } from '../fixtures/clock.js';
import { sampleGap, sampleScan, sampleTest } from '../fixtures/events.js';
import { closedPort, eventually, syslogReceiver, takeFrames, tcpReceiver, udpReceiver } from '../fixtures/receivers.js';
import { conformsToSiem, outgoing, refusal } from './conformance.js';

const never = new AbortController().signal;
const CEF: CefOptions = { mode: 'strict', deviceVendor: 'RAXE', deviceProduct: 'ThreatDetection', version: '0.1.0', installationId: 'inst_01JJZ' };

function syslog(port: number, options: Partial<SyslogOptions> = {}): SiemOutput {
  return createSyslogOutput({
    name: 'soc-syslog', host: '127.0.0.1', port, transport: 'tcp', facility: 16, hostname: 'prod-server-01', appName: 'RAXE', procId: '4242',
    confirm: 'fin', batchEvents: 2000, batchBytes: 1024 * 1024, timeoutMs: 10_000, skipVerify: false, cef: CEF, clock: manualClock(), ...options,
  });
}

const idOf = (message: string): string => parseCef(message).extension['cs4'] ?? '';
const events = (count: number): FilteredEvent[] => Array.from({ length: count }, (_, i) => sampleScan({ id: `evt_${String(i).padStart(26, '0')}` }));

for (const confirm of ['fin', 'write'] as const) {
  conformsToSiem(t, `CEF over syslog, TCP, confirm ${confirm}`, {
    create: (port, timeoutMs) => syslog(port, { timeoutMs, confirm }),
    secrets: ['Ignore all previous'],
    async receiver() {
      const receiver = await syslogReceiver();
      return { port: receiver.port, close: receiver.close, ids: () => receiver.messages.map(idOf) };
    },
    overTls: {
      create: (port, tls) => syslog(port, { confirm, tls }),
      receiver: (tls) => syslogReceiver({ tls }),
    },
  });
}

conformsToSiem(t, 'CEF over syslog, UDP', {
  create: (port, timeoutMs) => syslog(port, { timeoutMs, transport: 'udp' }),
  secrets: ['Ignore all previous'],
  async receiver() {
    const receiver = await udpReceiver();
    return { port: receiver.port, close: receiver.close, ids: () => receiver.messages.map(idOf) };
  },
});

t.test('a message is what RFC 5424 and CEF say', async (t) => {
  const receiver = await syslogReceiver();
  const event = sampleScan();
  await syslog(receiver.port).send([outgoing(event)], never);
  t.same(receiver.messages, [`<130>1 2026-01-30T10:30:00.000Z prod-server-01 RAXE 4242 evt_01JJZ0000000000000000SAMPLE - ${formatCef(event, CEF)}`]);
  await receiver.close();

  let text = '';
  const lines = await tcpReceiver((socket) => { socket.on('data', (chunk) => { text += chunk.toString('utf8'); }); });
  await syslog(lines.port, { framing: 'lf', format: 'rfc3164' }).send([outgoing(event), outgoing(sampleGap())], never);
  t.match(text.split('\n'), [/^<130>Jan 30 10:30:00 prod-server-01 CEF:0\|/, /^<134>Jan 30 10:30:00 prod-server-01 CEF:0\|.*\|delivery_gap\|/, /^$/]);
  await lines.close();
});

t.test('the address says scheme, host and port, and says when arrival is not proven', (t) => {
  t.match(syslog(514), { url: 'syslog://127.0.0.1:514', type: 'cef', name: 'soc-syslog', lossy: false, batchEvents: 2000, maxInFlight: 1 });
  t.equal(syslog(6514, { host: '::1' }).url, 'syslog://[::1]:6514');
  t.equal(syslog(514, { confirm: 'write' }).lossy, true);
  t.equal(syslog(514, { transport: 'udp' }).lossy, true);
  t.end();
});

t.test('thousands of events in one connection, to a peer that reads slowly', async (t) => {
  const messages: string[] = [];
  const receiver = await tcpReceiver((socket) => {
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      const taken = takeFrames(Buffer.concat([rest, chunk]));
      messages.push(...taken.messages);
      rest = taken.rest;
      socket.pause();
      setTimeout(() => socket.resume(), 2);
    });
  });
  const list = events(2000);
  await syslog(receiver.port).send(list.map(outgoing), never);
  t.same(messages.map(idOf), list.map((event) => event.event_id), 'a confirmed batch has been read to the end');
  t.equal(receiver.connections.total, 2, 'and another one, without a message, that confirms it');
  await receiver.close();
});

t.test('a receiver that goes away before it has read everything confirms nothing', async (t) => {
  const big = events(2000).map(outgoing);
  const one = [outgoing(sampleTest())];
  const peers: [string, Parameters<typeof tcpReceiver>[0], Parameters<typeof tcpReceiver>[1]][] = [
    ['closes at once', (socket) => { socket.destroy(); }, {}],
    ['resets at once', (socket) => { socket.resetAndDestroy(); }, {}],
    ['closes without reading', (socket) => { setTimeout(() => socket.destroy(), 20); }, { pauseOnConnect: true }],
    ['ends its stream before ours', (socket) => { socket.end(); socket.resume(); }, { allowHalfOpen: true, pauseOnConnect: true }],
    ['resets after the first octets', (socket) => { socket.once('data', () => { socket.resetAndDestroy(); }); }, {}],
    ['resets after reading all, before ending', (socket) => { socket.resume(); socket.on('end', () => { socket.resetAndDestroy(); }); }, { allowHalfOpen: true }],
  ];
  for (const [name, onSocket, options] of peers) {
    for (const batch of name.includes('first octets') ? [big] : [one, big]) {
      const receiver = await tcpReceiver(onSocket, options);
      const error = await refusal(syslog(receiver.port).send(batch, never));
      t.equal(error.kind, 'retry', `${name}, ${batch.length} events: ${error.message}`);
      await receiver.close();
    }
  }
});

t.test('an end of stream is no receipt when it comes from a receiver that is being stopped', { skip: hasOpenssl() ? false : 'openssl is not installed' }, async (t) => {
  const { caFile, cert, key } = makeCertificates(t.testdir(), 'good');
  for (const [transport, tls] of [['TCP', undefined], ['TLS', { cert, key }]] as const) {
    const receiver = await tcpReceiver((socket) => {
      // As syslog-ng is stopped: it takes no more connections, and ends those that it has, whatever they still hold.
      socket.resume().on('end', () => { void receiver.close(); socket.end(); });
    }, { allowHalfOpen: true, ...(tls === undefined ? {} : { tls }) });
    const error = await refusal(syslog(receiver.port, tls === undefined ? {} : { tls: { caFile } }).send([outgoing(sampleTest())], never));
    t.equal(error.kind, 'retry', `${transport}: ${error.message}`);
  }
});

t.test('over TLS it takes more than a farewell: who resets the connection has not read it', { skip: hasOpenssl() ? false : 'openssl is not installed' }, async (t) => {
  const { caFile, cert, key } = makeCertificates(t.testdir(), 'good');
  // As rsyslog turns a client away, or is stopped: close_notify first, then a reset because something was left unread.
  const server = await tcpReceiver((raw) => {
    const [ours, theirs] = duplexPair();
    raw.pipe(theirs).pipe(raw, { end: false });
    const secure = new TLSSocket(ours, { isServer: true, secureContext: createSecureContext({ cert, key }) });
    secure.on('error', () => undefined).resume();
    secure.on('end', () => { secure.end(() => { setImmediate(() => { raw.resetAndDestroy(); }); }); });
  }, { allowHalfOpen: true });
  const error = await refusal(syslog(server.port, { tls: { caFile } }).send([outgoing(sampleTest())], never));
  t.match(error, { kind: 'retry', message: 'ECONNRESET' });
  await server.close();
});

t.test('a receiver that reads everything and never answers the half-close confirms nothing', async (t) => {
  const receiver = await tcpReceiver((socket) => { socket.resume(); }, { allowHalfOpen: true });
  const error = await refusal(syslog(receiver.port, { timeoutMs: 150 }).send([outgoing(sampleTest())], never));
  t.match(error, { kind: 'retry', message: 'no progress within 150 ms (confirming)' });
  await receiver.close();
});

t.test('a receiver that talks back does not disturb', async (t) => {
  const receiver = await tcpReceiver((socket) => { socket.write('x'.repeat(1e6)); socket.resume(); });
  t.same(await syslog(receiver.port).send([outgoing(sampleTest())], never), { says: 'the receiver read to the end' });
  await receiver.close();
});

t.test('its health is asked without a message', async (t) => {
  const receiver = await syslogReceiver();
  t.same(await syslog(receiver.port).healthCheck(never), { checked: 'a connection was made and ended, and the receiver ended it too; no message was sent' });
  t.equal(receiver.connections.total, 1);
  t.same(receiver.messages, []);
  await receiver.close();
  const nobody = syslog(await closedPort());
  t.match(await refusal(nobody.healthCheck(never)), { kind: 'retry', message: /ECONNREFUSED/ });
  const silent = await tcpReceiver((socket) => { socket.resume(); }, { allowHalfOpen: true });
  t.match(await refusal(syslog(silent.port, { timeoutMs: 100 }).healthCheck(never)), { kind: 'retry', message: /confirming/ }, 'a receiver that never confirms is found out');
  await silent.close();
  const datagrams = await udpReceiver();
  t.same(await syslog(datagrams.port, { transport: 'udp' }).healthCheck(never), { checked: 'the name resolves; over UDP nobody says more' });
  t.same(datagrams.messages, []);
  await datagrams.close();
});

t.test('a name that does not resolve is retried, over TCP and UDP', async (t) => {
  for (const transport of ['tcp', 'udp'] as const) t.equal((await refusal(syslog(514, { host: 'siem.invalid', transport }).send([outgoing(sampleTest())], never))).kind, 'retry');
});

t.test('UDP datagrams stay within 2048 octets; a port without listener is not noticed', async (t) => {
  const receiver = await udpReceiver();
  const long = sampleScan({ id: 'long', detections: [{ rule_id: 'r'.repeat(5000) }] });
  await syslog(receiver.port, { transport: 'udp' }).send([outgoing(long), outgoing(sampleTest())], never);
  await eventually(() => receiver.messages.length === 2);
  t.ok(Buffer.byteLength(receiver.messages[0] ?? '') <= 2048);
  t.match(receiver.messages[0], / act=allow cs1=sha256:[0-9a-f]{64} cs1Label=PromptHash$/);
  await receiver.close();
  await syslog(await closedPort(), { transport: 'udp' }).send([outgoing(sampleTest())], never);
});

t.test('over TLS', { skip: hasOpenssl() ? false : 'openssl is not installed' }, async (t) => {
  const folder = t.testdir();
  const good = makeCertificates(folder, 'good');
  const receiver = await syslogReceiver({ tls: { cert: good.cert, key: good.key } });
  const list = events(500);
  await syslog(receiver.port, { tls: { caFile: good.caFile } }).send(list.map(outgoing), never);
  t.same(receiver.messages.map(idOf), list.map((event) => event.event_id));
  await syslog(receiver.port, { tls: {}, skipVerify: true }).send([outgoing(sampleTest())], never);
  t.equal(receiver.messages.length, 501);
  const untrusted = await refusal(syslog(receiver.port, { tls: {} }).send([outgoing(sampleTest())], never));
  t.match(untrusted, { kind: 'retry', message: /UNABLE_TO|SELF_SIGNED/ });
  t.match((await refusal(syslog(receiver.port, { tls: { caFile: good.caFile, serverName: 'evil.example' } }).send([outgoing(sampleTest())], never))).message, /^ERR_TLS_CERT_ALTNAME_INVALID: /);
  t.equal((await refusal(syslog(receiver.port, { tls: { caFile: join(folder, 'absent') } }).send([outgoing(sampleTest())], never))).kind, 'misconfigured');
  const plain = await tcpReceiver((socket) => { socket.resume(); });
  t.equal((await refusal(syslog(plain.port, { tls: {}, timeoutMs: 500 }).send([outgoing(sampleTest())], never))).kind, 'retry');
  await plain.close();
  await receiver.close();

  const resetting = await tcpReceiver((socket) => { socket.once('data', () => { socket.destroy(); }); }, { tls: { cert: good.cert, key: good.key } });
  t.equal((await refusal(syslog(resetting.port, { tls: { caFile: good.caFile } }).send(list.map(outgoing), never))).kind, 'retry');
  await resetting.close();
});
