import type { View } from '../view.js';
import { asciiSet, readableText, runsView } from './runs.js';

/** A text written as the numbers of its bytes: hexadecimal, decimal, binary or octal, together or apart. */
const CODES = { members: asciiSet('0123456789abcdefABCDEFxX\\ ,;:-\n\t'), min: 24, read: readCodes };

export function codesView(base: View): View | undefined {
  return runsView(base, 'codes', CODES);
}

const MIN_BYTES = 8;

/** Each way to write a byte, and the base that it is read in. */
const SPELLINGS = [
  { byte: /^[01]{8}$/, radix: 2 },
  { byte: /^[0-9a-fA-F]{2}$/, radix: 16 },
  { byte: /^[0-9]{1,3}$/, radix: 10 },
  { byte: /^[0-3]?[0-7]{2}$/, radix: 8 },
] as const;

function readCodes(run: string): string | undefined {
  const numbers = run.split(/[^0-9a-fA-FxX]+|(?<=[0-9a-fA-F]{2})(?=0[xX])/).map((piece) => piece.replace(/^0?[xX]/, ''));
  const long = numbers.filter((number) => number.length >= 2 * MIN_BYTES && number.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(number));
  if (long.length > 0) return texty(Buffer.from(long.join(''), 'hex'));
  for (const { byte, radix } of SPELLINGS) {
    // At both ends stand pieces of the words around.
    const first = numbers.findIndex((number) => byte.test(number));
    const last = numbers.findLastIndex((number) => byte.test(number));
    const whole = numbers.slice(first, last + 1);
    if (first < 0 || whole.length < MIN_BYTES || !whole.every((number) => byte.test(number))) continue;
    const values = whole.map((number) => Number.parseInt(number, radix));
    const says = values.some((value) => value > 0xff) ? undefined : texty(Buffer.from(values));
    if (says !== undefined) return says;
  }
  return undefined;
}

/** Numbers can mean anything; words are mostly letters and spaces. */
function texty(bytes: Buffer): string | undefined {
  const text = readableText(bytes);
  if (text === undefined) return undefined;
  const letters = text.match(/[\p{L}\s]/gu)?.length ?? 0;
  return letters >= 0.7 * text.length ? text : undefined;
}
