import { join } from 'node:path';
import { errnoOf } from '../errors.js';
import type { Logger, Random, SpoolFile, SpoolFiles } from '../ports.js';
import { formatHead, sealLine, signAnchor, type ChainHead } from './chain.js';
import { HEAD_FILE, nextFileName } from './file-name.js';
import { createAuditKey } from './key.js';
import { isNoFile } from './lines.js';
import type { AuditBody } from './record.js';
import type { AuditFile, Recovered } from './recovery.js';

export interface WriterOptions {
  readonly folder: string;
  readonly keyFile: string;
  /** Undefined: made before the first line. */
  readonly key: Uint8Array | undefined;
  readonly maxFileBytes: () => number;
  /** YYYY-MM-DD, UTC. */
  readonly today: () => string;
  /** An anchor without the chain's fields. */
  readonly anchor: (count: number, signature: string) => AuditBody;
  /** The newest file was taken away, or is not as long as it was left: another one is begun. */
  readonly onLost: (name: string) => void;
}

/**
 * Appends groups of records to the newest file and begins new ones. One call at a time.
 * A write that rejects leaves the chain where it was.
 */
export interface ChainWriter {
  readonly head: ChainHead;
  /** Oldest first. */
  readonly files: readonly AuditFile[];
  /** Makes as many of `bodies` durable as belong into one group, and says how many (at least one). */
  write(bodies: readonly AuditBody[]): Promise<number>;
  /** Deletes the `count` oldest files. */
  removeOldest(count: number): Promise<void>;
  close(): Promise<void>;
}

const MAX_GROUP_BYTES = 1024 * 1024;

