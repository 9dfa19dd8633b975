import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Clock, SpoolFile, SpoolFiles } from '../ports.js';
import { readUint53, writeUint53 } from './record.js';
import { ignoreErrors, removeIfThere, replaceFile, writeAll } from './replacement.js';
import { spoolError } from './spool-error.js';

/**
 * A cursor file holds two slots, at 0 and at 512, of which the valid one with the higher generation counts.
 * They are written in turn, so that a torn write leaves the other; a new file has both. Little-endian:
 *
 *    0  4  magic "RXCU"                      16  8  position: every seq below it is done
 *    4  2  version of the writer (1)         24  8  last seen, ms since the epoch
 *    6  2  lowest version that may read it   32  8  end of the log: every seq below it was durable
 *    8  8  generation                        40  4  CRC-32 of bytes 0 to 39
 */
const SLOT_BYTES = 44;
const CRC_OFFSET = 40;
const SLOT_STEP_BYTES = 512;
export const CURSOR_FILE_BYTES = 2 * SLOT_STEP_BYTES;
const VERSION = 1;
const READ_ATTEMPTS = 3;
const MAGIC = Buffer.from('RXCU', 'latin1');

export interface CursorState {
  readonly generation: number;
  readonly position: number;
  /** When its destination was last attached, ms since the epoch. */
  readonly lastSeen: number;
  /** One more than the log's last durable seq when this was written: records below it that are not there were lost. */
  readonly logEnd: number;
}

export function encodeSlot(state: CursorState): Buffer {
  const bytes = Buffer.alloc(SLOT_BYTES);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt16LE(VERSION, 4);
  bytes.writeUInt16LE(VERSION, 6);
  writeUint53(bytes, state.generation, 8);
  writeUint53(bytes, state.position, 16);
  writeUint53(bytes, state.lastSeen, 24);
  writeUint53(bytes, state.logEnd, 32);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_OFFSET)), CRC_OFFSET);
  return bytes;
}

export type DecodedSlot = { readonly kind: 'state'; readonly state: CursorState } | { readonly kind: 'damaged' | 'newer' };

/** `newer` when a later version wrote it that this one must not read. */
export function decodeSlot(bytes: Buffer): DecodedSlot {
  if (bytes.length < SLOT_BYTES || !bytes.subarray(0, 4).equals(MAGIC)) return { kind: 'damaged' };
  if (bytes.readUInt32LE(CRC_OFFSET) !== crc32(bytes.subarray(0, CRC_OFFSET))) return { kind: 'damaged' };
  if (bytes.readUInt16LE(6) > VERSION) return { kind: 'newer' };
  const generation = readUint53(bytes, 8);
  const position = readUint53(bytes, 16);
  const lastSeen = readUint53(bytes, 24);
  const logEnd = readUint53(bytes, 32);
  if (generation === undefined || position === undefined || lastSeen === undefined || logEnd === undefined) return { kind: 'damaged' };
  return { kind: 'state', state: { generation, position, lastSeen, logEnd } };
}

/** What a cursor file says. `whole`: both slots are as they were written; without it, the better one may be what is lost. */
export type FoundCursor = { readonly kind: 'state'; readonly state: CursorState; readonly whole: boolean } | { readonly kind: 'damaged' | 'newer' };

/** `damaged` when neither slot can be trusted, or the disk does not give it however often it is asked. */
export async function readCursorFile(files: Pick<SpoolFiles, 'open'>, path: string): Promise<FoundCursor> {
  let found: FoundCursor = { kind: 'damaged' };
  for (let attempt = 1; attempt <= READ_ATTEMPTS; attempt++) {
    try {
      found = await readSlots(files, path);
      if (found.kind !== 'state' || found.whole) return found;
      // A running daemon may be writing a slot just now.
    } catch { /* A disk that fails once costs no place. */ }
  }
  return found;
}

async function readSlots(files: Pick<SpoolFiles, 'open'>, path: string): Promise<FoundCursor> {
  const file = await files.open(path, 'read');
  try {
    const bytes = Buffer.alloc(CURSOR_FILE_BYTES + 1);
    const got = bytes.subarray(0, await file.read(bytes, 0));
    const slots = [decodeSlot(got.subarray(0, SLOT_STEP_BYTES)), decodeSlot(got.subarray(SLOT_STEP_BYTES))];
    if (slots.some(({ kind }) => kind === 'newer')) return { kind: 'newer' };
    const states = slots.flatMap((slot) => (slot.kind === 'state' ? [slot.state] : [])).sort((a, b) => b.generation - a.generation);
    const [state] = states;
    return state === undefined ? { kind: 'damaged' } : { kind: 'state', state, whole: states.length === slots.length && got.length === CURSOR_FILE_BYTES };
  } finally {
    await file.close();
  }
}

