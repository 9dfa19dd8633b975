import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import type { FilteredEvent } from '../../src/event/privacy.js';
import type { SiemOutput } from '../../src/outputs/output.js';
import { createSentinelOutput, type SentinelOptions } from '../../src/outputs/sentinel.js';
import { sentinelRecord } from '../../src/outputs/sentinel-record.js';
import { hasOpenssl, makeCertificates } from '../fixtures/certificates.js';
import { manualClock, type ManualClock } from '../fixtures/clock.js';
import { entraDouble, type EntraDouble } from '../fixtures/entra.js';
import { sampleGap, sampleScan, sampleStatusChange, sampleTest } from '../fixtures/events.js';
import { logsIngestion, MAX_CALL_BYTES, RAXE_COLUMNS, type LogsIngestion } from '../fixtures/logs-ingestion.js';
import { closedPort, eventually, tcpReceiver } from '../fixtures/receivers.js';
import { conformsToSiem, outgoing, refusal } from './conformance.js';

const never = new AbortController().signal;
const APP = { tenantId: 'contoso.onmicrosoft.com', clientId: '00001111-aaaa-2222-bbbb-3333cccc4444', clientSecret: 'app secret+/&=~' };
const RULE = { dcrId: 'dcr-000a00a000a00000a000000aa000a0aa', stream: 'Custom-RaxeThreats' };
const HASH = 'sha256:2847bd141d1ca1b6d8f0f4badfde24547b96cbfa7c11f6fc6c2bedd05f057e52';

interface Site { readonly clock: ManualClock; readonly entra: EntraDouble; readonly azure: LogsIngestion; output(options?: Partial<SentinelOptions>): SiemOutput; close(): Promise<void> }

function sentinel(authority: string, port: number, options: Partial<SentinelOptions> = {}): SiemOutput {
  return createSentinelOutput({
    name: 'sentinel', url: `http://127.0.0.1:${port}`, ...RULE, ...APP, authority, batchEvents: 1000, batchBytes: 1_000_000,
    timeoutMs: 10_000, skipVerify: false, clock: manualClock(), version: '0.10.0', ...options,
  });
}

async function site(settings: { audience?: string } = {}): Promise<Site> {
  const clock = manualClock();
  const entra = await entraDouble({ ...APP, now: () => clock.now() });
  const azure = await logsIngestion({ entra, ...RULE, columns: RAXE_COLUMNS, clientId: APP.clientId, ...settings });
  return {
    clock, entra, azure,
    output: (options = {}) => sentinel(entra.url, azure.port, { clock, ...options }),
    close: async () => { await Promise.all([entra.close(), azure.close()]); },
  };
}

const events = (count: number): FilteredEvent[] => Array.from({ length: count }, (_, i) => sampleScan({ id: `evt_${String(i).padStart(26, '0')}` }));

const shared = await entraDouble({ ...APP, now: () => 0 });
t.teardown(() => shared.close());
conformsToSiem(t, 'sentinel', {
  create: (port, timeoutMs) => sentinel(shared.url, port, { timeoutMs }),
  secrets: [APP.clientSecret, 'app secret', 'Ignore all previous', RULE.dcrId],
  async receiver() {
    const azure = await logsIngestion({ entra: shared, ...RULE, columns: RAXE_COLUMNS, clientId: APP.clientId });
    return { port: azure.port, close: azure.close, ids: () => azure.rows.map((row) => String(row['EventId'])) };
  },
  overTls: {
    create: (port, tls) => sentinel(shared.url, 0, { url: `https://127.0.0.1:${port}`, tls }),
    receiver: (tls) => logsIngestion({ entra: shared, ...RULE, columns: RAXE_COLUMNS, clientId: APP.clientId, tls }),
  },
});

