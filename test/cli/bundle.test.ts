import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Part } from '../../src/cli/bundle/part.js';
import { firstLines, gatherAll, jsonContent, newestLines } from '../../src/cli/bundle/part.js';
import { readme } from '../../src/cli/bundle/readme.js';
import { tarOf } from '../../src/cli/bundle/tar.js';
import { RaxedError } from '../../src/errors.js';

const AT = Date.parse('2026-01-29T12:00:00.000Z');

t.test('an archive is what the system\'s tar takes it for', (t) => {
  const at = mkdtempSync(join(tmpdir(), 'rx-tar-'));
  t.teardown(() => { execFileSync('rm', ['-rf', at]); });
  const folder = `raxed-bundle-${'h'.repeat(64)}-20260129T120000Z`;
  const files = [0, 1, 511, 512, 513, 70_000].map((length) => ({ name: `${length}.txt`, text: 'x'.repeat(length) }));
  files.push({ name: 'utf8.txt', text: '\u00e4\u{1f600}\0\n' }, { name: `${'n'.repeat(96)}.txt`, text: 'a long name' });
  const archive = join(at, 'a.tar');
  writeFileSync(archive, tarOf(folder, files, AT));
  t.same(execFileSync('tar', ['-tf', archive], { encoding: 'utf8' }).trim().split('\n'), files.map(({ name }) => `${folder}/${name}`));
  execFileSync('tar', ['-xf', archive, '-C', at]);
  for (const { name, text } of files) {
    const file = join(at, folder, name);
    t.equal(readFileSync(file, 'utf8'), text, name);
    t.match(statSync(file), { mode: 0o100600, mtimeMs: AT });
  }
  t.end();
});

t.test('the bytes of an archive are those of ustar', (t) => {
  const bytes = tarOf('f', [{ name: 'a', text: 'hi' }], AT);
  t.equal(bytes.length, 4 * 512);
  t.equal(bytes.toString('latin1', 0, 512).replace(/\0+/g, '~'), 'a~0000600~0000000~0000000~00000000002~15136645700~006304~ 0~ustar~00~f~');
  t.equal(bytes.toString('latin1', 512, 514), 'hi');
  t.ok(bytes.subarray(514).every((byte) => byte === 0));
  t.end();
});

t.test('lists that are too long keep their first entries, and that is said', (t) => {
  const letters = Array.from({ length: 10_000 }, (_, n) => ({ id: n }));
  t.same(jsonContent({ letters: letters.slice(0, 2) }), { text: '{\n  "letters": [\n    {\n      "id": 0\n    },\n    {\n      "id": 1\n    }\n  ]\n}\n' });
  const content = jsonContent({ total: 10_000, by: [{ letters }], few: [1, 2] }, 4096) as { text: string; cut: string };
  const kept = Number(/^lists have their first (\d+) entries$/.exec(content.cut)?.[1]);
  t.ok(kept > 10 && Buffer.byteLength(content.text) <= 4096, String(kept));
  t.same(JSON.parse(content.text), { total: 10_000, by: [{ letters: letters.slice(0, kept) }], few: [1, 2] });
  t.same(jsonContent({ text: 'x'.repeat(5000) }, 4096), { missing: 'it is too large' });
  t.end();
});

t.test('a text that is too long keeps whole lines, the newest of a log and the first of a list', (t) => {
  const text = 'line 1\nline \u00e4\nline 3\n';
  t.same(newestLines(text, 100), { text });
  t.same(newestLines(text, 16), { text: 'line \u00e4\nline 3\n', cut: 'the newest 15 of 22 bytes' });
  t.same(newestLines(text, 15), { text: 'line \u00e4\nline 3\n', cut: 'the newest 15 of 22 bytes' });
  t.same(newestLines(text, 14), { text: 'line 3\n', cut: 'the newest 7 of 22 bytes' });
  t.same(firstLines(text, 15), { text: 'line 1\nline \u00e4\n', cut: 'the first 15 of 22 bytes' });
  t.same(firstLines(text, 14), { text: 'line 1\n', cut: 'the first 7 of 22 bytes' });
  t.end();
});

t.test('what fails or hangs is said and keeps nothing else from the bundle', async (t) => {
  const part = (name: string, gather: Part['gather']): Part => ({ name, about: `about ${name}`, gather });
  const gathered = await gatherAll([
    part('good', () => Promise.resolve({ text: 'x' })),
    part('refused', () => Promise.reject(new RaxedError('AUDIT_IO', 'the disk says no'))),
    part('errno', () => Promise.reject(Object.assign(new Error('with a value: secret'), { code: 'EACCES' }))),
    part('bug', () => { throw new Error('with a value: secret'); }),
    part('hangs', () => new Promise(() => undefined)),
    part('aborted', (signal) => new Promise((_, reject) => { signal.addEventListener('abort', () => { reject(new Error('aborted')); }); })),
    part('cut', () => Promise.resolve({ text: 'x', cut: 'the first 1 of 9 bytes' })),
  ], 50, () => 0);
  t.match(gathered.map(({ content }) => content), [
    { text: 'x' }, { missing: 'the disk says no' }, { missing: 'EACCES' }, { missing: 'an unexpected error' }, { missing: 'it was not there after 0.05 s' }, { missing: String }, { text: 'x' },
  ]);
  const said = readme({ madeAt: '2026-01-29T12:00:00.000Z', hostname: 'h', silence: 'no daemon is running here', tookMs: 1234 }, gathered);
  t.match(said, /^raxed support bundle of h, 2026-01-29T12:00:00\.000Z, made in 1\.2 s by `raxed ctl bundle`\.\n\nTHE DAEMON DID NOT ANSWER: no daemon is running here\.\n/);
  t.match(said, /\nWhat is in it\n {2}good {5}about good \(0 ms\)\n {2}cut {6}about cut \(0 ms\)\n/);
  t.match(said, /\nWhat was cut because there is too much of it\n {2}cut {6}the first 1 of 9 bytes\n/);
  t.match(said, /\nWhat could not be had\n {2}refused {2}the disk says no\n {2}errno {4}EACCES\n/);
  t.notMatch(said, /with a value/);
});
