import { expand, mistype, recase, type GeneratedText, type Grammar, type GrammarFamily, type Random, type Slots } from '../grammar.js';
import { fillCarrier, type Carrier } from './carrier.js';
import { CARRIERS } from './carriers.js';
import { FOREIGN_CARRIERS } from './carriers-foreign.js';
import { SHARED_SLOTS } from './shared-slots.js';

/** Instructions to an assistant, and their harmless twins, that are to stand in data. */
export interface EmbeddedTopic {
  readonly name: string;
  /** Of the attacks. */
  readonly family: GrammarFamily;
  /** Of the sentences, ISO 639-1; English when left out. */
  readonly lang?: string;
  readonly slots?: Slots;
  readonly attacks: readonly string[];
  readonly harmless: readonly string[];
  /** Where the sentences mostly stand; everywhere when left out. */
  readonly carriers?: readonly Carrier[];
}

/** Makes a grammar of sentences in data: bare, between two others, or in a whole document, half of them harmless. */
export function embeddedGrammar(topic: EmbeddedTopic): Grammar {
  return {
    name: topic.name,
    channel: 'embedded',
    generate(random) {
      const note = sentenceOf(topic, random);
      const carrier = carrierOf(topic, random);
      const kind = random.int(10);
      if (kind < 3) return note;
      const document: Carrier = kind < 5 ? { ...carrier, form: 'line', templates: ['{body}'] } : carrier;
      return { ...note, text: fillCarrier(document, note.text, random) };
    },
  };
}

function carrierOf({ carriers = CARRIERS, lang = 'en' }: EmbeddedTopic, random: Random): Carrier {
  return random.pick(random.chance(lang === 'en' ? 0.08 : 0.4) ? FOREIGN_CARRIERS : carriers);
}

/** One sentence of a topic: attack or twin by the toss of a coin. */
function sentenceOf(topic: EmbeddedTopic, random: Random): GeneratedText {
  const attack = random.chance(0.5);
  const sentence = expand(random.pick(attack ? topic.attacks : topic.harmless), { ...SHARED_SLOTS, ...topic.slots }, random);
  const text = random.chance(0.8) ? capitalise(sentence) : mistype(recase(sentence, random), random);
  return { text: text.trim(), attack, family: attack ? topic.family : 'BENIGN', lang: topic.lang ?? 'en' };
}

function capitalise(text: string): string {
  return text.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());
}