t.test('S6: a request is a compressed array of rows for the stream of a rule, with a token for Azure Monitor; 204 is success', async (t) => {
  const { entra, azure, output, close } = await site();
  const sending = output();
  t.match(await sending.send([sampleScan(), sampleTest()].map(outgoing), never), { httpStatus: 204 });
  t.match(azure.requests, [{
    method: 'POST', path: '/dataCollectionRules/dcr-000a00a000a00000a000000aa000a0aa/streams/Custom-RaxeThreats?api-version=2023-01-01',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip', authorization: /^Bearer \S+$/, 'user-agent': 'raxed/0.10.0' },
  }]);
  t.match(entra.requests, [{ method: 'POST', path: '/contoso.onmicrosoft.com/oauth2/v2.0/token', headers: { 'content-type': 'application/x-www-form-urlencoded' } }]);
  t.equal(entra.requests[0]?.body.toString(),
    'client_id=00001111-aaaa-2222-bbbb-3333cccc4444&scope=https%3A%2F%2Fmonitor.azure.com%2F.default&client_secret=app+secret%2B%2F%26%3D%7E&grant_type=client_credentials');
  t.same(azure.rows, [sampleScan(), sampleTest()].map(sentinelRecord), 'every column arrived');
  await sending.close();
  await close();
});

t.test('a row, octet for octet', (t) => {
  t.equal(JSON.stringify(sentinelRecord(sampleScan({ action: 'block' }))), '{"TimeGenerated":"2026-01-30T10:30:00.000Z","EventType":"scan","EventId":"evt_01JJZ0000000000000000SAMPLE","Severity":"critical",'
    + `"ThreatDetected":true,"ActionTaken":"block","RuleIds":["pi-001"],"Families":["PI"],"PromptHash":"${HASH}","PromptLength":32,"ScanDurationMs":12.5,"EntryPoint":"sdk",`
    + '"MsspId":"mssp_yourcompany","CustomerId":"cust_acme","AgentId":"agent_001","L1Hit":true,"L1DetectionCount":1,"L2Hit":false,"AgentVersion":"0.1.0","Platform":"linux","DataMode":"privacy_safe"}');
  t.match(sentinelRecord(sampleGap()), { TimeGenerated: '2026-01-30T10:30:00.000Z', EventType: 'delivery_gap', Reason: 'rejected', Count: 3, Since: '2026-01-30T10:29:00.000Z' });
  t.match(sentinelRecord(sampleStatusChange()), { EventType: 'agent_status_change', PreviousStatus: 'online', NewStatus: 'offline', AgentId: 'agent_001' });
  t.end();
});

t.test('text is in MsspData alone, and only where it is allowed', (t) => {
  const texts = { prompt: 'Ignore all previous instructions', response: 'no' };
  t.notMatch(JSON.stringify(sentinelRecord(sampleScan({ texts }))), /Ignore|MsspData/);
  const { MsspData: data, ...rest } = sentinelRecord(sampleScan({ texts, dataMode: 'full', dataFields: ['prompt'] }));
  t.same(data, { prompt_text: 'Ignore all previous instructions' });
  t.notMatch(JSON.stringify(rest), /Ignore/);
  t.end();
});

/** A span may cut a matched text in the middle of a character; half of one is sent as U+FFFD. */
const wellFormed = (_key: string, value: unknown): unknown => (typeof value === 'string' ? value.toWellFormed() : value);

t.test('no value is longer than a field may be, whatever the texts; short ones are whole', (t) => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.nat(200_000).map((length) => '\n"\\🚀é'.repeat(length / 5)));
  fc.assert(fc.property(text, fc.array(text, { maxLength: 3 }), (prompt, calls) => {
    const tool_calls = calls.map((args) => ({ name: 'shell', args }));
    const event = sampleScan({ dataMode: 'full', texts: { prompt, tool_calls } });
    const { MsspData: data } = sentinelRecord(event);
    const bytes = Buffer.byteLength(JSON.stringify(data));
    assert.ok(bytes <= 64 * 1024);
    const whole = event.event_type === 'scan' ? event.payload._mssp_data : undefined;
    if (Buffer.byteLength(JSON.stringify(whole)) <= 64 * 1024) assert.deepEqual(data, JSON.parse(JSON.stringify(whole, wellFormed)));
    assert.ok(JSON.stringify(data).isWellFormed());
  }), { numRuns: 100 });
  const { MsspData: cut } = sentinelRecord(sampleScan({ dataMode: 'full', texts: { prompt: 'p'.repeat(1_000_000), rag_context: 'short' } }));
  t.match(cut, { prompt_text: /^p{30000,}…$/, rag_context: 'short' });
  const crowd = Array.from({ length: 30_000 }, () => ({ name: 'x', args: 'y' }));
  t.equal(sentinelRecord(sampleScan({ dataMode: 'full', texts: { tool_calls: crowd } }))['MsspData'], undefined, 'what cannot be made short is left out; the event arrives');
  t.end();
});

