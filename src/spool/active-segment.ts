import { join } from 'node:path';
import { errnoOf } from '../errors.js';
import type { SpoolFile, SpoolFiles } from '../ports.js';
import { segmentName } from './names.js';
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES } from './record.js';
import { writeAll } from './replacement.js';
import { Segment } from './segment.js';

/** The segment that is being written. `segment.dataEnd` is the end of what is durable, `written` of what was written. */
export class ActiveSegment {
  readonly segment: Segment;
  readonly #file: SpoolFile;
  #written: number;
  /** The folder's entry is not known to be durable. */
  #unlisted = true;

  private constructor(segment: Segment, file: SpoolFile) {
    this.segment = segment;
    this.#file = file;
    this.#written = segment.dataEnd;
  }

  /** Goes on behind the last good record of a segment that recovery found. */
  static resume(segment: Segment, file: SpoolFile): ActiveSegment {
    return new ActiveSegment(segment, file);
  }

  /** A new file with its header; nothing is left behind when that fails. */
  static async create(files: SpoolFiles, folder: string, first: { readonly firstSeq: number; readonly firstTime: number; readonly flags: number }): Promise<ActiveSegment> {
    const path = join(folder, segmentName(first.firstSeq));
    const file = await openNew(files, path);
    try {
      await writeAll(file, [encodeSegmentHeader({ base: first.firstSeq, created: first.firstTime, flags: first.flags })], 0);
    } catch (error) {
      await closeQuietly(file);
      await unlinkQuietly(files, path);
      throw error;
    }
    const segment = new Segment(path, first.firstSeq, SEGMENT_HEADER_BYTES, first.firstSeq);
    segment.created = first.firstTime;
    segment.flags = first.flags;
    return new ActiveSegment(segment, file);
  }

  get written(): number { return this.#written; }
  get isEmpty(): boolean { return this.segment.dataEnd <= SEGMENT_HEADER_BYTES; }

  /** Appends records; when it throws, what it has written does not count, and `undo` may take it back. */
  async write(records: Uint8Array, seq: number): Promise<void> {
    await writeAll(this.#file, [records], this.#written);
    this.segment.note(seq, this.#written);
    this.#written += records.length;
    this.segment.bytes = this.#written;
  }

  /** Takes back what a failed write left behind; false when the disk refuses. */
  async undo(): Promise<boolean> {
    try {
      await this.#file.truncate(this.#written);
      return true;
    } catch {
      return false;
    }
  }

  /** Makes all that is written now durable. After a rejection it must not be called again. */
  async sync(files: SpoolFiles, folder: string): Promise<{ readonly durableBytes: number }> {
    const durableBytes = this.#written;
    await this.#file.datasync();
    if (this.#unlisted) await files.syncFolder(folder);
    this.#unlisted = false;
    return { durableBytes };
  }

  /** Ends the file where it is durable, or leaves it: the next segment's base says which of its records do not count. */
  async giveUp(files: SpoolFiles): Promise<void> {
    const { segment } = this;
    segment.bytes = segment.dataEnd;
    try {
      await this.#file.truncate(segment.dataEnd);
    } catch {
      segment.bytes = this.#written;
    }
    await this.close();
    // Should this fail, `create` removes it when its name is needed.
    if (this.isEmpty) await unlinkQuietly(files, segment.path);
  }

  close(): Promise<void> {
    return closeQuietly(this.#file);
  }
}

async function openNew(files: SpoolFiles, path: string): Promise<SpoolFile> {
  try {
    return await files.open(path, 'create');
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    // A failed attempt for the same seq was left behind: nothing in it was acknowledged.
    await files.unlink(path);
    return files.open(path, 'create');
  }
}

async function unlinkQuietly(files: SpoolFiles, path: string): Promise<void> {
  try {
    await files.unlink(path);
  } catch { /* What is left holds nothing that was acknowledged. */ }
}

async function closeQuietly(file: SpoolFile): Promise<void> {
  try {
    await file.close();
  } catch { /* What matters was synced before. */ }
}
