import { posix } from 'node:path';
import type { ConfigProblem } from '../errors.js';
import { ConfigError } from '../errors.js';

export type Env = Readonly<Record<string, string | undefined>>;

/** Where things are when the configuration says nothing else. All paths are absolute. */
export interface Paths {
  readonly configFile: string;
  /** True where somebody named the file: then it must exist. */
  readonly configFileNamed: boolean;
  /** Spool, audit, registry. */
  readonly stateDir: string;
  readonly runtimeDir: string;
  /** The conf store of what was made with `ctl`. */
  readonly tenantsFile: string;
  readonly controlSocket: string;
  readonly scanSocket: string;
}

/** Linux keeps 108 bytes for a socket's path, the last of them zero; Node would cut a longer one silently. */
const MAX_SOCKET_PATH_BYTES = 107;
const SYSTEM_RUNTIME_DIR = '/run/raxed';
export const SYSTEM_CONFIG_FILE = '/etc/raxed/config.json';
/** What systemd tells the service, for who looks for its files from elsewhere. */
export const SERVICE_ENV = { STATE_DIRECTORY: '/var/lib/raxed', RUNTIME_DIRECTORY: SYSTEM_RUNTIME_DIR } as const;

/**
 * The places of this process, from its environment: systemd's folders where it gives them, else the XDG folders of
 * a person. RAXED_CONFIG, RAXED_STATE_DIR, RAXED_SOCKET and RAXE_MSSP_DIR override; `--config` overrides RAXED_CONFIG.
 */
export function defaultPaths(env: Env, at: { home: string; cwd: string; configOption?: string | undefined }): Paths {
  const absolute = (path: string): string => posix.resolve(at.cwd, path);
  const xdg = (name: string, fallback: string): string => posix.join(absoluteOrNothing(env[name]) ?? posix.join(at.home, fallback), 'raxed');

  const systemState = systemdFolder(env['STATE_DIRECTORY']);
  const named = given(at.configOption) ?? given(env['RAXED_CONFIG']);
  const configFolder = systemState === undefined ? xdg('XDG_CONFIG_HOME', '.config') : systemdFolder(env['CONFIGURATION_DIRECTORY']) ?? '/etc/raxed';
  const configFile = named === undefined ? posix.join(configFolder, 'config.json') : absolute(named);

  const stateOverride = given(env['RAXED_STATE_DIR']);
  const stateDir = stateOverride === undefined ? systemState ?? xdg('XDG_STATE_HOME', '.local/state') : absolute(stateOverride);
  const personal = absoluteOrNothing(env['XDG_RUNTIME_DIR']);
  const runtimeDir = systemdFolder(env['RUNTIME_DIRECTORY'])
    ?? (systemState === undefined ? (personal === undefined ? stateDir : posix.join(personal, 'raxed')) : SYSTEM_RUNTIME_DIR);

  const socketOverride = given(env['RAXED_SOCKET']);
  const controlSocket = socketOverride === undefined ? posix.join(runtimeDir, 'control.sock') : absolute(socketOverride);
  const tenantsOverride = given(env['RAXE_MSSP_DIR']);
  const tenantsDir = tenantsOverride === undefined ? stateDir : absolute(tenantsOverride.replace(/^~(?=\/|$)/, at.home));
  return {
    configFile, configFileNamed: named !== undefined, stateDir, runtimeDir, controlSocket,
    tenantsFile: posix.join(tenantsDir, 'tenants.json'),
    scanSocket: posix.join(posix.dirname(controlSocket), 'scan.sock'),
  };
}

/**
 * The places of a daemon with this configuration. The environment wins over the file, the file over the default.
 * Throws ConfigError SOCKET_PATH_TOO_LONG.
 */
export function effectivePaths(paths: Paths, config: { readonly state_dir: string | null; readonly control: { readonly socket: string | null; readonly scan_socket: string | null } }, env: Env): Paths {
  const { stateDir, tenantsFile, moved } = statePlaces(paths, config, env);
  const runtimeDir = paths.runtimeDir === paths.stateDir ? stateDir : paths.runtimeDir;
  const controlSocket = given(env['RAXED_SOCKET']) === undefined ? config.control.socket ?? moved(paths.controlSocket) : paths.controlSocket;
  const scanSocket = config.control.scan_socket ?? posix.join(posix.dirname(controlSocket), 'scan.sock');
  const problems = [socketPathProblem('/control/socket', controlSocket), socketPathProblem('/control/scan_socket', scanSocket)].flatMap((problem) => problem ?? []);
  if (problems.length > 0) throw new ConfigError('SOCKET_PATH_TOO_LONG', problems);
  return { ...paths, stateDir, runtimeDir, controlSocket, scanSocket, tenantsFile };
}

/** The part of `effectivePaths` that needs no socket. `moved`: a place below the default state folder is below this one. */
export function statePlaces(paths: Paths, config: { readonly state_dir: string | null }, env: Env): Pick<Paths, 'stateDir' | 'tenantsFile'> & { moved(path: string): string } {
  const stateDir = given(env['RAXED_STATE_DIR']) === undefined ? config.state_dir ?? paths.stateDir : paths.stateDir;
  const moved = (path: string): string => (path.startsWith(`${paths.stateDir}/`) ? stateDir + path.slice(paths.stateDir.length) : path);
  return { stateDir, tenantsFile: given(env['RAXE_MSSP_DIR']) === undefined ? moved(paths.tenantsFile) : paths.tenantsFile, moved };
}

/** Where a client looks for a daemon's control socket, in order: its own user's, then the system's. */
export function controlSocketCandidates(paths: Paths, env: Env): string[] {
  if (given(env['RAXED_SOCKET']) !== undefined) return [paths.controlSocket];
  return [...new Set([paths.controlSocket, posix.join(SYSTEM_RUNTIME_DIR, 'control.sock')])];
}

export function socketPathProblem(pointer: string, path: string | null): ConfigProblem | undefined {
  const bytes = path === null ? 0 : Buffer.byteLength(path);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return undefined;
  return { pointer, message: `the socket's path has ${bytes} bytes, more than the ${MAX_SOCKET_PATH_BYTES} that Linux allows` };
}

function given(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}

/** XDG: a relative path is to be ignored. */
function absoluteOrNothing(path: string | undefined): string | undefined {
  return path?.startsWith('/') === true ? path : undefined;
}

/** systemd gives several folders with colons between. */
function systemdFolder(value: string | undefined): string | undefined {
  return absoluteOrNothing(value?.split(':')[0]);
}
