import { spawnSync } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, open, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { errnoOf, isNoSpace, RaxedError, unwritable } from '../errors.js';
import type { Logger } from '../ports.js';
import { identityOf, isDead, parseOwner } from './process-identity.js';
import type { Owner, ProcessIdentity } from './process-identity.js';

/**
 * One daemon per state folder, by three things of which each covers what the others cannot:
 *
 *   raxed.owner   who holds the folder (pid, start time, boot id), and the file that carries a kernel lock (flock(2)):
 *                 it decides races, spans network namespaces, and goes when its process goes
 *   raxed.lock/   proper-lockfile's mark, which also tells where flock is not to be had; stale after 10 s, by the clock
 */
const OWNER_FILE = 'raxed.owner';
const STALE_MS = 10_000;
const UPDATE_MS = 3_000;
const HELD_BY_ANOTHER = 1;

export interface StateLock {
  /** Aborts when the folder may belong to another process: stop writing. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

export interface LockOptions {
  /** From RAXED_BOOT_ID, where /proc does not show it (ProcSubset=pid). */
  readonly bootId?: string | undefined;
}

/**
 * Takes the folder, and makes it (0700) where there is none. The lock of a dead process is taken over at once.
 * On a full disk the kernel lock, which takes no space, is enough: a daemon that scans and cannot spool is better than none.
 * Throws STATE_LOCKED with the owner's pid, or STATE_UNWRITABLE.
 */
export async function lockStateFolder(folder: string, logger: Logger, options: LockOptions = {}): Promise<StateLock> {
  const self = identityOf(process.pid, options.bootId);
  const owner = await openOwnerFile(folder);
  try {
    const kernel = lockInKernel(owner);
    const previous = parseOwner(await readAll(owner));
    if (kernel === 'held') throw lockedBy(previous);
    if (kernel === 'unavailable') {
      logger.warn({}, 'the command flock of util-linux is missing: the state folder is guarded by a lock file only');
      if (previous !== undefined && previous.pid !== self.pid && !isDead(previous, self)) throw lockedBy(previous);
    }
    const mayTakeOver = kernel === 'locked' ? isGone(previous, self) : previous !== undefined && isDead(previous, self);
    const lock = new FolderMark({ folder: resolve(folder), owner, self: { ...self, kernelLock: kernel === 'locked' }, logger });
    await lock.take(mayTakeOver, previous);
    try {
      await writeOwner(owner, lock.self);
    } catch (error) {
      if (kernel !== 'locked' || !isNoSpace(error)) {
        await lock.drop();
        throw unwritable('cannot write the state folder', error);
      }
    }
    return lock;
  } catch (error) {
    await owner.close();
    throw error;
  }
}

/** For who holds the kernel lock: the previous owner cannot live, unless it had to do without that lock. */
function isGone(previous: Owner | undefined, self: ProcessIdentity): boolean {
  return previous === undefined || previous.kernelLock || previous.pid === self.pid || isDead(previous, self);
}

