import type { LiteralTables } from './literal-tables.js';
import type { Units } from './regex/units.js';

/** Finds which of many literals occur in a text, in one pass. Texts are compared folded (`foldUnit`). */
export class LiteralAutomaton {
  /** How many ends of literals there are. */
  readonly endCount: number;

  constructor(private readonly tables: LiteralTables) {
    this.endCount = tables.resumes.length;
  }

  /** Notes in `hits`, instead of what was there, each place of the text where literals end: which end (its first one counts as `first`), and the offset. */
  search({ units, length }: Units, hits: Hits, first: number): void {
    const { columns, entries, suffixes, shallow, pairStride, resumes } = this.tables;
    const known = columns.length;
    hits.reserve(2 * length);
    const { pairs } = hits;
    let to = 0;
    let state = 0;
    let before = 0;
    for (let i = 0; i < length; i++) {
      const code = units[i] ?? 0;
      const column = code < known ? columns[code] ?? 0 : 0;
      if (column === 0) {
        state = before = 0;
        continue;
      }
      while (state !== 0 && entries[2 * (state + column)] !== state) state = suffixes[state] ?? 0;
      state = (state === 0 ? shallow[before * pairStride + column] : entries[2 * (state + column) + 1]) ?? 0;
      before = column;
      if (state < 0) {
        pairs[to++] = first + ~state;
        pairs[to++] = i + 1;
        state = resumes[~state] ?? 0;
      }
    }
    hits.length = to;
  }
}

const KEPT_HITS = 16_384;

/** Pairs of numbers, kept between texts so that most of them need no new memory. */
export class Hits {
  pairs = new Int32Array(KEPT_HITS);
  /** Numbers in `pairs`. */
  length = 0;

  clear(): void {
    this.length = 0;
    if (this.pairs.length > KEPT_HITS) this.pairs = new Int32Array(KEPT_HITS);
  }

  /** Makes place for so many numbers, which are not kept. */
  reserve(length: number): void {
    if (this.pairs.length < length || this.pairs.length > Math.max(KEPT_HITS, length)) this.pairs = new Int32Array(Math.max(KEPT_HITS, length));
  }

  /** Takes up other pairs; both are in order of their second numbers. */
  mergeBySecond(others: Hits): void {
    const { pairs, length } = this;
    const merged = new Int32Array(Math.max(KEPT_HITS, length + others.length));
    let own = 0;
    let other = 0;
    for (let to = 0; to < length + others.length; to += 2) {
      const takeOwn = other >= others.length || (own < length && (pairs[own + 1] ?? 0) <= (others.pairs[other + 1] ?? 0));
      const from = takeOwn ? pairs : others.pairs;
      const at = takeOwn ? own : other;
      merged[to] = from[at] ?? 0;
      merged[to + 1] = from[at + 1] ?? 0;
      if (takeOwn) own += 2;
      else other += 2;
    }
    this.pairs = merged;
    this.length = length + others.length;
  }

  add(first: number, second: number): void {
    if (this.length === this.pairs.length) {
      const larger = new Int32Array(2 * this.pairs.length);
      larger.set(this.pairs);
      this.pairs = larger;
    }
    this.pairs[this.length++] = first;
    this.pairs[this.length++] = second;
  }
}
