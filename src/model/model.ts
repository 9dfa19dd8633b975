import { createHash } from 'node:crypto';
import { BLOCKS, Features, SUBLINEAR } from './features.js';
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

/** The model in a weights file (weights.ts). Throws `INTERNAL` when the bytes are not one. */
export function readModel(bytes: Uint8Array): Model {
  const { channels, families } = decodeWeights(bytes);
  const features = new Features();
  return {
    version: createHash('sha256').update(bytes).digest('hex').slice(0, 12),
    thresholds: { direct: channels.direct.threshold, embedded: channels.embedded.threshold },
    score(text, channel) {
      const head = channels[channel];
      let best = -Infinity;
      let span: readonly [number, number] = [0, text.length];
      for (const window of windows(text, channel)) {
        features.read(text, window[0], window[1]);
        const margin = marginOf(features, head);
        if (margin <= best) continue;
        best = margin;
        span = window;
      }
      const threatProbability = 1 / (1 + Math.exp(-(head.slope * best + head.intercept)));
      features.read(text, span[0], span[1]);
      return { threatProbability, families: sharesOf(families.map((family) => marginOf(features, family)), threatProbability), span };
    },
  };
}

function marginOf({ found, size, counts }: Features, { weights, step, bias }: LinearHead): number {
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

/** `benign` has what the threat has not; the rest is shared among the families of attacks. */
function sharesOf(margins: readonly number[], threat: number): (readonly [ModelFamily, number])[] {
  const odds = margins.map((margin) => Math.exp(margin));
  const total = odds.reduce((sum, each) => sum + each, 0);
  const shares = MODEL_FAMILIES.map((family, index) => [family, family === 'benign' ? 1 - threat : threat * (odds[index] ?? 0) / total] as const);
  return shares.sort(([, a], [, b]) => b - a);
}
