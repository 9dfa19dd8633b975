import { addFolded } from './case-fold.js';

/** A set of code points: ascending, disjoint, non-adjacent ranges, flat: [low, high, low, high, …], both ends inside. */
export type CharSet = readonly number[];

export const MAX_CODE_POINT = 0x10ffff;

export const ANY_CHAR: CharSet = [0, MAX_CODE_POINT];
export const ANY_BUT_NEWLINE: CharSet = [0, 0x09, 0x0b, MAX_CODE_POINT];

/** RE2's classes of one letter; ASCII only, unlike Python's and JavaScript's. */
export const PERL_CLASSES: Readonly<Record<string, CharSet>> = {
  d: [0x30, 0x39],
  s: [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20],
  w: [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a],
};

export const POSIX_CLASSES: Readonly<Record<string, CharSet>> = {
  alnum: [0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a],
  alpha: [0x41, 0x5a, 0x61, 0x7a],
  ascii: [0x00, 0x7f],
  blank: [0x09, 0x09, 0x20, 0x20],
  cntrl: [0x00, 0x1f, 0x7f, 0x7f],
  digit: [0x30, 0x39],
  graph: [0x21, 0x7e],
  lower: [0x61, 0x7a],
  print: [0x20, 0x7e],
  punct: [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e],
  space: [0x09, 0x0d, 0x20, 0x20],
  upper: [0x41, 0x5a],
  word: [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a],
  xdigit: [0x30, 0x39, 0x41, 0x46, 0x61, 0x66],
};

/** Makes a set of ranges in any order. */
export function charSet(ranges: readonly number[]): CharSet {
  if (ranges.length <= 2) return ranges;
  const pairs: [number, number][] = [];
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i] ?? 0, ranges[i + 1] ?? 0]);
  pairs.sort((a, b) => a[0] - b[0]);
  const merged: number[] = [];
  for (const [low, high] of pairs) {
    const last = merged[merged.length - 1];
    if (last !== undefined && low <= last + 1) merged[merged.length - 1] = Math.max(last, high);
    else merged.push(low, high);
  }
  return merged;
}

export function complement(set: CharSet): CharSet {
  const rest: number[] = [];
  let next = 0;
  for (let i = 0; i < set.length; i += 2) {
    const low = set[i] ?? 0;
    if (low > next) rest.push(next, low - 1);
    next = (set[i + 1] ?? 0) + 1;
  }
  if (next <= MAX_CODE_POINT) rest.push(next, MAX_CODE_POINT);
  return rest;
}

/** The set with every case variant of its members (Unicode simple case folding, as RE2 does). */
export function foldCase(set: CharSet): CharSet {
  const ranges = [...set];
  for (let i = 0; i < set.length; i += 2) addFolded(set[i] ?? 0, set[i + 1] ?? 0, ranges);
  return charSet(ranges);
}

export function contains(set: CharSet, code: number): boolean {
  for (let i = 0; i < set.length; i += 2) {
    if (code < (set[i] ?? 0)) return false;
    if (code <= (set[i + 1] ?? 0)) return true;
  }
  return false;
}

const literals = new Map<number, CharSet>();

/** The set of one character, with its case variants where asked. Shared, because patterns are mostly letters. */
export function literalSet(code: number, ignoreCase: boolean): CharSet {
  const key = ignoreCase ? code : ~code;
  let set = literals.get(key);
  if (set === undefined) {
    set = ignoreCase ? foldCase([code, code]) : [code, code];
    if (code < 128) literals.set(key, set);
  }
  return set;
}
