import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What the build calls, and the Debian package that has it. */
const PROGRAMS = {
  dh: 'debhelper', 'dpkg-buildpackage': 'dpkg-dev', strip: 'binutils', 'g++': 'g++', make: 'make', python3: 'python3', npm: 'npm',
} as const;

export type Program = keyof typeof PROGRAMS;

/** Something that keeps the package from being built, in words for whoever builds it. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
}

/** Throws BuildError that names the command which installs the programs that are missing. */
export function requirePrograms(names: readonly Program[]): void {
  const missing = names.filter((name) => findProgram(name) === undefined);
  if (missing.length === 0) return;
  throw new BuildError(`${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not installed: apt-get install ${[...new Set(missing.map((name) => PROGRAMS[name]))].join(' ')}`);
}

/** Where the shell would find a program. */
export function findProgram(name: string, path: string = process.env['PATH'] ?? ''): string | undefined {
  return path.split(delimiter).map((folder) => join(folder, name)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export interface CallOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Runs a program to its end; its standard output. Throws BuildError with the end of what it said when it fails. */
export function call(program: string, args: readonly string[], { cwd, env = process.env }: CallOptions = {}): string {
  const { status, signal, stdout, stderr, error } = spawnSync(program, args, { cwd, env: { ...env }, encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'pipe'] });
  if (status === 0) return stdout;
  const said = `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n').slice(-30).join('\n');
  throw new BuildError(`${program} ${args.slice(0, 3).join(' ')} ${error === undefined ? `ended with ${status ?? signal}` : `cannot be run (${error.message})`}${said === '' ? '' : `:\n${said}`}`);
}