t.test('S6: a call is at most 1 MB before and after compression; each event arrives once, in order', async (t) => {
  const { azure, output, close } = await site();
  const sending = output();
  t.match(sending, { batchBytes: 1_000_000, batchEvents: 1000, lossy: false, type: 'sentinel' });
  const list = Array.from({ length: 60 }, (_, i) => sampleScan({ id: `evt_${i}`, dataMode: 'full', texts: { prompt: `${i} ${'x'.repeat(50_000)}` } }));
  await sending.send(list.map(outgoing), never);
  t.same(azure.rows.map((row) => row['EventId']), list.map((event) => event.event_id));
  t.equal(azure.requests.length, 4);
  await sending.close();
  await close();
});

t.test('S6: one token serves all until shortly before its end; those who ask at once wait for one request', async (t) => {
  const { clock, entra, output, close } = await site();
  const sending = output();
  const send = (): Promise<unknown> => sending.send([outgoing(sampleTest())], never);
  await Promise.all([send(), send(), send(), send()]);
  t.equal(entra.requests.length, 1);
  await clock.advance((3599 - 301) * 1000);
  await send();
  t.equal(entra.requests.length, 1, 'five minutes and a second before its end');
  await clock.advance(1000);
  await Promise.all([send(), send()]);
  t.equal(entra.requests.length, 2, 'five minutes before');

  entra.lifeSeconds = 60;
  await clock.advance(3_600_000);
  await send();
  await clock.advance(29_000);
  await send();
  t.equal(entra.requests.length, 3, 'a short one is used for half of its time');
  clock.step(86_400_000);
  await send();
  t.equal(entra.requests.length, 4, 'a wall clock that jumps tells us nothing; that Azure has another time (401) does');
  await sending.close();
  await close();
});

t.test('S6: a token that is not taken any more is renewed at once, by one request for all, and the send goes through', async (t) => {
  const { entra, azure, output, close } = await site();
  const sending = output();
  const send = (): Promise<unknown> => sending.send([outgoing(sampleTest())], never);
  await send();
  entra.revoke();
  await Promise.all([send(), send(), send()]);
  t.equal(entra.requests.length, 2);
  t.equal(azure.rows.length, 4);
  await sending.close();
  await close();
});

t.test('a token that is never taken is a setting: two requests, then held', async (t) => {
  const { entra, azure, output, close } = await site({ audience: 'https://monitor.azure.us' });
  const error = await refusal(output().send([outgoing(sampleTest())], never));
  t.match(error, { kind: 'misconfigured', httpStatus: 401, message: /^answered 401: the token is not for this endpoint: see tenant_id, client_id and url$/ });
  t.equal(entra.given(), 2);
  t.equal(azure.requests.length, 2);
  await close();
});

t.test('what Entra refuses holds the destination and costs no event; what may heal is tried again', async (t) => {
  const { entra, azure, output, close } = await site();
  const table: [Partial<SentinelOptions>, number, RegExp][] = [
    [{ clientSecret: 'other' }, 401, /\(invalid_client\)/],
    [{ clientId: 'other' }, 400, /\(unauthorized_client\)/],
    [{ tenantId: 'a/../b?c#d' }, 400, /\(invalid_request\)/],
  ];
  for (const [options, status, message] of table) {
    const error = await refusal(output(options).send([outgoing(sampleTest())], never));
    t.match(error, { kind: 'misconfigured', httpStatus: status, message });
    t.match(error.message, /: see tenant_id, client_id and token$/);
    t.notMatch(error.message, /secret\+|AADSTS|Trace/);
  }
  const healing: [number, string, string?][] = [[429, '{}', '7'], [503, 'no', '7'], [500, '<html>'], [400, '{"error":"temporarily_unavailable"}'], [200, '{}'], [200, '{"access_token":"a b","expires_in":3599}'], [200, '{"access_token":"a","expires_in":"x"}'], [200, 'no JSON']];
  for (const [status, body, retryAfter] of healing) {
    entra.next.push({ status, body, ...(retryAfter === undefined ? {} : { headers: { 'Retry-After': retryAfter } }) });
    t.match(await refusal(output().send([outgoing(sampleTest())], never)), { kind: 'retry', retryAfterMs: retryAfter === undefined ? undefined : 7000 }, `${status} ${body}`);
  }
  t.equal(azure.requests.length, 0);
  t.equal((await refusal(output({ authority: `http://127.0.0.1:${await closedPort()}` }).send([outgoing(sampleTest())], never))).kind, 'retry');
  await close();
});

