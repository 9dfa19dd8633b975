import type { View } from '../view.js';
import { sameLengthView, ViewBuilder } from '../view.js';
import { asciiSet } from './runs.js';
import { ATBASH, MIN_SPACED } from './signs.js';

/** The text with its alphabet moved back by `shift` letters, or turned around. */
export function shiftedView(base: View, shift: number): View {
  const table = Array.from({ length: 128 }, (_, code) => {
    const first = code & 0xe0;
    const letter = (code & 0x1f) - 1;
    if (code < 0x41 || letter < 0 || letter > 25) return code;
    return first + 1 + (shift === ATBASH ? 25 - letter : (letter + 26 - shift) % 26);
  });
  return sameLengthView('shifted', base, mapped(base.text, (code) => table[code] ?? code));
}

const LEET = new Map([...'013457@$'].map((char, index) => [char.charCodeAt(0), 'oieastas'.charCodeAt(index)]));

/** The text with the digits and signs that look like letters replaced by them. */
export function leetView(base: View): View {
  return sameLengthView('leet', base, mapped(base.text, (code) => LEET.get(code) ?? code));
}

/** The text from its end to its beginning. */
export function reversedView(base: View): View {
  const { text } = base;
  return { kind: 'reversed', text: reversed(text), toOriginal: (start, end) => base.toOriginal(text.length - end, text.length - start) };
}

/** The text with each word turned around where it stands. */
export function reversedWordsView(base: View): View {
  const { text } = base;
  const backwards = reversed(text);
  const builder = new ViewBuilder();
  for (const { 0: { length }, index } of text.matchAll(/[\p{L}\p{N}]+|[^\p{L}\p{N}]+/gu)) {
    builder.add(backwards.slice(text.length - index - length, text.length - index), index, index + length);
  }
  return builder.view('reversed', base);
}

/** Byte by byte and so unit by unit, which takes a twentieth of the time of a list of characters. */
function reversed(text: string): string {
  const units = Buffer.from(text, 'utf16le').reverse().swap16().toString('utf16le');
  return units.replace(/[\udc00-\udfff][\ud800-\udbff]/g, (pair) => pair.charAt(1) + pair.charAt(0));
}

const GAPS = asciiSet(' \t\n-_.,*|/+~');
const MAX_GAP = 5;

/** The text with its letters put together where they stand apart; a wider gap is a space. */
export function spacedView(base: View): View | undefined {
  const { text } = base;
  const isGap = (at: number): boolean => GAPS[text.charCodeAt(at)] === 1;
  const isEdge = (at: number): boolean => at < 0 || at >= text.length || isGap(at);
  const builder = new ViewBuilder();
  let done = 0;
  let run: number[] = [];
  const close = (): void => {
    const first = run[0];
    if (first !== undefined && run.length >= MIN_SPACED) {
      const gaps = run.slice(1).map((at, index) => at - (run[index] ?? at) - 1);
      const narrow = Math.min(...gaps.slice(0, MIN_SPACED));
      const spaces = run.map((at) => text.charCodeAt(at - 1) === 0x20);
      // Between letters that dots or dashes hold apart, a space is the end of a word.
      const isRare = 2 * spaces.filter(Boolean).length < run.length;
      builder.add(text.slice(done, first), done, first);
      for (const [index, at] of run.entries()) {
        if ((gaps[index - 1] ?? narrow) > narrow || (index > 0 && isRare && spaces[index] === true)) builder.add(' ', at - 1, at);
        builder.add(text.slice(at, at + 1), at, at + 1);
        done = at + 1;
      }
    }
    run = [];
  };
  for (let at = 0; at < text.length; at++) {
    if (isGap(at)) continue;
    const last = run[run.length - 1];
    const isSingle = isEdge(at - 1) && isEdge(at + 1);
    if (!isSingle || (last !== undefined && at - last - 1 > MAX_GAP)) close();
    if (isSingle) run.push(at);
  }
  close();
  if (done === 0) return undefined;
  builder.add(text.slice(done), done, text.length);
  return builder.view('spaced', base);
}

function mapped(text: string, map: (code: number) => number): string {
  const units = Buffer.from(text, 'utf16le');
  for (let at = 0; at + 1 < units.length; at += 2) if (units[at + 1] === 0) units[at] = map(units[at] ?? 0);
  return units.toString('utf16le');
}
