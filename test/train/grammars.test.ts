import assert from 'node:assert/strict';
import t from 'tap';
import { expand, seededRandom } from '../../src/train/grammar.js';
import { DIRECT_GRAMMARS } from '../../src/train/grammars/all-direct.js';

const ROWS = 200;

t.test('a template is filled from nested slots and alternatives', (t) => {
  const slots = { who: ['{name}'], name: ['Ada'] };
  const filled = expand('{{who}|{who}} said {lb}x|y{rb}{|}', slots, seededRandom(1));
  t.equal(filled, 'Ada said {x|y}');
  t.end();
});

t.test('a slot that does not exist and a brace that stays open are errors, not texts', (t) => {
  t.throws(() => expand('{nobody}', {}, seededRandom(1)), RangeError);
  t.throws(() => expand('{a|b', {}, seededRandom(1)), RangeError);
  t.throws(() => expand('{empty}', { empty: [] }, seededRandom(1)), RangeError);
  t.end();
});

t.test('random numbers are the same for the same seed and stay below their bound', (t) => {
  const [left, right] = [seededRandom(42), seededRandom(42)];
  const seen = new Set<number>();
  for (let i = 0; i < 1000; i++) {
    const number = left.int(7);
    assert.equal(number, right.int(7));
    assert.ok(number >= 0 && number < 7);
    seen.add(number);
  }
  t.equal(seen.size, 7);
  t.notOk(seededRandom(3).chance(0));
  t.ok(seededRandom(3).chance(1));
  t.end();
});

t.test('the direct grammars have names of their own', (t) => {
  t.equal(new Set(DIRECT_GRAMMARS.map((grammar) => grammar.name)).size, DIRECT_GRAMMARS.length);
  t.end();
});

for (const grammar of DIRECT_GRAMMARS) {
  t.test(`${grammar.name} makes different texts of both kinds, the same ones for a seed`, (t) => {
    const [random, again] = [seededRandom(7), seededRandom(7)];
    const texts = Array.from({ length: ROWS }, () => grammar.generate(random));
    t.same(texts, Array.from({ length: ROWS }, () => grammar.generate(again)));
    const attacks = texts.filter((row) => row.attack);
    t.ok(attacks.length > ROWS / 4 && attacks.length < (3 * ROWS) / 4, `${attacks.length} attacks`);
    t.ok(new Set(texts.map((row) => row.text)).size >= ROWS * 0.7, 'few repeats');
    for (const { text, attack, family, lang } of texts) {
      assert.ok(text.length >= 2, text);
      assert.equal(attack, family !== 'BENIGN', text);
      assert.match(lang, /^[a-z]{2}$/);
      assert.doesNotMatch(text, /\{[a-z][a-zA-Z]*\}/, 'a slot left open');
    }
    t.end();
  });
}
