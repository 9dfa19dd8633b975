import { caseVariants } from './case-fold.js';
import type { CharSet } from './char-set.js';
import { foldUnit } from './literal-fold.js';
import { maxUnits } from './syntax.js';
import type { Node } from './syntax.js';

/** Texts folded by `foldUnit`; a match has to contain at least one of them. */
export type LiteralGroup = readonly string[];

/** Longer literals say no more, and make the automaton that looks for them bigger. */
const MAX_LITERAL_LENGTH = 6;
const MAX_BEGINNING_LENGTH = 5;
/** Groups that say less are not worth looking for when there are others. */
const USEFUL_RARITY = 3;
const MAX_EXACT = 32;
const MAX_MEMBERS = 4;
const MAX_PREFIX_MEMBERS = 12;
const MAX_GROUP = 256;
const MAX_GROUPS = 3;
const MAX_LOOK_BACK = 12;
/** Beyond this, the length of a match is as good as unbounded. */
const MAX_REACH = 10_000;

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
function requiredLiterals(node: Node): readonly LiteralGroup[] {
  const known = analyse(node);
  const groups = (known.exact === undefined ? known.groups : [...known.groups, known.exact])
    .map(minimal)
    .filter((group) => shortest(group) > 0 && group.length <= MAX_GROUP)
    .sort((a, b) => weight(b) - weight(a));
  const useful = groups.filter((group) => rarity(group) >= USEFUL_RARITY);
  // A group that every other sentence satisfies costs more than it saves.
  return useful.length > 0 ? useful.slice(0, MAX_GROUPS) : groups.filter((group) => rarity(group) > 1).slice(0, 2);
}

/** What literals say about the matches of a pattern. */
export interface PatternFacts {
  /** A match contains one of each group. */
  readonly required: readonly LiteralGroup[];
  readonly requiresNonAscii: boolean;
  /** What a match begins with, as far as that can be said. */
  readonly beginning: Beginning | undefined;
  readonly reach: Reach | undefined;
}

/** The most UTF-16 units that a match can have: so many, and so many runs of blanks, and of what is not blank. */
export interface Reach {
  readonly units: number;
  readonly blankRuns: number;
  readonly otherRuns: number;
}

export function patternFacts(node: Node): PatternFacts {
  const most = reach(node);
  return {
    required: requiredLiterals(node),
    requiresNonAscii: requiresNonAscii(node),
    beginning: beginning(node),
    reach: most.units + most.blankRuns + most.otherRuns < MAX_REACH ? most : undefined,
  };
}

const NO_REACH: Reach = { units: 0, blankRuns: 0, otherRuns: 0 };

function reach(node: Node): Reach {
  switch (node.kind) {
    case 'empty': case 'assert': return NO_REACH;
    case 'set': return { ...NO_REACH, units: maxUnits(node) };
    case 'concat': return node.parts.map(reach).reduce((sum, part) => combined(sum, part, (a, b) => a + b), NO_REACH);
    case 'alternate': return node.branches.map(reach).reduce((most, branch) => combined(most, branch, Math.max), NO_REACH);
    case 'repeat': {
      if (node.max === Infinity && node.child.kind === 'set') {
        const blanks = blanksIn(node.child.set);
        if (blanks === 'all') return { ...NO_REACH, blankRuns: 1 };
        if (blanks === 'none') return { ...NO_REACH, otherRuns: 1 };
      }
      const times = (count: number): number => (count === 0 ? 0 : count * node.max);
      const { units, blankRuns, otherRuns } = reach(node.child);
      return { units: times(units), blankRuns: times(blankRuns), otherRuns: times(otherRuns) };
    }
  }
}

function combined(a: Reach, b: Reach, how: (a: number, b: number) => number): Reach {
  return { units: how(a.units, b.units), blankRuns: how(a.blankRuns, b.blankRuns), otherRuns: how(a.otherRuns, b.otherRuns) };
}

/** Whether the members of a set are ASCII white space. */
function blanksIn(set: CharSet): 'all' | 'none' | 'some' {
  let all = true;
  let none = true;
  for (let i = 0; i < set.length; i += 2) {
    const low = set[i] ?? 0;
    const high = set[i + 1] ?? 0;
    if (!(low >= 0x09 && high <= 0x0d) && !(low === 0x20 && high === 0x20)) all = false;
    if ((low <= 0x0d && high >= 0x09) || (low <= 0x20 && high >= 0x20)) none = false;
  }
  return all ? 'all' : none ? 'none' : 'some';
}

/** What every match begins with. */
export interface Beginning {
  readonly literals: readonly string[];
  /** How many UTF-16 units of the match can come before the literal. */
  readonly lookBack: number;
  /** The match begins at the beginning of a word, as far as that is one of ASCII letters. */
  readonly atWordStart: boolean;
}

/**
 * Literals of which every match has one at its beginning, or a few characters after it; undefined when there are too
 * many of them, or one would be too common to be of use.
 */
