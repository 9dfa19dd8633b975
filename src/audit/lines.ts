import { errnoOf } from '../errors.js';
import type { SpoolFile, SpoolFiles } from '../ports.js';

/** Reading files of the log in pieces that are small enough to keep neither memory nor the event loop for long. */

export interface LineBatch {
  /** Without their ends. */
  readonly lines: readonly Buffer[];
  /** Something follows the last line end that was read: a line that is being written, or was cut off. */
  readonly unfinished: boolean;
}

const CHUNK_BYTES = 128 * 1024;
/** Ours are far shorter. What is longer is handed over empty, which is a damaged line. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
const NO_BYTES: Buffer = Buffer.alloc(0);
const LINE_END = 0x0a;

/** Opens a file of the log; undefined when it was removed meanwhile. */
export async function openLogFile(path: string, files: SpoolFiles): Promise<SpoolFile | undefined> {
  try {
    return await files.open(path, 'read');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** What opening or reading something that is no file answers: a folder, a link, a pipe, a socket. */
const NO_FILE: ReadonlySet<string> = new Set(['EISDIR', 'ELOOP', 'ESPIPE', 'ENXIO']);

export function isNoFile(error: unknown): boolean {
  return NO_FILE.has(errnoOf(error) ?? '');
}

/** The lines of a file from its beginning, as far as it goes now. */
export async function* linesOf(file: SpoolFile, signal?: AbortSignal): AsyncGenerator<LineBatch> {
  let rest = NO_BYTES;
  let position = 0;
  let skipping = false;
  for (;;) {
    signal?.throwIfAborted();
    const buffer = Buffer.allocUnsafe(rest.length + CHUNK_BYTES);
    rest.copy(buffer);
    const got = await file.read(buffer.subarray(rest.length), position);
    position += got;
    const { before, lines, after } = split(buffer.subarray(0, rest.length + got));
    if (before !== undefined) lines.unshift(skipping ? NO_BYTES : before);
    if (lines.length > 0) skipping = false;
    rest = after;
    if (rest.length > MAX_LINE_BYTES) skipping = true;
    yield { lines, unfinished: skipping || rest.length > 0 };
    if (skipping) rest = NO_BYTES;
    if (got < CHUNK_BYTES) return;
  }
}

/** The lines of a file from its end, each batch newest first. */
export async function* linesBackwards(file: SpoolFile, signal?: AbortSignal): AsyncGenerator<LineBatch> {
  let end = await file.size();
  /** What of a line was read so far, and whether its own end was among it. */
  let pending = NO_BYTES;
  let closed = false;
  while (end > 0) {
    signal?.throwIfAborted();
    const start = Math.max(0, end - CHUNK_BYTES);
    const buffer = Buffer.allocUnsafe(end - start + pending.length);
    const got = await file.read(buffer.subarray(0, end - start), start);
    if (got < end - start) {
      // A group that could not be written whole was taken back meanwhile.
      [end, pending, closed] = [start + got, NO_BYTES, false];
      continue;
    }
    pending.copy(buffer, end - start);
    end = start;
    const { before, lines, after } = split(buffer);
    let unfinished = false;
    if (before === undefined) {
      pending = after;
    } else {
      if (closed) lines.push(after);
      else unfinished = after.length > 0;
      [pending, closed] = [before, true];
    }
    if (pending.length > MAX_LINE_BYTES) pending = NO_BYTES;
    if (end === 0 && closed) lines.unshift(pending);
    if (end === 0 && !closed) unfinished = true;
    yield { lines: lines.reverse(), unfinished };
  }
}

/** What is before the first line end (undefined: there is none), between line ends, and after the last one. */
function split(bytes: Buffer): { before: Buffer | undefined; lines: Buffer[]; after: Buffer } {
  const lines: Buffer[] = [];
  let before: Buffer | undefined;
  let start = 0;
  for (let end = bytes.indexOf(LINE_END); end !== -1; end = bytes.indexOf(LINE_END, start)) {
    const line = bytes.subarray(start, end);
    if (before === undefined) before = line;
    else lines.push(line);
    start = end + 1;
  }
  return { before, lines, after: bytes.subarray(start) };
}
