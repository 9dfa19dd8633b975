import { unitVariants } from './regex/literal-fold.js';
import type { Units } from './regex/units.js';

/**
 * Finds which of many literals occur in a text, in one pass (Aho and Corasick 1975, as a dense table). Literals are given
 * folded, and texts are compared so (`foldUnit`).
 */
export class LiteralAutomaton {
  /** UTF-16 unit → column; 0 for what is in no literal. */
  private readonly columns: Uint16Array;
  private readonly stride: number;
  /** Next state by state × stride + column. */
  private readonly table: Uint16Array | Uint32Array;
  /** In the states from this one on literals end. */
  private readonly firstEnd: number;
  /** How many states those are. */
  readonly endCount: number;

  /** `onEnd` is told of each of them in order: the literals that end there, shorter ones included. */
  constructor(literals: readonly string[], onEnd: (literals: readonly number[]) => void) {
    const columnOf = new Map<number, number>();
    for (const literal of literals) for (const unit of unitsOf(literal)) if (!columnOf.has(unit)) columnOf.set(unit, columnOf.size + 1);
    this.stride = columnOf.size + 1;

    const variants = [...columnOf].map(([unit, column]) => ({ column, codes: unitVariants(unit) }));
    this.columns = new Uint16Array(variants.reduce((most, { codes }) => Math.max(most, ...codes), 127) + 1);
    for (const { column, codes } of variants) for (const code of codes) this.columns[code] = column;

    const { table, ends, firstEnd } = automaton(new Trie(literals, columnOf), this.stride);
    this.table = table;
    this.firstEnd = firstEnd;
    this.endCount = ends.length;
    ends.forEach((indexes) => { onEnd(indexes); });
  }

  /** Notes each place of the text where literals end: which of those states (the first of them counts as `first`), and the offset. */
  search({ units, length }: Units, hits: Hits, first: number): void {
    const { columns, table, stride, firstEnd } = this;
    const known = columns.length;
    let state = 0;
    for (let i = 0; i < length; i++) {
      const code = units[i] ?? 0;
      state = table[state * stride + (code < known ? columns[code] ?? 0 : 0)] ?? 0;
      if (state >= firstEnd) hits.add(state - firstEnd + first, i + 1);
    }
  }
}

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

const KEPT_HITS = 4096;

/** The literals as a tree in flat arrays: thousands of small objects would cost more than all the rest. */
class Trie {
  size = 1;
  /** By node: its first child, the next child of its parent, and the column that leads to it. */
  readonly firstChild: Int32Array;
  readonly nextSibling: Int32Array;
  readonly column: Uint16Array;
  /** The literals that end in a node. */
  readonly ends: (readonly number[] | undefined)[] = [];

  constructor(literals: readonly string[], columnOf: ReadonlyMap<number, number>) {
    const most = literals.reduce((sum, { length }) => sum + length, 1);
    this.firstChild = new Int32Array(most);
    this.nextSibling = new Int32Array(most);
    this.column = new Uint16Array(most);
    literals.forEach((literal, index) => {
      let node = 0;
      for (let i = 0; i < literal.length; i++) node = this.child(node, columnOf.get(literal.charCodeAt(i)) ?? 0);
      this.ends[node] = [...(this.ends[node] ?? []), index];
    });
  }

  private child(node: number, column: number): number {
    for (let child = this.firstChild[node] ?? 0; child !== 0; child = this.nextSibling[child] ?? 0) {
      if (this.column[child] === column) return child;
    }
    const made = this.size++;
    this.column[made] = column;
    this.nextSibling[made] = this.firstChild[node] ?? 0;
    this.firstChild[node] = made;
    return made;
  }
}

function automaton(trie: Trie, stride: number): { table: Uint16Array | Uint32Array; ends: (readonly number[])[]; firstEnd: number } {
  const { size, firstChild, nextSibling, column, ends } = trie;
  const newTable = (): Uint16Array | Uint32Array => (size <= 0x1_0000 ? new Uint16Array(size * stride) : new Uint32Array(size * stride));

  // Breadth first: the row of a node's longest suffix is complete by then, and what a node lacks it takes from there.
  const byNode = newTable();
  const order = new Int32Array(size);
  const suffix = new Int32Array(size);
  let known = 1;
  for (let head = 0; head < size; head++) {
    const node = order[head] ?? 0;
    const row = node * stride;
    if (node !== 0) {
      const from = (suffix[node] ?? 0) * stride;
      byNode.copyWithin(row, from, from + stride);
      const inherited = ends[suffix[node] ?? 0];
      if (inherited !== undefined) ends[node] = [...(ends[node] ?? []), ...inherited];
    }
    for (let child = firstChild[node] ?? 0; child !== 0; child = nextSibling[child] ?? 0) {
      const at = row + (column[child] ?? 0);
      suffix[child] = node === 0 ? 0 : byNode[at] ?? 0;
      byNode[at] = child;
      order[known++] = child;
    }
  }

  // States in which literals end get the highest numbers, so that one comparison tells them.
  const numbers = new Int32Array(size);
  let next = 0;
  for (const node of order) if (ends[node] === undefined) numbers[node] = next++;
  const firstEnd = next;
  const endLists: (readonly number[])[] = [];
  for (const node of order) {
    const list = ends[node];
    if (list === undefined) continue;
    numbers[node] = next++;
    endLists.push(list);
  }
  const table = newTable();
  for (let node = 0; node < size; node++) {
    const row = (numbers[node] ?? 0) * stride;
    for (let c = 0; c < stride; c++) table[row + c] = numbers[byNode[node * stride + c] ?? 0] ?? 0;
  }
  return { table, ends: endLists, firstEnd };
}

function unitsOf(literal: string): number[] {
  return Array.from({ length: literal.length }, (_, index) => literal.charCodeAt(index));
}
