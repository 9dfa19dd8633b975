import { decodedViews } from './decode/decode.js';
import { foldedView } from './fold.js';
import { unescapedView } from './json-text.js';
import { givenView } from './view.js';
import type { View } from './view.js';

declare global {
  /** ES2024; Node has them since version 20, TypeScript's library for it does not. */
  interface String {
    isWellFormed(): boolean;
    toWellFormed(): string;
  }
}

/** What is decoded is decoded once more at most. */
const MAX_DEPTH = 2;
/** All decoded views of a text together have at most so many times its length, and so many units beside. */
const MAX_GROWTH = 3;
const FREE_UNITS = 4096;

/**
 * The ways to look at a text, the text itself first; the others only where they differ from it. Lone surrogates count
 * as U+FFFD. Linear in the length of the text, and next to nothing for plain ASCII.
 */
export function* views(text: string, isJson: boolean): Generator<View> {
  const given = givenView(text.isWellFormed() ? text : text.toWellFormed());
  yield given;
  const json = isJson ? unescapedView(given) : undefined;
  if (json !== undefined) yield json;
  const plain = json ?? given;
  const folded = isAscii(plain.text) ? undefined : foldedView(plain);
  if (folded !== undefined) yield folded;
  let left = MAX_GROWTH * text.length + FREE_UNITS;
  // Invisible characters are gone once a text is folded, and base64 may stand in letters that folding changes.
  const bases = folded === undefined ? [plain] : [plain, folded];
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const found: View[] = [];
    for (const base of bases) {
      for (const view of decodedViews(base, isAscii(base.text))) {
        left -= view.text.length;
        if (left < 0) return;
        yield view;
        found.push(view);
      }
    }
    bases.splice(0, bases.length, ...found);
  }
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text, 'utf8') === text.length;
}
