import { gzipSync } from 'node:zlib';
import t from 'tap';
import { logscaleTarget } from '../../src/config/collectors.js';
import { createLogscaleOutput, type LogscaleOptions } from '../../src/outputs/logscale.js';
import type { SiemOutput } from '../../src/outputs/output.js';
import { manualClock } from '../fixtures/clock.js';
import { sampleScan, sampleTest, SAMPLE_TIME } from '../fixtures/events.js';
import { startLogscale } from '../fixtures/logscale.js';
import { conformsToSiem, outgoing, refusal } from './conformance.js';

const never = new AbortController().signal;
const TOKEN = 'ingest-token';
const PATHS = { hec: '/api/v1/ingest/hec', json: '/api/v1/ingest/json' } as const;
const scans = (count: number, text = ''): ReturnType<typeof outgoing>[] =>
  Array.from({ length: count }, (_, i) => outgoing(sampleScan({ id: `evt_${String(i).padStart(26, '0')}`, texts: { prompt: text }, dataMode: 'full', dataFields: ['prompt'] })));

function output(url: string, options: Partial<LogscaleOptions> = {}): SiemOutput {
  const target = logscaleTarget(url);
  if (target === undefined) throw new Error('no ingest endpoint');
  return createLogscaleOutput({
    name: 'crowdstrike', ...target, token: TOKEN, host: 'prod-server-01',
    batchEvents: 1000, batchBytes: 1024 * 1024, timeoutMs: 10_000, skipVerify: false, clock: manualClock(SAMPLE_TIME), version: '0.1.0', ...options,
  });
}

for (const [body, path] of Object.entries(PATHS)) {
  conformsToSiem(t, `crowdstrike with ${body}`, {
    create: (port, timeoutMs) => output(`http://127.0.0.1:${port}${path}`, { timeoutMs }),
    secrets: [TOKEN, 'ingest'],
    async receiver() {
      const logscale = await startLogscale(TOKEN);
      return { port: logscale.port, close: logscale.close, ids: () => logscale.events.map(({ fields }) => String(fields['event_id'])) };
    },
    overTls: {
      create: (port, tls) => output(`https://127.0.0.1:${port}${path}`, { tls }),
      receiver: (tls) => startLogscale(TOKEN, tls),
    },
  });
}

t.test('L1: the HEC paths get envelopes, one a line, their time in seconds', async (t) => {
  const logscale = await startLogscale(TOKEN);
  for (const path of [PATHS.hec, '/services/collector', '/services/collector/event', '']) {
    const hec = output(`${logscale.url}${path}`);
    t.match(await hec.send([outgoing(sampleScan({ time: SAMPLE_TIME + 250 })), outgoing(sampleTest())], never), { httpStatus: 200 });
    await hec.close();
    const seen = logscale.requests.at(-1);
    t.match(seen, { method: 'POST', path: path === '' ? PATHS.hec : path, headers: { 'authorization': `Bearer ${TOKEN}`, 'content-type': 'application/json', 'content-encoding': 'gzip' } });
    t.match(logscale.events.at(-2), { '@timestamp': SAMPLE_TIME + 250, '#type': 'raxe:scan', 'fields': { event_type: 'scan', severity: 'critical' } });
    t.match(logscale.events.at(-1), { '@timestamp': SAMPLE_TIME, 'fields': { event_type: 'test' } });
  }
  await logscale.close();
});

t.test('L2: the JSON path gets an array of flat objects with @timestamp', async (t) => {
  const logscale = await startLogscale(TOKEN);
  const json = output(`${logscale.url}${PATHS.json}`);
  await json.send([outgoing(sampleScan({ time: SAMPLE_TIME + 1 })), outgoing(sampleTest())], never);
  t.match(logscale.requests[0]?.headers, { authorization: `Bearer ${TOKEN}` });
  const [scan, test] = logscale.events;
  t.equal(scan?.['@timestamp'], SAMPLE_TIME + 1);
  t.match(scan?.fields, { '@timestamp': '2026-01-30T10:30:00.001Z', 'event_type': 'scan', 'threat_detected': true, 'rule_ids': ['pi-001'], 'mssp_id': 'mssp_yourcompany' });
  t.match(test?.fields, { event_type: 'test', message: 'This is a test event' });
  await json.send([outgoing(sampleTest())], never);
  t.equal(logscale.events.length, 3, 'one event is an array, too');
  await Promise.all([json.close(), logscale.close()]);
});

