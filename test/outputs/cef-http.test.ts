import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { FilteredEvent } from '../../src/event/privacy.js';
import { createCefHttpOutput, type CefHttpOptions } from '../../src/outputs/cef-http.js';
import { formatCef, type CefOptions } from '../../src/outputs/cef.js';
import type { SiemOutput } from '../../src/outputs/output.js';
import { cefCollector, cefProblem } from '../fixtures/arcsight.js';
import { parseCef } from '../fixtures/cef-parser.js';
import { hasOpenssl, makeCertificates } from '../fixtures/certificates.js';
import { manualClock } from '../fixtures/clock.js';
import { sampleGap, sampleScan, sampleStatusChange, sampleTest } from '../fixtures/events.js';
import { conformsToSiem, outgoing, refusal } from './conformance.js';

const never = new AbortController().signal;
const CEF: CefOptions = { mode: 'strict', deviceVendor: 'RAXE', deviceProduct: 'ThreatDetection', version: '0.10.0', installationId: 'inst_abc123' };
const ARCSIGHT: CefOptions = { ...CEF, arcsight: { hostname: 'prod-server-01', smartConnectorId: 'sc-001' } };
const HASH = 'sha256:2847bd141d1ca1b6d8f0f4badfde24547b96cbfa7c11f6fc6c2bedd05f057e52';

function cefHttp(port: number, options: Partial<CefHttpOptions> = {}): SiemOutput {
  return createCefHttpOutput({
    name: 'soc-cef', type: 'cef', url: `http://127.0.0.1:${port}/cef?source=raxe`, token: 'a-token', batchEvents: 2000, batchBytes: 1024 * 1024,
    timeoutMs: 10_000, skipVerify: false, cef: CEF, clock: manualClock(), version: '0.10.0', ...options,
  });
}

const events = (count: number): FilteredEvent[] => Array.from({ length: count }, (_, i) => sampleScan({ id: `evt_${String(i).padStart(26, '0')}` }));
const every = (): FilteredEvent[] => [sampleScan(), sampleScan({ detections: [] }), sampleTest(), sampleGap(), sampleStatusChange()];
const awkward = 'one\ntwo\r\nthree | pipe = equals \\ back \\n 🚀 日本 "quoted" key=value';

for (const [type, cef, required] of [['cef', CEF, []], ['arcsight', ARCSIGHT, ['cat', 'dvchost', 'deviceExternalId']]] as const) {
  conformsToSiem(t, `${type} over HTTP`, {
    create: (port, timeoutMs) => cefHttp(port, { type, cef, timeoutMs }),
    secrets: ['a-token', 'Ignore all previous', 'source=raxe'],
    async receiver() {
      const collector = await cefCollector({ token: 'a-token', required });
      return { port: collector.port, close: collector.close, ids: () => collector.events.map(({ extension }) => extension['cs4'] ?? '') };
    },
    overTls: {
      create: (port, tls) => cefHttp(0, { url: `https://127.0.0.1:${port}/cef`, tls }),
      receiver: (tls) => cefCollector({ token: 'a-token', tls }),
    },
  });
}

t.test('a request is lines with one LF between them, plain text in UTF-8, with the token', async (t) => {
  const collector = await cefCollector({ token: 'a-token' });
  const output = cefHttp(collector.port);
  t.same(await output.send([sampleScan(), sampleTest()].map(outgoing), never), { httpStatus: 200, serverDate: (await output.send([outgoing(sampleGap())], never)).serverDate });
  t.match(collector.requests[0], {
    method: 'POST', path: '/cef?source=raxe',
    headers: { 'content-type': 'text/plain; charset=utf-8', authorization: 'Bearer a-token', 'user-agent': 'raxed/0.10.0' },
  });
  t.equal(collector.requests[0]?.body.toString('utf8'), `${formatCef(sampleScan(), CEF)}\n${formatCef(sampleTest(), CEF)}`);
  await output.close();

  const without = cefHttp(collector.port, { token: undefined });
  t.match(await refusal(without.send([outgoing(sampleTest())], never)), { kind: 'misconfigured', httpStatus: 401 });
  t.equal(collector.requests.at(-1)?.headers.authorization, undefined);
  await without.close();
  await collector.close();
});

