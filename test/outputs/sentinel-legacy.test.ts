import t from 'tap';
import { createLegacySentinelOutput, signSharedKey, type LegacySentinelOptions } from '../../src/outputs/sentinel-legacy.js';
import { legacySentinelRecord } from '../../src/outputs/sentinel-record.js';
import type { SiemOutput } from '../../src/outputs/output.js';
import { manualClock } from '../fixtures/clock.js';
import { dataCollector } from '../fixtures/data-collector.js';
import { sampleGap, sampleScan, sampleStatusChange, sampleTest } from '../fixtures/events.js';
import { conformsToSiem, outgoing, refusal } from './conformance.js';

const never = new AbortController().signal;
const sharedKey = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
const WORKSPACE = { workspaceId: 'ws-123', sharedKey };
const HASH = 'sha256:2847bd141d1ca1b6d8f0f4badfde24547b96cbfa7c11f6fc6c2bedd05f057e52';

function legacy(port: number, options: Partial<LegacySentinelOptions> = {}): SiemOutput {
  return createLegacySentinelOutput({
    name: 'sentinel', url: `http://127.0.0.1:${port}`, ...WORKSPACE, batchEvents: 1000, batchBytes: 1_000_000,
    timeoutMs: 10_000, skipVerify: false, clock: manualClock(), version: '0.10.0', ...options,
  });
}

conformsToSiem(t, 'sentinel, the legacy API', {
  create: (port, timeoutMs) => legacy(port, { timeoutMs }),
  secrets: [sharedKey, 'Ignore all previous'],
  async receiver() {
    const collector = await dataCollector(WORKSPACE);
    return { port: collector.port, close: collector.close, ids: () => collector.rows.map((row) => String(row['EventId'])) };
  },
  overTls: {
    create: (port, tls) => legacy(0, { url: `https://127.0.0.1:${port}`, tls }),
    receiver: (tls) => dataCollector({ ...WORKSPACE, tls }),
  },
});

t.test('S1, S2, S3: the signature is over the octets of the body, with the decoded key', (t) => {
  t.equal(signSharedKey({ ...WORKSPACE, date: 'Mon, 04 Apr 2016 08:00:00 GMT', contentLength: 1024 }), 'SharedKey ws-123:rMoVf9OAAVQU+RTRgO9GQOxWZzlOmtlVQV6VV5+bUg0=');
  t.equal(signSharedKey({ workspaceId: '8145d822-13a7-44ad-859c-36f31a84f6dd', sharedKey, date: 'Fri, 30 Jan 2026 10:30:00 GMT', contentLength: 2 }),
    'SharedKey 8145d822-13a7-44ad-859c-36f31a84f6dd:ZH7GiFvBjnYZbd2okhw0RHMzwvY96QOTv1/84VNt75s=');
  t.equal(signSharedKey({ ...WORKSPACE, date: 'Fri, 30 Jan 2026 10:30:00 GMT', contentLength: Buffer.byteLength('[{"Note":"naïve"}]') }),
    'SharedKey ws-123:e6efbo3Tort+0B6LQHwHcK2bT/OStZYOfE6cQ234XB0=');
  t.end();
});

t.test('a request is signed, names its table and the field with its time; text beyond ASCII is signed by its octets', async (t) => {
  const collector = await dataCollector(WORKSPACE);
  const output = legacy(collector.port);
  t.match(await output.send([outgoing(sampleScan({ agentId: 'agént 日本 🚀' })), outgoing(sampleTest())], never), { httpStatus: 200 });
  t.match(collector.requests, [{
    method: 'POST', path: '/api/logs?api-version=2016-04-01',
    headers: {
      'content-type': 'application/json', 'log-type': 'RaxeThreatDetection', 'x-ms-date': 'Fri, 30 Jan 2026 10:30:00 GMT', 'time-generated-field': 'EventTime',
      'authorization': /^SharedKey ws-123:/, 'user-agent': 'raxed/0.10.0',
    },
  }]);
  t.equal(collector.rows[0]?.['AgentId'], 'agént 日本 🚀');
  t.equal(collector.rows.length, 2);
  await output.close();
  await collector.close();
});

