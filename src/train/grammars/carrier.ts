import { expand, type Random, type Slots } from '../grammar.js';
import { SHARED_SLOTS } from './shared-slots.js';

/** What a carrier's text is, hence how a sentence is written into it. */
export type CarrierForm = 'prose' | 'line' | 'json' | 'html' | 'csv';

/** A kind of document with places for a foreign sentence. */
export interface Carrier {
  readonly name: string;
  readonly form: CarrierForm;
  /** Templates; `{note}` is the foreign sentence alone, `{body}` is it among sentences of the carrier, `{s}` one of those. */
  readonly templates: readonly string[];
  readonly sentences: readonly string[];
  readonly slots?: Slots;
}

/** Stands for the foreign sentence until the carrier is filled, for the sentence may hold braces. */
const MARK = '\u0001';

/** A document of the carrier's kind with the sentence in it. */
export function fillCarrier(carrier: Carrier, sentence: string, random: Random): string {
  const slots: Slots = { ...SHARED_SLOTS, ...carrier.slots, s: carrier.sentences, note: [MARK] };
  const body = bodyTemplate(carrier.form, random);
  const text = expand(random.pick(carrier.templates), { ...slots, body: [body] }, random);
  return text.replaceAll(MARK, () => written(sentence, carrier.form)).trim();
}

function bodyTemplate(form: CarrierForm, random: Random): string {
  const parts = Array.from({ length: 1 + random.int(4) }, () => '{s}');
  parts.splice(random.int(parts.length + 1), 0, '{note}');
  const breaks = form === 'prose' ? [' ', ' ', '\n', '\n\n'] : form === 'html' ? [' ', '<br>', '</p>\n<p>'] : [' '];
  return parts.join(random.pick(breaks));
}

function written(sentence: string, form: CarrierForm): string {
  switch (form) {
    case 'prose': return sentence;
    case 'html': return sentence.replaceAll('\n', '<br>');
    case 'line': return sentence.replace(/\s*\n\s*/g, ' ');
    case 'csv': return sentence.replace(/\s*\n\s*/g, ' ').replaceAll('"', '""');
    case 'json': return JSON.stringify(sentence).slice(1, -1);
  }
}
