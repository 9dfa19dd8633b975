import type { Grammar } from '../grammar.js';
import { directLanguage } from './language.js';
import { LANGUAGES } from './languages.js';
import { codingQuestions } from './negative-coding.js';
import { pastedData } from './negative-data.js';
import { everydayRequests } from './negative-everyday.js';
import { guardedPrompts } from './negative-guarded-prompts.js';
import { modelDevelopment } from './negative-model-development.js';
import { productivePersonas } from './negative-personas.js';
import { securityTalk } from './negative-security.js';
import { customerService } from './negative-service.js';
import { pastedDocuments } from './pasted-documents.js';

/** Grammars of direct texts that look like attacks and are none. */
export const HARMLESS_GRAMMARS: readonly Grammar[] = [
  codingQuestions, customerService, everydayRequests, guardedPrompts,
  modelDevelopment, pastedData, productivePersonas, securityTalk,
];

/** The same, and direct texts whose attacks and twins come from the lists of the embedded channel. */
export const NEGATIVE_GRAMMARS: readonly Grammar[] = [
  ...HARMLESS_GRAMMARS, pastedDocuments, ...LANGUAGES.map(directLanguage),
];