t.test('L3: no request has more than 5,000 events or 5 MB, whatever the batch', async (t) => {
  const logscale = await startLogscale(TOKEN);
  for (const path of Object.values(PATHS)) {
    const many = output(`${logscale.url}${path}`, { batchEvents: 100_000, batchBytes: 100_000_000 });
    t.equal(many.batchEvents, 5000);
    t.equal(many.batchBytes, 5_000_000);
    logscale.events.length = 0;
    logscale.sizes.length = 0;
    await many.send(scans(7000), never);
    t.ok(logscale.sizes.length > 1 && Math.max(...logscale.sizes) <= 5000, String(logscale.sizes));
    await many.send(scans(6, 'é'.repeat(500_000)), never);
    t.same(logscale.sizes.slice(-2), [4, 2]);
    t.equal(logscale.events.length, 7006);
    t.equal((logscale.events.at(-1)?.fields['_mssp_data'] as { prompt_text: string }).prompt_text, 'é'.repeat(500_000));
    t.match(await refusal(many.send(scans(1, 'x'.repeat(5_000_001)), never)), { kind: 'too_large', httpStatus: 413 });
    await many.close();
  }
  await logscale.close();
});

t.test('only 200 is a yes; what else LogScale says is a setting, an event, or trouble that passes', async (t) => {
  const logscale = await startLogscale(TOKEN);
  const good = output(`${logscale.url}${PATHS.hec}`);
  for (const [accepts, kind] of [[201, 'retry'], [204, 'retry'], [302, 'misconfigured'], [400, 'refused'], [404, 'misconfigured'], [429, 'retry'], [500, 'retry'], [503, 'retry']] as const) {
    logscale.accepts = accepts;
    t.match(await refusal(good.send(scans(1), never)), { kind, httpStatus: accepts });
  }
  const stranger = output(`${logscale.url}${PATHS.hec}`, { token: 'nobodys' });
  t.match(await refusal(stranger.send(scans(1), never)), { kind: 'misconfigured', httpStatus: 401 });
  await Promise.all([good.close(), stranger.close(), logscale.close()]);
});

t.test('its health is asked for without an event or a token', async (t) => {
  const logscale = await startLogscale(TOKEN);
  const json = output(`${logscale.url}${PATHS.json}`);
  t.match(await json.healthCheck(never), { httpStatus: 200 });
  t.match(logscale.requests[0], { method: 'GET', path: '/api/v1/status', headers: { authorization: undefined } });
  logscale.status = 'WARN';
  t.match(await json.healthCheck(never), { httpStatus: 200 });
  logscale.status = 'DOWN';
  t.match(await refusal(json.healthCheck(never)), { kind: 'retry', httpStatus: 503 });
  t.equal(logscale.events.length, 0);
  await Promise.all([json.close(), logscale.close()]);
});

t.test('the path says which body', (t) => {
  const table: [string, 'hec' | 'json' | undefined, string?][] = [
    ['https://cloud.humio.com/api/v1/ingest/hec', 'hec'], ['https://l/services/collector', 'hec'], ['https://l/services/collector/event', 'hec'], ['https://l/api/v1/ingest/hec/', 'hec'],
    ['https://l/api/v1/ingest/json', 'json'], ['https://l/api/v1/ingest/json/', 'json'], ['https://l/logscale/api/v1/ingest/json', 'json', 'https://l/logscale/api/v1/status'],
    ['https://l', 'hec'],
    ['https://l/api/v1/ingest/hec/raw', undefined], ['https://l/services/collector/raw', undefined], ['https://l/api/v1/ingest/raw', undefined], ['https://l/api/v1/ingest/humio-structured', undefined],
    ['https://l/api/v1/ingest/json-x', undefined],
  ];
  for (const [url, body, healthUrl = `${new URL(url).origin}/api/v1/status`] of table) {
    t.match(logscaleTarget(url) ?? { body: undefined }, body === undefined ? { body: undefined } : { body, healthUrl }, url);
  }
  t.equal(logscaleTarget('https://l')?.url, 'https://l/api/v1/ingest/hec');
  t.end();
});

