import { EDGE, NEWLINE, WORD } from './alphabet.js';
import { ASSERT, CHAR, MATCH, SPLIT } from './program.js';
import type { Program } from './program.js';
import { ASSERTIONS } from './syntax.js';
import type { Assertion } from './syntax.js';

/** New attempts begin at every position (the search for a match, not the walk along one). */
export const SEEKING = 8;
/** A match ends (backward: begins) just before the character that led here. */
export const MATCHED = 16;

/**
 * Simulates a program one character at a time. A configuration is a list of threads, the preferred first, each of them
 * the instruction that its last character led to; and a few flags: the kind of that character, SEEKING and MATCHED.
 * What is reached from a thread without a character is only worked out when the next one is known: then assertions can
 * be settled, and few of the ways lead on. All the automata of a pattern are this one, cached or not.
 */
export class Automaton {
  /** How many threads the configuration in `list` has that `begin` or `step` has made. */
  length = 0;
  flags = 0;
  /** By instruction: where in `ways` that begins and ends which `openWays` found, once asked. */
  private readonly wayStarts: Int32Array;
  private readonly wayEnds: Int32Array;
  private ways = new Int16Array(0);
  private waysLength = 0;
  private readonly shared: Uint8Array;
  private readonly pendingIndexes: number[] = [];
  private readonly pendingEnds: number[] = [];
  private readonly endClass: number;
  /** Whether an attempt can begin after the first character at all. */
  private readonly startsLater: boolean;

  /** `longest`: a match does not end less preferred threads (for the way back); else the preferred one wins, as in Perl. */
  constructor(readonly program: Program, private readonly longest: boolean, private readonly scratch: Scratch) {
    const size = program.ops.length;
    scratch.makeRoom(size);
    this.wayStarts = new Int32Array(size);
    this.wayEnds = new Int32Array(size);
    this.endClass = program.alphabet.size;
    this.shared = sharedInstructions(program);
    this.startsLater = canStartLater(program);
  }

  get list(): Int32Array {
    return this.scratch.list;
  }

  /** Nothing can come of this configuration any more. */
  get dead(): boolean {
    return this.length === 0;
  }

  /** Starts beside a character of some kind (EDGE: at the end of the text). */
  begin(kind: number, seeking: boolean): void {
    this.list[0] = this.program.start;
    this.length = 1;
    this.flags = (kind & this.program.kindsUsed) | (seeking && this.startsLater ? SEEKING : 0);
  }

  /** Goes from a configuration over one character class, or over the end of the text; `from` may be `this.list`. */
  step(from: Int32Array, offset: number, length: number, flags: number, charClass: number): void {
    const { program, scratch } = this;
    const { list, before, added } = scratch;
    const atEnd = charClass === this.endClass;
    const kind = atEnd ? EDGE : program.alphabet.kinds[charClass] ?? 0;
    const holds = program.kindsUsed === 0 ? 0 : program.backward ? heldAssertions(kind, flags) : heldAssertions(flags, kind);
    let threads = from;
    let first = offset;
    if (from === list) {
      for (let i = 0; i < length; i++) before[i] = list[offset + i] ?? 0;
      threads = before;
      first = 0;
    }
    this.length = 0;
    const generation = ++scratch.generation;
    let seeking = (flags & SEEKING) !== 0;
    let matched = false;
    for (let i = first; i < first + length; i++) {
      if (!this.advance(threads[i] ?? 0, charClass, holds)) continue;
      matched = true;
      seeking = false;
      if (!this.longest) break;
    }
    if (seeking && !atEnd && added[program.start] !== generation) list[this.length++] = program.start;
    this.flags = (kind & program.kindsUsed) | (seeking ? SEEKING : 0) | (matched ? MATCHED : 0);
  }

  /** Lets one thread go over a class; whether it had matched before. */
  private advance(thread: number, charClass: number, holds: number): boolean {
    const { longest, pendingIndexes, pendingEnds, wayStarts, wayEnds } = this;
    const { passed, added, list, generation } = this.scratch;
    const { ops, args, outs, alphabet: { members, setCount, size } } = this.program;
    const atEnd = charClass === size;
    const row = charClass * setCount;
    let depth = 0;
    let ways = this.openWays(thread);
    let index = wayStarts[thread] ?? 0;
    let end = wayEnds[thread] ?? 0;
    let matched = false;
    for (;;) {
      if (index === end) {
        if (depth === 0) return matched;
        index = pendingIndexes[--depth] ?? 0;
        end = pendingEnds[depth] ?? 0;
        continue;
      }
      const set = ways[index++] ?? 0;
      const at = ways[index++] ?? 0;
      if (set >= 0) {
        if (atEnd || members[row + set] === 0 || added[at] === generation) continue;
        added[at] = generation;
        list[this.length++] = at;
      } else if (ops[at] === MATCH) {
        if (!longest) return true;
        matched = true;
      } else if (passed[at] !== generation) {
        passed[at] = generation;
        const isAssertion = ops[at] === ASSERT;
        if (isAssertion && (holds >> (args[at] ?? 0) & 1) === 0) continue;
        pendingIndexes[depth] = index;
        pendingEnds[depth++] = end;
        const next = isAssertion ? outs[at] ?? 0 : at;
        ways = this.openWays(next);
        index = wayStarts[next] ?? 0;
        end = wayEnds[next] ?? 0;
      }
    }
  }

