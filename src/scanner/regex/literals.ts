import { caseVariants } from './case-fold.js';
import type { CharSet } from './char-set.js';
import { foldUnit } from './literal-fold.js';
import { maxUnits } from './syntax.js';
import type { Node } from './syntax.js';

/** Texts folded by `foldUnit`; a match has to contain at least one of them. */
export type LiteralGroup = readonly string[];

/** Longer literals say no more, and make the automaton that looks for them bigger. */
const MAX_LITERAL_LENGTH = 9;
const MAX_EXACT = 32;
const MAX_MEMBERS = 4;
const MAX_GROUP = 96;
const MAX_GROUPS = 4;
const MAX_LOOK_BACK = 12;
/** Shorter literals occur in nearly every text. */
const USEFUL_LENGTH = 3;

interface Known {
  /** The node matches exactly one of these texts; undefined: too many to list. */
  readonly exact: readonly string[] | undefined;
  readonly groups: readonly LiteralGroup[];
}

const NOTHING: Known = { exact: undefined, groups: [] };

/**
 * What a match of an expression must contain: one literal of each group. An empty list says nothing is known.
 * The idea is that of RE2's `prefilter.cc`: many expressions can be ruled out by one search for their literals.
 */
export function requiredLiterals(node: Node): readonly LiteralGroup[] {
  const known = analyse(node);
  const groups = (known.exact === undefined ? known.groups : [...known.groups, known.exact])
    .map(minimal)
    .filter((group) => shortest(group) > 0 && group.length <= MAX_GROUP)
    .sort((a, b) => weight(b) - weight(a));
  const useful = groups.filter((group) => shortest(group) >= USEFUL_LENGTH);
  return (useful.length > 0 ? useful : groups).slice(0, MAX_GROUPS);
}

/** What every match begins with. */
export interface Beginning {
  readonly literals: readonly string[];
  /** How many UTF-16 units of the match can come before the literal. */
  readonly lookBack: number;
}

/**
 * Literals of which every match has one at its beginning, or a few characters after it; undefined when there are too
 * many of them, or one would be too common to be of use.
 */
export function beginning(node: Node): Beginning | undefined {
  const parts = node.kind === 'concat' ? node.parts : [node];
  let lookBack = 0;
  for (let skipped = 0; skipped < parts.length && lookBack <= MAX_LOOK_BACK; skipped++) {
    const literals = selective(prefixes({ kind: 'concat', parts: parts.slice(skipped) }));
    if (literals !== undefined) return { literals, lookBack };
    const part = parts[skipped];
    if (part !== undefined) lookBack += maxUnits(part);
  }
  return undefined;
}

function selective(starts: ReadonlyMap<string, boolean> | undefined): readonly string[] | undefined {
  if (starts === undefined) return undefined;
  const texts = [...new Set([...starts.keys()].map((text) => text.slice(0, MAX_LITERAL_LENGTH)))].sort((a, b) => a.length - b.length);
  // What begins with another member is found with it.
  const needed = texts.filter((text, index) => !texts.slice(0, index).some((other) => text.startsWith(other)));
  return needed.length > 0 && needed.every(isSelective) ? needed : undefined;
}

