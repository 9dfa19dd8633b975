import { join } from 'node:path';
import { describeError } from '../errors.js';
import type { Clock, Logger, SpoolFiles } from '../ports.js';
import type { Budget } from './budget.js';
import { CursorFile, readCursorFile } from './cursor-file.js';
import { Destination, StreamCursor, Waiters } from './cursor.js';
import { DeadLetterLog } from './dead-letter.js';
import { SegmentedLog } from './log.js';
import { CURSOR_SUFFIX, DEAD_FOLDER, destinationAsFile, fileAsDestination, REWRITE_PENDING } from './names.js';
import { removeIfThere } from './replacement.js';
import type { Cursor, DeadLetters, DestinationPlace, Expired, SpoolOptions, SpoolReport, Stream, StreamId } from './spool.js';
import { spoolError } from './spool-error.js';

/** How long the place of a destination that is not attached is kept. */
const KEEP_CURSOR_MS = 7 * 24 * 3600_000;
/** After a start, destinations get this long to be attached before their time counts. */
const GRACE_MS = 10 * 60_000;
/** How often a cursor file says that its destination is still there. */
const TOUCH_MS = 3600_000;
const DEAD_SEGMENT_BYTES = 1024 * 1024;
const DEAD_LETTER_BYTES = 64 * 1024 * 1024;

export interface StreamPorts {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly budget: Budget;
  options(): SpoolOptions;
  report(report: SpoolReport): void;
  healed(): void;
}

/** One customer's stream: its log, how far each destination has got, and the destinations' dead letters. */
export class CustomerStream<P extends Uint8Array> implements Stream<P> {
  readonly id: StreamId;
  readonly folder: string;
  readonly #ports: StreamPorts;
  readonly #waiters = new Waiters();
  readonly #destinations = new Map<string, Destination>();
  readonly #cursors = new Set<StreamCursor<P>>();
  readonly #deadLetters = new Map<string, Promise<{ log: SegmentedLog; letters: DeadLetterLog<P> }>>();
  readonly #openedAt: number;
  #log!: SegmentedLog;
  #sealAgeMs: number | undefined;
  #rewriteUnfinished = false;
  #rewriting: Promise<void> = Promise.resolve();
  #collecting: Promise<void> | undefined;
  #closed = false;

  private constructor(id: StreamId, folder: string, ports: StreamPorts) {
    this.id = id;
    this.folder = folder;
    this.#ports = ports;
    this.#openedAt = ports.clock.monotonic();
  }

  /** Rejects SPOOL_IO only when the folder is there and cannot be listed. */
  static async open<P extends Uint8Array>(id: StreamId, folder: string, ports: StreamPorts): Promise<CustomerStream<P>> {
    const stream = new CustomerStream<P>(id, folder, ports);
    try {
      const names = await ports.files.list(folder);
      stream.#rewriteUnfinished = names.includes(REWRITE_PENDING);
      const cursors = await stream.#readCursors(names);
      stream.#log = await stream.#openLog(folder, Math.max(1, ...cursors.map(({ file }) => file.position)));
      for (const { name, file } of cursors) stream.#destinations.set(name, new Destination(name, file, stream.#log));
      if (names.includes(DEAD_FOLDER)) {
        // Opened now, so that what they take on the disk counts.
        for (const name of await ports.files.list(join(folder, DEAD_FOLDER))) {
          const destination = fileAsDestination(name);
          if (destination !== undefined) await stream.#deadLog(destination);
        }
      }
      return stream;
    } catch (error) {
      throw spoolError('read', error);
    }
  }

