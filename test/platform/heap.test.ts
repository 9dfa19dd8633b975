import { getHeapSpaceStatistics } from 'node:v8';
import t from 'tap';
import { sizeHeap } from '../../src/platform/heap.js';

t.test('the room for new objects stays what it is, however many are made, until there are many customers', (t) => {
  sizeHeap(100);
  const before = roomForNew();
  const most = mostRoom();
  t.ok(most <= before, `${most} of ${before} bytes`);
  sizeHeap(101);
  t.ok(mostRoom() > before, 'it grows for many customers');
  t.end();
});

/** That new objects get while very many are made. */
function mostRoom(): number {
  let kept: object[] = [];
  let most = 0;
  for (let made = 0; made < 2_000_000; made++) {
    kept.push([made, made, made]);
    if (kept.length > 50_000) kept = [];
    if (made % 100_000 === 0) most = Math.max(most, roomForNew());
  }
  return most;
}

function roomForNew(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? NaN;
}
