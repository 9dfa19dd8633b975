import type { View } from '../view.js';
import { asciiSet, readableText, runsView } from './runs.js';

/** Either alphabet of RFC 4648, sections 4 and 5. Shorter runs are words, and too short for an instruction. */
const BASE64 = {
  members: asciiSet('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_'),
  min: 24,
  read: (run: string) => readableBytes(Buffer.from(run, 'base64')),
  tail: /^={1,2}/,
};

export function base64View(base: View): View | undefined {
  return runsView(base, 'base64', BASE64);
}

/** PowerShell's way is UTF-16, of which every second byte is zero in ASCII texts. */
function readableBytes(bytes: Buffer): string | undefined {
  const isWide = bytes.length > 8 && bytes[1] === 0 && bytes[3] === 0 && bytes[5] === 0;
  return readableText(isWide ? Buffer.from(bytes.toString('utf16le')) : bytes);
}

const ALPHABET_32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const VALUE_32 = new Map([...ALPHABET_32].map((char, value) => [char, value]));

/** RFC 4648, section 6. */
const BASE32 = { members: asciiSet(ALPHABET_32), min: 24, read: readBase32, tail: /^={1,6}/ };

export function base32View(base: View): View | undefined {
  return runsView(base, 'base32', BASE32);
}

function readBase32(run: string): string | undefined {
  const bytes = Buffer.alloc(Math.floor((run.length * 5) / 8));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const char of run) {
    held = ((held << 5) | (VALUE_32.get(char) ?? 0)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = (held >> bits) & 0xff;
  }
  return readableText(bytes);
}