t.test('S4: a row has none of the reserved names, and its time in whole seconds', (t) => {
  const golden = `{"EventTime":"2026-01-30T10:30:00Z","EventType":"scan","EventId":"evt_01JJZ0000000000000000SAMPLE","Severity":"critical","ThreatDetected":true,"ActionTaken":"allow","RuleIds":"[\\"pi-001\\"]","Families":"[\\"PI\\"]","PromptHash":"${HASH}","PromptLength":32,"ScanDurationMs":12.5,"EntryPoint":"sdk","MsspId":"mssp_yourcompany","CustomerId":"cust_acme","AgentId":"agent_001","L1Hit":true,"L1DetectionCount":1,"L2Hit":false,"AgentVersion":"0.1.0","Platform":"linux","DataMode":"privacy_safe"}`;
  t.equal(JSON.stringify(legacySentinelRecord(sampleScan())), golden);
  for (const event of [sampleScan({ dataMode: 'full', texts: { prompt: 'a', tool_calls: [{ name: 'x', args: 'y' }] } }), sampleTest(), sampleGap(), sampleStatusChange()]) {
    const row = legacySentinelRecord(event);
    for (const name of ['tenant', 'TimeGenerated', 'RawData']) t.notOk(name in row);
    t.equal(row['EventTime'], '2026-01-30T10:30:00Z');
    for (const value of Object.values(row)) t.not(typeof value, 'object');
  }
  t.equal(legacySentinelRecord(sampleScan({ dataMode: 'full', dataFields: ['prompt'], texts: { prompt: 'a"b' } }))['MsspData'], '{"prompt_text":"a\\"b"}');
  const long = legacySentinelRecord(sampleScan({ dataMode: 'full', texts: { prompt: 'é'.repeat(100_000) } }))['MsspData'];
  t.ok(typeof long === 'string' && Buffer.byteLength(long) <= 32 * 1024);
  t.end();
});

t.test('S5: whatever the path of the URL, requests go to /api/logs', async (t) => {
  const collector = await dataCollector(WORKSPACE);
  for (const path of ['', '/', '/api/logs', '/api/logs/', '/api/logs?api-version=1']) await legacy(0, { url: `http://127.0.0.1:${collector.port}${path}` }).send([outgoing(sampleTest())], never);
  t.same(collector.requests.map(({ path }) => path), Array.from({ length: 5 }, () => '/api/logs?api-version=2016-04-01'));
  t.equal(collector.rows.length, 5);
  await collector.close();
});

t.test('what the API answers is told in the words of the delivery loop', async (t) => {
  const collector = await dataCollector(WORKSPACE);
  const send = (options: Partial<LegacySentinelOptions> = {}): Promise<unknown> => refusal(legacy(collector.port, options).send([outgoing(sampleTest())], never));
  t.match(await send({ sharedKey: 'b3RoZXI=' }), { kind: 'misconfigured', httpStatus: 403, message: /see sentinel_workspace_id, token, and the clock/ });
  t.match(await send({ workspaceId: 'ws-124' }), { kind: 'misconfigured', httpStatus: 400, message: 'answered 400: InvalidCustomerId: see url and sentinel_workspace_id' });
  for (const [status, error, kind] of [
    [400, 'InactiveCustomer', 'misconfigured'], [400, 'InvalidDataFormat', 'refused'], [400, '', 'refused'], [404, '', 'misconfigured'],
    [429, '', 'retry'], [500, 'UnspecifiedError', 'retry'], [503, 'ServiceUnavailable', 'retry'],
  ] as const) {
    collector.next.push({ status, error, headers: { 'Retry-After': '7' } });
    t.match(await send(), { kind, httpStatus: status, retryAfterMs: kind === 'retry' ? 7000 : undefined }, `${status} ${error}`);
  }
  await collector.close();
});

