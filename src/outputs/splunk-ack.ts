import type { Clock } from '../ports.js';
import { jsonReply } from './answer.js';
import type { HttpAnswer } from './http.js';
import { DeliveryError } from './output.js';

/**
 * Splunk's indexer acknowledgement: an event is safe once the answer to "is it indexed?" is yes.
 * https://help.splunk.com/splunk-enterprise/get-data-in/collect-http-event-data/about-http-event-collector-indexer-acknowledgment
 */

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5000;
/** Indexers fill a buffer before they write it, which takes minutes where little arrives: https://github.com/splunk/kafka-connect-splunk/issues/122 */
export const ACK_TIMEOUT_MS = 300_000;

/** How to ask for an accepted request. */
export interface AckTicket {
  readonly ackId: number;
  /**
   * What the load balancer tells indexers apart by. Each of them counts from 0, so that another one's yes is about
   * another request: https://github.com/vectordotdev/vector/pull/23156
   */
  readonly cookie: string | undefined;
}

/** Throws DeliveryError when the token gives no acknowledgements. */
export function ackTicketOf(answer: HttpAnswer): AckTicket {
  const { ackId } = jsonReply(answer);
  if (typeof ackId !== 'number') throw new DeliveryError('misconfigured', 'the token has no indexer acknowledgement: see splunk_ack', { httpStatus: answer.status });
  const cookies = answer.headers['set-cookie']?.map((cookie) => cookie.replace(/;.*$/s, '').trim());
  return { ackId, cookie: cookies?.join('; ') };
}

export interface AckWait {
  /** Asks for these, which have the same cookie; resolves with Splunk's answer, rejects with DeliveryError. */
  ask(ackIds: readonly number[], cookie: string | undefined): Promise<HttpAnswer>;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly signal: AbortSignal;
}

/**
 * Resolves once all are acknowledged. Rejects with DeliveryError: `retry` after five minutes, because what is not
 * acknowledged by then may be lost. Splunk forgets an acknowledgement that it has told, so each is asked for by one
 * sender only.
 */
export async function waitForAcks(tickets: readonly AckTicket[], { ask, clock, signal }: AckWait): Promise<void> {
  let waiting = tickets;
  const endMs = clock.monotonic() + ACK_TIMEOUT_MS;
  for (let pauseMs = FIRST_PAUSE_MS; waiting.length > 0; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    if (clock.monotonic() >= endMs) throw new DeliveryError('retry', `not acknowledged within ${ACK_TIMEOUT_MS / 1000} s`);
    await clock.sleep(pauseMs, signal);
    if (signal.aborted) throw new DeliveryError('retry', 'aborted');
    for (const cookie of new Set(waiting.map((ticket) => ticket.cookie))) {
      const asked = waiting.filter((ticket) => ticket.cookie === cookie);
      const told = await acknowledged(asked.map(({ ackId }) => ackId), (ackIds) => ask(ackIds, cookie));
      waiting = waiting.filter((ticket) => ticket.cookie !== cookie || !told.includes(ticket.ackId));
    }
  }
}

/** A question that could not be answered now says nothing about the events. */
async function acknowledged(ackIds: readonly number[], ask: (ackIds: readonly number[]) => Promise<HttpAnswer>): Promise<number[]> {
  try {
    const { acks } = jsonReply(await ask(ackIds));
    if (typeof acks !== 'object' || acks === null) return [];
    const states = new Map<string, unknown>(Object.entries(acks));
    return ackIds.filter((ackId) => states.get(String(ackId)) === true);
  } catch (error) {
    if (error instanceof DeliveryError && error.kind === 'retry') return [];
    throw error;
  }
}
