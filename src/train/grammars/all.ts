import type { Grammar } from '../grammar.js';
import { DIRECT_GRAMMARS } from './all-direct.js';
import { EMBEDDED_GRAMMARS } from './all-embedded.js';
import { NEGATIVE_GRAMMARS } from './all-negatives.js';

export const GRAMMARS: readonly Grammar[] = [...DIRECT_GRAMMARS, ...EMBEDDED_GRAMMARS, ...NEGATIVE_GRAMMARS];
