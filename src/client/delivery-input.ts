import type { DeliveryOutcome, DeliveryStatus } from '../audit/record.js';
import { RaxedError } from '../errors.js';

/** A delivery as a program tells it. */
export interface LoggedDelivery {
  readonly msspId: string;
  readonly customerId: string;
  readonly eventId: string;
  readonly dataMode: 'full' | 'privacy_safe';
  /** Names of the fields that were sent. In `privacy_safe` there are none, whatever is said here. */
  readonly dataFieldsSent: readonly string[];
  readonly deliveryStatus: DeliveryStatus;
  readonly httpStatusCode?: number | null;
  /** Only scheme, host and port are kept. */
  readonly destinationUrl: string;
  /** Cut to 1,024 characters. */
  readonly errorMessage?: string | null;
  /** 1 unless told. */
  readonly attempts?: number;
  /** `webhook` unless told. */
  readonly destination?: string;
}

const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const EVENT_ID = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$/;
const FIELD_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
const STATUSES: readonly DeliveryStatus[] = ['success', 'failed', 'dead', 'expired', 'circuit_open'];
const MODES = ['full', 'privacy_safe'] as const;

/** Checks what a program passed, which the compiler may not have seen. Throws BAD_REQUEST naming the field. */
export function deliveryOutcome(delivery: LoggedDelivery): DeliveryOutcome {
  const { httpStatusCode, errorMessage, attempts = 1, destination = 'webhook', dataFieldsSent } = delivery;
  for (const [name, value, pattern] of [
    ['msspId', delivery.msspId, ID], ['customerId', delivery.customerId, ID], ['eventId', delivery.eventId, EVENT_ID], ['destination', destination, ID],
  ] as const) if (typeof value !== 'string' || !pattern.test(value)) throw bad(name, `a string that matches ${pattern.source}`);
  if (!MODES.includes(delivery.dataMode)) throw bad('dataMode', `one of ${MODES.join(', ')}`);
  if (!STATUSES.includes(delivery.deliveryStatus)) throw bad('deliveryStatus', `one of ${STATUSES.join(', ')}`);
  if (!Array.isArray(dataFieldsSent) || !dataFieldsSent.every((name) => typeof name === 'string' && FIELD_NAME.test(name))) throw bad('dataFieldsSent', 'an array of names of fields');
  if (typeof delivery.destinationUrl !== 'string' || !URL.canParse(delivery.destinationUrl)) throw bad('destinationUrl', 'a URL');
  if (errorMessage !== undefined && errorMessage !== null && typeof errorMessage !== 'string') throw bad('errorMessage', 'a string');
  if (httpStatusCode !== undefined && httpStatusCode !== null) inRange('httpStatusCode', httpStatusCode, [100, 599]);
  inRange('attempts', attempts, [0, 1_000_000]);
  return {
    msspId: delivery.msspId, customerId: delivery.customerId, eventId: delivery.eventId,
    destination, destinationUrl: delivery.destinationUrl,
    dataMode: delivery.dataMode, dataFieldsSent: delivery.dataMode === 'full' ? dataFieldsSent : [],
    deliveryStatus: delivery.deliveryStatus, httpStatus: httpStatusCode ?? undefined, attempts, errorMessage: errorMessage ?? undefined,
  };
}

/** Throws BAD_REQUEST unless it is an integer in these bounds. */
export function inRange(name: string, value: unknown, [least, most]: readonly [number, number]): void {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) throw bad(name, `an integer from ${least} to ${most}`);
}

function bad(name: string, expected: string): RaxedError {
  return new RaxedError('BAD_REQUEST', `${name} must be ${expected}`);
}
