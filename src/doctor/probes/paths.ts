import type { Dirent, Stats } from 'node:fs';
import { lstat, opendir, readFile, readlink, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { errnoOf } from '../../errors.js';
import type { Entry, Way } from '../permissions.js';

/** As many as Linux follows. */
const MAX_SYMLINKS = 40;
const MAX_ENTRIES = 20_000;

/** The way to an absolute path, symbolic links followed. Never rejects. */
export async function wayTo(path: string): Promise<Way> {
  const entries: Entry[] = [];
  const rest = path.split('/');
  let at = '/';
  let symlinks = 0;
  const add = (where: string, found: Stats): void => { entries.push(entryOf(where, found)); };
  add('/', await lstat('/'));
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === '' || name === '.') continue;
    if (name === '..') { at = posix.dirname(at); continue; }
    const here = posix.join(at, name);
    try {
      const found = await lstat(here);
      if (found.isSymbolicLink()) {
        if (++symlinks > MAX_SYMLINKS) return { entries, stopped: { path: here, errno: 'ELOOP' } };
        const target = await readlink(here);
        if (target.startsWith('/')) at = '/';
        rest.unshift(...target.split('/'));
        continue;
      }
      add(here, found);
      at = here;
    } catch (error) {
      return { entries, stopped: { path: here, errno: errnoOf(error) ?? 'unknown error' } };
    }
  }
  return { entries };
}

/** The names of a folder, with all that is in its folders, that `wanted` takes; at most `max`. What cannot be read is left out. */
export async function namesIn(folder: string, wanted: (name: string, uid: number) => boolean, max: number): Promise<string[]> {
  const found: string[] = [];
  let seen = 0;
  async function walk(below: string): Promise<void> {
    const entries: Dirent[] = [];
    try {
      for await (const entry of await opendir(join(folder, below))) {
        if (++seen > MAX_ENTRIES || found.length >= max) break;
        entries.push(entry);
      }
    } catch {
      return;
    }
    for (const entry of entries) {
      const name = join(below, entry.name);
      const own = await lstat(join(folder, name)).catch(() => undefined);
      if (own !== undefined && wanted(name, own.uid)) found.push(name);
      if (entry.isDirectory()) await walk(name);
    }
  }
  await walk('');
  return found.slice(0, max);
}

/** A file's text; undefined where it cannot be had, or is longer than `maxBytes`. */
export async function textOf(path: string, maxBytes = 4 * 1024 * 1024): Promise<string | undefined> {
  try {
    const { size, isFile } = await stat(path).then((found) => ({ size: found.size, isFile: found.isFile() }));
    // Opening a pipe that nobody writes to would never end.
    return isFile && size <= maxBytes ? await readFile(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

function entryOf(path: string, found: Stats): Entry {
  const kind = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : found.isSocket() ? 'socket' : 'other';
  return { path, kind, uid: found.uid, gid: found.gid, mode: found.mode & 0o7777 };
}
