import type { FailureKind } from './output.js';

/** A receiver cannot make us wait longer than this. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** The statuses that do not follow the rule of their class. */
const KIND_OF_STATUS: ReadonlyMap<number, FailureKind> = new Map([
  [400, 'refused'], [422, 'refused'],
  [408, 'retry'], [425, 'retry'], [429, 'retry'],
  [413, 'too_large'],
]);

/**
 * What an HTTP status means for what was sent. 2xx: it arrived. 5xx may heal. Everything else not named
 * (redirects included) says that a setting is wrong, which must hold the destination and consume nothing.
 */
export function classifyHttpStatus(status: number): 'success' | FailureKind {
  if (status >= 200 && status <= 299) return 'success';
  if (status >= 500) return 'retry';
  return KIND_OF_STATUS.get(status) ?? 'misconfigured';
}

/**
 * Errors on our own side of the wire that no waiting heals: a URL, a header value, a key or certificate file.
 * A certificate that the peer shows is not among them: the peer may renew it at any time.
 */
const LOCAL_SETTINGS = /^ERR_(INVALID_URL|INVALID_PROTOCOL|UNSUPPORTED_PROTOCOL|INVALID_CHAR|INVALID_HTTP_TOKEN|OSSL_(PEM|X509|ASN1|UNSUPPORTED|EVP)\w*)$/;

/**
 * What a network, TLS or timeout error means, by its code. Unknown codes are retried: what is not
 * understood must not be given up.
 */
export function classifyNetworkError(code: string | undefined): FailureKind {
  if (code === undefined) return 'retry';
  if (code === 'EMSGSIZE') return 'too_large';
  if (LOCAL_SETTINGS.test(code)) return 'misconfigured';
  return 'retry';
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
