import { join } from 'node:path';
import type { SpoolFiles } from '../ports.js';
import { EMPTY_CHAIN, anchorHolds, openLine, type ChainHead } from './chain.js';
import { auditFilesIn, type AuditFileName } from './file-name.js';
import { readHead, type StatedHead } from './head.js';
import { linesBackwards, openLogFile } from './lines.js';

/** A file of the log; `bytes` are those that are durable. */
export interface AuditFile extends AuditFileName {
  bytes: number;
}

export interface Recovered {
  /** Oldest first; none of them is empty. */
  readonly files: AuditFile[];
  /** The chain goes on from here. */
  readonly head: ChainHead;
  /** Bytes of a line that a crash left unfinished; they were cut off. */
  readonly cutBytes: number;
  /** The newest file ends in a line that is not intact: it is left as it is, and a new one must be begun. */
  readonly damaged: boolean;
  /** How the end of the log and the head file fit together. */
  readonly end: LogEnd;
}

/**
 * `missing`: lines that the head file knows of are not there. `unsigned`: lines came after it was written (a crash, or
 * somebody else's work). `altered`: the line that it names is another. `no_head`: it is missing or damaged itself.
 */
export type LogEnd =
  | { readonly state: 'whole' | 'altered' | 'no_head' }
  | { readonly state: 'missing' | 'unsigned'; readonly lines: number };

type Tail =
  | { readonly kind: 'empty'; readonly cutBytes: number }
  | { readonly kind: 'intact' | 'damaged'; readonly head: ChainHead; readonly bytes: number; readonly cutBytes: number };

const FIRST_WINDOW_BYTES = 64 * 1024;
const LINE_END = 0x0a;

/** Finds where the chain ended, by reading the end of the newest file only, and cuts off a torn last line. */
export async function recoverLog(folder: string, files: SpoolFiles, key: Uint8Array | undefined): Promise<Recovered> {
  const names = auditFilesIn(await files.list(folder));
  let tail: Tail = { kind: 'empty', cutBytes: 0 };
  let cutBytes = 0;
  for (let newest = names.at(-1); newest !== undefined; newest = names.at(-1)) {
    tail = await recoverTail(join(folder, newest.name), files);
    cutBytes += tail.cutBytes;
    if (tail.kind !== 'empty') break;
    await files.unlink(join(folder, newest.name));
    await files.syncFolder(folder);
    names.pop();
  }
  const found = tail.kind === 'empty' ? EMPTY_CHAIN : tail.head;
  const stated = await readHead(folder, files, key);
  const newest = names.at(-1);
  const end = newest === undefined ? endOf(found, stated) : await checkedEnd({ found, stated, path: join(folder, newest.name), key }, files);
  return { files: await withSizes(folder, names, files), head: headToFollow(found, stated, end), cutBytes, damaged: tail.kind === 'damaged', end };
}

/** Where the chain goes on, so that what is missing or altered leaves a mark in it for ever: a gap in `seq`, or a foreign `prev_hash`. */
function headToFollow(found: ChainHead, stated: StatedHead, { state }: LogEnd): ChainHead {
  if (typeof stated !== 'object') return found;
  if (state === 'missing') return stated;
  return state === 'altered' ? { count: found.count, hash: stated.hash } : found;
}

function endOf(found: ChainHead, stated: StatedHead): LogEnd {
  if (typeof stated !== 'object') return { state: found.count > 0 || stated === 'damaged' ? 'no_head' : 'whole' };
  const lines = stated.count - found.count;
  if (lines === 0) return { state: found.hash === stated.hash ? 'whole' : 'altered' };
  return lines > 0 ? { state: 'missing', lines } : { state: 'unsigned', lines: -lines };
}

interface LogTail {
  readonly found: ChainHead;
  readonly stated: StatedHead;
  /** The newest file. */
  readonly path: string;
  readonly key: Uint8Array | undefined;
}

/** Like `endOf`, and looks for the line that the head file names among those after the last signature. */
async function checkedEnd({ found, stated, path, key }: LogTail, files: SpoolFiles): Promise<LogEnd> {
  const end = endOf(found, stated);
  if (end.state !== 'unsigned' || typeof stated !== 'object') return end;
  const file = await openLogFile(path, files);
  if (file === undefined) return end;
  try {
    for await (const { lines } of linesBackwards(file)) {
      for (const bytes of lines) {
        const line = openLine(bytes);
        if (line?.count === stated.count) return line.hash === stated.hash ? end : { state: 'altered' };
        // The file begins after that line, and its anchor is signed.
        if (line?.body['kind'] === 'anchor') return anchorHolds(line, key) ? end : { state: 'altered' };
      }
    }
    return end;
  } finally {
    await file.close();
  }
}

async function recoverTail(path: string, files: SpoolFiles): Promise<Tail> {
  const file = await files.open(path, 'write');
  try {
    const size = await file.size();
    for (let length = FIRST_WINDOW_BYTES; ; length *= 2) {
      const start = Math.max(0, size - length);
      const window = Buffer.alloc(size - start);
      const bytes = window.subarray(0, await file.read(window, start));
      const end = bytes.lastIndexOf(LINE_END) + 1;
      const lines = completeLines(bytes.subarray(0, end), start === 0);
      if (lines.length === 0 && start > 0) continue;
      const cutBytes = size - (start + end);
      if (cutBytes > 0) { await file.truncate(start + end); await file.datasync(); }
      if (lines.length === 0) return { kind: 'empty', cutBytes };
      return { ...lastIntact(lines), bytes: start + end, cutBytes };
    }
  } finally {
    await file.close();
  }
}

/** The lines of a window, without their ends; what is before its first line end is dropped unless the file starts there. */
function completeLines(bytes: Buffer, fromStart: boolean): Buffer[] {
  const lines: Buffer[] = [];
  let start = fromStart ? 0 : bytes.indexOf(LINE_END) + 1;
  for (let end = bytes.indexOf(LINE_END, start); end !== -1; end = bytes.indexOf(LINE_END, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

function lastIntact(lines: readonly Buffer[]): { kind: 'intact' | 'damaged'; head: ChainHead } {
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i];
    const opened = line === undefined ? undefined : openLine(line);
    if (opened !== undefined) return { kind: i === lines.length - 1 ? 'intact' : 'damaged', head: { count: opened.count, hash: opened.hash } };
  }
  return { kind: 'damaged', head: EMPTY_CHAIN };
}

async function withSizes(folder: string, names: readonly AuditFileName[], files: SpoolFiles): Promise<AuditFile[]> {
  return Promise.all(names.map(async (name) => ({ ...name, bytes: await files.size(join(folder, name.name)) })));
}

/** The number of lines before a file, as its anchor says; undefined when its first line is no anchor. */
export async function linesBefore(path: string, files: SpoolFiles): Promise<number | undefined> {
  const file = await files.open(path, 'read');
  try {
    const buffer = Buffer.alloc(4096);
    const bytes = buffer.subarray(0, await file.read(buffer, 0));
    const end = bytes.indexOf(LINE_END);
    const anchor = end === -1 ? undefined : openLine(bytes.subarray(0, end));
    return anchor?.body['kind'] === 'anchor' ? anchor.count - 1 : undefined;
  } finally {
    await file.close();
  }
}
