import { EDGE } from './alphabet.js';
import { Automaton, MATCHED, SEEKING } from './automaton.js';
import type { Program } from './program.js';
import { CHARS_PER_STATE, StateCache, UNKNOWN } from './state-cache.js';
import type { DfaMemory } from './state-cache.js';
import { codePoint } from './units.js';
import type { Units } from './units.js';

/** Beyond every text. */
const FAR = 0x7fffffff;

/** Which match is wanted: any (`earliest`) or the first, and where it may begin at the latest. */
interface Wanted {
  readonly earliest: boolean;
  readonly lastStart: number;
}

const ONE_START: Wanted = { earliest: false, lastStart: FAR };
const ANY: Wanted = { earliest: true, lastStart: FAR };

/**
 * A deterministic automaton whose states are made when a text first needs them, and kept (Thompson's lazy
 * construction, as in RE2). When a text makes states faster than they are of use, the rest of it is simulated without
 * keeping any; so time is linear in the text whatever the pattern.
 */
export class LazyDfa {
  /** How many characters the last `matchEnd` looked at. */
  steps = 0;
  private readonly automaton: Automaton;
  private readonly cache: StateCache;
  private readonly endClass: number;
  /** By kind of the last character and SEEKING: the state to start in. */
  private readonly startStates = new Int32Array(2 * SEEKING);
  private startGeneration = 0;

  constructor(private readonly program: Program, private readonly memory: DfaMemory, longest: boolean) {
    this.automaton = new Automaton(program, longest, memory.scratch);
    this.endClass = program.alphabet.size;
    this.cache = new StateCache(this.endClass + 1, memory);
  }

  /**
   * Searches from the beginning: where the first match ends (the one that Perl would find), or -1.
   * With `earliest` it stops as soon as there is any match, and the end is that of no particular one.
   */
  findEnd(text: Units, earliest: boolean): number {
    return this.run(text, 0, this.startState(EDGE, true), { earliest, lastStart: FAR });
  }

  /** Whether a match begins at a place. */
  matchesAt(text: Units, at: number): boolean {
    return this.run(text, at, this.startState(this.kindBefore(text, at), false), ANY) >= 0;
  }

  /** Where the first match that begins at `from` or later, up to `to`, ends (the one that Perl would find), or -1. */
  matchEnd(text: Units, from: number, to: number): number {
    return this.run(text, from, this.startState(this.kindBefore(text, from), to > from), to > from ? { earliest: false, lastStart: to } : ONE_START);
  }

  private run({ units, length }: Units, start: number, startState: number, { earliest, lastStart }: Wanted): number {
    const { cache, endClass } = this;
    const { stride } = cache;
    let seekEnd = lastStart;
    const { alphabet } = this.program;
    const { ascii } = alphabet;
    const { freeStates } = this.memory.limits;
    let state = startState;
    let { table } = cache;
    let last = -1;
    let made = 0;
    let at = start;
    for (;;) {
      if (at >= seekEnd) {
        seekEnd = FAR;
        state = this.withoutSeeking(state);
        table = cache.table;
      }
      let width = 1;
      let charClass = endClass;
      if (at < length) {
        let code = units[at] ?? 0;
        if (code < 128) {
          charClass = ascii[code] ?? 0;
        } else {
          if ((code & 0xfc00) === 0xd800) {
            code = codePoint(code, units[at + 1] ?? 0);
            width = 2;
          }
          charClass = alphabet.classOf(code);
        }
      }
      let next = table[state * stride + charClass] ?? UNKNOWN;
      if (next <= 0) {
        if (next === UNKNOWN) {
          if (++made > freeStates && made * CHARS_PER_STATE > at - start) {
            this.steps = length - start;
            return this.simulateForward({ units, length }, at, state, { last, earliest, seekEnd });
          }
          next = this.makeNext(state, charClass);
          table = cache.table;
        }
        if (next < 0) {
          next = -next;
          if ((cache.flags(next) & MATCHED) !== 0) {
            last = at;
            if (earliest) return last;
          }
          // What follows the end of the text is dead too.
          if (cache.isDead(next)) {
            this.steps = at - start;
            return last;
          }
        }
      }
      state = next;
      at += width;
    }
  }