  /**
   * What can be reached from an instruction without a character, in order, as pairs: for a CHAR, its set and
   * where it leads; for others, -1 and the instruction: assertions and shared choices are not gone into.
   * From `wayStarts` to `wayEnds` in the array that it gives.
   */
  private openWays(start: number): Int16Array {
    if (this.wayEnds[start] !== 0) return this.ways;
    const { ops, args, outs } = this.program;
    const found: number[] = [];
    const seen = new Set<number>();
    const stack = ops[start] === SPLIT ? [args[start] ?? 0, outs[start] ?? 0] : [start];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      if (ops[at] === SPLIT && this.shared[at] === 0) stack.push(args[at] ?? 0, outs[at] ?? 0);
      else if (ops[at] === CHAR) found.push(args[at] ?? 0, outs[at] ?? 0);
      else found.push(-1, at);
    }
    const end = this.waysLength + found.length;
    if (end > this.ways.length) {
      const larger = new Int16Array(Math.max(end, 2 * this.ways.length));
      larger.set(this.ways);
      this.ways = larger;
    }
    this.ways.set(found, this.waysLength);
    this.wayStarts[start] = this.waysLength;
    this.wayEnds[start] = this.waysLength = end;
    return this.ways;
  }
}

/** What one step needs, for all automata that take turns. */
export class Scratch {
  list = new Int32Array(0);
  before = new Int32Array(0);
  /** By instruction: the step in which it was passed, and the one in which it became a thread. */
  passed = new Uint32Array(0);
  added = new Uint32Array(0);
  generation = 0;

  makeRoom(size: number): void {
    if (size <= this.list.length) return;
    const length = Math.max(size, 2 * this.list.length);
    this.list = new Int32Array(length);
    this.before = new Int32Array(length);
    this.passed = new Uint32Array(length);
    this.added = new Uint32Array(length);
  }
}

/** Marks the choices that several instructions lead to: they are to be passed only once for each character. */
function sharedInstructions({ ops, args, outs }: Program): Uint8Array {
  const shared = new Uint8Array(ops.length);
  const reached = new Uint8Array(ops.length);
  const reach = (at: number): void => {
    if (reached[at] === 1) shared[at] = 1;
    reached[at] = 1;
  };
  ops.forEach((op, at) => {
    if (op === MATCH) return;
    reach(outs[at] ?? 0);
    if (op === SPLIT) reach(args[at] ?? 0);
  });
  return shared;
}

/** Whether the program can begin elsewhere than at the edge of the text. */
function canStartLater({ ops, args, outs, start, backward }: Program): boolean {
  const edge = ASSERTIONS.indexOf(backward ? 'textEnd' : 'textStart');
  const seen = new Set<number>();
  const stack = [start];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const op = ops[at];
    if (op === CHAR || op === MATCH) return true;
    if (op === SPLIT) stack.push(args[at] ?? 0, outs[at] ?? 0);
    else if (args[at] !== edge) stack.push(outs[at] ?? 0);
  }
  return false;
}

function bit(assertion: Assertion): number {
  return 1 << ASSERTIONS.indexOf(assertion);
}

const TEXT_START = bit('textStart');
const TEXT_END = bit('textEnd');
const LINE_START = bit('lineStart');
const LINE_END = bit('lineEnd');
const WORD_BOUNDARY = bit('wordBoundary');
const NOT_WORD_BOUNDARY = bit('notWordBoundary');

/** The assertions that hold between two neighbours, as bits. */
function heldAssertions(left: number, right: number): number {
  return ((left & EDGE) !== 0 ? TEXT_START : 0)
    | ((right & EDGE) !== 0 ? TEXT_END : 0)
    | ((left & (EDGE | NEWLINE)) !== 0 ? LINE_START : 0)
    | ((right & (EDGE | NEWLINE)) !== 0 ? LINE_END : 0)
    | (((left ^ right) & WORD) !== 0 ? WORD_BOUNDARY : NOT_WORD_BOUNDARY);
}
