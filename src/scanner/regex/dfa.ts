import { EDGE } from './alphabet.js';
import { Automaton, MATCHED, SEEKING } from './automaton.js';
import type { Program } from './program.js';
import { codePoint } from './units.js';
import type { Units } from './units.js';

/** An entry of a table whose state has not been made yet. Below it: `SPECIAL - offset`, states that need a look. */
const UNKNOWN = -1;
const SPECIAL = -2;

/** A text that makes more new states than one in this many characters, beyond the free ones, is not worth their making. */
const CHARS_PER_STATE = 8;

export interface DfaLimits {
  /** What all automata that share a memory may hold. */
  readonly maxBytes: number;
  /** One automaton's cache is emptied when it would grow over this. */
  readonly maxDfaBytes: number;
  /** How many states one text may make before it has to show that they are of use. */
  readonly freeStates: number;
}

export const DFA_LIMITS: DfaLimits = { maxBytes: 16 * 1024 * 1024, maxDfaBytes: 256 * 1024, freeStates: 100 };

/** Bounds what the caches of many automata hold together: whoever needs more when it is used up empties the others. */
export class DfaMemory {
  private used = 0;
  private readonly holders = new Set<LazyDfa>();

  constructor(readonly limits: DfaLimits) {}

  /** Called by an automaton before it grows by `bytes`. */
  claim(holder: LazyDfa, bytes: number): void {
    if (this.used + bytes > this.limits.maxBytes) {
      for (const other of this.holders) if (other !== holder) this.release(other, other.forget());
    }
    this.holders.add(holder);
    this.used += bytes;
  }

  private release(holder: LazyDfa, bytes: number): void {
    this.holders.delete(holder);
    this.used -= bytes;
  }
}

/**
 * A deterministic automaton whose states are made when a text first needs them, and kept (Thompson's lazy
 * construction, as in RE2). When a text makes states faster than they are of use, the rest of it is simulated without
 * keeping any; so time is linear in the text whatever the pattern.
 */
export class LazyDfa {
  private readonly automaton: Automaton;
  private readonly stride: number;
  /** Next state by state offset (state × stride) + character class. */
  private table = new Int32Array(0);
  /** The configurations of the states, one after another. */
  private pool = new Int32Array(0);
  private poolLength = 0;
  /** Where the configuration of a state begins; that of the next state is its end. */
  private starts = new Int32Array(0);
  private flags = new Uint8Array(0);
  /** Open addressing: state + 1, or 0. */
  private buckets = new Int32Array(0);
  private size = 0;
  private capacity = 0;
  /** Counts how often the cache was emptied. */
  private generation = 0;
  /** By kind of the last character and SEEKING; -1: not made yet. */
  private readonly startOffsets = new Int32Array(2 * SEEKING).fill(UNKNOWN);
  /** How many characters the last `matchEnd` looked at. */
  steps = 0;

  constructor(private readonly program: Program, private readonly memory: DfaMemory, longest: boolean) {
    this.automaton = new Automaton(program, longest);
    this.stride = program.alphabet.size + 1;
  }

  /**
   * Searches from the beginning: where the first match ends (the one that Perl would find), or -1.
   * With `earliest` it stops as soon as there is any match, and the end is that of no particular one.
   */
  findEnd(text: Units, earliest: boolean): number {
    return this.run(text, 0, this.startOffset(EDGE, true), earliest);
  }

  /** Where the match that begins at `start` ends (the one that Perl would find), or -1. */
  matchEnd(text: Units, start: number): number {
    const before = start === 0 ? 0 : text.units[start - 1] ?? 0;
    const { kinds, ascii } = this.program.alphabet;
    // Only ASCII characters are of a kind.
    const kind = start === 0 ? EDGE : before < 128 ? kinds[ascii[before] ?? 0] ?? 0 : 0;
    return this.run(text, start, this.startOffset(kind, false), false);
  }

  private run({ units, length }: Units, start: number, startOffset: number, earliest: boolean): number {
    const { alphabet } = this.program;
    const { ascii } = alphabet;
    const { freeStates } = this.memory.limits;
    let offset = startOffset;
    let { table } = this;
    let last = -1;
    let made = 0;
    let at = start;
    while (at < length) {
      let code = units[at] ?? 0;
      let width = 1;
      let charClass: number;
      if (code < 128) {
        charClass = ascii[code] ?? 0;
      } else {
        if ((code & 0xfc00) === 0xd800) {
          code = codePoint(code, units[at + 1] ?? 0);
          width = 2;
        }
        charClass = alphabet.classOf(code);
      }
      let next = table[offset + charClass] ?? UNKNOWN;
      if (next < 0) {
        if (next === UNKNOWN) {
          if (++made > freeStates && made * CHARS_PER_STATE > at - start) {
            last = this.simulateForward({ units, length }, at, offset, last, earliest);
            this.steps = length - start;
            return last;
          }
          next = this.makeNext(offset, charClass);
          table = this.table;
        }
        if (next < 0) {
          next = SPECIAL - next;
          const state = next / this.stride;
          if (((this.flags[state] ?? 0) & MATCHED) !== 0) {
            last = at;
            if (earliest) return last;
          }
          if (this.isDead(state)) {
            this.steps = at - start;
            return last;
          }
        }
      }
      offset = next;
      at += width;
    }
    this.steps = length - start;
    return this.endMatches(offset) ? length : last;
  }

