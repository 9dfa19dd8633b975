import t, { type Test } from 'tap';
import { seededRandom, type Grammar, type GeneratedText } from '../../src/train/grammar.js';
import { EMBEDDED_GRAMMARS } from '../../src/train/grammars/all-embedded.js';

const TEXTS = 200;
const UNEXPANDED = /\{[a-z_]+\}|\{[^{}"\n]*\|[^{}"\n]*\}|\u0001/;

for (const grammar of EMBEDDED_GRAMMARS) {
  t.test(`${grammar.name} makes both attacks and harmless texts, most of them distinct`, (t) => {
    const texts = generate(grammar, 1);
    const attacks = texts.filter((text) => text.attack).length;
    t.ok(attacks > TEXTS * 0.3 && attacks < TEXTS * 0.7, `${String(attacks)} of ${String(TEXTS)} are attacks`);
    checkTexts(t, texts);
    t.end();
  });
}

t.test('the same seed makes the same texts, another seed makes others', (t) => {
  for (const grammar of EMBEDDED_GRAMMARS) {
    t.same(generate(grammar, 7), generate(grammar, 7), grammar.name);
    t.not(JSON.stringify(generate(grammar, 7)), JSON.stringify(generate(grammar, 8)), grammar.name);
  }
  t.end();
});

t.test('names are unique', (t) => {
  const names = EMBEDDED_GRAMMARS.map((grammar) => grammar.name);
  t.equal(new Set(names).size, names.length);
  t.end();
});

function checkTexts(t: Test, texts: readonly GeneratedText[]): void {
  t.ok(new Set(texts.map((text) => text.text)).size > TEXTS * 0.85, 'distinct');
  for (const { text, attack, family, lang } of texts) {
    if (UNEXPANDED.test(text)) t.fail(`not expanded: ${text}`);
    if (text.trim() === '') t.fail('an empty text');
    if (attack === (family === 'BENIGN')) t.fail(`label and family differ: ${text}`);
    if (!/^[a-z]{2}$/.test(lang)) t.fail(`no language: ${lang}`);
  }
}

function generate(grammar: Grammar, seed: number): GeneratedText[] {
  const random = seededRandom(seed);
  return Array.from({ length: TEXTS }, () => grammar.generate(random));
}
