import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Env, Paths } from '../config/paths.js';
import { RaxedError } from '../errors.js';
import type { Logger } from '../ports.js';
import type { StateLock } from '../spool/folder-lock.js';
import { lockStateFolder } from '../spool/folder-lock.js';
import { installationFile } from './installation.js';

/**
 * Locks the state folder, and the folder of the tenants where RAXE_MSSP_DIR puts them elsewhere: two daemons may share
 * it by mistake. `lost` aborts when either is taken by another. Throws STATE_LOCKED or STATE_UNWRITABLE.
 */
export async function lockState({ stateDir, tenantsFile }: Pick<Paths, 'stateDir' | 'tenantsFile'>, env: Env, logger: Logger): Promise<StateLock> {
  await refuseRoot(stateDir);
  const options = { bootId: env['RAXED_BOOT_ID'] };
  const state = await lockStateFolder(stateDir, logger, options);
  try {
    const folder = dirname(tenantsFile);
    if (await realpath(folder).catch(() => folder) === await realpath(stateDir)) return state;
    const tenants = await lockStateFolder(folder, logger, options);
    return {
      lost: AbortSignal.any([state.lost, tenants.lost]),
      async release() {
        await tenants.release();
        await state.release();
      },
    };
  } catch (error) {
    // A folder that cannot be written to needs no lock: nobody changes anything there.
    if (error instanceof RaxedError && error.code === 'STATE_UNWRITABLE') return state;
    await state.release();
    throw error instanceof RaxedError ? new RaxedError(error.code, `the tenants' folder (RAXE_MSSP_DIR): ${error.message}`, { cause: error }) : error;
  }
}

/** What root writes into the state of another user's daemon, that daemon cannot read: it would not start again. */
async function refuseRoot(stateDir: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const uid = await stat(installationFile(stateDir)).then((file) => file.uid, () => 0);
  if (uid !== 0) throw new RaxedError('STATE_UNWRITABLE', `the state folder belongs to the daemon of user ${uid}: start it as that user (its service, or sudo -u '#${uid}' raxed run)`);
}