  /** Walks back from where a match ends: where the longest match that ends there begins, or -1. */
  findStart(text: Units, end: number): number {
    const { alphabet } = this.program;
    const { ascii } = alphabet;
    const { freeStates } = this.memory.limits;
    const { units, length } = text;
    const neighbour = units[end] ?? 0;
    // Only ASCII characters are of a kind.
    const kind = end === length ? EDGE : neighbour < 128 ? alphabet.kinds[ascii[neighbour] ?? 0] ?? 0 : 0;
    let offset = this.startOffset(kind, false);
    let { table } = this;
    let last = -1;
    let made = 0;
    let at = end;
    while (at > 0) {
      let code = units[at - 1] ?? 0;
      let width = 1;
      let charClass: number;
      if (code < 128) {
        charClass = ascii[code] ?? 0;
      } else {
        if ((code & 0xfc00) === 0xdc00) {
          code = codePoint(units[at - 2] ?? 0, code);
          width = 2;
        }
        charClass = alphabet.classOf(code);
      }
      let next = table[offset + charClass] ?? UNKNOWN;
      if (next < 0) {
        if (next === UNKNOWN) {
          if (++made > freeStates && made * CHARS_PER_STATE > end - at) return this.simulateBackward(text, at, offset, last);
          next = this.makeNext(offset, charClass);
          table = this.table;
        }
        if (next < 0) {
          next = SPECIAL - next;
          const state = next / this.stride;
          if (((this.flags[state] ?? 0) & MATCHED) !== 0) last = at;
          if (this.isDead(state)) return last;
        }
      }
      offset = next;
      at -= width;
    }
    return this.endMatches(offset) ? 0 : last;
  }

  /** Gives back the cache; the number of bytes that it held. */
  forget(): number {
    const bytes = this.bytes();
    this.table = new Int32Array(0);
    this.pool = new Int32Array(0);
    this.starts = new Int32Array(0);
    this.flags = new Uint8Array(0);
    this.buckets = new Int32Array(0);
    this.capacity = 0;
    this.empty();
    return bytes;
  }

  private empty(): void {
    this.size = 0;
    this.poolLength = 0;
    this.generation++;
    this.startOffsets.fill(UNKNOWN);
    this.buckets.fill(0);
  }

  private bytes(): number {
    return 4 * (this.table.length + this.pool.length + this.starts.length + this.buckets.length) + this.flags.length;
  }

  private simulateForward(text: Units, from: number, offset: number, lastEnd: number, earliest: boolean): number {
    const { automaton } = this;
    const { alphabet } = this.program;
    const { units, length } = text;
    let last = lastEnd;
    this.restore(offset);
    for (let at = from; at < length;) {
      const unit = units[at] ?? 0;
      const code = (unit & 0xfc00) === 0xd800 ? codePoint(unit, units[at + 1] ?? 0) : unit;
      automaton.step(automaton.list, 0, automaton.length, automaton.flags, code < 128 ? alphabet.ascii[code] ?? 0 : alphabet.classOf(code));
      if ((automaton.flags & MATCHED) !== 0) {
        last = at;
        if (earliest) return last;
      }
      if (automaton.dead) return last;
      at += code > 0xffff ? 2 : 1;
    }
    automaton.step(automaton.list, 0, automaton.length, automaton.flags, alphabet.size);
    return (automaton.flags & MATCHED) !== 0 ? length : last;
  }

  private simulateBackward(text: Units, from: number, offset: number, lastStart: number): number {
    const { automaton } = this;
    const { alphabet } = this.program;
    const { units } = text;
    let last = lastStart;
    this.restore(offset);
    for (let at = from; at > 0;) {
      const low = units[at - 1] ?? 0;
      const code = (low & 0xfc00) === 0xdc00 ? codePoint(units[at - 2] ?? 0, low) : low;
      automaton.step(automaton.list, 0, automaton.length, automaton.flags, code < 128 ? alphabet.ascii[code] ?? 0 : alphabet.classOf(code));
      if ((automaton.flags & MATCHED) !== 0) last = at;
      if (automaton.dead) return last;
      at -= code > 0xffff ? 2 : 1;
    }
    automaton.step(automaton.list, 0, automaton.length, automaton.flags, alphabet.size);
    return (automaton.flags & MATCHED) !== 0 ? 0 : last;
  }

  /** Makes the automaton stand where a state stands. */
  private restore(offset: number): void {
    const state = offset / this.stride;
    const start = this.starts[state] ?? 0;
    const end = this.starts[state + 1] ?? 0;
    this.automaton.list.set(this.pool.subarray(start, end));
    this.automaton.length = end - start;
    this.automaton.flags = this.flags[state] ?? 0;
  }

