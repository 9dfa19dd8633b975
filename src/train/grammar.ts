/** Source of choices for the grammars: the same seed makes the same texts. */
export interface Random {
  /** A whole number from 0 up to, not including, `bound`. */
  int(bound: number): number;
  pick<T>(items: readonly T[]): T;
  /** True with probability `p`. */
  chance(p: number): boolean;
}

export type GrammarFamily =
  'PI' | 'JB' | 'DE' | 'AGENT' | 'TOOL' | 'RAG' | 'MEM' | 'ENC' | 'BENIGN';

/** One text for training, `family` being BENIGN exactly when it is no attack. */
export interface GeneratedText {
  readonly text: string;
  readonly attack: boolean;
  readonly family: GrammarFamily;
  /** ISO 639-1. */
  readonly lang: string;
}

/** Makes attacks of one kind and, about half of the time, harmless texts that look like them. */
export interface Grammar {
  readonly name: string;
  readonly channel: 'direct' | 'embedded';
  generate(random: Random): GeneratedText;
}

/** Lists of phrases by name; a phrase is a template in turn. */
export type Slots = Readonly<Record<string, readonly string[]>>;

/** A grammar that is nothing but lists: templates of attacks, and templates of their harmless twins. */
export interface Topic {
  readonly name: string;
  readonly channel?: 'direct' | 'embedded';
  /** Of the attacks. */
  readonly family: GrammarFamily;
  /** ISO 639-1; English when left out. */
  readonly lang?: string;
  readonly slots?: Slots;
  /** Slots that keep one phrase throughout a text, such as the name of a character. */
  readonly once?: readonly string[];
  readonly attacks: readonly string[];
  /** Attacks of other families over the same slots. */
  readonly also?: readonly { readonly family: GrammarFamily; readonly attacks: readonly string[] }[];
  readonly harmless: readonly string[];
  /** The last touch, the same for both kinds; `vary` when left out. */
  readonly finish?: (text: string, random: Random) => string;
}

/** Random numbers from a seed by integer arithmetic only (mulberry32), hence equal on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const int = (bound: number): number => Math.floor((next() / 0x1_0000_0000) * bound);
  return {
    int,
    pick: (items) => {
      const item = items[int(items.length)];
      if (item === undefined) throw new RangeError('nothing to pick from');
      return item;
    },
    chance: (p) => next() < p * 0x1_0000_0000,
  };
}

/**
 * Fills a template: `{name}` takes a phrase of that slot, `{a|b|}` one of the alternatives, and both nest.
 * `{lb}` and `{rb}` stand for literal braces. A slot that does not exist is a RangeError.
 */
export function expand(template: string, slots: Slots, random: Random): string {
  let text = '';
  let at = 0;
  while (at < template.length) {
    const open = template.indexOf('{', at);
    if (open < 0) return text + template.slice(at);
    const { parts, end } = alternatives(template, open);
    text += template.slice(at, open);
    if (parts.length > 1) text += expand(random.pick(parts), slots, random);
    else text += fillSlot(parts.join(''), slots, random);
    at = end;
  }
  return text;
}

function fillSlot(name: string, slots: Slots, random: Random): string {
  if (name === 'lb') return '{';
  if (name === 'rb') return '}';
  const phrases = slots[name];
  if (phrases === undefined) throw new RangeError(`no slot named ${name}`);
  return expand(random.pick(phrases), slots, random);
}

/** What stands between the brace at `open` and its partner, split at the bars of that level. */
function alternatives(template: string, open: number): { parts: string[]; end: number } {
  const parts: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let at = open; at < template.length; at++) {
    const character = template[at];
    if (character === '{') depth++;
    else if (character === '}') depth--;
    const closed = depth === 0;
    if (closed || (character === '|' && depth === 1)) {
      parts.push(template.slice(start, at));
      start = at + 1;
    }
    if (closed) return { parts, end: start };
  }
  throw new RangeError(`a brace is not closed: ${template}`);
}

/** Makes a grammar of a topic: attack or twin by the toss of a coin. */
export function grammarOf(topic: Topic, shared: Slots = {}): Grammar {
  const { name, channel = 'direct', lang = 'en', finish = vary } = topic;
  const attacks = [topic, ...(topic.also ?? [])].flatMap(({ family, attacks }) =>
    attacks.map((template) => ({ family, template })));
  const harmless = topic.harmless.map((template) => ({ family: 'BENIGN' as const, template }));
  return {
    name,
    channel,
    generate(random) {
      const attack = random.chance(0.5);
      const slots: Record<string, readonly string[]> = { ...shared, ...topic.slots };
      for (const slot of topic.once ?? []) slots[slot] = [expand(`{${slot}}`, slots, random)];
      const { family, template } = random.pick<{ family: GrammarFamily; template: string }>(attack ? attacks : harmless);
      const text = finish(expand(template, slots, random), random).trim();
      return { text, attack, family, lang };
    },
  };
}

/** Writes the text as hurried people do, now and then: its case, its end, a typing error. */
export function vary(text: string, random: Random): string {
  return mistype(punctuate(recase(text, random), random), random);
}

/** Mostly leaves the case alone; otherwise all small, all capitals, or a capital at the start. */
export function recase(text: string, random: Random): string {
  const kind = random.int(20);
  if (kind < 3) return text.toLowerCase();
  if (kind === 3) return text.toUpperCase();
  if (kind < 12) return text.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());
  return text;
}

/** Now and then drops the last full stop, or ends in another sign. */
export function punctuate(text: string, random: Random): string {
  const kind = random.int(12);
  if (kind < 3) return text.replace(/[.!]+$/, '');
  if (kind === 3) return text.replace(/[.!]*$/, random.pick(['!', '!!', '...', '. ', '!!!']));
  if (kind === 4) return text.replaceAll(', ', random.pick([' ', ' , ', ',']));
  return text;
}

/** Now and then swaps, drops or doubles a letter inside a long word. */
export function mistype(text: string, random: Random): string {
  if (!random.chance(0.15)) return text;
  return text.replace(/\p{L}{5,}/gu, (word) => {
    if (!random.chance(0.12)) return word;
    const letters = [...word];
    const at = 1 + random.int(letters.length - 2);
    const here = letters[at] ?? '';
    const kind = random.int(3);
    if (kind === 0) letters.splice(at, 1);
    else if (kind === 1) letters.splice(at, 0, here);
    else letters.splice(at, 2, letters[at + 1] ?? '', here);
    return letters.join('');
  });
}
