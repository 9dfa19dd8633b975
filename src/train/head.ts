import { windows } from '../model/windows.js';
import type { ModelChannel } from '../model/family.js';
import type { Example } from './examples.js';
import { GENERATED } from './folds.js';
import { seededRandom } from './grammar.js';
import { marginOf, trainLinear } from './linear.js';
import { Matrix } from './matrix.js';

/** The windows of all examples, as one channel sees them. */
export class Windows {
  readonly matrix = new Matrix();
  /** The first row of each example, and one past the last. */
  readonly starts: number[] = [];

  constructor(readonly examples: readonly Example[], readonly channel: ModelChannel) {
    for (const { text } of examples) {
      this.starts.push(this.matrix.rows);
      for (const [from, to] of windows(text, channel)) this.matrix.add(text, from, to);
    }
    this.starts.push(this.matrix.rows);
    this.matrix.weigh();
  }

  /** The window of an example that looks most like an attack, and its margin. */
  best(example: number, weights: Float64Array): { readonly row: number; readonly margin: number } {
    let row = -1;
    let margin = -Infinity;
    for (let each = this.starts[example] ?? 0; each < (this.starts[example + 1] ?? 0); each++) {
      const found = marginOf(this.matrix, each, weights);
      if (found <= margin) continue;
      margin = found;
      row = each;
    }
    return { row, margin };
  }
}

const ERROR_COST = 0.5;
const ROUNDS = 5;
const SEED = 7;
/** Windows of one text that are learnt from before it is known which of them look like an attack. */
const MAX_WINDOWS = 12;
/** Sources whose labels are less to be trusted, or that are there as a contrast only. */
const LIGHT_SOURCES: ReadonlySet<string> = new Set(['atr_variants', 'hc_requests']);
const LIGHT = 0.5;
/** There are many more grammars than sources, and what people wrote is nearer to what people write. */
const GRAMMAR_WEIGHT = 0.3;

/**
 * The weights of a channel's head, learnt without the examples of a fold. A text that is an attack need not be one in each
 * of its windows: a first head, which takes every window for what its text is, says which one counts for the second.
 */
export function trainHead(all: Windows, leftOut: number): Float64Array {
  const { examples } = all;
  const used = examples.flatMap((example, index) => {
    if (!example.isTrainedOn || example.fold === leftOut) return [];
    // A request for harmful content is not yet an attempt to change what the model is there for.
    const label = example.attack && example.family !== 'HC' ? 1 : -1;
    return [{ index, label, group: `${example.origin} ${label}`, trust: trustIn(example) } as const];
  });
  const counts = new Map<string, number>();
  for (const { group } of used) counts.set(group, (counts.get(group) ?? 0) + 1);
  const weightOf = ({ group, trust }: typeof used[number]): number => trust / Math.sqrt(counts.get(group) ?? 1);
  const totals = { [-1]: 0, 1: 0 };
  for (const each of used) totals[each.label] += weightOf(each);
  const learnt = (settledBy: Float64Array | undefined, seed: number): Float64Array => {
    const rows: number[] = [], labels: number[] = [], costs: number[] = [];
    const learn = (row: number, label: number, cost: number): void => {
      rows.push(row);
      labels.push(label);
      costs.push(cost);
    };
    for (const each of used) {
      const cost = ERROR_COST * weightOf(each) / totals[each.label] * used.length / 2;
      const first = all.starts[each.index] ?? 0;
      const count = (all.starts[each.index + 1] ?? 0) - first;
      const spread = Math.min(count, MAX_WINDOWS);
      const settled = settledBy !== undefined && count > 1 ? all.best(each.index, settledBy).row : undefined;
      if (settled !== undefined) learn(settled, each.label, cost);
      if (settled !== undefined && each.label === 1) continue;
      for (let part = 0; part < spread; part++) learn(first + Math.floor(part * count / spread), each.label, cost / (each.label === 1 ? spread : Math.sqrt(spread)));
    }
    return trainLinear({ matrix: all.matrix, rows: Int32Array.from(rows), labels: Int8Array.from(labels), costs: Float64Array.from(costs), rounds: ROUNDS }, seededRandom(seed));
  };
  return learnt(learnt(undefined, SEED), SEED + 1);
}

function trustIn({ source, fold }: Example): number {
  if (fold === GENERATED) return GRAMMAR_WEIGHT;
  return LIGHT_SOURCES.has(source) ? LIGHT : 1;
}

/** The margin of every example by a head that has not seen its source. */
export function outOfFoldMargins(all: Windows, onFold: (fold: number) => void): Float64Array {
  const margins = new Float64Array(all.examples.length);
  for (const fold of new Set(all.examples.map((example) => example.fold))) {
    if (fold === GENERATED) continue;
    const weights = trainHead(all, fold);
    for (const [index, example] of all.examples.entries()) if (example.fold === fold) margins[index] = all.best(index, weights).margin;
    onFold(fold);
  }
  return margins;
}
