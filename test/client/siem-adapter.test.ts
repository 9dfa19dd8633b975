import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { SiemConfig } from '../../src/config/schema.js';
import { createSiemAdapter, SiemDeliveryError, type SiemEvent, type SiemSettings } from '../../src/client/siem-adapter.js';
import { ConfigError, RaxedError } from '../../src/errors.js';
import { decodeEvent, encodeEvent, type FilteredEvent } from '../../src/event/privacy.js';
import { parseCef } from '../fixtures/cef-parser.js';
import { cefCollector } from '../fixtures/arcsight.js';
import { sampleGap, sampleScan, sampleStatusChange, sampleTest } from '../fixtures/events.js';
import { startLogscale } from '../fixtures/logscale.js';
import { closedPort, eventually, syslogReceiver, tcpReceiver } from '../fixtures/receivers.js';
import { startSplunk } from '../fixtures/splunk-hec.js';

const OPTIONS = { env: {}, hostname: 'prod-server-01', installationId: 'inst_abc123' };

/** As a program has it that took the event out of a webhook's body. */
function given(event: FilteredEvent): SiemEvent {
  if (event.event_type === 'heartbeat') throw new Error('not for SIEMs');
  return event;
}
const scans = (count: number): SiemEvent[] => Array.from({ length: count }, (_, i) => given(sampleScan({ id: `evt_${String(i).padStart(26, '0')}` })));

function failure(promise: Promise<unknown>): Promise<SiemDeliveryError> {
  return promise.then(() => { throw new Error('it resolved'); }, (error: unknown) => {
    if (error instanceof SiemDeliveryError) return error;
    throw error;
  });
}

t.test('an event is sent, and its answer told, without a daemon', async (t) => {
  const splunk = await startSplunk({ hec: {} });
  const siem = createSiemAdapter({ type: 'splunk', url: splunk.url, token: 'hec', splunk_source: 'mine' }, OPTIONS);
  t.match(siem, { name: 'splunk', type: 'splunk', url: `http://127.0.0.1:${splunk.port}` });
  const event = given(sampleScan());
  t.same(await siem.sendEvent(event), { httpStatus: 200, says: 'Success (code 0)' });
  t.same(splunk.events, [JSON.parse(siem.transformEvent(event))]);
  t.match(splunk.events[0], { source: 'mine', host: 'prod-server-01', event: { event_id: event.event_id, severity: 'critical' } });
  t.match(await siem.healthCheck(), { httpStatus: 200, says: 'HEC is healthy (code 17)', checked: /health address/ });
  await siem.close();
  await siem.close();
  for (const call of [siem.sendEvent(event), siem.sendBatch([event]), siem.healthCheck()]) await t.rejects(Promise.resolve<unknown>(call), { code: 'STOPPING' });
  await splunk.close();
});

t.test('an acknowledgement is waited for', async (t) => {
  const splunk = await startSplunk({ hec: { ack: true } });
  const siem = createSiemAdapter({ type: 'splunk', url: splunk.url, token: 'hec', splunk_ack: true }, OPTIONS);
  t.match(await siem.sendEvent(given(sampleTest())), { says: 'an indexer has acknowledged it' });
  await siem.close();
  await splunk.close();
});

t.test('every kind of event becomes what each kind of SIEM gets', (t) => {
  const events = [sampleScan(), sampleTest(), sampleGap(), sampleStatusChange()].map(given);
  const table: [SiemSettings, (text: string) => unknown][] = [
    [{ type: 'cef', url: 'syslog://siem.example', transport: 'tcp' }, (text) => /^<1\d\d>1 .*prod-server-01 RAXE/.test(text) && parseCef(text).extension['cs4']],
    [{ type: 'cef', url: 'https://siem.example/cef' }, (text) => text.startsWith('CEF:0|') && parseCef(text).extension['cs4']],
    [{ type: 'arcsight', url: 'https://siem.example/', smart_connector_id: 'sc-1' }, (text) => parseCef(text).extension['deviceExternalId'] === 'sc-1' && parseCef(text).extension['cs4']],
    [{ type: 'splunk', url: 'https://siem.example', token: 't' }, (text) => JSON.parse(text).event.event_id],
    [{ type: 'crowdstrike', url: 'https://siem.example/api/v1/ingest/json', token: 't' }, (text) => JSON.parse(text).event_id],
    [{ type: 'sentinel', url: 'https://siem.example', token: 't', dcr_id: 'd', stream: 's', tenant_id: 'ti', client_id: 'c' }, (text) => JSON.parse(text).EventId],
    [{ type: 'sentinel', url: 'https://siem.example', token: 't', sentinel_workspace_id: 'w' }, (text) => JSON.parse(text).EventId],
  ];
  for (const [settings, idOf] of table) {
    const siem = createSiemAdapter(settings, OPTIONS);
    for (const event of events) t.equal(idOf(siem.transformEvent(event)), event.event_id, `${settings.type} ${event.event_type}`);
    void siem.close();
  }
  t.end();
});