/** proper-lockfile's mark, kept for as long as the lock is. */
class FolderMark implements StateLock {
  readonly self: Owner;
  readonly #folder: string;
  readonly #owner: FileHandle;
  readonly #logger: Logger;
  readonly #lost = new AbortController();
  #release: (() => Promise<void>) | undefined;
  #released = false;
  #marked = true;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: { readonly folder: string; readonly owner: FileHandle; readonly self: Owner; readonly logger: Logger }) {
    this.self = options.self;
    this.#folder = options.folder;
    this.#owner = options.owner;
    this.#logger = options.logger;
  }

  get lost(): AbortSignal { return this.#lost.signal; }

  async take(mayTakeOver: boolean, previous: Owner | undefined): Promise<void> {
    try {
      await this.#mark();
    } catch (error) {
      if (errnoOf(error) !== 'ELOCKED') throw unwritable('cannot write the state folder', error);
      if (!mayTakeOver) throw lockedBy(previous);
      await rm(this.#markPath(), { recursive: true, force: true });
      await this.#mark().catch((again: unknown) => { throw errnoOf(again) === 'ELOCKED' ? lockedBy(undefined) : unwritable('cannot write the state folder', again); });
    }
  }

  /** Removes the mark, and keeps the owner file open. */
  async drop(): Promise<void> {
    this.#released = true;
    clearTimeout(this.#retry);
    const release = this.#release;
    this.#release = undefined;
    // A mark that is not ours any more is not ours to remove.
    await release?.().catch(() => undefined);
  }

  async release(): Promise<void> {
    if (this.#released) return;
    await this.drop();
    try {
      await this.#owner.truncate(0);
    } catch { /* A dead owner's name harms nobody. */ }
    await this.#owner.close();
  }

  /** Makes the mark; where the disk has no room for it and the kernel lock is held, goes without until it has. */
  async #mark(): Promise<void> {
    try {
      await this.#lock();
    } catch (error) {
      if (!this.self.kernelLock || !isNoSpace(error)) throw error;
      this.#goWithout(error);
    }
  }

  async #lock(): Promise<void> {
    // Loaded here: a start that is refused by the kernel lock needs none of it.
    const { default: { lock } } = await import('proper-lockfile');
    const release = await lock(join(this.#folder, 'raxed'), {
      realpath: false,
      stale: STALE_MS,
      update: UPDATE_MS,
      lockfilePath: this.#markPath(),
      onCompromised: (error) => { void this.#compromised(error); },
    });
    if (this.#released) await release();
    else this.#release = release;
  }

  /**
   * The mark was not renewed in time, or is gone: the event loop stood still, the clock was set, the disk refused, or
   * somebody removed it. As long as the folder is ours all the same, nobody else can have got in, and it is made again.
   */
  async #compromised(error: unknown): Promise<void> {
    this.#release = undefined;
    if (this.#released) return;
    if (!await this.#isOurs()) {
      if (this.#released) return;
      this.#logger.error({ error }, 'the lock on the state folder is lost');
      this.#lost.abort(new RaxedError('STATE_LOCKED', 'the lock on the state folder was lost', { cause: error }));
      return;
    }
    try {
      await this.#lock();
      this.#marked = true;
      this.#logger.warn({ error }, 'the mark on the state folder was lost and has been made again; the folder was ours');
    } catch (again) {
      this.#goWithout(again);
    }
  }

  #goWithout(error: unknown): void {
    const guard = this.self.kernelLock ? 'kernel lock' : 'owner\'s file';
    if (this.#marked) this.#logger.warn({ error }, `the mark on the state folder cannot be made; until it can, the folder is guarded by the ${guard} only`);
    this.#marked = false;
    this.#retry = setTimeout(() => { void this.#compromised(error); }, UPDATE_MS).unref();
  }

  /**
   * Whether nobody else can have taken the folder: the owner file in it is the one that we hold, and carries our kernel
   * lock, or our name, which a process without that lock would not take for a dead one's.
   */
  async #isOurs(): Promise<boolean> {
    try {
      const [held, listed] = await Promise.all([this.#owner.stat(), stat(join(this.#folder, OWNER_FILE))]);
      if (held.ino !== listed.ino || held.dev !== listed.dev) return false;
      return this.self.kernelLock || isDeepStrictEqual(parseOwner(await readAll(this.#owner)), this.self);
    } catch (error) {
      // A disk that does not answer takes no kernel lock away.
      return this.self.kernelLock && errnoOf(error) !== 'ENOENT';
    }
  }

  #markPath(): string {
    return join(this.#folder, 'raxed.lock');
  }
}

/** Node's own `recursive` never ends where a parent is there and still answers ENOENT, as /proc does. */
async function makeFolder(path: string): Promise<void> {
  const made = await mkdir(path, { mode: 0o700 }).then(() => true, (error: unknown) => {
    if (errnoOf(error) === 'EEXIST') return true;
    if (errnoOf(error) === 'ENOENT' && dirname(path) !== path) return false;
    throw error;
  });
  if (made) return;
  await makeFolder(dirname(path));
  await mkdir(path, { mode: 0o700 });
}

async function openOwnerFile(folder: string): Promise<FileHandle> {
  try {
    await makeFolder(resolve(folder));
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return await open(join(folder, OWNER_FILE), constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    throw unwritable('cannot write the state folder', error);
  }
}

/** flock(1) locks the open file that it inherits: the lock stays with this process's descriptor when flock has ended. */
function lockInKernel(file: FileHandle): 'locked' | 'held' | 'unavailable' {
  const { status, error } = spawnSync('flock', ['-xn', '3'], { stdio: ['ignore', 'ignore', 'ignore', file.fd] });
  if (status === 0) return 'locked';
  return error === undefined && status === HELD_BY_ANOTHER ? 'held' : 'unavailable';
}

async function readAll(file: FileHandle): Promise<string> {
  const bytes = Buffer.alloc(4096);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
  return bytes.toString('utf8', 0, bytesRead);
}

/** In place: the kernel lock belongs to this very file. */
async function writeOwner(file: FileHandle, identity: Owner): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(identity)}\n`, 'utf8');
  await file.truncate(0);
  await file.write(bytes, 0, bytes.length, 0);
  await file.datasync();
}

function lockedBy(owner: Owner | undefined): RaxedError {
  return new RaxedError('STATE_LOCKED', owner === undefined ? 'another process uses the state folder' : `process ${owner.pid} uses the state folder`);
}
