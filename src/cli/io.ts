import { homedir } from 'node:os';
import { errnoOf, RaxedError } from '../errors.js';
import { isJournal } from '../platform/journal.js';

export interface Output {
  write(text: string | Uint8Array, written?: (error?: Error | null) => void): boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export interface Input extends AsyncIterable<string | Uint8Array> {
  readonly isTTY?: boolean;
  /** Only on a terminal: whether keys arrive one by one and unseen. */
  setRawMode?(raw: boolean): unknown;
  /** Ends the reading, which would keep the process alive. */
  destroy?(): unknown;
}

/** What the commands need of their process; tests pass their own. */
export interface Io {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly cwd: string;
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  on(event: 'SIGINT' | 'SIGTERM' | 'SIGHUP', listener: () => void): unknown;
}

export function processIo(): Io {
  return {
    // Opening standard input costs time, and few commands read it.
    get stdin() { return process.stdin; },
    stdout: isJournal(1, process.env) ? prioritized(process.stdout, 6) : process.stdout,
    stderr: isJournal(2, process.env) ? prioritized(process.stderr, 3) : process.stderr,
    env: process.env,
    get home() { return homedir(); },
    cwd: process.cwd(),
    now: () => Date.now(),
    on: (event, listener) => process.on(event, listener),
  };
}

/** In the journal the lines of a command that a unit runs have a priority (sd-daemon(3)): its answers 6, its errors 3. */
function prioritized(output: Output, priority: number): Output {
  return {
    write: (text, done) => output.write(typeof text === 'string' ? text.replace(/^(?=.)/gm, `<${priority}>`) : text, done),
    on: (event, listener) => output.on(event, listener),
  };
}

/**
 * Writes and waits until it is written; false when the reader has gone (EPIPE), which is no error of ours. Rejects with
 * OUTPUT_FAILED when it cannot be written otherwise: a list of verdicts that a full disk cut must not look whole.
 */
export function written(output: Output, text: string | Uint8Array): Promise<boolean> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => {
      if (error === undefined || error === null) { resolve(true); return; }
      const errno = errnoOf(error) ?? 'unknown error';
      if (errno === 'EPIPE' || errno === 'ERR_STREAM_DESTROYED') resolve(false);
      else reject(new RaxedError('OUTPUT_FAILED', `the output could not be written (${errno})`, { cause: error }));
    });
  });
}

/** NO_COLOR (https://no-color.org): any value but the empty one turns colours off. */
export function wantsColour(io: Pick<Io, 'env' | 'stdout'>): boolean {
  return io.stdout.isTTY === true && (io.env['NO_COLOR'] ?? '') === '';
}
