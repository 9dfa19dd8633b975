import fc from 'fast-check';
import t from 'tap';
import { cutEscaped, escapeExtension, escapeHeader, eventSeverity, formatCef, type CefOptions } from '../../src/outputs/cef.js';
import { datagramOf, formatSyslog, frameSyslog, syslogSeverity, type SyslogHeader } from '../../src/outputs/syslog-message.js';
import type { FilteredEvent } from '../../src/event/privacy.js';
import { SEVERITIES, type Severity } from '../../src/scanner/verdict.js';
import { sampleGap, sampleScan, sampleStatusChange, sampleTest } from '../fixtures/events.js';
import { parseCef } from '../fixtures/cef-parser.js';

const STRICT: CefOptions = { mode: 'strict', deviceVendor: 'RAXE', deviceProduct: 'ThreatDetection', version: '0.10.0', installationId: 'inst_abc123' };
const COMPAT: CefOptions = { ...STRICT, mode: 'compat' };
const HASH = 'sha256:2847bd141d1ca1b6d8f0f4badfde24547b96cbfa7c11f6fc6c2bedd05f057e52';

t.test('header values escape backslash and pipe, and stay on one line', (t) => {
  const table: [string, string][] = [
    ['a|b', 'a\\|b'], ['a\\b', 'a\\\\b'], ['a\\|b', 'a\\\\\\|b'], ['a=b', 'a=b'], ['\\', '\\\\'],
    ['one\ntwo', 'one two'], ['one\r\ntwo', 'one two'], ['nul\0tab\tesc\u001b\u0085', 'nul tab esc'], ['line\u2028sep', 'line sep'], ['日本', '日本'],
  ];
  t.same(table.map(([input]) => escapeHeader(input)), table.map(([, expected]) => expected));
  t.end();
});

t.test('extension values escape backslash, equals sign and line ends, never the pipe', (t) => {
  const table: [string, string][] = [
    ['a=b', 'a\\=b'], ['a|b', 'a|b'], ['a\\b', 'a\\\\b'], ['l1\nl2', 'l1\\nl2'], ['l1\r\nl2', 'l1\\r\\nl2'],
    ['\\n literal', '\\\\n literal'], ['a\\=b', 'a\\\\\\=b'], ['C:\\x=1|y', 'C:\\\\x\\=1|y'], ['日本語=1', '日本語\\=1'],
    [' padded ', 'padded'], ['tab\tbell\u0007', 'tab bell'], ['\ud800', '\ufffd'],
  ];
  t.same(table.map(([input]) => escapeExtension(input)), table.map(([, expected]) => expected));
  t.end();
});

t.test('a cut never splits an escape or a character', (t) => {
  t.equal(cutEscaped('ab\\=c', 3), 'ab');
  t.equal(cutEscaped('ab\\=c', 4), 'ab\\=');
  t.equal(cutEscaped('日本', 5), '日');
  t.equal(cutEscaped('a🚀b', 4), 'a');
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.nat(80), (value, size) => {
    for (const escaped of [escapeExtension(value), escapeHeader(value)]) {
      const cut = cutEscaped(escaped, size);
      if (Buffer.byteLength(cut) > size) return false;
      if (!escaped.startsWith(cut)) return false;
      // An odd run of backslashes at the end would escape whatever follows.
      if ((/\\*$/.exec(cut)?.[0].length ?? 0) % 2 === 1) return false;
      if (/\p{Surrogate}/u.test(cut)) return false;
    }
    return true;
  }));
  t.end();
});

t.test('the line in strict mode, octet for octet', (t) => {
  const event = sampleScan({ action: 'block', detections: [{}, { rule_id: 'pi-003', severity: 'high' }] });
  t.equal(formatCef(event, STRICT),
    'CEF:0|RAXE|ThreatDetection|0.10.0|pi-001|Prompt Injection Detected|10|rt=1769769000000 suser=agent_001 msg=Prompt Injection Detected act=block'
    + ` cs1=${HASH} cs1Label=PromptHash cs2=pi-001,pi-003 cs2Label=RuleIDs cs3=PI cs3Label=ThreatFamilies`
    + ' cs4=evt_01JJZ0000000000000000SAMPLE cs4Label=EventID cs5=mssp_yourcompany cs5Label=MSSPId cs6=cust_acme cs6Label=CustomerId'
    + ' cn1=32 cn1Label=PromptLength cfp1=12.5 cfp1Label=ScanDurationMs deviceExternalId=inst_abc123');
  t.end();
});

