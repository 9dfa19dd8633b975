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
  const words = run.trim().split(/\s*[/|]\s*|\s{2,}/).map((word) => word.split(/\s/).map((sign) => SIGNS.get(sign)));
  const letters = words.flat();
  if (letters.length < MIN_LETTERS || letters.filter((letter) => letter === undefined).length > 0.1 * letters.length) return undefined;
  return words.map((word) => word.join('')).join(' ');
}
