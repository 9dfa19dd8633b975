/**
 * How a text reached the language model: said to it by a user (`direct`), or standing in data that it reads, such as
 * documents, web pages and results of tools (`embedded`).
 */
export type ModelChannel = 'direct' | 'embedded';

/** The names of what the model tells apart. Their order is that of the weights file. */
export const MODEL_FAMILIES = [
  'prompt_injection', 'jailbreak', 'data_exfiltration', 'agent_manipulation', 'tool_abuse', 'encoding_evasion', 'rag_poisoning', 'memory_poisoning', 'benign',
] as const;
export type ModelFamily = typeof MODEL_FAMILIES[number];

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
