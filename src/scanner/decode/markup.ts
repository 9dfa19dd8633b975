import type { View } from '../view.js';
import { ViewBuilder } from '../view.js';

/** Tags and comments of HTML, comments of programs, strings put together, emphasis of Markdown, colours of terminals, what is not displayed, and words broken at the end of a line. */
const MARKS = [
  '<!--[^<>]{0,100}-->', '</?[A-Za-z][^<>\\n]{0,100}>', '/\\*[^*\\n]{0,40}\\*/', '["\']\\s?\\+\\s?["\']', '\\*{1,3}', '~~', '`{1,3}', '\\{\\}',
  '\\x1b\\[[0-9;]{0,10}[A-Za-z]', '[A-Za-z]\\x08', '-\\r?\\n', '[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f\\ufff9-\\ufffd]',
];
const RUN = new RegExp(`(?:${MARKS.join('|')})+`, 'g');
const FIRST = /[<*~`{\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufff9-\ufffd]|\/\*|["']\s?\+|-\r?\n/;
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
  if (!FIRST.test(text)) return undefined;
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
