/** What marks a value of documentation; the last is the `"1234567890` of the example of RFC 7519 in base64. */
const PLACEHOLDER = /example|placeholder|redacted|changeme|change_me|dummy|sample|insert|replace|your[_-]|[_-]here|x{5}|0{6}|abcdef|123456|fake|foobar|notreal|IxMjM0NTY3ODkw/i;

/** Neighbours such as `aa`, `ab` and `12` may be at most this share of a value. */
const MAX_NEIGHBOURS = 0.3;

/** So much less than the most that its length allows may the entropy of a random value be, in bits per character. */
const ALLOWED_LOSS = 1.1;
/** Hexadecimal digits cannot say more than 4 bits, and 32 of them rarely say more than 3.2. */
const ENOUGH_ENTROPY = 3;

const MIN_LENGTH = 8;

/** Between characters of different kinds lie at least this share of the steps of a value that no person wrote as words. */
const MIN_CHANGES = 0.25;

/**
 * Whether the word that ends `text` looks drawn at random, as keys and generated passwords are: letters and digits, or both cases,
 * nearly as many bits per character (Shannon) as its length allows, no runs, and none of the words that mark an example.
 */
export function looksRandom(text: string): boolean {
  const word = lastWord(text);
  if (word.length < MIN_LENGTH || PLACEHOLDER.test(word)) return false;
  const classes = [/[a-z]/, /[A-Z]/, /\d/].filter((members) => members.test(word)).length;
  if (classes < 2 || neighbours(word) > MAX_NEIGHBOURS * word.length) return false;
  return entropyBits(word) >= Math.min(ENOUGH_ENTROPY, Math.log2(word.length) - ALLOWED_LOSS);
}

/** Whether the word that ends `text` looks random and is no name in camel case or with a version: between letters and digits it keeps changing. */
export function looksMixed(text: string): boolean {
  const word = lastWord(text);
  const kinds = word.replace(/[^A-Za-z0-9]/g, '').replace(/[a-z]/g, 'a').replace(/[A-Z]/g, 'A').replace(/\d/g, '0');
  let changes = 0;
  for (let index = 1; index < kinds.length; index++) if (kinds[index] !== kinds[index - 1]) changes++;
  return kinds.includes('0') && changes >= MIN_CHANGES * (kinds.length - 1) && looksRandom(word);
}

/** Read from its end, so that a long match costs its length and no more. */
function lastWord(text: string): string {
  let end = text.length;
  while (text[end - 1] === '=') end--;
  let start = end;
  while (start > 0 && /[\w+/.~!@#$%^&*-]/.test(text.charAt(start - 1))) start--;
  return text.slice(start, end);
}

/** How many characters repeat or follow upon the one before them. */
function neighbours(word: string): number {
  let count = 0;
  for (let index = 1; index < word.length; index++) {
    const step = word.charCodeAt(index) - word.charCodeAt(index - 1);
    if (step === 0 || step === 1 || step === -1) count++;
  }
  return count;
}

/** Shannon's entropy of the characters, in bits per character. */
function entropyBits(word: string): number {
  const counts = new Map<string, number>();
  for (const character of word) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / word.length) * Math.log2(count / word.length);
  return bits;
}
