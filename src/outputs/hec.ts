import type { FilteredEvent } from '../event/privacy.js';
import { jsonReply, type VendorFailure, type VendorMeaning } from './answer.js';
import { flatRecord } from './flat-record.js';

/**
 * Splunk's HTTP Event Collector, which LogScale speaks too.
 * Format: https://help.splunk.com/splunk-enterprise/get-data-in/collect-http-event-data/format-events-for-http-event-collector
 * and https://library.humio.com/logscale-api/log-shippers-hec.html
 */
export interface HecMetadata {
  /** Of this machine. */
  readonly host: string;
  readonly source: string;
  readonly sourcetype: string;
  /** The token's default unless told. */
  readonly index?: string | undefined;
}

/** An envelope, as compact JSON. `time` is in seconds, with a fraction of up to three digits where there is one. */
export function hecEnvelope(event: FilteredEvent, { host, source, sourcetype, index }: HecMetadata): string {
  const time = Date.parse(event.timestamp) / 1000;
  return JSON.stringify({ ...(Number.isNaN(time) ? {} : { time }), host, source, sourcetype, index, event: flatRecord(event) });
}

const BUSY: VendorFailure = { kind: 'retry', overload: true };
const TOKEN: VendorFailure = { kind: 'misconfigured', says: 'Splunk does not take the token: see token' };

/**
 * HEC's reply codes whose meaning their HTTP status does not tell, or does not tell rightly. From
 * https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/troubleshoot-http-event-collector
 */
export const HEC_CODES: Readonly<Record<number, VendorFailure>> = {
  1: { kind: 'misconfigured', says: 'the token is disabled in Splunk' },
  2: TOKEN,
  3: TOKEN,
  4: TOKEN,
  // We never send an empty body: something on the way takes it out.
  5: { kind: 'misconfigured', says: 'no data arrived: see what is between here and Splunk' },
  6: { kind: 'refused', says: 'invalid data format' },
  7: { kind: 'misconfigured', says: 'the token may not write to this index: see splunk_index' },
  8: { kind: 'retry' },
  9: BUSY,
  10: { kind: 'misconfigured', says: 'the token wants indexer acknowledgement: see splunk_ack' },
  11: { kind: 'misconfigured', says: 'the channel is not accepted' },
  12: { kind: 'refused', says: 'event field is required' },
  13: { kind: 'refused', says: 'event field cannot be blank' },
  14: { kind: 'misconfigured', says: 'the token has no indexer acknowledgement: see splunk_ack' },
  15: { kind: 'refused', says: 'error in handling indexed fields' },
  16: { kind: 'misconfigured', says: 'a token in the URL is not accepted: see url and token' },
  // 18 to 20 are the health address's.
  18: { ...BUSY, says: 'its queues are full' },
  19: { ...BUSY, says: 'its acknowledgement service is not available' },
  20: { ...BUSY, says: 'its queues are full and its acknowledgement service is not available' },
  21: TOKEN,
  22: { kind: 'misconfigured', says: 'the token is disabled in Splunk' },
  23: { ...BUSY, says: 'it is shutting down' },
  26: { ...BUSY, says: 'its queue is full' },
  27: { ...BUSY, says: 'its acknowledgement channel is full' },
};

/** What HEC's reply to a request means whose first event is the batch's `from`th. */
export function hecMeaning(from: number): VendorMeaning {
  return (answer) => {
    const { code, 'invalid-event-number': number } = jsonReply(answer);
    const meaning = typeof code === 'number' ? HEC_CODES[code] : undefined;
    if (meaning?.kind !== 'refused' || typeof number !== 'number') return meaning;
    return { ...meaning, refusedAt: from + number };
  };
}
