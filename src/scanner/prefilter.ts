import { LiteralAutomaton } from './literal-automaton.js';
import type { Beginning, LiteralGroup } from './regex/literals.js';
import type { Units } from './regex/units.js';

/** What is known of a pattern's literals. */
export interface PatternLiterals {
  /** A match contains one of each group. */
  readonly required: readonly LiteralGroup[];
  /** A match begins with one of these, or a few units before it. */
  readonly beginning: Beginning | undefined;
}

/** A literal of the ruleset and what it means. */
interface Literal {
  readonly text: string;
  /** The groups that it satisfies. */
  readonly groups: number[];
  /** The patterns whose matches may begin with it. */
  readonly begins: number[];
}

/**
 * Tells from literals which of many patterns can match a text, and where their matches can begin, in one pass
 * (a second one for texts with characters beyond ASCII, and only if some literal has such).
 */
export class Prefilter {
  private readonly literals: readonly Literal[];
  private readonly lengths: Uint8Array;
  private readonly patternOf: Uint16Array;
  private readonly groupCounts: Uint8Array;
  private readonly ascii: LiteralAutomaton;
  private readonly others: LiteralAutomaton | undefined;
  private readonly asciiCount: number;

  private readonly literalSeen: Uint32Array;
  private readonly groupSeen: Uint32Array;
  private readonly missing: Uint8Array;
  private readonly lookBacks: Uint8Array;
  private generation = 0;
  /** Places where matches can begin: literal, start, literal, start… */
  private places = new Int32Array(512);
  private placesLength = 0;

  constructor(patterns: readonly PatternLiterals[]) {
    const byText = new Map<string, Literal>();
    const literalOf = (text: string): Literal => {
      let literal = byText.get(text);
      if (literal === undefined) byText.set(text, literal = { text, groups: [], begins: [] });
      return literal;
    };
    const patternOf: number[] = [];
    patterns.forEach(({ required, beginning }, pattern) => {
      for (const group of required) {
        const id = patternOf.push(pattern) - 1;
        for (const text of group) literalOf(text).groups.push(id);
      }
      for (const text of beginning?.literals ?? []) literalOf(text).begins.push(pattern);
    });
    const isAscii = ({ text }: Literal): boolean => !/[^\x00-\x7f]/.test(text);
    const ascii = [...byText.values()].filter(isAscii);
    const others = [...byText.values()].filter((literal) => !isAscii(literal));
    this.literals = [...ascii, ...others];
    this.asciiCount = ascii.length;
    this.ascii = new LiteralAutomaton(ascii.map(({ text }) => text));
    this.others = others.length === 0 ? undefined : new LiteralAutomaton(others.map(({ text }) => text));
    this.lengths = Uint8Array.from(this.literals, ({ text }) => text.length);
    this.patternOf = Uint16Array.from(patternOf);
    this.groupCounts = Uint8Array.from(patterns, ({ required }) => required.length);
    this.literalSeen = new Uint32Array(this.literals.length);
    this.groupSeen = new Uint32Array(patternOf.length);
    this.missing = new Uint8Array(patterns.length);
    this.lookBacks = Uint8Array.from(patterns, ({ beginning }) => beginning?.lookBack ?? 0);
  }

  /** Looks through a text; the other methods then speak of it. `isAscii` may be false for a text that is. */
  search(text: Units, isAscii: boolean): void {
    this.generation++;
    this.placesLength = 0;
    this.missing.set(this.groupCounts);
    this.ascii.search(text, (found, end) => {
      for (let i = 0; i < found.length; i++) this.note(found[i] ?? 0, end);
    });
    if (isAscii) return;
    this.others?.search(text, (found, end) => {
      for (let i = 0; i < found.length; i++) this.note(this.asciiCount + (found[i] ?? 0), end);
    });
  }

  /** Whether a pattern can match. */
  possible(pattern: number): boolean {
    return this.missing[pattern] === 0;
  }

  /** Calls `visit` for the places where matches of patterns with a `beginning` can begin, in order of where their literals end. */
  beginnings(visit: (pattern: number, start: number) => void): void {
    for (let i = 0; i < this.placesLength; i += 2) {
      const begins = this.literals[this.places[i] ?? 0]?.begins ?? [];
      const start = this.places[i + 1] ?? 0;
      for (let k = 0; k < begins.length; k++) {
        const pattern = begins[k] ?? 0;
        if (this.missing[pattern] !== 0) continue;
        for (let back = Math.min(start, this.lookBacks[pattern] ?? 0); back >= 0; back--) visit(pattern, start - back);
      }
    }
  }

  private note(index: number, end: number): void {
    const literal = this.literals[index];
    if (literal === undefined) return;
    if (literal.begins.length > 0) {
      if (this.placesLength === this.places.length) {
        const larger = new Int32Array(2 * this.places.length);
        larger.set(this.places);
        this.places = larger;
      }
      this.places[this.placesLength++] = index;
      this.places[this.placesLength++] = end - (this.lengths[index] ?? 0);
    }
    if (this.literalSeen[index] === this.generation) return;
    this.literalSeen[index] = this.generation;
    for (const group of literal.groups) {
      if (this.groupSeen[group] === this.generation) continue;
      this.groupSeen[group] = this.generation;
      const pattern = this.patternOf[group] ?? 0;
      this.missing[pattern] = (this.missing[pattern] ?? 1) - 1;
    }
  }
}
