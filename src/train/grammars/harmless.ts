import { expand, vary, type Grammar, type Random, type Slots } from '../grammar.js';
import { SHARED_SLOTS } from './shared-slots.js';

/** Texts that are no attack although they look like one. */
export interface HarmlessTopic {
  readonly name: string;
  /** ISO 639-1; English when left out. */
  readonly lang?: string;
  readonly slots?: Slots;
  readonly texts: readonly string[];
  /** The last touch; `vary` when left out. */
  readonly finish?: (text: string, random: Random) => string;
}

/** Makes a grammar of the direct channel that never attacks. */
export function harmlessGrammar(topic: HarmlessTopic): Grammar {
  const { name, lang = 'en', texts, finish = vary } = topic;
  const slots = { ...SHARED_SLOTS, ...topic.slots };
  return {
    name,
    channel: 'direct',
    generate(random) {
      const text = finish(expand(random.pick(texts), slots, random), random).trim();
      return { text, attack: false, family: 'BENIGN', lang };
    },
  };
}
