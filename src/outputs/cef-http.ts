import { receiptOf, type VendorMeaning } from './answer.js';
import { formatCef, type CefOptions } from './cef.js';
import { createCollector, type CollectorOptions } from './collector.js';
import type { FilteredEvent } from '../event/privacy.js';
import type { SiemOutput } from './output.js';

export interface CefHttpOptions extends CollectorOptions {
  /** `arcsight`: the same with `cef.arcsight`. */
  readonly type: 'cef' | 'arcsight';
  readonly token: string | undefined;
  readonly cef: CefOptions;
}

/** CEF over HTTP: POSTs of CEF lines with one LF between two of them and none at the end, in UTF-8. */
export function createCefHttpOutput(options: CefHttpOptions): SiemOutput {
  const { url, token, clock } = options;
  const { client, userAgent, described, sendInRequests } = createCollector(options);
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    'User-Agent': userAgent,
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  };
  const format = (event: FilteredEvent): string => formatCef(event, options.cef);
  return {
    ...described,
    type: options.type,
    format,
    send: async (batch, signal) => sendInRequests(batch.map(({ event }) => format(event)), { separator: '\n' },
      async (body) => receiptOf(await client.post({ url, headers, body, signal }), clock.now())),
    /** There is no address for it: the URL is asked for without a line. */
    async healthCheck(signal) {
      const receipt = receiptOf(await client.get({ url, headers, signal }), clock.now(), meaningOfGet);
      return { ...receipt, checked: 'something at this URL answers a GET; that it takes CEF lines with this token, only a test event shows' };
    },
  };
}

/** Statuses of a receiver that is there and wants a POST, or a body. */
const WANTS_MORE = [400, 405, 411, 415, 422];

const meaningOfGet: VendorMeaning = ({ status }) => {
  if (WANTS_MORE.includes(status)) return 'success';
  if (status === 404 || status === 410) return { kind: 'misconfigured', says: 'there is nothing at this URL, or nothing but POSTs are answered: see url, and send a test event' };
  return undefined;
};