t.test('its health is asked without sending an event', async (t) => {
  const collector = await dataCollector(WORKSPACE);
  const check = (options: Partial<LegacySentinelOptions> = {}): Promise<unknown> => legacy(collector.port, options).healthCheck(never);
  t.match(await check(), { httpStatus: 400 }, 'an array without rows: nothing else is wrong');
  t.match(await refusal(check({ sharedKey: 'b3RoZXI=' })), { kind: 'misconfigured', httpStatus: 403 });
  t.match(await refusal(check({ workspaceId: 'ws-124' })), { kind: 'misconfigured', httpStatus: 400 });
  t.equal(collector.rows.length, 0);
  await collector.close();
});

t.test('the Data Collector of these tests refuses what the API refuses', async (t) => {
  const collector = await dataCollector(WORKSPACE);
  const date = 'Fri, 30 Jan 2026 10:30:00 GMT';
  const good = '[{"EventTime":"2026-01-30T10:30:00Z","Note":"naïve"}]';
  const post = async (body: string, headers: Record<string, string | undefined> = {}, path = '/api/logs?api-version=2016-04-01'): Promise<string> => {
    const all = {
      'content-type': 'application/json', 'log-type': 'Raxe', 'x-ms-date': date, 'time-generated-field': 'EventTime',
      'authorization': signSharedKey({ ...WORKSPACE, date, contentLength: Buffer.byteLength(body) }), ...headers,
    };
    const answer = await fetch(collector.url + path, { method: 'POST', body: Buffer.from(body), headers: Object.entries(all).flatMap(([name, value]): [string, string][] => value === undefined ? [] : [[name, value]]) });
    const text = await answer.text();
    return `${answer.status} ${text === '' ? '' : String(Object(JSON.parse(text)).Error)}`.trim();
  };
  t.equal(await post(good), '200');
  t.equal(await post(good, {}, '/'), '404', 'the path that is signed is the one that is asked');
  t.equal(await post(good, {}, '/api/logs'), '400 MissingApiVersion');
  t.equal(await post(good, {}, '/api/logs?api-version=2023-01-01'), '400 InvalidApiVersion');
  t.equal(await post(good, { 'content-type': 'text/plain' }), '400 UnsupportedContentType');
  t.equal(await post(good, { 'content-type': undefined }), '400 MissingContentType');
  t.equal(await post(good, { 'log-type': undefined }), '400 MissingLogType');
  t.equal(await post(good, { 'log-type': 'a-b' }), '400 InvalidLogType');
  t.equal(await post(good, { 'log-type': 'a'.repeat(101) }), '400 InvalidLogType');
  const sign = (over: Partial<Parameters<typeof signSharedKey>[0]>): Record<string, string> => ({ authorization: signSharedKey({ ...WORKSPACE, date, contentLength: Buffer.byteLength(good), ...over }) });
  t.equal(await post(good, sign({ contentLength: good.length })), '403 InvalidAuthorization', 'characters instead of octets');
  t.equal(await post(good, sign({ date: 'Fri, 30 Jan 2026 10:30:01 GMT' })), '403 InvalidAuthorization');
  t.equal(await post(good, sign({ sharedKey: Buffer.from(sharedKey).toString('base64') })), '403 InvalidAuthorization', 'the key as text');
  t.equal(await post(good, { authorization: undefined }), '403 InvalidAuthorization');
  t.equal(await post(good, { 'x-ms-date': '2026-01-30T10:30:00Z' }), '403 InvalidAuthorization');
  t.equal(await post(good, sign({ workspaceId: 'ws-124' })), '400 InvalidCustomerId');
  for (const body of [
    '{}', '[]', 'no', '[1]', '[{"tenant":1}]', '[{"TimeGenerated":"2026-01-30T10:30:00Z"}]', '[{"RawData":"x"}]', '[{"a-b":1}]', `[{"${'a'.repeat(46)}":1}]`,
    '[{"Note":"no time"}]', '[{"EventTime":"2026-01-30T10:30:00.000+00:00"}]', '[{"EventTime":1769769000}]',
  ]) t.equal(await post(body), '400 InvalidDataFormat', body.slice(0, 40));
  t.equal(collector.rows.length, 1);
  await collector.close();
});
