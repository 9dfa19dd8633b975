import { access, constants, lstat, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type Conf from 'conf';
import type { SiemOutput } from '../config/checks.js';
import { parseJsonText } from '../config/json-text.js';
import { ConfigError, RaxedError, describeError, errnoOf } from '../errors.js';
import type { Logger, SpoolFiles } from '../ports.js';
import type { StoredTenants } from './stored.js';
import { parseStored, storedForm, storedProperties } from './stored.js';
import type { Tenants } from './tenants.js';
import { NO_TENANTS } from './tenants.js';

/** The file of the tenants made with `ctl`, 0600: it holds secrets. */
export interface TenantsStore {
  read(): Tenants;
  /**
   * Durable when it resolves. Rejects with STATE_UNWRITABLE, and then what was there before stays; only where the
   * disk fails to say that a rename has reached it, a crash may show either.
   */
  write(tenants: Tenants): Promise<void>;
  /** Why the tenants of the file are not in force. */
  readonly damaged: string | undefined;
}

export interface TenantsStoreDeps {
  readonly files: SpoolFiles;
  readonly logger: Logger;
  readonly availableSiem: readonly SiemOutput[];
}

const NO_FILE = 'it is no regular file';

/**
 * Opens the store at `path`. Never rejects: a file that holds nonsense is kept as `tenants.json.damaged-<n>`, one
 * that cannot be read (or is no regular file, or a later version's) is left alone and no change is accepted until it is
 * out of the way. Both are logged and told by `damaged`.
 */
export async function openTenantsStore(path: string, deps: TenantsStoreDeps): Promise<TenantsStore> {
  const { files, logger, availableSiem } = deps;
  const folder = dirname(path);
  const next = `${path}.next`;
  let tenants = NO_TENANTS;
  let damaged: string | undefined;
  let blocked = false;
  let last: Promise<void> = Promise.resolve();
  let staged: Promise<Conf<StoredTenants>> | undefined;

  // 150 ms to load: only for who has tenants made with `ctl`.
  const conf = async (name: string): Promise<Conf<StoredTenants>> => new (await import('conf')).default<StoredTenants>({
    cwd: folder, configName: name, fileExtension: '', configFileMode: 0o600,
    schema: storedProperties(), rootSchema: { additionalProperties: false },
    ajvOptions: { strict: false, useDefaults: false, allErrors: false },
    accessPropertiesByDotNotation: false,
    deserialize: (text) => parseStored(parseJsonText(text), { availableSiem }),
  });

  async function load(): Promise<void> {
    const found = await lstat(path).catch(ignoreMissing);
    if (found === undefined) return;
    if (!found.isFile()) throw new Error(NO_FILE);
    const { mssps, customers, removed } = (await conf(basename(path))).store;
    tenants = { mssps, customers, removed };
  }

  async function setAside(error: ConfigError): Promise<void> {
    const kept = `${path}.damaged-${1 + Math.max(0, ...(await files.list(folder)).map((name) => damageNumber(name, basename(path))))}`;
    await files.rename(path, kept);
    await files.syncFolder(folder);
    report(`${path} was damaged and is kept as ${kept}: ${error.message}`);
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
    // conf would follow a symbolic link, and try for a second, with everything standing still, where it may not write.
    if ((await lstat(path).catch(ignoreMissing))?.isFile() === false) throw new Error(NO_FILE);
    await access(folder, constants.W_OK);
    await rm(next, { recursive: true, force: true });
    // conf takes a short write, as of a disk that fills up, for a whole one: it writes beside, and what is there is read again first.
    const store = await (staged ??= conf(basename(next)));
    const stored = storedForm(wanted);
    store.store = stored;
    if (!isDeepStrictEqual({ ...store.store }, stored)) throw new Error('it reads otherwise than it was written');
    await files.rename(next, path);
    await files.syncFolder(folder);
    tenants = wanted;
  }

  for (const name of await files.list(folder).catch(() => [])) {
    if (name.startsWith(`${basename(next)}.tmp-`)) await rm(join(folder, name), { force: true });
  }
  await load().catch((error: unknown) => (error instanceof ConfigError ? setAside(error) : Promise.reject(error))).catch(block);
  return {
    get damaged() { return damaged; },
    read: () => tenants,
    write(wanted) {
      const done = last.then(() => write(wanted)).catch((cause: unknown) => {
        throw new RaxedError('STATE_UNWRITABLE', `${path} cannot be written (${reasonOf(cause)})`, { cause });
      });
      last = done.catch(() => undefined);
      return done;
    },
  };
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
