import type { View } from '../view.js';
import { asciiSet, runsView } from './runs.js';

/** ITU-R M.1677-1, section 1.1. */
const LETTERS = '.- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..';
const DIGITS = '----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----.';
const SIGNS = new Map<string, string>([
  ...LETTERS.split(' ').map((sign, index): [string, string] => [sign, String.fromCharCode(97 + index)]),
  ...DIGITS.split(' ').map((sign, index): [string, string] => [sign, String(index)]),
  ['.-.-.-', '.'], ['--..--', ','], ['..--..', '?'], ['.----.', "'"], ['-.-.--', '!'], ['-..-.', '/'], ['---...', ':'], ['-....-', '-'], ['.-..-.', '"'],
]);

const MORSE = { members: asciiSet('.-/| \n'), min: 24, read: readMorse };

export function morseView(base: View): View | undefined {
  return runsView(base, 'morse', MORSE);
}

const MIN_LETTERS = 8;

function readMorse(run: string): string | undefined {
  let says = '';
  let sign = '';
  let isNewWord = false;
  let letters = 0;
  let unknown = 0;
  for (const char of `${run} `) {
    if (char === '.' || char === '-') {
      sign += char;
      continue;
    }
    if (sign !== '') {
      const letter = SIGNS.get(sign);
      letters++;
      if (letter === undefined) unknown++;
      says += (isNewWord && says !== '' ? ' ' : '') + (letter ?? '');
      sign = '';
      isNewWord = false;
    } else {
      isNewWord = true;
    }
    if (char === '/' || char === '|') isNewWord = true;
  }
  return letters < MIN_LETTERS || unknown > 0.1 * letters ? undefined : says;
}
