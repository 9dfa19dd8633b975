import { ViewBuilder } from './view.js';
import type { View } from './view.js';

const ESCAPE = /\\(?:u[0-9a-fA-F]{4}|[^u])/g;

/** JSON with the escapes of its strings resolved, so that a line end in a string is one; undefined when there are none. */
export function unescapedView(base: View): View | undefined {
  const { text } = base;
  if (!text.includes('\\')) return undefined;
  const builder = new ViewBuilder();
  let at = 0;
  for (const found of text.matchAll(ESCAPE)) {
    builder.add(text.slice(at, found.index), at, found.index);
    at = found.index + found[0].length;
    builder.add(unescaped(found[0]), found.index, at);
  }
  builder.add(text.slice(at), at, text.length);
  return builder.view('json', base);
}

const NAMED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: ' ', f: ' ' };

function unescaped(escape: string): string {
  const letter = escape.slice(1, 2);
  if (letter !== 'u') return NAMED[letter] ?? letter;
  const code = Number.parseInt(escape.slice(2), 16);
  // JSON.stringify escapes a surrogate only when it stands alone.
  return code >= 0xd800 && code <= 0xdfff ? '\ufffd' : String.fromCharCode(code);
}
