import type { FSWatcher } from 'node:fs';
import { watch } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { errnoOf } from '../errors.js';
import type { Clock, Logger } from '../ports.js';
import { MISSING, contentDigest } from './file.js';
import { entriesOf } from './folders.js';

export interface WatchOptions {
  readonly path: string;
  /** The digest of what was read from `path`; without it, what is there now counts as known. */
  readonly digest?: string;
  /** When that reading began, wall clock: an extra file that changed since then was perhaps read before it did. */
  readonly since?: number;
  /** Other files whose content matters (secrets, certificates); asked again after every change. */
  extraFiles(): readonly string[];
  /** Some content changed. One call at a time; a rejection is logged. */
  onChange(): void | Promise<void>;
  readonly settleMs?: number;
  readonly pollMs?: number;
}

export interface ConfigWatch {
  /** No call of onChange begins after this. Safe twice. */
  close(): void;
}

/** A burst of events (an editor's save, a checkout) is waited out for this long, */
const SETTLE_MS = 100;
/** but files that never come to rest are looked at after this long all the same. */
const SETTLE_AT_MOST_MS = 500;
/** The net under inotify, for network and overlay file systems, and for folders that were replaced. */
const POLL_MS = 2000;
/** The same while a folder is missing or cannot be watched. */
const POLL_UNWATCHED_MS = 250;
/** File systems stamp files with the last tick of a coarse clock. */
const TIMESTAMP_GRAIN_MS = 20;
const MAX_HASHED_BYTES = 16 * 1024 * 1024;

/**
 * Calls `onChange` when the content of a file changes, however it does: rewritten in place, replaced by a rename,
 * a symlink on the way turned, deleted, made again. Folders are watched, not files, because a watch on a file stays
 * with the old one. Resolves when it watches; never rejects, and does not keep the process alive.
 */
