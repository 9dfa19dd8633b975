import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

/**
 * `/usr/bin/raxed` of the package: runs the program beside it. V8 takes what it compiled when the package was built, and
 * compiles only what is missing; where it cannot use that (another V8, a damaged file) it compiles all.
 */
const file = join(import.meta.dirname, 'program.cjs');
// The bundler writes nothing but ASCII.
const script = new Script(readFileSync(file, 'latin1'), { filename: file, cachedData: compiled() });
const program: unknown = script.runInThisContext();
if (typeof program === 'function') program(createRequire(file), file);

function compiled(): Buffer | undefined {
  try {
    return readFileSync(`${file}.cache`);
  } catch {
    return undefined;
  }
}
