import { foldOf, GENERATED, isForTraining } from './folds.js';
import type { CorpusFile } from './corpus.js';
import type { Grammar } from './grammar.js';
import { seededRandom } from './grammar.js';

/** A text to learn from or to measure with. */
export interface Example {
  readonly text: string;
  readonly attack: boolean;
  readonly family: string;
  /** The file's name, or `grammar:` and the grammar's. */
  readonly source: string;
  /** All that weigh together as one source. */
  readonly origin: string;
  /** Where it is left out (folds.ts). */
  readonly fold: number;
  readonly isTrainedOn: boolean;
  /** Whether it stands in data rather than is said to the model. */
  readonly isEmbedded: boolean;
}

/** Of each file at most so many texts are learnt from: more of the same teach nothing, and take time. */
const MAX_TEXTS_PER_FILE = 400;
const TEXTS_PER_GRAMMAR = 150;
const EMBEDDED_FAMILIES: ReadonlySet<string> = new Set(['RAG', 'TOOL']);

/** The texts of a file, those to learn from spread over it. */
export function corpusExamples({ source, texts }: CorpusFile): Example[] {
  const stride = Math.max(1, texts.filter(isForTraining).length / MAX_TEXTS_PER_FILE);
  let eligible = 0;
  let next = 0;
  return texts.filter(({ family }) => family !== 'CMD' && family !== 'PII').map((each) => {
    const isTrainedOn = isForTraining(each) && eligible++ >= next;
    if (isTrainedOn) next += stride;
    return {
      text: each.text, attack: each.attack, family: each.family, source, origin: originOf(source, each.origin),
      fold: foldOf(each), isTrainedOn, isEmbedded: EMBEDDED_FAMILIES.has(each.family),
    };
  });
}

/** Files that collect texts of different hands. */
const COLLECTIONS: ReadonlySet<string> = new Set(['prompts_benign', 'tools_benign', 'cyberseceval_benign']);

function originOf(source: string, origin: string): string {
  return COLLECTIONS.has(source) ? `${source}:${origin}` : source;
}

/** Texts that a grammar makes, the same ones every time. */
export function grammarExamples(grammar: Grammar): Example[] {
  let seed = 0;
  for (const char of grammar.name) seed = Math.imul(seed ^ char.charCodeAt(0), 0x01000193);
  const random = seededRandom(seed);
  const source = `grammar:${grammar.name}`;
  return Array.from({ length: TEXTS_PER_GRAMMAR }, () => {
    const { text, attack, family } = grammar.generate(random);
    return { text: text.toWellFormed(), attack, family, source, origin: source, fold: GENERATED, isTrainedOn: true, isEmbedded: grammar.channel === 'embedded' };
  });
}
