import { posix } from 'node:path';
import type { Env, Paths } from '../config/paths.js';
import { defaultPaths, SERVICE_ENV, SYSTEM_CONFIG_FILE } from '../config/paths.js';
import type { Unit } from './unit.js';

/** Which daemon is looked at: the service of this machine, or one that a person runs by hand. */
export interface Site {
  readonly kind: 'service' | 'person';
  readonly paths: Paths;
  /** The daemon's environment, as far as it is known: a shell's proxy is not the service's. */
  readonly env: Env;
  /** False where more may be in it than we see. */
  readonly envKnown: boolean;
  readonly unit: Unit | undefined;
}

export interface SiteFacts {
  /** `--config`, absolute, or what the daemon on `--socket` says that it reads. */
  readonly named: string | undefined;
  readonly unit: Unit | undefined;
  /** There is an /etc/raxed/config.json. */
  readonly hasSystemFile: boolean;
  /** Of the running service, from /proc; undefined where that is not to be had. */
  readonly processEnv: Env | undefined;
  readonly shell: { readonly env: Env; readonly home: string; readonly cwd: string };
}

/** The service where there is one, unless another configuration is named. */
export function siteOf({ named, unit, hasSystemFile, processEnv, shell }: SiteFacts): Site {
  const installed = unit?.loadState === 'loaded' ? unit : undefined;
  const serviceFile = installed?.configFile ?? SYSTEM_CONFIG_FILE;
  const wanted = named ?? shell.env['RAXED_CONFIG'];
  const isService = wanted === undefined || wanted === '' ? installed !== undefined || hasSystemFile : posix.resolve(shell.cwd, wanted) === serviceFile;
  if (!isService) return { kind: 'person', paths: defaultPaths(shell.env, { ...shell, configOption: named }), env: shell.env, envKnown: true, unit: undefined };
  const env: Env = { ...SERVICE_ENV, ...installed?.environment, ...processEnv };
  return {
    kind: 'service', env, unit: installed,
    envKnown: processEnv !== undefined || (installed !== undefined && !installed.hasEnvironmentFiles),
    paths: defaultPaths(env, { home: SERVICE_ENV.STATE_DIRECTORY, cwd: '/', configOption: serviceFile }),
  };
}
