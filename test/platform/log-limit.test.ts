import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Kind } from '../../src/platform/log-limit.js';
import { createLogLimit } from '../../src/platform/log-limit.js';

const OPTIONS = { windowMs: 30_000, most: 3, maxKinds: 4 } as const;
const kind = (message: string, destination?: string): Kind => ({ level: 'warn', message, about: destination === undefined ? {} : { destination } });

t.test('the first lines of a kind are written, the rest are counted until its window ends', (t) => {
  const limit = createLogLimit(OPTIONS);
  t.same([0, 1, 2, 3, 29_999].map((ms) => limit.admits(kind('down'), ms)), [true, true, true, false, false]);
  t.equal(limit.dueMs, 30_000);
  t.same(limit.ended(29_999), []);
  t.same(limit.ended(30_000), [{ kind: kind('down'), times: 2 }]);
  t.same(limit.ended(Infinity), [], 'and said once');
  t.equal(limit.dueMs, undefined);
  t.ok(limit.admits(kind('down'), 30_001), 'then it begins anew');
  t.end();
});

t.test('each level, message and destination has its own window', (t) => {
  const limit = createLogLimit(OPTIONS);
  for (let i = 0; i < 5; i++) limit.admits(kind('down', 'webhook'), 0);
  t.ok(limit.admits(kind('down', 'siem'), 0));
  t.ok(limit.admits({ ...kind('down', 'webhook'), level: 'error' }, 0));
  t.ok(limit.admits(kind('up', 'webhook'), 0));
  t.same(limit.ended(Infinity), [{ kind: kind('down', 'webhook'), times: 2 }]);
  t.end();
});

t.test('whatever is said when, no line is lost: it is written or counted, and there are few', (t) => {
  const step = fc.record({ what: fc.integer({ min: 0, max: 9 }), waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40_000 })) });
  fc.assert(fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
    const limit = createLogLimit(OPTIONS);
    let nowMs = 0;
    let written = 0;
    let counted = 0;
    let summaries = 0;
    const take = (ms: number): void => {
      for (const { times } of limit.ended(ms)) {
        assert.ok(times > 0);
        counted += times;
        summaries++;
      }
    };
    for (const { what, waitMs } of steps) {
      nowMs += waitMs;
      take(nowMs);
      if (limit.admits(kind(`message ${what}`), nowMs)) written++;
      assert.ok(limit.dueMs === undefined || (limit.dueMs > nowMs && limit.dueMs <= nowMs + OPTIONS.windowMs));
    }
    take(Infinity);
    assert.equal(written + counted, steps.length);
    // maxKinds and the one of all others; a window more because none begins at zero.
    const windows = (OPTIONS.maxKinds + 1) * (Math.floor(nowMs / OPTIONS.windowMs) + 1);
    assert.ok(written <= windows * OPTIONS.most && summaries <= windows, `${written} lines in ${windows} windows`);
    assert.equal(limit.dueMs, undefined);
  }));
  t.end();
});

t.test('more kinds than can be told apart are one kind', (t) => {
  const limit = createLogLimit(OPTIONS);
  for (let i = 0; i < 100; i++) limit.admits(kind(`message ${i}`), 0);
  t.same(limit.ended(Infinity), [{ kind: kind('other messages'), times: 100 - OPTIONS.maxKinds - OPTIONS.most }]);
  t.end();
});
