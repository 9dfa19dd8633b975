import { caseVariants, foldedCode } from './case-fold.js';
import type { CharSet } from './char-set.js';

/**
 * How literals are compared when they are only to rule patterns out: without regard to case, all digits as one and all
 * white space as one. So `\d{4}` and `act\s+as` have literals too ("0000", "act ").
 */
const ZERO = 0x30;
const SPACE = 0x20;
const WHITE_SPACE: readonly number[] = [0x09, 0x0a, 0x0b, 0x0c, 0x0d, SPACE];
const DIGITS: readonly number[] = Array.from({ length: 10 }, (_, digit) => ZERO + digit);

export function foldUnit(code: number): number {
  if (code >= ZERO && code <= ZERO + 9) return ZERO;
  if (code === SPACE || (code >= 0x09 && code <= 0x0d)) return SPACE;
  return foldedCode(code);
}

/** All characters that fold to the same as this one. */
export function unitVariants(code: number): readonly number[] {
  if (code === ZERO) return DIGITS;
  return code === SPACE ? WHITE_SPACE : caseVariants(code);
}

/** The folded members of a set as literals; undefined when there are more than `most`. */
export function literalMembers(set: CharSet, most: number): string[] | undefined {
  const found = new Set<number>();
  for (let i = 0; i < set.length; i += 2) {
    const low = set[i] ?? 0;
    const high = set[i + 1] ?? 0;
    if (high - low > 15) return undefined;
    for (let code = low; code <= high; code++) {
      // Literals are compared by units, so that letters of two units with case variants cannot be.
      if (code > 0xffff && caseVariants(code).length > 1) return undefined;
      found.add(foldUnit(code));
    }
    if (found.size > most) return undefined;
  }
  return [...found].map((code) => String.fromCodePoint(code));
}
