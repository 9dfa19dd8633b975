import type { FilteredEvent } from '../event/privacy.js';
import type { Clock } from '../ports.js';
import { receiptOf, type VendorMeaning } from './answer.js';
import { flatRecord } from './flat-record.js';
import { hecEnvelope } from './hec.js';
import { createHttpClient } from './http.js';
import type { Output, Receipt } from './output.js';
import type { ProxySettings } from './proxy.js';
import { compress, joinPieces, splitForRequests } from './requests.js';
import type { TlsOptions } from './tls-files.js';

/** `hec`: envelopes (https://library.humio.com/logscale-api/log-shippers-hec.html); `json`: an array of flat objects (https://library.humio.com/logscale-api/api-ingest-json-raw-data.html). */
export type LogscaleBody = 'hec' | 'json';

export interface LogscaleOptions {
  readonly name: string;
  readonly url: string;
  /** What the path of `url` takes. */
  readonly body: LogscaleBody;
  readonly healthUrl: string;
  readonly token: string;
  /** Of this machine. */
  readonly host: string;
  readonly batchEvents: number;
  readonly batchBytes: number;
  readonly timeoutMs: number;
  readonly tls?: TlsOptions | undefined;
  readonly proxy?: ProxySettings | undefined;
  readonly skipVerify: boolean;
  readonly clock: Pick<Clock, 'now'>;
  /** raxed's own, for `User-Agent`. */
  readonly version: string;
}

/** https://library.humio.com/logscale-api/api-ingest.html: uncompressed. */
const MAX_EVENTS = 5000;
const MAX_BYTES = 5_000_000;
const MAX_IN_FLIGHT = 4;

const FORMS = {
  hec: {
    piece: (event: FilteredEvent, host: string) => hecEnvelope(event, { host, source: 'raxe', sourcetype: 'raxe:scan' }),
    around: { separator: '\n' },
  },
  json: {
    piece: (event: FilteredEvent) => JSON.stringify({ '@timestamp': event.timestamp, ...flatRecord(event) }),
    around: { before: '[', separator: ',', after: ']' },
  },
} as const;

/** CrowdStrike Falcon LogScale: HEC envelopes or flat objects, by the path of the URL; compressed. */
export function createLogscaleOutput(options: LogscaleOptions): Output {
  const { url, clock } = options;
  const { piece, around } = FORMS[options.body];
  const batchEvents = Math.min(options.batchEvents, MAX_EVENTS);
  const batchBytes = Math.min(options.batchBytes, MAX_BYTES);
  const client = createHttpClient({
    tls: options.tls, proxy: options.proxy, skipVerify: options.skipVerify, timeoutMs: options.timeoutMs, maxSockets: MAX_IN_FLIGHT,
  });
  const headers = {
    'Authorization': `Bearer ${options.token}`,
    'User-Agent': `raxed/${options.version}`,
    'Content-Type': 'application/json',
    'Content-Encoding': 'gzip',
  };
  return {
    name: options.name,
    type: 'crowdstrike',
    url: new URL(url).origin,
    batchEvents,
    batchBytes,
    maxInFlight: MAX_IN_FLIGHT,
    lossy: false,
    async send(batch, signal): Promise<Receipt> {
      let receipt: Receipt = {};
      // One byte for the brackets: the last event has no separator.
      const parts = splitForRequests(batch.map(({ event }) => Buffer.from(piece(event, options.host))), { events: batchEvents, bytes: batchBytes - 1 });
      for (const { pieces } of parts) {
        const body = await compress(joinPieces(pieces, around));
        receipt = receiptOf(await client.post({ url, headers, body, signal }), clock.now(), only200);
      }
      return receipt;
    },
    async healthCheck(signal): Promise<Receipt> {
      return receiptOf(await client.get({ url: options.healthUrl, headers: { 'User-Agent': headers['User-Agent'] }, signal }), clock.now(), only200);
    },
    close() {
      client.close();
      return Promise.resolve();
    },
  };
}

/** "200: received and committed. 201-399: an error": https://library.humio.com/logscale-api/api-ingest.html */
const only200: VendorMeaning = ({ status }) => status > 200 && status <= 299 ? { kind: 'retry', says: 'LogScale says 200 when it has something' } : undefined;
