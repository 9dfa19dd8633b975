import { gunzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { logscaleTarget, splunkAddresses } from '../../src/config/collectors.js';
import { createDeliveryLoop } from '../../src/delivery/loop.js';
import { encodeEvent } from '../../src/event/privacy.js';
import { createCefHttpOutput } from '../../src/outputs/cef-http.js';
import { createLogscaleOutput } from '../../src/outputs/logscale.js';
import type { Output } from '../../src/outputs/output.js';
import { createLegacySentinelOutput } from '../../src/outputs/sentinel-legacy.js';
import { createSentinelOutput } from '../../src/outputs/sentinel.js';
import { createSplunkOutput } from '../../src/outputs/splunk.js';
import { nodeClock, nodeRandom } from '../../src/platform/node.js';
import { cefCollector } from '../fixtures/arcsight.js';
import { dataCollector } from '../fixtures/data-collector.js';
import { entraDouble } from '../fixtures/entra.js';
import { sampleScan } from '../fixtures/events.js';
import { silentLogger } from '../fixtures/logger.js';
import { logsIngestion, RAXE_COLUMNS } from '../fixtures/logs-ingestion.js';
import { startLogscale } from '../fixtures/logscale.js';
import { memoryStream } from '../fixtures/memory-stream.js';
import { eventually, type HttpReceiver } from '../fixtures/receivers.js';
import { startSplunk } from '../fixtures/splunk-hec.js';

/** Through the delivery loop: an event that a receiver will never take becomes a dead letter, and its neighbours arrive. */

const EVENTS = 60;
const POISONED = [0, 7, 8, 41, 59].map(idOf);
const common = { batchEvents: 25, batchBytes: 1_000_000, timeoutMs: 10_000, skipVerify: false, clock: nodeClock, version: '0.1.0' };

function idOf(i: number): string {
  return `evt_${String(i).padStart(26, '0')}`;
}

function isPoisoned(text: string): boolean {
  return POISONED.some((id) => text.includes(id));
}

/** A vendor that says of a whole request that it is bad, and not which event. */
function refusing(double: HttpReceiver, status: number, body = ''): void {
  const { answer } = double;
  double.answer = (request, response) => {
    const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(request.body) : request.body;
    if (isPoisoned(text.toString('utf8'))) response.writeHead(status).end(body);
    else answer(request, response);
  };
}

async function delivers(t: Test, output: Output, arrived: () => string[]): Promise<void> {
  const stream = memoryStream();
  for (let i = 0; i < EVENTS; i++) stream.append(encodeEvent(sampleScan({ id: idOf(i) })), nodeClock.now());
  const audited = new Map<string, string>();
  const loop = createDeliveryLoop({
    stream: { msspId: 'mssp_yourcompany', customerId: 'cust_acme' }, cursor: stream.cursor, deadLetters: stream.deadLetters, output, narrow: (event) => event,
    audit: { outcome: ({ eventId, deliveryStatus }) => { audited.set(eventId, deliveryStatus); return Promise.resolve(); } },
  }, { clock: nodeClock, random: nodeRandom, logger: silentLogger });
  await eventually(() => stream.cursor.committed === EVENTS);
  await loop.stop(0);
  const good = Array.from({ length: EVENTS }, (_, i) => idOf(i)).filter((id) => !POISONED.includes(id));
  t.same([...new Set(arrived())].sort(), good, 'every neighbour arrived');
  t.same([...audited].filter(([, status]) => status === 'dead').map(([id]) => id).sort(), POISONED);
  t.same([...audited].filter(([, status]) => status === 'success').map(([id]) => id).sort(), good);
  t.equal(stream.letters.length, POISONED.length);
}

t.test('splunk names the event: it alone is a dead letter, with and without acknowledgement', async (t) => {
  for (const ack of [false, true]) {
    const splunk = await startSplunk({ hec: { ack } });
    splunk.unparsable = ({ event }) => isPoisoned(JSON.stringify(event));
    const addresses = splunkAddresses(splunk.url);
    if (addresses === undefined) throw new Error('no collector');
    const channel = ack ? '8c4d1c6e-6f5b-4f0c-9c67-3a5f2f2a7f10' : undefined;
    await delivers(t, createSplunkOutput({ ...common, name: 'splunk', ...addresses, token: 'hec', channel, metadata: { host: 'h', source: 'raxe', sourcetype: 'raxe:scan' } }),
      () => splunk.events.map(({ event }) => (event as { event_id: string }).event_id));
    await splunk.close();
  }
});

t.test('crowdstrike says that a request is bad: it is halved, for envelopes and for an array', async (t) => {
  for (const path of ['/api/v1/ingest/hec', '/api/v1/ingest/json']) {
    const logscale = await startLogscale('t');
    logscale.unparsable = ({ fields }) => isPoisoned(String(fields['event_id']));
    const target = logscaleTarget(`${logscale.url}${path}`);
    if (target === undefined) throw new Error('no endpoint');
    await delivers(t, createLogscaleOutput({ ...common, name: 'crowdstrike', ...target, token: 't', host: 'h' }), () => logscale.events.map(({ fields }) => String(fields['event_id'])));
    await logscale.close();
  }
});

t.test('sentinel says 400: it is halved; the legacy API likewise, and what is too large alone is a dead letter, too', async (t) => {
  const app = { tenantId: 'contoso', clientId: 'app', clientSecret: 'secret' };
  const entra = await entraDouble({ ...app, now: () => nodeClock.now() });
  const rule = { dcrId: 'dcr-1', stream: 'Custom-Raxe' };
  for (const status of [400, 413]) {
    const azure = await logsIngestion({ entra, ...rule, columns: RAXE_COLUMNS, clientId: app.clientId });
    refusing(azure, status, JSON.stringify({ error: { code: status === 400 ? 'InvalidRequest' : 'ContentLengthLimitExceeded' } }));
    await delivers(t, createSentinelOutput({ ...common, name: 'sentinel', url: azure.url, ...rule, ...app, authority: entra.url }), () => azure.rows.map((row) => String(row['EventId'])));
    await azure.close();
  }
  await entra.close();

  const workspace = { workspaceId: 'ws-123', sharedKey: 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=' };
  const legacy = await dataCollector(workspace);
  refusing(legacy, 400, JSON.stringify({ Error: 'InvalidDataFormat', Message: 'no' }));
  await delivers(t, createLegacySentinelOutput({ ...common, name: 'sentinel', url: legacy.url, ...workspace }), () => legacy.rows.map((row) => String(row['EventId'])));
  await legacy.close();
});

t.test('a CEF collector says 422: it is halved', async (t) => {
  const collector = await cefCollector();
  refusing(collector, 422);
  const cef = { mode: 'strict', deviceVendor: 'RAXE', deviceProduct: 'ThreatDetection', version: '0.1.0', installationId: 'inst_abc123' } as const;
  await delivers(t, createCefHttpOutput({ ...common, name: 'cef', type: 'cef', url: collector.url, token: undefined, cef }), () => collector.events.map(({ extension }) => extension['cs4'] ?? ''));
  await collector.close();
});
