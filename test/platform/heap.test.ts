import { getHeapSpaceStatistics } from 'node:v8';
import t from 'tap';
import { keepHeapSmall } from '../../src/platform/heap.js';

t.test('the room for new objects stays what it is, however many are made and kept for a while', (t) => {
  keepHeapSmall();
  const before = roomForNew();
  let kept: object[] = [];
  let most = 0;
  for (let made = 0; made < 2_000_000; made++) {
    kept.push([made, made, made]);
    if (kept.length > 50_000) kept = [];
    if (made % 100_000 === 0) most = Math.max(most, roomForNew());
  }
  t.ok(most <= before, `${most} of ${before} bytes`);
  t.end();
});

function roomForNew(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? NaN;
}
