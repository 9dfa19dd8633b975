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
  /** Next state (row offset) by row offset + column; `~offset` for states in which literals end. */
  private readonly table: Int32Array;
  /** By state: the literals that end in it, shorter ones included. */
  private readonly ends: readonly (readonly number[] | undefined)[];

  constructor(literals: readonly string[]) {
    const columnOf = new Map<number, number>();
    for (const unit of literals.flatMap(unitsOf)) if (!columnOf.has(unit)) columnOf.set(unit, columnOf.size + 1);
    this.stride = columnOf.size + 1;

    const variants = [...columnOf].map(([unit, column]) => ({ column, codes: unitVariants(unit) }));
    this.columns = new Uint16Array(Math.max(127, ...variants.flatMap(({ codes }) => codes)) + 1);
    for (const { column, codes } of variants) for (const code of codes) this.columns[code] = column;

    const { table, ends } = trie(literals, columnOf, this.stride);
    this.table = table;
    this.ends = ends;
  }

  /** Calls `found` for the literals that end at `end`, wherever there are some. */
  search({ units, length }: Units, found: (literals: readonly number[], end: number) => void): void {
    const { columns, table, stride, ends } = this;
    const known = columns.length;
    let row = 0;
    for (let i = 0; i < length; i++) {
      const code = units[i] ?? 0;
      row = table[row + (code < known ? columns[code] ?? 0 : 0)] ?? 0;
      if (row < 0) {
        row = ~row;
        found(ends[row / stride] ?? [], i + 1);
      }
    }
  }
}

function unitsOf(literal: string): number[] {
  return Array.from({ length: literal.length }, (_, index) => literal.charCodeAt(index));
}

function trie(literals: readonly string[], columnOf: ReadonlyMap<number, number>, stride: number): { table: Int32Array; ends: (number[] | undefined)[] } {
  const capacity = literals.reduce((sum, literal) => sum + literal.length, 1);
  const next = new Int32Array(capacity * stride);
  const ends: (number[] | undefined)[] = [undefined];
  let size = 1;
  literals.forEach((literal, index) => {
    let state = 0;
    for (const unit of unitsOf(literal)) {
      const cell = state * stride + (columnOf.get(unit) ?? 0);
      if (next[cell] === 0) {
        next[cell] = size++;
        ends.push(undefined);
      }
      state = next[cell] ?? 0;
    }
    (ends[state] ??= []).push(index);
  });

  // Breadth first: what a state lacks it takes from the longest suffix of it that is a state too.
  const fail = new Int32Array(size);
  const queue = new Int32Array(size);
  let tail = 0;
  for (let column = 1; column < stride; column++) if ((next[column] ?? 0) !== 0) queue[tail++] = next[column] ?? 0;
  for (let head = 0; head < tail; head++) {
    const state = queue[head] ?? 0;
    const suffix = fail[state] ?? 0;
    const inherited = ends[suffix];
    if (inherited !== undefined) ends[state] = [...(ends[state] ?? []), ...inherited];
    for (let column = 1; column < stride; column++) {
      const cell = state * stride + column;
      const target = next[cell] ?? 0;
      const other = next[suffix * stride + column] ?? 0;
      if (target === 0) {
        next[cell] = other;
      } else {
        fail[target] = other;
        queue[tail++] = target;
      }
    }
  }

  const table = new Int32Array(size * stride);
  for (let cell = 0; cell < table.length; cell++) {
    const state = next[cell] ?? 0;
    table[cell] = ends[state] === undefined ? state * stride : ~(state * stride);
  }
  return { table, ends };
}