function beginning(node: Node): Beginning | undefined {
  const parts = node.kind === 'concat' ? node.parts : [node];
  let lookBack = 0;
  for (let skipped = 0; skipped < parts.length && lookBack <= MAX_LOOK_BACK; skipped++) {
    const literals = selective(prefixes({ kind: 'concat', parts: parts.slice(skipped) }));
    if (literals !== undefined) return { literals, lookBack, atWordStart: lookBack === 0 && beginsWord(node) && literals.every((text) => /^[a-z0_]/.test(text)) };
    const part = parts[skipped];
    if (part !== undefined) lookBack += maxUnits(part);
  }
  return undefined;
}

/** Whether it begins with the assertion of a word's boundary, on every way. */
function beginsWord(node: Node): boolean {
  if (node.kind === 'alternate') return node.branches.every(beginsWord);
  if (node.kind === 'concat') return node.parts[0] !== undefined && beginsWord(node.parts[0]);
  return node.kind === 'assert' && node.what === 'wordBoundary';
}

function selective(starts: ReadonlyMap<string, boolean> | undefined): readonly string[] | undefined {
  if (starts === undefined) return undefined;
  const texts = [...new Set([...starts.keys()].map((text) => text.slice(0, MAX_BEGINNING_LENGTH)))].sort((a, b) => a.length - b.length);
  // What begins with another member is found with it.
  const needed = texts.filter((text, index) => !texts.slice(0, index).some((other) => text.startsWith(other)));
  return needed.length > 0 && needed.every(isSelective) ? needed : undefined;
}

/** Single letters, digits and blanks are everywhere; single punctuation marks are not. */
function isSelective(text: string): boolean {
  return text.length > 1 ? text.trim() !== '' : /^[^\sa-z0]$/.test(text);
}

/** Whether every match has a character beyond ASCII. */
function requiresNonAscii(node: Node): boolean {
  switch (node.kind) {
    case 'empty': case 'assert': return false;
    case 'set': return (node.set[0] ?? 0x80) >= 0x80;
    case 'concat': return node.parts.some(requiresNonAscii);
    case 'alternate': return node.branches.every(requiresNonAscii);
    case 'repeat': return node.min > 0 && requiresNonAscii(node.child);
  }
}

/** The beginnings of what a node matches; true: the whole of it, false: only a beginning. Undefined: too many. */
function prefixes(node: Node): Map<string, boolean> | undefined {
  switch (node.kind) {
    case 'empty': case 'assert': return new Map([['', true]]);
    case 'set': {
      const texts = members(node.set, MAX_PREFIX_MEMBERS);
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
    if (!whole || head.length >= MAX_BEGINNING_LENGTH) add(head, false);
    else for (const [tail, tailWhole] of next) add(head + tail, tailWhole);
  }
  return grown.size > MAX_GROUP ? undefined : grown;
}

function analyse(node: Node): Known {
  switch (node.kind) {
    case 'empty': case 'assert': return { exact: [''], groups: [] };
    case 'set': return { exact: members(node.set, MAX_MEMBERS), groups: [] };
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

function members(set: CharSet, most: number): string[] | undefined {
  const found = new Set<number>();
  for (let i = 0; i < set.length; i += 2) {
    const low = set[i] ?? 0;
    const high = set[i + 1] ?? 0;
    if (high - low > 15) return undefined;
    for (let code = low; code <= high; code++) {
      // Literals are compared by units, so that letters of two units with case variants cannot be.
      if (code > 0xffff && caseVariants(code).length > 1) return undefined;
      found.add(foldUnit(code));
    }
    if (found.size > most) return undefined;
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
  const choices = branches.map(({ exact, groups }) => (exact === undefined ? groups : [exact])
    .map(minimal)
    .filter((group) => shortest(group) > 0)
    .sort((a, b) => weight(b) - weight(a)));
  if (choices.some((groups) => groups.length === 0)) return NOTHING;
  // The best group of each branch together make one, the second best another: a branch with fewer gives its last again.
  const count = Math.min(MAX_GROUPS, Math.max(...choices.map((groups) => groups.length)));
  const unions = Array.from({ length: count }, (_, rank) => choices.flatMap((groups) => groups[Math.min(rank, groups.length - 1)] ?? []));
  return { exact: undefined, groups: unions };
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
  return rarity(group) * 1000 - group.length;
}

/** How much the commonest member says: its length, as long as it is not a word of every other sentence. */
function rarity(group: LiteralGroup): number {
  return group.length === 0 ? 0 : Math.min(...group.map((text) => {
    if (/^[@<>{}[\]#$%^&*=|~`\\]$/.test(text)) return USEFUL_RARITY;
    if (/^[^\sa-z.,'"’-]$/.test(text)) return 2;
    return COMMON_WORDS.has(text.trim()) ? 1 : Math.min(text.length, 6);
  }));
}

const COMMON_WORDS: ReadonlySet<string> = new Set((
  'a an the and or but if as of to in on at by for from with is are was be been it its this that these those you your me my we our i he she they them '
  + 'do does not no all any can may will would should could must have has had what how when who now so then here there please use get set make give say'
).split(' '));
