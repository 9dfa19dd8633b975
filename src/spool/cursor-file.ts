import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Clock, SpoolFile, SpoolFiles } from '../ports.js';
import { readUint53, writeUint53 } from './record.js';
import { removeIfThere, writeAll } from './replacement.js';
import { spoolError } from './spool-error.js';

/**
 * A cursor file holds two slots, at 0 and at 512, of which the valid one with the higher generation counts.
 * They are written in turn, so that a torn write leaves the other. Little-endian:
 *
 *    0  4  magic "RXCU"          16  8  position: every seq below it is done
 *    4  2  version (1)           24  8  last seen, ms since the epoch
 *    6  2  lowest reader (1)     32  4  CRC-32 of bytes 0 to 31
 *    8  8  generation
 */
const SLOT_BYTES = 36;
const SLOT_STEP_BYTES = 512;
const VERSION = 1;
const MAGIC = Buffer.from('RXCU', 'latin1');

export interface CursorState {
  readonly generation: number;
  readonly position: number;
  /** When its destination was last attached, ms since the epoch. */
  readonly lastSeen: number;
}

export function encodeSlot(state: CursorState): Buffer {
  const bytes = Buffer.alloc(SLOT_BYTES);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt16LE(VERSION, 4);
  bytes.writeUInt16LE(VERSION, 6);
  writeUint53(bytes, state.generation, 8);
  writeUint53(bytes, state.position, 16);
  writeUint53(bytes, state.lastSeen, 24);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 32)), 32);
  return bytes;
}

export function decodeSlot(bytes: Buffer): CursorState | undefined {
  if (bytes.length < SLOT_BYTES || !bytes.subarray(0, 4).equals(MAGIC) || bytes.readUInt32LE(32) !== crc32(bytes.subarray(0, 32))) return undefined;
  if (bytes.readUInt16LE(6) > VERSION) return undefined;
  const generation = readUint53(bytes, 8);
  const position = readUint53(bytes, 16);
  const lastSeen = readUint53(bytes, 24);
  return generation === undefined || position === undefined || lastSeen === undefined ? undefined : { generation, position, lastSeen };
}

/** The state in a cursor file; undefined when neither slot can be trusted. */
export async function readCursorFile(files: SpoolFiles, path: string): Promise<CursorState | undefined> {
  try {
    const file = await files.open(path, 'read');
    try {
      const bytes = Buffer.alloc(2 * SLOT_STEP_BYTES);
      const got = bytes.subarray(0, await file.read(bytes, 0));
      const slots = [decodeSlot(got.subarray(0, SLOT_BYTES)), decodeSlot(got.subarray(SLOT_STEP_BYTES))].filter((slot) => slot !== undefined);
      return slots.sort((a, b) => b.generation - a.generation)[0];
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

interface Waiting {
  readonly position: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Keeps a position on disk. Commits that come while one is being synced share the next sync. */
export class CursorFile {
  readonly #files: SpoolFiles;
  readonly #clock: Clock;
  readonly #path: string;
  #state: CursorState;
  #wanted: number;
  #lastSeen: number;
  /** What is on disk is older than #wanted or #lastSeen. */
  #dirty: boolean;
  #file: SpoolFile | undefined;
  /** There is no file that may be written in place: a new one takes its name. */
  #renew: boolean;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #removed = false;

  constructor(path: string, known: { readonly state: CursorState; readonly onDisk: boolean }, ports: { files: SpoolFiles; clock: Clock }) {
    this.#path = path;
    this.#files = ports.files;
    this.#clock = ports.clock;
    this.#state = known.state;
    this.#wanted = known.state.position;
    this.#lastSeen = known.state.lastSeen;
    this.#dirty = !known.onDisk;
    this.#renew = !known.onDisk;
  }

  /** Durable, except before the first commit of a new cursor. */
  get position(): number { return this.#state.position; }
  get lastSeen(): number { return this.#lastSeen; }
  get dirty(): boolean { return this.#dirty; }

  /** Resolves when every seq below `position` is durably done; a position can only grow. Rejects SPOOL_IO, and may be called again. */
  commit(position: number): Promise<void> {
    if (!this.#dirty && position <= this.#state.position) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#wanted = Math.max(this.#wanted, position);
      this.#dirty = true;
      this.#waiting.push({ position, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Writes what is not on disk yet, and that the destination is there now. */
  touch(): Promise<void> {
    this.#lastSeen = this.#clock.now();
    this.#dirty = true;
    return this.commit(this.#wanted);
  }

  async remove(): Promise<void> {
    this.#removed = true;
    await this.close();
    await removeIfThere(this.#files, this.#path);
    await this.#files.syncFolder(dirname(this.#path));
  }

  /** Gives the open file back; the next commit opens it again. */
  async close(): Promise<void> {
    await this.#running;
    const file = this.#file;
    this.#file = undefined;
    await closeQuietly(file);
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      const state = { generation: this.#state.generation + 1, position: this.#wanted, lastSeen: this.#lastSeen };
      try {
        if (!this.#removed) await this.#write(state);
        this.#state = state;
        this.#dirty = state.position < this.#wanted || state.lastSeen < this.#lastSeen;
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        // After a failed sync nothing says what is on disk: the file is not trusted again.
        this.#renew = true;
        const file = this.#file;
        this.#file = undefined;
        await closeQuietly(file);
        for (const { reject } of waiting) reject(spoolError('write', error));
      }
    }
    this.#running = undefined;
  }

  async #write(state: CursorState): Promise<void> {
    if (this.#renew) return this.#create(state);
    this.#file ??= await this.#files.open(this.#path, 'write');
    await writeAll(this.#file, [encodeSlot(state)], (state.generation % 2) * SLOT_STEP_BYTES);
    await this.#file.datasync();
  }

  async #create(state: CursorState): Promise<void> {
    const folder = dirname(this.#path);
    const temporary = `${this.#path}.tmp`;
    await this.#files.mkdir(folder);
    await removeIfThere(this.#files, temporary);
    const file = await this.#files.open(temporary, 'create');
    try {
      const bytes = Buffer.alloc(2 * SLOT_STEP_BYTES);
      encodeSlot(state).copy(bytes, (state.generation % 2) * SLOT_STEP_BYTES);
      await writeAll(file, [bytes], 0);
      await file.datasync();
    } finally {
      await file.close();
    }
    await this.#files.rename(temporary, this.#path);
    await this.#files.syncFolder(folder);
    this.#renew = false;
  }
}

async function closeQuietly(file: SpoolFile | undefined): Promise<void> {
  try {
    await file?.close();
  } catch { /* What matters was synced before. */ }
}
