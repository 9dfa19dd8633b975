import { receiptOf, type VendorMeaning } from './answer.js';
import { formatCef, type CefOptions } from './cef.js';
import { createCollector, type CollectorOptions } from './collector.js';
import type { Output, Receipt } from './output.js';

export interface CefHttpOptions extends CollectorOptions {
  /** `arcsight`: the same with `cef.arcsight`. */
  readonly type: 'cef' | 'arcsight';
  readonly token: string | undefined;
  readonly cef: CefOptions;
}

/** CEF over HTTP: POSTs of CEF lines with one LF between two of them and none at the end, in UTF-8. */
export function createCefHttpOutput(options: CefHttpOptions): Output {
  const { url, token, clock } = options;
  const { client, userAgent, described, sendInRequests } = createCollector(options);
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    'User-Agent': userAgent,
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  };
  return {
    ...described,
    type: options.type,
    send: async (batch, signal) => sendInRequests(batch.map(({ event }) => formatCef(event, options.cef)), { separator: '\n' },
      async (body) => receiptOf(await client.post({ url, headers, body, signal }), clock.now())),
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
