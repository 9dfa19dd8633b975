import { join } from 'node:path';
import type { SpoolFile, SpoolFiles } from '../ports.js';
import { statedHash, type ChainHead } from './chain.js';
import { HEAD_FILE, auditFilesIn } from './file-name.js';
import { readHead, type StatedHead } from './head.js';
import { isNoFile, linesOf, openLogFile } from './lines.js';
import type { Damage, DamageKind, Walk } from './walk.js';
import { startWalk } from './walk.js';

export interface BadLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly problem: string;
  readonly kind: DamageKind;
}

export interface AuditVerification {
  readonly ok: boolean;
  readonly files: number;
  /** Intact lines, up to the first bad one. */
  readonly lines: number;
  /** Of these, lines at the end that no signature covers: written meanwhile, left by a crash, or put there by somebody. */
  readonly unsignedLines: number;
  readonly firstBad?: BadLine;
}

export interface VerifyOptions {
  readonly folder: string;
  /** Undefined: signatures are not checked. */
  readonly key: Uint8Array | undefined;
  /** How far a log that is open knows itself to have got: shows even that the log was put back together with its head. */
  readonly knownHead?: () => ChainHead;
  /** Ends the check by a rejection. */
  readonly signal?: AbortSignal;
}

const MAX_LOOKS = 100;

/**
 * Reads the whole log and checks the chain, the anchors, and that its beginning and its end are where they should be.
 * Safe beside a log that is written to, rotated and cleaned up; a copied folder must have its head file copied first.
 * Without `knownHead`, putting back an older copy of the log and its head is not noticed: nothing here can tell.
 * Rejects with Node's errors when it cannot be read.
 */
export async function verifyAudit(options: VerifyOptions, files: SpoolFiles): Promise<AuditVerification> {
  let previous: AuditVerification | undefined;
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const result = await look(options, files);
    if (result === undefined) continue;
    // A write that failed is taken back while we read it: what is wrong is wrong at a second look, too.
    if (result.ok || isSame(result.firstBad, previous?.firstBad)) return result;
    previous = result;
  }
  throw Object.assign(new Error('the audit log changes faster than it can be read'), { code: 'EBUSY' });
}

export interface VerificationView {
  readonly ok: boolean;
  readonly files: number;
  /** Intact lines, up to the first bad one. */
  readonly lines: number;
  /** Lines at the end that no signature covers yet. */
  readonly unsigned_lines: number;
  /** Whether there was a key. */
  readonly signatures_checked: boolean;
  readonly first_bad?: BadLine;
}

/** As on the wire, and as `raxed ctl audit verify --json` shows it. `key` is what it was checked with. */
export function showVerification({ ok, files, lines, unsignedLines, firstBad }: AuditVerification, key: Uint8Array | undefined): VerificationView {
  return {
    ok, files, lines, unsigned_lines: unsignedLines, signatures_checked: key !== undefined,
    ...(firstBad === undefined ? {} : { first_bad: firstBad }),
  };
}

interface Place {
  readonly file: string;
  readonly line: number;
}

/** Undefined: a file was removed meanwhile, and what came before it is gone, too. */
async function look({ folder, key, knownHead, signal }: VerifyOptions, files: SpoolFiles): Promise<AuditVerification | undefined> {
  // The heads first: the log is never behind them, and may grow while it is read.
  const stated = await readHead(folder, files, key);
  const heads = [...(typeof stated === 'object' ? [stated] : []), ...(knownHead === undefined ? [] : [knownHead()])];
  const names = auditFilesIn(await files.list(folder)).map(({ name }) => name);
  const walk = startWalk(heads, key);
  const beginning: Place = { file: names[0] ?? HEAD_FILE, line: 1 };
  let end: Place = { ...beginning, line: 0 };
  const answer = (count: number, bad?: { readonly place: Place; readonly damage: Damage }): AuditVerification => ({
    ok: bad === undefined, files: count, lines: walk.lines, unsignedLines: walk.unsignedLines(),
    ...(bad === undefined ? {} : { firstBad: { ...(bad.damage.isAtBeginning === true ? beginning : bad.place), problem: bad.damage.problem, kind: bad.damage.kind } }),
  });

  for (const [index, name] of names.entries()) {
    const found = await walkFile(walk, { folder, names, index, signal }, files).catch((error: unknown) => {
      if (!isNoFile(error)) throw error;
      return { place: { file: name, line: 1 }, damage: { kind: 'altered' as const, problem: 'it is no regular file' } };
    });
    if (found === 'removed') return undefined;
    if (typeof found === 'object') return answer(index + 1, found);
    end = { file: name, line: found };
  }
  const gone = walk.beginning();
  if (gone !== undefined) return answer(names.length, { place: beginning, damage: gone });
  const cut = walk.end();
  if (cut !== undefined) return answer(names.length, { place: { ...end, line: end.line + 1 }, damage: cut });
  const head = headDamage(stated, walk);
  return answer(names.length, head === undefined ? undefined : { place: { file: HEAD_FILE, line: 1 }, damage: head });
}

interface Reading {
  readonly folder: string;
  readonly names: readonly string[];
  readonly index: number;
  readonly signal: AbortSignal | undefined;
}

/** The number of lines of a file, or its first bad one. */
async function walkFile(walk: Walk, reading: Reading, files: SpoolFiles): Promise<number | 'removed' | { place: Place; damage: Damage }> {
  const { folder, names, index, signal } = reading;
  const name = names[index] ?? '';
  const file = await openLogFile(join(folder, name), files);
  if (file === undefined) return 'removed';
  let line = 0;
  try {
    let cutOff = false;
    for await (const batch of linesOf(file, signal)) {
      for (const bytes of batch.lines) {
        const damage = walk.next(bytes, ++line === 1);
        if (damage === undefined) continue;
        const moved = damage.awaited !== undefined && await comesLater(damage.awaited, reading, files);
        return { place: { file: name, line }, damage: moved ? { kind: 'altered', problem: 'it is not in its place' } : damage };
      }
      cutOff = batch.unfinished;
    }
    // Only the newest file may end in a line that is being written.
    if (cutOff && index < names.length - 1) return { place: { file: name, line: line + 1 }, damage: { kind: 'altered', problem: 'the line is cut off' } };
    return line;
  } finally {
    await file.close();
  }
}

/** Whether a line with this hash stands in the file that is read or in a later one. */
async function comesLater(hash: string, { folder, names, index, signal }: Reading, files: SpoolFiles): Promise<boolean> {
  for (const name of names.slice(index)) {
    try {
      const file = await openLogFile(join(folder, name), files);
      if (file !== undefined && await holdsLine(file, hash, signal)) return true;
    } catch (error) {
      if (!isNoFile(error)) throw error;
    }
  }
  return false;
}

async function holdsLine(file: SpoolFile, hash: string, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    for await (const { lines } of linesOf(file, signal)) if (lines.some((line) => statedHash(line) === hash)) return true;
    return false;
  } finally {
    await file.close();
  }
}

function headDamage(stated: StatedHead, walk: Walk): Damage | undefined {
  if (stated === 'damaged') return { kind: 'altered', problem: 'the head file is damaged, or not signed with the key' };
  if (stated === 'missing' && walk.lines > 0) return { kind: 'missing', problem: 'the head file is missing: lines at the end may be, too' };
  return undefined;
}

function isSame(a: BadLine | undefined, b: BadLine | undefined): boolean {
  return a !== undefined && b !== undefined && a.file === b.file && a.line === b.line && a.kind === b.kind;
}
