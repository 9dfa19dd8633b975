import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where slow parts of the package are kept from one build to the next. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const given = env['XDG_CACHE_HOME'];
  return join(given?.startsWith('/') === true ? given : join(homedir(), '.cache'), 'raxed-build');
}

/**
 * A folder that `make` filled, now or in an earlier build: `name` and everything that decides about its content are its
 * key. One that was not filled whole is never seen; of two builds at once the first wins.
 */
export function cached(name: string, key: readonly string[], make: (folder: string) => void): string {
  const parent = cacheFolder();
  const folder = join(parent, `${name}-${createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(parent, { recursive: true });
  const draft = mkdtempSync(join(parent, '.draft-'));
  try {
    make(draft);
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
