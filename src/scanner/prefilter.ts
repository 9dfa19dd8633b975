import { Distances } from './distances.js';
import type { Reaches } from './distances.js';
import { Hits, LiteralAutomaton } from './literal-automaton.js';
import { ANYWHERE, BEHIND } from './prefilter-tables.js';
import type { PrefilterTables } from './prefilter-tables.js';
import type { Units } from './regex/units.js';

/** For matches that may begin farther before their literal, it is not asked whether all else is near. */
const MAX_LOOK_BACK = 100;
/** Beyond every text. */
const FAR = 0x7fffffff;

/** How many of its groups a pattern needs a text to have, by pattern. */
export interface Needs {
  readonly ascii: Uint8Array;
  readonly any: Uint8Array;
}

/** More than a pattern has groups. */
const NEVER = 0xff;

/**
 * Tells from literals which of many patterns can match a text, and where their matches can begin, in one pass
 * (a second one for texts with characters beyond ASCII, and only if some literal has such).
 */
export class Prefilter {
  private readonly ascii: LiteralAutomaton;
  private readonly others: LiteralAutomaton;
  private readonly distances: Distances;

  /** Where literals end in the text at hand: once the groups are noted, the kinds are numbered as in `kinds`. */
  private readonly found = new Hits();
  private readonly foundOthers = new Hits();
  /** The different kinds of hits of the text, from 1 on, and the number of each kind in it; 0: none. */
  private readonly kinds: Uint32Array;
  private kindCount = 0;
  private readonly kindNumbers: Uint32Array;
  /** By pattern: how many of its groups the text lacks. */
  private readonly lacking: Uint8Array;
  /** By group: whether the text has it. */
  private readonly hasGroup: Uint8Array;
  /** By pattern: 1 where the text has none of its blocks. */
  private readonly isRuledOut: Uint8Array;
  /** What the kinds of hits mean for the patterns that can match: by number of kind, where its groups and then its beginnings begin in `live`. */
  private readonly live: Uint16Array;
  private readonly liveBounds: Uint32Array;
  /** By group of a pattern that can match: where in the text it ends next, on the way from the end to the beginning. */
  private readonly nextEnds: Int32Array;
  private readonly viable = new Hits();
  private readonly sorted = new Hits();
  private readonly sortedEnds: Uint32Array;
  /** The patterns of the viable places. */
  private readonly viablePatterns: Uint16Array;

  /** The patterns of which no literals say where their matches begin. */
  readonly unlocated: readonly number[];

  constructor(private readonly tables: PrefilterTables) {
    this.unlocated = Array.from(tables.anchors.keys()).filter((pattern) => tables.anchors[pattern] === ANYWHERE);
    this.ascii = new LiteralAutomaton(tables.ascii);
    this.others = new LiteralAutomaton(tables.others);
    this.distances = new Distances(tables.reaches, tables.reachesBack);
    const patterns = tables.anchors.length;
    const groups = tables.patternOf.length;
    const kinds = this.ascii.endCount + this.others.endCount;
    this.kinds = new Uint32Array(kinds + 1);
    this.kindNumbers = new Uint32Array(kinds);
    this.lacking = new Uint8Array(patterns);
    this.hasGroup = new Uint8Array(groups);
    this.isRuledOut = new Uint8Array(patterns);
    this.live = new Uint16Array(tables.meanings.length);
    this.liveBounds = new Uint32Array(2 * kinds + 4);
    this.nextEnds = new Int32Array(groups);
    this.sortedEnds = new Uint32Array(patterns);
    this.viablePatterns = new Uint16Array(patterns);
  }

  /** What `search` is to be given when only some patterns are wanted, those with a 1. */
  needs(wanted: Uint8Array): Needs {
    const { asciiGroupCounts, groupCounts } = this.tables;
    const ofWanted = (counts: Uint8Array): Uint8Array => counts.map((count, pattern) => (wanted[pattern] === 1 ? count : NEVER));
    return { ascii: ofWanted(asciiGroupCounts), any: ofWanted(groupCounts) };
  }

  /** Looks through a text; the other methods then speak of it. `isAscii` may be false for a text that is. */
  search(text: Units, isAscii: boolean, needs: Needs): void {
    this.ascii.search(text, this.found, 0);
    if (!isAscii && this.others.endCount > 0) {
      this.others.search(text, this.foundOthers, this.ascii.endCount);
      if (this.foundOthers.length > 0) this.found.mergeBySecond(this.foundOthers);
    }
    this.noteGroups(isAscii ? needs.ascii : needs.any);
    this.isRuledOut.fill(0);
    if (!isAscii && this.tables.blocks.length > 0) this.noteBlocks(text);
  }

  /** Whether a pattern can match. */
  possible(pattern: number): boolean {
    return this.lacking[pattern] === 0 && this.isRuledOut[pattern] === 0;
  }

  /** Whether matches of a pattern begin before the literal that tells where, at the end of its ranges. */
  isBehind(pattern: number): boolean {
    return this.tables.anchors[pattern] === BEHIND;
  }

