import { beginning } from './beginning.js';
import type { Beginning } from './beginning.js';
import type { CharSet } from './char-set.js';
import { rarityBits } from './commonness.js';
import { literalMembers } from './literal-fold.js';
import { bounded, farthest, joined, NO_REACH, reach } from './reach.js';
import type { Reach } from './reach.js';
import type { Node } from './syntax.js';

/** What can be said about the matches of a pattern without looking for them. */
export interface PatternFacts {
  /** A match contains a literal of each group. The literals are folded by `foldUnit`. */
  readonly required: readonly RequiredGroup[];
  readonly requiresNonAscii: boolean;
  /** A match has a UTF-16 unit of one of these blocks of 256; undefined: it may have ASCII only. */
  readonly blocks: readonly number[] | undefined;
  /** What a match begins with, as far as that can be said. */
  readonly beginning: Beginning | undefined;
  /** The most that a match can have, as far as there is a bound. */
  readonly reach: Reach | undefined;
}

export interface RequiredGroup {
  readonly literals: readonly string[];
  /** One of them ends within this of where the match begins. */
  readonly within: Reach | undefined;
}

/** Longer literals say no more, and make the automaton that looks for them bigger. */
const MAX_LITERAL_LENGTH = 6;
/** Groups that stand everywhere are not worth looking for when there are others, and those that are in every sentence never are. */
const USEFUL_BITS = 8;
const MIN_BITS = 6.5;
/** What a literal has to say to be worth its memory. */
const BITS_A_LITERAL = 0.02;
const MAX_EXACT = 32;
const MAX_MEMBERS = 4;
/** Of a repetition, so many turns are looked into. */
const MAX_COPIES = 6;
const MAX_GROUP = 256;
const MAX_GROUPS = 3;

export function patternFacts(node: Node): PatternFacts {
  return {
    required: requiredGroups(node),
    requiresNonAscii: requiresNonAscii(node),
    blocks: requiredBlocks(node),
    beginning: beginning(node),
    reach: bounded(reach(node)),
  };
}

interface Group {
  readonly texts: readonly string[];
  readonly within: Reach;
}

interface Known {
  /** The node matches exactly one of these texts; undefined: too many to list. */
  readonly exact: readonly string[] | undefined;
  readonly groups: readonly Group[];
  readonly reach: Reach;
}

const NOTHING_KNOWN: Known = { exact: undefined, groups: [], reach: NO_REACH };

/** The idea is that of RE2's `prefilter.cc`: many expressions can be ruled out by one search for their literals. */
function requiredGroups(node: Node): RequiredGroup[] {
  const groups = allGroups(analyse(node)).filter(({ texts }) => texts.length <= MAX_GROUP);
  const useful = groups.filter(({ texts }) => rarityBits(texts) >= USEFUL_BITS);
  const chosen = useful.length > 0 ? useful.slice(0, MAX_GROUPS) : groups.filter(({ texts }) => rarityBits(texts) > MIN_BITS).slice(0, 2);
  return chosen.map(({ texts, within }) => ({ literals: texts, within: bounded(within) }));
}