export async function watchConfig(options: WatchOptions, ports: { clock: Clock; logger: Logger }): Promise<ConfigWatch> {
  const { clock, logger } = ports;
  const settleMs = options.settleMs ?? SETTLE_MS;
  const closing = new AbortController();
  const watchers = new Map<string, { readonly watcher: FSWatcher; readonly identity: string; names: ReadonlySet<string> }>();
  const known = new Map<string, Fingerprint>();
  let wake = new AbortController();
  let complete = true;

  const files = (): string[] => [...new Set([options.path, ...options.extraFiles()].map((file) => resolve(file)))];

  function drop(folder: string): void {
    watchers.get(folder)?.watcher.close();
    watchers.delete(folder);
  }

  function arm(folder: string, identity: string, names: ReadonlySet<string>): void {
    const current = watchers.get(folder);
    if (current?.identity === identity) { current.names = names; return; }
    drop(folder);
    const watcher = watch(folder, { persistent: false });
    watcher.on('change', (_kind, name) => {
      const text = name === null ? undefined : String(name);
      // The folder's own name: it was removed or moved.
      if (text === undefined || watchers.get(folder)?.names.has(text) === true || text === basename(folder)) wake.abort();
    });
    watcher.on('error', () => { if (watchers.get(folder)?.watcher === watcher) drop(folder); wake.abort(); });
    watchers.set(folder, { watcher, identity, names });
  }

  /** Watches exactly the folders that the files, and the symlinks on the way to them, are in. */
  async function rearm(): Promise<void> {
    const wanted = new Map<string, Set<string>>();
    complete = true;
    for (const file of files()) if (!(await entriesOf(file, wanted))) complete = false;
    for (const [folder, names] of wanted) {
      const identity = await identityOf(folder);
      if (closing.signal.aborted) return;
      try {
        if (identity === undefined) throw new Error('gone');
        arm(folder, identity, names);
      } catch {
        drop(folder);
        complete = false;
      }
    }
    for (const folder of watchers.keys()) if (!wanted.has(folder)) drop(folder);
  }

  async function foldersReplaced(): Promise<boolean> {
    for (const [folder, { identity }] of watchers) if (await identityOf(folder) !== identity) return true;
    return false;
  }

  /** Whether any content differs from what is known; it is known afterwards. A file that was not asked for before is no change. */
  async function changed(trustStat: boolean): Promise<boolean> {
    let different = false;
    const wanted = files();
    for (const file of wanted) {
      const before = known.get(file);
      const now = await fingerprint(file, trustStat ? before : undefined);
      if (before !== undefined && before.digest !== now.digest) different = true;
      known.set(file, now);
    }
    for (const file of known.keys()) if (!wanted.includes(file)) known.delete(file);
    return different;
  }

  async function turn(): Promise<void> {
    const byEvent = wake.signal.aborted;
    const started = clock.monotonic();
    while (wake.signal.aborted && clock.monotonic() - started < SETTLE_AT_MOST_MS) {
      wake = new AbortController();
      await clock.sleep(settleMs, closing.signal);
    }
    if (closing.signal.aborted) return;
    if (byEvent || !complete || await foldersReplaced()) await rearm();
    if (!(await changed(!byEvent)) || closing.signal.aborted) return;
    const since = clock.now();
    try {
      await options.onChange();
    } catch (error) {
      logger.error({ error }, 'a change of the configuration could not be handled');
    }
    if (closing.signal.aborted) return;
    // Files that the new configuration names: watched first, then known, so that no change falls between.
    await rearm();
    await learn(since);
  }

  /** Takes note of files that were not asked for before. What changed after `since` counts as changed. */
  async function learn(since: number): Promise<void> {
    for (const file of files()) {
      if (known.has(file)) continue;
      const now = await fingerprint(file);
      const isNewer = now.changedMs >= since - TIMESTAMP_GRAIN_MS;
      known.set(file, isNewer ? UNKNOWN : now);
      if (isNewer) wake.abort();
    }
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      await clock.sleep(complete ? options.pollMs ?? POLL_MS : Math.min(options.pollMs ?? POLL_MS, POLL_UNWATCHED_MS), wake.signal);
      if (closing.signal.aborted) break;
      try {
        await turn();
      } catch (error) {
        logger.warn({ error }, 'watching the configuration failed for a moment');
      }
    }
  }

  await rearm();
  if (options.digest !== undefined) {
    known.set(resolve(options.path), { ...UNKNOWN, digest: options.digest });
    wake.abort();
  }
  await learn(options.since ?? Infinity);
  void run();
  return {
    close(): void {
      closing.abort();
      wake.abort();
      for (const folder of [...watchers.keys()]) drop(folder);
    },
  };
}

function identityOf(folder: string): Promise<string | undefined> {
  return stat(folder).then(({ dev, ino }) => `${dev}:${ino}`, () => undefined);
}

interface Fingerprint {
  readonly digest: string;
  readonly stat: string;
  /** ctime. */
  readonly changedMs: number;
}

const UNKNOWN: Fingerprint = { digest: '', stat: '', changedMs: 0 };

/** With `trusted`, its digest is taken over when size, times and inode are the same. */
async function fingerprint(file: string, trusted?: Fingerprint): Promise<Fingerprint> {
  try {
    const info = await stat(file, { bigint: true });
    const signature = `${info.dev}:${info.ino}:${info.size}:${info.mtimeNs}:${info.ctimeNs}`;
    if (trusted?.stat === signature) return trusted;
    const seen = { stat: signature, changedMs: Number(info.ctimeMs) };
    if (!info.isFile()) return { ...seen, digest: 'no file' };
    return { ...seen, digest: info.size > MAX_HASHED_BYTES ? signature : contentDigest(await readFile(file)) };
  } catch (error) {
    const code = errnoOf(error) ?? 'unreadable';
    return { digest: code === 'ENOENT' ? MISSING : code, stat: code, changedMs: 0 };
  }
}
