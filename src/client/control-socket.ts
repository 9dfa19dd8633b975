import { statSync } from 'node:fs';
import type { Env } from '../config/paths.js';
import { controlSocketCandidates, defaultPaths } from '../config/paths.js';
import { errnoOf } from '../errors.js';

/** The control socket of this user's daemon, else the system's; where neither is there, the first place to look again. */
export function findControlSocket(env: Env, at: { readonly home: string; readonly cwd: string }): string {
  const paths = defaultPaths(env, at);
  return controlSocketCandidates(paths, env).find(isThere) ?? paths.controlSocket;
}

/** Also where this user may not look: who uses it is told so. */
function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EACCES';
  }
}
