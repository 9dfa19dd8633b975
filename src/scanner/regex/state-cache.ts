import { MATCHED, Scratch } from './automaton.js';

/** An entry of a table whose state has not been made yet. */
export const UNKNOWN = 0;

/** A text that makes more new states than one in this many characters, beyond the free ones, is not worth their making. */
export const CHARS_PER_STATE = 8;

/** What the table's entries have room for. */
const MAX_STATES = 0x4000;

export interface DfaLimits {
  /** What all automata that share a memory may hold. */
  readonly maxBytes: number;
  /** One automaton's cache is emptied when it would grow over this. */
  readonly maxDfaBytes: number;
  /** How many states one text may make before it has to show that they are of use. */
  readonly freeStates: number;
}

export const DFA_LIMITS: DfaLimits = { maxBytes: 8 * 1024 * 1024, maxDfaBytes: 256 * 1024, freeStates: 100 };

/** Bounds what the caches of many automata hold together: who needs more when it is used up empties those that were not used of late. */
export class DfaMemory {
  /** Only one of the automata runs at a time. */
  readonly scratch = new Scratch();
  private used = 0;
  private readonly holders = new Set<StateCache>();

  constructor(readonly limits: DfaLimits) {}

  /** Called by a cache before it grows by `bytes`. */
  claim(holder: StateCache, bytes: number): void {
    // Where all were used, the first turn only takes note of what is used from now on.
    for (let turn = 0; turn < 2 && this.used + bytes > this.limits.maxBytes; turn++) this.empty(holder);
    this.holders.add(holder);
    this.used += bytes;
  }

  /** Empties caches that were not used since the last time, the oldest first, until there is room again. */
  private empty(except: StateCache): void {
    for (const other of this.holders) {
      if (this.used <= ROOM * this.limits.maxBytes) return;
      if (other === except) continue;
      if (other.wasUsed) {
        other.wasUsed = false;
        continue;
      }
      this.holders.delete(other);
      this.used -= other.forget();
    }
  }
}

/** So much of the memory is left in use when some of it is emptied. */
const ROOM = 0.75;

/**
 * The states of one automaton that have been made so far. A state is known by its number; the entry of `table` for it
 * (state × stride) and a character class is the next state, the negated number of a next state that needs a
 * look (MATCHED, or with nothing to go on), or UNKNOWN, which is why the first state is not used.
 */
export class StateCache {
  table = new Int16Array(0);
  /** Since the memory was short last. */
  wasUsed = false;
  /** Counts how often the states were given up; those from before are void. */
  generation = 0;
  /** The configurations of the states, one after another. */
  pool = new Int32Array(0);
  private poolLength = 0;
  /** By state, two numbers: where its configuration begins in `pool`, and its flags. The next one's beginning is its end. */
  private meta = new Int32Array(0);
  /** Open addressing: state, or 0. */
  private buckets = new Int32Array(0);
  private size = 1;
  private capacity = 0;

  constructor(readonly stride: number, private readonly memory: DfaMemory) {}

  start(state: number): number {
    return this.meta[2 * state] ?? 0;
  }

  end(state: number): number {
    return this.meta[2 * state + 2] ?? 0;
  }

  flags(state: number): number {
    return this.meta[2 * state + 1] ?? 0;
  }

  /** Whether nothing can come of a state. */
  isDead(state: number): boolean {
    return this.start(state) === this.end(state);
  }

  /** The entry for a configuration, found or made; making it may give up all other states. */
  intern(list: Int32Array, length: number, flags: number): number {
    if (this.capacity > 0) {
      const known = this.buckets[this.bucketOf(list, 0, length, flags)] ?? 0;
      if (known !== 0) return this.entryOf(known);
    }
    this.makeRoom(length);
    const state = this.size++;
    // Loops: the lists are too short for the price of a typed array's own copy.
    for (let i = 0; i < length; i++) this.pool[this.poolLength++] = list[i] ?? 0;
    this.meta[2 * state + 1] = flags;
    this.meta[2 * state + 2] = this.poolLength;
    this.buckets[this.bucketOf(list, 0, length, flags)] = state;
    return this.entryOf(state);
  }

  /** Gives back the memory; the number of bytes that it was. */
  forget(): number {
    const bytes = this.bytes();
    this.table = new Int16Array(0);
    this.pool = new Int32Array(0);
    this.meta = new Int32Array(0);
    this.buckets = new Int32Array(0);
    this.capacity = 0;
    this.empty();
    return bytes;
  }

  private empty(): void {
    this.table.fill(UNKNOWN, 0, this.size * this.stride);
    this.buckets.fill(0);
    this.size = 1;
    this.poolLength = 0;
    this.generation++;
  }

  private bytes(): number {
    return 2 * this.table.length + 4 * (this.pool.length + this.meta.length + this.buckets.length);
  }

  private entryOf(state: number): number {
    return ((this.meta[2 * state + 1] ?? 0) & MATCHED) !== 0 || this.meta[2 * state] === this.meta[2 * state + 2] ? -state : state;
  }

  /** The bucket that holds a configuration, or the free one where it belongs. */
  private bucketOf(list: Int32Array, from: number, length: number, flags: number): number {
    const mask = this.buckets.length - 1;
    let hash = flags + length * 31;
    for (let i = from; i < from + length; i++) hash = Math.imul(hash ^ (list[i] ?? 0), 0x9e3779b1) ^ (hash >>> 15);
    let bucket = (hash ^ (hash >>> 16)) & mask;
    for (;;) {
      const state = this.buckets[bucket] ?? 0;
      if (state === 0 || this.equals(state, list, from, length, flags)) return bucket;
      bucket = (bucket + 1) & mask;
    }
  }

  private equals(state: number, list: Int32Array, from: number, length: number, flags: number): boolean {
    const { meta, pool } = this;
    const start = meta[2 * state] ?? 0;
    if (meta[2 * state + 1] !== flags || (meta[2 * state + 2] ?? 0) - start !== length) return false;
    for (let i = 0; i < length; i++) if (pool[start + i] !== list[from + i]) return false;
    return true;
  }

  /** Grows for one more state of `length` instructions, or gives up the others. */
  private makeRoom(length: number): void {
    const needed = this.poolLength + length;
    if (this.size < this.capacity && needed <= this.pool.length) return;
    const capacity = this.size < this.capacity ? this.capacity : Math.max(16, this.capacity * 2);
    const poolSize = needed <= this.pool.length ? this.pool.length : Math.max(64, 2 * this.pool.length, needed);
    const bytes = 2 * capacity * this.stride + 4 * (poolSize + 2 * capacity + 1 + 2 * capacity);
    if ((bytes > this.memory.limits.maxDfaBytes || capacity > MAX_STATES) && this.size > 1) {
      this.empty();
      // A cache too small for even one such configuration is made bigger all the same.
      this.makeRoom(length);
      return;
    }
    this.memory.claim(this, bytes - this.bytes());
    this.pool = grown(this.pool, poolSize);
    if (capacity === this.capacity) return;
    const table = new Int16Array(capacity * this.stride);
    table.set(this.table);
    this.table = table;
    this.meta = grown(this.meta, 2 * capacity + 1);
    this.buckets = new Int32Array(2 * capacity);
    this.capacity = capacity;
    for (let state = 1; state < this.size; state++) {
      const start = this.meta[2 * state] ?? 0;
      this.buckets[this.bucketOf(this.pool, start, (this.meta[2 * state + 2] ?? 0) - start, this.meta[2 * state + 1] ?? 0)] = state;
    }
  }
}

function grown(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  if (array.length >= length) return array;
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
}
