import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { splunkAddresses } from '../../src/config/collectors.js';
import { HEC_CODES, hecMeaning } from '../../src/outputs/hec.js';
import type { SiemOutput } from '../../src/outputs/output.js';
import { ACK_TIMEOUT_MS } from '../../src/outputs/splunk-ack.js';
import { createSplunkOutput, type SplunkOptions } from '../../src/outputs/splunk.js';
import { nodeClock } from '../../src/platform/node.js';
import { hasOpenssl, makeCertificates } from '../fixtures/certificates.js';
import { manualClock } from '../fixtures/clock.js';
import { sampleScan, sampleTest, SAMPLE_TIME } from '../fixtures/events.js';
import { eventually } from '../fixtures/receivers.js';
import { startSplunk, type Splunk } from '../fixtures/splunk-hec.js';
import { conformsToSiem, outgoing, refusal, type SiemHarness } from './conformance.js';

const never = new AbortController().signal;
const CHANNEL = '8c4d1c6e-6f5b-4f0c-9c67-3a5f2f2a7f10';
const TOKENS = {
  'hec-token': { indexes: ['main', 'raxe_security'] }, 'ack-token': { ack: true }, 'old-token': { disabled: true },
} as const;
const scans = (count: number): ReturnType<typeof outgoing>[] => Array.from({ length: count }, (_, i) => outgoing(sampleScan({ id: `evt_${String(i).padStart(26, '0')}` })));
const idsOf = (splunk: Splunk): string[] => splunk.events.map(({ event }) => (event as { event_id: string }).event_id);

function output(url: string, options: Partial<SplunkOptions> = {}): SiemOutput {
  const addresses = splunkAddresses(url);
  if (addresses === undefined) throw new Error('no collector');
  return createSplunkOutput({
    name: 'splunk', ...addresses, token: 'hec-token', channel: undefined, metadata: { host: 'prod-server-01', source: 'raxe', sourcetype: 'raxe:scan' },
    batchEvents: 1000, batchBytes: 1024 * 1024, timeoutMs: 10_000, skipVerify: false, clock: manualClock(SAMPLE_TIME), version: '0.1.0', ...options,
  });
}

const harness = (token: string, options: Partial<SplunkOptions>): SiemHarness => ({
  create: (port, timeoutMs) => output(`http://127.0.0.1:${port}/services/collector/event`, { token, timeoutMs, ...options }),
  secrets: [token, 'services'],
  async receiver() {
    const splunk = await startSplunk(TOKENS);
    return { port: splunk.port, close: splunk.close, ids: () => idsOf(splunk) };
  },
  overTls: {
    create: (port, tls) => output(`https://127.0.0.1:${port}`, { token, tls, ...options }),
    receiver: (tls) => startSplunk(TOKENS, tls),
  },
});
conformsToSiem(t, 'splunk', harness('hec-token', {}));
conformsToSiem(t, 'splunk with acknowledgement', harness('ack-token', { channel: CHANNEL, clock: nodeClock }));

t.test('K1, K2: the request is what HEC documents, and no array', async (t) => {
  const splunk = await startSplunk(TOKENS);
  const one = output(splunk.url, { metadata: { host: 'h', source: 'raxe', sourcetype: 'raxe:scan', index: 'raxe_security' } });
  t.same(await one.send(scans(3), never).then(({ httpStatus }) => httpStatus), 200);
  const [first] = splunk.requests;
  t.match(first, { method: 'POST', path: '/services/collector', headers: { 'authorization': 'Splunk hec-token', 'content-type': 'application/json', 'content-encoding': 'gzip', 'user-agent': 'raxed/0.1.0' } });
  t.notOk('x-splunk-request-channel' in (first?.headers ?? {}));
  t.equal(splunk.events.length, 3);
  for (const event of splunk.events) t.match(event, { time: 1769769000, host: 'h', source: 'raxe', sourcetype: 'raxe:scan', index: 'raxe_security', event: { event_type: 'scan', threat_detected: true } });
  const unset = output(`${splunk.url}/event?auto_extract_timestamp=false`);
  await unset.send([outgoing(sampleTest())], never);
  t.equal(splunk.requests[1]?.path, '/services/collector/event?auto_extract_timestamp=false', 'the address is as it was given');
  t.notOk('index' in (splunk.events[3] ?? {}));
  await Promise.all([one.close(), unset.close(), splunk.close()]);
});

