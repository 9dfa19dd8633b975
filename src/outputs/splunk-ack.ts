import type { Clock } from '../ports.js';
import type { HttpAnswer } from './http.js';
import { hecReply } from './hec.js';
import { DeliveryError } from './output.js';

/**
 * Splunk's indexer acknowledgement: an event is safe once the answer to "is it indexed?" is yes.
 * https://help.splunk.com/splunk-enterprise/get-data-in/collect-http-event-data/about-http-event-collector-indexer-acknowledgment
 */

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5000;
/** Indexers fill a buffer before they write it, which takes minutes where little arrives: https://github.com/splunk/kafka-connect-splunk/issues/122 */
export const ACK_TIMEOUT_MS = 300_000;

/** The number by which to ask for an accepted request. Throws DeliveryError when the token gives none. */
export function ackIdOf(answer: HttpAnswer): number {
  const { ackId } = hecReply(answer);
  if (typeof ackId !== 'number') throw new DeliveryError('misconfigured', 'the token has no indexer acknowledgement: see splunk_ack', { httpStatus: answer.status });
  return ackId;
}

export interface AckWait {
  /** Asks for these; resolves with Splunk's answer, rejects with DeliveryError. */
  ask(ackIds: readonly number[]): Promise<HttpAnswer>;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly signal: AbortSignal;
}

/**
 * Resolves once all are acknowledged. Rejects with DeliveryError: `retry` after five minutes, because what is not
 * acknowledged by then may be lost. Splunk forgets an acknowledgement that it has told, so each is asked for by one
 * sender only.
 */
export async function waitForAcks(ackIds: readonly number[], { ask, clock, signal }: AckWait): Promise<void> {
  const waiting = new Set(ackIds);
  const endMs = clock.monotonic() + ACK_TIMEOUT_MS;
  for (let pauseMs = FIRST_PAUSE_MS; waiting.size > 0; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    if (clock.monotonic() >= endMs) throw new DeliveryError('retry', `not acknowledged within ${ACK_TIMEOUT_MS / 1000} s`);
    await clock.sleep(pauseMs, signal);
    if (signal.aborted) throw new DeliveryError('retry', 'aborted');
    for (const ackId of await acknowledged([...waiting], ask)) waiting.delete(ackId);
  }
}

/** A question that could not be answered now says nothing about the events. */
async function acknowledged(ackIds: readonly number[], ask: AckWait['ask']): Promise<number[]> {
  try {
    const { acks } = hecReply(await ask(ackIds));
    if (typeof acks !== 'object' || acks === null) return [];
    const states = new Map<string, unknown>(Object.entries(acks));
    return ackIds.filter((ackId) => states.get(String(ackId)) === true);
  } catch (error) {
    if (error instanceof DeliveryError && error.kind === 'retry') return [];
    throw error;
  }
}