t.test('the stand-in is as strict as LogScale: each rule, broken by hand', async (t) => {
  const logscale = await startLogscale(TOKEN);
  t.teardown(() => logscale.close());
  const time = 1769769000.25;
  const hec = JSON.stringify({ time, sourcetype: 'raxe:scan', event: { a: 1 } });
  const flat = JSON.stringify({ '@timestamp': '2026-01-30T10:30:00Z', 'a': 1 });
  const ask = async (path: string, body: string | Buffer, { method = 'POST', headers = {} as Record<string, string> } = {}): Promise<number> => {
    const answer = await fetch(`${logscale.url}${path}`, { method, headers: { Authorization: `Bearer ${TOKEN}`, ...headers }, ...(method === 'GET' ? {} : { body }) });
    await answer.arrayBuffer();
    return answer.status;
  };
  const table: [string, string, string | Buffer, Parameters<typeof ask>[2], number][] = [
    ['an envelope', PATHS.hec, hec, {}, 200],
    ['two, white space between', PATHS.hec, `${hec}\r\n \n${hec}\n`, {}, 200],
    ['compressed', PATHS.hec, gzipSync(hec), { headers: { 'Content-Encoding': 'gzip' } }, 200],
    ['compressed, it says', PATHS.hec, hec, { headers: { 'Content-Encoding': 'gzip' } }, 400],
    ['an array of envelopes', PATHS.hec, `[${hec}]`, {}, 400],
    ['milliseconds', PATHS.hec, JSON.stringify({ time: 1769769000250, event: { a: 1 } }), {}, 400],
    ['a time that is none', PATHS.hec, JSON.stringify({ time: 'soon', event: { a: 1 } }), {}, 400],
    ['no event', PATHS.hec, JSON.stringify({ time }), {}, 400],
    ['an unknown member', PATHS.hec, JSON.stringify({ '@tags': [], 'event': { a: 1 } }), {}, 400],
    ['no JSON', PATHS.hec, '{', {}, 400],
    ['a flat object', PATHS.json, flat, {}, 200],
    ['an array of them', PATHS.json, `[${flat},${flat}]`, {}, 200],
    ['lines of them', PATHS.json, `${flat}\n${flat}`, {}, 400],
    ['without a time', PATHS.json, '[{"a":1}]', {}, 400],
    ['an array of strings', PATHS.json, '["a"]', {}, 400],
    ['Splunk\'s authorization', PATHS.hec, hec, { headers: { Authorization: `Splunk ${TOKEN}` } }, 401],
    ['another token', PATHS.hec, hec, { headers: { Authorization: 'Bearer x' } }, 401],
    ['another path', '/api/v1/ingest/hec/raw', hec, {}, 404],
    ['GET', PATHS.hec, '', { method: 'GET' }, 405],
    ['5,000 events', PATHS.json, `[${`${flat},`.repeat(4999)}${flat}]`, {}, 200],
    ['one more', PATHS.json, `[${`${flat},`.repeat(5000)}${flat}]`, {}, 413],
    ['5 MB', PATHS.json, flat.padEnd(5_000_000), {}, 200],
    ['one more byte, compressed', PATHS.json, gzipSync(flat.padEnd(5_000_001)), { headers: { 'Content-Encoding': 'gzip' } }, 413],
    ['status', '/api/v1/status', '', { method: 'GET' }, 200],
  ];
  for (const [what, path, body, options, status] of table) t.equal(await ask(path, body, options), status, what);
});