t.test('a batch that is longer than batch_bytes once it is in envelopes is more than one request', async (t) => {
  const splunk = await startSplunk(TOKENS);
  const small = output(splunk.url, { batchBytes: 4096 });
  await small.send(scans(20), never);
  t.ok(splunk.requests.length > 2);
  t.same(idsOf(splunk), scans(20).map(({ event }) => event.event_id));
  splunk.unparsable = ({ event }) => (event as { event_id: string }).event_id.endsWith('13');
  t.match(await refusal(small.send(scans(20), never)), { kind: 'refused', refusedAt: 13 }, 'the place is the one in the batch');
  await Promise.all([small.close(), splunk.close()]);
});

t.test('K3: the event that HEC names is the refused one', async (t) => {
  const splunk = await startSplunk(TOKENS);
  const hec = output(splunk.url);
  splunk.unparsable = ({ event }) => (event as { event_id: string }).event_id.endsWith('1');
  t.match(await refusal(hec.send(scans(3), never)), { kind: 'refused', refusedAt: 1, httpStatus: 400, message: 'answered 400: invalid data format' });
  await Promise.all([hec.close(), splunk.close()]);
});

t.test('K4: a busy collector is waited for as it says', async (t) => {
  const splunk = await startSplunk(TOKENS);
  const hec = output(splunk.url);
  for (const [retryAfter, retryAfterMs] of [['7', 7000], ['Fri, 30 Jan 2026 10:30:09 GMT', 9000]] as const) {
    splunk.busy = { retryAfter };
    t.match(await refusal(hec.send(scans(1), never)), { kind: 'retry', retryAfterMs, overload: true, httpStatus: 503 });
  }
  splunk.busy = undefined;
  splunk.maxContentLength = 100;
  t.match(await refusal(hec.send(scans(1), never)), { kind: 'too_large', httpStatus: 413 });
  await Promise.all([hec.close(), splunk.close()]);
});

t.test('settings that are wrong are called so, and cost no event', async (t) => {
  const splunk = await startSplunk(TOKENS);
  const table: [Partial<SplunkOptions>, RegExp][] = [
    [{ token: 'nobodys-token' }, /^answered 403: Splunk does not take the token: see token$/],
    [{ token: 'old-token' }, /the token is disabled/],
    [{ token: 'ack-token' }, /see splunk_ack/],
    [{ channel: CHANNEL }, /^the token has no indexer acknowledgement: see splunk_ack$/],
    [{ token: 'ack-token', channel: 'no-guid' }, /channel/],
    [{ metadata: { host: 'h', source: 's', sourcetype: 't', index: 'elsewhere' } }, /see splunk_index/],
    [{ url: `${splunk.url}/elsewhere` }, /^answered 404$/],
    [{ token: 'two\nlines' }, /see the URL and the secrets/],
  ];
  for (const [options, message] of table) {
    const wrong = output(splunk.url, options);
    const error = await refusal(wrong.send(scans(2), never));
    t.equal(error.kind, 'misconfigured', error.message);
    t.match(error.message, message);
    await wrong.close();
  }
  await splunk.close();
});

t.test('every reply code of HEC means something, and none but a malformed event\'s costs one', (t) => {
  const meaning = (status: number, body: string, complete = true): unknown => hecMeaning(0)({ status, headers: {}, body: Buffer.from(body), complete });
  for (let code = 1; code <= 27; code++) {
    const kind = HEC_CODES[code]?.kind;
    if ([17, 24, 25].includes(code)) t.equal(kind, undefined, `${code}: the status says it`);
    else t.equal(kind, [6, 12, 13, 15].includes(code) ? 'refused' : [8, 9, 18, 19, 20, 23, 26, 27].includes(code) ? 'retry' : 'misconfigured', String(code));
  }
  t.match(meaning(400, '{"text":"Event field is required","code":12,"invalid-event-number":2}'), { kind: 'refused', refusedAt: 2 });
  t.match(meaning(400, '{"text":"Incorrect index","code":7,"invalid-event-number":1}'), { kind: 'misconfigured', refusedAt: undefined }, 'the index is the same for all');
  for (const body of ['', '<html>', 'null', '[]', '{"code":"7"}', '{"code":6', '{"code":99}', '{"code":0}']) t.equal(meaning(400, body), undefined, body);
  t.equal(meaning(400, '{"code":7}', false), undefined, 'cut short');
  t.end();
});

