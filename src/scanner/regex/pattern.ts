import type { PatternFlag } from '../rule.js';

/** A compiled regular expression. */
export interface Pattern {
  /** Whether it matches anywhere in a well-formed text. */
  test(text: string): boolean;
  /** The first match as [start, end) in UTF-16 units. */
  find(text: string): readonly [number, number] | undefined;
}

/** Why a pattern cannot be taken. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/** The flags as an inline group, as RE2 takes them. */
export function withFlags(source: string, flags: readonly PatternFlag[]): string {
  const letters = flags.map((flag) => (flag === 'IGNORECASE' ? 'i' : flag === 'MULTILINE' ? 'm' : 's')).join('');
  return letters === '' ? source : `(?${letters})${source}`;
}

export function compilePattern(source: string): Pattern {
  let rest = source;
  const flags = new Set('u');
  for (let found = /^\(\?([ims]+)\)/.exec(rest); found !== null; found = /^\(\?([ims]+)\)/.exec(rest)) {
    for (const letter of found[1] ?? '') flags.add(letter);
    rest = rest.slice(found[0].length);
  }
  let expression: RegExp;
  try {
    expression = new RegExp(rest.replace(/\(\?P</g, '(?<'), [...flags].join('').replace('u', ''));
  } catch (error) {
    throw new PatternError(error instanceof Error ? error.message : 'cannot be compiled');
  }
  return {
    test: (text) => expression.test(text),
    find: (text) => {
      const found = expression.exec(text);
      return found === null ? undefined : [found.index, found.index + found[0].length];
    },
  };
}