t.test('the line in compat mode has the installation id as src and an integer duration', (t) => {
  const event = sampleScan({ action: 'block', durationMs: 12.5 });
  t.equal(formatCef(event, COMPAT),
    'CEF:0|RAXE|ThreatDetection|0.10.0|pi-001|Prompt Injection Detected|10|rt=1769769000000 src=inst_abc123 suser=agent_001 msg=Prompt Injection Detected act=block'
    + ` cs1=${HASH} cs1Label=PromptHash cs2=pi-001 cs2Label=RuleIDs cs3=PI cs3Label=ThreatFamilies`
    + ' cs4=evt_01JJZ0000000000000000SAMPLE cs4Label=EventID cs5=mssp_yourcompany cs5Label=MSSPId cs6=cust_acme cs6Label=CustomerId'
    + ' cn1=32 cn1Label=PromptLength cn2=13 cn2Label=ScanDurationMs');
  t.end();
});

t.test('in strict mode src is an IPv4 address or absent', (t) => {
  t.equal(parseCef(formatCef(sampleScan(), { ...STRICT, installationId: '192.0.2.7' })).extension['src'], '192.0.2.7');
  for (const id of ['inst_abc', '192.0.2.256', '192.0.2', '::1']) {
    const { extension } = parseCef(formatCef(sampleScan(), { ...STRICT, installationId: id }));
    t.equal(extension['src'], undefined, id);
    t.equal(extension['deviceExternalId'], id);
  }
  t.end();
});

t.test('severities in any case become 0, 3, 5, 7, 10 and syslog 6, 5, 4, 3, 2', (t) => {
  const cef = [0, 3, 5, 7, 10];
  const syslog = [6, 5, 4, 3, 2];
  for (const [i, severity] of SEVERITIES.entries()) {
    for (const spelled of [severity, severity.toUpperCase(), severity.charAt(0).toUpperCase() + severity.slice(1)]) {
      const event = sampleScan({ detections: [{ severity: spelled as Severity }] });
      t.equal(parseCef(formatCef(event, STRICT)).header[5], String(cef[i]), spelled);
      t.equal(syslogSeverity(eventSeverity(event)), syslog[i], spelled);
    }
  }
  t.end();
});

t.test('a threat that only the classifier saw has its severity, its rule id and its name', (t) => {
  const l2 = { enabled: true, hit: true, binary: { is_threat: true, threat_probability: 0.9, safe_probability: 0.1 }, family: { prediction: 'jailbreak', confidence: 0.8, top3: [] } };
  const alone = parseCef(formatCef(sampleScan({ detections: [], l2 }), STRICT));
  t.same(alone.header.slice(3), ['l2-jailbreak', 'Jailbreak Detected', '7']);
  t.equal(alone.extension['cs2'], 'l2-jailbreak');
  t.equal(alone.extension['cs3'], 'JB');
  const beside = parseCef(formatCef(sampleScan({ detections: [{ severity: 'low', family: 'PII', rule_id: 'pii-001' }], l2 }), STRICT));
  t.same(beside.header.slice(3), ['l2-jailbreak', 'Jailbreak Detected', '7'], 'the most severe comes first');
  t.equal(beside.extension['cs2'], 'l2-jailbreak,pii-001');
  const above = parseCef(formatCef(sampleScan({ l2 }), STRICT));
  t.same(above.header.slice(3), ['pi-001', 'Prompt Injection Detected', '10']);
  t.end();
});

t.test('an agent that fell silent is named, and nothing of a scan stands beside it', (t) => {
  t.equal(formatCef(sampleStatusChange(), STRICT), 'CEF:0|RAXE|ThreatDetection|0.10.0|agent_status_change|Agent Status Change|0|rt=1769769000000 suser=agent_001 '
    + 'msg=agent went from online to offline (no_heartbeat) cs4=evt_01JJZ0000000000000STATUS cs4Label=EventID cs5=mssp_yourcompany cs5Label=MSSPId cs6=cust_acme cs6Label=CustomerId deviceExternalId=inst_abc123');
  t.end();
});

t.test('every other type of event has its type as signature id', (t) => {
  const table: [FilteredEvent, string, string][] = [
    [sampleTest(), 'test', 'This is a test event'],
    [sampleGap(), 'delivery_gap', '3 events will not arrive (rejected) since 2026-01-30T10:29:00.000Z'],
    [sampleStatusChange(), 'agent_status_change', 'agent went from online to offline (no_heartbeat)'],
    [sampleScan({ detections: [] }), 'scan', 'Scan Completed'],
  ];
  for (const [event, id, message] of table) {
    const { header, extension } = parseCef(formatCef(event, STRICT));
    t.equal(header[3], id);
    t.equal(header[5], '0');
    t.equal(extension['msg'], message);
    t.equal(extension['cs4'], event.event_id);
    t.equal(extension['cs5'], 'mssp_yourcompany');
  }
  t.end();
});

