import { mkdir, open, readdir, rename, rmdir, stat, statfs, unlink } from 'node:fs/promises';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errnoOf } from '../errors.js';
import type { SpoolFile, SpoolFiles } from '../ports.js';

const FLAGS = {
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  write: constants.O_RDWR,
  read: constants.O_RDONLY,
} as const;

/** The real file system. Symbolic links are not followed at the last step of a path, and a named pipe holds nobody up. */
export const nodeSpoolFiles: SpoolFiles = {
  async open(path, mode) {
    return spoolFile(await open(path, FLAGS[mode] | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600));
  },
  async list(folder) {
    try {
      return await readdir(folder);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }
  },
  mkdir: (folder) => makeFolder(resolve(folder)),
  unlink,
  rmdir,
  rename,
  async size(path) { return (await stat(path)).size; },
  syncFolder,
  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

/** Node's own `recursive` never ends where a parent is there and still answers ENOENT, as /proc does. */
async function makeFolder(path: string): Promise<void> {
  const parent = dirname(path);
  try {
    await mkdir(path, 0o700);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || parent === path) throw error;
    await makeFolder(parent);
    await mkdir(path, 0o700).catch(ignoreExisting);
  }
  await syncFolder(parent);
}

function ignoreExisting(error: unknown): void {
  if (errnoOf(error) !== 'EEXIST') throw error;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function spoolFile(handle: FileHandle): SpoolFile {
  return {
    async write(chunks, position) {
      const [only] = chunks;
      if (only !== undefined && chunks.length === 1) return (await handle.write(only, 0, only.length, position)).bytesWritten;
      return (await handle.writev(chunks, position)).bytesWritten;
    },
    async read(buffer, position) {
      let filled = 0;
      while (filled < buffer.length) {
        const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    },
    datasync: () => handle.datasync(),
    truncate: (length) => handle.truncate(length),
    async size() { return (await handle.stat()).size; },
    close: () => handle.close(),
  };
}