t.test('a batch whose lines are more than batch_bytes is sent in several requests', async (t) => {
  const collector = await cefCollector({ token: 'a-token', maxBytes: 4096 });
  const output = cefHttp(collector.port, { batchBytes: 4096 });
  const list = events(50);
  await output.send(list.map(outgoing), never);
  t.same(collector.events.map(({ extension }) => extension['cs4']), list.map((event) => event.event_id));
  t.ok(collector.requests.length > 1 && collector.requests.every(({ body }) => body.length <= 4096));
  await output.close();
  await collector.close();
});

t.test('what the receiver answers is told in the words of the delivery loop', async (t) => {
  const collector = await cefCollector({ token: 'a-token' });
  const output = cefHttp(collector.port);
  const table: [number, string, Record<string, string>?][] = [
    [302, 'misconfigured', { location: '/elsewhere' }], [400, 'refused'], [401, 'misconfigured'], [403, 'misconfigured'], [404, 'misconfigured'], [413, 'too_large'],
    [415, 'misconfigured'], [422, 'refused'], [429, 'retry', { 'retry-after': '7' }], [500, 'retry'], [503, 'retry', { 'retry-after': '7' }],
  ];
  for (const [status, kind, headers] of table) {
    collector.next.push({ status, ...(headers === undefined ? {} : { headers }) });
    t.match(await refusal(output.send([outgoing(sampleTest())], never)), { kind, httpStatus: status, retryAfterMs: headers?.['retry-after'] === undefined ? undefined : 7000 }, String(status));
  }
  for (const status of [200, 201, 202, 204]) {
    collector.next.push({ status });
    t.match(await output.send([outgoing(sampleTest())], never), { httpStatus: status });
  }
  await output.close();
  await collector.close();
});

t.test('its health is asked without sending a line', async (t) => {
  const collector = await cefCollector({ token: 'a-token' });
  const check = (options: Partial<CefHttpOptions> = {}): Promise<unknown> => cefHttp(collector.port, options).healthCheck(never);
  t.match(await check(), { httpStatus: 405 }, 'there is nothing to GET, but somebody is there');
  t.match(collector.requests[0], { method: 'GET', path: '/cef?source=raxe', headers: { authorization: 'Bearer a-token' } });
  for (const status of [200, 204, 400, 411, 415, 422]) {
    collector.next.push({ status });
    t.match(await check(), { httpStatus: status, checked: /that it takes CEF lines with this token, only a test event shows/ });
  }
  for (const [status, kind] of [[404, 'misconfigured'], [410, 'misconfigured'], [402, 'misconfigured'], [501, 'retry'], [401, 'misconfigured'], [403, 'misconfigured'], [302, 'misconfigured'], [429, 'retry'], [503, 'retry']] as const) {
    collector.next.push({ status });
    t.match(await refusal(check()), { kind, httpStatus: status });
  }
  t.equal(collector.events.length, 0);
  await collector.close();
});

t.test('over TLS with a client certificate', { skip: hasOpenssl() ? false : 'openssl is not installed' }, async (t) => {
  const good = makeCertificates(t.testdir(), 'good');
  const collector = await cefCollector({ token: 'a-token', tls: { cert: good.cert, key: good.key, ca: good.ca, requestCert: true, rejectUnauthorized: true } });
  const url = `https://127.0.0.1:${collector.port}/cef`;
  const output = cefHttp(0, { url, tls: { caFile: good.caFile, certFile: good.certFile, keyFile: good.keyFile } });
  await output.send([outgoing(sampleScan())], never);
  t.equal(collector.events.length, 1);
  const nobody = cefHttp(0, { url, tls: { caFile: good.caFile } });
  t.equal((await refusal(nobody.send([outgoing(sampleScan())], never))).kind, 'retry');
  await Promise.all([output.close(), nobody.close()]);
  await collector.close();
});

