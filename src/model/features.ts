import { DIGIT, FOLDED, KINDS, LETTER, LINE_END, PUNCTUATION, SIGN } from './alphabet.js';
import { classOfPrefix, classOfWord, extend, NO_CLASS, SEED } from './word-classes.js';

/**
 * The features of a window of text: hashed n-grams of words and of the letters inside words, n-grams of what words stand
 * for (lexicon.ts), and the shape of the text. Integers only, so that they are equal on every machine.
 */
export const WORD_BITS = 16;
export const LETTER_BITS = 15;
export const CLASS_BITS = 13;
/** Where each block of features begins, and where the last one ends. */
export const BLOCKS = [0, 1 << WORD_BITS, (1 << WORD_BITS) + (1 << LETTER_BITS), (1 << WORD_BITS) + (1 << LETTER_BITS) + (1 << CLASS_BITS)] as const;
export const FEATURES = BLOCKS[3];

/** Which block a feature belongs to. */
export function blockOf(feature: number): number {
  return feature < BLOCKS[1] ? 0 : feature < BLOCKS[2] ? 1 : 2;
}

/** The longest window, in UTF-16 units. */
export const MAX_WINDOW = 2048;
const MAX_FEATURES_PER_UNIT = 14;
const MAX_COUNT = 255;
/** Letters of a word that are looked at; longer ones are codes, not words. */
const LONG_WORD = 24;
const MIN_GRAM = 3;
const MAX_GRAM = 5;

/** What a feature counts that is so many times in a window; 1 + ln in parts of 4096, so that it is the same on every machine. */
export const SUBLINEAR = Float64Array.from({ length: MAX_COUNT + 1 }, (_, count) => (count === 0 ? 0 : Math.round((1 + Math.log(count)) * 4096) / 4096));

const BOUNDARY = 0x2c1b3c6d;
const NUMBER = 0x297a2d39;
const ADDRESS = 0x5851f42d;
const CODE = 0x14057b7e;
const EDGE = 0x5f;

export class Features {
  /** The features that the window has, in the order in which they were met. */
  readonly found = new Int32Array(MAX_WINDOW * MAX_FEATURES_PER_UNIT + 64);
  size = 0;
  /** How often each of all features occurs in the window, 255 at most. */
  readonly counts = new Uint8Array(FEATURES);

  private previous = 0;
  private beforePrevious = 0;
  private thirdLast = 0;
  private lead = 0;
  private previousClass = NO_CLASS;
  private beforePreviousClass = NO_CLASS;
  /** Words since the sentence began. */
  private wordOfSentence = 0;
  private wordClassBefore = NO_CLASS;
  private readonly letters = new Uint16Array(LONG_WORD + 2);

  /** Takes in text[from, to), at most MAX_WINDOW units; what was there before is gone. */
  read(text: string, from: number, to: number): void {
    this.clear();
    let capitals = 0, letters = 0, digits = 0, marks = 0, lines = 0, sentences = 0, words = 0, signs = 0, foreign = 0;
    this.boundary();
    let at = from;
    while (at < to) {
      const unit = text.charCodeAt(at);
      const kind = KINDS[unit];
      if (kind === LETTER) {
        let hash = SEED, length = 0, wordClass = NO_CLASS;
        const start = at;
        for (; at < to; at++) {
          const next = text.charCodeAt(at);
          if (KINDS[next] !== LETTER) {
            // An apostrophe inside a word is passed over.
            if ((next === 0x27 || next === 0x2019) && at + 1 < to && KINDS[text.charCodeAt(at + 1)] === LETTER) continue;
            break;
          }
          const folded = FOLDED[next] ?? 0;
          if (folded !== next && next < 0x80) capitals++;
          hash = extend(hash, folded);
          if (length < LONG_WORD) {
            this.letters[++length] = folded;
            const byPrefix = classOfPrefix(hash);
            if (byPrefix !== NO_CLASS) wordClass = byPrefix;
          }
        }
        letters += at - start;
        words++;
        if (unit > 0x24f) foreign++;
        if (at - start > LONG_WORD) {
          this.word(CODE, NO_CLASS);
        } else if (isAddress(text, at, to, hash)) {
          while (at < to && !isBlank(text.charCodeAt(at))) at++;
          this.word(ADDRESS, NO_CLASS);
        } else {
          const byWord = classOfWord(hash);
          this.grams(length);
          this.word(hash, byWord === NO_CLASS ? wordClass : byWord);
        }
      } else if (kind === SIGN) {
        const hash = extend(SEED, unit);
        const pair = at + 1 < to ? classOfWord(extend(hash, text.charCodeAt(at + 1))) : NO_CLASS;
        this.word(hash, pair === NO_CLASS ? classOfWord(hash) : pair);
        signs++;
        at++;
      } else if (kind === DIGIT) {
        const start = at;
        while (at < to && KINDS[text.charCodeAt(at)] === DIGIT) at++;
        digits += at - start;
        this.word(NUMBER, NO_CLASS);
      } else if (kind === PUNCTUATION) {
        const start = at;
        let hash = SEED;
        for (; at < to && KINDS[text.charCodeAt(at)] === PUNCTUATION; at++) if (at < start + 8) hash = extend(hash, text.charCodeAt(at));
        marks += at - start;
        const isEnd = unit === 0x2e || unit === 0x21 || unit === 0x3f || unit === 0x3002 || unit === 0xff01 || unit === 0xff1f;
        if (isEnd) {
          sentences++;
          this.boundary();
        }
        if (at - start > 1 || (!isEnd && unit !== 0x2c && unit !== 0x27 && unit !== 0x2d && unit !== 0x2019)) this.mark(hash);
      } else {
        if (kind === LINE_END) {
          lines++;
          this.boundary();
        }
        at++;
      }
    }
    const length = Math.max(1, to - from);
    this.shape(1, magnitude(words + signs));
    this.shape(2, magnitude(sentences + 1));
    this.shape(3, magnitude(lines));
    this.shape(4, Math.floor(capitals * 8 / Math.max(1, letters)));
    this.shape(5, Math.floor(marks * 16 / length));
    this.shape(6, Math.floor(digits * 16 / length));
    this.shape(7, signs * 2 > words ? 1 : 0);
    this.shape(8, foreign * 2 > words ? 1 : 0);
  }

