import type { CharSet } from './char-set.js';

/** What is to be known of a character beside its class, for assertions. */
export const WORD = 1;
export const NEWLINE = 2;
/** The start or the end of the text. */
export const EDGE = 4;

/**
 * The characters of a pattern, cut into classes that it cannot tell apart, so that automata have a few columns
 * instead of a million. Code points under 128 are looked up in a table, the others by bisection.
 */
export class Alphabet {
  /** Number of classes; this number itself stands for the end of the text. */
  readonly size: number;
  readonly ascii: Uint16Array;
  /** Per class: WORD and NEWLINE, as far as the pattern asks. */
  readonly kinds: Uint8Array;
  /** Per class and set (class × setCount + set): whether the class is inside the set. By class, because a step asks many sets about one class. */
  readonly members: Uint8Array;
  readonly setCount: number;
  /** The first code points of the intervals above 127, ascending, and the class of each. */
  private readonly starts: Int32Array;
  private readonly classes: Uint16Array;

  /** `kindsUsed`: the kinds that assertions of the pattern need. */
  constructor(sets: readonly CharSet[], kindsUsed: number) {
    const all: CharSet[] = [...sets];
    if ((kindsUsed & WORD) !== 0) all.push(WORD_SET);
    if ((kindsUsed & NEWLINE) !== 0) all.push(NEWLINE_SET);

    const cuts = new Set<number>([0, 128]);
    for (const set of all) {
      for (let i = 0; i < set.length; i += 2) {
        cuts.add(set[i] ?? 0);
        cuts.add((set[i + 1] ?? 0) + 1);
      }
    }
    const starts = [...cuts].filter((cut) => cut <= 0x10ffff).sort((a, b) => a - b);

    const classBySignature = new Map<string, number>();
    const membersByClass: number[][] = [];
    const cursors = new Int32Array(all.length);
    const classes = starts.map((start) => {
      const inside: number[] = [];
      all.forEach((set, index) => {
        let cursor = cursors[index] ?? 0;
        while (cursor < set.length && (set[cursor + 1] ?? 0) < start) cursor += 2;
        cursors[index] = cursor;
        if (cursor < set.length && (set[cursor] ?? 0) <= start) inside.push(index);
      });
      const signature = inside.join();
      let found = classBySignature.get(signature);
      if (found === undefined) {
        found = membersByClass.length;
        membersByClass.push(inside);
        classBySignature.set(signature, found);
      }
      return found;
    });

    this.size = membersByClass.length;
    this.setCount = sets.length;
    this.members = new Uint8Array(sets.length * this.size);
    this.kinds = new Uint8Array(this.size);
    membersByClass.forEach((inside, index) => {
      for (const set of inside) {
        if (set < sets.length) this.members[index * sets.length + set] = 1;
        else this.kinds[index] = (this.kinds[index] ?? 0) | (all[set] === WORD_SET ? WORD : NEWLINE);
      }
    });

    this.ascii = new Uint16Array(128);
    const above = starts.indexOf(128);
    for (let i = 0; i < above; i++) this.ascii.fill(classes[i] ?? 0, starts[i], starts[i + 1]);
    this.starts = Int32Array.from(starts.slice(above));
    this.classes = Uint16Array.from(classes.slice(above));
  }

  /** The class of a code point above 127. */
  classOf(code: number): number {
    const { starts } = this;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= code) low = middle;
      else high = middle - 1;
    }
    return this.classes[low] ?? 0;
  }
}

const WORD_SET: CharSet = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];
const NEWLINE_SET: CharSet = [0x0a, 0x0a];
