import { readlink } from 'node:fs/promises';
import { posix } from 'node:path';
import { errnoOf } from '../errors.js';

/** As many as Linux follows. */
const MAX_SYMLINKS = 40;

/**
 * Adds to `found` every folder entry that decides what `path` leads to: the file's own, and each symlink on the way
 * (folder → names). False when the way ends before the file; then the last folder that exists is added.
 */
export async function entriesOf(path: string, found: Map<string, Set<string>>): Promise<boolean> {
  const add = (folder: string, name: string): void => {
    const names = found.get(folder) ?? new Set();
    found.set(folder, names.add(name));
  };
  const rest = path.split('/').filter((name) => name !== '');
  let folder = '/';
  let symlinks = 0;
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === '.' || name === '') continue;
    if (name === '..') { folder = posix.dirname(folder); continue; }
    const here = posix.join(folder, name);
    let target: string | undefined;
    try {
      target = await readlink(here);
    } catch (error) {
      // EINVAL: it is there and no symlink.
      if (errnoOf(error) !== 'EINVAL') { add(folder, name); return false; }
    }
    if (target !== undefined) {
      add(folder, name);
      if (++symlinks > MAX_SYMLINKS) return false;
      if (target.startsWith('/')) folder = '/';
      rest.unshift(...target.split('/'));
    } else if (rest.length === 0) {
      add(folder, name);
    } else {
      folder = here;
    }
  }
  return true;
}