/** The groups of a node, the exact texts as one of them, the most telling first. */
function allGroups({ exact, groups, reach }: Known): Group[] {
  return (exact === undefined ? groups : [...groups, { texts: exact, within: reach }])
    .map(({ texts, within }) => ({ texts: minimal(texts), within }))
    .filter(({ texts }) => shortest(texts) > 0)
    .sort((a, b) => weight(b.texts) - weight(a.texts));
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

function requiredBlocks(node: Node): readonly number[] | undefined {
  switch (node.kind) {
    case 'empty': case 'assert': return undefined;
    case 'set': return (node.set[0] ?? 0) < 0x80 ? undefined : blocksOf(node.set);
    case 'concat': return node.parts.map(requiredBlocks).reduce((best, each) => (each !== undefined && (best === undefined || each.length < best.length) ? each : best), undefined);
    case 'alternate': {
      const branches = node.branches.map(requiredBlocks);
      return branches.includes(undefined) ? undefined : [...new Set(branches.flatMap((blocks) => blocks ?? []))];
    }
    case 'repeat': return node.min > 0 ? requiredBlocks(node.child) : undefined;
  }
}

/** The blocks of the first units of a set's members. */
function blocksOf(set: CharSet): readonly number[] {
  const blocks = new Set<number>();
  const blockOf = (code: number): number => (code > 0xffff ? 0xd800 + ((code - 0x10000) >> 10) : code) >> 8;
  for (let i = 0; i < set.length; i += 2) {
    for (const [low, high] of [[set[i] ?? 0, Math.min(set[i + 1] ?? 0, 0xffff)], [Math.max(set[i] ?? 0, 0x10000), set[i + 1] ?? 0]] as const) {
      if (low <= high) for (let block = blockOf(low); block <= blockOf(high); block++) blocks.add(block);
    }
  }
  return [...blocks];
}

function analyse(node: Node): Known {
  switch (node.kind) {
    case 'empty': case 'assert': return { exact: [''], groups: [], reach: NO_REACH };
    case 'set': return { exact: literalMembers(node.set, MAX_MEMBERS), groups: [], reach: reach(node) };
    case 'concat': return concatenated(node.parts.map(analyse));
    case 'alternate': return alternated(node.branches.map(analyse));
    case 'repeat': {
      const child = analyse(node.child);
      const whole = reach(node);
      if (node.min === 0) {
        const optional = node.max === 1 && child.exact !== undefined && child.exact.length < MAX_EXACT ? [...child.exact, ''] : undefined;
        return { exact: optional, groups: [], reach: whole };
      }
      if (node.min === node.max && node.min <= MAX_COPIES) return concatenated(Array.from({ length: node.min }, () => child));
      if (node.min > 1 && child.exact !== undefined) return { ...concatenated([...Array.from({ length: Math.min(node.min, MAX_COPIES) }, () => child), NOTHING_KNOWN]), reach: whole };
      // What every turn contains, the first one does.
      return { exact: undefined, groups: child.exact === undefined ? child.groups : [{ texts: child.exact, within: child.reach }], reach: whole };
    }
  }
}

function concatenated(parts: readonly Known[]): Known {
  const groups: Group[] = [];
  let before = NO_REACH;
  let current: readonly string[] = [''];
  let whole = true;
  const setAside = (within: Reach): void => {
    whole = false;
    if (shortest(current) > 0) groups.push({ texts: current, within });
    current = [''];
  };
  for (const { exact, groups: inner, reach: length } of parts) {
    for (const { texts, within } of inner) groups.push({ texts, within: joined(before, within) });
    const after = joined(before, length);
    if (exact === undefined) {
      setAside(before);
    } else if (current.length * exact.length > MAX_EXACT) {
      setAside(before);
      current = exact;
    } else {
      current = [...new Set(current.flatMap((head) => exact.map((tail) => head + tail)))];
      // Texts that are long enough are done with, so that the list of combinations stays short.
      if (shortest(current) >= MAX_LITERAL_LENGTH) setAside(after);
    }
    before = after;
  }
  if (whole) return { exact: current, groups, reach: before };
  setAside(before);
  return { exact: undefined, groups, reach: before };
}

function alternated(branches: readonly Known[]): Known {
  const length = branches.map((branch) => branch.reach).reduce(farthest, NO_REACH);
  const exact = branches.flatMap((branch) => branch.exact ?? []);
  if (branches.every((branch) => branch.exact !== undefined) && exact.length <= MAX_EXACT) return { exact: [...new Set(exact)], groups: [], reach: length };
  const choices = branches.map(allGroups);
  if (choices.some((groups) => groups.length === 0)) return { exact: undefined, groups: [], reach: length };
  // The best group of each branch together make one, the second best another: a branch with fewer gives its last again.
  const count = Math.min(MAX_GROUPS, Math.max(...choices.map((groups) => groups.length)));
  const unions = Array.from({ length: count }, (_, rank) => {
    const chosen = choices.flatMap((groups) => groups[Math.min(rank, groups.length - 1)] ?? []);
    return { texts: chosen.flatMap(({ texts }) => texts), within: chosen.map(({ within }) => within).reduce(farthest, NO_REACH) };
  });
  return { exact: undefined, groups: unions, reach: length };
}

/** Cut to length, without repetitions and without what contains another member. */
function minimal(texts: readonly string[]): readonly string[] {
  const short = [...new Set(texts.map((text) => text.slice(0, MAX_LITERAL_LENGTH)))];
  return short.filter((text) => !short.some((other) => other !== text && text.includes(other)));
}

function shortest(texts: readonly string[]): number {
  return texts.length === 0 ? 0 : Math.min(...texts.map((text) => text.length));
}

/** What is rare rules out most; of equals, few. */
function weight(texts: readonly string[]): number {
  return rarityBits(texts) - BITS_A_LITERAL * texts.length;
}
