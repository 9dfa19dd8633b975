import { errnoOf, isNoSpace, RaxedError } from '../errors.js';
import type { Clock, SpoolFile, SpoolFiles } from '../ports.js';
import { ActiveSegment } from './active-segment.js';
import { encodedLength, encodeRecord, MAX_PAYLOAD_BYTES, SEGMENT_HEADER_BYTES } from './record.js';
import type { Segment } from './segment.js';

/** The most that one write and one sync carry. */
const GROUP_BYTES = 4 * 1024 * 1024;
const SCRATCH_BYTES = 1024 * 1024;
/** With `ack` "write": what may wait for its sync before appends are refused. */
const UNSYNCED_BYTES = 16 * 1024 * 1024;

export interface AppenderHost {
  readonly folder: string;
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly segmentBytes: number;
  readonly ack: 'fsync' | 'write';
  /** Of every new segment. */
  readonly segmentFlags: number;
  /** Makes the folder, and its entry in its parents durable. */
  ensureFolder(): Promise<void>;
  admit(bytes: number): boolean | Promise<boolean>;
  makeRoom(): Promise<boolean>;
  /** Files grew by (or lost) `bytes` that `admit` was not asked for. */
  account(bytes: number): void;
  opened(segment: Segment): void;
  gone(segment: Segment): void;
  gaveUp(segment: Segment, error: unknown): void;
  /** Records below `nextSeq` are durable; `first` is the oldest one that was not before. */
  durable(nextSeq: number, first: { seq: number; time: number }): void;
  refused(count: number, code: 'SPOOL_FULL' | 'SPOOL_IO', error: unknown): void;
  healthy(): void;
}

interface Entry {
  readonly payload: Uint8Array;
  readonly time: number;
  readonly resolve: (seq: number) => void;
  readonly reject: (error: RaxedError) => void;
}

/** Work that has its place between the records before and after it. */
interface Barrier { readonly run: () => Promise<void> }

interface Group {
  readonly firstSeq: number;
  readonly firstTime: number;
  readonly count: number;
  readonly bytes: Buffer;
  written: boolean;
}

/**
 * Writes records to the newest segment, in groups: while one sync runs the next group gathers.
 * A segment whose write or sync failed is never synced again: it ends where it was durable, and what was not goes to a new one.
 */
export class Appender {
  readonly #host: AppenderHost;
  readonly #queue: (Entry | Barrier)[] = [];
  /** Encoded and not yet durable. With `ack` "fsync" at most one. */
  readonly #groups: Group[] = [];
  #active: ActiveSegment | undefined;
  #running = false;
  #waitsForRoom = false;
  #closed = false;
  #nextSeq: number;
  #durableSeq: number;
  #scratch: Buffer = Buffer.alloc(0);
  #syncing: Promise<void> | undefined;
  #syncError: unknown;

  constructor(host: AppenderHost, nextSeq: number, active?: { segment: Segment; file: SpoolFile }) {
    this.#host = host;
    this.#nextSeq = nextSeq;
    this.#durableSeq = nextSeq;
    if (active !== undefined) this.#active = ActiveSegment.resume(active.segment, active.file);
  }

