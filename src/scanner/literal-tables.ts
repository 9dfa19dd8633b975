import { unitVariants } from './regex/literal-fold.js';

/**
 * An automaton that finds many literals at once (Aho and Corasick 1975). Its rows lie across one another in one array
 * (Tarjan and Yao 1979), since nearly all of their entries are empty: a dense table takes a hundred times the memory.
 */
export interface LiteralTables {
  /** UTF-16 unit → column; 0 for what is in no literal. */
  readonly columns: Uint16Array;
  /** By state: where its row begins, and the state of its longest suffix. */
  readonly rows: Int32Array;
  readonly suffixes: Int32Array;
  /** By row + column, two numbers: the state whose entry this is (else it has none), and the next state. */
  readonly entries: Int32Array;
  /** In the states from this one on literals end. */
  readonly firstEnd: number;
}

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
  // States in which literals end get the highest numbers, so that one comparison tells them.
  const ending = order.filter((node) => trie.ends[node] !== undefined);
  const numbers = new Int32Array(trie.size);
  [...order.filter((node) => trie.ends[node] === undefined), ...ending].forEach((node, number) => { numbers[node] = number; });
  for (const node of ending) onEnd(trie.ends[node] ?? []);
  const numberedSuffixes = new Int32Array(trie.size);
  for (const node of order) numberedSuffixes[numbers[node] ?? 0] = numbers[suffixes[node] ?? 0] ?? 0;
  return { columns, ...packed(trie, { order, numbers, stride: columnOf.size + 1 }), suffixes: numberedSuffixes, firstEnd: trie.size - ending.length };
}

/** The literals as a tree in flat arrays: thousands of small objects would cost more than all the rest. */
class Trie {
  size = 1;
  /** By node: its first child, the next child of its parent, and the column that leads to it. */
  readonly firstChild: Int32Array;
  readonly nextSibling: Int32Array;
  readonly column: Uint16Array;
  /** The literals that end in a node. */
  readonly ends: (readonly number[] | undefined)[] = [];
  /** The children of the root, which has most of them, by column. */
  private readonly first: Int32Array;

  constructor(literals: readonly string[], columnOf: ReadonlyMap<number, number>) {
    const most = literals.reduce((sum, { length }) => sum + length, 1);
    this.firstChild = new Int32Array(most);
    this.nextSibling = new Int32Array(most);
    this.column = new Uint16Array(most);
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
    this.nextSibling[made] = this.firstChild[node] ?? 0;
    this.firstChild[node] = made;
    if (node === 0) this.first[column] = made;
    return made;
  }
}

interface Numbering {
  readonly order: readonly number[];
  /** By node: its state. */
  readonly numbers: Int32Array;
  readonly stride: number;
}

/** Lays the rows across one another, the fullest first, each at the first place where its entries are free. */
function packed(trie: Trie, { order, numbers, stride }: Numbering): { rows: Int32Array; entries: Int32Array } {
  const rows = new Int32Array(trie.size);
  const byFullness = order
    .map((node) => ({ node, children: [...trie.children(node)] }))
    .filter(({ children }) => children.length > 0)
    .sort((a, b) => b.children.length - a.children.length);
  const taken: boolean[] = [];
  // From the second row on, so that every column can come to lie on the first free entry.
  let firstFree = stride;
  let from = stride;
  let fullness = 0;
  for (const { node, children } of byFullness) {
    const columns = children.map((child) => trie.column[child] ?? 0);
    while (taken[firstFree] === true) firstFree++;
    // Where an equally full row found no place, it is not tried again.
    if (children.length !== fullness || from < firstFree) from = firstFree;
    fullness = children.length;
    let row = from - Math.min(...columns);
    while (columns.some((column) => taken[row + column] === true)) row++;
    from = row + Math.min(...columns);
    for (const column of columns) taken[row + column] = true;
    rows[numbers[node] ?? 0] = row;
  }
  // Any column of any row can be asked for.
  const entries = new Int32Array(2 * (Math.max(...rows) + stride)).fill(-1);
  for (const { node, children } of byFullness) {
    const state = numbers[node] ?? 0;
    for (const child of children) {
      const at = 2 * ((rows[state] ?? 0) + (trie.column[child] ?? 0));
      entries[at] = state;
      entries[at + 1] = numbers[child] ?? 0;
    }
  }
  return { rows, entries };
}
