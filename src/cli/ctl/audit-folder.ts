import { stat } from 'node:fs/promises';
import { findAuditKey, readAuditKey } from '../../audit/key.js';
import { showVerification, verifyAudit } from '../../audit/verify.js';
import { errnoOf, RaxedError } from '../../errors.js';
import { nodeSpoolFiles } from '../../platform/spool-files.js';

/** What `audit.verify` answers, for a folder that no daemon need know. Throws USAGE when there is no log to be read. */
export async function verifyFolder(folder: string, keyFile: string | undefined): Promise<object> {
  return readingOf('--folder', async () => {
    if (!(await stat(folder)).isDirectory()) throw new RaxedError('USAGE', '--folder takes a folder');
    const key = await keyOf(folder, keyFile);
    const verification = await verifyAudit({ folder, key }, nodeSpoolFiles);
    if (verification.ok && verification.files === 0) throw new RaxedError('USAGE', '--folder: there is no audit log in it');
    return showVerification(verification, key);
  });
}

async function keyOf(folder: string, keyFile: string | undefined): Promise<Uint8Array | undefined> {
  if (keyFile === undefined) return findAuditKey(folder, nodeSpoolFiles);
  const key = await readingOf('--key-file', () => readAuditKey(keyFile, nodeSpoolFiles));
  if (key === undefined) throw new RaxedError('USAGE', '--key-file: there is no key in it');
  return key;
}

async function readingOf<T>(option: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RaxedError) throw error;
    throw new RaxedError('USAGE', `${option} cannot be read (${errnoOf(error) ?? 'unknown error'})`, { cause: error });
  }
}
