/** What the model tells apart, in the order of the weights file; `benign` is last. */
export const MODEL_FAMILIES = [
  'prompt_injection', 'jailbreak', 'data_exfiltration', 'agent_manipulation', 'tool_abuse', 'encoding_evasion', 'rag_poisoning', 'memory_poisoning', 'benign',
] as const;
export type ModelFamily = typeof MODEL_FAMILIES[number];

/**
 * How a text reached the language model: said to it by a user (`direct`), or standing in data that it reads, such as
 * documents, web pages and results of tools (`embedded`).
 */
export type ModelChannel = 'direct' | 'embedded';
