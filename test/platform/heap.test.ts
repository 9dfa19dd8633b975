import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import t from 'tap';

/** In a process of its own: in one that has run for a while the room has grown already. */
const PROGRAM = `
  import { getHeapSpaceStatistics } from 'node:v8';
  import { sizeHeap } from ${JSON.stringify(resolve(import.meta.dirname, '../../src/platform/heap.ts'))};
  const room = () => getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space').space_size;
  /** What new objects get while very many are made. */
  function mostRoom() {
    let kept = [];
    let most = 0;
    for (let made = 0; made < 2_000_000; made++) {
      kept.push([made, made, made]);
      if (kept.length > 50_000) kept = [];
      if (made % 100_000 === 0) most = Math.max(most, room());
    }
    return most;
  }
  sizeHeap(100);
  const before = room();
  const few = mostRoom();
  sizeHeap(101);
  console.log(JSON.stringify({ before, few, many: mostRoom() }));
`;

t.test('the room for new objects stays what it is, however many are made, until there are many customers', (t) => {
  const output = execFileSync(process.execPath, ['--max-semi-space-size=512', '--import', 'tsx', '--input-type=module', '--eval', PROGRAM], { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
  const { before, few, many } = JSON.parse(output) as { before: number; few: number; many: number };
  t.ok(few <= before, `${few} of ${before} bytes`);
  t.ok(many > before, `it grows for many customers: to ${many}`);
  t.end();
});
