import { basename, dirname, join } from 'node:path';
import type { Clock, Logger, SpoolFiles } from '../ports.js';
import type { LogCheck, SpoolCheck, StreamCheck } from './check.js';
import { encodeCursorFile } from './cursor-slot.js';
import { encodeKnown } from './known-destinations.js';
import { learnHeader, visitRecords } from './log-search.js';
import { asideName, CURSOR_SUFFIX, fileAsDestination, parseAside } from './names.js';
import type { SeqRange } from './progress.js';
import { quarantine } from './recovery.js';
import { copyRaw, replaceFile } from './replacement.js';
import { Segment } from './segment.js';
import type { PlacedFinding } from './stored-log.js';

/** One file that is to be replaced; the file itself, if there is one, is kept beside it as `.bad`. Files are named from the spool's folder on. */
export type RepairStep = SegmentStep | CursorStep | ListStep;

/** By a segment with all its good records, numbers unchanged. */
export interface SegmentStep {
  readonly kind: 'segment';
  readonly file: string;
  /** Records that can be read, and stay. */
  readonly records: number;
  readonly base: number;
  /** One more than the last number that may be in it. */
  readonly end: number;
}

/** By a cursor that says where the destination goes on: where it was, or at the oldest event when nobody knows. */
export interface CursorStep {
  readonly kind: 'cursor';
  readonly file: string;
  readonly position: number;
  readonly done: readonly SeqRange[];
  readonly logEnd: number;
}

/** By a list of the destinations that have a cursor. */
export interface ListStep {
  readonly kind: 'list';
  readonly file: string;
  readonly destinations: readonly string[];
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
  const steps = check.streams.flatMap((stream) => [...[stream, ...stream.dead].flatMap((log) => segmentSteps(log, check.damage)), ...stateSteps(stream, check.damage)]);
  const mended = new Set(steps.map(({ file }) => file));
  return { steps, left: check.damage.filter(({ file }) => !mended.has(file)) };
}

/**
 * Carries a step out: until its last rename, the damaged file is where it was. The folder must be the caller's alone.
 * Rejects with what the disk says, and has then changed nothing that counts.
 */
export async function carryOut(folder: string, step: RepairStep, ports: RepairPorts): Promise<void> {
  const { files, clock } = ports;
  const path = join(folder, step.file);
  const names = await files.list(dirname(path));
  if (step.kind === 'segment') return replaceSegment(path, step, names, ports);
  if (names.includes(basename(path))) await copyRaw(files, path, join(dirname(path), asideName(basename(path), { timeMs: clock.now(), kind: 'bad', taken: new Set(names) })));
  await replaceFile(files, path, step.kind === 'list' ? encodeKnown(step.destinations)
    : encodeCursorFile({ generation: 1, position: step.position, done: step.done, lastSeen: clock.now(), logEnd: step.logEnd }));
}

async function replaceSegment(path: string, step: SegmentStep, names: readonly string[], { files, clock, logger }: RepairPorts): Promise<void> {
  const segment = new Segment(path, step.base, { bytes: await files.size(path), end: step.end });
  await learnHeader(segment, { files, logger });
  // The header is damaged: the first record tells how old the file is.
  if (segment.created === undefined) await visitRecords(segment, files, ({ time }) => { segment.created = time; return false; });
  const aside = new Map(names.filter((name) => parseAside(name) !== undefined).map((name) => [name, 0]));
  await quarantine(dirname(path), segment, aside, {
    files, clock, logger,
    // A repair is wanted even where the spool is full.
    budget: { overBytes: 0 },
    report: ({ file, count }) => { logger.info({ file, lost: count }, 'a damaged spool segment was replaced'); },
  });
}

function segmentSteps({ segments }: LogCheck, damage: readonly PlacedFinding[]): SegmentStep[] {
  return segments.flatMap(({ file, records, base, last_seq }, i) => {
    if (!damage.some((finding) => finding.file === file && (finding.kind === 'records' || finding.kind === 'header'))) return [];
    return [{ kind: 'segment', file, records, base, end: segments[i + 1]?.base ?? (last_seq ?? base - 1) + 1 }];
  });
}

/** The list last: after a crash in between, it is damaged as before, and the cursors are found by their names. */
function stateSteps(stream: StreamCheck, damage: readonly PlacedFinding[]): (CursorStep | ListStep)[] {
  const place = join(stream.mssp_id, stream.customer_id);
  const mine = damage.filter(({ file }) => dirname(file) === place);
  const cursors = mine.filter(({ kind }) => kind === 'cursor').map(({ file }) => ({ file, destination: fileAsDestination(basename(file, CURSOR_SUFFIX)) ?? '' }));
  const destinations = [...new Set([...stream.cursors, ...cursors].map(({ destination }) => destination))].sort();
  return [
    ...cursors.map(({ file, destination }) => {
      const known = stream.cursors.find((cursor) => cursor.destination === destination);
      return { kind: 'cursor' as const, file, position: known?.position ?? stream.first_seq ?? stream.next_seq, done: known?.done ?? [], logEnd: stream.next_seq };
    }),
    ...mine.filter(({ kind }) => kind === 'list').map(({ file }) => ({ kind: 'list' as const, file, destinations })),
  ];
}