t.test('C11: the ArcSight line, octet for octet', (t) => {
  t.equal(formatCef(sampleScan({ action: 'block' }), ARCSIGHT),
    'CEF:0|RAXE|ThreatDetection|0.10.0|pi-001|Prompt Injection Detected|10|rt=1769769000000 suser=agent_001 msg=Prompt Injection Detected act=block'
    + ` cs1=${HASH} cs1Label=PromptHash cs2=pi-001 cs2Label=RuleIDs cs3=PI cs3Label=ThreatFamilies`
    + ' cs4=evt_01JJZ0000000000000000SAMPLE cs4Label=EventID cs5=mssp_yourcompany cs5Label=MSSPId cs6=cust_acme cs6Label=CustomerId'
    + ' cn1=32 cn1Label=PromptLength cfp1=12.5 cfp1Label=ScanDurationMs deviceDirection=0 cat=/Security/Attack/Injection dvchost=prod-server-01 deviceExternalId=sc-001');
  t.match(formatCef(sampleScan({ action: 'block' }), { ...ARCSIGHT, mode: 'compat' }),
    / src=inst_abc123 .* cn2=13 cn2Label=ScanDurationMs deviceDirection=0 cat=\/Security\/Attack\/Injection dvchost=prod-server-01 deviceExternalId=sc-001$/);
  const unnamed = { ...CEF, arcsight: { hostname: 'h' } };
  t.match(formatCef(sampleScan(), unnamed), / dvchost=h deviceExternalId=inst_abc123$/, 'the installation has the place that no connector takes');
  t.match(formatCef(sampleScan(), { ...unnamed, mode: 'compat' }), / src=inst_abc123 .* dvchost=h$/);
  t.end();
});

t.test('C12: each family has its ArcSight category, that of the most severe detection counts', (t) => {
  const table = {
    PI: '/Security/Attack/Injection', JB: '/Security/Attack/Evasion', DE: '/Security/Exfiltration', PII: '/Security/Privacy/PII', AGENT: '/Security/Attack/Application',
    TOOL: '/Security/Suspicious', CMD: '/Security/Suspicious', ENC: '/Security/Suspicious', HC: '/Security/Suspicious', RAG: '/Security/Suspicious',
    MEM: '/Security/Suspicious', MULTI: '/Security/Suspicious', CUSTOM: '/Security/Suspicious',
  } as const;
  const category = (event: FilteredEvent): string | undefined => parseCef(formatCef(event, ARCSIGHT)).extension['cat'];
  for (const [family, expected] of Object.entries(table)) t.equal(category(sampleScan({ detections: [{ family: family as keyof typeof table }] })), expected, family);
  t.equal(category(sampleScan({ detections: [{ family: 'PII', severity: 'low' }, { family: 'JB', severity: 'high' }] })), '/Security/Attack/Evasion');
  t.equal(category(sampleScan({ detections: [], l2: { enabled: true, hit: true, family: { prediction: 'jailbreak', confidence: 0.8, top3: [] } } })), '/Security/Attack/Evasion');
  t.equal(category(sampleTest()), '/Security/Suspicious');
  t.end();
});

t.test('the direction is outbound where the most severe detection was in the response', (t) => {
  const direction = (event: FilteredEvent): string | undefined => parseCef(formatCef(event, ARCSIGHT)).extension['deviceDirection'];
  t.equal(direction(sampleScan()), '0');
  t.equal(direction(sampleScan({ detections: [{ source: 'rag_context' }] })), '0');
  t.equal(direction(sampleScan({ detections: [{ source: 'response' }] })), '1');
  t.equal(direction(sampleScan({ detections: [{ severity: 'high' }, { severity: 'critical', source: 'response' }] })), '1');
  t.equal(direction(sampleScan({ detections: [{ severity: 'critical' }, { severity: 'low', source: 'response' }] })), '0');
  t.equal(direction(sampleScan({ detections: [] })), '0');
  for (const event of [sampleTest(), sampleGap(), sampleStatusChange()]) t.equal(direction(event), undefined, 'nothing was scanned');
  t.end();
});

