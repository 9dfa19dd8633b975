import { validate as isCron } from 'node-cron';
import t from 'tap';
import { syslogTarget } from '../../src/config/address.js';
import { parseConfig, type ParsedConfig } from '../../src/config/schema.js';
import { ConfigError } from '../../src/errors.js';
import type { CefOptions } from '../../src/outputs/cef.js';
import { createSyslogOutput } from '../../src/outputs/syslog.js';
import { formatSyslog, frameSyslog, syslogSeverity, type SyslogHeader } from '../../src/outputs/syslog-message.js';
import { parseCef } from '../fixtures/cef-parser.js';
import { manualClock } from '../fixtures/clock.js';
import { sampleScan } from '../fixtures/events.js';
import { syslogReceiver, tcpReceiver, takeFrames } from '../fixtures/receivers.js';
import { outgoing, refusal } from './conformance.js';

/**
 * The conformance cases of syslog, by name. Those of vendors are from:
 * - RFC 5424 (header, sizes): https://www.rfc-editor.org/rfc/rfc5424
 * - RFC 3164 (header): https://www.rfc-editor.org/rfc/rfc3164
 * - RFC 6587 (octet counting, LF): https://www.rfc-editor.org/rfc/rfc6587, RFC 5425 (TLS, 6514): https://www.rfc-editor.org/rfc/rfc5425
 * - the CEF Implementation Standard (the prefix of a CEF line over syslog):
 *   https://www.microfocus.com/documentation/arcsight/arcsight-smartconnectors-8.3/cef-implementation-standard/
 */

const never = new AbortController().signal;
const CEF: CefOptions = { mode: 'strict', deviceVendor: 'RAXE', deviceProduct: 'ThreatDetection', version: '0.1.0', installationId: 'inst_01JJZ' };
const LINE = 'CEF:0|RAXE|ThreatDetection|0.10.0|pi-001|Prompt Injection Detected|10|rt=1769769000000 src=inst_abc123 suser=agent_001 act=block'
  + ' cs1=sha256:2847bd141d1ca1b6d8f0f4badfde24547b96cbfa7c11f6fc6c2bedd05f057e52 cs1Label=PromptHash cn1=156 cn1Label=PromptLength cs2=pi-001,pi-003 cs2Label=RuleIDs';

const header = (more: Partial<SyslogHeader> = {}): SyslogHeader => ({
  facility: 16, severity: syslogSeverity('critical'), timestampMs: Date.parse('2026-01-30T10:30:00Z'), hostname: 'prod-server-01', appName: 'RAXE', procId: '4242', msgId: 'evt_a1b2c3d4e5f67890', ...more,
});
const priorities = (facility: number): string[] => (['none', 'low', 'medium', 'high', 'critical'] as const)
  .map((severity) => /^<\d+>/.exec(formatSyslog('rfc5424', header({ facility, severity: syslogSeverity(severity) }), LINE))?.[0] ?? '');

function configured(siem: object): ParsedConfig {
  return parseConfig({ mssps: [{ id: 'm', webhook: { url: 'https://soc.example/', secret: 's' }, customers: [{ id: 'c', siem: [siem] }] }] },
    { folder: '/etc/raxed', isCron, availableSiem: ['cef-syslog', 'cef-http'] });
}

