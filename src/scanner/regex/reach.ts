import type { CharSet } from './char-set.js';
import { maxUnits } from './syntax.js';
import type { Node } from './syntax.js';

/** The most UTF-16 units that something can have: so many, and so many runs of blanks, and of what is not blank. */
export interface Reach {
  readonly units: number;
  readonly blankRuns: number;
  readonly otherRuns: number;
}

export const NO_REACH: Reach = { units: 0, blankRuns: 0, otherRuns: 0 };

/** Beyond this, a length is as good as unbounded. */
const MAX_REACH = 10_000;

/** How far a match can reach; Infinity where the expression sets no bound. */
export function reach(node: Node): Reach {
  switch (node.kind) {
    case 'empty': case 'assert': return NO_REACH;
    case 'set': return { ...NO_REACH, units: maxUnits(node) };
    case 'concat': return node.parts.map(reach).reduce(joined, NO_REACH);
    case 'alternate': return node.branches.map(reach).reduce(farthest, NO_REACH);
    case 'repeat': {
      if (node.max === Infinity && node.child.kind === 'set') {
        const blanks = blanksIn(node.child.set);
        if (blanks === 'all') return { ...NO_REACH, blankRuns: 1 };
        if (blanks === 'none') return { ...NO_REACH, otherRuns: 1 };
      }
      const times = (count: number): number => (count === 0 ? 0 : count * node.max);
      const { units, blankRuns, otherRuns } = reach(node.child);
      return { units: times(units), blankRuns: times(blankRuns), otherRuns: times(otherRuns) };
    }
  }
}

/** One after the other. */
export function joined(a: Reach, b: Reach): Reach {
  return { units: a.units + b.units, blankRuns: a.blankRuns + b.blankRuns, otherRuns: a.otherRuns + b.otherRuns };
}

/** Either of them. */
export function farthest(a: Reach, b: Reach): Reach {
  return { units: Math.max(a.units, b.units), blankRuns: Math.max(a.blankRuns, b.blankRuns), otherRuns: Math.max(a.otherRuns, b.otherRuns) };
}

export function bounded(reach: Reach): Reach | undefined {
  return reach.units + reach.blankRuns + reach.otherRuns < MAX_REACH ? reach : undefined;
}

/** Whether the members of a set are ASCII white space. */
function blanksIn(set: CharSet): 'all' | 'none' | 'some' {
  let all = true;
  let none = true;
  for (let i = 0; i < set.length; i += 2) {
    const low = set[i] ?? 0;
    const high = set[i + 1] ?? 0;
    if (!(low >= 0x09 && high <= 0x0d) && !(low === 0x20 && high === 0x20)) all = false;
    if ((low <= 0x0d && high >= 0x09) || (low <= 0x20 && high >= 0x20)) none = false;
  }
  return all ? 'all' : none ? 'none' : 'some';
}
