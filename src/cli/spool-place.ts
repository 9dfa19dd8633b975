import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AVAILABLE_SIEM } from '../config/available.js';
import { decodeUtf8, MISSING, readConfigFile } from '../config/file.js';
import { parseJsonText } from '../config/json-text.js';
import { statePlaces } from '../config/paths.js';
import type { Config } from '../config/schema.js';
import { errnoOf, RaxedError } from '../errors.js';
import type { StoredPolicy } from '../daemon/policies.js';
import { readPolicyRecord } from '../daemon/policies.js';
import { REWRITE_PENDING } from '../spool/names.js';
import type { StreamId } from '../spool/spool.js';
import { mergeTenants } from '../tenants/merge.js';
import { parseStored } from '../tenants/stored.js';
import type { Tenants } from '../tenants/tenants.js';
import { NO_TENANTS } from '../tenants/tenants.js';
import type { Io } from './io.js';
import { placesHere } from './places.js';

/** A spool on this machine's disk that is looked at without a daemon. */
export interface SpoolPlace {
  readonly stateDir: string;
  readonly folder: string;
  /** With the customers made with `ctl`; undefined when only the folder is known. */
  readonly config: Config | undefined;
}

export interface PlaceArgs {
  readonly 'state-dir': string | undefined;
  readonly config: string | undefined;
}

/** The spool of a state folder, or of the configuration's, or of this user's daemon, or of the service's. Throws ConfigError or USAGE. */
export async function findSpool({ stateDir, config }: { readonly stateDir: string | undefined; readonly config: string | undefined }, io: Pick<Io, 'env' | 'home' | 'cwd'>): Promise<SpoolPlace> {
  // Another machine's state says nothing of this one's configuration.
  const configured = stateDir === undefined || config !== undefined ? await readPlaces(config, io) : undefined;
  const state = stateDir === undefined ? configured?.stateDir ?? '' : resolve(io.cwd, stateDir);
  const folder = join(state, 'spool');
  try {
    await stat(folder);
  } catch (error) {
    throw new RaxedError('USAGE', `no spool is to be seen in ${state} (${errnoOf(error) ?? 'unknown error'}): give the state folder with --state-dir`, { cause: error });
  }
  return { stateDir: state, folder, config: configured?.config };
}

/**
 * The privacy policies in force, as far as they are known without a daemon: those of the configuration, else those that
 * the daemon has enforced last. Undefined is a policy that is not known: then no text may be shown.
 */
export async function knownPolicies({ stateDir, folder, config }: SpoolPlace): Promise<(id: StreamId) => Promise<StoredPolicy | undefined>> {
  const record = await readPolicyRecord(join(stateDir, 'policies.json'));
  return async ({ msspId, customerId }) => {
    if (config === undefined) {
      const unfinished = await stat(join(folder, msspId, customerId, REWRITE_PENDING)).then(() => true, () => false);
      return unfinished ? undefined : record.get(`${msspId}/${customerId}`);
    }
    const customer = config.mssps.find(({ id }) => id === msspId)?.customers.find(({ id }) => id === customerId);
    return customer === undefined ? undefined : { dataMode: customer.data_mode, dataFields: customer.data_fields };
  };
}

async function readPlaces(configOption: string | undefined, io: Pick<Io, 'env' | 'home' | 'cwd'>): Promise<{ readonly stateDir: string; readonly config: Config | undefined }> {
  const paths = placesHere(configOption, io);
  const loaded = await readConfigFile(paths.configFile, { availableSiem: AVAILABLE_SIEM, isCron: () => true, mayBeMissing: !paths.configFileNamed });
  const { stateDir, tenantsFile } = statePlaces(paths, loaded.config, io.env);
  if (loaded.digest === MISSING) return { stateDir, config: undefined };
  return { stateDir, config: mergeTenants(loaded.config, await readTenants(tenantsFile), 'start').config };
}

/** What cannot be read counts as none: a customer that nothing is known of keeps its text. */
async function readTenants(file: string): Promise<Tenants> {
  try {
    return parseStored(parseJsonText(decodeUtf8(await readFile(file))), { availableSiem: AVAILABLE_SIEM });
  } catch {
    return NO_TENANTS;
  }
}
