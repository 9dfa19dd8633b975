import { join } from 'node:path';
import { errnoOf } from '../errors.js';
import type { SpoolFiles } from '../ports.js';
import { asideTime, DEAD_FOLDER, segmentBase } from './names.js';
import { removeIfThere } from './replacement.js';

/** What a stream's folder counts for in the budget: segments and what was set aside, dead letters included. */
export async function treeBytes(files: SpoolFiles, folder: string): Promise<number> {
  const names = await files.list(folder);
  let bytes = 0;
  for (const name of names) {
    if (segmentBase(name) !== undefined || asideTime(name) !== undefined) bytes += await files.size(join(folder, name));
  }
  if (names.includes(DEAD_FOLDER)) {
    for (const destination of await files.list(join(folder, DEAD_FOLDER))) bytes += await treeBytes(files, join(folder, DEAD_FOLDER, destination));
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
