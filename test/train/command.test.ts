import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';

const main = join(import.meta.dirname, '../../src/train/main.ts');

function train(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--import', 'tsx', main, ...args], { encoding: 'utf8' });
}

t.test('train says how it is used, asked or not understood, and nothing of where in its code that was', (t) => {
  t.match(train('--help'), { status: 0, stdout: /^npm run train -- --data DIR \[--check\]\n\n {2}--data DIR /, stderr: '' });
  for (const wrong of [[], ['--dta', 'x'], ['--data'], ['word'], ['--check=1', '--data', 'x']]) {
    t.match(train(...wrong), { status: 2, stdout: '', stderr: /^npm run train -- --data DIR \[--check\]\n\n {2}--data DIR [^\n]+\n {2}--check [^\n]+\n$/ }, wrong.join(' '));
  }
  t.end();
});
