import assert from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import { markupView, mayBeTorn } from '../../src/scanner/decode/markup.js';
import { UnitBuffer } from '../../src/scanner/regex/units.js';
import { givenView } from '../../src/scanner/view.js';

const PIECES = ['a', 'bc', 'é', '中', ' ', '\n', '-\n', '-\r\n', '*', '**', '~', '~~', '`', '{}', '{', '<b>', '</i>', '<!-- x -->', '<', '/*x*/', '/', '" + "', "'+'", '"', "'", 'x\b', '\u0001', '\u0085', '\u0090', '\ufffd', '\u001b[1m', '。', '1', '🙂'];

t.test('what can be torn by markup is never passed over by the quick look', (t) => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }), (pieces) => {
    const text = pieces.join('');
    if (markupView(givenView(text)) !== undefined) assert(mayBeTorn(new UnitBuffer().copy(text)), JSON.stringify(text));
  }), { numRuns: 3000 });
  t.end();
});
