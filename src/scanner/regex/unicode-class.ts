import { charSet } from './char-set.js';
import type { CharSet } from './char-set.js';

const CATEGORIES = /^(?:L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?|C[cfo])$/;
const SCRIPT_NAME = /^[A-Z][a-z]+(?:_[A-Z][a-z]+)*$/;

/** Planes in which characters are assigned; the rest need not be asked about. */
const INHABITED: readonly (readonly [number, number])[] = [[0, 0xd7ff], [0xe000, 0x3ffff], [0xe0000, 0xe0fff]];

const cache = new Map<string, CharSet>();

/**
 * The characters of a general category (`L`, `Lu`), of a script (`Greek`) or `Any`, as in `\p{…}`; undefined for other names.
 * They are taken from the tables of the JavaScript engine, once per name, at the price of some milliseconds.
 */
export function unicodeClass(name: string): CharSet | undefined {
  if (name === 'Any') return [0, 0x10ffff];
  const known = cache.get(name);
  if (known !== undefined) return known;
  const tester = testerOf(name);
  if (tester === undefined) return undefined;
  const ranges: number[] = [];
  for (const [first, last] of INHABITED) {
    let from = -1;
    for (let code = first; code <= last + 1; code++) {
      const inside = code <= last && tester.test(String.fromCodePoint(code));
      if (inside && from < 0) from = code;
      if (!inside && from >= 0) {
        ranges.push(from, code - 1);
        from = -1;
      }
    }
  }
  if (name === 'Co' || name === 'C') ranges.push(0xf0000, 0xffffd, 0x100000, 0x10fffd);
  const set = charSet(ranges);
  cache.set(name, set);
  return set;
}

function testerOf(name: string): RegExp | undefined {
  // RE2's `C` has no unassigned characters in it, and texts have no surrogates.
  if (name === 'C') return /[\p{Cc}\p{Cf}\p{Co}]/u;
  if (CATEGORIES.test(name)) return new RegExp(`\\p{${name}}`, 'u');
  if (!SCRIPT_NAME.test(name)) return undefined;
  try {
    return new RegExp(`\\p{Script=${name}}`, 'u');
  } catch {
    return undefined;
  }
}