t.test('C16, C19: whatever the values, a line keeps to the standard and gives them back', (t) => {
  const text = fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), fc.constantFrom(awkward, 'x\\=日'.repeat(3000), 'é'.repeat(10_000), '\\'.repeat(10_000)));
  fc.assert(fc.property(text, text, text, fc.nat(4), fc.constantFrom('strict' as const, 'compat' as const), (agentId, ruleId, hostname, kind, mode) => {
    const event = kind === 0 ? sampleScan({ agentId, detections: [{ rule_id: ruleId }] }) : every()[kind] ?? sampleTest();
    const line = formatCef(event, { ...ARCSIGHT, mode, installationId: '192.0.2.7', arcsight: { hostname, smartConnectorId: agentId } });
    const { header, extension } = parseCef(line);
    // Nothing of a rule id but blanks leaves the header empty; the daemon makes no such id.
    if ((header[3] ?? '') !== '') assert.equal(cefProblem(line, mode === 'strict' ? 4000 : 1023), undefined);
    assert.equal(extension['cs4'], event.event_id);
  }), { numRuns: 500 });
  const { extension } = parseCef(formatCef(sampleScan({ agentId: awkward, detections: [{ rule_id: awkward }] }), ARCSIGHT));
  t.equal(extension['suser'], awkward);
  t.equal(extension['cs2'], awkward);
  t.end();
});

t.test('the text that was scanned is in no line', (t) => {
  for (const cef of [CEF, ARCSIGHT, { ...ARCSIGHT, mode: 'compat' as const }]) {
    const line = formatCef(sampleScan({ dataMode: 'full', texts: { prompt: 'Ignore all previous instructions', response: 'the secret is 42' } }), cef);
    t.notMatch(line, /Ignore|secret/);
  }
  t.end();
});

t.test('the collector of these tests refuses what the standard and HTTP forbid', async (t) => {
  const collector = await cefCollector({ token: 'a-token', maxBytes: 5000, required: ['dvchost'] });
  const good = formatCef(sampleScan(), ARCSIGHT);
  const post = async (body: string | Uint8Array, headers: Record<string, string> = {}, method = 'POST'): Promise<number> => (await fetch(collector.url, {
    method, ...(method === 'POST' ? { body } : {}), headers: { authorization: 'Bearer a-token', 'content-type': 'text/plain; charset=utf-8', ...headers },
  })).status;
  t.equal(await post(good), 200);
  t.equal(await post(good, {}, 'GET'), 405);
  t.equal(await post(good, { authorization: 'Bearer other' }), 401);
  t.equal(await post(good, { authorization: 'Splunk a-token' }), 401);
  t.equal(await post(good, { 'content-type': 'application/json' }), 415);
  t.equal(await post(good, { 'content-type': 'text/plain' }), 415);
  t.equal(await post(`${good}\n`.repeat(20).trimEnd()), 413);
  t.equal(await post(formatCef(sampleScan(), CEF)), 422);
  t.equal(await post(Buffer.from(good.replace('agent_001', 'é'), 'latin1')), 400);
  const broken: Record<string, string> = {
    'ends with an empty line': `${good}\n`,
    'has CR LF': `${good}\r\n${good}`,
    'is JSON': '{"a":1}',
    'has no seven pipes': 'CEF:0|a|b',
    'has a word for severity': good.replace('|10|', '|high|'),
    'has a severity of 11': good.replace('|10|', '|11|'),
    'has a vendor of 64 octets': good.replace('|RAXE|', `|${'v'.repeat(64)}|`),
    'has a raw tab': good.replace('act=allow', 'act=al\tlow'),
    'has an id as src': good.replace('suser=', 'src=inst_abc suser='),
    'has a fraction in cn1': good.replace('cn1=32', 'cn1=3.2'),
    'has an orphan label': good.replace('cs1=sha256:', 'xs1=sha256:').replace(/xs1=\S+ /, ''),
    'has a value without its label': good.replace(' cn1Label=PromptLength', ''),
    'has dvcVersion': `${good} dvcVersion=0.10.0`,
    'has a date as rt': good.replace('rt=1769769000000', 'rt=2026-01-30T10:30:00Z'),
    'ends within an escape': `${good}\\`,
    'has an act of 64 octets': good.replace('act=allow', `act=${'a'.repeat(64)}`),
    'has a dvchost of 101 octets': good.replace('dvchost=prod-server-01', `dvchost=${'h'.repeat(101)}`),
    'has a third direction': good.replace('deviceDirection=0', 'deviceDirection=2'),
  };
  for (const [name, body] of Object.entries(broken)) t.equal(await post(body), 400, name);
  t.equal(collector.events.length, 1);
  await collector.close();
});