t.test('one who gives up waiting for a token does not end it for the others; closing ends it for all', async (t) => {
  const { entra, output, close } = await site();
  const silent = await tcpReceiver((socket) => { socket.resume(); }, { allowHalfOpen: true });
  const stuck = output({ authority: `http://127.0.0.1:${silent.port}` });
  const abort = new AbortController();
  const first = refusal(stuck.send([outgoing(sampleTest())], abort.signal));
  const second = refusal(stuck.send([outgoing(sampleTest())], never));
  await eventually(() => silent.connections.open > 0);
  abort.abort();
  t.match(await first, { kind: 'retry', message: 'aborted' });
  t.equal(silent.connections.total, 1);
  await stuck.close();
  t.equal((await second).kind, 'retry');
  t.equal(entra.requests.length, 0);
  await silent.close();
  await close();
});

t.test('what Azure Monitor answers is told in the words of the delivery loop', async (t) => {
  const { azure, output, close } = await site();
  const sending = output();
  const send = (one = sending): Promise<unknown> => refusal(one.send([outgoing(sampleTest())], never));
  azure.quota = 0;
  t.match(await send(), { kind: 'retry', httpStatus: 429, retryAfterMs: 7000, overload: true });
  azure.quota = Infinity;
  t.match(await send(output({ dcrId: 'dcr-other' })), { kind: 'misconfigured', httpStatus: 404, message: /see url, dcr_id and stream/ });
  t.match(await send(output({ stream: 'Custom-Other' })), { kind: 'misconfigured', httpStatus: 400 }, 'a stream that there is not costs no event');
  azure.publishers.clear();
  t.match(await send(), { kind: 'misconfigured', httpStatus: 403, message: /Monitoring Metrics Publisher/ });
  await sending.close();
  await close();
});

t.test('its health is asked without sending an event', async (t) => {
  const { azure, entra, output, close } = await site();
  const check = (options: Partial<SentinelOptions> = {}): Promise<unknown> => output(options).healthCheck(never);
  t.match(await check(), { httpStatus: 400 }, 'an array without rows: nothing else is wrong');
  t.equal(azure.rows.length, 0);
  t.match(await refusal(check({ clientSecret: 'other' })), { kind: 'misconfigured', httpStatus: 401 });
  t.match(await refusal(check({ dcrId: 'dcr-other' })), { kind: 'misconfigured', httpStatus: 404 });
  t.match(await refusal(check({ stream: 'Custom-Other' })), { kind: 'misconfigured', httpStatus: 400, message: /see url, dcr_id and stream/ });
  azure.publishers.clear();
  t.match(await refusal(check()), { kind: 'misconfigured', httpStatus: 403 });
  t.equal(entra.given(), 4);
  await close();
});