export function createChainWriter(options: WriterOptions, recovered: Recovered, ports: { files: SpoolFiles; random: Random; logger: Logger }): ChainWriter {
  const { folder } = options;
  const { files, logger } = ports;
  const log: AuditFile[] = [...recovered.files];
  const path = (name: string): string => join(folder, name);
  let head = recovered.head;
  let key = options.key;
  let handle: SpoolFile | undefined;
  let headHandle: SpoolFile | undefined;
  /** The file may be longer than `bytes`: a failed group left something. */
  let dirty = false;
  /** After a failed fdatasync, and behind a damaged line, a file is not written any more. */
  let abandoned = recovered.damaged;
  let folderUnsynced = false;

  async function ensureKey(): Promise<Uint8Array> {
    if (key !== undefined) return key;
    key = await createAuditKey(options.keyFile, files, ports.random);
    return key;
  }

  async function cutFailedGroup(): Promise<void> {
    const newest = log.at(-1);
    if (!dirty || handle === undefined || newest === undefined) return;
    await handle.truncate(newest.bytes);
    dirty = false;
  }

  /** The newest file under its name as it was left: an editor or a clean-up may have put another one, or none, in its place. */
  async function reopen({ name, bytes }: AuditFile): Promise<SpoolFile | undefined> {
    await handle?.close();
    handle = undefined;
    handle = await files.open(path(name), 'write').catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT' && !isNoFile(error)) throw error;
      return undefined;
    });
    return handle === undefined || await handle.size() === bytes ? handle : undefined;
  }

  async function unlink(name: string): Promise<void> {
    await files.unlink(path(name)).catch((error: unknown) => { if (errnoOf(error) !== 'ENOENT') throw error; });
  }

  async function giveUpLost(name: string): Promise<void> {
    await headHandle?.close();
    headHandle = undefined;
    await files.mkdir(folder);
    options.onLost(name);
  }

  /** The file to write to: the newest, or a new one when that is full, of an earlier day, lost, or given up. */
  async function openNewest(): Promise<{ file: SpoolFile; info: AuditFile }> {
    await cutFailedGroup();
    const newest = log.at(-1);
    const isFull = newest !== undefined && newest.bytes > 0 && (newest.day < options.today() || newest.bytes >= options.maxFileBytes());
    if (newest !== undefined && !isFull && !abandoned) {
      const file = await reopen(newest);
      if (file !== undefined) return { file, info: newest };
      await giveUpLost(newest.name);
    }
    await handle?.close();
    handle = undefined;
    const info: AuditFile = { ...nextFileName(newest, options.today()), bytes: 0 };
    handle = await files.open(path(info.name), 'create');
    if (newest?.bytes === 0) { log.pop(); await unlink(newest.name); }
    log.push(info);
    folderUnsynced = true;
    abandoned = false;
    return { file: handle, info };
  }

  /** Never ahead of the log: it is written after the sync, and need not be durable itself before something rests on it. */
  async function writeHead(signingKey: Uint8Array): Promise<void> {
    try {
      const isFirst = headHandle === undefined;
      headHandle ??= await openOrCreate(path(HEAD_FILE), files);
      await headHandle.write([formatHead(signingKey, head)], 0);
      if (isFirst) await headHandle.datasync();
    } catch (error) {
      logger.warn({ error }, 'the head of the audit log could not be written; it will be with the next record');
    }
  }

  /** The bytes of the next group: an anchor where a file begins, then as many bodies as fit. */
  function seal(bodies: readonly AuditBody[], info: AuditFile, signingKey: Uint8Array): { bytes: Buffer; count: number; next: ChainHead } {
    const lines: Buffer[] = [];
    let next = head;
    let length = 0;
    const add = (body: AuditBody): void => {
      const line = sealLine(body, next);
      next = { count: line.count, hash: line.hash };
      const buffer = Buffer.from(`${line.text}\n`, 'utf8');
      lines.push(buffer);
      length += buffer.length;
    };
    if (info.bytes === 0) add(options.anchor(next.count, signAnchor(signingKey, next)));
    let count = 0;
    for (const body of bodies) {
      if (count > 0 && (length >= MAX_GROUP_BYTES || info.bytes + length >= options.maxFileBytes())) break;
      add(body);
      count++;
    }
    return { bytes: Buffer.concat(lines, length), count, next };
  }

  async function write(bodies: readonly AuditBody[]): Promise<number> {
    const signingKey = await ensureKey();
    const { file, info } = await openNewest();
    const group = seal(bodies, info, signingKey);
    dirty = true;
    await writeAll(file, group.bytes, info.bytes);
    try {
      await file.datasync();
    } catch (error) {
      // The kernel may have dropped the pages: a second fdatasync of this file would prove nothing.
      abandoned = true;
      throw error;
    }
    if (folderUnsynced) { await files.syncFolder(folder); folderUnsynced = false; }
    dirty = false;
    info.bytes += group.bytes.length;
    head = group.next;
    await writeHead(signingKey);
    return group.count;
  }

  return {
    get head() { return head; },
    files: log,
    async write(bodies) {
      try {
        return await write(bodies);
      } catch (error) {
        await cutFailedGroup().catch(() => undefined); // tried again before the next group
        throw error;
      }
    },
    async removeOldest(count) {
      // It signs the line that says why they are gone.
      await headHandle?.datasync();
      for (let removed = 0; removed < count && log.length > 1; removed++) {
        const oldest = log[0];
        if (oldest === undefined) break;
        await unlink(oldest.name);
        log.shift();
      }
      await files.syncFolder(folder);
    },
    async close() {
      await headHandle?.datasync().catch(() => undefined); // a crash after this would do the same
      const open = [handle, headHandle];
      handle = undefined;
      headHandle = undefined;
      for (const file of open) await file?.close();
    },
  };
}

async function writeAll(file: SpoolFile, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const written = await file.write([bytes.subarray(done)], position + done);
    if (written <= 0) throw Object.assign(new Error('nothing could be written'), { code: 'ENOSPC' });
    done += written;
  }
}

async function openOrCreate(path: string, files: SpoolFiles): Promise<SpoolFile> {
  try {
    return await files.open(path, 'write');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return files.open(path, 'create');
  }
}
