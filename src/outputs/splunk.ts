import type { Clock } from '../ports.js';
import type { FilteredEvent } from '../event/privacy.js';
import { jsonReply, receiptOf } from './answer.js';
import { createCollector, type CollectorOptions } from './collector.js';
import { hecEnvelope, hecMeaning, type HecMetadata } from './hec.js';
import type { HttpAnswer } from './http.js';
import type { Receipt, SiemOutput } from './output.js';
import { compress } from './requests.js';
import { ackTicketOf, waitForAcks, type AckTicket } from './splunk-ack.js';

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
export function createSplunkOutput(options: SplunkOptions): SiemOutput {
  const { url, channel, clock } = options;
  const { client, userAgent, described, sendInRequests } = createCollector(options, channel === undefined ? {} : { maxInFlight: MAX_IN_FLIGHT_WITH_ACK });
  const common = {
    'Authorization': `Splunk ${options.token}`,
    'User-Agent': userAgent,
    ...(channel === undefined ? {} : { 'X-Splunk-Request-Channel': channel }),
  };
  const json = { ...common, 'Content-Type': 'application/json' };

  const format = (event: FilteredEvent): string => hecEnvelope(event, options.metadata);

  /** Throws DeliveryError for anything but success. `from`: the place in the batch of the request's first event. */
  function receipt(answer: HttpAnswer, from = 0): Receipt {
    const taken = receiptOf(answer, clock.now(), hecMeaning(from));
    const { text, code } = jsonReply(answer);
    return typeof text === 'string' && /^[\w ,.]{1,80}$/.test(text) && typeof code === 'number' ? { ...taken, says: `${text} (code ${code})` } : taken;
  }

  async function askForAcks(acks: readonly number[], cookie: string | undefined, signal: AbortSignal): Promise<HttpAnswer> {
    const headers = cookie === undefined ? json : { ...json, Cookie: cookie };
    const answer = await client.post({ url: `${options.ackUrl}?channel=${channel}`, headers, body: Buffer.from(JSON.stringify({ acks })), signal, wholeBody: true });
    receipt(answer);
    return answer;
  }

  return {
    ...described,
    type: 'splunk',
    format,
    async send(batch, signal) {
      const tickets: AckTicket[] = [];
      const taken = await sendInRequests(batch.map(({ event }) => format(event)), { separator: '\n' }, async (body, from) => {
        const answer = await client.post({ url, headers: { ...json, 'Content-Encoding': 'gzip' }, body: await compress(body), signal, wholeBody: channel !== undefined });
        const said = receipt(answer, from);
        if (channel !== undefined) tickets.push(ackTicketOf(answer));
        return said;
      });
      await waitForAcks(tickets, { ask: (acks, cookie) => askForAcks(acks, cookie, signal), clock, signal });
      return channel === undefined ? taken : { ...taken, says: 'an indexer has acknowledged it' };
    },
    async healthCheck(signal) {
      const healthy = receipt(await client.get({ url: options.healthUrl, headers: common, signal }));
      return { ...healthy, checked: 'the collector\'s health address answers; whether the token may write to the index, only a test event shows' };
    },
  };
}
