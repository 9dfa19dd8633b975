import { Hits, LiteralAutomaton } from './literal-automaton.js';
import { ANYWHERE, BEHIND, FAR_AWAY } from './prefilter-tables.js';
import type { PrefilterTables } from './prefilter-tables.js';
import type { Units } from './regex/units.js';

/** Runs of blanks, and of other characters, up to these lengths are not measured. */
const BLANK_RUN = 8;
const OTHER_RUN = 32;
/** Most texts have one of a few such runs. */
const MAX_KNOWN_DISTANCES = 12;
/** For matches that may begin farther before their literal, it is not asked whether all else is near. */
const MAX_LOOK_BACK = 12;
/** Beyond every text. */
const FAR = 0x7fffffff;

/** How far things can be apart in a text with certain runs of blanks and of other characters. */
interface Distances {
  /** By group: from the beginning of a match. */
  readonly windows: Int32Array;
  /** By pattern: from there to the literals that tell where it is. */
  readonly lookBacks: Int32Array;
}

/**
 * Tells from literals which of many patterns can match a text, and where their matches can begin, in one pass
 * (a second one for texts with characters beyond ASCII, and only if some literal has such).
 */
export class Prefilter {
  private readonly ascii: LiteralAutomaton;
  private readonly others: LiteralAutomaton;
  /** How many groups have to be satisfied, for the text at hand. */
  private needed: Uint8Array;
  /** For the text at hand, and by the runs that texts have had. */
  private distances: Distances;
  private readonly knownDistances = new Map<number, Distances>();

  private readonly found = new Hits();
  private readonly foundOthers = new Hits();
  private readonly viable = new Hits();
  private readonly sorted = new Hits();
  private readonly sortedEnds: Uint32Array;
  /** The patterns of the viable places. */
  private readonly viablePatterns: Uint16Array;
  /** By pattern: how many of its groups the text has, as far as `patternSeen` is of this text. */
  private readonly satisfied: Uint8Array;
  private readonly patternSeen: Uint32Array;
  /** By pattern: the text that had all of its groups last, and the one that had none of its blocks. */
  private readonly completeIn: Uint32Array;
  private readonly ruledOutIn: Uint32Array;
  /** In which text a block was seen last. */
  private readonly blockSeen = new Uint32Array(256);
  private readonly groupSeen: Uint32Array;
  private readonly nextEnds: Int32Array;
  private readonly hitSeen: Uint32Array;
  private generation = 0;
  /** The different kinds of hits of the text. */
  private readonly kinds: Uint32Array;
  private kindCount = 0;
  /** By kind of hit, as far as patterns can match: groups from `liveGroups` to `liveBegins`, beginnings from there to `liveEnds`. */
  private readonly live: Uint16Array;
  private readonly liveGroups: Uint32Array;
  private readonly liveBegins: Uint32Array;
  private readonly liveEnds: Uint32Array;

  /** The patterns of which no literals say where their matches begin. */
  readonly unlocated: readonly number[];

  constructor(private readonly tables: PrefilterTables) {
    this.unlocated = Array.from(tables.anchors.keys()).filter((pattern) => tables.anchors[pattern] === ANYWHERE);
    this.ascii = new LiteralAutomaton(tables.ascii);
    this.others = new LiteralAutomaton(tables.others);
    const patterns = tables.anchors.length;
    const groups = tables.patternOf.length;
    const kinds = tables.meaningMiddles.length;
    this.needed = tables.groupCounts;
    this.distances = this.distancesFor(BLANK_RUN, OTHER_RUN);
    this.sortedEnds = new Uint32Array(patterns);
    this.viablePatterns = new Uint16Array(patterns);
    this.satisfied = new Uint8Array(patterns);
    this.patternSeen = new Uint32Array(patterns);
    this.completeIn = new Uint32Array(patterns);
    this.ruledOutIn = new Uint32Array(patterns);
    this.groupSeen = new Uint32Array(groups);
    this.nextEnds = new Int32Array(groups);
    this.hitSeen = new Uint32Array(kinds);
    this.kinds = new Uint32Array(kinds);
    this.live = new Uint16Array(tables.meanings.length);
    this.liveGroups = new Uint32Array(kinds);
    this.liveBegins = new Uint32Array(kinds);
    this.liveEnds = new Uint32Array(kinds);
  }

