import { stat } from 'node:fs/promises';
import { describeError, errnoOf, RaxedError } from '../errors.js';
import { nodeClock } from '../platform/node.js';
import { nodeSpoolFiles } from '../platform/spool-files.js';
import type { Logger } from '../ports.js';
import { checkSpool } from '../spool/check.js';
import { lockStateFolder } from '../spool/folder-lock.js';
import { carryOut, planRepair } from '../spool/repair.js';
import type { RepairStep } from '../spool/repair.js';
import type { PlacedFinding } from '../spool/stored-log.js';
import type { SpoolPlace } from './spool-place.js';

/** `records`: the good ones, which stay; `position`: the event that the destination goes on with; `destinations`: the new list. */
export interface ShownStep {
  readonly file: string;
  readonly records?: number;
  readonly position?: number;
  readonly destinations?: readonly string[];
}

export interface Repair {
  readonly folder: string;
  readonly applied: boolean;
  /** `error`: it was not carried out, and nothing of it is changed. */
  readonly steps: readonly (ShownStep & { readonly error?: string })[];
  /** What no repair mends. */
  readonly left: readonly PlacedFinding[];
}

/** Plans a repair; with `apply`, takes the state folder for as long as it takes and carries it out. Throws STATE_LOCKED or STATE_UNWRITABLE. */
export async function repairSpool({ stateDir, folder }: SpoolPlace, options: { readonly apply: boolean; readonly logger: Logger; readonly bootId: string | undefined }): Promise<Repair> {
  const plan = async () => planRepair(await checkSpool(folder, nodeSpoolFiles));
  if (!options.apply) {
    const { steps, left } = await plan();
    return { folder, applied: false, steps: steps.map(shown), left };
  }
  await refuseOtherOwner(folder);
  const lock = await lockStateFolder(stateDir, options.logger, { bootId: options.bootId });
  try {
    // Looked at again: until now, a daemon may have written.
    const { steps, left } = await plan();
    const done: Repair['steps'][number][] = [];
    for (const step of steps) done.push({ ...shown(step), ...await attempt(() => carryOut(folder, step, { files: nodeSpoolFiles, clock: nodeClock, logger: options.logger })) });
    return { folder, applied: true, steps: done, left };
  } finally {
    await lock.release();
  }
}

/** What root makes here, the daemon could not read. */
async function refuseOtherOwner(folder: string): Promise<void> {
  const { uid } = await stat(folder);
  if (process.getuid?.() !== uid) throw new RaxedError('STATE_UNWRITABLE', `the spool belongs to user ${uid}: run it as that user (sudo -u '#${uid}' raxed spool repair --apply)`);
}

async function attempt(work: () => Promise<void>): Promise<{ readonly error?: string }> {
  try {
    await work();
    return {};
  } catch (error) {
    return { error: errnoOf(error) ?? describeError(error) };
  }
}

function shown(step: RepairStep): ShownStep {
  const { kind, file } = step;
  if (kind === 'segment') return { file, records: step.records };
  return kind === 'cursor' ? { file, position: step.position } : { file, destinations: step.destinations };
}
