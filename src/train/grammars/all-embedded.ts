import type { Grammar } from '../grammar.js';
import { embeddedActions } from './embedded-actions.js';
import { embeddedAddressed } from './embedded-addressed.js';
import { embeddedConditional } from './embedded-conditional.js';
import { embeddedExfiltration } from './embedded-exfiltration.js';
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
  embeddedActions, embeddedAddressed, embeddedConditional, embeddedExfiltration,
  embeddedMemory, embeddedOutput, embeddedOverrides, embeddedPersonas,
  embeddedPhishing, embeddedRanking, embeddedTools, embeddedTurns,
  ...LANGUAGES.map(embeddedLanguage),
];
