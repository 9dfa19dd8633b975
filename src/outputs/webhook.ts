import { DeliveryError, type Output, type Receipt } from './output.js';
import { receiptOf } from './answer.js';
import { createHttpClient, type HttpClient } from './http.js';
import type { ProxySettings } from './proxy.js';
import { signPayload } from './signature.js';
import type { TlsOptions } from './tls-files.js';
import type { Clock } from '../ports.js';

export interface WebhookOptions {
  readonly name: 'webhook';
  readonly url: string;
  /** Asked for at every attempt, so that a changed secret holds at once. May throw. */
  readonly secret: () => string;
  /** During a rotation: the secret before, and until when (ms since the epoch) its signature is sent too. */
  readonly previousSecret: () => { readonly secret: string; readonly until: number } | undefined;
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  readonly tls?: TlsOptions | undefined;
  readonly proxy?: ProxySettings | undefined;
  readonly skipVerify: boolean;
  readonly clock: Pick<Clock, 'now'>;
  /** raxed's own, for `User-Agent`. */
  readonly version: string;
}

/** The MSSP's SOC: one signed POST an event, its body the stored bytes, the same on every attempt. */
export function createWebhookOutput(options: WebhookOptions): Output {
  const client: HttpClient = createHttpClient({
    tls: options.tls, proxy: options.proxy, skipVerify: options.skipVerify, timeoutMs: options.timeoutMs, maxSockets: options.maxInFlight,
  });
  const userAgent = `raxed/${options.version}`;

  const headers = (eventId: string, body: Uint8Array): Record<string, string> => {
    const nowMs = options.clock.now();
    const timestamp = Math.floor(nowMs / 1000);
    const previous = options.previousSecret();
    return {
      'Content-Type': 'application/json',
      'User-Agent': userAgent,
      'X-Raxe-Timestamp': String(timestamp),
      'X-Raxe-Signature': signPayload(options.secret(), timestamp, body),
      ...(previous === undefined || previous.until <= nowMs ? {} : { 'X-Raxe-Signature-Previous': signPayload(previous.secret, timestamp, body) }),
      'X-Raxe-Event-Id': eventId,
    };
  };

  return {
    name: options.name,
    type: 'webhook',
    url: new URL(options.url).origin,
    batchEvents: 1,
    batchBytes: Number.MAX_SAFE_INTEGER,
    maxInFlight: options.maxInFlight,
    lossy: false,
    async send(batch, signal): Promise<Receipt> {
      let receipt: Receipt = {};
      for (const { event, body } of batch) {
        const answer = await client.post({ url: options.url, headers: signed(() => headers(event.event_id, body)), body, signal });
        receipt = receiptOf(answer, options.clock.now());
      }
      return receipt;
    },
    close() {
      client.close();
      return Promise.resolve();
    },
  };
}

/** A secret that cannot be read is a wrong setting, not a lost event. */
function signed(make: () => Record<string, string>): Record<string, string> {
  try {
    return make();
  } catch (cause) {
    throw new DeliveryError('misconfigured', 'the webhook secret cannot be read', { cause });
  }
}