t.test('K5: with acknowledgement every request names the channel, and an event is delivered once an indexer has it', async (t) => {
  const splunk = await startSplunk(TOKENS);
  const clock = manualClock(SAMPLE_TIME);
  const hec = output(splunk.url, { token: 'ack-token', channel: CHANNEL, clock });
  splunk.ackDelay = 3;
  let done = false;
  const sending = hec.send(scans(2), never).then(() => { done = true; });
  while (!done) {
    await eventually(() => clock.sleepers === 1 || done);
    await clock.advance(50);
  }
  await sending;
  t.equal(splunk.events.length, 2);
  t.ok(clock.monotonic() >= 100 + 200 + 400 + 800, 'with pauses that grow');
  const [event, ...acks] = splunk.requests;
  t.equal(acks.length, 4);
  t.equal(event?.path, '/services/collector');
  for (const { method, path, body } of acks) t.same([method, path, body.toString()], ['POST', `/services/collector/ack?channel=${CHANNEL}`, '{"acks":[0]}']);
  for (const { headers } of splunk.requests) t.match(headers, { 'x-splunk-request-channel': CHANNEL, 'authorization': 'Splunk ack-token' });
  await Promise.all([hec.close(), splunk.close()]);
});

t.test('what is never acknowledged is sent again; questions that fail are asked again; a stop ends the waiting', async (t) => {
  const splunk = await startSplunk(TOKENS);
  const clock = manualClock(SAMPLE_TIME);
  const hec = output(splunk.url, { token: 'ack-token', channel: CHANNEL, clock, timeoutMs: 1000 });
  splunk.ackDelay = Infinity;
  let error: { kind: string; message: string } | undefined;
  const sending = refusal(hec.send(scans(1), never)).then((refused) => { error = refused; });
  const began = clock.monotonic();
  while (error === undefined) {
    await eventually(() => clock.sleepers === 1 || error !== undefined);
    await clock.advance(5000);
  }
  await sending;
  t.match(error, { kind: 'retry', message: 'not acknowledged within 300 s' });
  t.ok(clock.monotonic() - began >= ACK_TIMEOUT_MS && clock.monotonic() - began < ACK_TIMEOUT_MS + 10_000);

  const abort = new AbortController();
  const stopped = refusal(hec.send(scans(1), abort.signal));
  await eventually(() => clock.sleepers === 1);
  abort.abort();
  t.match(await stopped, { kind: 'retry', message: 'aborted' });

  splunk.ackDelay = 0;
  const later = hec.send(scans(1), never);
  await eventually(() => clock.sleepers === 1);
  await splunk.close();
  await clock.advance(100);
  await eventually(() => clock.sleepers === 1);
  t.pass('nobody there to ask: it will be asked again');
  await hec.close();
  void later.catch(() => undefined);
});

t.test('K5: behind a load balancer the indexer that took a request is the one that is asked, though each counts from 0', async (t) => {
  const splunk = await startSplunk(TOKENS);
  splunk.indexers = 3;
  splunk.ackDelay = 1;
  const hec = output(splunk.url, { token: 'ack-token', channel: CHANNEL, clock: nodeClock, batchBytes: 4096 });
  t.match(await hec.send(scans(20), never), { says: 'an indexer has acknowledged it' });
  t.same(idsOf(splunk), scans(20).map(({ event }) => event.event_id));
  const questions = splunk.requests.filter(({ path }) => path.includes('/ack'));
  t.same([...new Set(questions.map(({ headers }) => headers.cookie))].sort(), ['AWSELB=0; other=x', 'AWSELB=1; other=x', 'AWSELB=2; other=x']);
  t.ok(questions.every(({ body }) => new Set((JSON.parse(body.toString()) as { acks: number[] }).acks).size === (JSON.parse(body.toString()) as { acks: number[] }).acks.length));
  t.equal(splunk.requests.filter(({ path }) => !path.includes('/ack')).every(({ headers }) => headers.cookie === undefined), true, 'events go to whichever is next');

  // Another indexer's yes to the same number is about another request.
  splunk.ackDelay = 0;
  const first = output(splunk.url, { token: 'ack-token', channel: CHANNEL, clock: nodeClock });
  await Promise.all(Array.from({ length: 6 }, (_, i) => first.send(scans(i + 1), never)));
  await Promise.all([hec.close(), first.close(), splunk.close()]);
});