  /** Looks through a text; the other methods then speak of it. `isAscii` may be false for a text that is. */
  search(text: Units, isAscii: boolean): void {
    this.needed = isAscii ? this.tables.asciiGroupCounts : this.tables.groupCounts;
    this.found.clear();
    this.ascii.search(text, this.found, 0);
    if (!isAscii && this.others.endCount > 0) {
      this.foundOthers.clear();
      this.others.search(text, this.foundOthers, this.ascii.endCount);
      if (this.foundOthers.length > 0) this.found.mergeBySecond(this.foundOthers);
    }
    this.noteGroups();
    if (!isAscii && this.tables.blocks.length > 0) this.noteBlocks(text);
  }

  /** Whether a pattern can match. */
  possible(pattern: number): boolean {
    return this.isComplete(pattern) && this.ruledOutIn[pattern] !== this.generation;
  }

  /**
   * Calls `visit` for the ranges of places, both ends included, where matches of located patterns can begin: those after
   * which all that the pattern requires comes near enough. A pattern's ranges come one after another, in order of their
   * ends; where its beginning skips parts, what follows those begins at the end of the range.
   */
  beginnings(text: Units, visit: (pattern: number, from: number, to: number) => void): void {
    this.keepLive();
    this.distances = this.distancesFor(longestRun(text, true, BLANK_RUN), longestRun(text, false, OTHER_RUN));
    this.findViable(text);
    // Pattern by pattern, each from the left: so the automaton of one is at hand for all of its places.
    const { sorted, sortedEnds, viablePatterns, distances: { lookBacks }, tables: { anchors } } = this;
    const { pairs, length } = this.viable;
    let count = 0;
    for (let i = 0; i < length; i += 2) {
      const pattern = pairs[i] ?? 0;
      const before = sortedEnds[pattern] ?? 0;
      if (before === 0) viablePatterns[count++] = pattern;
      sortedEnds[pattern] = before + 1;
    }
    for (let i = 0, end = 0; i < count; i++) {
      const pattern = viablePatterns[i] ?? 0;
      end += sortedEnds[pattern] ?? 0;
      sortedEnds[pattern] = end;
    }
    sorted.reserve(length);
    for (let i = 0; i < length; i += 2) {
      const pattern = pairs[i] ?? 0;
      const at = (sortedEnds[pattern] ?? 0) - 1;
      sortedEnds[pattern] = at;
      sorted.pairs[2 * at] = pattern;
      sorted.pairs[2 * at + 1] = pairs[i + 1] ?? 0;
    }
    for (let i = 0; i < count; i++) sortedEnds[viablePatterns[i] ?? 0] = 0;
    for (let i = 0; i < length;) {
      const pattern = sorted.pairs[i] ?? 0;
      const lookBack = lookBacks[pattern] ?? 0;
      let to = sorted.pairs[i + 1] ?? 0;
      const from = Math.max(0, to - lookBack);
      // Ranges that touch are one.
      for (i += 2; i < length && sorted.pairs[i] === pattern && anchors[pattern] !== BEHIND; i += 2) {
        const next = sorted.pairs[i + 1] ?? 0;
        if (next < from || next - lookBack > to + 1) break;
        to = Math.max(to, next);
      }
      visit(pattern, from, to);
    }
  }

  /** From the end of the text to its beginning, so that it is known what comes next. */
  private findViable({ units }: Units): void {
    const { live, liveGroups, liveBegins, liveEnds, nextEnds, viable, distances: { lookBacks }, tables: { wordStarts } } = this;
    const { pairs, length } = this.found;
    nextEnds.fill(FAR);
    viable.clear();
    let noted = length;
    for (let i = length - 2; i >= 0; i -= 2) {
      const hit = pairs[i] ?? 0;
      const last = liveEnds[hit] ?? 0;
      for (let k = liveBegins[hit] ?? 0; k < last; k += 2) {
        const pattern = live[k] ?? 0;
        const start = (pairs[i + 1] ?? 0) - (live[k + 1] ?? 0);
        if (wordStarts[pattern] === 1 && start > 0 && (units[start] ?? 0) < 128 && isWord(units[start - 1] ?? 0)) continue;
        const lookBack = lookBacks[pattern] ?? 0;
        if (lookBack > MAX_LOOK_BACK) {
          viable.add(pattern, start);
          continue;
        }
        // What ends after the match may begin counts, also where it ends before the literal.
        const from = start - lookBack;
        while (noted > 0 && (pairs[noted - 1] ?? 0) > from) {
          noted -= 2;
          const other = pairs[noted] ?? 0;
          const end = pairs[noted + 1] ?? 0;
          const groupsEnd = liveBegins[other] ?? 0;
          for (let g = liveGroups[other] ?? 0; g < groupsEnd; g++) nextEnds[live[g] ?? 0] = end;
        }
        if (this.isNear(pattern, start)) viable.add(pattern, start);
      }
    }
  }

