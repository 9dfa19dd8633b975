/**
 * Unicode simple case folding (CaseFolding.txt, status C and S), derived from the case mappings of the JavaScript
 * engine: two characters are variants of each other when lower(upper(x)) agrees, mappings to several characters aside.
 * The dotless ı is the one exception: its upper case is I, yet it folds to itself.
 */
const DOTLESS_I = 0x131;
const LONG_S = 0x17f;
const KELVIN = 0x212a;

/** Above this there are no letters with case (Adlam ends at U+1E943). */
const LAST_CASED = 0x1e943;
/** No letters with case live in the blocks between these, which make up most of the range. */
const CASED_BLOCKS = [[0x41, 0x2e7f], [0xa640, 0xabbf], [0xff21, 0xff5a], [0x10400, 0x10fff], [0x11800, 0x118ff], [0x16e40, 0x16eff], [0x1e900, LAST_CASED]] as const;

/** Code point → all of its variants, itself included; only for characters that have some beside themselves. */
let orbits: ReadonlyMap<number, readonly number[]> | undefined;

/** Appends the case variants of the characters in [low, high] to `ranges`. */
export function addFolded(low: number, high: number, ranges: number[]): void {
  if (high < 0x80) {
    addFoldedAscii(low, high, ranges);
    return;
  }
  orbits ??= buildOrbits();
  for (let code = low; code <= Math.min(high, LAST_CASED); code++) {
    const orbit = orbits.get(code);
    if (orbit !== undefined) for (const variant of orbit) if (variant < low || variant > high) ranges.push(variant, variant);
  }
}

/** One character that stands for all of its case variants. */
export function foldedCode(code: number): number {
  if (code < 0x80) return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
  const key = foldKey(code);
  return key === LONG_S ? 0x73 : key;
}

/** All case variants of a character, itself included. */
export function caseVariants(code: number): readonly number[] {
  const ranges = [code, code];
  addFolded(code, code, ranges);
  return ranges.filter((_, index) => index % 2 === 0);
}

function addFoldedAscii(low: number, high: number, ranges: number[]): void {
  const upperFrom = Math.max(low, 0x41);
  const upperTo = Math.min(high, 0x5a);
  if (upperFrom <= upperTo) ranges.push(upperFrom + 0x20, upperTo + 0x20);
  const lowerFrom = Math.max(low, 0x61);
  const lowerTo = Math.min(high, 0x7a);
  if (lowerFrom <= lowerTo) ranges.push(lowerFrom - 0x20, lowerTo - 0x20);
  const has = (letter: number): boolean => (low <= letter && letter <= high) || (low <= letter - 0x20 && letter - 0x20 <= high);
  if (has(0x73)) ranges.push(LONG_S, LONG_S);
  if (has(0x6b)) ranges.push(KELVIN, KELVIN);
}

function buildOrbits(): Map<number, readonly number[]> {
  const byKey = new Map<number, number[]>();
  for (const code of casedCodes()) {
    const key = foldKey(code);
    const group = byKey.get(key);
    if (group !== undefined) group.push(code);
    else byKey.set(key, [code]);
  }
  const found = new Map<number, readonly number[]>();
  for (const group of byKey.values()) if (group.length > 1) for (const code of group) found.set(code, group);
  return found;
}

/** The characters that have case, ascending: one search finds them, where asking each of 60,000 takes a tenth of a second. */
function casedCodes(): number[] {
  const all: number[] = [];
  for (const [low, high] of CASED_BLOCKS) for (let code = low; code <= high; code++) all.push(code);
  return Array.from(String.fromCodePoint(...all).match(/\p{Changes_When_Casemapped}/gu) ?? [], (char) => char.codePointAt(0) ?? 0);
}

function foldKey(code: number): number {
  if (code === DOTLESS_I) return code;
  const upper = single(String.fromCodePoint(code).toUpperCase()) ?? code;
  return single(String.fromCodePoint(upper).toLowerCase()) ?? upper;
}

function single(text: string): number | undefined {
  const code = text.codePointAt(0);
  return code !== undefined && text.length === (code > 0xffff ? 2 : 1) ? code : undefined;
}
