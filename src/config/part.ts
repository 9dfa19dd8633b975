import type { Static, TSchema } from '@sinclair/typebox';
import type { ConfigProblem } from '../errors.js';
import type { Notes } from './checks.js';
import { walk } from './walk.js';

/** What a piece of JSON stands for, or everything that is wrong with it; pointers begin at that piece. */
export type Part<T> =
  | { readonly value: T; readonly warnings: readonly ConfigProblem[] }
  | { readonly problems: readonly ConfigProblem[] };

export type DeepReadonly<T> = T extends readonly unknown[] | object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

export interface PartContext {
  /** Absolute: relative paths are resolved from here. */
  readonly folder: string;
  isCron(expression: string): boolean;
}

/** `json` as `schema` wants it, defaults filled in and frozen, if `check`, which sees only what fits the schema, finds nothing either. */
export function parsePart<S extends TSchema>(schema: S, json: unknown, context: PartContext, check: (draft: Static<S>, notes: Notes) => void): Part<DeepReadonly<Static<S>>> {
  const problems: ConfigProblem[] = [];
  const warnings: ConfigProblem[] = [];
  const draft = walk(schema, json, { folder: context.folder, isCron: (expression) => context.isCron(expression), report: (problem) => { problems.push(problem); } }) as Static<S>;
  if (problems.length > 0) return { problems };
  check(draft, {
    report: (pointer, message) => { problems.push({ pointer, message }); },
    warn: (pointer, message) => { warnings.push({ pointer, message }); },
  });
  return problems.length > 0 ? { problems } : { value: freeze(draft), warnings };
}

/** Freezes a value with everything in it; what is frozen already was frozen by this. */
export function freeze<T>(value: T): DeepReadonly<T> {
  const deep = (inner: unknown): void => {
    if (typeof inner !== 'object' || inner === null || Object.isFrozen(inner)) return;
    for (const below of Object.values(inner)) deep(below);
    Object.freeze(inner);
  };
  deep(value);
  return value as DeepReadonly<T>;
}
