/** What a UTF-16 unit is to the features. */
export const SPACE = 0;
export const LETTER = 1;
export const DIGIT = 2;
/** A word of its own: ideographs and kana, which are written without spaces, and halves of surrogate pairs. */
export const SIGN = 3;
export const PUNCTUATION = 4;
export const LINE_END = 5;

/** The kind of every UTF-16 unit. */
export const KINDS = new Uint8Array(0x10000).fill(PUNCTUATION);
/** Every unit in lower case, Latin letters without their accents. */
export const FOLDED = Uint16Array.from({ length: 0x10000 }, (_, unit) => unit);

/** All units that are characters, in order; a regular expression over all of them is much faster than one for each. */
const ALL = Array.from({ length: 0x100 }, (_, row) => String.fromCharCode(...FOLDED.subarray(row * 0x100, row * 0x100 + 0x100)))
  .map((row, at) => (at >= 0xd8 && at <= 0xdf ? ' '.repeat(0x100) : row)).join('');
const LAST_LATIN = 0x24f;

function mark(pattern: RegExp, kind: number): void {
  for (const { index, 0: run } of ALL.matchAll(pattern)) KINDS.fill(kind, index, index + run.length);
}

mark(/\s+/g, SPACE);
mark(/[\p{L}\p{M}]+/gu, LETTER);
mark(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+/gu, SIGN);
mark(/[0-9]+/g, DIGIT);
mark(/[\n\r\u2028\u2029]+/g, LINE_END);
KINDS.fill(SPACE, 0, 9);
KINDS.fill(SIGN, 0xd800, 0xe000);
for (const { index, 0: capital } of ALL.matchAll(/\p{Lu}/gu)) FOLDED[index] = capital.toLowerCase().charCodeAt(0);
for (let unit = 0xc0; unit <= LAST_LATIN; unit++) FOLDED[unit] = String.fromCharCode(FOLDED[unit] ?? unit).normalize('NFD').charCodeAt(0);
