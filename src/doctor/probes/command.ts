import { execFile } from 'node:child_process';

/** Runs a program to its end; undefined when it is not there or takes too long. Never rejects. */
export type Command = (program: string, args: readonly string[], timeoutMs: number) => Promise<Outcome | undefined>;

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
}

/** The service's PATH, where a person's has no sbin. */
export const SERVICE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

export const runCommand: Command = (program, args, timeoutMs) => new Promise((resolve) => {
  execFile(program, [...args], { encoding: 'utf8', timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES, cwd: '/', env: { PATH: SERVICE_PATH, LC_ALL: 'C' } }, (error, stdout) => {
    if (error === null) resolve({ code: 0, stdout });
    else resolve(typeof error.code === 'number' ? { code: error.code, stdout } : undefined);
  });
});
