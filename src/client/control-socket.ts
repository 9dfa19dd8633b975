import { existsSync } from 'node:fs';
import type { Env } from '../config/paths.js';
import { controlSocketCandidates, defaultPaths } from '../config/paths.js';

/** The control socket of this user's daemon, else the system's; where neither is there, the first place to look again. */
export function findControlSocket(env: Env, at: { readonly home: string; readonly cwd: string }): string {
  const paths = defaultPaths(env, at);
  return controlSocketCandidates(paths, env).find((path) => existsSync(path)) ?? paths.controlSocket;
}
