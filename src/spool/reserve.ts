import { dirname } from 'node:path';
import { isNoSpace } from '../errors.js';
import type { Logger, Random, SpoolFile, SpoolFiles } from '../ports.js';
import { ignoreErrors, removeIfThere, writeAll } from './replacement.js';
import { Turns } from './turns.js';

/**
 * A file of noise beside the spool, which takes room on the disk while there is plenty. What must be written before
 * anything can be deleted (audit lines, dead letters, what was lost) gets that room when the disk is full; otherwise
 * a full spool could never drain. A cursor needs none, being written in place.
 */
export interface Reserve {
  /** What is not taken now: who writes anything else must leave that much free. */
  readonly missingBytes: number;
  /** Gives a piece back to the file system; false when there was none. */
  release(): Promise<boolean>;
  /** Runs `work`, and after each ENOSPC or EDQUOT again, for as long as there is a piece to give back. */
  spend<T>(work: () => Promise<T>): Promise<T>;
  /** Takes what is missing, each time at most half of what is free, so that it is never what fills the disk. Never rejects. */
  refill(): Promise<void>;
}

/** For a spool without one. */
export const NO_RESERVE: Reserve = { missingBytes: 0, release: () => Promise.resolve(false), spend: (work) => work(), refill: () => Promise.resolve() };

/** What is given back at a time: a few hundred audit lines. */
const PIECE_BYTES = 128 * 1024;
const LEAST_BYTES = PIECE_BYTES;
const MOST_BYTES = 16 * 1024 * 1024;

/** What the audit lines of a segment take for two destinations, after which the segment can go. */
export function reserveBytes(segmentBytes: number): number {
  return Math.min(MOST_BYTES, Math.max(LEAST_BYTES, 2 * segmentBytes));
}

/** Takes up what is there already; `refill` takes the rest. `wantedBytes` is asked for anew each time. */
export async function openReserve(path: string, wantedBytes: () => number, ports: { readonly files: SpoolFiles; readonly random: Random; readonly logger: Logger }): Promise<Reserve> {
  const { files, random, logger } = ports;
  const turns = new Turns();
  let heldBytes = await files.size(path).catch(() => 0);

  async function withFile(work: (file: SpoolFile) => Promise<void>): Promise<void> {
    const file = await files.open(path, heldBytes === 0 ? 'create' : 'write');
    try {
      await work(file);
    } finally {
      await file.close();
    }
  }

  async function shrink(toBytes: number): Promise<void> {
    await withFile((file) => file.truncate(toBytes));
    heldBytes = toBytes;
  }

  async function grow(toBytes: number): Promise<void> {
    if (heldBytes === 0) await removeIfThere(files, path);
    await withFile(async (file) => {
      try {
        for (let at = heldBytes; at < toBytes; at += PIECE_BYTES) await writeAll(file, [random.bytes(Math.min(PIECE_BYTES, toBytes - at))], at);
        await file.datasync();
        heldBytes = toBytes;
      } catch (error) {
        await ignoreErrors(() => file.truncate(heldBytes));
        throw error;
      }
    });
  }

  async function adjust(): Promise<void> {
    const wanted = wantedBytes();
    if (heldBytes > wanted) return shrink(wanted);
    if (heldBytes === wanted) return;
    const most = heldBytes + Math.floor(await files.freeBytes(dirname(path)) / 2);
    if (most > heldBytes) await grow(Math.min(wanted, most));
  }

  const release = (): Promise<boolean> => turns.take(async () => {
    if (heldBytes === 0) return false;
    try {
      await shrink(Math.max(0, heldBytes - PIECE_BYTES));
      return true;
    } catch (error) {
      // Somebody has removed it, or the disk takes nothing at all.
      logger.warn({ error }, 'the reserve on the disk could not be used');
      heldBytes = 0;
      return false;
    }
  });

  return {
    get missingBytes() { return Math.max(0, wantedBytes() - heldBytes); },
    release,
    async spend(work) {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          if (!isNoSpace(error) || !await release()) throw error;
        }
      }
    },
    refill: () => turns.take(async () => {
      try {
        await adjust();
      } catch (error) {
        if (!isNoSpace(error)) logger.warn({ error }, 'the reserve on the disk could not be taken');
      }
    }),
  };
}
