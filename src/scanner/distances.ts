import { FAR_AWAY } from './prefilter-tables.js';
import type { Units } from './regex/units.js';

/** Runs of blanks, and of other characters, up to these lengths are not measured. */
const BLANK_RUN = 8;
const OTHER_RUN = 32;
/** Most texts have one of a few such runs. */
const MAX_KNOWN = 12;

/** How far things can be apart in a text with certain runs of blanks and of other characters. */
export interface Reaches {
  /** By group: from the beginning of a match. */
  readonly windows: Int32Array;
  /** By pattern: from there to the literals that tell where it is. */
  readonly lookBacks: Int32Array;
}

/** Makes distances of numbers of runs, text by text. */
export class Distances {
  private readonly known = new Map<number, Reaches>();

  /** Three numbers each, as `Reach` has them. */
  constructor(private readonly reaches: Int32Array, private readonly reachesBack: Int32Array) {}

  in(text: Units): Reaches {
    const blankRun = longestRun(text, true, BLANK_RUN);
    const otherRun = longestRun(text, false, OTHER_RUN);
    // Both are powers of two.
    const key = 32 * Math.log2(blankRun) + Math.log2(otherRun);
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const lengths = (reaches: Int32Array): Int32Array => {
      const made = new Int32Array(reaches.length / 3);
      for (let i = 0; i < made.length; i++) made[i] = Math.min(FAR_AWAY, (reaches[3 * i] ?? 0) + (reaches[3 * i + 1] ?? 0) * blankRun + (reaches[3 * i + 2] ?? 0) * otherRun);
      return made;
    };
    const made = { windows: lengths(this.reaches), lookBacks: lengths(this.reachesBack) };
    if (this.known.size === MAX_KNOWN) this.known.clear();
    this.known.set(key, made);
    return made;
  }
}

/** At least as much as the most blanks (or others) that follow one another, and `least`: a few different numbers, for many texts the same. */
function longestRun({ units, length }: Units, blank: boolean, least: number): number {
  let longest = least;
  // A run of so many covers one of every so many places.
  for (let at = least - 1; at < length; at += least) {
    let end = at;
    while (end < length && isBlank(units[end] ?? 0) === blank) end++;
    if (end === at) continue;
    let start = at;
    while (start > 0 && at - start < least && isBlank(units[start - 1] ?? 0) === blank) start--;
    while (longest < end - start) longest *= 2;
    at = end - 1;
  }
  return longest;
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