t.test('its health is asked for without an event', async (t) => {
  const splunk = await startSplunk(TOKENS);
  const hec = output(`${splunk.url}/event`);
  t.match(await hec.healthCheck(never), { httpStatus: 200, says: 'HEC is healthy (code 17)', checked: /only a test event shows/ });
  t.match(splunk.requests[0], { method: 'GET', path: '/services/collector/health', headers: { authorization: 'Splunk hec-token' } });
  splunk.healthy = false;
  t.match(await refusal(hec.healthCheck(never)), { kind: 'retry', message: 'answered 503: its queues are full' });
  const stranger = output(splunk.url, { token: 'nobodys-token' });
  t.match(await refusal(stranger.healthCheck(never)), { kind: 'misconfigured', message: /see token/ });
  t.equal(splunk.events.length, 0);
  await Promise.all([hec.close(), stranger.close(), splunk.close()]);
  t.equal((await refusal(hec.healthCheck(never))).kind, 'retry');
});

t.test('the addresses follow from the URL', (t) => {
  const table: [string, string | undefined, string?][] = [
    ['https://s:8088/services/collector', 'https://s:8088/services/collector'],
    ['https://s:8088/services/collector/event', 'https://s:8088/services/collector/event'],
    ['https://s/services/collector/event/1.0', 'https://s/services/collector/event/1.0'],
    ['https://s:8088', 'https://s:8088/services/collector/event'],
    ['https://s:8088/', 'https://s:8088/services/collector/event'],
    ['https://s/hec/services/collector/?x=1', 'https://s/hec/services/collector/?x=1', 'https://s/hec/services/collector'],
    ['https://s/services/collector/raw', undefined], ['https://s/services/collector/raw/1.0', undefined], ['https://s/services', undefined], ['https://s/?x=1', undefined],
    ['https://s/services/collector/ack', undefined],
  ];
  for (const [given, url, base = url === undefined ? '' : `${new URL(url).origin}/services/collector`] of table) {
    t.same(splunkAddresses(given), url === undefined ? undefined : { url, ackUrl: `${base}/ack`, healthUrl: `${base}/health` }, given);
  }
  t.end();
});

t.test('over TLS with the operator\'s authority', { skip: hasOpenssl() ? false : 'no openssl' }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'raxed-splunk-'));
  t.teardown(() => { rmSync(folder, { recursive: true }); });
  const own = makeCertificates(folder, 'splunk');
  const splunk = await startSplunk(TOKENS, { cert: own.cert, key: own.key });
  const hec = output(splunk.url, { tls: { caFile: own.caFile } });
  await hec.send(scans(1), never);
  t.equal(splunk.events.length, 1);
  const strict = output(splunk.url);
  t.match(await refusal(strict.send(scans(1), never)), { kind: 'retry', message: /see tls.ca_file/ });
  await Promise.all([hec.close(), strict.close(), splunk.close()]);
});