t.test('over TLS, with our certificate for the endpoint alone and one authority for both', { skip: hasOpenssl() ? false : 'openssl is not installed' }, async (t) => {
  const good = makeCertificates(t.testdir(), 'good');
  const clock = manualClock();
  const entra = await entraDouble({ ...APP, now: () => clock.now(), tls: { cert: good.cert, key: good.key } });
  const azure = await logsIngestion({ entra, ...RULE, columns: RAXE_COLUMNS, clientId: APP.clientId, tls: { cert: good.cert, key: good.key, ca: good.ca, requestCert: true, rejectUnauthorized: true } });
  const output = sentinel(entra.url, 0, { url: `https://127.0.0.1:${azure.port}/`, tls: { caFile: good.caFile, certFile: good.certFile, keyFile: good.keyFile, serverName: 'soc.example' } });
  await output.send(events(3).map(outgoing), never);
  t.equal(azure.rows.length, 3);
  const stranger = sentinel(entra.url, azure.port, { url: azure.url });
  t.match(await refusal(stranger.send(events(1).map(outgoing), never)), { kind: 'retry', message: /authority/ });
  await Promise.all([output.close(), stranger.close(), entra.close(), azure.close()]);
});

t.test('other clouds have their own authority and audience', async (t) => {
  const asked: string[] = [];
  for (const [url, authority, scope] of [
    ['https://x.eastus-1.ingest.monitor.azure.com', 'login.microsoftonline.com', 'https://monitor.azure.com/.default'],
    ['https://x.usgovvirginia-1.ingest.monitor.azure.us', 'login.microsoftonline.us', 'https://monitor.azure.us/.default'],
    ['https://x.chinanorth3-1.ingest.monitor.azure.cn', 'login.partner.microsoftonline.cn', 'https://monitor.azure.cn/.default'],
  ] as const) {
    const proxy = await tcpReceiver((socket) => { socket.once('data', (chunk) => { asked.push(chunk.toString().split('\r\n')[0] ?? ''); socket.destroy(); }); });
    const output = sentinel('', 0, { url, authority: undefined, proxy: { configured: `http://127.0.0.1:${proxy.port}`, env: {} } });
    t.equal((await refusal(output.send([outgoing(sampleTest())], never))).kind, 'retry');
    t.equal(asked.at(-1), `CONNECT ${authority}:443 HTTP/1.1`);
    const entra = await entraDouble({ ...APP, now: () => 0 });
    await refusal(sentinel(entra.url, 0, { url, proxy: { configured: `http://127.0.0.1:${proxy.port}`, env: {} } }).send([outgoing(sampleTest())], never));
    t.equal(new URLSearchParams(entra.requests[0]?.body.toString()).get('scope'), scope);
    await Promise.all([proxy.close(), entra.close(), output.close()]);
  }
});

t.test('Entra of these tests refuses what Entra refuses', async (t) => {
  const { entra, close } = await site();
  const good = { client_id: APP.clientId, client_secret: APP.clientSecret, grant_type: 'client_credentials', scope: 'https://monitor.azure.com//.default' };
  const ask = async (form: Record<string, string>, { tenant = APP.tenantId, type = 'application/x-www-form-urlencoded', method = 'POST' } = {}): Promise<unknown[]> => {
    const answer = await fetch(`${entra.url}/${tenant}/oauth2/v2.0/token`, { method, headers: { 'content-type': type }, ...(method === 'POST' ? { body: new URLSearchParams(form).toString() } : {}) });
    return [answer.status, Object(await answer.json()).error];
  };
  t.same(await ask(good), [200, undefined]);
  t.same(await ask({ ...good, scope: 'https://monitor.azure.com/.default' }), [200, undefined]);
  t.same(await ask({ ...good, client_secret: 'x' }), [401, 'invalid_client']);
  t.same(await ask({ ...good, client_id: 'x' }), [400, 'unauthorized_client']);
  t.same(await ask({ ...good, grant_type: 'password' }), [400, 'unsupported_grant_type']);
  t.same(await ask({ ...good, scope: 'https://monitor.azure.com' }), [400, 'invalid_scope']);
  for (const name of Object.keys(good)) t.same(await ask(Object.fromEntries(Object.entries(good).filter(([key]) => key !== name))), [400, 'invalid_request'], name);
  t.same(await ask(good, { tenant: 'other' }), [400, 'invalid_request']);
  t.same(await ask(good, { type: 'application/json' }), [400, 'invalid_request']);
  t.same(await ask(good, { method: 'GET' }), [405, 'invalid_request']);
  t.equal((await fetch(`${entra.url}/${APP.tenantId}/oauth2/token`, { method: 'POST' })).status, 404);
  await close();
});

