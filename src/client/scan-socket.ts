import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import type { Env } from '../config/paths.js';
import { controlSocketCandidates, defaultPaths } from '../config/paths.js';

/** The scan socket, beside where the control socket would be: this user's daemon's, else the system's. */
export function findScanSocket(env: Env, at: { readonly home: string; readonly cwd: string }): string {
  const paths = defaultPaths(env, at);
  const candidates = controlSocketCandidates(paths, env).map((path) => posix.join(posix.dirname(path), 'scan.sock'));
  return candidates.find((path) => existsSync(path)) ?? paths.scanSocket;
}
