import { join } from 'node:path';
import { errnoOf } from '../errors.js';
import type { SpoolFiles } from '../ports.js';
import { DEAD_FOLDER } from './names.js';
import { removeIfThere } from './replacement.js';

/** What a stream's folder counts for in the budget: all its files, dead letters included, as far as the disk tells. */
export async function treeBytes(files: SpoolFiles, folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await files.list(folder)) {
    const path = join(folder, name);
    if (name !== DEAD_FOLDER) { bytes += await files.size(path).catch(() => 0); continue; }
    for (const destination of await files.list(path)) bytes += await treeBytes(files, join(path, destination));
  }
  return bytes;
}

/** Deletes a stream's folder with its dead letters. */
export async function removeTree(files: SpoolFiles, folder: string): Promise<void> {
  for (const name of await files.list(folder)) {
    const path = join(folder, name);
    if (name !== DEAD_FOLDER) { await removeIfThere(files, path); continue; }
    for (const destination of await files.list(path)) await removeTree(files, join(path, destination));
    await removeFolder(files, path);
  }
  await removeFolder(files, folder);
}

async function removeFolder(files: SpoolFiles, folder: string): Promise<void> {
  try {
    await files.rmdir(folder);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
