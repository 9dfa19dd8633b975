import { dirname, join } from 'node:path';
import type { Clock, Logger, SpoolFiles } from '../ports.js';
import type { LogCheck, SegmentCheck, SpoolCheck } from './check.js';
import { learnHeader, visitRecords } from './log-search.js';
import { parseAside } from './names.js';
import { quarantine } from './recovery.js';
import { Segment } from './segment.js';
import type { PlacedFinding } from './stored-log.js';

/** A segment that is to be replaced by one with all its good records, numbers unchanged; the file itself is kept beside it as `.bad`. */
export interface RepairStep {
  /** From the spool's folder on. */
  readonly file: string;
  /** Records that can be read, and stay. */
  readonly records: number;
  readonly base: number;
  /** One more than the last number that may be in it. */
  readonly end: number;
}

export interface RepairPlan {
  readonly steps: readonly RepairStep[];
  /** Damage that no repair mends: what is missing is missing, and the rest the daemon sets aside by itself. */
  readonly left: readonly PlacedFinding[];
}

export interface RepairPorts {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What can be mended of what a check has found. Pure. */
export function planRepair(check: SpoolCheck): RepairPlan {
  const damaged = new Set(check.damage.filter(({ kind }) => kind === 'records' || kind === 'header').map(({ file }) => file));
  const logs: readonly LogCheck[] = check.streams.flatMap((stream) => [stream, ...stream.dead]);
  return {
    steps: logs.flatMap(({ segments }) => segments.flatMap((segment, i) => (damaged.has(segment.file) ? [stepFor(segment, segments[i + 1])] : []))),
    left: check.damage.filter(({ file }) => !damaged.has(file)),
  };
}

/**
 * Carries a step out: until its last rename, the damaged file is where it was. The folder must be the caller's alone.
 * Rejects with what the disk says, and has then changed nothing that counts.
 */
export async function carryOut(folder: string, step: RepairStep, { files, clock, logger }: RepairPorts): Promise<void> {
  const path = join(folder, step.file);
  const segment = new Segment(path, step.base, { bytes: await files.size(path), end: step.end });
  await learnHeader(segment, { files, logger });
  // The header is damaged: the first record tells how old the file is.
  if (segment.created === undefined) await visitRecords(segment, files, ({ time }) => { segment.created = time; return false; });
  const names = await files.list(dirname(path));
  const aside = new Map(names.filter((name) => parseAside(name) !== undefined).map((name) => [name, 0]));
  await quarantine(dirname(path), segment, aside, {
    files, clock, logger,
    // A repair is wanted even where the spool is full.
    budget: { overBytes: 0 },
    report: ({ file, count }) => { logger.info({ file, lost: count }, 'a damaged spool segment was replaced'); },
  });
}

function stepFor(segment: SegmentCheck, next: SegmentCheck | undefined): RepairStep {
  const base = segment.base;
  return { file: segment.file, records: segment.records, base, end: next?.base ?? (segment.last_seq ?? base - 1) + 1 };
}

