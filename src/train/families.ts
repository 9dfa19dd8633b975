import { FEATURES } from '../model/features.js';
import { MODEL_FAMILIES } from '../model/family.js';
import type { ModelFamily } from '../model/family.js';
import type { LinearHead } from '../model/weights.js';
import { seededRandom } from './grammar.js';
import type { Windows } from './head.js';
import { trainLinear } from './linear.js';
import { quantize } from './quantize.js';

/** The families of the corpus as the model spells them. */
const FAMILY_OF: Readonly<Record<string, ModelFamily>> = {
  PI: 'prompt_injection', JB: 'jailbreak', DE: 'data_exfiltration', AGENT: 'agent_manipulation',
  TOOL: 'tool_abuse', ENC: 'encoding_evasion', RAG: 'rag_poisoning', MEM: 'memory_poisoning',
};

const ROUNDS = 5;
const SEED = 11;
const ERROR_COST = 1;

/** One head for each family of attacks, which tells it from the others; learnt from the window that makes each attack one. */
export function trainFamilies(all: Windows, attackWeights: Float64Array): LinearHead[] {
  const attacks = all.examples.flatMap(({ attack, isTrainedOn, family, origin }, index) => {
    const name = FAMILY_OF[family];
    return attack && isTrainedOn && name !== undefined ? [{ name, group: `${origin} ${family}`, row: all.best(index, attackWeights).row }] : [];
  });
  const counts = new Map<string, number>();
  for (const { group } of attacks) counts.set(group, (counts.get(group) ?? 0) + 1);
  const rows = Int32Array.from(attacks, ({ row }) => row);
  const shares = attacks.map(({ group }) => 1 / Math.sqrt(counts.get(group) ?? 1));
  const mean = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
  const costs = Float64Array.from(shares, (share) => ERROR_COST * share / mean);
  return MODEL_FAMILIES.slice(0, -1).map((family) => {
    const labels = Int8Array.from(attacks, ({ name }) => (name === family ? 1 : -1));
    const weights = trainLinear({ matrix: all.matrix, rows, labels, costs, rounds: ROUNDS }, seededRandom(SEED));
    return quantizedHead(weights);
  });
}

export function quantizedHead(weights: Float64Array): LinearHead {
  const { bytes, step } = quantize(weights.subarray(0, FEATURES));
  return { weights: bytes, step, bias: weights[FEATURES] ?? 0 };
}
