import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { raxedBin, type Installed } from '../fixtures/daemon.js';

/** What processes cost, as /proc says (proc(5)). */

const RUNS = 31;
const TICKS_PER_SECOND = 100;

/** Without what makes every node start slower, a bare one most of all: the certificates of NODE_EXTRA_CA_CERTS, options. */
export function bareEnv(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '' };
}

export interface Memory {
  readonly residentMb: number;
  /** Without the pages of files. */
  readonly ownMb: number;
  /** Pages that others have too count in part. */
  readonly proportionalMb: number;
  readonly highestMb: number;
}

export function memoryOf(pid: number): Memory {
  const mb = (file: string, name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/${file}`, 'utf8'))?.[1] ?? NaN) / 1024;
  return { residentMb: mb('status', 'VmRSS'), ownMb: mb('status', 'RssAnon'), proportionalMb: mb('smaps_rollup', 'Pss'), highestMb: mb('status', 'VmHWM') };
}

/** User and system time of a process, and of its children that have ended. */
export function cpuSeconds(pid: number | 'self'): { readonly own: number; readonly children: number } {
  const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ').slice(11, 15).map(Number);
  return { own: (user + system) / TICKS_PER_SECOND, children: (childrenUser + childrenSystem) / TICKS_PER_SECOND };
}

/** Commands of raxed as whole processes, in turn with a bare node; medians. */
export function compareCommands({ node = process.execPath, program = raxedBin }: Installed, commands: Readonly<Record<string, readonly string[]>>): void {
  const rows = [{ name: 'bare node -e ""', words: ['-e', ''] }, ...Object.entries(commands).map(([name, words]) => ({ name, words: [program, ...words] }))]
    .map((row) => ({ ...row, tookMs: [] as number[], cpuMs: 0 }));
  for (let i = 0; i < RUNS; i++) {
    for (const row of rows) {
      const cpuBefore = cpuSeconds('self').children;
      row.tookMs.push(timeOf(node, row.words));
      row.cpuMs += (cpuSeconds('self').children - cpuBefore) * 1000;
    }
  }
  const base = median(rows[0]?.tookMs ?? []);
  for (const { name, tookMs, cpuMs } of rows) {
    process.stdout.write(`${name.padEnd(34)} ${median(tookMs).toFixed(0)} ms (${(cpuMs / RUNS).toFixed(0)} ms of CPU)   ${(median(tookMs) / base).toFixed(2)} × bare node\n`);
  }
}

/** Milliseconds that a whole process takes. Throws when it fails. */
export function timeOf(program: string, words: readonly string[]): number {
  const began = performance.now();
  const done = spawnSync(program, words, { env: bareEnv() });
  const took = performance.now() - began;
  if (done.status !== 0) throw done.error ?? new Error(done.stderr.toString());
  return took;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
