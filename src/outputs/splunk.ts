import type { Clock } from '../ports.js';
import { receiptOf } from './answer.js';
import { hecEnvelope, hecMeaning, type HecMetadata } from './hec.js';
import { createHttpClient, type HttpAnswer } from './http.js';
import type { Output, Receipt } from './output.js';
import type { ProxySettings } from './proxy.js';
import { compress, joinPieces, splitForRequests } from './requests.js';
import { ackIdOf, waitForAcks } from './splunk-ack.js';
import type { TlsOptions } from './tls-files.js';

export interface SplunkOptions {
  readonly name: string;
  /** Where events go: `…/services/collector` or `…/services/collector/event`, as the operator wrote it. */
  readonly url: string;
  readonly ackUrl: string;
  readonly healthUrl: string;
  readonly token: string;
  readonly metadata: HecMetadata;
  /** With it, an event counts as delivered when an indexer has acknowledged it: a GUID of this output alone. */
  readonly channel: string | undefined;
  readonly batchEvents: number;
  /** Of a request's body before it is compressed. */
  readonly batchBytes: number;
  readonly timeoutMs: number;
  readonly tls?: TlsOptions | undefined;
  readonly proxy?: ProxySettings | undefined;
  readonly skipVerify: boolean;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'sleep'>;
  /** raxed's own, for `User-Agent`. */
  readonly version: string;
}

const MAX_IN_FLIGHT = 4;
/** An acknowledgement takes seconds; meanwhile others are sent. */
const MAX_IN_FLIGHT_WITH_ACK = 16;

/** Splunk's HTTP Event Collector: envelopes one after another, compressed; with a channel also acknowledged by an indexer. */
export function createSplunkOutput(options: SplunkOptions): Output {
  const { url, channel, clock, batchEvents, batchBytes } = options;
  const maxInFlight = channel === undefined ? MAX_IN_FLIGHT : MAX_IN_FLIGHT_WITH_ACK;
  const client = createHttpClient({
    tls: options.tls, proxy: options.proxy, skipVerify: options.skipVerify, timeoutMs: options.timeoutMs, maxSockets: maxInFlight,
  });
  const common = {
    'Authorization': `Splunk ${options.token}`,
    'User-Agent': `raxed/${options.version}`,
    ...(channel === undefined ? {} : { 'X-Splunk-Request-Channel': channel }),
  };
  const json = { ...common, 'Content-Type': 'application/json' };

  async function askForAcks(acks: readonly number[], signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await client.post({ url: `${options.ackUrl}?channel=${channel}`, headers: json, body: Buffer.from(JSON.stringify({ acks })), signal });
    receiptOf(answer, clock.now(), hecMeaning(0));
    return answer;
  }

  return {
    name: options.name,
    type: 'splunk',
    url: new URL(url).origin,
    batchEvents,
    batchBytes,
    maxInFlight,
    lossy: false,
    async send(batch, signal): Promise<Receipt> {
      const envelopes = batch.map(({ event }) => Buffer.from(hecEnvelope(event, options.metadata)));
      const ackIds: number[] = [];
      let receipt: Receipt = {};
      for (const { from, pieces } of splitForRequests(envelopes, { events: batchEvents, bytes: batchBytes })) {
        const body = await compress(joinPieces(pieces, { separator: '\n' }));
        const answer = await client.post({ url, headers: { ...json, 'Content-Encoding': 'gzip' }, body, signal });
        receipt = receiptOf(answer, clock.now(), hecMeaning(from));
        if (channel !== undefined) ackIds.push(ackIdOf(answer));
      }
      await waitForAcks(ackIds, { ask: (acks) => askForAcks(acks, signal), clock, signal });
      return receipt;
    },
    async healthCheck(signal): Promise<Receipt> {
      return receiptOf(await client.get({ url: options.healthUrl, headers: common, signal }), clock.now(), hecMeaning(0));
    },
    close() {
      client.close();
      return Promise.resolve();
    },
  };
}
