import type { Finding } from './finding.js';
import { judgeOf } from './finding.js';
import type { Site } from './site.js';

/** The file system of the state folder, or of the nearest folder above it that exists. */
export interface DiskFacts {
  readonly site: Site;
  readonly folder: string;
  readonly mount: { readonly point: string; readonly type: string; readonly readOnly: boolean } | undefined;
  readonly space: { readonly freeBytes: number; readonly totalBytes: number; readonly freeInodes: number; readonly inodes: number } | undefined;
  /** What the spool takes already, and may take. */
  readonly spool: { readonly usedBytes: number; readonly maxBytes: number; readonly minFreeBytes: number } | undefined;
  /** Median of some fdatasync(2) of 4 KiB; else why there is none. */
  readonly sync: { readonly ms: number } | { readonly why: string };
}

const { ok, warning, problem, notChecked } = judgeOf('disk');
const SLOW_SYNC_MS = 100;
const FEW_INODES = 10_000;

const UNSUITABLE: readonly (readonly [RegExp, string])[] = [
  [/^(?:tmpfs|ramfs|devtmpfs|zram)$/, 'lives in memory: what waits for delivery is gone after a reboot'],
  [/^(?:nfs\d?|cifs|smb3|9p|afs|ceph|glusterfs|fuse\..*|fuseblk|virtiofs|vboxsf)$/, 'is on another machine or behind another program: locks and fsync may mean less there, and a network that fails stops the daemon'],
  [/^(?:overlay|aufs)$/, 'is a container\'s layer: what waits for delivery is gone with the container'],
];

export function judgeDisk(facts: DiskFacts): Finding[] {
  return [...judgeMount(facts), ...judgeSpace(facts), judgeSync(facts)];
}

function judgeMount({ site, folder, mount }: DiskFacts): Finding[] {
  if (mount === undefined) return [notChecked('mount', `which disk ${folder} is on`)];
  const data = { mount: mount.point, type: mount.type };
  const move = `Mount a local disk (ext4 or xfs) on ${folder}, or name a folder on one with state_dir in ${site.paths.configFile}.`;
  if (mount.readOnly) return [problem('mount', `the disk of ${folder} (${mount.point}) is mounted read-only`, `If the kernel did that because of an error, \`dmesg\` says so and the disk needs \`fsck\`; else \`sudo mount -o remount,rw ${mount.point}\`.`, data)];
  const unsuitable = UNSUITABLE.find(([type]) => type.test(mount.type));
  if (unsuitable !== undefined) return [warning('mount', `${folder} is on ${mount.type}, which ${unsuitable[1]}`, move, data)];
  return [ok('mount', `${folder} is on ${mount.type} (${mount.point})`, data)];
}

function judgeSpace({ site, folder, space, spool }: DiskFacts): Finding[] {
  if (space === undefined) return [notChecked('space', `how much room there is for ${folder}`)];
  const { freeBytes, totalBytes, freeInodes, inodes } = space;
  const data = { free_bytes: freeBytes, total_bytes: totalBytes };
  const inodeFinding = inodes > 0 && freeInodes < FEW_INODES ? [warning('inodes', `only ${freeInodes} more files can be made on the disk of ${folder}`, `Delete files that nobody needs: \`sudo du --inodes -x ${folder}/..\` finds where they are many.`, { free_inodes: freeInodes })] : [];
  if (spool === undefined) return [ok('space', `${bytesText(freeBytes)} are free for ${folder}`, data), ...inodeFinding];
  const { usedBytes, maxBytes, minFreeBytes } = spool;
  const needed = Math.max(0, maxBytes - usedBytes) + minFreeBytes;
  const room = `Make room, or lower spool.max_bytes (now ${bytesText(maxBytes)}) or spool.min_free_bytes (now ${bytesText(minFreeBytes)}) in ${site.paths.configFile}.`;
  if (freeBytes <= minFreeBytes) return [problem('space', `only ${bytesText(freeBytes)} are free for ${folder}, no more than spool.min_free_bytes: new events are refused`, room, data), ...inodeFinding];
  if (freeBytes < needed) return [warning('space', `${bytesText(freeBytes)} are free for ${folder}: too little for a full spool, which needs ${bytesText(needed)} more`, room, data), ...inodeFinding];
  return [ok('space', `${bytesText(freeBytes)} are free for ${folder}; a full spool needs ${bytesText(needed)} more`, data), ...inodeFinding];
}

function judgeSync({ folder, sync }: DiskFacts): Finding {
  if ('why' in sync) return notChecked('sync', `how fast the disk of ${folder} makes data durable: ${sync.why}`);
  const data = { fdatasync_ms: sync.ms };
  if (sync.ms > SLOW_SYNC_MS) return warning('sync', `the disk of ${folder} takes ${Math.round(sync.ms)} ms to make data durable; each verdict on a threat waits for it`, 'Move state_dir to a faster disk; or, if a threat may be lost when the power fails, set spool.ack to "write".', data);
  return ok('sync', `the disk of ${folder} makes data durable in ${sync.ms < 1 ? 'less than 1' : String(Math.round(sync.ms))} ms`, data);
}

function bytesText(bytes: number): string {
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
