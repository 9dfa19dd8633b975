import t, { type Test } from 'tap';
import type { FilteredEvent } from '../../src/event/privacy.js';
import type { CefOptions } from '../../src/outputs/cef.js';
import type { Output } from '../../src/outputs/output.js';
import { createSyslogOutput, type SyslogOptions } from '../../src/outputs/syslog.js';
import type { Detection } from '../../src/scanner/verdict.js';
import { parseCef } from '../fixtures/cef-parser.js';
import { makeCertificates, type Certificates } from '../fixtures/certificates.js';
import { manualClock } from '../fixtures/clock.js';
import { eventually } from '../fixtures/daemon.js';
import { SAMPLE_TIME, sampleGap, sampleScan, sampleStatusChange, sampleTest } from '../fixtures/events.js';
import { rsyslog, withoutRsyslog } from '../fixtures/rsyslog.js';
import { syslogNg, withoutSyslogNg } from '../fixtures/syslog-ng.js';
import type { PeerTls, SyslogPeer, SyslogRow, SyslogWay } from '../fixtures/syslog-peer.js';
import { outgoing, refusal } from '../outputs/conformance.js';

/** What rsyslog and syslog-ng, Debian's own and with their defaults, make of our messages. */

const never = new AbortController().signal;
const CEF: CefOptions = { mode: 'strict', deviceVendor: 'RA|XE \\ =', deviceProduct: 'Threat 🛡', version: '0.1.0', installationId: 'inst_01JJZ' };
const CLIENT_NAME = 'raxed.acme.example';
const SEVERITIES = ['none', 'low', 'medium', 'high', 'critical'] as const satisfies readonly Detection['severity'][] | readonly string[];

interface Value {
  readonly given: string;
  /** What must be read in an extension whose key may have so many octets, escapes included. */
  readonly inExtension: (octets: number) => string;
  readonly inHeader: string;
}

const same = (given: string): Value => ({ given, inExtension: () => given, inHeader: given });
const lines = (given: string): Value => ({ ...same(given), inHeader: given.replace(/\r?\n/g, ' ') });
const becomes = (given: string, seen: string): Value => ({ given, inExtension: () => seen, inHeader: seen });
/** 10,000 times a character that takes so many octets. */
const long = (character: string, octets: { readonly extension: number; readonly header: number }): Value => {
  const fitting = (size: number, each: number): string => character.repeat(Math.floor(size / each));
  return { given: character.repeat(10_000), inExtension: (size) => fitting(size, octets.extension), inHeader: fitting(1023, octets.header) };
};

const VALUES: Readonly<Record<string, Value>> = {
  'line feeds': lines('two\nlines\n\nand a last'),
  'carriage returns': lines('one\r\ntwo'),
  'pipes': same('a|b||c|'),
  'equals signs': same('a=b cs1=faked cs4=faked ='),
  'backslashes': same('\\a\\\\b\\'),
  'what looks like an escape': same('\\n \\= \\| \\\\n'),
  'all of them': lines('|\\=\n=\\|'),
  'emoji and other scripts': same('👩‍🚀🚀 日本語 ünïcödé עברית'),
  'control characters': becomes('a\u0000b\u0007c\u001b[31md\te\u007ff\u0085g\u2028h', 'a b c [31md e f g h'),
  'half a character': becomes('a\ud83dz', 'a\ufffdz'),
  'a byte order mark': same('a\ufeffz'),
  'quotes and brackets': same('"a" \'b\' [c="d"] {e} <134>1 - - %msg% ${HOST} $(format-json)'),
  'spaces around': becomes('  a  b  ', 'a  b'),
  'nothing': same(''),
  'only control characters': becomes('\n\u0000\r\n', ''),
  '10,000 letters': long('x', { extension: 1, header: 1 }),
  '10,000 equals signs': long('=', { extension: 2, header: 1 }),
  '10,000 pipes': long('|', { extension: 1, header: 2 }),
  '10,000 backslashes': long('\\', { extension: 2, header: 2 }),
  '10,000 emoji': long('🚀', { extension: 4, header: 4 }),
};

interface Sent { readonly what: string; readonly event: FilteredEvent; readonly pri: string; readonly time: string; readonly header: readonly string[]; readonly extension: Readonly<Record<string, string>> }

