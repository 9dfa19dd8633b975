import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Always built, and nothing else has this name. */
const MARK = 'rules.bin';

/**
 * The path of a file that `npm run build` makes (`rules.json`, `worker.mjs` …), the same from `src/` (tests), from the bundles
 * in `dist/`, and from the Debian package, where the program lies among these files.
 */
export function builtFile(name: string): string {
  return join(builtFolder ??= findBuilt(dirname(fileURLToPath(import.meta.url))), name);
}

let builtFolder: string | undefined;

function findBuilt(folder: string): string {
  const found = [folder, join(folder, 'dist')].find((place) => existsSync(join(place, MARK)));
  if (found !== undefined) return found;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('raxed is not installed whole, or not built: run `npm run build`');
  return findBuilt(parent);
}
