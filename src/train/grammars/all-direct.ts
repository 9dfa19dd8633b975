import type { Grammar } from '../grammar.js';
import { leakingLinks, memoryAbuse, toolAbuse } from './actions.js';
import { chinese, japanese, korean } from './asian.js';
import { delimiters, fewShot } from './break-out.js';
import { buried, competition } from './competition.js';
import { assembly, encoded, framed } from './disguise.js';
import { extraction, secretGames } from './extraction.js';
import { dualAnswer, fiction } from './fiction.js';
import { dutch, german } from './germanic.js';
import { longJailbreak } from './long-jailbreak.js';
import { forcedOutput, refusalSuppression } from './output-forcing.js';
import { override } from './override.js';
import { persona } from './persona.js';
import { offPurpose, pressure } from './pressure.js';
import { french, italian, portuguese, spanish } from './romance.js';
import { polish, russian, turkish, ukrainian } from './slavic-turkish.js';
import { arabic, hindi, indonesian, thai, vietnamese } from './southern.js';
import { specialMode } from './special-mode.js';

/** The grammars of what a user types to the model. */
export const DIRECT_GRAMMARS: readonly Grammar[] = [
  override, persona, specialMode, refusalSuppression, forcedOutput, extraction, secretGames, fiction, dualAnswer, longJailbreak,
  delimiters, fewShot, assembly, encoded, framed, toolAbuse, memoryAbuse, leakingLinks, pressure, offPurpose, competition, buried,
  spanish, french, portuguese, italian, german, dutch, polish, russian, ukrainian, turkish,
  chinese, japanese, korean, arabic, hindi, vietnamese, indonesian, thai,
];
