import { chmod, mkdir, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AVAILABLE_SIEM } from '../config/available.js';
import type { LoadedConfig } from '../config/file.js';
import { readConfigFile } from '../config/file.js';
import type { Env } from '../config/paths.js';
import { defaultPaths, effectivePaths } from '../config/paths.js';
import { showConfig } from '../config/redact.js';
import { resolveSecret } from '../config/secret.js';
import { secretPlaces } from '../config/references.js';
import { unknownTenants } from '../config/tenant-names.js';
import type { ConfigProblem } from '../errors.js';
import { ConfigError, RaxedError, describeProblem, errnoOf } from '../errors.js';
import { visible } from '../receiver/summary.js';
import { placesHere } from './places.js';

/** What the commands need of their process. */
export interface ConfigIo {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  readonly env: Env;
  readonly home: string;
  readonly cwd: string;
}

/** A file that starts a daemon as it is; README says what can be added. */
const FIRST_CONFIG = {
  edition: 'community',
  mssps: [],
  scanner: { threat_at: 'medium' },
  log: { level: 'info' },
};

/** `raxed config init`: writes a first, valid file (0600, its folder 0700 when made). Never replaces one. Throws RaxedError; the exit code. */
export async function configInit(path: string | undefined, io: ConfigIo): Promise<number> {
  const file = defaultPaths(io.env, { home: io.home, cwd: io.cwd, configOption: named(path, io) }).configFile;
  const unwritable = (error: unknown): RaxedError => new RaxedError('CONFIG_UNREADABLE', `${file} cannot be written (${errnoOf(error) ?? 'unknown error'})`, { cause: error });
  try {
    await makeFolder(dirname(file));
  } catch (error) {
    throw unwritable(error);
  }
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(FIRST_CONFIG, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw new RaxedError('USAGE', `${file} exists already and is left as it is`);
    throw unwritable(error);
  }
  io.stdout.write(`✓ wrote ${visible(file)}\n`);
  return 0;
}

/** `raxed config check [FILE]`: says that the file is valid, or what is wrong with it, a line a problem. 0, or 3. */
export async function configCheck(path: string | undefined, io: ConfigIo): Promise<number> {
  const file = placesHere(named(path, io), io).configFile;
  try {
    const loaded = await load(path, io, false);
    effectivePaths(placesHere(named(path, io), io), loaded.config, io.env);
    for (const warning of [...loaded.warnings, ...secretWarnings(loaded, io.env)]) io.stderr.write(`! ${line(warning)}\n`);
    io.stdout.write(`✓ ${visible(file)} is valid\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError) || error.code === 'CONFIG_UNREADABLE') throw error;
    io.stderr.write(`✗ ${visible(file)} is not valid\n`);
    for (const problem of error.problems) io.stderr.write(`  ${line(problem)}\n`);
    return error.exitCode;
  }
}

/** `raxed config show`: the effective configuration as JSON, defaults and places filled in, secrets hidden. Throws ConfigError. */
export async function configShow(path: string | undefined, io: ConfigIo, options: { json?: boolean } = {}): Promise<number> {
  const loaded = await load(path, io, true);
  const places = effectivePaths(placesHere(named(path, io), io), loaded.config, io.env);
  for (const warning of loaded.warnings) io.stderr.write(`! ${line(warning)}\n`);
  io.stdout.write(`${JSON.stringify(showConfig(loaded.config, places), null, options.json === true ? 0 : 2)}\n`);
  return 0;
}

/** Only a folder that is made here gets its mode set; one that exists keeps its own. */
async function makeFolder(folder: string): Promise<void> {
  if (await mkdir(folder, { recursive: true, mode: 0o700 }) === undefined) return;
  await chmod(folder, 0o700);
}

async function load(path: string | undefined, io: ConfigIo, mayBeMissing: boolean): Promise<LoadedConfig> {
  const places = placesHere(named(path, io), io);
  const { validate } = await import('node-cron');
  const loaded = await readConfigFile(places.configFile, { availableSiem: AVAILABLE_SIEM, isCron: validate, mayBeMissing: mayBeMissing && !places.configFileNamed });
  const { agent, control } = unknownTenants(loaded.config);
  // Only the file is seen here, and a customer made with ctl may be named too.
  const unknown = [...agent, ...control].map(({ pointer, message }) => ({ pointer, message: `${message} in this file` }));
  return { ...loaded, warnings: [...loaded.warnings, ...unknown] };
}

/** Secrets that cannot be read here: a warning only, since the daemon may run as another user or with credentials. */
function secretWarnings({ config }: LoadedConfig, env: Env): ConfigProblem[] {
  return secretPlaces(config).flatMap(({ pointer, ref }) => {
    try {
      resolveSecret(ref, env, pointer);
      return [];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.problems.map((problem) => ({ ...problem, message: `${problem.message}, as seen from here` }));
    }
  });
}

function named(path: string | undefined, io: ConfigIo): string | undefined {
  return path === undefined ? undefined : resolve(io.cwd, path);
}

function line(problem: ConfigProblem): string {
  return visible(describeProblem(problem));
}
