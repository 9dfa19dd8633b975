import { grammarOf, type Grammar } from '../grammar.js';
import { embeddedGrammar } from './embedded.js';
import { SHARED_SLOTS } from './shared-slots.js';

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

/** What users of this language write; an attack only where earlier instructions are taken back, for a user may ask for anything else. */
export function directLanguage(phrases: LanguagePhrases): Grammar {
  const { lang, goal, start, questions, harmless } = phrases;
  const attacks = phrases.attacks.filter((template) => template.includes('{start}'));
  return grammarOf({ name: `direct-${lang}`, family: 'PI', lang, slots: { goal, start }, attacks, harmless: [...questions, ...questions, ...harmless] }, SHARED_SLOTS);
}
