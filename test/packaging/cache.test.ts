import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { cacheFolder, cached } from '../../src/packaging/cache.js';

t.test('what was made is kept by its name and all that decides about it, and never half', (t) => {
  const home = t.testdir({});
  const before = process.env['XDG_CACHE_HOME'];
  process.env['XDG_CACHE_HOME'] = home;
  t.teardown(() => { if (before === undefined) delete process.env['XDG_CACHE_HOME']; else process.env['XDG_CACHE_HOME'] = before; });
  const fill = (text: string) => (folder: string): void => { writeFileSync(join(folder, 'f'), text); };
  const made = (key: string, text: string): string => readFileSync(join(cached('x', [key], fill(text)), 'f'), 'utf8');

  t.throws(() => { cached('x', ['1'], (folder) => { fill('half')(folder); throw Object.assign(new Error('no'), { code: 'EEXIST' }); }); }, { message: 'no' });
  t.same(readdirSync(cacheFolder()), [], 'nothing is left of it');
  t.equal(made('1', 'first'), 'first');
  t.equal(made('1', 'again'), 'first');
  t.equal(made('2', 'another'), 'another');

  const raced = cached('x', ['3'], (folder) => { fill('slow')(folder); cached('x', ['3'], fill('fast')); });
  t.equal(readFileSync(join(raced, 'f'), 'utf8'), 'fast', 'of two at once the first wins');
  t.equal(readdirSync(join(home, 'raxed-build')).length, 3);
  t.end();
});
