/** The part of the native `re2` package that is used. */
export interface Re2Module {
  readonly Set: new (patterns: Iterable<string>, flags?: string) => Re2Set;
}

interface Re2Set {
  match(text: Buffer): number[];
}

interface Part {
  readonly set: Re2Set;
  /** The numbers of its patterns. */
  readonly members: readonly number[];
}

/** What is given to RE2: a pattern, and how many states its automaton has: as many may have to be looked at for each character. */
export interface NativePattern {
  readonly source: string;
  readonly states: number;
}

/**
 * RE2 never gives up a set for which its memory is too small, but makes every state over and over, which takes as long
 * as there are states in all: bigger patterns are refused, and bigger sets split.
 */
const MAX_PATTERN_STATES = 200;
const MAX_SET_STATES = 1000;

/** Many patterns matched at once by RE2, in as few sets as it can take. The sets are made at the first match. */
export class NativeSets {
  private parts: readonly Part[] | undefined;
  private readonly refusedPatterns: number[] = [];

  constructor(private readonly re2: Re2Module, private readonly patterns: readonly NativePattern[]) {}

  /** Patterns that are too big for RE2, although their time is bounded; they have to be tried elsewhere. */
  get refused(): readonly number[] {
    this.prepare();
    return this.refusedPatterns;
  }

  prepare(): void {
    if (this.parts !== undefined) return;
    const parts: Part[] = [];
    let chosen: number[] = [];
    let states = 0;
    this.patterns.forEach((pattern, index) => {
      if (pattern.states > MAX_PATTERN_STATES) {
        this.refusedPatterns.push(index);
        return;
      }
      if (states + pattern.states > MAX_SET_STATES) {
        this.build(chosen, parts);
        chosen = [];
        states = 0;
      }
      chosen.push(index);
      states += pattern.states;
    });
    this.build(chosen, parts);
    this.parts = parts;
  }

  /** The patterns that match UTF-8 text, in no order; undefined when RE2 ran out of memory over this text. */
  matching(text: Buffer): number[] | undefined {
    this.prepare();
    const found: number[] = [];
    for (const { set, members } of this.parts ?? []) {
      let indexes: number[];
      try {
        indexes = set.match(text);
      } catch {
        return undefined;
      }
      for (const index of indexes) found.push(members[index] ?? 0);
    }
    return found;
  }

  private build(members: readonly number[], parts: Part[]): void {
    if (members.length === 0) return;
    let set: Re2Set;
    try {
      set = new this.re2.Set(members.map((index) => this.patterns[index]?.source ?? ''));
    } catch {
      if (members.length === 1) {
        this.refusedPatterns.push(...members);
        return;
      }
      // Too big together: the halves may fit.
      const middle = members.length >> 1;
      this.build(members.slice(0, middle), parts);
      this.build(members.slice(middle), parts);
      return;
    }
    parts.push({ set, members });
  }
}
