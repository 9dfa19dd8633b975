import { DeliveryError, type FailureKind } from './output.js';

/**
 * What a failure means for what was sent (spec 9): this file is the one table that every output asks. Only `refused`
 * and `too_large` ever cost an event, and only one that was sent alone. What is not listed is tried again when there
 * was no answer, and held when there was.
 */
export interface Failure {
  readonly kind: FailureKind;
  /** Perhaps it was too much at once: fewer requests at a time. */
  readonly overload?: true;
  /** For the operator, where the code does not say it by itself. What names a setting is for them to mend, the rest may heal. */
  readonly says?: string;
}

const RETRY: Failure = { kind: 'retry' };
const OVERLOAD: Failure = { kind: 'retry', overload: true };
const HELD: Failure = { kind: 'misconfigured' };

/** The statuses that do not follow the rule of their class. */
export const STATUSES: Readonly<Record<number, Failure>> = {
  400: { kind: 'refused' },
  408: RETRY,
  413: { kind: 'too_large' },
  422: { kind: 'refused' },
  425: RETRY,
  429: OVERLOAD,
  503: OVERLOAD,
  504: OVERLOAD,
};

/**
 * 2xx: it arrived. 5xx may heal. Everything else not named, redirects included, says that a setting is wrong, which
 * must hold the destination and consume nothing.
 */
export function meaningOfStatus(status: number): 'success' | Failure {
  if (status >= 200 && status <= 299) return 'success';
  return STATUSES[status] ?? (status >= 500 ? RETRY : HELD);
}

/** What a proxy's answer to CONNECT means. The event is not yet in play: nothing that a proxy says refuses it. */
export function meaningOfProxyStatus(status: number): 'success' | Failure {
  // 401 is what tinyproxy says to a wrong password.
  if (status === 407 || status === 401) return { kind: 'misconfigured', says: 'it wants another user name and password: see proxy' };
  const meaning = meaningOfStatus(status);
  return meaning !== 'success' && meaning.kind !== 'retry' ? HELD : meaning;
}

const EXPIRED = 'the receiver\'s certificate has expired';
const STRANGER = 'the receiver\'s certificate is not of an authority that is trusted here: see tls.ca_file';
const MISNAMED = 'the receiver\'s certificate is for another name: see the URL and tls.server_name';
const UNFIT = 'the receiver\'s certificate cannot be used';
const NO_TLS = 'what answers there does not speak TLS: see the URL';

