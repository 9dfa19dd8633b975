import { ViewBuilder } from './view.js';
import type { View } from './view.js';

/** Characters that take no place or only say how to show others: they hide words from rules, not from a model. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;
const LINE_ENDS = /[\u0085\u2028\u2029]/g;
const SPACES = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g;
const MARK = /^\p{M}/u;
/** Marks that no letter of its own is made of: lines through a letter, boxes around it, heaps of accents. */
const OVERLAID = /([\x20-\x7e\u00c0-\u024f\u1e00-\u1eff])[\u0300-\u036f\u20d0-\u20f0]+/g;
/** Letters in black circles and squares, and those of flags, for which NFKC has nothing. */
const BADGES = /[\u{1f150}-\u{1f169}\u{1f170}-\u{1f189}\u{1f1e6}-\u{1f1ff}]/gu;

/** Text is normalised in pieces of at most so many units: the cost of marks upon marks grows with the square of their number. */
const MAX_CHUNK = 128;
const MAX_CLUSTER = 32;
const MAX_GROWTH = 6;
const MAX_CACHED = 2000;
const MAX_CACHED_UNITS = 4;

/**
 * The text in NFKC, without invisible characters, and with every white space as ASCII; undefined when that changes
 * nothing. ASCII texts are not to be given to it: it costs a multiple of a look at them.
 */
export function foldedView(base: View): View | undefined {
  const { text } = base;
  const builder = new ViewBuilder();
  let changed = false;
  let at = 0;
  while (at < text.length) {
    const end = chunkEnd(text, at);
    const chunk = text.slice(at, end);
    if (foldText(chunk) === chunk) {
      builder.add(chunk, at, end);
    } else {
      changed = true;
      addClusters(text, at, end, builder);
    }
    at = end;
  }
  return changed ? builder.view('folded', base) : undefined;
}

function addClusters(text: string, from: number, to: number, builder: ViewBuilder): void {
  let at = from;
  while (at < to) {
    let end = at + width(text, at);
    while (end < to && end - at < MAX_CLUSTER && isMark(text, end)) end += width(text, end);
    const cluster = text.slice(at, end);
    const folded = end - at <= MAX_CACHED_UNITS ? foldCluster(cluster) : foldText(cluster);
    // A few ligatures stand for whole sentences; nobody hides a word in them, but a text of them would become huge.
    builder.add(folded.length > MAX_GROWTH * cluster.length ? cluster : folded, at, end);
    at = end;
  }
}

const foldedClusters = new Map<string, string>();

function foldCluster(cluster: string): string {
  if (cluster.length === 1 && cluster.charCodeAt(0) < 0x80) return cluster;
  let folded = foldedClusters.get(cluster);
  if (folded === undefined) {
    folded = foldText(cluster);
    if (foldedClusters.size >= MAX_CACHED) foldedClusters.clear();
    foldedClusters.set(cluster, folded);
  }
  return folded;
}

function foldText(text: string): string {
  return text.normalize('NFKC').replace(OVERLAID, (_, letter: string) => letter.normalize('NFD').charAt(0)).replace(BADGES, badgeLetter).replace(INVISIBLE, '').replace(LINE_ENDS, '\n').replace(SPACES, ' ');
}

function badgeLetter(badge: string): string {
  const code = badge.codePointAt(0) ?? 0;
  return String.fromCharCode(0x41 + code - (code < 0x1f170 ? 0x1f150 : code < 0x1f1e6 ? 0x1f170 : 0x1f1e6));
}

/** The end of a piece, not between the halves of a character, nor between a letter and the first marks on it. */
function chunkEnd(text: string, start: number): number {
  let end = Math.min(text.length, start + MAX_CHUNK);
  if (end < text.length && (text.charCodeAt(end) & 0xfc00) === 0xdc00) end--;
  const last = Math.min(text.length, end + MAX_CLUSTER);
  while (end < last && isMark(text, end)) end += width(text, end);
  return end;
}

function isMark(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  // There are none among the characters of Chinese and Hangul, nor among emoji.
  if (code < 0x300 || (code >= 0x3400 && code < 0xa66f) || (code >= 0xac00 && code < 0xd800) || (code >= 0xd83c && code <= 0xd83e)) return false;
  return MARK.test(text.slice(at, at + 2));
}

function width(text: string, at: number): number {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800 ? 2 : 1;
}
