import { createReadStream } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../errors.js';
import { GENESIS_HASH, anchorHolds, openLine, parseHead, type ChainHead, type OpenedLine } from './chain.js';
import { HEAD_FILE, auditFilesIn } from './file-name.js';

export interface BadLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly problem: string;
}

export interface AuditVerification {
  readonly ok: boolean;
  readonly files: number;
  /** Intact lines, up to the first bad one. */
  readonly lines: number;
  readonly firstBad?: BadLine;
}

/**
 * Reads the whole log and checks the chain, the anchors (their signatures with `key` only), and that its end and its
 * beginning are where they should be. Safe beside a running daemon: an unfinished last line is not looked at.
 */
export async function verifyAudit(folder: string, key?: Uint8Array): Promise<AuditVerification> {
  // The head first: the log is never behind it, and may grow while it is read.
  const head = await readHeadFile(join(folder, HEAD_FILE), key);
  const names = auditFilesIn(await readdir(folder));
  const walk = startWalk(key);
  let files = 0;
  for (const { name } of names) {
    files++;
    let line = 0;
    for await (const bytes of completeLines(join(folder, name), name === names.at(-1)?.name)) {
      line++;
      const problem = walk.next(bytes, line === 1, head);
      if (problem !== undefined) return { ok: false, files, lines: walk.lines, firstBad: { file: name, line, problem } };
    }
    walk.lastFile = { name, line };
  }
  const end = walk.end(head, names[0]?.name ?? HEAD_FILE);
  return end === undefined ? { ok: true, files, lines: walk.lines } : { ok: false, files, lines: walk.lines, firstBad: end };
}

type HeadFile = ChainHead | 'missing' | 'damaged';

interface Walk {
  lines: number;
  lastFile: { name: string; line: number } | undefined;
  next(bytes: Buffer, firstOfFile: boolean, head: HeadFile): string | undefined;
  end(head: HeadFile, firstFile: string): BadLine | undefined;
}

function startWalk(key: Uint8Array | undefined): Walk {
  let last: OpenedLine | undefined;
  let linesBefore: number | undefined;
  let removedLines = 0;
  const walk: Walk = {
    lines: 0,
    lastFile: undefined,
    next(bytes, firstOfFile, head) {
      const line = openLine(bytes);
      if (line === undefined) return 'the line was changed or is damaged';
      const isAnchor = line.body['kind'] === 'anchor';
      if (last === undefined && line.count > 1 && !(firstOfFile && isAnchor)) return 'lines before it are missing';
      if (last === undefined && line.count === 1 && line.prevHash !== GENESIS_HASH) return 'it is not the beginning of a chain';
      if (last !== undefined && line.count > last.count + 1) return `${line.count - last.count - 1} lines before it are missing`;
      if (last !== undefined && (line.count !== last.count + 1 || line.prevHash !== last.hash)) return 'it does not follow the line before it';
      if (firstOfFile && !isAnchor) return 'the file does not begin with an anchor';
      if (isAnchor && !anchorHolds(line, key)) return 'the anchor\'s count or signature is wrong';
      if (typeof head === 'object' && line.count === head.count && line.hash !== head.hash) return 'it is not the line that the head file names';
      linesBefore ??= line.count - 1;
      if (line.body['kind'] === 'audit' && typeof line.body['removed_lines'] === 'number') removedLines = Math.max(removedLines, line.body['removed_lines']);
      last = line;
      walk.lines++;
      return undefined;
    },
    end(head, firstFile) {
      const unexplained = (linesBefore ?? 0) - removedLines;
      if (unexplained > 0) return { file: firstFile, line: 1, problem: `${unexplained} lines before it are missing, and no line says that they were removed` };
      const at = walk.lastFile ?? { name: HEAD_FILE, line: 0 };
      const bad = (problem: string): BadLine => ({ file: at.name, line: at.line + 1, problem });
      if (last !== undefined && head === 'missing') return bad('the head file is missing: lines at the end may be, too');
      if (head === 'damaged') return bad('the head file is damaged, or not signed with the key');
      const missing = typeof head === 'object' ? head.count - (last?.count ?? 0) : 0;
      if (missing > 0) return bad(`${missing} lines at the end are missing`);
      return undefined;
    },
  };
  return walk;
}

async function readHeadFile(path: string, key: Uint8Array | undefined): Promise<HeadFile> {
  try {
    return parseHead(await readFile(path), key) ?? 'damaged';
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'missing';
    throw error;
  }
}

/**
 * The lines of a file without their ends. A rest without a line end counts as a line, but not at the very end of the log.
 * A file that was removed meanwhile has none: the chain shows whether that was the retention.
 */
async function* completeLines(path: string, isNewest: boolean): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunksOf(path)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(0x0a, start); end !== -1; end = bytes.indexOf(0x0a, start)) {
      yield bytes.subarray(start, end);
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0 && !isNewest) yield rest;
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