const present = (fields: Readonly<Record<string, string>>): Record<string, string> => {
  const absent = Object.keys(fields).filter((key) => fields[key] === '');
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !absent.includes(key.replace(/Label$/, ''))));
};
const LABELS = { cs1Label: 'PromptHash', cs2Label: 'RuleIDs', cs3Label: 'ThreatFamilies', cs4Label: 'EventID', cs5Label: 'MSSPId', cs6Label: 'CustomerId', cn1Label: 'PromptLength', cfp1Label: 'ScanDurationMs' };
const TENANT = { cs5: 'mssp_yourcompany', cs5Label: 'MSSPId', cs6: 'cust_acme', cs6Label: 'CustomerId', deviceExternalId: 'inst_01JJZ', cs4Label: 'EventID' };
const PRODUCT = ['RA|XE \\ =', 'Threat 🛡', '0.1.0'];

const scans = Object.entries(VALUES).map(([what, { given, inExtension, inHeader }], i): Sent => {
  const id = `evt_awkward_${i}`;
  const rank = i % SEVERITIES.length;
  // A day of one digit, which RFC 3164 pads with a space.
  const time = i % 2 === 0 ? SAMPLE_TIME : Date.parse('2026-02-05T01:02:03Z');
  return {
    what, pri: String(16 * 8 + 6 - rank), time: new Date(time).toISOString(),
    event: sampleScan({ id, time, agentId: given, detections: [{ rule_id: given, severity: SEVERITIES[rank] ?? 'none' }] }),
    header: [...PRODUCT, inHeader, 'Prompt Injection Detected', ['0', '3', '5', '7', '10'][rank] ?? ''],
    extension: present({
      rt: String(time), suser: inExtension(1023), msg: 'Prompt Injection Detected', act: 'allow',
      cs1: 'sha256:2847bd141d1ca1b6d8f0f4badfde24547b96cbfa7c11f6fc6c2bedd05f057e52', cs2: inExtension(4000), cs3: 'PI', cs4: id,
      cn1: '32', cfp1: '12.5', ...LABELS, ...TENANT,
    }),
  };
});
const others = ([
  [sampleTest(), 'test', 'Test Event', 'This is a test event', ''],
  [sampleGap(), 'delivery_gap', 'Delivery Gap', '3 events will not arrive (rejected) since 2026-01-30T10:29:00.000Z', ''],
  [sampleStatusChange(), 'agent_status_change', 'Agent Status Change', 'agent went from online to offline (no_heartbeat)', 'agent_001'],
] as const).map(([event, type, name, msg, suser]): Sent => ({
  what: type, event, pri: '134', time: new Date(SAMPLE_TIME).toISOString(), header: [...PRODUCT, type, name, '0'],
  extension: present({ rt: String(SAMPLE_TIME), suser, msg, cs4: event.event_id, ...TENANT }),
}));
const ALL = [...scans, ...others];

function output(way: SyslogWay, port: number, options: Partial<SyslogOptions> = {}): Output {
  return createSyslogOutput({
    name: 'soc-syslog', host: '127.0.0.1', port, transport: way.startsWith('udp') ? 'udp' : 'tcp', facility: 16, hostname: 'prod-server-01', appName: 'RAXE', procId: '4242',
    format: way.includes('3164') ? 'rfc3164' : 'rfc5424', framing: way.endsWith('lf') ? 'lf' : 'octet-counting',
    confirm: 'fin', batchEvents: 2000, batchBytes: 1024 * 1024, timeoutMs: 30_000, skipVerify: false, cef: CEF, clock: manualClock(), ...options,
  });
}

function headerIs(t: Test, way: SyslogWay, row: SyslogRow, sent: Sent): void {
  const bsd = way.includes('3164');
  t.equal(row.pri, sent.pri, `${sent.what}: priority`);
  t.equal(row.host, 'prod-server-01');
  // RFC 3164 knows no year and no fraction.
  if (bsd) t.equal(new Date(row.time).toISOString().slice(5, 19), sent.time.slice(5, 19), 'time');
  else t.equal(new Date(row.time).toISOString(), sent.time, 'time');
  if (!bsd) t.same([row.app, row.procid, row.msgid], ['RAXE', '4242', sent.event.event_id], 'application, process, message id');
}