  get nextSeq(): number { return this.#log.nextSeq; }
  get rewriteUnfinished(): boolean { return this.#rewriteUnfinished; }
  get bytes(): number { return this.#log.bytes; }

  append(payload: P): Promise<number> {
    return this.#log.append(payload);
  }

  configure(options: { readonly sealAgeMs?: number }): void {
    this.#sealAgeMs = options.sealAgeMs;
  }

  async attach(destination: string): Promise<Cursor<P>> {
    const path = this.#cursorPath(destination);
    let known = this.#destinations.get(destination);
    if (known === undefined) {
      const state = { generation: 0, position: this.#log.nextSeq, lastSeen: this.#ports.clock.now() };
      known = new Destination(destination, new CursorFile(path, { state, onDisk: false }, this.#ports), this.#log);
      this.#destinations.set(destination, known);
    }
    const cursor = new StreamCursor<P>(known, {
      log: this.#log,
      files: this.#ports.files,
      waiters: this.#waiters,
      isClosed: () => this.#closed,
      committed: () => { this.#collectSoon(); },
      detached: () => { this.#cursors.delete(cursor); },
    });
    this.#cursors.add(cursor);
    // On a bad disk the place is kept in memory, and written by the next commit or tick.
    await this.#quietly('write a cursor', () => known.file.touch());
    if (known.pending() > 0) await this.#quietly('read the oldest event', () => cursor.read(known.committed, { events: 1, bytes: 1 }));
    return cursor;
  }

  rewrite(transform: (payload: P) => P): Promise<void> {
    const result = this.#rewriting.then(() => this.#rewrite(transform)).catch((error: unknown) => { throw spoolError('write', error); });
    this.#rewriting = result.catch(() => undefined);
    return result;
  }

  async expire(olderThanMs: number): Promise<Expired> {
    const before = this.#ports.clock.now() - olderThanMs;
    try {
      const { seq } = await this.#log.seqAt(before);
      const first = Math.min(...[...this.#destinations.values()].map(({ committed }) => committed));
      const since = first < seq ? await this.#timeOf(first) : undefined;
      const destinations = await this.#advanceAll(seq);
      if (seq === this.#log.nextSeq) await this.#log.appender.seal();
      await this.#log.removeAside(before);
      await this.#collect();
      for (const opened of this.#deadLetters.values()) await (await opened).letters.expire(olderThanMs);
      const count = Math.max(0, ...destinations.map((destination) => destination.count));
      const expired: Expired = { count, destinations, ...(count > 0 && since !== undefined ? { since } : {}) };
      if (count > 0) this.#report({ kind: 'expired', count, ...(since === undefined ? {} : { since }) });
      return expired;
    } catch (error) {
      throw spoolError('write', error);
    }
  }

  async deadLetters(destination: string): Promise<DeadLetters<P>> {
    return (await this.#deadLog(destination)).letters;
  }

  async destinations(): Promise<readonly DestinationPlace[]> {
    const names = [...new Set([...this.#destinations.keys(), ...this.#deadLetters.keys()])].sort();
    return Promise.all(names.map(async (name) => {
      const known = this.#destinations.get(name);
      const letters = await this.#deadLetters.get(name);
      const oldest = known?.oldestPendingTime();
      return {
        name, attached: (known?.attached ?? 0) > 0, pending: known?.pending() ?? 0,
        ...(oldest === undefined ? {} : { oldestPendingTime: oldest }),
        dead: letters?.letters.count() ?? 0, deadBytes: letters?.letters.bytes() ?? 0,
      };
    }));
  }

  stats(): { readonly bytes: number; readonly oldestTime?: number } {
    const { oldestTime } = this.#log;
    return { bytes: this.#log.bytes, ...(oldestTime === undefined ? {} : { oldestTime }) };
  }

  /** Drops the oldest sealed segment, whoever has not got it yet; false when there is none. */
  async dropOldest(): Promise<boolean> {
    const oldest = this.#log.segments[0];
    if (oldest === undefined || (!this.#log.isSealed(oldest) && !await this.#log.appender.trySeal())) return false;
    const since = oldest.created;
    const dropped = await this.#advanceAll(oldest.end);
    const bytes = await this.#log.removeBelow(oldest.end);
    if (bytes === 0) return false;
    const count = Math.max(0, ...dropped.map((destination) => destination.count));
    this.#report({ kind: 'dropped_oldest', count, bytes, ...(since === undefined ? {} : { since }) });
    return true;
  }

  /** Seals, deletes and forgets what is due. */
  async tick(): Promise<void> {
    const { clock } = this.#ports;
    const now = clock.now();
    const active = this.#log.appender.activeSegment;
    const sealAgeMs = this.#sealAgeMs ?? this.#ports.options().sealAgeMs;
    if (active?.created !== undefined && active.end > active.base && now - active.created >= sealAgeMs) await this.#quietly('seal a segment', () => this.#log.appender.seal());
    for (const destination of [...this.#destinations.values()]) {
      const age = now - destination.file.lastSeen;
      if (destination.attached > 0 && (destination.file.dirty || age >= TOUCH_MS)) {
        await this.#quietly('write a cursor', () => destination.file.touch());
      } else if (destination.attached === 0 && age >= KEEP_CURSOR_MS && clock.monotonic() - this.#openedAt >= GRACE_MS) {
        await this.#quietly('forget a destination', () => this.#release(destination));
      }
    }
    await this.#collect();
  }

  /** Writes what waits and closes every file. */
  async close(): Promise<void> {
    await this.#quietly('write what waits', () => this.#log.close());
    this.#closed = true;
    this.#waiters.wake(Infinity);
    for (const cursor of [...this.#cursors]) await cursor.close();
    for (const destination of this.#destinations.values()) {
      await this.#quietly('write a cursor', () => (destination.file.dirty ? destination.file.touch() : Promise.resolve()));
      await destination.file.close();
    }
    for (const opened of this.#deadLetters.values()) await this.#quietly('close dead letters', async () => (await opened).log.close());
    await this.#collecting;
  }

  /** What this stream counts for in the budget. */
  async totalBytes(): Promise<number> {
    let bytes = this.#log.bytes;
    for (const opened of this.#deadLetters.values()) bytes += (await opened).log.bytes;
    return bytes;
  }

  async #rewrite(transform: (payload: P) => P): Promise<void> {
    const { files } = this.#ports;
    const marker = join(this.folder, REWRITE_PENDING);
    await this.#log.appender.barrier();
    const nothing = this.#log.segments.length === 0 && this.#deadLetters.size === 0;
    if (!nothing && !this.#rewriteUnfinished) {
      await (await files.open(marker, 'create')).close();
      await files.syncFolder(this.folder);
      this.#rewriteUnfinished = true;
    }
    await this.#log.appender.seal();
    await this.#log.rewrite(0, this.#log.nextSeq, (record) => transform(record.payload as P));
    await this.#log.removeAside(Infinity);
    for (const opened of this.#deadLetters.values()) await (await opened).letters.rewrite(transform);
    if (!this.#rewriteUnfinished) return;
    await removeIfThere(files, marker);
    await files.syncFolder(this.folder);
    this.#rewriteUnfinished = false;
  }

  /** Moves every destination that is behind up to `seq`, durably; how many records each of them missed. */
  async #advanceAll(seq: number): Promise<{ destination: string; count: number }[]> {
    const missed: { destination: string; count: number }[] = [];
    for (const { name, committed, file } of this.#destinations.values()) {
      const count = this.#log.countBetween(committed, seq);
      if (committed >= seq) continue;
      await file.commit(seq);
      if (count > 0) missed.push({ destination: name, count });
    }
    return missed;
  }

  async #timeOf(seq: number): Promise<number | undefined> {
    let time: number | undefined;
    const segment = this.#log.segmentFor(seq);
    if (segment !== undefined) await this.#log.forEach((record) => { if (record.seq >= seq) time ??= record.time; }, [segment]);
    return time;
  }

  #collectSoon(): void {
    this.#collecting ??= this.#collect().finally(() => { this.#collecting = undefined; });
  }

  /** Deletes the segments that every destination has passed, durably. With no destination nothing holds them. */
  async #collect(): Promise<void> {
    let floor = this.#log.nextSeq;
    for (const { committed } of this.#destinations.values()) floor = Math.min(floor, committed);
    await this.#quietly('delete what was delivered', () => this.#log.removeBelow(floor));
  }

  async #release(destination: Destination): Promise<void> {
    await destination.file.remove();
    this.#destinations.delete(destination.name);
    const count = destination.pending();
    this.#report({ kind: 'cursor_released', destination: destination.name, ...(count > 0 ? { count } : {}) });
  }

  #deadLog(destination: string): Promise<{ log: SegmentedLog; letters: DeadLetterLog<P> }> {
    const known = this.#deadLetters.get(destination);
    if (known !== undefined) return known;
    const opening = this.#openDeadLog(destination);
    this.#deadLetters.set(destination, opening);
    opening.catch(() => { this.#deadLetters.delete(destination); });
    return opening;
  }

  async #openDeadLog(destination: string): Promise<{ log: SegmentedLog; letters: DeadLetterLog<P> }> {
    const log = await this.#openLog(join(this.folder, DEAD_FOLDER, destinationAsFile(destination)), 1, destination);
    const letters = await DeadLetterLog.open<P>(log, {
      files: this.#ports.files,
      clock: this.#ports.clock,
      maxBytes: () => this.#ports.options().maxDeadLetterBytes ?? DEAD_LETTER_BYTES,
      logger: this.#ports.logger,
      dropped: (count, bytes) => { this.#report({ kind: 'dead_letters_dropped', destination, count, bytes }); },
      expired: (count) => { this.#report({ kind: 'dead_letters_expired', destination, count }); },
    });
    return { log, letters };
  }

  #openLog(folder: string, minSeq: number, destination?: string): Promise<SegmentedLog> {
    const isDead = destination !== undefined;
    const { options } = this.#ports;
    return SegmentedLog.open({
      folder,
      segmentBytes: () => (isDead ? Math.min(DEAD_SEGMENT_BYTES, options().segmentBytes) : options().segmentBytes),
      ack: () => (isDead ? 'fsync' : options().ack),
      alwaysAdmit: isDead,
      minSeq,
      root: options().folder,
    }, {
      ...this.#ports,
      report: (report) => { this.#report({ ...report, ...(isDead ? { destination } : {}) }); },
      durable: (nextSeq, first) => {
        if (isDead) return;
        for (const known of this.#destinations.values()) known.noteAppended(first);
        this.#waiters.wake(nextSeq);
      },
    });
  }

  async #readCursors(names: readonly string[]): Promise<{ name: string; file: CursorFile }[]> {
    const cursors: { name: string; file: CursorFile }[] = [];
    for (const fileName of names) {
      const name = fileName.endsWith(CURSOR_SUFFIX) ? fileAsDestination(fileName.slice(0, -CURSOR_SUFFIX.length)) : undefined;
      if (name === undefined) continue;
      const path = join(this.folder, fileName);
      const state = await readCursorFile(this.#ports.files, path);
      if (state === undefined) this.#report({ kind: 'damaged', file: fileName, destination: name });
      // A place that is lost begins at the oldest event: what was delivered is delivered again, nothing is missed.
      const assumed = { generation: 0, position: 0, lastSeen: this.#ports.clock.now() };
      cursors.push({ name, file: new CursorFile(path, { state: state ?? assumed, onDisk: state !== undefined }, this.#ports) });
    }
    return cursors;
  }

  #cursorPath(destination: string): string {
    return join(this.folder, `${destinationAsFile(destination)}${CURSOR_SUFFIX}`);
  }

  #report(report: SpoolReport): void {
    this.#ports.report({ ...report, stream: this.id });
  }

  /** What the disk refuses here is tried again by a later commit or tick. */
  async #quietly(what: string, action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#ports.logger.warn({ mssp_id: this.id.msspId, customer_id: this.id.customerId, error: describeError(error) }, `the spool could not ${what}`);
    }
  }
}
