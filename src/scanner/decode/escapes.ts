import type { View } from '../view.js';
import { ViewBuilder } from '../view.js';

/** Runs of percent signs (RFC 3986, 2.1) and of quoted-printable (RFC 2045, 6.7); entities of HTML; escapes of programming languages. */
const ESCAPE = /(?:%[0-9a-fA-F]{2})+|(?:=[0-9a-fA-F]{2}){2,}|=\r?\n|&#(?:[0-9]{2,7}|[xX][0-9a-fA-F]{2,6});?|&[a-z]{2,6};|(?:\\x[0-9a-fA-F]{2})+|\\u\{[0-9a-fA-F]{1,6}\}|\\u[0-9a-fA-F]{4}|\\U00[0-9a-fA-F]{6}|\\00[0-9a-fA-F]{4}|(?:\\[A-Za-z]){4,}/g;
const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", nbsp: ' ', ensp: ' ', emsp: ' ', shy: '', zwj: '', zwnj: '' };

/** The text with its escapes resolved where they stand; undefined when there are none. */
export function escapesView(base: View): View | undefined {
  const { text } = base;
  if (!/[%&\\=]/.test(text)) return undefined;
  const builder = new ViewBuilder();
  let at = 0;
  let changed = false;
  for (const found of text.matchAll(ESCAPE)) {
    const means = resolved(found[0]);
    if (means === undefined) continue;
    changed = true;
    builder.add(text.slice(at, found.index), at, found.index);
    at = found.index + found[0].length;
    builder.add(means, found.index, at);
  }
  if (!changed) return undefined;
  builder.add(text.slice(at), at, text.length);
  return builder.view('escapes', base);
}

function resolved(escape: string): string | undefined {
  if (escape.startsWith('&')) {
    if (escape[1] !== '#') return NAMED[escape.slice(1, -1)];
    return character(/^&#[xX]/.test(escape) ? Number.parseInt(escape.slice(3), 16) : Number.parseInt(escape.slice(2), 10));
  }
  if (/^(?:\\[A-Za-z])+$/.test(escape)) return escape.replaceAll('\\', '');
  if (/^\\[uU0]/.test(escape)) return character(Number.parseInt(escape.replace(/[\\uU{}]/g, ''), 16));
  if (/^=\r?\n$/.test(escape)) return '';
  return Buffer.from(escape.replace(/%|=|\\x/g, ''), 'hex').toString('utf8');
}

function character(code: number): string {
  return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? '\ufffd' : String.fromCodePoint(code);
}