t.test('a label never stands without its value', (t) => {
  for (const options of [STRICT, COMPAT]) {
    for (const event of [sampleScan({ texts: { response: 'x' } }), sampleScan({ texts: { prompt: '' } }), sampleTest(), sampleScan({ detections: [] })]) {
      const { extension } = parseCef(formatCef(event, options));
      for (const key of Object.keys(extension)) if (key.endsWith('Label')) t.ok(extension[key.slice(0, -5)], key);
      for (const value of Object.values(extension)) t.not(value, '');
    }
  }
  const empty = parseCef(formatCef(sampleScan({ texts: { prompt: '' } }), STRICT)).extension;
  t.equal(empty['cn1'], '0');
  t.equal(empty['cn1Label'], 'PromptLength');
  t.equal(parseCef(formatCef(sampleScan({ texts: { response: 'x' } }), STRICT)).extension['cs1'], undefined);
  t.end();
});

t.test('times with an offset are the same instant; one that is not a time is left out', (t) => {
  for (const timestamp of ['2026-01-30T10:30:00Z', '2026-01-30T16:00:00+05:30']) {
    t.equal(parseCef(formatCef({ ...sampleScan(), timestamp }, STRICT)).extension['rt'], '1769769000000');
  }
  t.equal(parseCef(formatCef({ ...sampleScan(), timestamp: 'soon' }, STRICT)).extension['rt'], undefined);
  t.end();
});

t.test('no field is longer than the dictionary allows', (t) => {
  const long = 'x\\=日'.repeat(3000);
  const event = sampleScan({ agentId: long, detections: [{ rule_id: long }] });
  for (const [options, custom] of [[STRICT, 4000], [COMPAT, 1023]] as const) {
    const line = formatCef(event, { ...options, deviceVendor: long, deviceProduct: long, version: long, installationId: long });
    const { rawHeader, rawExtension } = parseCef(line);
    for (const [i, size] of [63, 63, 31, 1023, 512].entries()) t.ok(Buffer.byteLength(rawHeader[i] ?? '') <= size, `header ${i}`);
    for (const [key, value] of Object.entries(rawExtension)) t.ok(Buffer.byteLength(value) <= (key.startsWith('cs') ? custom : 1023), key);
    t.ok(Buffer.byteLength(rawExtension['cs2'] ?? '') > custom - 8, 'and as long as it may be');
  }
  t.end();
});

t.test('a parser written from the standard gets every value back', (t) => {
  const seen = (value: string): string => value.replace(/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029]/g, ' ').replace(/\p{Surrogate}/gu, '\ufffd').trim();
  const seenInHeader = (value: string): string => seen(value.replace(/\r\n?|\n/g, ' '));
  const text = fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), fc.stringMatching(/^[a-z\\=|\n\r ]{1,40}$/));
  fc.assert(fc.property(text, text, text, fc.constantFrom('strict' as const, 'compat' as const), (agentId, ruleId, vendor, mode) => {
    const line = formatCef(sampleScan({ agentId, detections: [{ rule_id: ruleId }] }), { ...STRICT, mode, deviceVendor: vendor });
    if (/[\u0000-\u001f\u007f-\u009f]/.test(line)) return false;
    const { header, extension } = parseCef(line);
    if (Buffer.byteLength(escapeHeader(vendor)) <= 63 && header[0] !== seenInHeader(vendor)) return false;
    return header[3] === seenInHeader(ruleId) && (extension['suser'] ?? '') === seen(agentId) && (extension['cs2'] ?? '') === seen(ruleId)
      && extension['cs4'] === 'evt_01JJZ0000000000000000SAMPLE';
  }), { numRuns: 1000 });
  t.end();
});

const HEADER: SyslogHeader = { facility: 16, severity: 2, timestampMs: 1769769000000, hostname: 'prod-server-01', appName: 'RAXE', procId: '4242', msgId: 'evt_a1b2c3d4e5f67890' };
const CEF = `CEF:0|RAXE|ThreatDetection|0.10.0|pi-001|Prompt Injection Detected|10|rt=1769769000000 src=inst_abc123 suser=agent_001 act=block cs1=${HASH} cs1Label=PromptHash cn1=156 cn1Label=PromptLength cs2=pi-001,pi-003 cs2Label=RuleIDs`;

