import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, statfs } from 'node:fs/promises';
import { errnoOf } from '../../errors.js';
import type { DiskFacts } from '../disk.js';
import { textOf } from './paths.js';

/** open(2): a file without a name, which leaves nothing behind whatever happens. Node has no constant for it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
const BLOCK_BYTES = 4096;
const TRIES = 3;

/** The file system that `folder`, which exists, is on. */
export async function diskOf(folder: string): Promise<Pick<DiskFacts, 'mount' | 'space'>> {
  const [mounts, space] = await Promise.all([textOf('/proc/self/mountinfo'), statfs(folder).catch(() => undefined)]);
  return {
    mount: mountOf(folder, mounts ?? ''),
    space: space === undefined ? undefined : { freeBytes: space.bavail * space.bsize, totalBytes: space.blocks * space.bsize, freeInodes: space.ffree, inodes: space.files },
  };
}

/** The mount with the longest point above `folder`; of several on one point the last is on top. proc(5). */
export function mountOf(folder: string, mountinfo: string): DiskFacts['mount'] {
  let best: DiskFacts['mount'];
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const fields = left.split(' ');
    const point = (fields[4] ?? '').replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const [type = '', , superOptions = ''] = right.split(' ');
    if (point === '' || type === '') continue;
    const above = point === '/' || folder === point || folder.startsWith(`${point}/`);
    if (!above || (best !== undefined && point.length < best.point.length)) continue;
    best = { point, type, readOnly: [fields[5] ?? '', superOptions].some((options) => options.split(',').includes('ro')) };
  }
  return best;
}

/** How long the disk takes to make 4 KiB durable. */
export async function timeSync(folder: string, monotonic: () => number): Promise<DiskFacts['sync']> {
  try {
    const file = await open(folder, constants.O_RDWR | O_TMPFILE, 0o600);
    try {
      const times: number[] = [];
      for (let i = 0; i < TRIES; i++) {
        await file.write(randomBytes(BLOCK_BYTES), 0, BLOCK_BYTES, i * BLOCK_BYTES);
        const startedAt = monotonic();
        await file.datasync();
        times.push(monotonic() - startedAt);
      }
      return { ms: times.sort((a, b) => a - b)[1] ?? 0 };
    } finally {
      await file.close();
    }
  } catch (error) {
    const errno = errnoOf(error);
    return { why: errno === 'EACCES' || errno === 'EPERM' ? 'this user may not write there' : errno === 'EOPNOTSUPP' || errno === 'EISDIR' ? 'the file system knows no files without a name' : `nothing could be written (${errno ?? 'unknown error'})` };
  }
}
