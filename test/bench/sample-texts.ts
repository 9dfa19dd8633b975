import { readTexts } from '../eval/texts.js';
import { nearMissText, seeded } from '../fixtures/near-miss.js';
import { flat } from './hostile-texts.js';

/** Harmless sources of English that are everyday traffic; the other sources are made to be hard. */
const EVERYDAY = /^(xquad|banking77|misc_prompts_benign|tldr|code_benign)$/;

/** So many everyday texts of one length: of a folder of labelled texts when there is one, else sentences of common words. */
export function everydayTexts(folder: string | undefined, length: number, count: number): string[] {
  const next = seeded(length);
  if (folder === undefined) return Array.from({ length: count }, () => nearMissText([], length, 0, next));
  const texts: string[] = [];
  for (const { source, attack, lang, text } of readTexts(folder)) if (!attack && EVERYDAY.test(source) && (lang === 'en' || lang === '?')) texts.push(text);
  const cut: string[] = [];
  let joined = '';
  for (const text of shuffled(texts, next)) {
    joined += `${text}\n`;
    if (joined.length < length) continue;
    cut.push(flat(joined.slice(0, length)));
    joined = '';
    if (cut.length === count) break;
  }
  return cut;
}

/** The same for the same seed. */
export function shuffled<T>(values: readonly T[], next: (bound: number) => number): T[] {
  return values.map((value) => ({ value, place: next(0x7fffffff) })).sort((a, b) => a.place - b.place).map(({ value }) => value);
}