async function understands(t: Test, peer: SyslogPeer, way: SyslogWay, options: Partial<SyslogOptions>): Promise<void> {
  const sender = output(way, peer.ports[way] ?? 0, options);
  let before = 0;
  const send = (): Promise<unknown> => {
    before = peer.rows().length;
    return sender.send(ALL.map(({ event }) => outgoing(event)), never);
  };
  // As the delivery loop would: a busy machine may break a connection.
  await send().catch(send).catch(send);
  await eventually(`all have arrived over ${way}`, () => peer.rows().length >= before + ALL.length);
  const rows = peer.rows().slice(before);
  t.equal(rows.length, ALL.length, 'one message an event');
  for (const [i, sent] of ALL.entries()) {
    const row = rows[i];
    if (row === undefined) continue;
    headerIs(t, way, row, sent);
    const { header, extension } = parseCef(row.text);
    t.same(header, sent.header, `${sent.what}: CEF header`);
    if (!way.startsWith('udp') || !sent.what.startsWith('10,000')) t.same(extension, sent.extension, `${sent.what}: CEF extension`);
    else {
      t.ok(Buffer.byteLength(row.text) <= 2048, `${sent.what}: no datagram over 2,048 octets`);
      for (const [key, value] of Object.entries(extension)) t.equal(value, sent.extension[key], `${sent.what}: ${key} is whole or not there`);
    }
  }
}

interface Peers { readonly name: string; readonly without: string | false; readonly create: (folder: string, tls: PeerTls) => Promise<SyslogPeer> }

const PEERS: readonly Peers[] = [
  { name: 'rsyslog', without: withoutRsyslog(), create: (folder, tls) => rsyslog(folder, { tls }) },
  { name: 'syslog-ng', without: withoutSyslogNg(), create: (folder, tls) => syslogNg(folder, { tls }) },
];

for (const { name, without, create } of PEERS) {
  t.test(`${name} gets every event, field by field`, { skip: without }, async (t) => {
    const folder = t.testdir();
    const server = makeCertificates(folder, 'server');
    const client = makeCertificates(folder, 'client', { altNames: `DNS:${CLIENT_NAME}` });
    const stranger = makeCertificates(folder, 'stranger', { altNames: `DNS:${CLIENT_NAME}` });
    const peer = await create(folder, { certFile: server.certFile, keyFile: server.keyFile, clientCaFile: client.caFile, clientName: CLIENT_NAME });
    t.teardown(() => peer.stop('SIGKILL'));
    await peer.start();
    const as = ({ certFile, keyFile }: Certificates): Partial<SyslogOptions> => ({ tls: { caFile: server.caFile, certFile, keyFile } });

    for (const way of Object.keys(peer.ports) as SyslogWay[]) {
      await t.test(`over ${way}`, (t) => understands(t, peer, way, way.startsWith('tls') ? as(client) : {}));
    }

    await t.test('over TLS it takes nothing from who shows no certificate of ours, and nothing is taken for confirmed', async (t) => {
      const before = peer.rows().length;
      const port = peer.ports['tls-5424-counted'] ?? 0;
      const event = outgoing(sampleTest());
      for (const [who, options] of [['a stranger', as(stranger)], ['nobody', { tls: { caFile: server.caFile } }]] as const) {
        const error = await refusal(output('tls-5424-counted', port, options).send([event], never));
        t.match(error, { kind: 'retry' }, `${who}: ${error.message}`);
      }
      t.match(await refusal(output('tls-5424-counted', port, { tls: { caFile: client.caFile } }).send([event], never)), { kind: 'retry', message: /tls\.ca_file$/ }, 'nor is it trusted by who does not know its authority');
      const good = (): Promise<unknown> => output('tls-5424-counted', port, as(client)).send([outgoing(sampleTest('evt_good'))], never);
      await good().catch(good);
      await eventually('the good message arrived', () => peer.rows().length > before);
      t.ok(peer.rows().slice(before).every(({ msgid }) => msgid === 'evt_good'), 'and none of the others');
    });
  });
}
