import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, readdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from '../errors.js';

/**
 * Replaces a small file of the state folder whole: after a crash there is the old content or the new, never a
 * part. Given in parts, each is asked for when the one before it is written. Mode 0600. Rejects with Node's error.
 */
export async function writeDurably(path: string, text: string | Iterable<string>): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    // Made anew: what a crash left goes, and a link that somebody put there is not followed.
    await rm(temporary, { recursive: true, force: true });
    const file = await open(temporary, 'wx', 0o600);
    try {
      await writeFile(file, text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The parsed content of a JSON file; undefined when it is not there. Throws SyntaxError when it is damaged, or no file. */
export async function readJsonFile(path: string): Promise<unknown> {
  let file: FileHandle;
  try {
    // O_NONBLOCK: opening a pipe that nobody writes to must not hang the daemon.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    if (!(await file.stat()).isFile()) throw new SyntaxError('it is no regular file');
    return JSON.parse(await file.readFile('utf8')) as unknown;
  } finally {
    await file.close();
  }
}

/** A JSON file of the state folder as a port. Errors are Node's. */
export function jsonStore(path: string): { read(): Promise<unknown>; write(parts: string | Iterable<string>): Promise<void>; setAside(): Promise<string> } {
  return {
    read: () => readJsonFile(path),
    write: (parts) => writeDurably(path, parts),
    async setAside() {
      const prefix = `${basename(path)}.damaged-`;
      const taken = (await readdir(dirname(path))).filter((name) => name.startsWith(prefix)).map((name) => Number(name.slice(prefix.length)));
      const kept = join(dirname(path), `${prefix}${Math.max(0, ...taken.filter(Number.isInteger)) + 1}`);
      await rename(path, kept);
      return kept;
    },
  };
}
