import { EDGE, NEWLINE, WORD } from './alphabet.js';
import { ASSERT, MATCH, SPLIT } from './program.js';
import type { Program } from './program.js';
import { ASSERTIONS } from './syntax.js';
import type { Assertion } from './syntax.js';

/** New attempts begin at every position (the search for a match, not the walk along one). */
export const SEEKING = 8;
/** A match ends (backward: begins) just before the character that led here. */
export const MATCHED = 16;

/**
 * Simulates a program one character at a time. A configuration is a list of instructions, the preferred first, that
 * wait for a character or for the knowledge of what comes next, and a few flags: the kind of the last character,
 * SEEKING and MATCHED. All the automata of a pattern are this one, cached or not.
 */
export class Automaton {
  /** The configuration that `begin` or `step` has made. */
  readonly list: Int32Array;
  length = 0;
  flags = 0;

  private readonly resolved: Int32Array;
  private readonly stack: Int32Array;
  private readonly seen: Int32Array;
  private generation = 0;
  /** Nothing less preferred than what is in the list can win any more. */
  private closed = false;
  private readonly endClass: number;
  /** The assertions that look back only, as bits: they are settled as soon as the last character is known. */
  private readonly backLooking: number;
  /** What a configuration has to remember of the last character. */
  private readonly contextKinds: number;
  /** Whether an attempt can begin after the first character at all. */
  private readonly startsLater: boolean;

  /** `longest`: a match does not end less preferred attempts (for the way back); else the preferred one wins, as in Perl. */
  constructor(readonly program: Program, private readonly longest: boolean) {
    const size = program.ops.length;
    this.list = new Int32Array(size);
    this.resolved = new Int32Array(size);
    this.stack = new Int32Array(2 * size + 2);
    this.seen = new Int32Array(size);
    this.endClass = program.alphabet.size;
    this.backLooking = program.backward ? bit('textEnd') | bit('lineEnd') : bit('textStart') | bit('lineStart');
    this.contextKinds = program.kindsUsed & (this.looksBackLater() ? WORD | NEWLINE | EDGE : WORD);
    this.begin(NEWLINE, false);
    this.startsLater = this.length > 0;
  }

  /** Nothing can come of this configuration any more. */
  get dead(): boolean {
    return this.length === 0 && (this.flags & SEEKING) === 0;
  }

  /** Starts beside a character of some kind (EDGE: at the end of the text). */
  begin(kind: number, seeking: boolean): void {
    this.clear();
    this.follow(this.program.start, this.list, this.heldBehind(kind), this.backLooking);
    this.flags = (kind & this.contextKinds) | (seeking && !this.closed ? SEEKING : 0);
  }

  /** Goes from a configuration over one character class, or over the end of the text; `from` may be `this.list`. */
  step(from: Int32Array, offset: number, length: number, flags: number, charClass: number): void {
    const { program, resolved, backLooking } = this;
    const { ops, args, outs, alphabet } = program;
    const atEnd = charClass === this.endClass;
    const kind = atEnd ? EDGE : alphabet.kinds[charClass] ?? 0;

    // First, what the assertions say is settled, now that both neighbours are known.
    this.clear();
    const left = program.backward ? kind : flags;
    const right = program.backward ? flags : kind;
    const holds = program.kindsUsed === 0 ? 0 : heldAssertions(left, right);
    for (let i = offset; i < offset + length; i++) this.follow(from[i] ?? 0, resolved, holds, ALL);
    const waiting = this.length;

    // Then every attempt that can go on does.
    let seeking = (flags & SEEKING) !== 0 && this.startsLater;
    let matched = false;
    this.clear();
    const behind = this.heldBehind(kind);
    for (let i = 0; i < waiting; i++) {
      const at = resolved[i] ?? 0;
      if (ops[at] === MATCH) {
        matched = true;
        seeking = false;
        if (!this.longest) break;
      } else if (!atEnd && alphabet.members[(args[at] ?? 0) * alphabet.size + charClass] === 1) {
        this.follow(outs[at] ?? 0, this.list, behind, backLooking);
      }
    }
    if (seeking && !atEnd) this.follow(program.start, this.list, behind, backLooking);
    this.flags = (kind & this.contextKinds) | (seeking && !this.closed ? SEEKING : 0) | (matched ? MATCHED : 0);
  }

  private clear(): void {
    this.length = 0;
    this.closed = false;
    this.generation++;
  }

  /**
   * Appends what is reached from `start` without a character to `target`. Of the assertions in `settled` those in
   * `holds` let an attempt pass and the others end it; those that are not settled yet are kept for the next step.
   */
  private follow(start: number, target: Int32Array, holds: number, settled: number): void {
    if (this.closed) return;
    const { ops, args, outs } = this.program;
    const { stack, seen, generation } = this;
    let depth = 0;
    stack[depth++] = start;
    while (depth > 0) {
      const at = stack[--depth] ?? 0;
      if (seen[at] === generation) continue;
      seen[at] = generation;
      const op = ops[at];
      if (op === SPLIT) {
        stack[depth++] = args[at] ?? 0;
        stack[depth++] = outs[at] ?? 0;
      } else if (op !== ASSERT || (settled >> (args[at] ?? 0) & 1) === 0) {
        target[this.length++] = at;
        if (op === MATCH && !this.longest) {
          this.closed = true;
          return;
        }
      } else if ((holds >> (args[at] ?? 0) & 1) === 1) {
        stack[depth++] = outs[at] ?? 0;
      }
    }
  }

  /** Whether an assertion that waits for the next character is followed by one that looks back, as in `\b^`. */
  private looksBackLater(): boolean {
    const { ops, args, outs } = this.program;
    return ops.some((op, at) => {
      if (op !== ASSERT || (this.backLooking >> (args[at] ?? 0) & 1) === 1) return false;
      this.clear();
      this.follow(outs[at] ?? 0, this.list, 0, 0);
      return this.list.subarray(0, this.length).some((reached) => ops[reached] === ASSERT);
    });
  }

  private heldBehind(kind: number): number {
    if (this.program.kindsUsed === 0) return 0;
    return this.program.backward ? heldAssertions(0, kind) : heldAssertions(kind, 0);
  }
}

const ALL = (1 << ASSERTIONS.length) - 1;

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
