import type { Grammar } from '../grammar.js';
import { embeddedAboutModels } from './embedded-about-models.js';
import { embeddedActions } from './embedded-actions.js';
import { embeddedAddressed } from './embedded-addressed.js';
import { embeddedConditional } from './embedded-conditional.js';
import { embeddedDevelopers } from './embedded-developers.js';
import { embeddedExfiltration } from './embedded-exfiltration.js';
import { embeddedLetters } from './embedded-letters.js';
import { embeddedMemory } from './embedded-memory.js';
import { embeddedOutput } from './embedded-output.js';
import { embeddedOverrides } from './embedded-overrides.js';
import { embeddedPersonas } from './embedded-personas.js';
import { embeddedPhishing } from './embedded-phishing.js';
import { embeddedRanking } from './embedded-ranking.js';
import { embeddedTools } from './embedded-tools.js';
import { embeddedTurns } from './embedded-turns.js';
import { embeddedLanguage } from './language.js';
import { LANGUAGES } from './languages.js';

/** Grammars of instructions to an assistant that stand in data. */
export const EMBEDDED_GRAMMARS: readonly Grammar[] = [
  embeddedAboutModels, embeddedActions, embeddedAddressed, embeddedConditional,
  embeddedDevelopers, embeddedExfiltration, embeddedLetters, embeddedMemory, embeddedOutput,
  embeddedOverrides, embeddedPersonas, embeddedPhishing, embeddedRanking,
  embeddedTools, embeddedTurns,
  ...LANGUAGES.map(embeddedLanguage),
];
