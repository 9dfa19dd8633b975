import type { Clock } from '../ports.js';
import { jsonReply, receiptOf, type VendorMeaning } from './answer.js';
import type { HttpClient } from './http.js';
import { DeliveryError } from './output.js';

/**
 * Access tokens of Microsoft Entra by the OAuth 2.0 client credentials grant (RFC 6749, 4.4):
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
export interface EntraOptions {
  /** `https://login.microsoftonline.com` in the public cloud. */
  readonly authority: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What the token is for, `…/.default`. */
  readonly scope: string;
  readonly client: HttpClient;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** raxed's own, for `User-Agent`. */
  readonly version: string;
}

export interface EntraTokens {
  /** The token in force; a new one shortly before its end. All who ask at once wait for one request. Rejects with DeliveryError. */
  token(signal: AbortSignal): Promise<string>;
  /** The receiver does not take `token`: the next to ask gets another. */
  reject(token: string): void;
  /** Ends a request that is on its way. */
  close(): void;
}

interface Token {
  readonly value: string;
  /** Monotonic milliseconds. */
  readonly renewAt: number;
}

/** A token is renewed so long before its end, but no earlier than after half of its time. */
const RENEW_BEFORE_MS = 300_000;

export function createEntraTokens(options: EntraOptions): EntraTokens {
  const { authority, tenantId, clientId, clientSecret, scope, client, clock } = options;
  const closing = new AbortController();
  let current: Token | undefined;
  let asking: Promise<Token> | undefined;

  async function ask(): Promise<Token> {
    const askedAt = clock.monotonic();
    const answer = await client.post({
      url: `${authority}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Accept': 'application/json', 'User-Agent': `raxed/${options.version}` },
      body: Buffer.from(new URLSearchParams({ client_id: clientId, scope, client_secret: clientSecret, grant_type: 'client_credentials' }).toString()),
      signal: closing.signal,
      wholeBody: true,
    });
    receiptOf(answer, clock.now(), meaningOf);
    const { access_token: value, expires_in: seconds } = jsonReply(answer);
    if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value) || typeof seconds !== 'number' || !(seconds > 0)) {
      throw new DeliveryError('retry', 'Microsoft Entra answered 200 without a token');
    }
    const lifeMs = seconds * 1000;
    return { value, renewAt: askedAt + Math.max(lifeMs - RENEW_BEFORE_MS, lifeMs / 2) };
  }

  return {
    async token(signal) {
      if (current !== undefined && clock.monotonic() < current.renewAt) return current.value;
      asking ??= ask().then((token) => current = token).finally(() => { asking = undefined; });
      return (await untilAborted(asking, signal)).value;
    },
    reject(token) {
      if (current?.value === token) current = undefined;
    },
    close() { closing.abort(); },
  };
}

/** Nothing that Entra answers is about an event: its refusals are settings, the rest may heal. The error codes are RFC 6749's, 5.2. */
const meaningOf: VendorMeaning = (answer) => {
  const { status } = answer;
  if (status >= 200 && status <= 299) return 'success';
  const { error } = jsonReply(answer);
  const code = typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? ` (${error})` : '';
  if (status === 429 || error === 'temporarily_unavailable') return { kind: 'retry', overload: true, says: `Microsoft Entra is busy${code}` };
  if (status === 408 || status >= 500) return { kind: 'retry', says: `Microsoft Entra gave no token${code}` };
  return { kind: 'misconfigured', says: `Microsoft Entra gave no token${code}: see tenant_id, client_id and token` };
};

/** One who waits may give up; the request goes on for the others. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => { reject(new DeliveryError('retry', 'aborted')); };
    if (signal.aborted) { promise.catch(() => undefined); aborted(); return; }
    signal.addEventListener('abort', aborted, { once: true });
    promise.then(resolve, reject).finally(() => { signal.removeEventListener('abort', aborted); });
  });
}
