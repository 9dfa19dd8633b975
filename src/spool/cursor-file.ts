import { dirname } from 'node:path';
import type { Clock, SpoolFile, SpoolFiles } from '../ports.js';
import { CURSOR_FILE_BYTES, decodeSlot, encodeCursorFile, encodeSlot, SLOT_STEP_BYTES, slotOffset } from './cursor-slot.js';
import type { CursorState } from './cursor-slot.js';
import { join } from './progress.js';
import type { Progress, SeqRange } from './progress.js';
import { ignoreErrors, removeIfThere, replaceFile, writeAll } from './replacement.js';
import { spoolError } from './spool-error.js';

const READ_ATTEMPTS = 3;

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
  readonly progress: Progress;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Keeps on disk what a destination is done with. Commits that come while one is being synced share the next sync. */
export class CursorFile {
  readonly #path: string;
  readonly #ports: CursorFilePorts;
  #bytes: number;
  #state: CursorState;
  #wanted: Progress;
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
    this.#wanted = known.state;
    this.#lastSeen = known.state.lastSeen;
    this.#dirty = !known.usable;
    this.#renew = !known.usable;
  }

  /** Durable, except before the first commit of a new cursor. */
  get progress(): Progress { return this.#state; }
  get lastSeen(): number { return this.#lastSeen; }
  get bytes(): number { return this.#bytes; }
  get dirty(): boolean { return this.#dirty; }
  /** It says where the log ends now. */
  get knowsLogEnd(): boolean { return this.#state.logEnd >= this.#ports.logEnd(); }

  /** Resolves when every seq below `position`, and in the ranges `done` as far as they find room, is durably done; nothing gets undone. Rejects SPOOL_IO, and may be called again. */
  commit(position: number, done: readonly SeqRange[] = []): Promise<void> {
    if (!this.#dirty && position <= this.#state.position && done.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const progress = { position, done };
      this.#wanted = join(this.#wanted, progress);
      this.#dirty = true;
      this.#waiting.push({ progress, resolve, reject });
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
    return this.commit(this.#wanted.position);
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
      const wanted = this.#wanted;
      const state = { generation: this.#state.generation + 1, position: wanted.position, done: wanted.done, lastSeen: this.#lastSeen, logEnd: this.#ports.logEnd() };
      try {
        if (!this.#removed) await this.#write(state);
        this.#state = state;
        this.#dirty = wanted !== this.#wanted || state.lastSeen < this.#lastSeen;
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        // After a failed sync nothing says what is on disk: the file is not trusted again, and who asked for more must ask again.
        this.#renew = true;
        this.#wanted = this.#waiting.reduce<Progress>((wanted, { progress }) => join(wanted, progress), this.#state);
        const file = this.#file;
        this.#file = undefined;
        await ignoreErrors(async () => file?.close());
        await ignoreErrors(() => this.#takeBack(state));
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

  /** What was written and could not be synced would be found after SIGKILL: past events that nobody was told are gone. */
  async #takeBack(failed: CursorState): Promise<void> {
    const { files } = this.#ports;
    const found = await readCursorFile(files, this.#path);
    if (found.kind !== 'state' || !encodeSlot(found.state).equals(encodeSlot(failed))) return;
    const file = await files.open(this.#path, 'write');
    try {
      await writeAll(file, [encodeCursorFile({ ...this.#state, generation: failed.generation })], 0);
      await file.datasync();
    } finally {
      await file.close();
    }
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
