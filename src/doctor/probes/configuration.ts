import { readFile, stat } from 'node:fs/promises';
import { AVAILABLE_SIEM } from '../../config/available.js';
import { decodeUtf8, readConfigFile } from '../../config/file.js';
import { parseJsonText } from '../../config/json-text.js';
import type { Env, Paths } from '../../config/paths.js';
import { effectivePaths } from '../../config/paths.js';
import type { Config } from '../../config/schema.js';
import { ConfigError, describeError, errnoOf } from '../../errors.js';
import type { EffectiveConfig } from '../../tenants/merge.js';
import { mergeTenants } from '../../tenants/merge.js';
import { parseStored } from '../../tenants/stored.js';
import type { Tenants } from '../../tenants/tenants.js';
import { NO_TENANTS } from '../../tenants/tenants.js';
import type { ReadConfig, ReadTenants } from '../configuration.js';

/** The configuration as a daemon that starts now would see it. */
export interface Seen {
  readonly read: ReadConfig;
  readonly tenants: ReadTenants | undefined;
  readonly effective: EffectiveConfig | undefined;
  readonly paths: Paths;
}

/** Reads the file and the tenants made with `ctl`; changes nothing, unlike the daemon, which sets a damaged store aside. */
export async function seeConfiguration(paths: Paths, env: Env): Promise<Seen> {
  const read = await readFileAt(paths.configFile);
  if (read.kind !== 'read') return { read, tenants: undefined, effective: undefined, paths };
  let places: Paths;
  try {
    places = effectivePaths(paths, read.config, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { read: { kind: 'invalid', problems: error.problems }, tenants: undefined, effective: undefined, paths };
  }
  return { read, paths: places, ...await mergeStored(read.config, places.tenantsFile) };
}

async function readFileAt(file: string): Promise<ReadConfig> {
  // Opening a pipe would never end.
  const isOther = await stat(file).then((found) => !found.isFile(), () => false);
  if (isOther) return { kind: 'unreadable', errno: 'not a regular file' };
  try {
    const { validate } = await import('node-cron');
    return { kind: 'read', ...await readConfigFile(file, { availableSiem: AVAILABLE_SIEM, isCron: (expression) => validate(expression) }) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (error.code !== 'CONFIG_UNREADABLE') return { kind: 'invalid', problems: error.problems };
    const errno = errnoOf(error.cause) ?? 'too large';
    return errno === 'ENOENT' || errno === 'ENOTDIR' ? { kind: 'missing' } : { kind: 'unreadable', errno };
  }
}

async function mergeStored(config: Config, file: string): Promise<Pick<Seen, 'tenants' | 'effective'>> {
  let stored: Tenants;
  try {
    stored = parseStored(parseJsonText(decodeUtf8(await readFile(file))), { availableSiem: AVAILABLE_SIEM });
  } catch (error) {
    const errno = errnoOf(error);
    const effective = mergeTenants(config, NO_TENANTS, 'start');
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return { tenants: { kind: 'none' }, effective };
    if (error instanceof ConfigError) return { tenants: { kind: 'damaged', problem: error.problems.slice(0, 1).map(({ pointer, message }) => `${pointer} ${message}`.trim()).join('') }, effective };
    return { tenants: errno === undefined ? { kind: 'damaged', problem: describeError(error) } : { kind: 'unreadable', errno }, effective };
  }
  return { tenants: { kind: 'merged', mssps: stored.mssps.length, customers: stored.customers.length }, effective: mergeTenants(config, stored, 'start') };
}
