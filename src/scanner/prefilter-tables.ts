import { createHash } from 'node:crypto';
import { literalTables } from './literal-tables.js';
import type { LiteralTables } from './literal-tables.js';
import type { PatternFacts, RequiredGroup } from './regex/literals.js';
import type { Reach } from './regex/reach.js';

/** What a `Prefilter` knows of its patterns: typed arrays only, so that it can be made once and kept in a file. */
export interface PrefilterTables {
  readonly ascii: LiteralTables;
  /** The literals with other characters. */
  readonly others: LiteralTables;
  /** By kind of hit (those of `ascii`, then those of `others`): the groups that are satisfied there, then the patterns that may begin there, each with the length of its literal. */
  readonly meanings: Uint16Array;
  /** Two numbers a kind: where in `meanings` its groups begin, and its patterns. */
  readonly meaningBounds: Uint32Array;
  /** The groups of a pattern are those from `firstGroup[pattern]` up to that of the next one. */
  readonly firstGroup: Uint16Array;
  readonly patternOf: Uint16Array;
  /** By pattern: how many groups have to be satisfied; in ASCII texts, one too many where that is not enough. */
  readonly groupCounts: Uint8Array;
  readonly asciiGroupCounts: Uint8Array;
  readonly wordStarts: Uint8Array;
  /** By group, three numbers: what `Reach` says. */
  readonly reaches: Int32Array;
  /** By pattern, three numbers: how far before the literals that tell where its matches can begin they do. */
  readonly reachesBack: Int32Array;
  /** By pattern: how its literals tell where a match can begin. */
  readonly anchors: Uint8Array;
  /** The patterns that only their blocks can rule out: of each its number, how many blocks it has, and those. */
  readonly blocks: Uint16Array;
}

/** Tables that were made before, and whose they are. */
export interface PackedTables {
  /** What `digestOf` says of their patterns. */
  readonly digest: string;
  readonly prefilter: PrefilterTables;
}

export function digestOf(patterns: readonly { readonly source: string }[]): string {
  const hash = createHash('sha256');
  for (const { source } of patterns) hash.update(`${source}\0`);
  return hash.digest('base64');
}

/** Literals tell where a match begins: right there, with what follows the parts that its beginning skips, somewhere around, or they do not. */
const FIRST = 0;
export const BEHIND = 1;
const INSIDE = 2;
export const ANYWHERE = 3;

/** Farther than any text is long, yet sums with offsets stay small integers. */
export const FAR_AWAY = 0x3fffffff;

/** A literal of the ruleset and what it means. */
interface Literal {
  readonly text: string;
  /** The groups that it satisfies. */
  readonly groups: number[];
  /** The patterns whose matches may begin with it. */
  readonly begins: number[];
}

export function prefilterTables(patterns: readonly PatternFacts[]): PrefilterTables {
  const byText = new Map<string, Literal>();
  const literalOf = (text: string): Literal => {
    let literal = byText.get(text);
    if (literal === undefined) byText.set(text, literal = { text, groups: [], begins: [] });
    return literal;
  };
  const patternOf: number[] = [];
  const firstGroup = [0];
  patterns.forEach((facts, pattern) => {
    for (const group of facts.required) {
      const id = patternOf.push(pattern) - 1;
      for (const text of group.literals) literalOf(text).groups.push(id);
    }
    firstGroup.push(patternOf.length);
    for (const text of (facts.beginning ?? anchorOf(facts))?.literals ?? []) literalOf(text).begins.push(pattern);
  });

  const meanings: number[] = [];
  const bounds = [0];
  const automaton = (literals: readonly Literal[]): LiteralTables => literalTables(literals.map(({ text }) => text), (indexes) => {
    const groups = new Set<number>();
    for (const index of indexes) for (const group of literals[index]?.groups ?? []) groups.add(group);
    for (const group of groups) meanings.push(group);
    bounds.push(meanings.length);
    for (const index of indexes) for (const pattern of literals[index]?.begins ?? []) meanings.push(pattern, literals[index]?.text.length ?? 0);
    bounds.push(meanings.length);
  });
  const isAscii = ({ text }: Literal): boolean => !/[^\x00-\x7f]/.test(text);
  const literals = [...byText.values()];
  const ascii = automaton(literals.filter(isAscii));
  const others = automaton(literals.filter((literal) => !isAscii(literal)));
  return {
    ascii, others,
    meanings: Uint16Array.from(meanings),
    meaningBounds: Uint32Array.from(bounds),
    firstGroup: Uint16Array.from(firstGroup),
    patternOf: Uint16Array.from(patternOf),
    groupCounts: Uint8Array.from(patterns, ({ required }) => required.length),
    asciiGroupCounts: Uint8Array.from(patterns, ({ required, requiresNonAscii }) => required.length + (requiresNonAscii ? 1 : 0)),
    wordStarts: Uint8Array.from(patterns, ({ beginning }) => (beginning?.atWordStart === true ? 1 : 0)),
    reaches: reachNumbers(patterns.flatMap(({ required }) => required.map(({ within }) => within))),
    reachesBack: reachNumbers(patterns.map((facts) => facts.beginning?.before ?? anchorOf(facts)?.within)),
    anchors: Uint8Array.from(patterns, anchorKind),
    blocks: Uint16Array.from(patterns.flatMap((facts, pattern) => (facts.blocks === undefined || isLocated(facts) ? [] : [pattern, facts.blocks.length, ...facts.blocks]))),
  };
}

/** Whether literals say near which places a pattern's matches begin. */
export function isLocated(facts: PatternFacts): boolean {
  return anchorKind(facts) !== ANYWHERE;
}

function anchorKind(facts: PatternFacts): number {
  if (facts.beginning !== undefined) return facts.beginning.skipped === 0 ? FIRST : BEHIND;
  return anchorOf(facts) === undefined ? ANYWHERE : INSIDE;
}

function anchorOf({ required }: PatternFacts): RequiredGroup | undefined {
  return required.find(({ within }) => within !== undefined);
}

function reachNumbers(reaches: readonly (Reach | undefined)[]): Int32Array {
  return Int32Array.from(reaches.flatMap((reach) => (reach === undefined ? [FAR_AWAY, 0, 0] : [reach.units, reach.blankRuns, reach.otherRuns])));
}
