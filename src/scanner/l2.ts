import type { Model, ModelChannel, ModelFamily, ModelScore } from '../model/model.js';
import type { Channel } from './channel.js';
import { sourceOf } from './channel.js';
import { HIDING } from './decode/decode.js';
import type { Detection, Family, L2Result, Source } from './verdict.js';
import type { View } from './view.js';

/** Whether the model is asked, and from which probability on it is believed: everywhere, or by source; null: its own thresholds. */
export interface L2Policy {
  readonly enabled: boolean;
  readonly threshold: number | Readonly<Partial<Record<Source, number>>> | null;
}

/** What the model said of one way to look at a text. */
export interface L2Finding {
  readonly source: Source;
  readonly view: View;
  readonly isThreat: boolean;
  readonly probability: number;
  /** Best first; of a threat without "benign" before a threat's name. */
  readonly families: readonly (readonly [ModelFamily, number])[];
  /** Of the view's text. */
  readonly span: readonly [number, number];
}

/** What the model is asked of: not the operator's own word, not what the model itself wrote, and no arguments, which are code and data rather than speech. */
const MODEL_CHANNEL: Readonly<Partial<Record<Channel, ModelChannel>>> = { prompt: 'direct', rag_context: 'embedded', tool_results: 'embedded' };

export type Threat = Exclude<ModelFamily, 'benign'>;

const THREATS: Readonly<Record<Threat, { readonly family: Family; readonly name: string }>> = {
  prompt_injection: { family: 'PI', name: 'Prompt injection, says the model' },
  jailbreak: { family: 'JB', name: 'Jailbreak, says the model' },
  data_exfiltration: { family: 'DE', name: 'Data exfiltration, says the model' },
  agent_manipulation: { family: 'AGENT', name: 'Agent manipulation, says the model' },
  tool_abuse: { family: 'TOOL', name: 'Tool abuse, says the model' },
  encoding_evasion: { family: 'ENC', name: 'Evasion by encoding, says the model' },
  rag_poisoning: { family: 'RAG', name: 'Retrieval poisoning, says the model' },
  memory_poisoning: { family: 'MEM', name: 'Memory poisoning, says the model' },
};

/** The ids of the detections that the model may make. */
export const L2_RULE_IDS: readonly string[] = Object.keys(THREATS).map((family) => `l2-${family}`);

export function isThreat(name: string): name is Threat {
  return Object.hasOwn(THREATS, name);
}

export function modelChannel(channel: Channel): ModelChannel | undefined {
  return MODEL_CHANNEL[channel];
}

/** The views of a text that the model is asked about: the plainest of what stands there, and all that it hides. */
export function viewsForModel(views: readonly View[]): View[] {
  const decoded = views.filter(({ kind }) => HIDING[kind] !== undefined);
  const plainest = views.findLast(({ kind }) => HIDING[kind] === undefined);
  return plainest === undefined ? decoded : [plainest, ...decoded];
}

export function judge(view: View, channel: Channel, how: { readonly model: Model; readonly askedAs: ModelChannel; readonly policy: L2Policy }): L2Finding {
  const source = sourceOf(channel);
  const { threatProbability, families, span } = how.model.score(view.text, how.askedAs);
  const believed = threatProbability >= (thresholdOf(how.policy, source) ?? how.model.thresholds[how.askedAs]);
  return { source, view, isThreat: believed, probability: rounded(threatProbability), families: ordered(families, believed), span };
}

/** The detection of a threat; undefined for what is none. `base`: the view of the source that the text was. */
export function l2Detection({ source, view, isThreat: believed, probability, families, span }: L2Finding, base: View): Detection | undefined {
  const prediction = families[0]?.[0];
  if (!believed || prediction === undefined || prediction === 'benign') return undefined;
  return {
    rule_id: `l2-${prediction}`, ...THREATS[prediction], severity: 'high', confidence: probability,
    source, span: base.toOriginal(...view.toOriginal(...span)), layer: 'l2',
  };
}

/** The verdict's `l2`: what the model said of the text that it found worst. */
export function l2Result(model: Model, findings: readonly L2Finding[], hit: boolean): L2Result {
  const worst = [...findings].sort((a, b) => Number(b.isThreat) - Number(a.isThreat) || b.probability - a.probability)[0];
  const best = worst?.families[0];
  return {
    enabled: true, hit, model_version: model.version,
    ...(worst === undefined ? {} : { binary: { is_threat: worst.isThreat, threat_probability: worst.probability, safe_probability: rounded(1 - worst.probability) } }),
    ...(worst === undefined || best === undefined ? {} : { family: { prediction: best[0], confidence: rounded(best[1]), top3: worst.families.slice(0, 3).map(([name, share]) => [name, rounded(share)] as const) } }),
  };
}

function thresholdOf({ threshold }: L2Policy, source: Source): number | undefined {
  return typeof threshold === 'number' ? threshold : threshold?.[source];
}

/** The two heads may disagree: a text that the first one calls a threat bears the name of the likeliest threat. */
function ordered(families: ModelScore['families'], believed: boolean): L2Finding['families'] {
  return believed && families[0]?.[0] === 'benign' ? [...families.slice(1), families[0]] : families;
}

function rounded(share: number): number {
  return Math.round(share * 1e4) / 1e4;
}