  /**
   * Calls `visit` for the ranges of places, both ends included, where matches of located patterns can begin: those after
   * which all that the pattern requires comes near enough. A pattern's ranges come one after another, in order of their
   * ends; where its beginning skips parts, what follows those begins at the end of the range.
   */
  beginnings(text: Units, visit: (pattern: number, from: number, to: number) => void): void {
    this.keepLive();
    const reaches = this.distances.in(text);
    const { lookBacks } = reaches;
    this.findViable(text, reaches);
    // Pattern by pattern, each from the left: so the automaton of one is at hand for all of its places.
    const { sorted, sortedEnds, viablePatterns, tables: { anchors } } = this;
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
  private findViable({ units }: Units, { windows, lookBacks }: Reaches): void {
    const { live, liveBounds, nextEnds, viable, tables: { wordStarts, firstGroup } } = this;
    const { pairs, length } = this.found;
    const isNear = (pattern: number, start: number): boolean => {
      const end = firstGroup[pattern + 1] ?? 0;
      for (let group = firstGroup[pattern] ?? 0; group < end; group++) if ((nextEnds[group] ?? FAR) > start + (windows[group] ?? 0)) return false;
      return true;
    };
    viable.clear();
    let noted = length;
    for (let i = length - 2; i >= 0; i -= 2) {
      const kind = pairs[i] ?? 0;
      const last = liveBounds[2 * kind + 2] ?? 0;
      for (let k = liveBounds[2 * kind + 1] ?? 0; k < last; k += 2) {
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
          const other = 2 * (pairs[noted] ?? 0);
          const end = pairs[noted + 1] ?? 0;
          const groupsEnd = liveBounds[other + 1] ?? 0;
          for (let g = liveBounds[other] ?? 0; g < groupsEnd; g++) nextEnds[live[g] ?? 0] = end;
        }
        if (isNear(pattern, start)) viable.add(pattern, start);
      }
    }
  }

  private noteGroups(needed: Uint8Array): void {
    const { lacking, hasGroup, kinds, kindNumbers, tables: { meanings, meaningBounds, patternOf } } = this;
    const { pairs, length } = this.found;
    for (let number = 1; number <= this.kindCount; number++) kindNumbers[kinds[number] ?? 0] = 0;
    lacking.set(needed);
    hasGroup.fill(0);
    let count = 0;
    for (let i = 0; i < length; i += 2) {
      const kind = pairs[i] ?? 0;
      const known = kindNumbers[kind] ?? 0;
      if (known > 0) {
        pairs[i] = known;
        continue;
      }
      pairs[i] = kindNumbers[kind] = ++count;
      kinds[count] = kind;
      const end = meaningBounds[2 * kind + 1] ?? 0;
      for (let k = meaningBounds[2 * kind] ?? 0; k < end; k++) {
        const group = meanings[k] ?? 0;
        if (hasGroup[group] === 1) continue;
        hasGroup[group] = 1;
        const pattern = patternOf[group] ?? 0;
        lacking[pattern] = (lacking[pattern] ?? 0) - 1;
      }
    }
    this.kindCount = count;
  }

  private noteBlocks({ units, length }: Units): void {
    const { isRuledOut, tables: { blocks } } = this;
    const seen = new Uint8Array(256);
    for (let at = 0; at < length; at++) seen[(units[at] ?? 0) >> 8] = 1;
    for (let i = 0; i < blocks.length;) {
      const pattern = blocks[i] ?? 0;
      const first = i + 2;
      i = first + (blocks[i + 1] ?? 0);
      if (!blocks.subarray(first, i).some((block) => seen[block] === 1)) isRuledOut[pattern] = 1;
    }
  }

  /** What the kinds of hits of this text mean for the patterns that can match it: most of it is for others. */
  private keepLive(): void {
    const { kinds, lacking, live, liveBounds, nextEnds, tables: { meanings, meaningBounds, patternOf } } = this;
    let to = 0;
    for (let number = 1; number <= this.kindCount; number++) {
      const bounds = 2 * (kinds[number] ?? 0);
      liveBounds[2 * number] = to;
      let k = meaningBounds[bounds] ?? 0;
      const middle = meaningBounds[bounds + 1] ?? 0;
      for (; k < middle; k++) {
        const group = meanings[k] ?? 0;
        if (lacking[patternOf[group] ?? 0] !== 0) continue;
        live[to++] = group;
        nextEnds[group] = FAR;
      }
      liveBounds[2 * number + 1] = to;
      const end = meaningBounds[bounds + 2] ?? 0;
      for (; k < end; k += 2) {
        const pattern = meanings[k] ?? 0;
        if (lacking[pattern] !== 0) continue;
        live[to++] = pattern;
        live[to++] = meanings[k + 1] ?? 0;
      }
      liveBounds[2 * number + 2] = to;
    }
  }
}

function isWord(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
}
