import type { HttpAnswer } from './http.js';
import { DeliveryError, type Receipt } from './output.js';
import { meaningOfStatus, type Failure } from './status.js';

/** A receiver cannot make us wait longer than this. */
const MAX_RETRY_AFTER_MS = 3_600_000;

export interface VendorFailure extends Failure {
  /** Which event of the batch, from 0, the vendor says is the bad one. */
  readonly refusedAt?: number;
}

/** What a vendor's own code in an answer means; undefined: the status decides. */
export type VendorMeaning = (answer: HttpAnswer) => 'success' | VendorFailure | undefined;

/** The values by name of an answer that is a JSON object; none of any other. */
export function jsonReply({ body, complete }: Pick<HttpAnswer, 'body' | 'complete'>): Readonly<Partial<Record<string, unknown>>> {
  if (!complete) return {};
  try {
    const reply: unknown = JSON.parse(body.toString('utf8'));
    return typeof reply === 'object' && reply !== null ? { ...reply } : {};
  } catch {
    return {};
  }
}

/** What an answer means. Vendors' codes decide first. Throws DeliveryError for anything but success. */
export function receiptOf(answer: HttpAnswer, nowMs: number, vendorMeaning: VendorMeaning = () => undefined): Receipt {
  const { status, headers } = answer;
  const meaning: 'success' | VendorFailure = vendorMeaning(answer) ?? meaningOfStatus(status);
  const serverDate = parseHttpDate(headers.date);
  if (meaning === 'success') return { httpStatus: status, ...(serverDate === undefined ? {} : { serverDate }) };
  const { kind, says, overload, refusedAt } = meaning;
  throw new DeliveryError(kind, says === undefined ? `answered ${status}` : `answered ${status}: ${says}`, {
    httpStatus: status, serverDate, overload, refusedAt,
    retryAfterMs: kind === 'retry' ? parseRetryAfter(headers['retry-after'], nowMs) : undefined,
  });
}

/**
 * `Retry-After` in milliseconds from `nowMs`, at most an hour: delta-seconds or an HTTP date (RFC 9110, 10.2.3;
 * the obsolete date forms too). Undefined when it is absent or not understood.
 */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, MAX_RETRY_AFTER_MS);
  const at = parseHttpDate(text);
  if (at === undefined) return undefined;
  return Math.min(Math.max(at - nowMs, 0), MAX_RETRY_AFTER_MS);
}

/** An HTTP date (RFC 9110, 5.6.7; the obsolete forms too) in milliseconds since the epoch; undefined when it is absent or not understood. */
export function parseHttpDate(value: string | undefined): number | undefined {
  const text = value?.trim();
  if (text === undefined || !/^[A-Z][a-z]{2,8},? /.test(text)) return undefined;
  // asctime has no zone and means GMT; without one Date.parse would read it as local time.
  const at = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : at;
}
