import type { LanguagePhrases } from './language.js';
import { ARABIC, CHINESE, HINDI, JAPANESE, KOREAN } from './languages-asian.js';
import { GERMAN, POLISH, RUSSIAN, TURKISH } from './languages-european.js';
import { FRENCH, ITALIAN, PORTUGUESE, SPANISH } from './languages-romance.js';

/** Phrases of every language beside English. */
export const LANGUAGES: readonly LanguagePhrases[] = [
  SPANISH, FRENCH, PORTUGUESE, ITALIAN, GERMAN, RUSSIAN, POLISH, TURKISH, CHINESE, JAPANESE, KOREAN, ARABIC, HINDI,
];
