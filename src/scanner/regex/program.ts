import { Alphabet, EDGE, NEWLINE, WORD } from './alphabet.js';
import type { CharSet } from './char-set.js';
import { ASSERTIONS, PatternError } from './syntax.js';
import type { Assertion, Node } from './syntax.js';

export const CHAR = 0;
export const SPLIT = 1;
export const ASSERT = 2;
export const MATCH = 3;

/** A pattern of more instructions is refused: each of them may have to be looked at for each character. */
const MAX_INSTRUCTIONS = 8000;

/** A non-deterministic automaton (Thompson 1968) as parallel arrays; the index is the instruction. */
export interface Program {
  readonly start: number;
  readonly ops: Uint8Array;
  /** CHAR: index of the set. ASSERT: index into ASSERTIONS. SPLIT: the second choice. */
  readonly args: Uint16Array;
  /** The next instruction; of a SPLIT, the first choice. */
  readonly outs: Uint16Array;
  readonly alphabet: Alphabet;
  /** The kinds of neighbours that its assertions look at. */
  readonly kindsUsed: number;
  /** It reads from right to left. */
  readonly backward: boolean;
}

const KINDS: Readonly<Record<Assertion, number>> = {
  textStart: EDGE, textEnd: EDGE, lineStart: EDGE | NEWLINE, lineEnd: EDGE | NEWLINE, wordBoundary: WORD, notWordBoundary: WORD,
};

/** Throws `PatternError` for an expression whose automaton would be too big. Cheap: nothing is built. */
export function checkSize(node: Node): void {
  if (programSize(node) >= MAX_INSTRUCTIONS) throw new PatternError(`needs more than ${MAX_INSTRUCTIONS} states; use smaller counts`);
}

/** How many instructions an expression's automaton has, one for its end aside. */
export function programSize(node: Node): number {
  switch (node.kind) {
    case 'empty': return 0;
    case 'set': case 'assert': return 1;
    case 'concat': return node.parts.reduce((sum, part) => sum + programSize(part), 0);
    case 'alternate': return node.branches.reduce((sum, branch) => sum + programSize(branch) + 1, 0);
    case 'repeat': {
      const body = programSize(node.child);
      return node.max === Infinity ? body * Math.max(1, node.min) + 1 : body * node.max + (node.max - node.min);
    }
  }
}

/** The automaton of an expression, and with it the one that reads the same matches from right to left. */
export function compileProgram(node: Node): { forward: Program; backward: () => Program } {
  const found = new Contents();
  found.add(node);
  const alphabet = new Alphabet(found.sets, found.kinds);
  return {
    forward: new Emitter(found, alphabet, false).program(node),
    backward: () => new Emitter(found, alphabet, true).program(node),
  };
}

/** The distinct sets and the kinds of assertions of an expression. */
class Contents {
  readonly sets: CharSet[] = [];
  kinds = 0;
  private readonly indexes = new Map<CharSet, number>();
  private readonly byText = new Map<string, number>();

  add(node: Node): void {
    switch (node.kind) {
      case 'set': this.indexOf(node.set); break;
      case 'assert': this.kinds |= KINDS[node.what]; break;
      case 'concat': node.parts.forEach((part) => this.add(part)); break;
      case 'alternate': node.branches.forEach((branch) => this.add(branch)); break;
      case 'repeat': this.add(node.child); break;
      case 'empty': break;
    }
  }

  indexOf(set: CharSet): number {
    const known = this.indexes.get(set);
    if (known !== undefined) return known;
    const text = set.join();
    let index = this.byText.get(text);
    if (index === undefined) {
      index = this.sets.push(set) - 1;
      this.byText.set(text, index);
    }
    this.indexes.set(set, index);
    return index;
  }
}

/** Writes instructions from the end to the beginning, so that every target but a loop's is known. */
class Emitter {
  private readonly ops: number[] = [];
  private readonly args: number[] = [];
  private readonly outs: number[] = [];

  constructor(private readonly contents: Contents, private readonly alphabet: Alphabet, private readonly backward: boolean) {}

  program(node: Node): Program {
    const start = this.emit(node, this.put(MATCH, 0, 0));
    return {
      start, ops: Uint8Array.from(this.ops), args: Uint16Array.from(this.args), outs: Uint16Array.from(this.outs),
      alphabet: this.alphabet, kindsUsed: this.contents.kinds, backward: this.backward,
    };
  }

  private put(op: number, arg: number, out: number): number {
    this.args.push(arg);
    this.outs.push(out);
    return this.ops.push(op) - 1;
  }

  /** The first instruction of `node` when `next` follows it. */
  private emit(node: Node, next: number): number {
    switch (node.kind) {
      case 'empty': return next;
      case 'set': return this.put(CHAR, this.contents.indexOf(node.set), next);
      case 'assert': return this.put(ASSERT, ASSERTIONS.indexOf(node.what), next);
      case 'concat': {
        let target = next;
        const { parts } = node;
        for (let i = 0; i < parts.length; i++) {
          const part = parts[this.backward ? i : parts.length - 1 - i];
          if (part !== undefined) target = this.emit(part, target);
        }
        return target;
      }
      case 'alternate': {
        const starts = node.branches.map((branch) => this.emit(branch, next));
        return starts.reduceRight((rest, start) => this.put(SPLIT, rest, start));
      }
      case 'repeat': return this.emitRepeat(node.child, node.min, node.max, node.greedy, next);
    }
  }

  private emitRepeat(child: Node, min: number, max: number, greedy: boolean, next: number): number {
    let target = next;
    if (max === Infinity) {
      const loop = this.put(SPLIT, 0, 0);
      const body = this.emit(child, loop);
      this.choose(loop, body, next, greedy);
      // x+ enters its loop through the body: one copy less than x x*.
      target = min === 0 ? loop : body;
      for (let i = 1; i < min; i++) target = this.emit(child, target);
      return target;
    }
    for (let i = min; i < max; i++) {
      const body = this.emit(child, target);
      target = this.put(SPLIT, 0, 0);
      this.choose(target, body, next, greedy);
    }
    for (let i = 0; i < min; i++) target = this.emit(child, target);
    return target;
  }

  private choose(split: number, body: number, next: number, greedy: boolean): void {
    this.outs[split] = greedy ? body : next;
    this.args[split] = greedy ? next : body;
  }
}
