import { verifySignature } from '../outputs/signature.js';
import type { SignatureVerdict } from '../outputs/signature.js';

/** Headers as Node, Express or Fastify have them, or a Fetch API `Headers`. Names in any case. */
export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>> | { get(name: string): string | null };

export interface VerifyWebhookOptions {
  /** How old the timestamp may be; 300 unless told. It may also be 60 s ahead. */
  readonly toleranceSeconds?: number;
  /** Unix seconds; today's unless told. */
  readonly nowSeconds?: number;
}

/** `missing`: no signature or no timestamp. `expired`: too old or too far ahead. `mismatch`: signed with another secret, or changed on the way. */
export type WebhookVerdict = SignatureVerdict | 'missing';

/**
 * Whether a webhook request comes from somebody who holds the secret, unchanged and recently. `body`: the bytes that
 * arrived, before any parsing. While a secret is rotated both may be given.
 * Throws TypeError for a body that was parsed and for an empty secret. No body (`undefined`) is an empty one.
 */
export function verifyWebhook(body: Uint8Array | string | undefined, headers: WebhookHeaders, secret: string | readonly string[], options: VerifyWebhookOptions = {}): boolean {
  return checkWebhook(body, headers, secret, options) === 'valid';
}

/** `verifyWebhook` with the reason, for a log. The sender must not learn it. */
export function checkWebhook(body: Uint8Array | string | undefined, headers: WebhookHeaders, secret: string | readonly string[], options: VerifyWebhookOptions = {}): WebhookVerdict {
  if (body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array)) throw new TypeError('the body must be the bytes that arrived: turn the JSON parser off for this route');
  const secrets = typeof secret === 'string' ? [secret] : secret;
  // As environment variables give it: an absent secret would let everybody in who knows that it is absent.
  if (!Array.isArray(secrets) || secrets.length === 0 || secrets.some((one) => typeof one !== 'string' || one === '')) throw new TypeError('the secret is empty');
  const timestamp = header(headers, 'x-raxe-timestamp');
  const signatures = [header(headers, 'x-raxe-signature'), header(headers, 'x-raxe-signature-previous')].filter((signature) => signature !== undefined);
  if (timestamp === undefined || signatures.length === 0) return 'missing';
  const { toleranceSeconds, nowSeconds = Date.now() / 1000 } = options;
  return verifySignature(
    { body: body instanceof Uint8Array ? body : Buffer.from(body ?? '', 'utf8'), timestamp, signatures },
    { secrets, nowSeconds, ...(toleranceSeconds === undefined ? {} : { toleranceSeconds }) },
  );
}

/** One value; a header that came twice counts as none. */
function header(headers: WebhookHeaders, name: string): string | undefined {
  if (isFetchHeaders(headers)) return headers.get(name) ?? undefined;
  const values = Object.entries(headers).flatMap(([key, value]) => (key.toLowerCase() === name && value !== undefined ? [value].flat() : []));
  return values.length === 1 ? values[0] : undefined;
}

function isFetchHeaders(headers: WebhookHeaders): headers is { get(name: string): string | null } {
  return typeof headers['get'] === 'function';
}
