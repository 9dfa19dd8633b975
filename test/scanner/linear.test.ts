import { join } from 'node:path';
import t from 'tap';
import { loadRulesDirs } from '../../src/scanner/builtin.js';
import { views } from '../../src/scanner/normalize.js';
import { loadRe2 } from '../../src/scanner/re2.js';
import { compileRules } from '../../src/scanner/ruleset.js';
import { hostileTexts } from '../bench/hostile-texts.js';
import { ruleWords } from '../fixtures/near-miss.js';

const SHORT = 5000;
const TIMES = 4;
/** Of every pattern: two texts in vain, what was begun then, one more look from the beginning, and as much for the parts behind a literal. */
const MAX_LOOKS = 6;

const builtin = await loadRulesDirs([join(import.meta.dirname, '../../src/scanner/rules')]);
const re2 = await loadRe2();
const families = hostileTexts(ruleWords(builtin));
const patterns = builtin.reduce((sum, { patterns }) => sum + patterns.length, 0);

t.test('the characters that are looked at grow with a hostile text and no faster, whichever engine runs', (t) => {
  for (const module of re2 === undefined ? [undefined] : [undefined, re2]) {
    const ruleset = compileRules(builtin, {}, module);
    const stepsOf = (text: string): number => {
      ruleset.find(text, 'prompt');
      return ruleset.steps;
    };
    for (const [kind, make] of families) {
      const short = stepsOf(make(SHORT));
      const long = stepsOf(make(TIMES * SHORT));
      t.ok(long <= 1.5 * TIMES * short + 4 * TIMES * SHORT, `${ruleset.engine}, ${kind}: ${short} steps, ${long} for ${TIMES} times the text`);
      t.ok(long <= MAX_LOOKS * patterns * TIMES * SHORT, `${ruleset.engine}, ${kind}: each pattern looks at each character a few times at most`);
    }
  }
  t.end();
});

t.test('the views of a hostile text have a few times its length together', (t) => {
  for (const [kind, make] of families) {
    for (const isJson of [false, true]) {
      const text = make(SHORT);
      let units = 0;
      for (const view of views(text, isJson)) units += view.text.length;
      t.ok(units <= 11 * text.length + 4096, `${kind}: ${units} units of ${text.length}`);
    }
  }
  t.end();
});
