import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { writeDurably } from '../../src/platform/durable-file.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';

t.test('what lies in the place of the temporary file is neither followed nor in the way', async (t) => {
  const folder = t.testdir({ victim: 'whole' });
  const path = join(folder, 'policies.json');
  symlinkSync(join(folder, 'victim'), `${path}.tmp`);
  await writeDurably(path, 'new');
  t.equal(readFileSync(join(folder, 'victim'), 'utf8'), 'whole');
  t.equal(readFileSync(path, 'utf8'), 'new');
  mkdirSync(`${path}.tmp`);
  await writeDurably(path, 'newer');
  t.equal(readFileSync(path, 'utf8'), 'newer');
});

t.test('a named pipe in the place of a file is an error, not a wait without end', async (t) => {
  const path = join(t.testdir(), '00000000000000000001.seg');
  execFileSync('mkfifo', [path]);
  const file = await nodeSpoolFiles.open(path, 'read');
  await t.rejects(file.read(Buffer.alloc(16), 0), { code: 'ESPIPE' });
  await file.close();
});