t.test('texts are sent as far as they are given, and CEF carries none', (t) => {
  const event = given(sampleScan({ dataMode: 'full', texts: { prompt: 'my secret plan' } }));
  const hec = createSiemAdapter({ type: 'splunk', url: 'https://siem.example', token: 't' }, OPTIONS);
  const cef = createSiemAdapter({ type: 'cef', url: 'https://siem.example' }, OPTIONS);
  t.match(hec.transformEvent(event), /my secret plan/);
  t.notMatch(cef.transformEvent(event), /my secret plan/);
  t.match(event, { payload: { _mssp_data: { prompt_text: 'my secret plan' } } }, 'what was given is as it was');
  t.end();
});

t.test('a batch goes in as few requests as the limits allow, in order', async (t) => {
  const logscale = await startLogscale('t');
  const siem = createSiemAdapter({ type: 'crowdstrike', url: `${logscale.url}/api/v1/ingest/json`, token: 't', batch_events: 40 }, OPTIONS);
  t.same(await siem.sendBatch(scans(100)), { delivered: 100, refused: [] });
  t.same(logscale.sizes, [40, 40, 20]);
  t.same(logscale.events.map(({ fields }) => fields['event_id']), scans(100).map(({ event_id }) => event_id));
  t.same(await siem.sendBatch([]), { delivered: 0, refused: [] });
  await siem.close();
  await logscale.close();
});

t.test('what a SIEM refuses for good is found, and its neighbours are delivered', async (t) => {
  const poisoned = (event: unknown): boolean => /0(3|17|18)"/.test(JSON.stringify(event));
  const splunk = await startSplunk({ hec: {} });
  splunk.unparsable = ({ event }) => poisoned(event);
  const collector = await cefCollector();
  const bad = new Set([3, 17, 18].map((i) => scans(20)[i]?.event_id));
  const halving = createSiemAdapter({ type: 'cef', url: `${collector.url}/cef` }, OPTIONS);
  const { answer } = collector;
  collector.answer = (request, response) => { if ([...bad].some((id) => request.body.includes(String(id)))) response.writeHead(400).end(); else answer(request, response); };
  for (const [siem, ids] of [
    [createSiemAdapter({ type: 'splunk', url: splunk.url, token: 'hec' }, OPTIONS), () => splunk.events.map(({ event }) => (event as { event_id: string }).event_id)],
    [halving, () => collector.events.map(({ extension }) => extension['cs4'])],
  ] as const) {
    const { delivered, refused } = await siem.sendBatch(scans(20));
    t.equal(delivered, 17);
    t.same(refused.map(({ index }) => index), [3, 17, 18]);
    t.same(refused.map(({ eventId }) => eventId), [...bad]);
    t.match(refused[0]?.reason, /^answered 400/);
    t.same([...new Set(ids())], scans(20).map(({ event_id }) => event_id).filter((id) => !bad.has(id)));
    await siem.close();
  }
  await splunk.close();

  collector.answer = (_request, response) => { response.writeHead(422).end(); };
  const all = createSiemAdapter({ type: 'cef', url: collector.url }, OPTIONS);
  t.match(await failure(all.sendBatch(scans(20))), { retryable: false, receiverStatus: 422, settled: 0 }, 'all are refused: that is a setting');
  await all.close();
  await collector.close();
});

