import type { Clock, Random } from './ports.js';

/** Crockford's base 32, as the ULID specification (github.com/ulid/spec) uses it. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_CHARS = 10;
const RANDOM_BYTES = 10;

/**
 * Makes ULIDs: 26 characters, 48 bits of milliseconds and 80 bits of randomness, strictly rising within
 * one factory even when the wall clock steps back or stands still.
 */
export function createUlid(clock: Pick<Clock, 'now'>, random: Pick<Random, 'bytes'>): () => string {
  let lastTime = -1;
  let tail = new Uint8Array(RANDOM_BYTES);
  return () => {
    const now = Math.max(0, Math.floor(clock.now()));
    if (now > lastTime) {
      lastTime = now;
      tail = Uint8Array.from(random.bytes(RANDOM_BYTES));
    } else if (!increment(tail)) {
      lastTime += 1;
    }
    return encodeTime(lastTime) + encodeRandom(tail);
  };
}

/** Adds one to a big-endian number; false when it wrapped to zero. */
function increment(bytes: Uint8Array): boolean {
  for (let i = bytes.length - 1; i >= 0; i--) {
    const next = ((bytes[i] ?? 0) + 1) & 0xff;
    bytes[i] = next;
    if (next !== 0) return true;
  }
  return false;
}

function encodeTime(ms: number): string {
  let out = '';
  let rest = ms;
  for (let i = 0; i < TIME_CHARS; i++) {
    out = ALPHABET.charAt(rest % 32) + out;
    rest = Math.floor(rest / 32);
  }
  return out;
}

function encodeRandom(bytes: Uint8Array): string {
  let out = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += ALPHABET.charAt((buffer >>> bits) & 31);
    }
    buffer &= (1 << bits) - 1;
  }
  return out;
}