  /** Walks back from where a match ends: where the longest match that ends there begins, or -1. */
  findStart(text: Units, end: number): number {
    const { cache, endClass } = this;
    const { stride } = cache;
    const { alphabet } = this.program;
    const { ascii } = alphabet;
    const { units, length } = text;
    let state = this.startState(end === length ? EDGE : this.kindOf(units[end] ?? 0), false);
    let { table } = cache;
    let last = -1;
    let made = 0;
    let at = end;
    for (;;) {
      let width = 1;
      let charClass = endClass;
      if (at > 0) {
        let code = units[at - 1] ?? 0;
        if (code < 128) {
          charClass = ascii[code] ?? 0;
        } else {
          if ((code & 0xfc00) === 0xdc00) {
            code = codePoint(units[at - 2] ?? 0, code);
            width = 2;
          }
          charClass = alphabet.classOf(code);
        }
      }
      let next = table[state * stride + charClass] ?? UNKNOWN;
      if (next <= 0) {
        if (next === UNKNOWN) {
          if (++made > this.memory.limits.freeStates && made * CHARS_PER_STATE > end - at) return this.simulateBackward(text, at, state, last);
          next = this.makeNext(state, charClass);
          table = cache.table;
        }
        if (next < 0) {
          next = -next;
          if ((cache.flags(next) & MATCHED) !== 0) last = at;
          if (cache.isDead(next)) return last;
        }
      }
      state = next;
      at -= width;
    }
  }

  private simulateForward({ units, length }: Units, from: number, state: number, soFar: { readonly last: number; readonly earliest: boolean; readonly seekEnd: number }): number {
    const { earliest, seekEnd } = soFar;
    let { last } = soFar;
    this.restore(state);
    for (let at = from; ;) {
      if (at >= seekEnd) this.automaton.flags &= ~SEEKING;
      const unit = units[at] ?? 0;
      const code = (unit & 0xfc00) === 0xd800 ? codePoint(unit, units[at + 1] ?? 0) : unit;
      this.simulate(at < length ? this.classOf(code) : this.endClass);
      if ((this.automaton.flags & MATCHED) !== 0) {
        last = at;
        if (earliest) return last;
      }
      if (this.automaton.dead) return last;
      at += code > 0xffff ? 2 : 1;
    }
  }

  private simulateBackward({ units }: Units, from: number, state: number, lastStart: number): number {
    let last = lastStart;
    this.restore(state);
    for (let at = from; ;) {
      const unit = at > 0 ? units[at - 1] ?? 0 : 0;
      const code = (unit & 0xfc00) === 0xdc00 ? codePoint(units[at - 2] ?? 0, unit) : unit;
      this.simulate(at > 0 ? this.classOf(code) : this.endClass);
      if ((this.automaton.flags & MATCHED) !== 0) last = at;
      if (this.automaton.dead) return last;
      at -= code > 0xffff ? 2 : 1;
    }
  }

  private simulate(charClass: number): void {
    const { automaton } = this;
    automaton.step(automaton.list, 0, automaton.length, automaton.flags, charClass);
  }

  /** The state that stands where another does but begins no new attempts. */
  private withoutSeeking(state: number): number {
    if ((this.cache.flags(state) & SEEKING) === 0) return state;
    this.restore(state);
    return Math.abs(this.cache.intern(this.automaton.list, this.automaton.length, this.automaton.flags & ~SEEKING));
  }

  /** Makes the automaton stand where a state stands. */
  private restore(state: number): void {
    const { automaton, cache } = this;
    const start = cache.start(state);
    automaton.length = cache.end(state) - start;
    automaton.list.set(cache.pool.subarray(start, start + automaton.length));
    automaton.flags = cache.flags(state);
  }

  private classOf(code: number): number {
    const { alphabet } = this.program;
    return code < 128 ? alphabet.ascii[code] ?? 0 : alphabet.classOf(code);
  }

  /** The kind of a neighbour; only ASCII characters are of one. */
  private kindOf(unit: number): number {
    const { kinds, ascii } = this.program.alphabet;
    return unit < 128 ? kinds[ascii[unit] ?? 0] ?? 0 : 0;
  }

  private kindBefore({ units }: Units, at: number): number {
    return at === 0 ? EDGE : this.kindOf(units[at - 1] ?? 0);
  }

  private startState(kind: number, seeking: boolean): number {
    this.cache.wasUsed = true;
    if (this.startGeneration !== this.cache.generation) {
      this.startStates.fill(UNKNOWN);
      this.startGeneration = this.cache.generation;
    }
    const key = kind | (seeking ? SEEKING : 0);
    const known = this.startStates[key] ?? UNKNOWN;
    if (known !== UNKNOWN) return known;
    const { automaton } = this;
    automaton.begin(kind, seeking);
    const state = Math.abs(this.cache.intern(automaton.list, automaton.length, automaton.flags));
    if (this.startGeneration !== this.cache.generation) return state;
    this.startStates[key] = state;
    return state;
  }

  /** The table's entry for the state after `state` and a class; it may give up all states but the one it returns. */
  private makeNext(state: number, charClass: number): number {
    const { automaton, cache } = this;
    const { generation } = cache;
    const start = cache.start(state);
    automaton.step(cache.pool, start, cache.end(state) - start, cache.flags(state), charClass);
    const entry = cache.intern(automaton.list, automaton.length, automaton.flags);
    if (generation === cache.generation) cache.table[state * cache.stride + charClass] = entry;
    return entry;
  }
}