  private isNear(pattern: number, start: number): boolean {
    const { nextEnds, distances: { windows }, tables: { firstGroup } } = this;
    const end = firstGroup[pattern + 1] ?? 0;
    for (let group = firstGroup[pattern] ?? 0; group < end; group++) if ((nextEnds[group] ?? FAR) > start + (windows[group] ?? 0)) return false;
    return true;
  }

  private distancesFor(blankRun: number, otherRun: number): Distances {
    // Both are powers of two.
    const key = 32 * Math.log2(blankRun) + Math.log2(otherRun);
    const known = this.knownDistances.get(key);
    if (known !== undefined) return known;
    const lengths = (reaches: Int32Array): Int32Array => Int32Array.from({ length: reaches.length / 3 }, (_, i) =>
      Math.min(FAR_AWAY, (reaches[3 * i] ?? 0) + (reaches[3 * i + 1] ?? 0) * blankRun + (reaches[3 * i + 2] ?? 0) * otherRun));
    const distances = { windows: lengths(this.tables.reaches), lookBacks: lengths(this.tables.reachesBack) };
    if (this.knownDistances.size === MAX_KNOWN_DISTANCES) this.knownDistances.clear();
    this.knownDistances.set(key, distances);
    return distances;
  }

  private isComplete(pattern: number): boolean {
    return this.completeIn[pattern] === this.generation || this.needed[pattern] === 0;
  }

  private noteGroups(): void {
    const { needed, completeIn, hitSeen, groupSeen, patternSeen, satisfied, kinds, tables: { meanings, meaningStarts, meaningMiddles, patternOf } } = this;
    const { pairs, length } = this.found;
    const generation = ++this.generation;
    let count = 0;
    for (let i = 0; i < length; i += 2) {
      const hit = pairs[i] ?? 0;
      if (hitSeen[hit] === generation) continue;
      hitSeen[hit] = generation;
      kinds[count++] = hit;
      const end = meaningMiddles[hit] ?? 0;
      for (let k = meaningStarts[hit] ?? 0; k < end; k++) {
        const group = meanings[k] ?? 0;
        if (groupSeen[group] === generation) continue;
        groupSeen[group] = generation;
        const pattern = patternOf[group] ?? 0;
        const count = (patternSeen[pattern] === generation ? satisfied[pattern] ?? 0 : 0) + 1;
        satisfied[pattern] = count;
        patternSeen[pattern] = generation;
        if (count === needed[pattern]) completeIn[pattern] = generation;
      }
    }
    this.kindCount = count;
  }

  private noteBlocks({ units, length }: Units): void {
    const { blockSeen, generation, tables: { blocks } } = this;
    for (let at = 0; at < length; at++) blockSeen[(units[at] ?? 0) >> 8] = generation;
    for (let i = 0; i < blocks.length;) {
      const pattern = blocks[i] ?? 0;
      const first = i + 2;
      i = first + (blocks[i + 1] ?? 0);
      if (blocks.subarray(first, i).some((block) => blockSeen[block] === generation)) continue;
      this.ruledOutIn[pattern] = generation;
    }
  }

  /** What the kinds of hits of this text mean for the patterns that can match it: most of it is for others. */
  private keepLive(): void {
    const { kinds, live, liveGroups, liveBegins, liveEnds, tables: { meanings, meaningStarts, meaningMiddles, patternOf } } = this;
    let to = 0;
    for (let i = 0; i < this.kindCount; i++) {
      const hit = kinds[i] ?? 0;
      liveGroups[hit] = to;
      let k = meaningStarts[hit] ?? 0;
      const middle = meaningMiddles[hit] ?? 0;
      for (; k < middle; k++) {
        const group = meanings[k] ?? 0;
        if (this.isComplete(patternOf[group] ?? 0)) live[to++] = group;
      }
      liveBegins[hit] = to;
      const end = meaningStarts[hit + 1] ?? 0;
      for (; k < end; k += 2) {
        const pattern = meanings[k] ?? 0;
        if (!this.isComplete(pattern)) continue;
        live[to++] = pattern;
        live[to++] = meanings[k + 1] ?? 0;
      }
      liveEnds[hit] = to;
    }
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

function isWord(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
