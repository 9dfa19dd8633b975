import { join } from 'node:path';
import type { SpoolFiles } from '../ports.js';
import { HEAD_LENGTH, parseHead, type ChainHead } from './chain.js';
import { HEAD_FILE } from './file-name.js';
import { isNoFile, openLogFile } from './lines.js';

/** What the head file of a log says; `damaged` also when it is no file, or not signed by the key. */
export type StatedHead = ChainHead | 'missing' | 'damaged';

export async function readHead(folder: string, files: SpoolFiles, key: Uint8Array | undefined): Promise<StatedHead> {
  try {
    const file = await openLogFile(join(folder, HEAD_FILE), files);
    if (file === undefined) return 'missing';
    try {
      const bytes = Buffer.alloc(HEAD_LENGTH);
      return parseHead(bytes.subarray(0, await file.read(bytes, 0)), key) ?? 'damaged';
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!isNoFile(error)) throw error;
    return 'damaged';
  }
}
