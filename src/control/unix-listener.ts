import { chmodSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { createConnection } from 'node:net';
import type { Server } from 'node:net';
import { dirname, join } from 'node:path';
import { RaxedError, errnoOf } from '../errors.js';
import type { Logger } from '../ports.js';

/** sockaddr_un.sun_path holds 108 bytes with the closing NUL; Node cuts longer paths without a word. */
const MAX_SOCKET_PATH_BYTES = 107;

/**
 * Makes `server` listen on the unix socket `path` with exactly `mode`, in a folder that is made (0750) when absent.
 *
 * The socket is bound inside a private 0700 folder beside its place, gets its mode there, and is then renamed
 * into place: nobody can reach it while its mode is wider, and a stale socket is replaced in one step.
 *
 * Resolves with a function that removes the socket, as long as it is still ours.
 * Throws SOCKET_PATH_TOO_LONG, SOCKET_IN_USE (somebody answers there, or it is no socket) or STATE_UNWRITABLE.
 */
export async function listenUnix(server: Server, path: string, options: { readonly mode: number; readonly logger: Logger }): Promise<() => void> {
  const folder = dirname(path);
  // The private name may be longer than the final one.
  const longest = Math.max(Buffer.byteLength(path), Buffer.byteLength(join(folder, '.XXXXXX', 's')));
  if (longest > MAX_SOCKET_PATH_BYTES) throw new RaxedError('SOCKET_PATH_TOO_LONG', `the socket path ${path} is too long: it takes ${longest} bytes of ${MAX_SOCKET_PATH_BYTES}`);
  makeFolder(folder, options.logger);
  await refuseLiveSocket(path);

  // Not join(): it drops the dot, and the nursery would stand beside the folder, where we may not write.
  const nursery = attempt(folder, () => mkdtempSync(`${folder}/.`));
  try {
    const born = join(nursery, 's');
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(born, () => { server.removeListener('error', reject); resolve(); });
    });
    chmodSync(born, options.mode);
    renameSync(born, path);
  } finally {
    rmSync(nursery, { recursive: true, force: true });
  }
  const { ino, dev } = statSync(path);
  return () => {
    const now = lstatSync(path, { throwIfNoEntry: false });
    if (now?.ino === ino && now.dev === dev) unlinkSync(path);
  };
}

function makeFolder(folder: string, logger: Logger): void {
  const made = attempt(folder, () => mkdirSync(folder, { recursive: true, mode: 0o750 }));
  if (made !== undefined) {
    // The umask may have taken bits that the group needs to reach scan.sock.
    chmodSync(folder, 0o750);
    return;
  }
  const { mode } = statSync(folder);
  const sticky = (mode & 0o1000) !== 0;
  if ((mode & 0o022) !== 0 && !sticky) logger.warn({ folder, mode: (mode & 0o7777).toString(8) }, 'the folder of the sockets can be written by others: they could replace the sockets');
}

async function refuseLiveSocket(path: string): Promise<void> {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) throw new RaxedError('SOCKET_IN_USE', `${path} exists and is not a socket`);
  // Only a refusal proves that nobody listens: a stopped process or a full backlog is somebody.
  const answer = await new Promise<string | undefined>((resolve) => {
    const probe = createConnection(path, () => { resolve('connected'); probe.destroy(); });
    probe.on('error', (error) => { resolve(errnoOf(error)); });
  });
  if (answer !== 'ECONNREFUSED' && answer !== 'ENOENT') throw new RaxedError('SOCKET_IN_USE', `another process listens on ${path}`);
}

function attempt<T>(folder: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new RaxedError('STATE_UNWRITABLE', `the folder ${folder} cannot be used for sockets (${errnoOf(error) ?? 'error'})`, { cause: error });
  }
}
