import type { Grammar } from '../grammar.js';
import { embeddedActions } from './embedded-actions.js';
import { embeddedAddressed } from './embedded-addressed.js';
import { embeddedOutput } from './embedded-output.js';
import { embeddedOverrides } from './embedded-overrides.js';

/** Grammars of instructions to an assistant that stand in data. */
export const EMBEDDED_GRAMMARS: readonly Grammar[] = [
  embeddedOverrides, embeddedAddressed, embeddedActions, embeddedOutput,
];
