import type { Grammar } from '../grammar.js';
import { delimiters, fewShot } from './break-out.js';
import { assembly, encoded, framed } from './disguise.js';
import { extraction, secretGames } from './extraction.js';
import { dualAnswer, fiction } from './fiction.js';
import { forcedOutput, refusalSuppression } from './output-forcing.js';
import { longJailbreak } from './long-jailbreak.js';
import { override } from './override.js';
import { persona } from './persona.js';
import { french, italian, portuguese, spanish } from './romance.js';
import { specialMode } from './special-mode.js';

/** The grammars of what a user types to the model. */
export const DIRECT_GRAMMARS: readonly Grammar[] = [override, persona, specialMode, refusalSuppression, forcedOutput, extraction, secretGames, fiction, dualAnswer, longJailbreak, delimiters, fewShot, assembly, encoded, framed, spanish, french, portuguese, italian];
