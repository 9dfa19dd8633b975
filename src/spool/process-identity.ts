import { readFileSync, readlinkSync } from 'node:fs';
import { errnoOf } from '../errors.js';

/** Which process it was, so that its number is not mistaken for a later process's. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after the boot, from /proc; null where there is none. */
  readonly startTime: string | null;
  /** Without dashes; null where it cannot be known. */
  readonly bootId: string | null;
  /** The pid namespace: a pid of another one says nothing here. */
  readonly namespace: string | null;
}

/** The owner file's content. */
export interface Owner extends ProcessIdentity {
  /** It held the kernel lock too: whoever gets that lock after it knows that it is gone. */
  readonly kernelLock: boolean;
}

export function identityOf(pid: number, bootId: string | undefined): ProcessIdentity {
  return {
    pid,
    startTime: startTimeOf(pid),
    bootId: (bootId ?? readText('/proc/sys/kernel/random/boot_id'))?.trim().replaceAll('-', '').toLowerCase() ?? null,
    namespace: namespaceOf(),
  };
}

/**
 * Whether the process of `other` is gone for sure. False when it lives and when it cannot be told:
 * another pid namespace, or a system without /proc and a pid in use.
 */
export function isDead(other: ProcessIdentity, self: ProcessIdentity): boolean {
  if (other.bootId !== null && self.bootId !== null && other.bootId !== self.bootId) return true;
  if (other.namespace !== self.namespace) return false;
  if (!isRunning(other.pid)) return true;
  const startTime = startTimeOf(other.pid);
  return startTime !== null && other.startTime !== null && startTime !== other.startTime;
}

/** An owner file's content; undefined for anything else. */
export function parseOwner(text: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number' || !Number.isInteger(value.pid) || value.pid <= 0) return undefined;
    const text_ = (key: string): string | null => {
      const found: unknown = (value as Record<string, unknown>)[key];
      return typeof found === 'string' ? found : null;
    };
    return { pid: value.pid, startTime: text_('startTime'), bootId: text_('bootId'), namespace: text_('namespace'), kernelLock: 'kernelLock' in value && value.kernelLock === true };
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}

/** A killed process whose parent has not asked for it yet holds no files any more. */
function isZombie(pid: number): boolean {
  return statFields(pid)?.[0] === 'Z';
}

function startTimeOf(pid: number): string | null {
  // Field 22 of proc(5) stat; the first one behind the name is field 3.
  return statFields(pid)?.[19] ?? null;
}

/** The fields behind the name, which may itself hold spaces and brackets. */
function statFields(pid: number): string[] | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function namespaceOf(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