t.test('syslog headers, octet for octet', (t) => {
  const rfc5424 = formatSyslog('rfc5424', HEADER, CEF);
  t.equal(rfc5424, `<130>1 2026-01-30T10:30:00.000Z prod-server-01 RAXE 4242 evt_a1b2c3d4e5f67890 - ${CEF}`);
  t.match(rfc5424, /^<130>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z \S{1,255} \S{1,48} \S{1,128} \S{1,32} - CEF:0\|/);
  t.equal(formatSyslog('rfc3164', HEADER, CEF), `<130>Jan 30 10:30:00 prod-server-01 ${CEF}`);
  t.equal(formatSyslog('rfc3164', { ...HEADER, hostname: 'host', timestampMs: Date.parse('2026-02-05T01:02:03Z') }, 'CEF:0|...'), '<130>Feb  5 01:02:03 host CEF:0|...');
  t.equal(formatSyslog('rfc5424', { facility: 16, severity: 2, timestampMs: undefined, hostname: 'h', appName: 'RAXE' }, 'CEF:0|'), '<130>1 - h RAXE - - - CEF:0|');
  t.end();
});

t.test('the priority is eight times the facility plus the severity', (t) => {
  const table: [number, Severity, number][] = [
    [16, 'none', 134], [16, 'low', 133], [16, 'medium', 132], [16, 'high', 131], [16, 'critical', 130],
    [1, 'critical', 10], [4, 'critical', 34], [23, 'critical', 186], [1, 'none', 14], [10, 'medium', 84], [23, 'none', 190],
  ];
  for (const [facility, severity, priority] of table) {
    t.match(formatSyslog('rfc5424', { ...HEADER, facility, severity: syslogSeverity(severity) }, ''), new RegExp(`^<${priority}>1 `), `${facility} ${severity}`);
  }
  t.end();
});

t.test('header fields are printable ASCII of bounded length, or a dash', (t) => {
  const parts = formatSyslog('rfc5424', { ...HEADER, hostname: `h ö\n${'x'.repeat(300)}`, appName: '', procId: 'p'.repeat(200), msgId: 'm'.repeat(40) }, 'm').split(' ');
  t.equal(parts[2], `h${'x'.repeat(254)}`);
  t.equal(parts[3], '-');
  t.equal(parts[4], 'p'.repeat(128));
  t.equal(parts[5], 'm'.repeat(32));
  t.end();
});

t.test('octet counting counts octets, LF framing has one LF a message', (t) => {
  const message = '<130>1 - h RAXE - - - CEF:0|RAXE|T|1|a|日本|10|';
  t.equal(frameSyslog('octet-counting', message).toString('utf8'), `49 ${message}`);
  t.match(frameSyslog('octet-counting', formatSyslog('rfc5424', HEADER, CEF)).toString('utf8'), /^369 <130>1 2/);
  const lf = frameSyslog('lf', formatSyslog('rfc5424', HEADER, 'one\ntwo\r\nthree\0')).toString('utf8');
  t.equal(lf.indexOf('\n'), lf.length - 1);
  t.end();
});

t.test('a datagram is cut at the end of an extension', (t) => {
  const event = sampleScan({ detections: [{ rule_id: 'r=1 x=2|'.repeat(300) }], agentId: 'a b=c' });
  const message = formatSyslog('rfc5424', HEADER, formatCef(event, STRICT));
  const datagram = datagramOf(message);
  t.ok(datagram.length <= 2048);
  const whole = parseCef(message).rawExtension;
  const cut = parseCef(datagram.toString('utf8')).rawExtension;
  t.ok(Object.keys(cut).length >= 1);
  for (const [key, value] of Object.entries(cut)) t.equal(value, whole[key], key);

  const short = formatSyslog('rfc5424', HEADER, formatCef(sampleScan({ agentId: 'agent a=b' }), STRICT));
  const bytes = Buffer.from(short);
  for (let size = 1; size <= bytes.length + 1; size++) {
    const got = datagramOf(short, size);
    if (got.length > size || !bytes.subarray(0, got.length).equals(got)) { t.fail(`size ${size}`); break; }
    const extension = got.toString('utf8').includes('|10|') ? parseCef(got.toString('utf8')).rawExtension : {};
    const full = parseCef(short).rawExtension;
    // Where not even the first extension fits, the cut is at a character.
    if (got.includes(' suser=')) for (const [key, value] of Object.entries(extension)) if (value !== full[key]) t.fail(`size ${size}: ${key}`);
  }
  const wide = datagramOf(`x${'日'.repeat(1000)}`, 100);
  t.equal(wide.toString('utf8'), `x${'日'.repeat(33)}`);
  t.end();
});
