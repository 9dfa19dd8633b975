import { isThere } from '../client/control-socket.js';
import type { Paths } from '../config/paths.js';
import { defaultPaths, SERVICE_ENV, SYSTEM_CONFIG_FILE } from '../config/paths.js';
import type { Io } from './io.js';

/** Where the files of the daemon on this machine are: those that are named or this user's own, else the service's. */
export function placesHere(configOption: string | undefined, io: Pick<Io, 'env' | 'home' | 'cwd'>): Paths {
  const at = { home: io.home, cwd: io.cwd, configOption };
  const own = defaultPaths(io.env, at);
  const isOwn = own.configFileNamed || (io.env['RAXED_STATE_DIR'] ?? '') !== '' || isThere(own.configFile) || !isThere(SYSTEM_CONFIG_FILE);
  return isOwn ? own : defaultPaths({ ...io.env, ...SERVICE_ENV }, at);
}