/** Network, TLS and timeout errors by their code, as Node and OpenSSL name them. */
export const CODES: Readonly<Record<string, Failure>> = {
  // Nobody there, or gone in the middle.
  ECONNREFUSED: RETRY, ECONNRESET: RETRY, ECONNABORTED: RETRY, EPIPE: RETRY, ENOTCONN: RETRY, ESHUTDOWN: RETRY,
  EHOSTDOWN: RETRY, EHOSTUNREACH: RETRY, ENETDOWN: RETRY, ENETUNREACH: RETRY, ENETRESET: RETRY,
  ERR_STREAM_PREMATURE_CLOSE: RETRY, ERR_SOCKET_CLOSED: RETRY,
  ETIMEDOUT: OVERLOAD, ERR_SOCKET_CONNECTION_TIMEOUT: OVERLOAD, ERR_TLS_HANDSHAKE_TIMEOUT: OVERLOAD,
  // The name.
  ENOTFOUND: RETRY, EAI_AGAIN: RETRY, EAI_FAIL: RETRY, EAI_NODATA: RETRY, EAI_NONAME: RETRY, ENODATA: RETRY, ESERVFAIL: RETRY,
  // This machine: its firewall, its limits, its addresses.
  EACCES: RETRY, EPERM: RETRY, EMFILE: RETRY, ENFILE: RETRY, ENOBUFS: RETRY, ENOMEM: RETRY,
  EADDRINUSE: RETRY, EADDRNOTAVAIL: RETRY, EAFNOSUPPORT: RETRY, EINVAL: RETRY,
  // The datagram.
  EMSGSIZE: { kind: 'too_large' },
  // The receiver's certificate: it may be renewed at any time, so that nobody has to do anything here.
  CERT_HAS_EXPIRED: { kind: 'retry', says: EXPIRED },
  CERT_NOT_YET_VALID: { kind: 'retry', says: 'the receiver\'s certificate is not valid yet, or the clock of this machine is wrong' },
  CERT_REVOKED: { kind: 'retry', says: 'the receiver\'s certificate was revoked' },
  DEPTH_ZERO_SELF_SIGNED_CERT: { kind: 'retry', says: STRANGER },
  SELF_SIGNED_CERT_IN_CHAIN: { kind: 'retry', says: STRANGER },
  UNABLE_TO_GET_ISSUER_CERT: { kind: 'retry', says: STRANGER },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { kind: 'retry', says: STRANGER },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { kind: 'retry', says: STRANGER },
  CERT_UNTRUSTED: { kind: 'retry', says: STRANGER },
  CERT_REJECTED: { kind: 'retry', says: STRANGER },
  CERT_CHAIN_TOO_LONG: { kind: 'retry', says: UNFIT },
  CERT_SIGNATURE_FAILURE: { kind: 'retry', says: UNFIT },
  INVALID_CA: { kind: 'retry', says: UNFIT },
  INVALID_PURPOSE: { kind: 'retry', says: UNFIT },
  PATH_LENGTH_EXCEEDED: { kind: 'retry', says: UNFIT },
  HOSTNAME_MISMATCH: { kind: 'retry', says: MISNAMED },
  ERR_TLS_CERT_ALTNAME_INVALID: { kind: 'retry', says: MISNAMED },
  ERR_TLS_CERT_ALTNAME_FORMAT: { kind: 'retry', says: MISNAMED },
  // The handshake.
  EPROTO: { kind: 'retry', says: 'no TLS connection came about' },
  ERR_SSL_WRONG_VERSION_NUMBER: { kind: 'retry', says: NO_TLS },
  ERR_SSL_PACKET_LENGTH_TOO_LONG: { kind: 'retry', says: NO_TLS },
};

/** What whole families of codes mean; the first that fits counts. */
export const CODE_FAMILIES: readonly (readonly [RegExp, Failure])[] = [
  [/^ERR_SSL_\w*ALERT_(\w*CERTIFICATE\w*|UNKNOWN_CA|ACCESS_DENIED)$/, { kind: 'retry', says: 'the receiver does not accept our certificate: see tls.cert_file' }],
  [/^ERR_SSL_/, { kind: 'retry', says: 'no TLS connection came about' }],
  [/^HPE_/, { kind: 'retry', says: 'what answers there does not speak HTTP: see the URL' }],
  // Errors on our own side of the wire, which no waiting heals: a URL, a header's value, a key or certificate file.
  [/^ERR_OSSL_/, { kind: 'misconfigured', says: 'the TLS files cannot be used: see tls' }],
  [/^ERR_(INVALID_URL|INVALID_PROTOCOL|UNSUPPORTED_PROTOCOL|INVALID_CHAR|INVALID_HTTP_TOKEN)$/, { kind: 'misconfigured', says: 'a setting does not fit into a request: see the URL and the secrets' }],
];

export function meaningOfCode(code: string | undefined): Failure {
  if (code === undefined) return RETRY;
  return CODES[code] ?? CODE_FAMILIES.find(([family]) => family.test(code))?.[1] ?? RETRY;
}

/** The DeliveryError of a connection that failed with this code. `otherwise` stands where there is none. */
export function wireFailure(code: string | undefined, otherwise: string): DeliveryError {
  const { kind, overload, says } = meaningOfCode(code);
  return new DeliveryError(kind, says === undefined ? code ?? otherwise : `${code}: ${says}`, { overload });
}

/** Nothing came within our own time limit. */
export function timeoutFailure(message: string): DeliveryError {
  return new DeliveryError('retry', message, { overload: true });
}
