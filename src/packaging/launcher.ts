import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

/**
 * `/usr/bin/raxed` of the package: runs what asks the daemon, and where a command is not in there, the whole program. V8 takes
 * what it compiled when the package was built, and compiles only what is missing; where it cannot use that (another V8, a
 * damaged file) it compiles all.
 */
run('ctl.cjs');

function run(name: string): void {
  const file = join(import.meta.dirname, name);
  // The bundler writes nothing but ASCII.
  const script = new Script(readFileSync(file, 'latin1'), { filename: file, cachedData: compiled(file) });
  const program: unknown = script.runInThisContext();
  if (typeof program === 'function') program(createRequire(file), file, () => { run('program.cjs'); });
}

function compiled(file: string): Buffer | undefined {
  try {
    return readFileSync(`${file}.cache`);
  } catch {
    return undefined;
  }
}
