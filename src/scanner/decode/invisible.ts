import type { View } from '../view.js';
import { ViewBuilder } from '../view.js';
import { readableText } from './runs.js';

/** Tag characters, which repeat ASCII unseen, and variation selectors, each of which can stand for a byte. */
const HIDDEN = /[\u{E0020}-\u{E007E}]{4,}|[\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]{4,}/gu;
const TAGS = 0xe0000;

/** What is written in characters that are not displayed, one line a run; undefined when nothing is. */
export function invisibleView(base: View): View | undefined {
  const { text } = base;
  if (!/[\ufe00-\ufe0f\udb40]/.test(text)) return undefined;
  const builder = new ViewBuilder();
  let found = false;
  for (const { 0: run, index } of text.matchAll(HIDDEN)) {
    const codes = Array.from(run, (char) => char.codePointAt(0) ?? 0);
    const isTags = (codes[0] ?? 0) >= TAGS && (codes[0] ?? 0) < 0xe0100;
    const says = isTags ? codes.map((code) => String.fromCharCode(code - TAGS)).join('') : readableText(Buffer.from(codes.map(selectedByte)));
    if (says === undefined) continue;
    if (found) builder.add('\n', index, index);
    builder.add(says, index, index + run.length);
    found = true;
  }
  return found ? builder.view('invisible', base) : undefined;
}

function selectedByte(selector: number): number {
  return selector >= 0xe0100 ? selector - 0xe0100 + 16 : selector - 0xfe00;
}
