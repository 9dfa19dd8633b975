import type { Grammar } from '../grammar.js';
import { override } from './override.js';

/** The grammars of what a user types to the model. */
export const DIRECT_GRAMMARS: readonly Grammar[] = [override];
