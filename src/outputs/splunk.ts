import type { Clock } from '../ports.js';
import { receiptOf } from './answer.js';
import { createCollector, type CollectorOptions } from './collector.js';
import { hecEnvelope, hecMeaning, type HecMetadata } from './hec.js';
import type { HttpAnswer } from './http.js';
import type { Output, Receipt } from './output.js';
import { compress } from './requests.js';
import { ackIdOf, waitForAcks } from './splunk-ack.js';

export interface SplunkOptions extends CollectorOptions {
  /** Where events go: `…/services/collector` or `…/services/collector/event`, as the operator wrote it. */
  readonly url: string;
  readonly ackUrl: string;
  readonly healthUrl: string;
  readonly token: string;
  readonly metadata: HecMetadata;
  /** With it, an event counts as delivered when an indexer has acknowledged it: a GUID of this output alone. */
  readonly channel: string | undefined;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'sleep'>;
}

/** An acknowledgement takes seconds; meanwhile others are sent. */
const MAX_IN_FLIGHT_WITH_ACK = 16;

/** Splunk's HTTP Event Collector: envelopes one after another, compressed; with a channel also acknowledged by an indexer. */
export function createSplunkOutput(options: SplunkOptions): Output {
  const { url, channel, clock } = options;
  const { client, userAgent, described, sendInRequests } = createCollector(options, channel === undefined ? {} : { maxInFlight: MAX_IN_FLIGHT_WITH_ACK });
  const common = {
    'Authorization': `Splunk ${options.token}`,
    'User-Agent': userAgent,
    ...(channel === undefined ? {} : { 'X-Splunk-Request-Channel': channel }),
  };
  const json = { ...common, 'Content-Type': 'application/json' };

  async function askForAcks(acks: readonly number[], signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await client.post({ url: `${options.ackUrl}?channel=${channel}`, headers: json, body: Buffer.from(JSON.stringify({ acks })), signal });
    receiptOf(answer, clock.now(), hecMeaning(0));
    return answer;
  }

  return {
    ...described,
    type: 'splunk',
    async send(batch, signal): Promise<Receipt> {
      const ackIds: number[] = [];
      const receipt = await sendInRequests(batch.map(({ event }) => hecEnvelope(event, options.metadata)), { separator: '\n' }, async (body, from) => {
        const answer = await client.post({ url, headers: { ...json, 'Content-Encoding': 'gzip' }, body: await compress(body), signal });
        const taken = receiptOf(answer, clock.now(), hecMeaning(from));
        if (channel !== undefined) ackIds.push(ackIdOf(answer));
        return taken;
      });
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