  /** One more than the last durable seq. */
  get durableSeq(): number { return this.#durableSeq; }
  get activeSegment(): Segment | undefined { return this.#active?.segment; }

  append(payload: Uint8Array): Promise<number> {
    if (this.#closed) return Promise.reject(new RaxedError('STOPPING', 'the spool is closed'));
    if (payload.length > MAX_PAYLOAD_BYTES) return Promise.reject(new RaxedError('TOO_LARGE', `an event has ${payload.length} bytes, the spool takes ${MAX_PAYLOAD_BYTES}`));
    return new Promise((resolve, reject) => {
      this.#queue.push({ payload, time: this.#host.clock.now(), resolve, reject });
      this.#start();
    });
  }

  /** Runs `work` after everything that was appended before is durable (or refused). */
  barrier(work: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ run: () => this.#settled().then(work).then(resolve, reject) });
      this.#start();
    });
  }

  /** Ends the newest segment: later records go to a new one, everything before is in sealed ones. Rejects SPOOL_IO when that cannot be. */
  seal(): Promise<void> {
    return this.barrier(async () => {
      if (this.#groups.length > 0) throw new RaxedError('SPOOL_IO', 'what was accepted cannot be written');
      await this.#retire();
    });
  }

  /** Seals at once when nothing is being written, as while an append waits for room; false when something is. */
  async trySeal(): Promise<boolean> {
    if ((this.#running && !this.#waitsForRoom) || this.#groups.length > 0 || this.#active === undefined) return false;
    await this.#retire();
    return true;
  }

  close(): Promise<void> {
    const sealed = this.seal();
    this.#closed = true;
    return sealed;
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // One turn of the event loop: everybody who is about to append gets into this group.
      await new Promise((resolve) => { setImmediate(resolve); });
      const head = this.#queue[0];
      if (head === undefined) break;
      if ('run' in head) {
        this.#queue.shift();
        await head.run();
      } else {
        await this.#commit(this.#take());
      }
    }
    this.#running = false;
  }

  /** The entries of the next group: up to the next barrier, and no more than a segment or GROUP_BYTES hold. */
  #take(): Entry[] {
    const room = Math.min(GROUP_BYTES, this.#host.segmentBytes - SEGMENT_HEADER_BYTES);
    const entries: Entry[] = [];
    let bytes = 0;
    for (const entry of this.#queue) {
      if ('run' in entry) break;
      bytes += encodedLength(entry.payload);
      if (bytes > room && entries.length > 0) break;
      entries.push(entry);
    }
    this.#queue.splice(0, entries.length);
    return entries;
  }

  async #commit(entries: readonly Entry[]): Promise<void> {
    const group = this.#encode(entries);
    const size = group.bytes.length;
    if (!await this.#admit(size)) {
      this.#refuse(entries, 'SPOOL_FULL', undefined);
      return;
    }
    this.#groups.push(group);
    this.#nextSeq += entries.length;
    const failure = await this.#persist(this.#host.ack === 'fsync');
    if (failure !== undefined) {
      // What was acknowledged before stays in #groups (`ack` "write") and is tried again with the next group.
      this.#groups.splice(this.#groups.indexOf(group), 1);
      this.#nextSeq = group.firstSeq;
      this.#host.account(-size);
      this.#refuse(entries, isNoSpace(failure.error) ? 'SPOOL_FULL' : 'SPOOL_IO', failure.error);
      return;
    }
    this.#host.healthy();
    for (let i = 0; i < entries.length; i++) entries[i]?.resolve(group.firstSeq + i);
    if (this.#host.ack === 'write') this.#syncing ??= this.#syncInBackground();
  }

  async #admit(bytes: number): Promise<boolean> {
    this.#waitsForRoom = true;
    try {
      const admitted = this.#host.admit(bytes);
      return typeof admitted === 'boolean' ? admitted : await admitted;
    } finally {
      this.#waitsForRoom = false;
    }
  }

  /** Writes every group that is not written (and syncs): in the active segment, and when that fails once more in a new one. */
  async #persist(sync: boolean): Promise<{ error: unknown } | undefined> {
    for (let attempt = 0; ; attempt++) {
      try {
        if (this.#syncError !== undefined) await this.#giveUp(this.#syncError);
        await this.#write();
        if (sync) await this.#sync();
        return undefined;
      } catch (error) {
        const intact = isNoSpace(error) && await this.#undoWrite();
        if (!intact) await this.#giveUp(error);
        if (isNoSpace(error) ? !await this.#host.makeRoom() : attempt > 0) return { error };
      }
    }
  }

  async #write(): Promise<void> {
    const groups = this.#groups.filter((group) => !group.written);
    const first = groups[0];
    if (first === undefined) return;
    const bytes = groups.reduce((sum, group) => sum + group.bytes.length, 0);
    if (this.#groups.length > 1 && bytes > UNSYNCED_BYTES) throw Object.assign(new Error('too much waits for the disk'), { code: 'EIO' });
    const current = this.#active;
    if (current !== undefined && current.written > SEGMENT_HEADER_BYTES && current.written + bytes > this.#host.segmentBytes) {
      await this.#syncing;
      if (this.#syncError !== undefined) throw this.#syncError;
      await this.#sync();
      await this.#retire();
    }
    const active = this.#active ?? await this.#create(first);
    for (const group of groups) {
      await active.write(group.bytes, group.firstSeq);
      group.written = true;
    }
  }

  async #sync(): Promise<void> {
    const active = this.#active;
    const groups = this.#groups.filter((group) => group.written);
    const first = groups[0];
    if (active === undefined || first === undefined) return;
    const { durableBytes } = await active.sync(this.#host.files, this.#host.folder);
    this.#groups.splice(0, groups.length);
    this.#durableSeq = groups.reduce((seq, group) => Math.max(seq, group.firstSeq + group.count), this.#durableSeq);
    active.segment.dataEnd = durableBytes;
    active.segment.end = this.#durableSeq;
    this.#host.durable(this.#durableSeq, { seq: first.firstSeq, time: first.firstTime });
  }

  async #syncInBackground(): Promise<void> {
    try {
      while (this.#groups[0]?.written === true) await this.#sync();
    } catch (error) {
      this.#syncError = error;
      void this.barrier();
    } finally {
      this.#syncing = undefined;
    }
  }

  /** Everything written is durable, or was tried again in a new segment. */
  async #settled(): Promise<void> {
    await this.#syncing;
    if (this.#groups.length === 0) return;
    const failure = await this.#persist(true);
    if (failure !== undefined) this.#host.refused(0, isNoSpace(failure.error) ? 'SPOOL_FULL' : 'SPOOL_IO', failure.error);
    else this.#host.healthy();
  }

  async #create(first: Group): Promise<ActiveSegment> {
    await this.#host.ensureFolder();
    const active = await ActiveSegment.create(this.#host.files, this.#host.folder, { firstSeq: first.firstSeq, firstTime: first.firstTime, flags: this.#host.segmentFlags });
    this.#active = active;
    this.#host.account(SEGMENT_HEADER_BYTES);
    this.#host.opened(active.segment);
    return active;
  }

  /** The segment is whole up to the last group: a failed write was taken back. */
  async #undoWrite(): Promise<boolean> {
    if (this.#active === undefined) return true;
    return this.#groups.some((group) => !group.written) && await this.#active.undo();
  }

  async #giveUp(error: unknown): Promise<void> {
    await this.#syncing;
    this.#syncError = undefined;
    const active = this.#active;
    if (active === undefined) return;
    this.#active = undefined;
    for (const group of this.#groups) group.written = false;
    const { segment } = active;
    const gone = await active.giveUp(this.#host.files);
    this.#host.account(segment.bytes - segment.dataEnd);
    this.#host.gaveUp(segment, error);
    if (gone) this.#forget(segment);
  }

  /** Only when everything written is durable. A segment without records goes: the next one will have its name. */
  async #retire(): Promise<void> {
    const active = this.#active;
    if (active === undefined) return;
    this.#active = undefined;
    if (!active.isEmpty) return active.close();
    if (await active.giveUp(this.#host.files)) this.#forget(active.segment);
  }

  #forget(segment: Segment): void {
    this.#host.account(-segment.bytes);
    this.#host.gone(segment);
  }

  #encode(entries: readonly Entry[]): Group {
    const size = entries.reduce((sum, entry) => sum + encodedLength(entry.payload), 0);
    const bytes = this.#buffer(size);
    let at = 0;
    let seq = this.#nextSeq;
    for (const entry of entries) at = encodeRecord(bytes, at, { seq: seq++, time: entry.time, payload: entry.payload });
    return { firstSeq: this.#nextSeq, firstTime: entries[0]?.time ?? 0, count: entries.length, bytes, written: false };
  }

  /** With `ack` "fsync" one group is under way at a time, and its buffer serves again. */
  #buffer(size: number): Buffer {
    if (size > SCRATCH_BYTES || this.#groups.length > 0 || this.#host.ack === 'write') return Buffer.allocUnsafeSlow(size);
    if (this.#scratch.length < size) this.#scratch = Buffer.allocUnsafeSlow(Math.min(SCRATCH_BYTES, size * 2));
    return this.#scratch.subarray(0, size);
  }

  #refuse(entries: readonly Entry[], code: 'SPOOL_FULL' | 'SPOOL_IO', cause: unknown): void {
    this.#host.refused(entries.length, code, cause);
    const message = code === 'SPOOL_FULL' ? 'the spool takes nothing more' : `the spool cannot be written (${errnoOf(cause) ?? 'unknown error'})`;
    for (const entry of entries) entry.reject(new RaxedError(code, message, { cause }));
  }
}
