import { createHash } from 'node:crypto';
import { blockOf, BLOCKS, Features, FEATURES, SUBLINEAR } from './features.js';
import { MODEL_FAMILIES } from './family.js';
import type { ModelChannel, ModelFamily } from './family.js';
import { decodeWeights } from './weights.js';
import type { LinearHead } from './weights.js';
import { windows } from './windows.js';

export type { ModelChannel, ModelFamily } from './family.js';

export interface ModelScore {
  /** Calibrated, 0 to 1. */
  readonly threatProbability: number;
  /** Best first; they sum to 1. */
  readonly families: readonly (readonly [ModelFamily, number])[];
  /** The window that decided, [start, end) in UTF-16 units of the text. */
  readonly span: readonly [number, number];
}

export interface Model {
  /** A short hash of the weights file. */
  readonly version: string;
  /** The probability from which on a text is a threat. */
  readonly thresholds: Readonly<Record<ModelChannel, number>>;
  /** Linear in the length of the text; every part of it is looked at. */
  score(text: string, channel: ModelChannel): ModelScore;
}

/**
 * What a user says is judged in long windows and, so that little in much is seen, sentence by sentence as if it stood in
 * data. A sentence alone must be so much surer: users do give orders.
 */
export const SENTENCE_HANDICAP = 0.5;

/** The model in a weights file (weights.ts). Throws `INTERNAL` when the bytes are not one. */
export function readModel(bytes: Uint8Array): Model {
  const { channels, families } = decodeWeights(bytes);
  const familyWeights = interleaved(families);
  const features = new Features();
  return {
    version: createHash('sha256').update(bytes).digest('hex').slice(0, 12),
    thresholds: { direct: channels.direct.threshold, embedded: channels.embedded.threshold },
    score(text, channel) {
      let lookedAt: Window | undefined;
      // A short text is one window of either kind: its features are the same.
      const look = (window: Window): void => {
        if (lookedAt?.[0] !== window[0] || lookedAt[1] !== window[1]) features.read(text, window[0], window[1]);
        lookedAt = window;
      };
      const worst = (of: ModelChannel): Finding => {
        let worstFound: Finding = { margin: -Infinity, span: [0, text.length] };
        for (const span of windows(text, of)) {
          look(span);
          const margin = marginOf(features, channels[of]);
          if (margin > worstFound.margin) worstFound = { margin, span };
        }
        return worstFound;
      };
      const { margin, span } = channel === 'embedded' ? worst(channel) : surer(worst('direct'), worst('embedded'));
      const { slope, intercept } = channels[channel];
      const threatProbability = 1 / (1 + Math.exp(-(slope * margin + intercept)));
      look(span);
      return { threatProbability, families: sharesOf(familyMargins(features, families, familyWeights), threatProbability), span };
    },
  };
}

type Window = readonly [start: number, end: number];

interface Finding {
  readonly margin: number;
  readonly span: Window;
}

function surer(whole: Finding, sentence: Finding): Finding {
  const margin = sentence.margin - SENTENCE_HANDICAP;
  return margin > whole.margin ? { margin, span: sentence.span } : whole;
}

function marginOf(features: Features, { weights, step, bias }: LinearHead): number {
  const { found, size, counts } = features;
  let wordSum = 0, letterSum = 0, classSum = 0, wordSquare = 0, letterSquare = 0, classSquare = 0;
  for (let each = 0; each < size; each++) {
    const feature = found[each] ?? 0;
    const value = SUBLINEAR[counts[feature] ?? 0] ?? 0;
    const share = value * (weights[feature] ?? 0);
    const square = value * value;
    if (feature < BLOCKS[1]) {
      wordSum += share;
      wordSquare += square;
    } else if (feature < BLOCKS[2]) {
      letterSum += share;
      letterSquare += square;
    } else {
      classSum += share;
      classSquare += square;
    }
  }
  return bias + step * (unit(wordSum, wordSquare) + unit(letterSum, letterSquare) + unit(classSum, classSquare));
}

function unit(sum: number, square: number): number {
  return sum / Math.sqrt(Math.max(1, square));
}

/** All of MODEL_FAMILIES but `benign`. */
const FAMILY_HEADS = 8;

/** The weights of all families for one feature side by side: they are asked for together. */
function interleaved(heads: readonly LinearHead[]): Int8Array {
  const weights = new Int8Array(FAMILY_HEADS * FEATURES);
  for (const [index, head] of heads.entries()) for (let feature = 0; feature < FEATURES; feature++) weights[feature * FAMILY_HEADS + index] = head.weights[feature] ?? 0;
  return weights;
}

/** What `marginOf` says of each family, in one pass; the eight sums are kept apart by name, which takes a third of the time of an array. */
function familyMargins({ found, size, counts }: Features, heads: readonly LinearHead[], weights: Int8Array): number[] {
  const squares = [0, 0, 0];
  for (let each = 0; each < size; each++) {
    const feature = found[each] ?? 0;
    const value = SUBLINEAR[counts[feature] ?? 0] ?? 0;
    const block = blockOf(feature);
    squares[block] = (squares[block] ?? 0) + value * value;
  }
  const norms = Float64Array.from(squares, (square) => unit(1, square));
  let a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
  for (let each = 0; each < size; each++) {
    const feature = found[each] ?? 0;
    const value = (SUBLINEAR[counts[feature] ?? 0] ?? 0) * (norms[blockOf(feature)] ?? 0);
    const at = FAMILY_HEADS * feature;
    a += value * (weights[at] ?? 0);
    b += value * (weights[at + 1] ?? 0);
    c += value * (weights[at + 2] ?? 0);
    d += value * (weights[at + 3] ?? 0);
    e += value * (weights[at + 4] ?? 0);
    f += value * (weights[at + 5] ?? 0);
    g += value * (weights[at + 6] ?? 0);
    h += value * (weights[at + 7] ?? 0);
  }
  return [a, b, c, d, e, f, g, h].map((sum, head) => (heads[head]?.bias ?? 0) + (heads[head]?.step ?? 0) * sum);
}

/** `benign` has what the threat has not; the rest is shared among the families of attacks. */
function sharesOf(margins: readonly number[], threat: number): (readonly [ModelFamily, number])[] {
  const odds = margins.map((margin) => Math.exp(margin));
  const total = odds.reduce((sum, each) => sum + each, 0);
  const shares = MODEL_FAMILIES.map((family, index) => [family, family === 'benign' ? 1 - threat : threat * (odds[index] ?? 0) / total] as const);
  return shares.sort(([, a], [, b]) => b - a);
}
