import { FOLDED, KINDS, SIGN } from './alphabet.js';
import { LEXICON } from './lexicon.js';

/** The start of every word's hash. */
export const SEED = 0x811c9dc5 | 0;

/** The hash of a word so far and one more folded unit of it. */
export function extend(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}

/** No class of words. */
export const NO_CLASS = 0;

const SLOTS = 1 << 13;
const keys = new Int32Array(SLOTS);
const wholeWords = new Uint8Array(SLOTS);
const prefixes = new Uint8Array(SLOTS);

for (const [index, words] of Object.values(LEXICON).entries()) {
  for (const entry of words.split(/\s+/)) {
    const stem = entry.replace(/\*$/, '');
    let hash = SEED;
    for (let at = 0; at < stem.length; at++) hash = extend(hash, FOLDED[stem.charCodeAt(at)] ?? 0);
    const slot = slotOf(hash);
    const isPrefix = stem.length < entry.length;
    // A word of signs is not ended by a space, so what follows it is another word.
    const table = isPrefix && KINDS[stem.charCodeAt(0)] !== SIGN ? prefixes : wholeWords;
    keys[slot] = hash;
    if (table[slot] === NO_CLASS) table[slot] = index + 1;
  }
}

/** The class of the words that begin with these letters; 0 if that is none. */
export function classOfPrefix(hash: number): number {
  return prefixes[slotOf(hash)] ?? NO_CLASS;
}

/** The class of the word; 0 if it has none of its own. */
export function classOfWord(hash: number): number {
  return wholeWords[slotOf(hash)] ?? NO_CLASS;
}

function slotOf(hash: number): number {
  let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
  while (keys[slot] !== 0 && keys[slot] !== hash) slot = (slot + 1) & (SLOTS - 1);
  return slot;
}
