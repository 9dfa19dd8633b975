import type { FilteredEvent } from '../event/privacy.js';
import { receiptOf, type VendorMeaning } from './answer.js';
import { createCollector, type CollectorOptions } from './collector.js';
import { flatRecord } from './flat-record.js';
import { hecEnvelope } from './hec.js';
import type { SiemOutput } from './output.js';
import { compress, JSON_ARRAY } from './requests.js';

/** `hec`: envelopes (https://library.humio.com/logscale-api/log-shippers-hec.html); `json`: an array of flat objects (https://library.humio.com/logscale-api/api-ingest-json-raw-data.html). */
export type LogscaleBody = 'hec' | 'json';

export interface LogscaleOptions extends CollectorOptions {
  /** What the path of `url` takes. */
  readonly body: LogscaleBody;
  readonly healthUrl: string;
  readonly token: string;
  /** Of this machine. */
  readonly host: string;
}

/** https://library.humio.com/logscale-api/api-ingest.html: uncompressed. */
const LIMITS = { events: 5000, bytes: 5_000_000 } as const;

const FORMS = {
  hec: {
    piece: (event: FilteredEvent, host: string) => hecEnvelope(event, { host, source: 'raxe', sourcetype: 'raxe:scan' }),
    around: { separator: '\n' },
  },
  json: {
    piece: (event: FilteredEvent) => JSON.stringify({ '@timestamp': event.timestamp, ...flatRecord(event) }),
    around: JSON_ARRAY,
  },
} as const;

/** CrowdStrike Falcon LogScale: HEC envelopes or flat objects, by the path of the URL; compressed. */
export function createLogscaleOutput(options: LogscaleOptions): SiemOutput {
  const { url, clock } = options;
  const { piece, around } = FORMS[options.body];
  const { client, userAgent, described, sendInRequests } = createCollector(options, LIMITS);
  const headers = {
    'Authorization': `Bearer ${options.token}`,
    'User-Agent': userAgent,
    'Content-Type': 'application/json',
    'Content-Encoding': 'gzip',
  };
  const format = (event: FilteredEvent): string => piece(event, options.host);
  return {
    ...described,
    type: 'crowdstrike',
    format,
    send: async (batch, signal) => sendInRequests(batch.map(({ event }) => format(event)), around,
      async (body) => receiptOf(await client.post({ url, headers, body: await compress(body), signal }), clock.now(), only200)),
    async healthCheck(signal) {
      const receipt = receiptOf(await client.get({ url: options.healthUrl, headers: { 'User-Agent': userAgent }, signal }), clock.now(), only200);
      return { ...receipt, checked: 'LogScale\'s status address says that it runs; the token is not asked for there' };
    },
  };
}

/** "200: received and committed. 201-399: an error": https://library.humio.com/logscale-api/api-ingest.html */
const only200: VendorMeaning = ({ status }) => status > 200 && status <= 299 ? { kind: 'retry', says: 'LogScale says 200 when it has something' } : undefined;
