import { statSync } from 'node:fs';
import type { Env } from '../config/paths.js';
import { controlSocketCandidates, defaultPaths, SYSTEM_CONFIG_FILE } from '../config/paths.js';
import { errnoOf } from '../errors.js';

/** The control socket of this user's daemon, else the system's; where neither is there, that of the one that is configured here. */
export function findControlSocket(env: Env, at: { readonly home: string; readonly cwd: string }): string {
  const paths = defaultPaths(env, at);
  const candidates = controlSocketCandidates(paths, env);
  const configured = isThere(SYSTEM_CONFIG_FILE) && !isThere(paths.configFile) ? candidates.at(-1) : undefined;
  return candidates.find(isThere) ?? configured ?? paths.controlSocket;
}

/** Also where this user may not look: who uses it is told so. */
export function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EACCES';
  }
}