function refused(siem: object): string {
  try {
    configured(siem);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

t.test('Y1: facility 16 and the five severities are <134> to <130>', (t) => {
  t.same(priorities(16), ['<134>', '<133>', '<132>', '<131>', '<130>']);
  t.end();
});

t.test('Y2: facilities 1, 4 and 23, critical', (t) => {
  t.same([1, 4, 23].map((facility) => priorities(facility)[4]), ['<10>', '<34>', '<186>']);
  t.end();
});

t.test('Y3: the header of RFC 5424', (t) => {
  const message = formatSyslog('rfc5424', header(), LINE);
  t.equal(message, `<130>1 2026-01-30T10:30:00.000Z prod-server-01 RAXE 4242 evt_a1b2c3d4e5f67890 - ${LINE}`);
  const shape = /^<130>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z \S{1,255} \S{1,48} \S{1,128} \S{1,32} - CEF:0\|/;
  for (const text of ['', 'x'.repeat(300), 'with a space', 'naïve', 'a\nb', '\u0000']) t.match(formatSyslog('rfc5424', header({ hostname: text, appName: text, procId: text, msgId: text }), LINE), shape, JSON.stringify(text.slice(0, 20)));
  t.end();
});

t.test('Y4: the header of RFC 3164, a day of one digit padded with a space', (t) => {
  t.equal(formatSyslog('rfc3164', header(), LINE), `<130>Jan 30 10:30:00 prod-server-01 ${LINE}`);
  t.equal(formatSyslog('rfc3164', header({ hostname: 'host', timestampMs: Date.parse('2026-02-05T01:02:03Z') }), LINE), `<130>Feb  5 01:02:03 host ${LINE}`);
  t.end();
});

t.test('Y5: octet counting counts octets', (t) => {
  const frame = frameSyslog('octet-counting', formatSyslog('rfc5424', header(), LINE));
  t.match(frame.toString('utf8'), /^369 <130>1 2/);
  t.equal(frame.length, 4 + 369);
  const message = '<130>1 - h RAXE - - - CEF:0|RAXE|T|1|a|日本|10|';
  t.equal(formatSyslog('rfc5424', header({ timestampMs: undefined, hostname: 'h', procId: undefined, msgId: undefined }), 'CEF:0|RAXE|T|1|a|日本|10|'), message);
  t.equal(frameSyslog('octet-counting', message).toString('utf8'), `49 ${message}`, 'not 45, which are characters');
  t.end();
});

t.test('Y6: LF framing has one LF a message, and none inside', async (t) => {
  let text = '';
  const receiver = await tcpReceiver((socket) => { socket.on('data', (chunk) => { text += chunk.toString('utf8'); }); });
  const awkward = sampleScan({ agentId: 'two\nlines\r\n', detections: [{ rule_id: 'r\nule' }] });
  await output(receiver.port, 'lf').send([outgoing(awkward), outgoing(sampleScan())], never);
  t.equal(text.split('\n').length, 3);
  t.match(text, /\n$/);
  t.notMatch(text, '\r');
  t.equal(frameSyslog('lf', formatSyslog('rfc3164', header(), 'a\nb\r\nc\0d')).indexOf('\n'), frameSyslog('lf', formatSyslog('rfc3164', header(), 'a b  c d')).length - 1);
  await receiver.close();
});

t.test('Y7: 514, with TLS 6514, and a port in the URL wins', (t) => {
  const port = (more: object): number | undefined => {
    const siem = configured({ type: 'cef', url: 'syslog://siem.example', ...more }).config.mssps[0]?.customers[0]?.siem[0];
    return siem?.type === 'cef' ? syslogTarget(siem)?.port : undefined;
  };
  t.same([port({}), port({ transport: 'udp' }), port({ transport: 'tcp' }), port({ transport: 'tcp', tls: true })], [514, 514, 514, 6514]);
  t.equal(port({ transport: 'tcp', tls: true, port: 7000 }), 7000);
  t.equal(port({ transport: 'tcp', tls: true, port: 7000, url: 'syslog://siem.example:8000' }), 8000);
  t.end();
});

t.test('Y8: syslog needs no token', (t) => {
  const { config } = configured({ type: 'cef', url: 'syslog://siem.example', transport: 'tcp' });
  t.match(config.mssps[0]?.customers[0]?.siem[0], { type: 'cef', token: null });
  t.end();
});

t.test('Y9: a receiver that closes between two events costs nothing, or says so', async (t) => {
  const arrived: string[] = [];
  const receiver = await tcpReceiver((socket, nth) => {
    let rest: Buffer = Buffer.alloc(0);
    // Every third connection is closed with what was sent unread.
    if (nth % 3 === 1) { socket.pause(); setImmediate(() => { socket.destroy(); }); return; }
    socket.on('data', (chunk: Buffer) => {
      const taken = takeFrames(Buffer.concat([rest, chunk]));
      arrived.push(...taken.messages.map((message) => parseCef(message).extension['cs4'] ?? ''));
      rest = taken.rest;
    });
  });
  const sender = output(receiver.port, 'octet-counting');
  const ids = Array.from({ length: 20 }, (_, i) => `evt_${i}`);
  for (const id of ids) {
    for (let tries = 0; tries < 10; tries++) {
      const sent = await sender.send([outgoing(sampleScan({ id }))], never).then(() => true, () => false);
      if (sent) break;
    }
    t.ok(arrived.includes(id), `${id} is there when it is confirmed`);
  }
  t.same([...new Set(arrived)], ids, 'all of them, in order, some perhaps twice');
  await receiver.close();
  t.equal((await refusal(sender.send([outgoing(sampleScan())], never))).kind, 'retry');

  const steady = await syslogReceiver();
  await output(steady.port, 'octet-counting').send([outgoing(sampleScan())], never);
  t.equal(steady.messages.length, 1);
  await steady.close();
});

t.test('Y10: combinations that cannot be are refused when they are configured, with the way out', (t) => {
  t.match(refused({ type: 'cef', url: 'syslog://siem.example', facility: 24 }), /facility/);
  t.match(refused({ type: 'cef', url: 'syslog://siem.example', transport: 'http' }), /transport: expected "udp" or "tcp" for a syslog:\/\/ URL/);
  t.match(refused({ type: 'cef', url: 'https://siem.example/', transport: 'udp' }), /transport/);
  t.match(refused({ type: 'cef', url: 'syslog://siem.example', transport: 'udp', tls: true }), /tls|transport/);
  t.end();
});

function output(port: number, framing: 'octet-counting' | 'lf') {
  return createSyslogOutput({
    name: 'soc-syslog', host: '127.0.0.1', port, transport: 'tcp', facility: 16, hostname: 'prod-server-01', appName: 'RAXE', framing,
    confirm: 'fin', batchEvents: 2000, batchBytes: 1024 * 1024, timeoutMs: 10_000, skipVerify: false, cef: CEF, clock: manualClock(),
  });
}