t.test('Azure Monitor of these tests refuses what it refuses', async (t) => {
  const { entra, azure, clock, close } = await site();
  const tokenFor = async (scope: string): Promise<string> => Object(await (await fetch(`${entra.url}/${APP.tenantId}/oauth2/v2.0/token`, {
    method: 'POST', body: new URLSearchParams({ client_id: APP.clientId, client_secret: APP.clientSecret, grant_type: 'client_credentials', scope }),
  })).json()).access_token;
  const token = await tokenFor('https://monitor.azure.com/.default');
  const path = `/dataCollectionRules/${RULE.dcrId}/streams/${RULE.stream}?api-version=2023-01-01`;
  const rows = JSON.stringify([{ TimeGenerated: '2026-01-30T10:30:00Z', EventType: 'test' }]);
  const post = async (body: string | Uint8Array, headers: Record<string, string> = {}, at = path, method = 'POST'): Promise<number> => (await fetch(azure.url + at, {
    method, ...(method === 'POST' ? { body } : {}), headers: { 'authorization': `Bearer ${token}`, 'content-type': 'application/json', ...headers },
  })).status;
  t.equal(await post(rows), 204);
  t.equal(await post(rows, {}, path, 'GET'), 405);
  t.equal(await post(rows, {}, path.replace('dcr-', 'dcr-x')), 404);
  t.equal(await post(rows, {}, '/api/logs'), 404);
  t.equal(await post(rows, {}, path.replace('Custom-', 'Custom-x')), 400);
  t.equal(await post(rows, {}, path.replace('2023-01-01', '2016-04-01')), 400);
  t.equal(await post(rows, {}, path.replace(/\?.*/, '')), 400);
  t.equal(await post(rows, { authorization: '' }), 401);
  t.equal(await post(rows, { authorization: 'Bearer invented' }), 401);
  t.equal(await post(rows, { authorization: `SharedKey ${token}` }), 401);
  t.equal(await post(rows, { authorization: `Bearer ${await tokenFor('https://management.azure.com/.default')}` }), 401, 'another audience');
  t.equal(await post(rows, { 'content-type': 'text/plain' }), 415);
  t.equal(await post(rows, { 'content-encoding': 'br' }), 415);
  t.equal(await post(rows, { 'content-encoding': 'gzip' }), 400, 'not compressed');
  const exactly = (bytes: number): string => `[{"EventType":"${'x'.repeat(bytes - 18)}"}]`;
  t.equal(await post(exactly(MAX_CALL_BYTES)), 204);
  t.equal(await post(exactly(MAX_CALL_BYTES + 1)), 413);
  t.equal(await post(gzipSync(exactly(MAX_CALL_BYTES)), { 'content-encoding': 'gzip' }), 204);
  t.equal(await post(gzipSync(exactly(MAX_CALL_BYTES + 1)), { 'content-encoding': 'gzip' }), 413, 'uncompressed it is too large');
  for (const body of ['{"EventType":"x"}', '[]', 'no', '[1]', '["x"]', '[[]]', '[{"TenantId":"x"}]', '[{"Type":"x"}]', '[{"1st":"x"}]', `[{"${'a'.repeat(46)}":1}]`, '[{"EventType":1}]', '[{"EventType":{"a":1}}]', '[{"L1Hit":"true"}]', '[{"PromptLength":1.5}]', '[{"TimeGenerated":"soon"}]']) {
    t.equal(await post(body), 400, body.slice(0, 40));
  }
  t.equal(await post(Buffer.from('[{"EventType":"\xe9"}]', 'latin1')), 400, 'not UTF-8');
  t.equal(await post('[{"Unknown":"x"}]'), 204);
  t.same(azure.rows.at(-1), {}, 'columns that the stream does not have are dropped');
  azure.quota = 0;
  t.equal(await post(rows), 429);
  azure.quota = Infinity;
  azure.publishers.clear();
  t.equal(await post(rows), 403);
  await clock.advance(3_599_000);
  t.equal(await post(rows), 401, 'an hour later');
  await close();
});
