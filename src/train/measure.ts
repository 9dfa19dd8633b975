import type { ModelChannel } from '../model/family.js';
import { macroRate, rateOf } from './calibration.js';
import type { SourceMargins } from './calibration.js';
import type { Example } from './examples.js';
import { DERIVED, GENERATED } from './folds.js';

/** What operators write to instruct an assistant: instructions by nature, which no channel of data is judged by. */
const INSTRUCTIONS: ReadonlySet<string> = new Set(['prompts_benign', 'cyberseceval_benign:CyberSecEval system prompts']);
/** Fewer texts say nothing of a rate. */
const MIN_TEXTS = 20;

/** The margins that a channel is judged by, source by source: its own attacks, and everything harmless that may pass it. */
export function marginsBySource(examples: readonly Example[], margins: Float64Array, channel: ModelChannel): SourceMargins[] {
  const sources = new Map<string, { attacks: number[]; benign: number[] }>();
  for (const [index, { source, origin, fold, attack, family, isEmbedded }] of examples.entries()) {
    if (fold === GENERATED || family === 'HC' || (attack && isEmbedded !== (channel === 'embedded'))) continue;
    if (channel === 'embedded' && (INSTRUCTIONS.has(source) || INSTRUCTIONS.has(origin))) continue;
    const found = sources.get(source) ?? { attacks: [], benign: [] };
    sources.set(source, found);
    (attack ? found.attacks : found.benign).push(margins[index] ?? 0);
  }
  return [...sources].map(([source, { attacks, benign }]) => ({ source, attacks: enough(attacks), benign: enough(benign) }));
}

/** Those that were really unseen. */
export function unseen(sources: readonly SourceMargins[]): SourceMargins[] {
  return sources.filter(({ source }) => !DERIVED.has(source));
}

function enough(margins: number[]): number[] {
  return margins.length < MIN_TEXTS ? [] : margins;
}

/** What of a source is found at a threshold. */
export interface SourceRates {
  readonly source: string;
  readonly attacks: number;
  readonly tpr?: number;
  readonly benign: number;
  readonly fpr?: number;
}

export function ratesAt(sources: readonly SourceMargins[], threshold: number): SourceRates[] {
  return sources.map(({ source, attacks, benign }) => ({
    source,
    attacks: attacks.length,
    ...(attacks.length > 0 && { tpr: rounded(rateOf(attacks, threshold)) }),
    benign: benign.length,
    ...(benign.length > 0 && { fpr: rounded(rateOf(benign, threshold)) }),
  }));
}

export function macroAt(sources: readonly SourceMargins[], threshold: number): { readonly tpr: number; readonly fpr: number; readonly worst: number } {
  return {
    tpr: rounded(macroRate(sources.map(({ attacks }) => attacks), threshold)),
    fpr: rounded(macroRate(sources.map(({ benign }) => benign), threshold)),
    worst: rounded(Math.max(0, ...sources.map(({ benign }) => (benign.length === 0 ? 0 : rateOf(benign, threshold))))),
  };
}

/** A table for people. */
export function renderRates(title: string, rates: readonly SourceRates[]): string {
  const percent = (rate: number | undefined): string => (rate === undefined ? '' : `${(rate * 100).toFixed(2)} %`).padStart(9);
  const lines = rates.map(({ source, attacks, tpr, benign, fpr }) => {
    const note = DERIVED.has(source) ? '  made of texts that were trained on' : '';
    return `${source.padEnd(26)}${String(attacks).padStart(8)}${percent(tpr)}${String(benign).padStart(8)}${percent(fpr)}${note}`;
  });
  return [`${title.toUpperCase().padEnd(26)} ATTACKS      TPR  BENIGN      FPR`, ...lines, ''].join('\n');
}

function rounded(rate: number): number {
  return Math.round(rate * 1e4) / 1e4;
}
