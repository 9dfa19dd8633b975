import { rarityBits } from './commonness.js';
import { literalMembers } from './literal-fold.js';
import { bounded, joined, NO_REACH, reach } from './reach.js';
import type { Reach } from './reach.js';
import type { Node } from './syntax.js';

const MAX_LITERAL_LENGTH = 5;
const MAX_LITERALS = 256;
const MAX_MEMBERS = 12;
/** Literals as rare as this are not skipped for rarer ones, and others only for those that are so much rarer. */
const ENOUGH_BITS = 5;
const SKIPPED_BITS = 3;

/** What every match begins with. */
export interface Beginning {
  readonly literals: readonly string[];
  /** How many parts of the expression, which is a concatenation of some, come before the literal. */
  readonly skipped: number;
  /** What those can match at most. */
  readonly before: Reach;
  /** The match begins at the beginning of a word, as far as that is one of ASCII letters. */
  readonly atWordStart: boolean;
}

/**
 * Literals of which every match has one at its beginning, or not far from it; undefined when there are too
 * many of them, or one would be too common to be of use.
 */
export function beginning(node: Node): Beginning | undefined {
  const parts = node.kind === 'concat' ? node.parts : [node];
  let before: Reach | undefined = NO_REACH;
  let best: Beginning | undefined;
  let bestBits = 0;
  for (let skipped = 0; skipped < parts.length && before !== undefined && bestBits < ENOUGH_BITS; skipped++) {
    const literals = selective(prefixes(tail(node, skipped)));
    const bits = rarityBits(literals ?? []);
    if (literals !== undefined && (best === undefined || bits > bestBits + SKIPPED_BITS)) {
      best = { literals, skipped, before, atWordStart: skipped === 0 && beginsWord(node) && literals.every((text) => /^[a-z0_]/.test(text)) };
      bestBits = bits;
    }
    const part = parts[skipped];
    if (part !== undefined) before = bounded(joined(before, reach(part)));
  }
  return best;
}

/** An expression without its first parts. */
export function tail(node: Node, skipped: number): Node {
  return node.kind === 'concat' ? { kind: 'concat', parts: node.parts.slice(skipped) } : node;
}

/** Whether it begins with the assertion of a word's boundary, on every way. */
function beginsWord(node: Node): boolean {
  if (node.kind === 'alternate') return node.branches.every(beginsWord);
  if (node.kind === 'concat') return node.parts[0] !== undefined && beginsWord(node.parts[0]);
  return node.kind === 'assert' && node.what === 'wordBoundary';
}

function selective(starts: ReadonlyMap<string, boolean> | undefined): readonly string[] | undefined {
  if (starts === undefined) return undefined;
  const texts = [...new Set([...starts.keys()].map((text) => text.slice(0, MAX_LITERAL_LENGTH)))].sort((a, b) => a.length - b.length);
  // What begins with another member is found with it.
  const needed = texts.filter((text, index) => !texts.slice(0, index).some((other) => text.startsWith(other)));
  return needed.length > 0 && needed.every(isSelective) ? needed : undefined;
}

/** Single letters, digits and blanks are everywhere; single punctuation marks are not. */
function isSelective(text: string): boolean {
  return text.length > 1 ? text.trim() !== '' : /^[^\sa-z0]$/.test(text);
}

/** The beginnings of what a node matches; true: the whole of it, false: only a beginning. Undefined: too many. */
function prefixes(node: Node): Map<string, boolean> | undefined {
  switch (node.kind) {
    case 'empty': case 'assert': return new Map([['', true]]);
    case 'set': {
      const texts = literalMembers(node.set, MAX_MEMBERS);
      return texts === undefined ? undefined : new Map(texts.map((text) => [text, true]));
    }
    case 'alternate': return united(node.branches.map(prefixes));
    case 'repeat': {
      const child = prefixes(node.child);
      if (child === undefined) return undefined;
      if (node.min > 1) return prefixes({ kind: 'concat', parts: [...Array.from({ length: Math.min(node.min, MAX_LITERAL_LENGTH) }, () => node.child), { ...node, min: 0 }] });
      const once = node.max === 1;
      const starts = new Map([...child].map(([text, whole]) => [text, whole && once]));
      if (node.min === 0) starts.set('', true);
      return starts;
    }
    case 'concat': {
      let starts = new Map<string, boolean>([['', true]]);
      for (const part of node.parts) {
        if (![...starts.values()].includes(true)) break;
        const next = prefixes(part);
        const grown = next === undefined ? undefined : continued(starts, next);
        if (grown === undefined) return new Map([...starts.keys()].map((text) => [text, false]));
        starts = grown;
      }
      return starts;
    }
  }
}

function united(all: readonly (Map<string, boolean> | undefined)[]): Map<string, boolean> | undefined {
  const union = new Map<string, boolean>();
  for (const starts of all) {
    if (starts === undefined) return undefined;
    for (const [text, whole] of starts) union.set(text, whole && union.get(text) !== false);
  }
  return union.size > MAX_LITERALS ? undefined : union;
}

function continued(starts: ReadonlyMap<string, boolean>, next: ReadonlyMap<string, boolean>): Map<string, boolean> | undefined {
  const grown = new Map<string, boolean>();
  const add = (text: string, whole: boolean): void => void grown.set(text, whole && grown.get(text) !== false);
  for (const [head, whole] of starts) {
    if (!whole || head.length >= MAX_LITERAL_LENGTH) add(head, false);
    else for (const [tail, tailWhole] of next) add(head + tail, tailWhole);
  }
  return grown.size > MAX_LITERALS ? undefined : grown;
}
