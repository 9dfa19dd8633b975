import { FEATURES } from '../model/features.js';
import type { Random } from './grammar.js';
import type { Matrix } from './matrix.js';

export interface LinearTask {
  readonly matrix: Matrix;
  /** The rows to learn from; one may come more than once. */
  readonly rows: Int32Array;
  /** By place in `rows`: +1 or -1, and how much an error costs. */
  readonly labels: Int8Array;
  readonly costs: Float64Array;
  /** How often each row is looked at. */
  readonly rounds: number;
}

const BIAS = 1;

/**
 * The weights of the features and, last, the bias, that are least for ½|w|² + Σ cost × log(1 + exp(-label × margin)):
 * coordinate descent in the dual (Yu, Huang, Lin 2011, "Dual coordinate descent methods for logistic regression").
 */
export function trainLinear({ matrix, rows, labels, costs, rounds }: LinearTask, random: Random): Float64Array {
  const { features, values, starts } = matrix;
  const weights = new Float64Array(FEATURES + 1);
  const duals = new Float64Array(rows.length);
  const order = Int32Array.from(rows, (_, place) => place);
  const squares = Float64Array.from(rows, (row) => squareOf(matrix, row) + BIAS * BIAS);
  for (let round = 0; round < rounds; round++) {
    shuffle(order, random);
    for (const place of order) {
      const label = labels[place]!, dual = duals[place]!, row = rows[place]!;
      const next = bestDual({ margin: label * marginOf(matrix, row, weights), dual, cost: costs[place]!, square: squares[place]! });
      const step = (next - dual) * label;
      duals[place] = next;
      for (let at = starts[row]!; at < starts[row + 1]!; at++) weights[features[at]!]! += step * values[at]!;
      weights[FEATURES]! += step * BIAS;
    }
  }
  return weights;
}

export function marginOf({ features, values, starts }: Matrix, row: number, weights: Float64Array): number {
  let margin = weights[FEATURES]! * BIAS;
  for (let at = starts[row]!; at < starts[row + 1]!; at++) margin += weights[features[at]!]! * values[at]!;
  return margin;
}

const MAX_STEPS = 20;
const PRECISION = 1e-4;

/** The dual variable of one row that is best while all others stay: Newton's method on its log odds, kept in a bracket. */
function bestDual({ margin, dual, cost, square }: { margin: number; dual: number; cost: number; square: number }): number {
  const reach = square * cost;
  const target = square * dual - margin;
  let low = target - reach, high = target;
  let odds = dual > 0 && dual < cost ? Math.log(dual / (cost - dual)) : target - reach / 2;
  for (let step = 0; step < MAX_STEPS; step++) {
    if (!(odds > low && odds < high)) odds = (low + high) / 2;
    const share = 1 / (1 + Math.exp(-odds));
    const error = odds + reach * share - target;
    if (Math.abs(error) < PRECISION) break;
    if (error > 0) high = odds;
    else low = odds;
    odds -= error / (1 + reach * share * (1 - share));
  }
  return cost / (1 + Math.exp(-odds));
}

function squareOf({ values, starts }: Matrix, row: number): number {
  let sum = 0;
  for (let at = starts[row]!; at < starts[row + 1]!; at++) sum += values[at]! * values[at]!;
  return sum;
}

function shuffle(order: Int32Array, random: Random): void {
  for (let at = order.length - 1; at > 0; at--) {
    const other = random.int(at + 1);
    const here = order[at]!;
    order[at] = order[other]!;
    order[other] = here;
  }
}