  private isDead(state: number): boolean {
    return this.starts[state] === this.starts[state + 1] && ((this.flags[state] ?? 0) & SEEKING) === 0;
  }

  private endMatches(offset: number): boolean {
    let next = this.table[offset + this.stride - 1] ?? UNKNOWN;
    if (next === UNKNOWN) next = this.makeNext(offset, this.stride - 1);
    // What follows the end of the text has an empty configuration, and is special for it.
    return ((this.flags[(SPECIAL - next) / this.stride] ?? 0) & MATCHED) !== 0;
  }

  private startOffset(kind: number, seeking: boolean): number {
    const key = kind | (seeking ? SEEKING : 0);
    const known = this.startOffsets[key] ?? UNKNOWN;
    if (known !== UNKNOWN) return known;
    this.automaton.begin(kind, seeking);
    const entry = this.intern();
    const offset = entry < 0 ? SPECIAL - entry : entry;
    this.startOffsets[key] = offset;
    return offset;
  }

  /** The table's entry for the state after `offset` and a class; it may renumber all states but the one it returns. */
  private makeNext(offset: number, charClass: number): number {
    const state = offset / this.stride;
    const start = this.starts[state] ?? 0;
    this.automaton.step(this.pool, start, (this.starts[state + 1] ?? 0) - start, this.flags[state] ?? 0, charClass);
    const { generation } = this;
    const entry = this.intern();
    if (generation === this.generation) this.table[offset + charClass] = entry;
    return entry;
  }

  /** The entry of the automaton's configuration, found or made. */
  private intern(): number {
    const { automaton } = this;
    const { list, length, flags } = automaton;
    const known = this.capacity === 0 ? -1 : this.bucketOf(list, length, flags);
    if (known >= 0 && this.buckets[known] !== 0) return this.entryOf((this.buckets[known] ?? 1) - 1);

    this.makeRoom(length);
    const state = this.size++;
    this.pool.set(list.subarray(0, length), this.poolLength);
    this.starts[state] = this.poolLength;
    this.poolLength += length;
    this.starts[state + 1] = this.poolLength;
    this.flags[state] = flags;
    this.table.fill(UNKNOWN, state * this.stride, (state + 1) * this.stride);
    this.buckets[this.bucketOf(list, length, flags)] = state + 1;
    return this.entryOf(state);
  }

  private entryOf(state: number): number {
    const offset = state * this.stride;
    return ((this.flags[state] ?? 0) & MATCHED) !== 0 || this.isDead(state) ? SPECIAL - offset : offset;
  }

  /** The bucket that holds a configuration, or the free one where it belongs. */
  private bucketOf(list: Int32Array, length: number, flags: number): number {
    const mask = this.buckets.length - 1;
    let hash = flags + length * 31;
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (list[i] ?? 0), 0x9e3779b1) ^ (hash >>> 15);
    let bucket = (hash ^ (hash >>> 16)) & mask;
    for (;;) {
      const state = (this.buckets[bucket] ?? 0) - 1;
      if (state < 0 || this.equals(state, list, length, flags)) return bucket;
      bucket = (bucket + 1) & mask;
    }
  }

  private equals(state: number, list: Int32Array, length: number, flags: number): boolean {
    const start = this.starts[state] ?? 0;
    if (this.flags[state] !== flags || (this.starts[state + 1] ?? 0) - start !== length) return false;
    for (let i = 0; i < length; i++) if (this.pool[start + i] !== list[i]) return false;
    return true;
  }

  /** Grows the cache for one more state of `length` instructions, or empties it. */
  private makeRoom(length: number): void {
    if (this.size < this.capacity && this.poolLength + length <= this.pool.length) return;
    const capacity = this.size < this.capacity ? this.capacity : Math.max(8, this.capacity * 2);
    const poolSize = Math.max(this.pool.length, 64, this.poolLength + length > this.pool.length ? Math.max(2 * this.pool.length, this.poolLength + length) : 0);
    const bytes = 4 * (capacity * this.stride + poolSize + capacity + 1 + capacity * 2) + capacity;
    if (bytes > this.memory.limits.maxDfaBytes && this.size > 0) {
      this.empty();
      // A cache too small for even one such configuration is made bigger, once.
      if (length <= this.pool.length) return;
      this.makeRoom(length);
      return;
    }
    this.memory.claim(this, bytes - this.bytes());
    this.table = grown(this.table, capacity * this.stride);
    this.pool = grown(this.pool, poolSize);
    this.starts = grown(this.starts, capacity + 1);
    const flags = new Uint8Array(capacity);
    flags.set(this.flags);
    this.flags = flags;
    if (capacity !== this.capacity) {
      this.capacity = capacity;
      this.buckets = new Int32Array(capacity * 2);
      for (let state = 0; state < this.size; state++) {
        const start = this.starts[state] ?? 0;
        const list = this.pool.subarray(start, this.starts[state + 1]);
        this.buckets[this.bucketOf(list, list.length, this.flags[state] ?? 0)] = state + 1;
      }
    }
  }
}

function grown(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  if (array.length >= length) return array;
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
}
