import type { Units } from '../regex/units.js';

/** What the words of a text say about how it is written. */
export interface Signs {
  /** By how many letters the alphabet was moved (1 to 25, or ATBASH); 0: as it is. */
  readonly shift: number;
  /** Words stand from right to left. */
  readonly reversed: boolean;
  /** Digits and signs stand for letters. */
  readonly leet: boolean;
  /** Letters stand apart. */
  readonly spaced: boolean;
}

/** The alphabet turned around: a for z. */
export const ATBASH = 26;
const REVERSED = 27;

/** Words that hardly a sentence of English, or an attack, does without. */
const FREQUENT = ['the', 'and', 'you', 'for', 'are', 'not', 'all', 'your', 'that', 'this', 'with', 'what', 'from', 'have', 'will', 'any', 'must', 'now', 'how', 'can'];
/** Words that attacks are made of: one of them says enough. */
const TELLING = ['assistant', 'developer', 'disregard', 'forget', 'ignore', 'instruction', 'instructions', 'password', 'pretend', 'previous', 'prompt', 'repeat', 'restrictions', 'reveal', 'secret', 'system', 'anweisungen', 'ignoriere', 'vergiss', 'vorherigen', 'ignorez', 'oublie', 'toutes', 'anteriores', 'instrucciones', 'olvida', 'reglas', 'todas', 'dimentica', 'istruzioni', 'precedenti'];
/** What they become that is a word or a name of its own: it says nothing. */
const ORDINARY = ['alex', 'cnn', 'dem', 'dna', 'era', 'ger', 'gps', 'jan', 'max', 'ner', 'rep', 'rfc', 'rpc', 'rsa', 'ton', 'tre', 'vit', 'won'];
const MAX_WORD = 4;
const RADIX = 27;

/** By a word that a telling one becomes: under which writing. */
const TELLING_WRITINGS = tellingWritings();
/** By the hash of a word: 1 where it may be one of those. */
const MAY_TELL = new Uint8Array(1 << 16);
for (const word of TELLING_WRITINGS.keys()) MAY_TELL[hashOf(word)] = 1;

/** By the letters of a short word in base 27: under which writing it is a frequent word of English. */
const WRITINGS = writings();

/** By ASCII character: the number of a letter, LEET for what can stand for one, DIGIT for other digits; 0: what ends a word. */
const KINDS = new Uint8Array(128);
const LEET = 27;
const DIGIT = 28;
for (const char of '0123456789') KINDS[char.charCodeAt(0)] = DIGIT;
for (const char of '013457@$') KINDS[char.charCodeAt(0)] = LEET;
for (let letter = 1; letter <= 26; letter++) KINDS[0x40 + letter] = KINDS[0x60 + letter] = letter;

const MIN_VOTES = 2;
const MIN_LEET_WORDS = 3;
/** Of all words, at least this part. */
const MIN_LEET_SHARE = 0.2;
/** What so many words in a row come to, each weighing nine tenths of the next. */
const MIN_LEET_PEAK = 2.4;
const LEET_DECAY = 0.9;
export const MIN_SPACED = 8;

/** One look at each character of a text, which is given as units too. */
export function signsOf(text: string, { units, length: textLength }: Units): Signs {
  const votes = new Uint32Array(REVERSED + 1);
  let words = 0;
  let leetWords = 0;
  let leetNear = 0;
  let leetPeak = 0;
  let singles = 0;
  let longestSingles = 0;
  let letters = 0;
  let digits = 0;
  let leetDigits = 0;
  let key = 0;
  let hash = 0;
  for (let at = 0; at <= textLength; at++) {
    const code = at < textLength ? units[at] ?? 0 : 0x20;
    const kind = code < 128 ? KINDS[code] ?? 0 : 0;
    if (kind > 0) {
      if (kind === LEET) leetDigits++;
      else if (kind === DIGIT) digits++;
      else {
        letters++;
        key = letters <= MAX_WORD ? key * RADIX + kind : 0;
        hash = (hash * 31 + kind) & 0xffff;
      }
      continue;
    }
    const length = letters + leetDigits + digits;
    if (length > 0) {
      words++;
      leetNear *= LEET_DECAY;
      if (leetDigits > 0 && letters > 0 && digits === 0) {
        leetWords++;
        leetPeak = Math.max(leetPeak, ++leetNear);
      } else if (letters > MAX_WORD && length === letters && MAY_TELL[hash] === 1) {
        const writing = TELLING_WRITINGS.get(text.slice(at - letters, at).toLowerCase());
        if (writing !== undefined) votes[writing] = (votes[writing] ?? 0) + MIN_VOTES;
      } else if (key > 0 && length === letters) {
        const writing = WRITINGS[key] ?? 0;
        if (writing > 0) votes[writing] = (votes[writing] ?? 0) + 1;
      }
      singles = length === 1 ? singles + 1 : 0;
      if (singles > longestSingles) longestSingles = singles;
    } else if (code >= 128) {
      singles = 0;
    }
    letters = digits = leetDigits = key = hash = 0;
  }
  return {
    shift: mostVoted(votes),
    reversed: (votes[REVERSED] ?? 0) >= MIN_VOTES,
    leet: leetPeak >= MIN_LEET_PEAK || (leetWords >= MIN_LEET_WORDS && leetWords >= MIN_LEET_SHARE * words),
    spaced: longestSingles >= MIN_SPACED,
  };
}

function mostVoted(votes: Uint32Array): number {
  let best = 0;
  for (let shift = 1; shift <= ATBASH; shift++) if ((votes[shift] ?? 0) >= MIN_VOTES && (votes[shift] ?? 0) > (votes[best] ?? 0)) best = shift;
  return best;
}

function writings(): Uint8Array {
  const table = new Uint8Array(RADIX ** MAX_WORD);
  const note = (letters: readonly number[], writing: number): void => {
    const key = keyOf(letters);
    if (table[key] === 0) table[key] = writing;
  };
  const plain = FREQUENT.map(lettersOf);
  for (const word of plain) {
    for (let shift = 1; shift <= 25; shift++) note(word.map((letter) => ((letter - 1 + shift) % 26) + 1), shift);
    note(word.map((letter) => 27 - letter), ATBASH);
    note(word.toReversed(), REVERSED);
  }
  for (const word of [...plain, ...ORDINARY.map(lettersOf)]) table[keyOf(word)] = 0;
  return table;
}

function tellingWritings(): Map<string, number> {
  const map = new Map<string, number>();
  for (const word of TELLING) {
    const letters = lettersOf(word);
    for (let shift = 1; shift <= 25; shift++) map.set(wordOf(letters.map((letter) => ((letter - 1 + shift) % 26) + 1)), shift);
    map.set(wordOf(letters.map((letter) => 27 - letter)), ATBASH);
    map.set(wordOf(letters.toReversed()), REVERSED);
  }
  return map;
}

function lettersOf(word: string): number[] {
  return Array.from(word, (char) => char.charCodeAt(0) - 0x60);
}

function wordOf(letters: readonly number[]): string {
  return String.fromCharCode(...letters.map((letter) => letter + 0x60));
}

function hashOf(word: string): number {
  return lettersOf(word).reduce((hash, letter) => (hash * 31 + letter) & 0xffff, 0);
}

function keyOf(letters: readonly number[]): number {
  return letters.reduce((sum, letter) => sum * RADIX + letter, 0);
}
