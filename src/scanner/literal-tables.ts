import { unitVariants } from './regex/literal-fold.js';

/**
 * An automaton that finds many literals at once (Aho and Corasick 1975). Its rows lie across one another in one array
 * (Tarjan and Yao 1979), since nearly all of their entries are empty: a dense table takes a hundred times the memory.
 */
export interface LiteralTables {
  /** UTF-16 unit → column; 0 for what is in no literal. */
  readonly columns: Uint16Array;
  /**
   * By state, which is the number of its row, plus column, two numbers: the state whose entry this is (else it has none), and
   * the next state; where literals end, the complement of the number of that end instead. State 0 has no entries.
   */
  readonly entries: Int32Array;
  /** By state: its longest suffix with entries, or 0. */
  readonly suffixes: Uint16Array | Int32Array;
  /**
   * What comes next where no entry says it, in the same way. By the column of the unit before, times `pairStride`
   * (0: the table of all pairs would be too big), plus that of the unit.
   */
  readonly shallow: Int32Array;
  readonly pairStride: number;
  /** By end of literals: the state to go on from. */
  readonly resumes: Int32Array;
}

/** Pairs of more different units are not in a table. */
const MAX_PAIR_COLUMNS = 128;

/**
 * The tables for literals, which are given folded (`foldUnit`).
 * `onEnd` is told of each state in which some end, in order: the literals, those that are ends of longer ones included.
 */
export function literalTables(literals: readonly string[], onEnd: (literals: readonly number[]) => void): LiteralTables {
  const columnOf = new Map<number, number>();
  for (const literal of literals) for (let i = 0; i < literal.length; i++) if (!columnOf.has(literal.charCodeAt(i))) columnOf.set(literal.charCodeAt(i), columnOf.size + 1);
  const variants = [...columnOf].map(([unit, column]) => ({ column, codes: unitVariants(unit) }));
  const columns = new Uint16Array(variants.reduce((most, { codes }) => Math.max(most, ...codes), 127) + 1);
  for (const { column, codes } of variants) for (const code of codes) columns[code] = column;

  const trie = new Trie(literals, columnOf);
  const { order, suffixes } = trie.suffixes();
  const endOf = new Int32Array(trie.size);
  const ending = order.filter((node) => trie.ends[node] !== undefined);
  ending.forEach((node, end) => {
    endOf[node] = end;
    onEnd(trie.ends[node] ?? []);
  });
  const stride = columnOf.size + 1;
  const pairStride = stride <= MAX_PAIR_COLUMNS ? stride : 0;
  // What `shallow` says needs no rows.
  const depthOfRows = pairStride > 0 ? 2 : 1;
  const { rows, length } = packed(trie, order.filter((node) => (trie.depths[node] ?? 0) >= depthOfRows), stride);
  // By node: its row, or that of its longest suffix with one.
  const states = new Int32Array(trie.size);
  for (const node of order) states[node] = rows[node] || states[suffixes[node] ?? 0] || 0;
  const next = (node: number): number => (trie.ends[node] === undefined ? states[node] ?? 0 : ~(endOf[node] ?? 0));

  const entries = new Int32Array(2 * length).fill(-1);
  const suffixStates = length <= 0xffff ? new Uint16Array(length) : new Int32Array(length);
  for (const node of order) {
    const row = rows[node] ?? 0;
    if (row === 0) continue;
    suffixStates[row] = states[suffixes[node] ?? 0] ?? 0;
    for (const child of trie.children(node)) {
      const at = 2 * (row + (trie.column[child] ?? 0));
      entries[at] = row;
      entries[at + 1] = next(child);
    }
  }
  const shallow = Int32Array.from({ length: (pairStride || 1) * stride }, (_, at) => {
    const column = at % stride;
    return next(trie.child(trie.child(0, Math.floor(at / stride)), column) || trie.child(0, column));
  });
  return { columns, entries, suffixes: suffixStates, shallow, pairStride, resumes: Int32Array.from(ending, (node) => states[node] ?? 0) };
}

