import type { NativePattern } from '../native-sets.js';
import type { PatternFlag } from '../rule.js';
import { tail } from './beginning.js';
import { LazyDfa } from './dfa.js';
import { patternFacts } from './literals.js';
import type { PatternFacts } from './literals.js';
import { parsePattern } from './parse.js';
import { checkSize, compileProgram, programSize } from './program.js';
import type { Program } from './program.js';
import { reach } from './reach.js';
import type { Units } from './units.js';
import type { DfaMemory } from './state-cache.js';
import { matchesEmpty, printRe2 } from './syntax.js';
import type { Node } from './syntax.js';

/** The flags as an inline group, as RE2 takes them. */
export function withFlags(source: string, flags: readonly PatternFlag[]): string {
  const letters = flags.map((flag) => (flag === 'IGNORECASE' ? 'i' : flag === 'MULTILINE' ? 'm' : 's')).join('');
  return letters === '' ? source : `(?${letters})${source}`;
}

/** What was worked out of an expression beforehand, so that it need not be parsed before it is first searched for. */
export interface KnownPattern {
  /** What `skippedParts` says. */
  readonly skipped: number;
  /** Only where no literals say where a match begins: RE2 looks for those. */
  readonly native?: NativePattern;
}

/**
 * A regular expression whose searches take time linear in the text. The automata are built when they are first needed.
 * Texts are well-formed; offsets are UTF-16 units.
 */
export class Pattern {
  /** How many characters the last `matchEnd` or `tailMatches` looked at. */
  steps = 0;
  private parsed: Node | undefined;
  private ownFacts: PatternFacts | undefined;
  private forward: LazyDfa | undefined;
  private backward: LazyDfa | undefined;
  private tail: LazyDfa | undefined;

  /**
   * Throws `PatternError` when the expression is not understood or its time would not be bounded; one that is known was
   * checked when it became so.
   */
  constructor(readonly source: string, private readonly memory: DfaMemory, private readonly known?: KnownPattern) {
    if (known === undefined) checkSize(this.node);
  }

  private get node(): Node {
    return this.parsed ??= parsePattern(this.source);
  }

  /** What can be said about its matches without looking for them. */
  get facts(): PatternFacts {
    return this.ownFacts ??= patternFacts(this.node);
  }

  /** The same expression for RE2. */
  get native(): NativePattern {
    return this.known?.native ?? { source: printRe2(this.node), states: programSize(this.node) };
  }

  /** Whether it can match the empty text. RE2, which goes by bytes, may then find `\B` inside a character; this engine does not. */
  get matchesEmpty(): boolean {
    return matchesEmpty(this.node);
  }

  /** Whether no match is longer than `units` UTF-16 units. */
  isAtMost(units: number): boolean {
    const most = reach(this.node);
    return most.blankRuns + most.otherRuns === 0 && most.units <= units;
  }

  /** Whether it matches anywhere. */
  test(text: Units): boolean {
    return this.forwardDfa().findEnd(text, true) >= 0;
  }

  /** The first match as [start, end): the leftmost one, and of those at one place the one that Perl prefers. */
  find(text: Units): readonly [number, number] | undefined {
    const end = this.forwardDfa().findEnd(text, false);
    return end < 0 ? undefined : [this.matchStart(text, end), end];
  }

  /** Where the first match that begins at `from` or later, up to `to`, ends, or -1. */
  matchEnd(text: Units, from: number, to = from): number {
    const dfa = this.forwardDfa();
    const end = dfa.matchEnd(text, from, to);
    this.steps = dfa.steps;
    return end;
  }

  /** Where the longest match that ends at `end` begins, when there is one. */
  matchStart(text: Units, end: number): number {
    this.backward ??= this.automaton((node) => compileProgram(node).backward(), true);
    return this.backward.findStart(text, end);
  }

  /** How many parts of every match come before the literal that tells where it begins. */
  get skippedParts(): number {
    return this.known?.skipped ?? this.facts.beginning?.skipped ?? 0;
  }

  /** Whether the rest of the pattern, after those parts, matches at a place. */
  tailMatches(text: Units, at: number): boolean {
    this.tail ??= this.automaton((node) => compileProgram(tail(node, this.skippedParts)).forward, false);
    const matches = this.tail.matchesAt(text, at);
    this.steps = this.tail.steps;
    return matches;
  }

  private forwardDfa(): LazyDfa {
    return this.forward ??= this.automaton((node) => compileProgram(node).forward, false);
  }

  private automaton(compile: (node: Node) => Program, longest: boolean): LazyDfa {
    const dfa = new LazyDfa(compile(this.node), this.memory, longest);
    // The tree takes many times the memory of the program, and can be had again.
    this.parsed = undefined;
    return dfa;
  }
}
