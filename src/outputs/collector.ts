import type { Clock } from '../ports.js';
import { createHttpClient, type HttpClient } from './http.js';
import type { Receipt, SiemOutput } from './output.js';
import type { ProxySettings } from './proxy.js';
import { joinPieces, splitForRequests } from './requests.js';
import type { TlsOptions } from './tls-files.js';

/** What every output is told that POSTs batches to a collector over HTTP. */
export interface CollectorOptions {
  readonly name: string;
  /** As the operator wrote it. */
  readonly url: string;
  readonly batchEvents: number;
  /** Of a request's body before it is compressed; an event that is longer by itself is sent alone. */
  readonly batchBytes: number;
  readonly timeoutMs: number;
  readonly tls?: TlsOptions | undefined;
  readonly proxy?: ProxySettings | undefined;
  readonly skipVerify: boolean;
  readonly clock: Pick<Clock, 'now'>;
  /** raxed's own, for `User-Agent`. */
  readonly version: string;
}

/** What the collector itself allows; the options may ask for less. */
export interface CollectorLimits {
  readonly maxInFlight?: number;
  readonly events?: number;
  readonly bytes?: number;
}

export interface Collector {
  readonly client: HttpClient;
  readonly userAgent: string;
  /** What the output says of itself, beside its type. */
  readonly described: Pick<SiemOutput, 'name' | 'url' | 'batchEvents' | 'batchBytes' | 'maxInFlight' | 'lossy' | 'certificate' | 'close'>;
  /** Sends a batch's events, each as text, in as few requests as the limits allow, one after another; the last one's receipt. `from`: the place of a request's first event in the batch. */
  sendInRequests(pieces: readonly string[], around: { readonly before?: string; readonly separator: string; readonly after?: string }, post: (body: Buffer, from: number) => Promise<Receipt>): Promise<Receipt>;
}

const MAX_IN_FLIGHT = 4;

export function createCollector(options: CollectorOptions, { maxInFlight = MAX_IN_FLIGHT, events = Infinity, bytes = Infinity }: CollectorLimits = {}): Collector {
  const { tls, proxy, skipVerify, timeoutMs } = options;
  const batchEvents = Math.min(options.batchEvents, events);
  const batchBytes = Math.min(options.batchBytes, bytes);
  const client = createHttpClient({ tls, proxy, skipVerify, timeoutMs, maxSockets: maxInFlight });
  return {
    client,
    userAgent: `raxed/${options.version}`,
    described: {
      name: options.name, url: new URL(options.url).origin, batchEvents, batchBytes, maxInFlight, lossy: false,
      certificate: () => client.certificate(),
      close() {
        client.close();
        return Promise.resolve();
      },
    },
    async sendInRequests(pieces, around, post) {
      let receipt: Receipt = {};
      const { before = '', separator, after = '' } = around;
      // A separator is counted for each event, and the last one has none.
      const framing = Math.max(0, before.length + after.length - separator.length);
      for (const part of splitForRequests(pieces.map((piece) => Buffer.from(piece)), { events: batchEvents, bytes: batchBytes - framing })) {
        receipt = await post(joinPieces(part.pieces, around), part.from);
      }
      return receipt;
    },
  };
}
