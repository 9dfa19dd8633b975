import type { CharSet } from './char-set.js';

/** A parsed regular expression. Flags, groups and case folding are already resolved into it. */
export type Node =
  | { readonly kind: 'empty' }
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'concat'; readonly parts: readonly Node[] }
  /** The first branch is preferred. */
  | { readonly kind: 'alternate'; readonly branches: readonly Node[] }
  /** `max` is Infinity where there is no upper bound. */
  | { readonly kind: 'repeat'; readonly child: Node; readonly min: number; readonly max: number; readonly greedy: boolean };

export const ASSERTIONS = ['textStart', 'textEnd', 'lineStart', 'lineEnd', 'wordBoundary', 'notWordBoundary'] as const;
export type Assertion = (typeof ASSERTIONS)[number];

/** Why a pattern cannot be taken: a sentence without the pattern's text. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

const PRINTED_ASSERTIONS: Readonly<Record<Assertion, string>> = {
  textStart: '\\A', textEnd: '\\z', lineStart: '(?m:^)', lineEnd: '(?m:$)', wordBoundary: '\\b', notWordBoundary: '\\B',
};

/**
 * Writes an expression in RE2 syntax with nothing left to interpretation: no flags, no named classes, every set as
 * ranges of code points. So both engines work from what the parser understood.
 */
export function printRe2(node: Node): string {
  switch (node.kind) {
    case 'empty': return '(?:)';
    case 'set': return printSet(node.set);
    case 'assert': return PRINTED_ASSERTIONS[node.what];
    case 'concat': return node.parts.map((part) => (part.kind === 'alternate' ? `(?:${printRe2(part)})` : printRe2(part))).join('');
    case 'alternate': return node.branches.map((branch) => (branch.kind === 'alternate' ? `(?:${printRe2(branch)})` : printRe2(branch))).join('|');
    case 'repeat': {
      const { child, min, max, greedy } = node;
      const operand = child.kind === 'set' ? printSet(child.set) : `(?:${printRe2(child)})`;
      const bounds = max === Infinity ? (min === 0 ? '*' : min === 1 ? '+' : `{${min},}`) : min === 0 && max === 1 ? '?' : `{${min},${max}}`;
      return `${operand}${bounds}${greedy ? '' : '?'}`;
    }
  }
}

function printSet(set: CharSet): string {
  if (set.length === 0) return '[^\\x{0}-\\x{10FFFF}]';
  const [low, high] = set;
  if (set.length === 2 && low !== undefined && low === high) return printChar(low);
  let text = '[';
  for (let i = 0; i < set.length; i += 2) {
    const from = set[i] ?? 0;
    const to = set[i + 1] ?? 0;
    text += from === to ? printChar(from) : `${printChar(from)}-${printChar(to)}`;
  }
  return `${text}]`;
}

function printChar(code: number): string {
  const plain = (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return plain ? String.fromCharCode(code) : `\\x{${code.toString(16)}}`;
}

/** The most UTF-16 units that a match can have, or Infinity. */
export function maxUnits(node: Node): number {
  switch (node.kind) {
    case 'empty': case 'assert': return 0;
    case 'set': return (node.set[node.set.length - 1] ?? 0) > 0xffff ? 2 : 1;
    case 'concat': return node.parts.reduce((sum, part) => sum + maxUnits(part), 0);
    case 'alternate': return node.branches.reduce((most, branch) => Math.max(most, maxUnits(branch)), 0);
    case 'repeat': {
      const length = maxUnits(node.child);
      return length === 0 ? 0 : length * node.max;
    }
  }
}

/** Whether it can match the empty text somewhere. */
export function matchesEmpty(node: Node): boolean {
  switch (node.kind) {
    case 'empty': case 'assert': return true;
    case 'set': return false;
    case 'concat': return node.parts.every(matchesEmpty);
    case 'alternate': return node.branches.some(matchesEmpty);
    case 'repeat': return node.min === 0 || matchesEmpty(node.child);
  }
}
