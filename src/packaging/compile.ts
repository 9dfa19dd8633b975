import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Script } from 'node:vm';

/**
 * Run by the package's own runtime when the package is built, `compile.cjs PROGRAM PLACE WORD…`: runs the command line in the
 * program as if it lay in its place, and writes what V8 compiled for it beside it, for the launcher.
 */
const [, , file = '', place = '', ...words] = process.argv;
process.argv = [process.execPath, 'raxed', ...words];
const script = new Script(readFileSync(file, 'latin1'), { filename: place });
const program: unknown = script.runInThisContext();
if (typeof program === 'function') program(createRequire(place), place, () => undefined);
process.once('beforeExit', () => {
  writeFileSync(`${file}.cache`, script.createCachedData());
  process.exitCode = 0;
});
