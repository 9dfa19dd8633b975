import { basename, dirname, join } from 'node:path';
import { unwritable } from '../errors.js';
import type { SpoolFiles } from '../ports.js';
import { isNoFile, openLogFile } from './lines.js';

/** What had the name of a file and was none, and its new name beside it. */
export interface SetAside {
  readonly file: string;
  readonly keptAs: string;
}

/**
 * Renames what is no regular file in one of `paths` (a folder, a link, a pipe) to `<name>.damaged-<n>`. Rejects
 * STATE_UNWRITABLE (or DISK_FULL) when it cannot be renamed.
 */
export async function setAsideNoFiles(paths: readonly string[], files: SpoolFiles): Promise<SetAside[]> {
  const aside: SetAside[] = [];
  for (const path of paths) {
    if (!await isNone(path, files)) continue;
    const file = basename(path);
    try {
      const keptAs = freeName(file, await files.list(dirname(path)));
      await files.rename(path, join(dirname(path), keptAs));
      await files.syncFolder(dirname(path));
      aside.push({ file, keptAs });
    } catch (error) {
      throw unwritable(`${path} is no regular file and cannot be renamed: move it out of the way`, error);
    }
  }
  return aside;
}

/** What cannot be read for another reason is left to those who need it. */
async function isNone(path: string, files: SpoolFiles): Promise<boolean> {
  try {
    const file = await openLogFile(path, files);
    // A folder or a pipe opens; only reading tells.
    try { await file?.read(Buffer.alloc(1), 0); } finally { await file?.close(); }
    return false;
  } catch (error) {
    return isNoFile(error);
  }
}

function freeName(file: string, taken: readonly string[]): string {
  for (let n = 1; ; n++) {
    const name = `${file}.damaged-${n}`;
    if (!taken.includes(name)) return name;
  }
}
