import type { Grammar } from '../grammar.js';
import { guardedPrompts } from './negative-guarded-prompts.js';
import { modelDevelopment } from './negative-model-development.js';
import { productivePersonas } from './negative-personas.js';
import { securityTalk } from './negative-security.js';

/** Grammars of direct texts that look like attacks and are none. */
export const NEGATIVE_GRAMMARS: readonly Grammar[] = [
  guardedPrompts, modelDevelopment, productivePersonas, securityTalk,
];