export interface KnownCursor {
  readonly state: CursorState;
  /** Of its file as it is now; 0 when there is none. */
  readonly bytes: number;
  /** The file may be written in place; otherwise the next commit puts another in its place. */
  readonly usable: boolean;
}

export interface CursorFilePorts {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  /** One more than the log's last durable seq. */
  logEnd(): number;
  /** The file grew by `bytes`, or went. */
  account(bytes: number): void;
}

interface Waiting {
  readonly position: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Keeps a position on disk. Commits that come while one is being synced share the next sync. */
export class CursorFile {
  readonly #path: string;
  readonly #ports: CursorFilePorts;
  #bytes: number;
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

  constructor(path: string, known: KnownCursor, ports: CursorFilePorts) {
    this.#path = path;
    this.#ports = ports;
    this.#bytes = known.bytes;
    this.#state = known.state;
    this.#wanted = known.state.position;
    this.#lastSeen = known.state.lastSeen;
    this.#dirty = !known.usable;
    this.#renew = !known.usable;
  }

  /** Durable, except before the first commit of a new cursor. */
  get position(): number { return this.#state.position; }
  get lastSeen(): number { return this.#lastSeen; }
  get bytes(): number { return this.#bytes; }
  get dirty(): boolean { return this.#dirty; }
  /** It says where the log ends now. */
  get knowsLogEnd(): boolean { return this.#state.logEnd >= this.#ports.logEnd(); }

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
    this.#lastSeen = this.#ports.clock.now();
    return this.save();
  }

  /** Writes what is not on disk yet, and where the log ends. */
  save(): Promise<void> {
    this.#dirty = true;
    return this.commit(this.#wanted);
  }

  async remove(): Promise<void> {
    const { files, account } = this.#ports;
    this.#removed = true;
    await this.close();
    try {
      await removeIfThere(files, this.#path);
    } catch (error) {
      this.#removed = false;
      throw error;
    }
    account(-this.#bytes);
    this.#bytes = 0;
    await files.syncFolder(dirname(this.#path));
  }

  /** Gives the open file back; the next commit opens it again. */
  async close(): Promise<void> {
    await this.#running;
    const file = this.#file;
    this.#file = undefined;
    await ignoreErrors(async () => file?.close());
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      const state = { generation: this.#state.generation + 1, position: this.#wanted, lastSeen: this.#lastSeen, logEnd: this.#ports.logEnd() };
      try {
        if (!this.#removed) await this.#write(state);
        this.#state = state;
        this.#dirty = state.position < this.#wanted || state.lastSeen < this.#lastSeen;
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        // After a failed sync nothing says what is on disk: the file is not trusted again, and who asked for more must ask again.
        this.#renew = true;
        this.#wanted = this.#waiting.reduce((wanted, { position }) => Math.max(wanted, position), this.#state.position);
        const file = this.#file;
        this.#file = undefined;
        await ignoreErrors(async () => file?.close());
        for (const { reject } of waiting) reject(spoolError('write', error));
      }
    }
    this.#running = undefined;
  }

  async #write(state: CursorState): Promise<void> {
    if (this.#renew) return this.#create(state);
    this.#file ??= await this.#ports.files.open(this.#path, 'write');
    await writeAll(this.#file, [encodeSlot(state)], slotOffset(state));
    await this.#file.datasync();
  }

  async #create(state: CursorState): Promise<void> {
    const { files, account } = this.#ports;
    const bytes = encodeCursorFile(state);
    await files.mkdir(dirname(this.#path));
    await replaceFile(files, this.#path, bytes);
    account(bytes.length - this.#bytes);
    this.#bytes = bytes.length;
    this.#renew = false;
  }
}

/** A new file: the other slot says the same. */
export function encodeCursorFile(state: CursorState): Buffer {
  const bytes = Buffer.alloc(CURSOR_FILE_BYTES);
  for (const slot of [state, { ...state, generation: state.generation - 1 }]) encodeSlot(slot).copy(bytes, slotOffset(slot));
  return bytes;
}

function slotOffset(state: CursorState): number {
  return (state.generation % 2) * SLOT_STEP_BYTES;
}
