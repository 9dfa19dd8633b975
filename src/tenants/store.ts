import { access, constants, lstat, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type Conf from 'conf';
import type { SiemOutput } from '../config/checks.js';
import { decodeUtf8 } from '../config/file.js';
import { parseJsonText } from '../config/json-text.js';
import { ConfigError, describeError, errnoOf, unwritable } from '../errors.js';
import type { Logger, SpoolFiles } from '../ports.js';
import type { StoredTenants } from './stored.js';
import { parseStored, storedForm, storedProperties } from './stored.js';
import type { Tenants } from './tenants.js';
import { NO_TENANTS } from './tenants.js';

/** The file of the tenants made with `ctl`, 0600: it holds secrets. */
export interface TenantsStore {
  read(): Tenants;
  /**
   * Durable when it resolves. Rejects with DISK_FULL or STATE_UNWRITABLE, and then what was there before stays; only where the
   * disk fails to say that a rename has reached it, a crash may show either.
   */
  write(tenants: Tenants): Promise<void>;
  /** Why the tenants of the file are not in force, if they are not. */
  readonly damaged: string | undefined;
}

export interface TenantsStoreDeps {
  readonly files: SpoolFiles;
  readonly logger: Logger;
  readonly availableSiem: readonly SiemOutput[];
}

const NO_FILE = 'it is no regular file';

/**
 * Opens the store at `path`. Never rejects: a file that holds nonsense is kept as `tenants.json.damaged-<n>`; one
 * that cannot be read, or is no regular file, or a later version's, is left alone, and nothing is written until it is
 * out of the way and the store opened again. Both are logged and told by `damaged`.
 */
export async function openTenantsStore(path: string, { files, logger, availableSiem }: TenantsStoreDeps): Promise<TenantsStore> {
  const folder = dirname(path);
  const next = `${path}.next`;
  let tenants = NO_TENANTS;
  let damaged: string | undefined;
  let blocked = false;
  let last: Promise<void> = Promise.resolve();
  let staging: Conf<StoredTenants> | undefined;

  async function load(): Promise<void> {
    const found = await lstat(path).catch(ignoreMissing);
    if (found === undefined) {
      const kept = (await files.list(folder).catch(() => [])).find((name) => damageNumber(name, basename(path)) > 0);
      if (kept !== undefined) report(`${path} is not there, and ${kept} beside it is what it was before it was damaged: repair it and put it back, or move it away`);
      return;
    }
    if (!found.isFile()) throw new Error(NO_FILE);
    tenants = parseStored(parseJsonText(decodeUtf8(await readFile(path))), { availableSiem });
  }

  async function setAside({ problems }: ConfigError): Promise<void> {
    const kept = `${path}.damaged-${1 + Math.max(0, ...(await files.list(folder)).map((name) => damageNumber(name, basename(path))))}`;
    await files.rename(path, kept);
    await files.syncFolder(folder);
    report(`${path} was damaged and is kept as ${kept}: ${problems.slice(0, 1).map(({ pointer, message }) => `${pointer} ${message}`.trim()).join()}`);
  }

  function block(error: unknown): void {
    blocked = true;
    report(`${path} cannot be read (${reasonOf(error)}); it is left as it is, and nothing can be changed with ctl until it is repaired or moved away and the daemon started again`);
  }

  function report(problem: string): void {
    damaged = problem;
    logger.error({ file: path, problem }, 'the tenants made with ctl are not in force');
  }

  async function write(wanted: Tenants): Promise<void> {
    if (blocked) throw new Error('it could not be read');
    await files.mkdir(folder);
    // conf would follow a symbolic link, and where it may not write it tries for a second, with everything standing still.
    if ((await lstat(path).catch(ignoreMissing))?.isFile() === false) throw new Error(NO_FILE);
    await access(folder, constants.W_OK);
    await rm(next, { recursive: true, force: true });
    staging ??= await openConf(next);
    // conf takes a short write, as of a disk that fills up, for a whole one: so it writes beside, and that is read again first.
    const stored = storedForm(wanted);
    staging.store = stored;
    if (await readFile(next, 'utf8') !== serialize(stored)) throw Object.assign(new Error('not all of it could be written'), { code: 'ENOSPC' });
    await files.rename(next, path);
    await files.syncFolder(folder);
    tenants = wanted;
  }

  // What a crash left behind holds secrets.
  const left = (await files.list(folder).catch(() => [])).filter((name) => name.startsWith(basename(next)));
  for (const name of left) await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  await load().catch((error: unknown) => (error instanceof ConfigError ? setAside(error) : Promise.reject(error))).catch(block);
  return {
    get damaged() { return damaged; },
    read: () => tenants,
    write(wanted) {
      const done = last.then(() => write(wanted)).catch((cause: unknown) => {
        throw unwritable(`${path} cannot be written`, cause);
      });
      last = done.catch(() => undefined);
      return done;
    },
  };
}

/** conf, with its validator, takes 200 ms to load: only who changes something waits for it. */
async function openConf(path: string): Promise<Conf<StoredTenants>> {
  const { default: Conf } = await import('conf');
  return new Conf<StoredTenants>({
    cwd: dirname(path), configName: basename(path), fileExtension: '', configFileMode: 0o600, accessPropertiesByDotNotation: false, serialize,
    schema: storedProperties(), rootSchema: { additionalProperties: false },
    ajvOptions: { strict: false, useDefaults: false, allErrors: false, code: { optimize: false } },
  });
}

function serialize(stored: StoredTenants): string {
  return `${JSON.stringify(stored, null, 2)}\n`;
}

/** The number of a file that was set aside; else 0. */
function damageNumber(name: string, base: string): number {
  const number = name.startsWith(`${base}.damaged-`) ? Number(name.slice(`${base}.damaged-`.length)) : 0;
  return Number.isSafeInteger(number) ? number : 0;
}

function ignoreMissing(error: unknown): undefined {
  if (errnoOf(error) !== 'ENOENT') throw error;
}

function reasonOf(error: unknown): string {
  return errnoOf(error) ?? describeError(error);
}
