import t from 'tap';
import { seededRandom, type Grammar, type GeneratedText } from '../../src/train/grammar.js';
import { HARMLESS_GRAMMARS, NEGATIVE_GRAMMARS } from '../../src/train/grammars/all-negatives.js';

const TEXTS = 200;
const UNEXPANDED = /\{[a-z_]+\}|\{[^{}"\n]*\|[^{}"\n]*\}|\u0001/;

for (const grammar of HARMLESS_GRAMMARS) {
  t.test(`${grammar.name} makes harmless direct texts, most of them distinct`, (t) => {
    const texts = generate(grammar, 1);
    t.equal(grammar.channel, 'direct');
    t.ok(new Set(texts.map((text) => text.text)).size > TEXTS * 0.6, 'distinct');
    for (const { text, attack, family } of texts) {
      if (attack || family !== 'BENIGN') t.fail(`not harmless: ${text}`);
      if (text === '' || UNEXPANDED.test(text)) t.fail(`not expanded: ${text}`);
    }
    t.same(generate(grammar, 1), texts, 'the same seed makes the same texts');
    t.end();
  });
}

t.test('pasted documents and other languages hold attacks as well as harmless texts', (t) => {
  for (const grammar of NEGATIVE_GRAMMARS.slice(HARMLESS_GRAMMARS.length)) {
    const texts = generate(grammar, 1);
    const attacks = texts.filter((text) => text.attack).length;
    t.ok(attacks > TEXTS * 0.3 && attacks < TEXTS * 0.7, `${grammar.name}: ${String(attacks)} of ${String(TEXTS)} are attacks`);
    t.equal(grammar.channel, 'direct');
    for (const { text, attack, family } of texts) {
      if (attack === (family === 'BENIGN')) t.fail(`label and family differ: ${text}`);
      if (text === '' || UNEXPANDED.test(text)) t.fail(`not expanded: ${text}`);
    }
  }
  t.end();
});

t.test('names of direct grammars are unique', (t) => {
  const names = NEGATIVE_GRAMMARS.map((grammar) => grammar.name);
  t.equal(new Set(names).size, names.length);
  t.end();
});

function generate(grammar: Grammar, seed: number): GeneratedText[] {
  const random = seededRandom(seed);
  return Array.from({ length: TEXTS }, () => grammar.generate(random));
}
