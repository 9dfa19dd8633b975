import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { createRecentLines } from '../../src/platform/recent-lines.js';

t.test('the newest lines are kept, oldest first, as many as both bounds allow', (t) => {
  fc.assert(fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 300 }), (lines, maxLines, maxBytes) => {
    const recent = createRecentLines({ maxLines, maxBytes });
    for (const line of lines) recent.add(line);
    const kept = recent.list();
    assert.deepEqual(kept, lines.slice(lines.length - kept.length));
    assert.ok(kept.length <= maxLines && sizeOf(kept) <= maxBytes);
    const next = lines[lines.length - kept.length - 1];
    if (next !== undefined) assert.ok(kept.length === maxLines || sizeOf([next, ...kept]) > maxBytes, 'nothing is forgotten without need');
  }));
  t.end();
});

t.test('a line that alone is too long leaves nothing behind', (t) => {
  const recent = createRecentLines({ maxLines: 3, maxBytes: 4 });
  recent.add('abc');
  recent.add('abcde');
  t.same(recent.list(), []);
  recent.add('abcd');
  t.same(recent.list(), ['abcd']);
  t.end();
});

function sizeOf(lines: readonly string[]): number {
  return Buffer.byteLength(lines.join(''));
}
