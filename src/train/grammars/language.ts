import type { Grammar } from '../grammar.js';
import { embeddedGrammar } from './embedded.js';
import { harmlessGrammar } from './harmless.js';

/** Phrases of one language for both channels. */
export interface LanguagePhrases {
  /** ISO 639-1. */
  readonly lang: string;
  /** What the instruction wants: `{goal}`. */
  readonly goal: readonly string[];
  /** Ways to take earlier instructions back: `{start}`. */
  readonly start: readonly string[];
  readonly attacks: readonly string[];
  /** Twins of the attacks, for people. */
  readonly harmless: readonly string[];
  /** What users of this language ask. */
  readonly questions: readonly string[];
}

/** Instructions in data, in this language. */
export function embeddedLanguage(phrases: LanguagePhrases): Grammar {
  const { lang, goal, start, attacks, harmless } = phrases;
  return embeddedGrammar({ name: `embedded-${lang}`, family: 'RAG', lang, slots: { goal, start }, attacks, harmless });
}

/** Harmless direct texts in this language. */
export function harmlessLanguage({ lang, questions }: LanguagePhrases): Grammar {
  return harmlessGrammar({ name: `harmless-${lang}`, lang, texts: questions });
}