/** The literals as a tree in flat arrays: thousands of small objects would cost more than all the rest. */
class Trie {
  size = 1;
  /** By node: its first child, the next child of its parent, and the column that leads to it. */
  readonly firstChild: Int32Array;
  readonly nextSibling: Int32Array;
  readonly column: Uint16Array;
  /** By node: how many units lead to it. */
  readonly depths: Uint16Array;
  /** The literals that end in a node. */
  readonly ends: (readonly number[] | undefined)[] = [];
  /** The children of the root, which has most of them, by column. */
  private readonly first: Int32Array;

  constructor(literals: readonly string[], columnOf: ReadonlyMap<number, number>) {
    const most = literals.reduce((sum, { length }) => sum + length, 1);
    this.firstChild = new Int32Array(most);
    this.nextSibling = new Int32Array(most);
    this.column = new Uint16Array(most);
    this.depths = new Uint16Array(most);
    this.first = new Int32Array(columnOf.size + 1);
    literals.forEach((literal, index) => {
      let node = 0;
      for (let i = 0; i < literal.length; i++) {
        const column = columnOf.get(literal.charCodeAt(i)) ?? 0;
        node = this.child(node, column) || this.grow(node, column);
      }
      this.ends[node] = [...(this.ends[node] ?? []), index];
    });
  }

  /** 0: there is none. */
  child(node: number, column: number): number {
    if (node === 0) return this.first[column] ?? 0;
    let child = this.firstChild[node] ?? 0;
    while (child !== 0 && this.column[child] !== column) child = this.nextSibling[child] ?? 0;
    return child;
  }

  *children(node: number): Generator<number> {
    for (let child = this.firstChild[node] ?? 0; child !== 0; child = this.nextSibling[child] ?? 0) yield child;
  }

  /** The nodes, breadth first, and by node its longest suffix; the literals that end in that end in the node too. */
  suffixes(): { order: number[]; suffixes: Int32Array } {
    const order = [0];
    const suffixes = new Int32Array(this.size);
    for (const node of order) {
      const inherited = node === 0 ? undefined : this.ends[suffixes[node] ?? 0];
      if (inherited !== undefined) this.ends[node] = [...(this.ends[node] ?? []), ...inherited];
      for (const child of this.children(node)) {
        order.push(child);
        if (node === 0) continue;
        const column = this.column[child] ?? 0;
        let suffix = suffixes[node] ?? 0;
        while (suffix !== 0 && this.child(suffix, column) === 0) suffix = suffixes[suffix] ?? 0;
        suffixes[child] = this.child(suffix, column);
      }
    }
    return { order, suffixes };
  }

  private grow(node: number, column: number): number {
    const made = this.size++;
    this.column[made] = column;
    this.depths[made] = (this.depths[node] ?? 0) + 1;
    this.nextSibling[made] = this.firstChild[node] ?? 0;
    this.firstChild[node] = made;
    if (node === 0) this.first[column] = made;
    return made;
  }
}

/** Lays the rows of nodes across one another, the fullest first, each at the first place where its entries are free; no two begin at one place. */
function packed(trie: Trie, nodes: readonly number[], stride: number): { rows: Int32Array; length: number } {
  const rows = new Int32Array(trie.size);
  const byFullness = nodes
    .map((node) => ({ node, columns: Array.from(trie.children(node), (child) => trie.column[child] ?? 0) }))
    .filter(({ columns }) => columns.length > 0)
    .sort((a, b) => b.columns.length - a.columns.length);
  const taken: boolean[] = [];
  const begun: boolean[] = [];
  // From the second row on, so that every column can come to lie on the first free entry.
  let firstFree = stride;
  let from = stride;
  let fullness = 0;
  let last = 0;
  for (const { node, columns } of byFullness) {
    while (taken[firstFree] === true) firstFree++;
    // Where an equally full row found no place, it is not tried again.
    if (columns.length !== fullness || from < firstFree) from = firstFree;
    fullness = columns.length;
    let row = from - Math.min(...columns);
    while (begun[row] === true || columns.some((column) => taken[row + column] === true)) row++;
    from = row + Math.min(...columns);
    for (const column of columns) taken[row + column] = true;
    begun[row] = true;
    rows[node] = row;
    last = Math.max(last, row);
  }
  // Any column of any row can be asked for.
  return { rows, length: last + stride };
}
