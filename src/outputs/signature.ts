import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far a timestamp may lie in the past, and in the future (a sender's clock that runs ahead). */
const TOLERANCE_PAST_SECONDS = 300;
const TOLERANCE_FUTURE_SECONDS = 60;

/**
 * The value of `X-Raxe-Signature`: `sha256=` and the lower-case hex of
 * HMAC-SHA256(secret, timestamp + "." + body), over the bytes of the body exactly as they are sent.
 */
export function signPayload(secret: string, timestampSeconds: number, body: Uint8Array): string {
  const hmac = createHmac('sha256', secret).update(`${timestampSeconds}.`, 'utf8').update(body);
  return `sha256=${hmac.digest('hex')}`;
}

export interface SignedRequest {
  /** The bytes that arrived, before any parsing. */
  readonly body: Uint8Array;
  /** `X-Raxe-Timestamp`, as it arrived. */
  readonly timestamp: string;
  /** `X-Raxe-Signature`, and `X-Raxe-Signature-Previous` where there is one. */
  readonly signatures: readonly string[];
}

export interface VerifyOptions {
  /** The secrets that count: today's and, during a rotation, the one before. */
  readonly secrets: readonly string[];
  readonly nowSeconds: number;
  /** Past limit; 300 unless told. */
  readonly toleranceSeconds?: number;
}

export type SignatureVerdict = 'valid' | 'bad_timestamp' | 'expired' | 'mismatch';

/**
 * Whether a request is from someone who holds one of the secrets, and is fresh. Compares in constant time.
 * A timestamp may be 300 s old and 60 s ahead.
 */
export function verifySignature(request: SignedRequest, options: VerifyOptions): SignatureVerdict {
  if (!/^\d{1,12}$/.test(request.timestamp)) return 'bad_timestamp';
  const timestamp = Number(request.timestamp);
  const age = options.nowSeconds - timestamp;
  if (age > (options.toleranceSeconds ?? TOLERANCE_PAST_SECONDS) || age < -TOLERANCE_FUTURE_SECONDS) return 'expired';
  let matches = false;
  for (const secret of options.secrets) {
    // The timestamp's own digits are signed: "007" and "7" are different messages.
    const hmac = createHmac('sha256', secret).update(`${request.timestamp}.`, 'utf8').update(request.body);
    const expected = Buffer.from(`sha256=${hmac.digest('hex')}`, 'latin1');
    for (const signature of request.signatures) {
      const given = Buffer.from(signature, 'latin1');
      if (given.length === expected.length && timingSafeEqual(given, expected)) matches = true;
    }
  }
  return matches ? 'valid' : 'mismatch';
}
