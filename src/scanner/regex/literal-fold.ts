import { caseVariants, foldedCode } from './case-fold.js';

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
