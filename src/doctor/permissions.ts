/** Whom a file's mode is judged for. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  /** The own group first. */
  readonly gids: readonly number[];
}

/** One file or folder as stat(2) has it; symbolic links are followed before. */
export interface Entry {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'socket' | 'other';
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** The way to a file: every folder from the root on, then itself. */
export interface Way {
  readonly entries: readonly Entry[];
  /** Where it ends before, and the errno. */
  readonly stopped?: { readonly path: string; readonly errno: string };
}

const READ = 4;
const WRITE = 2;
const ENTER = 1;

/** The last of a way that leads to its end. */
export function targetOf(way: Way): Entry | undefined {
  return way.stopped === undefined ? way.entries.at(-1) : undefined;
}

/** What keeps somebody from a file: a folder on the way, or the file itself. */
export interface Obstacle {
  readonly folder: string | undefined;
  readonly says: string;
}

/** What keeps `account` from reading a file (or listing a folder) at the end of a way that leads there; undefined: nothing. */
export function readObstacle(way: Way, account: Account): Obstacle | undefined {
  return obstacle(way, account, READ);
}

/** Likewise for making and changing files in a folder. */
export function writeObstacle(way: Way, account: Account): Obstacle | undefined {
  return obstacle(way, account, WRITE | ENTER);
}

function obstacle({ entries }: Way, account: Account, wanted: number): Obstacle | undefined {
  const target = entries.at(-1);
  for (const entry of entries) {
    const { path, mode, uid, gid } = entry;
    const needs = entry === target ? wanted : ENTER;
    if ((bitsFor(entry, account) & needs) === needs) continue;
    if (entry === target) return { folder: undefined, says: `its mode is ${modeText(mode)}, its owner uid ${uid}, its group gid ${gid}` };
    return { folder: path, says: `${path} (mode ${modeText(mode)}) does not let ${account.name} pass` };
  }
  return undefined;
}

function bitsFor({ uid, gid, mode }: Entry, account: Account): number {
  if (account.uid === 0) return READ | WRITE | ENTER;
  if (account.uid === uid) return (mode >> 6) & 7;
  return account.gids.includes(gid) ? (mode >> 3) & 7 : mode & 7;
}

export function modeText(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
