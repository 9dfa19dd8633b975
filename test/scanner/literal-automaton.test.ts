import assert from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import { Hits, LiteralAutomaton } from '../../src/scanner/literal-automaton.js';
import { literalTables } from '../../src/scanner/literal-tables.js';
import { UnitBuffer } from '../../src/scanner/regex/units.js';

/** All places where literals end, found by looking for each at each place. */
function plainSearch(literals: readonly string[], text: string): string[] {
  const found: string[] = [];
  for (let end = 1; end <= text.length; end++) {
    for (const literal of literals) if (text.slice(0, end).endsWith(literal)) found.push(`${literal} ${end}`);
  }
  return found.sort();
}

function search(literals: readonly string[], text: string): string[] {
  const endings: (readonly number[])[] = [];
  const automaton = new LiteralAutomaton(literalTables(literals, (indexes) => endings.push(indexes)));
  const hits = new Hits();
  automaton.search(new UnitBuffer().copy(text), hits, 0);
  const found: string[] = [];
  for (let i = 0; i < hits.length; i += 2) for (const index of endings[hits.pairs[i] ?? 0] ?? []) found.push(`${literals[index]} ${hits.pairs[i + 1]}`);
  return found.sort();
}

const word = (letters: string, maxLength: number): fc.Arbitrary<string> => fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength }).map((units) => units.join(''));
/** More different units than the table of pairs has room for. */
const MANY = Array.from({ length: 200 }, (_, index) => String.fromCharCode(0x4e00 + index)).join('');

t.test('the automaton finds every literal wherever it ends, also inside and across others', (t) => {
  for (const letters of ['ab', 'abcd. ', MANY.slice(0, 3)]) {
    fc.assert(fc.property(fc.uniqueArray(word(letters, 5), { minLength: 1, maxLength: 12 }), word(`${letters}z`, 60), (literals, text) => {
      const withMany = [...new Set([...literals, ...MANY])];
      assert.deepEqual(search(literals, text), plainSearch(literals, text));
      assert.deepEqual(search(withMany, text), plainSearch(withMany, text));
    }), { numRuns: 300 });
  }
  t.end();
});
