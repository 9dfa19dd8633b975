import { dirname, join } from 'node:path';
import { errnoOf } from '../errors.js';
import type { Random, SpoolFiles } from '../ports.js';

/** The key that signs anchors: 32 random bytes, as 64 hex digits in a file of the state folder (0600). */

const KEY_BYTES = 32;
const FILE_BYTES = KEY_BYTES * 2 + 1;

/** Where a daemon keeps the key of its log: beside the folder. */
export function auditKeyFile(folder: string): string {
  return join(dirname(folder), 'audit.key');
}

/** Where a log that is nobody's but a program's own keeps it: in the folder. */
export function ownKeyFile(folder: string): string {
  return join(folder, 'mssp_audit.key');
}

/** The key that a log was signed with, in either place; undefined when there is none. */
export async function findAuditKey(folder: string, files: SpoolFiles): Promise<Uint8Array | undefined> {
  return await readAuditKey(ownKeyFile(folder), files) ?? readAuditKey(auditKeyFile(folder), files);
}

/** The key in the file's bytes; undefined when they are no key. */
export function parseAuditKey(bytes: Uint8Array): Uint8Array | undefined {
  const hex = Buffer.from(bytes).toString('latin1').trim();
  return /^[0-9a-f]{64}$/.test(hex) ? Buffer.from(hex, 'hex') : undefined;
}

/** The key in `path`; undefined when there is none, or none that can be used. */
export async function readAuditKey(path: string, files: SpoolFiles): Promise<Uint8Array | undefined> {
  try {
    const file = await files.open(path, 'read');
    try {
      const bytes = Buffer.alloc(FILE_BYTES + 1);
      return parseAuditKey(bytes.subarray(0, await file.read(bytes, 0)));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes a new key and stores it whole in the place of whatever was there. */
export async function createAuditKey(path: string, files: SpoolFiles, random: Random): Promise<Uint8Array> {
  const key = Buffer.from(random.bytes(KEY_BYTES));
  const temporary = `${path}.new`;
  await files.unlink(temporary).catch(() => undefined); // left by a crash, or not there
  const file = await files.open(temporary, 'create');
  try {
    const bytes = Buffer.from(`${key.toString('hex')}\n`, 'latin1');
    const written = await file.write([bytes], 0);
    if (written < bytes.length) throw Object.assign(new Error('the key could not be written whole'), { code: 'ENOSPC' });
    await file.datasync();
  } finally {
    await file.close();
  }
  await files.rename(temporary, path);
  await files.syncFolder(dirname(path));
  return key;
}
