import t from 'tap';
import { parseRetryAfter, receiptOf, type VendorMeaning } from '../../src/outputs/answer.js';
import type { HttpAnswer } from '../../src/outputs/http.js';
import { DeliveryError } from '../../src/outputs/output.js';
import { CODE_FAMILIES, CODES, meaningOfCode, meaningOfProxyStatus, meaningOfStatus, STATUSES, timeoutFailure, wireFailure } from '../../src/outputs/status.js';
import { SAMPLE_TIME } from '../fixtures/events.js';

/** Every row of the table: code, what is done, and `slower` where fewer are sent at once. A row that is missing here fails. */
const WIRE: readonly (readonly [string, ...string[]])[] = [
  ['retry', 'ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ENOTCONN', 'ESHUTDOWN', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENETDOWN', 'ENETUNREACH', 'ENETRESET',
    'ERR_STREAM_PREMATURE_CLOSE', 'ERR_SOCKET_CLOSED', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME', 'ENODATA', 'ESERVFAIL',
    'EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRINUSE', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'],
  ['retry slower', 'ETIMEDOUT', 'ERR_SOCKET_CONNECTION_TIMEOUT', 'ERR_TLS_HANDSHAKE_TIMEOUT'],
  ['too_large', 'EMSGSIZE'],
  ['retry: has expired', 'CERT_HAS_EXPIRED'],
  ['retry: not valid yet', 'CERT_NOT_YET_VALID'],
  ['retry: revoked', 'CERT_REVOKED'],
  ['retry: tls.ca_file', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_UNTRUSTED', 'CERT_REJECTED'],
  ['retry: cannot be used', 'CERT_CHAIN_TOO_LONG', 'CERT_SIGNATURE_FAILURE', 'INVALID_CA', 'INVALID_PURPOSE', 'PATH_LENGTH_EXCEEDED'],
  ['retry: tls.server_name', 'HOSTNAME_MISMATCH', 'ERR_TLS_CERT_ALTNAME_INVALID', 'ERR_TLS_CERT_ALTNAME_FORMAT'],
  ['retry: no TLS connection', 'EPROTO'],
  ['retry: does not speak TLS', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'],
];

/** The families of codes, each by some members. */
const FAMILIES: readonly (readonly [string, ...string[]])[] = [
  ['retry: tls.cert_file', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'ERR_SSL_TLSV1_ALERT_ACCESS_DENIED'],
  ['retry: no TLS connection', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'ERR_SSL_UNSUPPORTED_PROTOCOL', 'ERR_SSL_NO_CIPHERS_AVAILABLE'],
  ['retry: does not speak HTTP', 'HPE_INVALID_CONSTANT', 'HPE_HEADER_OVERFLOW'],
  ['misconfigured: see tls', 'ERR_OSSL_PEM_NO_START_LINE', 'ERR_OSSL_X509_KEY_VALUES_MISMATCH', 'ERR_OSSL_UNSUPPORTED', 'ERR_OSSL_EVP_UNSUPPORTED'],
  ['misconfigured: a setting', 'ERR_INVALID_URL', 'ERR_INVALID_PROTOCOL', 'ERR_UNSUPPORTED_PROTOCOL', 'ERR_INVALID_CHAR', 'ERR_INVALID_HTTP_TOKEN'],
];

t.test('every network, TLS and timeout error is the failure that the table says', (t) => {
  for (const [expected, ...codes] of [...WIRE, ...FAMILIES]) {
    const [, kind = '', slower, says = ''] = /^(\w+)( slower)?(?:: (.*))?$/.exec(expected) ?? [];
    for (const code of codes) {
      const error = wireFailure(code, 'the request failed');
      t.equal(error.kind, kind, code);
      t.equal(error.overload, slower !== undefined, code);
      t.ok(says === '' ? error.message === code : error.message.startsWith(`${code}: `) && error.message.includes(says), `${code} says: ${error.message}`);
    }
  }
  t.same(WIRE.flatMap(([, ...codes]) => codes).sort(), Object.keys(CODES).sort(), 'no row without its test');
  t.ok(CODE_FAMILIES.every(([family]) => FAMILIES.some(([, ...codes]) => codes.every((code) => CODE_FAMILIES.find(([first]) => first.test(code))?.[0] === family))), 'no family without its test');
  t.end();
});

t.test('what nobody has heard of is tried again: nothing is given up for it', (t) => {
  t.equal(meaningOfCode('E_SOMETHING_NEW').kind, 'retry');
  t.match(wireFailure(undefined, 'the request failed'), { kind: 'retry', message: 'the request failed' });
  t.match(timeoutFailure('no answer within 5 ms'), { kind: 'retry', overload: true, message: 'no answer within 5 ms' });
  t.end();
});

t.test('no error of a connection costs an event', (t) => {
  for (const [code, { kind }] of Object.entries(CODES)) t.ok(kind === 'retry' || code === 'EMSGSIZE', code);
  for (const [, { kind }] of CODE_FAMILIES) t.ok(kind === 'retry' || kind === 'misconfigured');
  t.end();
});

t.test('every HTTP status is what the table says', (t) => {
  const named: Record<number, string> = {
    400: 'refused', 401: 'misconfigured', 402: 'misconfigured', 403: 'misconfigured', 404: 'misconfigured', 405: 'misconfigured', 406: 'misconfigured', 407: 'misconfigured', 408: 'retry',
    409: 'misconfigured', 410: 'misconfigured', 411: 'misconfigured', 412: 'misconfigured', 413: 'too_large', 414: 'misconfigured', 415: 'misconfigured', 416: 'misconfigured', 417: 'misconfigured',
    418: 'misconfigured', 421: 'misconfigured', 422: 'refused', 423: 'misconfigured', 424: 'misconfigured', 425: 'retry', 426: 'misconfigured', 428: 'misconfigured', 429: 'retry slower',
    431: 'misconfigured', 451: 'misconfigured', 500: 'retry', 501: 'retry', 502: 'retry', 503: 'retry slower', 504: 'retry slower', 505: 'retry', 507: 'retry', 511: 'retry', 520: 'retry', 599: 'retry',
  };
  for (let status = 100; status < 1000; status++) {
    const expected = named[status] ?? (status >= 500 ? 'retry' : status >= 200 && status < 300 ? 'success' : 'misconfigured');
    const meaning = meaningOfStatus(status);
    const found = meaning === 'success' ? meaning : `${meaning.kind}${meaning.overload === true ? ' slower' : ''}`;
    if (found !== expected) t.fail(`${status} is ${found}`);
  }
  t.ok(Object.keys(STATUSES).every((status) => Number(status) in named), 'no row without its test');
  t.end();
});

t.test('a proxy refuses no event: what it does not allow is a wrong setting', (t) => {
  const table: [number, string][] = [[200, 'success'], [204, 'success'], [301, 'misconfigured'], [400, 'misconfigured'], [403, 'misconfigured'], [404, 'misconfigured'], [405, 'misconfigured'], [407, 'misconfigured'],
    [408, 'retry'], [413, 'misconfigured'], [422, 'misconfigured'], [429, 'retry'], [500, 'retry'], [502, 'retry'], [503, 'retry'], [504, 'retry']];
  for (const [status, expected] of table) {
    const meaning = meaningOfProxyStatus(status);
    t.equal(meaning === 'success' ? meaning : meaning.kind, expected, `${status}`);
  }
  for (const status of [401, 407]) t.match(meaningOfProxyStatus(status), { kind: 'misconfigured', says: /user name and password/ });
  t.end();
});

const answer = (status: number, body = '', headers: HttpAnswer['headers'] = {}): HttpAnswer => ({ status, headers, body: Buffer.from(body), complete: true });
const thrown = (give: () => unknown): DeliveryError => {
  try {
    give();
  } catch (error) {
    if (error instanceof DeliveryError) return error;
  }
  throw new Error('no DeliveryError');
};

t.test('an answer becomes a receipt, or a failure with its number and no word of its body', (t) => {
  t.same(receiptOf(answer(204), SAMPLE_TIME), { httpStatus: 204 });
  t.match(thrown(() => receiptOf(answer(401, 'secret'), SAMPLE_TIME)), { kind: 'misconfigured', message: 'answered 401', httpStatus: 401, overload: false, retryAfterMs: undefined });
  t.match(thrown(() => receiptOf(answer(429, '', { 'retry-after': '7' }), SAMPLE_TIME)), { kind: 'retry', overload: true, retryAfterMs: 7000 });
  t.match(thrown(() => receiptOf(answer(401, '', { 'retry-after': '7' }), SAMPLE_TIME)), { kind: 'misconfigured', retryAfterMs: undefined });
  t.end();
});

t.test('a vendor\'s own code decides before the status does', (t) => {
  // As Splunk's event collector puts it: 7 names an index that the token may not write to, 6 and 12 one event of the batch.
  const vendor: VendorMeaning = ({ body }) => {
    const { code, 'invalid-event-number': at } = JSON.parse(body.toString()) as { code?: number; 'invalid-event-number'?: number };
    if (code === 7) return { kind: 'misconfigured', says: 'code 7' };
    if (code === 6 && at !== undefined) return { kind: 'refused', says: 'code 6', refusedAt: at };
    return code === 99 ? 'success' : undefined;
  };
  t.match(thrown(() => receiptOf(answer(400, '{"code":7}'), 0, vendor)), { kind: 'misconfigured', httpStatus: 400, message: 'answered 400: code 7' });
  t.match(thrown(() => receiptOf(answer(200, '{"code":7}'), 0, vendor)), { kind: 'misconfigured', httpStatus: 200 }, 'even before a success');
  t.match(thrown(() => receiptOf(answer(400, '{"code":6,"invalid-event-number":3}'), 0, vendor)), { kind: 'refused', refusedAt: 3 });
  t.match(thrown(() => receiptOf(answer(503, '{"code":9}'), 0, vendor)), { kind: 'retry', overload: true, message: 'answered 503' }, 'a code that says nothing leaves it to the status');
  t.same(receiptOf(answer(500, '{"code":99}'), 0, vendor), { httpStatus: 500 });
  t.end();
});

t.test('Retry-After as seconds and as a date', (t) => {
  const table: [string | undefined, number | undefined][] = [
    ['7', 7000], ['0', 0], [' 30 ', 30_000], ['86400', 3_600_000], ['9'.repeat(400), 3_600_000],
    ['Fri, 30 Jan 2026 10:30:07 GMT', 7000], ['Friday, 30-Jan-26 10:30:07 GMT', 7000], ['Fri Jan 30 10:30:07 2026', 7000],
    ['Fri, 30 Jan 2026 10:29:00 GMT', 0], ['Sat, 31 Jan 2026 10:30:00 GMT', 3_600_000],
    [undefined, undefined], ['', undefined], ['soon', undefined], ['-1', undefined], ['1.5', undefined], ['2026-01-30', undefined], ['Fri, 99 Foo 2026', undefined],
  ];
  t.same(table.map(([value]) => parseRetryAfter(value, SAMPLE_TIME)), table.map(([, expected]) => expected));
  t.end();
});
