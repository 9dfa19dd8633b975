import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Script } from 'node:vm';

/**
 * Run by the package's own runtime when the package is built, `compile.cjs PROGRAM OUTPUT WORD…`: runs the command line in
 * the program, and writes what V8 compiled for it, for the launcher.
 */
const [, , file = '', output = '', ...words] = process.argv;
process.argv = [process.execPath, 'raxed', ...words];
const script = new Script(readFileSync(file, 'latin1'), { filename: file });
const program: unknown = script.runInThisContext();
if (typeof program === 'function') program(createRequire(file), file);
process.once('beforeExit', () => {
  writeFileSync(output, script.createCachedData());
  process.exitCode = 0;
});
