import { join } from 'node:path';
import { errnoOf } from '../errors.js';
import type { SpoolFile, SpoolFiles } from '../ports.js';
import { segmentName } from './names.js';
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES } from './record.js';
import { ignoreErrors, removeIfThere, writeAll } from './replacement.js';
import { Segment } from './segment.js';

/** The segment that is being written. `segment.dataEnd` is the end of what is durable, `written` of what was written. */
export class ActiveSegment {
  readonly segment: Segment;
  readonly #file: SpoolFile;
  #written: number;
  /** The folder's entry is not known to be durable. */
  #unlisted: boolean;

  private constructor(segment: Segment, file: SpoolFile, unlisted: boolean) {
    this.segment = segment;
    this.#file = file;
    this.#written = segment.dataEnd;
    this.#unlisted = unlisted;
  }

  /** Goes on behind the last good record of a segment that recovery found, and synced. */
  static resume(segment: Segment, file: SpoolFile): ActiveSegment {
    return new ActiveSegment(segment, file, false);
  }

  /** A new file with its header; nothing is left behind when that fails. */
  static async create(files: SpoolFiles, folder: string, first: { readonly firstSeq: number; readonly firstTime: number; readonly flags: number }): Promise<ActiveSegment> {
    const path = join(folder, segmentName(first.firstSeq));
    const file = await openNew(files, path);
    try {
      await writeAll(file, [encodeSegmentHeader({ base: first.firstSeq, created: first.firstTime, flags: first.flags })], 0);
    } catch (error) {
      await ignoreErrors(() => file.close());
      // What is left holds no record.
      await ignoreErrors(() => files.unlink(path));
      throw error;
    }
    const segment = new Segment(path, first.firstSeq, { bytes: SEGMENT_HEADER_BYTES, end: first.firstSeq });
    segment.created = first.firstTime;
    segment.flags = first.flags;
    return new ActiveSegment(segment, file, true);
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

  /**
   * Ends the file where it is durable, or leaves it: the next segment's base says which of its records do not count.
   * Without a record the file goes; true when it is gone.
   */
  async giveUp(files: SpoolFiles): Promise<boolean> {
    const { segment } = this;
    segment.bytes = segment.dataEnd;
    try {
      await this.#file.truncate(segment.dataEnd);
    } catch {
      segment.bytes = this.#written;
    }
    await this.close();
    if (!this.isEmpty) return false;
    try {
      await removeIfThere(files, segment.path);
      return true;
    } catch {
      // It is removed with what was delivered, or when its name is needed.
      return false;
    }
  }

  close(): Promise<void> {
    return ignoreErrors(() => this.#file.close());
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