  private clear(): void {
    for (let each = 0; each < this.size; each++) this.counts[this.found[each] ?? 0] = 0;
    this.size = 0;
    this.previous = this.beforePrevious = this.thirdLast = BOUNDARY;
    this.lead = 0;
    this.previousClass = this.beforePreviousClass = this.wordClassBefore = NO_CLASS;
  }

  private add(feature: number): void {
    const count = this.counts[feature] ?? 0;
    if (count === 0) this.found[this.size++] = feature;
    if (count < MAX_COUNT) this.counts[feature] = count + 1;
  }

  private addWord(hash: number): void {
    this.add(mix(hash) >>> (32 - WORD_BITS));
  }

  private addClass(hash: number): void {
    this.add(BLOCKS[2] + (mix(hash) >>> (32 - CLASS_BITS)));
  }

  private shape(name: number, value: number): void {
    this.addClass(pair(pair(0x51ed270b, name), value));
  }

  private boundary(): void {
    this.previousClass = this.beforePreviousClass = NO_CLASS;
    this.wordOfSentence = 0;
    if (this.previous === BOUNDARY) return;
    this.thirdLast = this.beforePrevious;
    this.beforePrevious = this.previous;
    this.previous = BOUNDARY;
    this.wordClassBefore = NO_CLASS;
  }

  private mark(hash: number): void {
    this.lead = hash;
    this.addWord(pair(hash, 3));
    this.addWord(pair(pair(this.previous, 5), hash));
  }

  private word(hash: number, wordClass: number): void {
    const { previous, beforePrevious, thirdLast, lead } = this;
    this.addWord(hash);
    const two = pair(previous, hash);
    this.addWord(two);
    this.addWord(pair(beforePrevious, two));
    this.addWord(pair(pair(beforePrevious, 7), hash));
    this.addWord(pair(pair(thirdLast, 11), hash));
    if (lead !== 0) {
      this.addWord(pair(pair(lead, 13), hash));
      if (wordClass !== NO_CLASS) this.addClass(pair(pair(lead, 17), wordClass));
      this.lead = 0;
    }
    if (this.wordClassBefore !== NO_CLASS) this.addWord(pair(pair(this.wordClassBefore, 19), hash));
    if (wordClass !== NO_CLASS) {
      this.addWord(pair(pair(previous, 23), wordClass));
      this.classes(wordClass);
    }
    this.wordClassBefore = wordClass;
    this.thirdLast = beforePrevious;
    this.beforePrevious = previous;
    this.previous = hash;
    this.wordOfSentence++;
  }

  private classes(wordClass: number): void {
    const { previousClass, beforePreviousClass } = this;
    this.addClass(wordClass);
    if (this.wordOfSentence < 3) this.addClass(pair(wordClass, 29 + this.wordOfSentence));
    const two = pair(pair(previousClass, 37), wordClass);
    this.addClass(two);
    this.addClass(pair(pair(beforePreviousClass, 41), two));
    if (beforePreviousClass !== NO_CLASS) this.addClass(pair(pair(beforePreviousClass, 43), wordClass));
    this.beforePreviousClass = previousClass;
    this.previousClass = wordClass;
  }

  /** The 3- to 5-grams of the word in `letters`, its edges marked. */
  private grams(length: number): void {
    const { letters } = this;
    letters[0] = EDGE;
    letters[length + 1] = EDGE;
    for (let start = 0; start + MIN_GRAM <= length + 2; start++) {
      let hash = SEED;
      const end = Math.min(length + 2, start + MAX_GRAM);
      for (let at = start; at < end; at++) {
        hash = extend(hash, letters[at] ?? 0);
        if (at - start + 1 >= MIN_GRAM) this.add(BLOCKS[1] + (mix(hash) >>> (32 - LETTER_BITS)));
      }
    }
  }
}

/** One hash of two, in order. */
function pair(first: number, second: number): number {
  return Math.imul(first ^ (first >>> 15), 0x2c1b3c6d) + Math.imul(second ^ 0x27d4eb2f, 0x165667b1) | 0;
}

function mix(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const mixed = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** 0, 1, 2, 3, 4 for 0, 1, 2–3, 4–7, 8–15 and so on. */
function magnitude(count: number): number {
  return 32 - Math.clz32(count);
}

const ADDRESS_STARTS = ['http', 'https', 'www', 'ftp'].map((word) => [...word].reduce((hash, char) => extend(hash, char.charCodeAt(0)), SEED));

function isAddress(text: string, at: number, to: number, hash: number): boolean {
  return at + 1 < to && ADDRESS_STARTS.includes(hash) && (text.charCodeAt(at) === 0x3a || text.charCodeAt(at) === 0x2e);
}

function isBlank(unit: number): boolean {
  const kind = KINDS[unit];
  return kind === 0 || kind === LINE_END || unit === 0x22 || unit === 0x29 || unit === 0x3e || unit === 0x5d;
}
