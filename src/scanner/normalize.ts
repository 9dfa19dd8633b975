import { base64View } from './base64.js';
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

/**
 * The ways to look at a text, the text itself first; the others only where they differ from it. Lone surrogates count
 * as U+FFFD. Linear in the length of the text, and next to nothing for plain ASCII.
 */
export function views(text: string, isJson: boolean): View[] {
  const given = givenView(text.isWellFormed() ? text : text.toWellFormed());
  const all = [given];
  const json = isJson ? unescapedView(given) : undefined;
  if (json !== undefined) all.push(json);
  const folded = isAscii(given.text) ? undefined : foldedView(json ?? given);
  if (folded !== undefined) all.push(folded);
  const base64 = base64View(given);
  if (base64 !== undefined) all.push(base64);
  return all;
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text, 'utf8') === text.length;
}
