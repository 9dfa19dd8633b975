import { FEATURES } from '../model/features.js';
import type { ModelChannel } from '../model/family.js';
import { SENTENCE_HANDICAP } from '../model/model.js';
import { encodeWeights } from '../model/weights.js';
import type { ChannelHead, LinearHead } from '../model/weights.js';
import { calibrate, chooseThreshold } from './calibration.js';
import type { Example } from './examples.js';
import { quantizedHead, trainFamilies } from './families.js';
import { MEASURED } from './folds.js';
import { outOfFoldMargins, trainHead, Windows } from './head.js';
import { macroAt, marginsBySource, ratesAt, renderRates, unseen } from './measure.js';
import type { SourceRates } from './measure.js';

/** False positives that each channel may have on sources that it has not seen: macro over sources, and of the worst one. */
const ALLOWED: Readonly<Record<ModelChannel, { readonly macro: number; readonly worst: number }>> = {
  direct: { macro: 0.008, worst: 0.048 },
  embedded: { macro: 0.01, worst: 0.05 },
};

export interface TrainedChannel {
  readonly channel: ModelChannel;
  readonly head: ChannelHead;
  /** A probability. */
  readonly threshold: number;
  readonly macro: { readonly tpr: number; readonly fpr: number; readonly worst: number };
  readonly rates: readonly SourceRates[];
  readonly report: string;
}

export interface TrainedModel {
  /** The weights file. */
  readonly bytes: Uint8Array;
  readonly channels: readonly TrainedChannel[];
}

/** What was learnt of one channel's windows. */
interface Learnt {
  /** Of every example, by weights that have not seen its source. */
  readonly margins: Float64Array;
  readonly weights: LinearHead;
}

/** Trains both channels and the families: thresholds and calibration by sources left out, weights by all. The same examples give the same bytes. */
export function trainModel(examples: readonly Example[], log: (line: string) => void): TrainedModel {
  let families: LinearHead[] = [];
  const learn = (channel: ModelChannel): Learnt => {
    const all = new Windows(examples, channel);
    log(`${channel}: ${examples.length} texts, ${all.matrix.rows} windows, ${FEATURES} features`);
    const margins = outOfFoldMargins(all, (fold) => log(`${channel}: without fold ${fold}`));
    const weights = trainHead(all, MEASURED);
    if (channel === 'direct') families = trainFamilies(all, weights);
    return { margins, weights: quantizedHead(weights) };
  };
  const whole = learn('direct');
  const sentences = learn('embedded');
  const judge = (channel: ModelChannel, { weights }: Learnt, margins: Float64Array): TrainedChannel => {
    const sources = marginsBySource(examples, margins, channel);
    const judged = unseen(sources);
    const margin = chooseThreshold(judged, ALLOWED[channel]);
    const { slope, intercept } = calibrate(judged);
    const threshold = 1 / (1 + Math.exp(-(slope * margin + intercept)));
    const macro = macroAt(judged, margin);
    const rates = ratesAt(sources, margin);
    const report = `${renderRates(channel, rates)}macro TPR ${percent(macro.tpr)}, FPR ${percent(macro.fpr)}, worst ${percent(macro.worst)}, threshold ${threshold.toFixed(4)}\n`;
    return { channel, head: { ...weights, slope, intercept, threshold }, threshold, macro, rates, report };
  };
  const direct = judge('direct', whole, whole.margins.map((margin, index) => Math.max(margin, (sentences.margins[index] ?? 0) - SENTENCE_HANDICAP)));
  const embedded = judge('embedded', sentences, sentences.margins);
  return { bytes: encodeWeights({ channels: { direct: direct.head, embedded: embedded.head }, families }), channels: [direct, embedded] };
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(2)} %`;
}
