import type { View } from '../view.js';
import { ViewBuilder } from '../view.js';
import type { Units } from '../regex/units.js';

/** Tags and comments of HTML, comments of programs, strings put together, emphasis of Markdown, colours of terminals, what is not displayed, and words broken at the end of a line. */
const MARKS = [
  '<!--[^<>]{0,100}-->', '</?[A-Za-z][^<>\\n]{0,100}>', '/\\*[^*\\n]{0,40}\\*/', '["\']\\s?\\+\\s?["\']', '\\*{1,3}', '~~', '`{1,3}', '\\{\\}',
  '\\x1b\\[[0-9;]{0,10}[A-Za-z]', '[A-Za-z]\\x08', '-\\r?\\n', '[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f\\ufff9-\\ufffd]',
];
const RUN = new RegExp(`(?:${MARKS.join('|')})+`, 'g');
const LETTER = /\p{L}/u;
/** Such tags, and all that is no tag, may stand within a word; others stand between words. */
const BLOCK = /<\/?(?!(?:a|abbr|b|code|del|em|font|i|ins|mark|s|small|span|strong|sub|sup|u|wbr)\b)[A-Za-z]/i;
const EMPHASIS = /^[*~`]+$/;
/** These are taken away wherever they stand. */
const NOWHERE_READ = /^[<\x00-\x08\x0e-\x1f\x7f-\x9f\ufff9-\ufffd]/;
/** One mark within a word may be a product of two names, or a slip. */
const MIN_TORN = 2;
/** Emphasis on so many words, two marks each, is none. */
const MIN_EMPHASIS = 6;
const MIN_EMPHASIS_SHARE = 0.6;

/** The text without the marks that words are torn or strewn with; undefined when there are none such. */
export function markupView(base: View): View | undefined {
  const { text } = base;
  const builder = new ViewBuilder();
  let at = 0;
  let torn = 0;
  let emphasis = 0;
  for (const { 0: run, index } of text.matchAll(RUN)) {
    const end = index + run.length;
    const follows = isLetter(text, index - 1);
    const leads = isLetter(text, end);
    const isEmphasis = EMPHASIS.test(run);
    if (!(follows && leads) && !NOWHERE_READ.test(run) && !(isEmphasis && (follows || leads))) continue;
    builder.add(text.slice(at, index), at, index);
    if (run.includes('<') && BLOCK.test(run)) builder.add(' ', index, end);
    at = end;
    if (follows && leads) torn++;
    else if (isEmphasis) emphasis++;
  }
  if (torn < MIN_TORN && !(emphasis >= MIN_EMPHASIS && emphasis >= MIN_EMPHASIS_SHARE * (text.match(/\p{L}+/gu)?.length ?? 0))) return undefined;
  builder.add(text.slice(at), at, text.length);
  return builder.view('markup', base);
}

function isLetter(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  const letter = (code | 0x20) - 0x60;
  return code < 0x80 ? letter >= 1 && letter <= 26 : LETTER.test(text.charAt(at));
}

/** By ASCII character: what it can be to a mark. */
const KINDS = new Uint8Array(128);
const ASCII_LETTER = 1;
const EMPHASIS_SIGN = 2;
/** A mark begins with it when what follows fits. */
const OPENING = 3;
const CONTROL = 4;
for (let code = 0; code < 128; code++) {
  const char = String.fromCharCode(code);
  KINDS[code] = /[A-Za-z]/.test(char) ? ASCII_LETTER : EMPHASIS.test(char) ? EMPHASIS_SIGN : /[<{/"'-]/.test(char) ? OPENING : NOWHERE_READ.test(char) ? CONTROL : 0;
}

/** Whether `markupView` may find enough marks; one look at each character tells it of nearly all texts that have too few. */
export function mayBeTorn({ units, length }: Units): boolean {
  let torn = 0;
  let emphasis = 0;
  let words = 0;
  let isWord = false;
  let follows = false;
  for (let at = 0; at < length; at++) {
    const code = units[at] ?? 0;
    // What is not ASCII may be a letter, and may belong to the word that it touches.
    const kind = code < 128 ? KINDS[code] ?? 0 : ASCII_LETTER;
    if (kind === ASCII_LETTER) {
      if (code >= 0x7f && ((code >= 0x80 && code <= 0x9f && code !== 0x85) || code >= 0xfff9)) return true;
      if (code < 128 && !isWord) words++;
      isWord ||= code < 128;
      follows = true;
      continue;
    }
    if (kind === CONTROL) return true;
    if (kind !== 0) {
      const next = at + 1 < length ? units[at + 1] ?? 0 : 0;
      const nextKind = next < 128 ? KINDS[next] ?? 0 : ASCII_LETTER;
      if (kind === EMPHASIS_SIGN) {
        if (follows || nextKind === ASCII_LETTER) emphasis++;
        if (follows && nextKind !== 0) torn++;
      } else if (follows && opensMark(code, next)) torn++;
      if (torn >= MIN_TORN) return true;
    }
    follows = isWord = false;
  }
  return emphasis >= MIN_EMPHASIS && emphasis >= MIN_EMPHASIS_SHARE * words;
}

/** As far as two characters can say it. */
function opensMark(code: number, next: number): boolean {
  switch (code) {
    case 0x3c: return next === 0x21 || next === 0x2f || KINDS[next] === ASCII_LETTER;
    case 0x7b: return next === 0x7d;
    case 0x2f: return next === 0x2a;
    case 0x2d: return next === 0x0a || next === 0x0d;
    default: return next === 0x2b || next === 0x20 || (next >= 0x09 && next <= 0x0d) || next >= 128;
  }
}
