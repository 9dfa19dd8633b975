import type { Clock } from '../ports.js';
import { receiptOf, type VendorMeaning } from './answer.js';
import { formatCef, type CefOptions } from './cef.js';
import { createHttpClient } from './http.js';
import type { Output, Receipt } from './output.js';
import type { ProxySettings } from './proxy.js';
import { joinPieces, splitForRequests } from './requests.js';
import type { TlsOptions } from './tls-files.js';

export interface CefHttpOptions {
  readonly name: string;
  /** `arcsight`: the same with `cef.arcsight`. */
  readonly type: 'cef' | 'arcsight';
  readonly url: string;
  readonly token: string | undefined;
  readonly batchEvents: number;
  /** The most bytes of one request's body; a line that is longer by itself is sent alone. */
  readonly batchBytes: number;
  readonly timeoutMs: number;
  readonly tls?: TlsOptions | undefined;
  readonly proxy?: ProxySettings | undefined;
  readonly skipVerify: boolean;
  readonly cef: CefOptions;
  readonly clock: Pick<Clock, 'now'>;
  /** raxed's own, for `User-Agent`. */
  readonly version: string;
}

const MAX_IN_FLIGHT = 4;

/** CEF over HTTP: POSTs of CEF lines with one LF between two of them and none at the end, in UTF-8. */
export function createCefHttpOutput(options: CefHttpOptions): Output {
  const { url, token, batchEvents, batchBytes, clock } = options;
  const client = createHttpClient({
    tls: options.tls, proxy: options.proxy, skipVerify: options.skipVerify, timeoutMs: options.timeoutMs, maxSockets: MAX_IN_FLIGHT,
  });
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    'User-Agent': `raxed/${options.version}`,
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  };
  return {
    name: options.name,
    type: options.type,
    url: new URL(url).origin,
    batchEvents,
    batchBytes,
    maxInFlight: MAX_IN_FLIGHT,
    lossy: false,
    async send(batch, signal): Promise<Receipt> {
      let receipt: Receipt = {};
      const lines = batch.map(({ event }) => Buffer.from(formatCef(event, options.cef)));
      for (const { pieces } of splitForRequests(lines, { events: batchEvents, bytes: batchBytes })) {
        receipt = receiptOf(await client.post({ url, headers, body: joinPieces(pieces, { separator: '\n' }), signal }), clock.now());
      }
      return receipt;
    },
    /** There is no address for it: the URL is asked for without a line. Whoever answers, and does not turn the token away, is taken for the receiver. */
    async healthCheck(signal): Promise<Receipt> {
      return receiptOf(await client.get({ url, headers, signal }), clock.now(), turnsNobodyAway);
    },
    close() {
      client.close();
      return Promise.resolve();
    },
  };
}

/** A receiver that takes POSTs need not have anything to GET. */
const turnsNobodyAway: VendorMeaning = ({ status }) => status >= 400 && status <= 499 && ![401, 403, 407, 408, 425, 429].includes(status) ? 'success' : undefined;
