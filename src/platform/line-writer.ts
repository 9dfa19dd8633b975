import { writeSync } from 'node:fs';
import { errnoOf } from '../errors.js';
import type { Clock } from '../ports.js';

/**
 * Writes whole lines to a file descriptor, at once where it takes them. One that does not (a pipe whose reader stands
 * still, when Node has made it non-blocking) neither stops the process nor tears a line: `maxWaiting` bytes wait, and of
 * what is more the number is said by `onLost` as soon as there is room again.
 */
export interface LineWriter {
  /** `line` ends with a line break. */
  write(line: string): void;
  /** Tries for at most `ms`, standing still meanwhile, to write what waits: for the end of the process. */
  flush(ms: number): void;
}

export interface LineWriterOptions {
  readonly fd: number;
  readonly maxWaiting: number;
  /** The line that says how many were lost. */
  readonly onLost: (count: number) => string;
}

const RETRY_MS = 100;
const FLUSH_STEP_MS = 10;

export function createLineWriter({ fd, maxWaiting, onLost }: LineWriterOptions, clock: Clock): LineWriter {
  let waiting = Buffer.alloc(0);
  let lost = 0;
  let retrying = false;

  /** True when nothing waits. */
  function drain(): boolean {
    try {
      while (waiting.length > 0) waiting = waiting.subarray(writeSync(fd, waiting));
      return true;
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return false;
      // A reader that has gone, a disk that is full: there is no other place to say it, and the daemon goes on.
      waiting = Buffer.alloc(0);
      return true;
    }
  }

  function put(text: string): void {
    waiting = Buffer.concat([waiting, Buffer.from(lost === 0 ? text : onLost(lost) + text)]);
    lost = 0;
    if (!drain() && !retrying) void retry();
  }

  async function retry(): Promise<void> {
    retrying = true;
    do await clock.sleep(RETRY_MS); while (!drain());
    retrying = false;
    if (lost > 0) put('');
  }

  return {
    write(line) {
      if (!drain() && waiting.length + Buffer.byteLength(line) > maxWaiting) lost++;
      else put(line);
    },
    flush(ms) {
      const untilMs = clock.monotonic() + ms;
      while (!drain() && clock.monotonic() < untilMs) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FLUSH_STEP_MS);
      if (lost > 0) put('');
    },
  };
}
