/** The part of the native `re2` package that is used. */
export interface Re2Module {
  readonly Set: new (patterns: Iterable<string>, flags?: string) => Re2Set;
}

interface Re2Set {
  match(text: Buffer): number[];
}

interface Part {
  readonly set: Re2Set;
  /** The number of its first pattern. */
  readonly first: number;
}

/** A set of more patterns than this runs out of its fixed memory too soon. */
const MAX_SET_SIZE = 400;

/** Many patterns matched at once by RE2, in as few sets as it can take. The sets are made at the first match. */
export class NativeSets {
  private parts: readonly Part[] | undefined;
  private readonly refusedPatterns: number[] = [];

  constructor(private readonly re2: Re2Module, private readonly sources: readonly string[]) {}

  /** Patterns that RE2 alone has no memory for, although their time is bounded; they have to be tried elsewhere. */
  get refused(): readonly number[] {
    this.prepare();
    return this.refusedPatterns;
  }

  prepare(): void {
    if (this.parts !== undefined) return;
    const parts: Part[] = [];
    for (let first = 0; first < this.sources.length; first += MAX_SET_SIZE) {
      this.build(first, Math.min(first + MAX_SET_SIZE, this.sources.length), parts);
    }
    this.parts = parts;
  }

  /** The patterns that match UTF-8 text, in no order; undefined when RE2 ran out of memory over this text. */
  matching(text: Buffer): number[] | undefined {
    this.prepare();
    const found: number[] = [];
    for (const { set, first } of this.parts ?? []) {
      let indexes: number[];
      try {
        indexes = set.match(text);
      } catch {
        return undefined;
      }
      for (const index of indexes) found.push(first + index);
    }
    return found;
  }

  private build(from: number, to: number, parts: Part[]): void {
    let set: Re2Set;
    try {
      set = new this.re2.Set(this.sources.slice(from, to));
    } catch {
      // Too big together: the halves may fit.
      if (to - from === 1) {
        this.refusedPatterns.push(from);
        return;
      }
      const middle = (from + to) >> 1;
      this.build(from, middle, parts);
      this.build(middle, to, parts);
      return;
    }
    parts.push({ set, first: from });
  }
}