function isSelective(text: string): boolean {
  return text.length > 1 ? text.trim() !== '' : /^[^\sa-z0.,'"-]$/.test(text);
}

/** The beginnings of what a node matches; true: the whole of it, false: only a beginning. Undefined: too many. */
function prefixes(node: Node): Map<string, boolean> | undefined {
  switch (node.kind) {
    case 'empty': case 'assert': return new Map([['', true]]);
    case 'set': {
      const texts = members(node.set);
      return texts === undefined ? undefined : new Map(texts.map((text) => [text, true]));
    }
    case 'alternate': return united(node.branches.map(prefixes));
    case 'repeat': {
      const child = prefixes(node.child);
      if (child === undefined) return undefined;
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
  return union.size > MAX_GROUP ? undefined : union;
}

function continued(starts: ReadonlyMap<string, boolean>, next: ReadonlyMap<string, boolean>): Map<string, boolean> | undefined {
  const grown = new Map<string, boolean>();
  const add = (text: string, whole: boolean): void => void grown.set(text, whole && grown.get(text) !== false);
  for (const [head, whole] of starts) {
    if (!whole || head.length >= MAX_LITERAL_LENGTH) add(head, false);
    else for (const [tail, tailWhole] of next) add(head + tail, tailWhole);
  }
  return grown.size > MAX_GROUP ? undefined : grown;
}

function analyse(node: Node): Known {
  switch (node.kind) {
    case 'empty': case 'assert': return { exact: [''], groups: [] };
    case 'set': return { exact: members(node.set), groups: [] };
    case 'concat': return concatenated(node.parts.map(analyse));
    case 'alternate': return alternated(node.branches.map(analyse));
    case 'repeat': {
      const child = analyse(node.child);
      if (node.min === 0) {
        const fits = node.max === 1 && child.exact !== undefined && child.exact.length < MAX_EXACT;
        return fits ? { exact: [...(child.exact ?? []), ''], groups: [] } : NOTHING;
      }
      if (node.min === node.max && node.min <= 4) return concatenated(Array.from({ length: node.min }, () => child));
      return { exact: undefined, groups: child.exact === undefined ? child.groups : [child.exact] };
    }
  }
}

function members(set: CharSet): string[] | undefined {
  const found = new Set<number>();
  for (let i = 0; i < set.length; i += 2) {
    const low = set[i] ?? 0;
    const high = set[i + 1] ?? 0;
    if (high - low > 9) return undefined;
    for (let code = low; code <= high; code++) {
      // Literals are compared by units, so that letters of two units with case variants cannot be.
      if (code > 0xffff && caseVariants(code).length > 1) return undefined;
      found.add(foldUnit(code));
    }
    if (found.size > MAX_MEMBERS) return undefined;
  }
  return [...found].map((code) => String.fromCodePoint(code));
}

function concatenated(parts: readonly Known[]): Known {
  const groups: LiteralGroup[] = [];
  let current: readonly string[] = [''];
  let whole = true;
  for (const part of parts) {
    groups.push(...part.groups);
    const { exact } = part;
    if (exact === undefined) {
      whole = false;
      groups.push(current);
      current = [''];
    } else if (current.length * exact.length > MAX_EXACT) {
      whole = false;
      groups.push(current);
      current = exact;
    } else {
      current = [...new Set(current.flatMap((head) => exact.map((tail) => head + tail)))];
      // Texts that are long enough are set aside, so that the list of combinations stays short.
      if (shortest(current) >= MAX_LITERAL_LENGTH) {
        whole = false;
        groups.push(current);
        current = [''];
      }
    }
  }
  if (whole) return { exact: current, groups };
  groups.push(current);
  return { exact: undefined, groups: groups.filter((group) => shortest(group) > 0) };
}

function alternated(branches: readonly Known[]): Known {
  const exact = branches.flatMap((branch) => branch.exact ?? []);
  if (branches.every((branch) => branch.exact !== undefined) && exact.length <= MAX_EXACT) return { exact: [...new Set(exact)], groups: [] };
  const union: string[] = [];
  for (const branch of branches) {
    const best = (branch.exact === undefined ? branch.groups : [branch.exact]).map(minimal).sort((a, b) => weight(b) - weight(a))[0];
    if (best === undefined || shortest(best) === 0) return NOTHING;
    union.push(...best);
  }
  return { exact: undefined, groups: [union] };
}

/** Cut to length, without repetitions and without what contains another member. */
function minimal(group: LiteralGroup): LiteralGroup {
  const texts = [...new Set(group.map((text) => text.slice(0, MAX_LITERAL_LENGTH)))];
  return texts.filter((text) => !texts.some((other) => other !== text && text.includes(other)));
}

function shortest(group: LiteralGroup): number {
  return group.length === 0 ? 0 : Math.min(...group.map((text) => text.length));
}

/** Long literals rule out most; of equals, few. */
function weight(group: LiteralGroup): number {
  return Math.min(shortest(group), 6) * 1000 - group.length;
}