t.test('a failure says whether it may heal, and what need not be sent again, and no secret', async (t) => {
  const splunk = await startSplunk({ hec: {} });
  const siem = createSiemAdapter({ type: 'splunk', url: `${splunk.url}/event`, token: 'hec', batch_events: 10 }, OPTIONS);
  splunk.busy = { retryAfter: '7' };
  t.match(await failure(siem.sendEvent(given(sampleTest()))), { code: 'DELIVERY_FAILED', message: 'answered 503', retryable: true, retryAfterMs: 7000, receiverStatus: 503, settled: 0 });
  splunk.busy = undefined;
  splunk.unparsable = ({ event }) => { if ((event as { event_id: string }).event_id.endsWith('15')) splunk.busy = {}; return false; };
  const stopped = await failure(siem.sendBatch(scans(40)));
  t.match(stopped, { retryable: true, settled: 20 });
  t.ok(stopped instanceof RaxedError);

  const stranger = createSiemAdapter({ type: 'splunk', url: splunk.url, token: 'CANARY' }, OPTIONS);
  splunk.busy = undefined;
  const wrong = await failure(stranger.sendEvent(given(sampleTest())));
  t.match(wrong, { retryable: false, receiverStatus: 403 });
  t.notMatch(JSON.stringify([wrong.message, String(wrong.cause), Object.entries(wrong)]), /CANARY|services/);
  await Promise.all([siem.close(), stranger.close(), splunk.close()]);

  const nobody = createSiemAdapter({ type: 'cef', url: `syslog://127.0.0.1:${await closedPort()}`, transport: 'tcp' }, OPTIONS);
  t.match(await failure(nobody.healthCheck()), { retryable: true, receiverStatus: undefined, message: 'ECONNREFUSED' });
  await nobody.close();
});

t.test('a call is given up when its signal says so, or the adapter is closed', async (t) => {
  const silent = await tcpReceiver((socket) => { socket.resume(); }, { allowHalfOpen: true });
  const siem = createSiemAdapter({ type: 'cef', url: `http://127.0.0.1:${silent.port}/` }, OPTIONS);
  const abort = new AbortController();
  const sending = failure(siem.sendEvent(given(sampleTest()), { signal: abort.signal }));
  const other = failure(siem.sendEvent(given(sampleTest())));
  await eventually(() => silent.connections.open === 2);
  abort.abort();
  t.match(await sending, { message: 'aborted', retryable: true });
  await siem.close();
  t.equal((await other).retryable, true);
  await silent.close();
});

t.test('over syslog', async (t) => {
  const receiver = await syslogReceiver();
  const siem = createSiemAdapter({ type: 'cef', url: `syslog://127.0.0.1:${receiver.port}`, transport: 'tcp' }, OPTIONS);
  t.same(await siem.sendEvent(given(sampleScan())), { says: 'the receiver read to the end' });
  t.same(receiver.messages, [siem.transformEvent(given(sampleScan()))]);
  await siem.close();
  await receiver.close();
});

t.test('settings are refused as the configuration file\'s are, all at once, and their values are not shown', (t) => {
  const refusal = (settings: unknown): ConfigError | undefined => {
    try {
      void createSiemAdapter(settings as SiemSettings, OPTIONS).close();
      return undefined;
    } catch (error) {
      if (error instanceof ConfigError) return error;
      throw error;
    }
  };
  const table: [unknown, string, string][] = [
    [{ type: 'cef', url: 'syslog://siem.example', transport: 'udp', tls: true }, 'CONFIG_INVALID', '/tls'],
    [{ type: 'cef', url: 'https://siem.example/', transport: 'udp' }, 'CONFIG_INVALID', '/transport'],
    [{ type: 'splunk', url: 'http://siem.example/', token: 'CANARY' }, 'CONFIG_INVALID', '/url'],
    [{ type: 'splunk', url: 'https://siem.example/services/collector/raw', token: 'CANARY' }, 'CONFIG_INVALID', '/url'],
    [{ type: 'sentinel', url: 'https://siem.example/', token: 'CANARY' }, 'CONFIG_INVALID', '/dcr_id'],
    [{ type: 'splunk', url: 'https://siem.example/', token: 'CANARY', splunk_indx: 'x' }, 'CONFIG_INVALID', '/splunk_indx'],
    [{ type: 'splunk', url: 'https://siem.example/' }, 'CONFIG_INVALID', '/token'],
    [{ type: 'other', url: 'CANARY' }, 'CONFIG_INVALID', '/type'],
    [null, 'CONFIG_INVALID', ''],
    ['CANARY', 'CONFIG_INVALID', ''],
    [{ type: 'splunk', url: 'https://siem.example/', token: { env: 'NOT_SET' } }, 'SECRET_UNAVAILABLE', '/token'],
    [{ type: 'splunk', url: 'https://siem.example/', token: { file: '/nonexistent' } }, 'SECRET_UNAVAILABLE', '/token'],
  ];
  for (const [settings, code, pointer] of table) {
    const error = refusal(settings);
    t.equal(error?.code, code, JSON.stringify(settings));
    t.equal(error?.problems[0]?.pointer, pointer, error?.message ?? '');
    t.notMatch(error?.message, /CANARY/);
  }
  const file = join(t.testdir(), 'token');
  writeFileSync(file, 'from a file\n');
  for (const token of [{ file }, { env: 'HEC' }]) {
    const siem = createSiemAdapter({ type: 'splunk', url: 'https://siem.example/', token }, { ...OPTIONS, env: { HEC: 'x' } });
    void siem.close();
  }
  t.end();
});