t.test('the stand-in is as strict as Splunk: each rule, broken by hand', async (t) => {
  const splunk = await startSplunk(TOKENS);
  t.teardown(() => splunk.close());
  const time = 1769769000.25;
  const ask = (path: string, { token = 'Splunk hec-token' as string | null, body = '' as string | Buffer, method = 'POST', headers = {} as Record<string, string> } = {}): Promise<{ status: number; reply: Record<string, unknown> }> =>
    new Promise((resolve, reject) => {
      const call = request({ port: splunk.port, host: '127.0.0.1', path, method, agent: false, headers: { ...(token === null ? {} : { Authorization: token }), ...headers } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => { resolve({ status: response.statusCode ?? 0, reply: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown> }); });
      });
      call.on('error', reject);
      call.end(body);
    });
  const good = JSON.stringify({ time, event: 'x' });
  const at = '/services/collector/event';
  const table: [string, string, Parameters<typeof ask>[1], number, object][] = [
    ['a good event', at, { body: good }, 200, { code: 0 }],
    ['three of them, with nothing between', at, { body: good + good + good }, 200, { code: 0 }],
    ['compressed', at, { body: gzipSync(good), headers: { 'Content-Encoding': 'gzip' } }, 200, { code: 0 }],
    ['compressed, it says', at, { body: good, headers: { 'Content-Encoding': 'gzip' } }, 400, { code: 6 }],
    ['an array', at, { body: `[${good}]` }, 400, { 'code': 6, 'invalid-event-number': 0 }],
    ['commas between', at, { body: `${good},${good}` }, 400, { 'code': 6, 'invalid-event-number': 1 }],
    ['milliseconds', at, { body: JSON.stringify({ time: 1769769000250, event: 'x' }) }, 400, { code: 6 }],
    ['seconds in a string', at, { body: JSON.stringify({ time: String(time), event: 'x' }) }, 200, { code: 0 }],
    ['a name that no envelope has', at, { body: JSON.stringify({ '@timestamp': 1, 'event': 'x' }) }, 400, { code: 6 }],
    ['a host that is no string', at, { body: JSON.stringify({ host: 1, event: 'x' }) }, 400, { code: 6 }],
    ['no event', at, { body: `${good}{"time":${time}}` }, 400, { 'code': 12, 'invalid-event-number': 1 }],
    ['a blank event', at, { body: `${good}${good}{"event":""}` }, 400, { 'code': 13, 'invalid-event-number': 2 }],
    ['nothing at all', at, {}, 400, { code: 5 }],
    ['the wrong index', at, { body: JSON.stringify({ index: 'secret', event: 'x' }) }, 400, { 'code': 7, 'invalid-event-number': 0 }],
    ['no token', at, { token: null, body: good }, 401, { code: 2 }],
    ['Bearer', at, { token: 'Bearer hec-token', body: good }, 401, { code: 3 }],
    ['an unknown token', at, { token: 'Splunk x', body: good }, 403, { code: 4 }],
    ['a disabled token', at, { token: 'Splunk old-token', body: good }, 403, { code: 1 }],
    ['no channel', at, { token: 'Splunk ack-token', body: good }, 400, { code: 10 }],
    ['a channel that is no GUID', `${at}?channel=1`, { token: 'Splunk ack-token', body: good }, 400, { code: 11 }],
    ['a channel', `${at}?channel=${CHANNEL}`, { token: 'Splunk ack-token', body: good }, 200, { code: 0, ackId: 0 }],
    ['acks of a token without', `/services/collector/ack?channel=${CHANNEL}`, { body: '{"acks":[0]}' }, 400, { code: 14 }],
    ['acks without a channel', '/services/collector/ack', { token: 'Splunk ack-token', body: '{"acks":[0]}' }, 400, { code: 10 }],
    ['too early', `/services/collector/ack?channel=${CHANNEL}`, { token: 'Splunk ack-token', body: '{"acks":[0]}' }, 200, { acks: { 0: false } }],
    ['still too early', `/services/collector/ack?channel=${CHANNEL}`, { token: 'Splunk ack-token', body: '{"acks":[0]}' }, 200, { acks: { 0: false } }],
    ['the ack, and one that there is not', `/services/collector/ack?channel=${CHANNEL}`, { token: 'Splunk ack-token', body: '{"acks":[0,7]}' }, 200, { acks: { 0: true, 7: false } }],
    ['told already', `/services/collector/ack?channel=${CHANNEL}`, { token: 'Splunk ack-token', body: '{"acks":[0]}' }, 200, { acks: { 0: false } }],
    ['no list of acks', `/services/collector/ack?channel=${CHANNEL}`, { token: 'Splunk ack-token', body: '{}' }, 400, { code: 6 }],
    ['another path', '/services/elsewhere', { body: good }, 404, {}],
    ['GET', at, { method: 'GET' }, 405, {}],
    ['health', '/services/collector/health', { method: 'GET' }, 200, { code: 17 }],
    ['health with an unknown token', '/services/collector/health', { method: 'GET', token: 'Splunk x' }, 400, { code: 21 }],
    ['a byte too many', at, { body: 'x'.repeat(1_000_001) }, 413, {}],
  ];
  for (const [what, path, options, status, reply] of table) t.match(await ask(path, options), { status, reply }, what);
  splunk.busy = { retryAfter: '3' };
  t.match(await ask(at, { body: good }), { status: 503, reply: { code: 9 } });
});