t.test('what a program passes is checked, by field, before anything is sent', async (t) => {
  const collector = await cefCollector();
  const siem = createSiemAdapter({ type: 'cef', url: collector.url }, OPTIONS);
  const good = JSON.parse(Buffer.from(encodeEvent(sampleScan())).toString()) as Record<string, Record<string, unknown>>;
  const payload = good['payload'] ?? {};
  const l1 = payload['l1'] as Record<string, unknown>;
  const table: [unknown, string][] = [
    [undefined, 'event.event_type'], [null, 'event.event_type'], ['x', 'event.event_type'], [[], 'event.event_type'],
    [{ ...good, event_type: 'heartbeat' }, 'event.event_type'], [{ ...good, event_type: 'toString' }, 'event.event_type'],
    [{ ...good, event_id: 'a b' }, 'event.event_id'], [{ ...good, event_id: 1 }, 'event.event_id'],
    [{ ...good, timestamp: 'soon' }, 'event.timestamp'], [{ ...good, payload: undefined }, 'event.payload.mssp_id'],
    [{ ...good, payload: { ...payload, l1: null } }, 'event.payload.l1.hit'],
    [{ ...good, payload: { ...payload, l1: { ...l1, detections: [{ rule_id: 'CANARY' }] } } }, 'event.payload.l1.detections[0].family'],
    [{ ...good, payload: { ...payload, l2: { hit: 'CANARY' } } }, 'event.payload.l2.hit'],
    [{ ...good, payload: { ...payload, prompt_length: 'CANARY' } }, 'event.payload.prompt_length'],
    [{ ...good, payload: { ...payload, _mssp_context: undefined } }, 'event.payload._mssp_context.data_mode'],
  ];
  for (const [event, name] of table) {
    for (const call of [async () => siem.transformEvent(event as SiemEvent), () => siem.sendEvent(event as SiemEvent)]) {
      await t.rejects(Promise.resolve<unknown>(call()), { code: 'BAD_REQUEST', message: new RegExp(`^${name.replace(/[.[\]]/g, '\\$&')} must be `) }, name);
    }
  }
  await t.rejects(siem.sendBatch([given(sampleTest()), { ...good, event_id: '' } as unknown as SiemEvent]), { message: /^events\[1\]\.event_id must be/ });
  await t.rejects(siem.sendBatch('CANARY' as unknown as SiemEvent[]), { message: 'events must be an array' });
  t.equal(collector.requests.length, 0);
  t.equal(siem.transformEvent(good as unknown as SiemEvent), siem.transformEvent(given(decodeEvent(encodeEvent(sampleScan())))));
  await siem.close();
  await collector.close();
});

t.test('the settings of the library are those of the configuration file, key for key', (t) => {
  // Checked by the compiler: whatever the file stands for may be given, and there is no key that the file does not know.
  const asSettings = (config: SiemConfig): SiemSettings => config;
  type KeysOf<T> = T extends unknown ? keyof T : never;
  const noOther: Exclude<KeysOf<SiemSettings>, KeysOf<SiemConfig>> extends never ? true : false = true;
  const noneMissing: Exclude<KeysOf<SiemConfig>, KeysOf<SiemSettings>> extends never ? true : false = true;
  t.ok(noOther && noneMissing && typeof asSettings === 'function');
  t.end();
});
