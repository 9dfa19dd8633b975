import { join } from 'node:path';
import type { Clock, Logger, SpoolFiles } from '../ports.js';
import type { Share } from './budget.js';
import { StreamCursor, Waiters } from './cursor.js';
import { DeadLetterLog } from './dead-letter.js';
import { Destinations, findDestinations } from './destinations.js';
import type { DestinationsPorts, Missed } from './destinations.js';
import { SegmentedLog } from './log.js';
import { DEAD_FOLDER, destinationAsFile, fileAsDestination, REWRITE_PENDING, TEMPORARY_SUFFIX } from './names.js';
import { OpenFiles } from './open-files.js';
import type { KnownSeqs } from './recovery.js';
import { FLAG_GAPS } from './record.js';
import { removeIfThere } from './replacement.js';
import type { Cursor, DeadLetters, DestinationPlace, Expired, SpoolOptions, SpoolReport, Stream, StreamId, StreamStats } from './spool.js';
import { spoolError } from './spool-error.js';
import { Turns } from './turns.js';

/** However many destinations read and commit at once. */
const MAX_DESCRIPTORS = 4;
const DEAD_SEGMENT_BYTES = 1024 * 1024;
const DEAD_LETTER_BYTES = 64 * 1024 * 1024;

export interface StreamPorts {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly budget: Share;
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
  readonly #cursors = new Set<StreamCursor<P>>();
  readonly #deadLetters = new Map<string, Promise<{ log: SegmentedLog; letters: DeadLetterLog<P> }>>();
  readonly #fileTurns = new Turns();
  readonly #rewrites = new Turns();
  #destinations!: Destinations;
  #log!: SegmentedLog;
  #sealAgeMs: number | undefined;
  #rewriteUnfinished = false;
  #collecting: Promise<void> | undefined;
  #closed = false;

  private constructor(id: StreamId, folder: string, ports: StreamPorts) {
    this.id = id;
    this.folder = folder;
    this.#ports = { ...ports, files: new OpenFiles(ports.files, MAX_DESCRIPTORS) };
  }

  /** Rejects SPOOL_IO only when the folder is there and cannot be listed. */
  static async open<P extends Uint8Array>(id: StreamId, folder: string, from: StreamPorts): Promise<CustomerStream<P>> {
    const stream = new CustomerStream<P>(id, folder, from);
    try {
      const { files } = stream.#ports;
      const names = await files.list(folder);
      stream.#rewriteUnfinished = names.includes(REWRITE_PENDING);
      const ports = stream.#destinationsPorts();
      const found = await findDestinations(folder, names, ports);
      const states = found.places.flatMap(({ state }) => state ?? []);
      stream.#log = await stream.#openLog(folder, {
        end: Math.max(1, ...states.flatMap(({ position, logEnd }) => [position, logEnd])),
        floor: Math.max(1, Math.min(...states.map(({ position }) => position))),
        // Records go only when every cursor has passed them: one that is whole knows.
        sure: found.places.some(({ usable }) => usable) || names.every((name) => name.endsWith(TEMPORARY_SUFFIX)),
      });
      stream.#destinations = new Destinations(folder, found, stream.#log, ports);
      if (names.includes(DEAD_FOLDER)) {
        // Opened now, so that what they take on the disk counts.
        for (const name of await files.list(join(folder, DEAD_FOLDER))) {
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
    const known = await this.#destinations.attach(destination);
    const cursor = new StreamCursor<P>(known, {
      log: this.#log,
      files: this.#ports.files,
      waiters: this.#waiters,
      isClosed: () => this.#closed,
      committed: () => { this.#collectSoon(); },
      detached: () => { this.#cursors.delete(cursor); },
    });
    this.#cursors.add(cursor);
    if (known.pending() > 0) await this.#quietly('read the oldest event', () => cursor.read(known.committed, { events: 1, bytes: 1 }));
    return cursor;
  }

  rewrite(transform: (payload: P) => P): Promise<void> {
    return this.#rewrites.take(() => this.#rewrite(transform)).catch((error: unknown) => { throw spoolError('write', error); });
  }

  async expire(olderThanMs: number): Promise<Expired> {
    const before = this.#ports.clock.now() - olderThanMs;
    try {
      const { seq } = await this.#log.seqAt(before);
      const { floor } = this.#destinations;
      const since = floor < seq ? await this.#timeOf(floor) : undefined;
      let expired: Expired = { count: 0, destinations: [] };
      await this.#destinations.advance(seq, (missed) => {
        expired = { count: mostMissed(missed), destinations: missed, ...(missed.length > 0 && since !== undefined ? { since } : {}) };
        if (expired.count > 0) this.#report({ kind: 'expired', count: expired.count, ...(since === undefined ? {} : { since }) });
      });
      if (seq === this.#log.nextSeq) await this.#log.appender.seal();
      await this.#log.removeAside(before);
      await this.#collect();
      for (const opened of this.#deadLetters.values()) await (await opened).letters.expire(olderThanMs);
      return expired;
    } catch (error) {
      throw spoolError('write', error);
    }
  }

  async deadLetters(destination: string): Promise<DeadLetters<P>> {
    try {
      return (await this.#deadLog(destination)).letters;
    } catch (error) {
      throw spoolError('read', error);
    }
  }

  async destinations(): Promise<readonly DestinationPlace[]> {
    const places = new Map(this.#destinations.all.map((place) => [place.name, place]));
    const names = [...new Set([...places.keys(), ...this.#deadLetters.keys()])].sort();
    return Promise.all(names.map(async (name) => {
      const known = places.get(name);
      const letters = await this.#deadLetters.get(name);
      const oldest = known?.oldestPendingTime();
      return {
        name, attached: (known?.attached ?? 0) > 0, pending: known?.pending() ?? 0,
        ...(oldest === undefined ? {} : { oldestPendingTime: oldest }),
        dead: letters?.letters.count() ?? 0, deadBytes: letters?.letters.bytes() ?? 0,
      };
    }));
  }

  stats(): StreamStats {
    const { oldestTime } = this.#log;
    return { bytes: this.#log.bytes, segments: this.#log.segments.length, full: this.#ports.budget.full, ...(oldestTime === undefined ? {} : { oldestTime }) };
  }

  /** Drops what was set aside, or else the oldest sealed segment, whoever has not got it yet; false when there is none. */
  async dropOldest(): Promise<boolean> {
    const aside = await this.#log.removeAside(Infinity);
    if (aside > 0) {
      this.#report({ kind: 'dropped_oldest', count: 0, bytes: aside });
      return true;
    }
    const oldest = this.#log.segments[0];
    if (oldest === undefined || (!this.#log.isSealed(oldest) && !await this.#log.appender.trySeal())) return false;
    const { created: since, bytes } = oldest;
    await this.#destinations.advance(oldest.end, (missed) => {
      this.#report({ kind: 'dropped_oldest', count: mostMissed(missed), bytes, ...(since === undefined ? {} : { since }) });
    });
    return await this.#log.removeBelow(oldest.end) > 0;
  }

  /** Seals, deletes and forgets what is due. */
  async tick(): Promise<void> {
    const active = this.#log.appender.activeSegment;
    if (active?.created !== undefined && active.end > active.base && this.#isOld(active.created)) await this.#quietly('seal a segment', () => this.#log.appender.seal());
    await this.#destinations.tick();
    await this.#collect();
  }

  /** Writes what waits and closes every file. */
  async close(): Promise<void> {
    await this.#quietly('write what waits', () => this.#log.close());
    this.#closed = true;
    this.#waiters.wake(Infinity);
    for (const cursor of [...this.#cursors]) await cursor.close();
    await this.#destinations.close();
    for (const opened of this.#deadLetters.values()) await this.#quietly('close dead letters', async () => (await opened).log.close());
    await this.#collecting;
  }

  async #rewrite(transform: (payload: P) => P): Promise<void> {
    const { files } = this.#ports;
    const marker = join(this.folder, REWRITE_PENDING);
    await this.#log.appender.barrier();
    // A stream that was never written to has no folder, also when somebody has asked for its dead letters.
    const dead = await Promise.all(this.#deadLetters.values());
    const nothing = [this.#log, ...dead.map(({ log }) => log)].every(({ segments }) => segments.length === 0);
    if (!nothing && !this.#rewriteUnfinished) {
      await (await files.open(marker, 'create')).close();
      await files.syncFolder(this.folder);
      this.#rewriteUnfinished = true;
    }
    await this.#log.appender.seal();
    await this.#log.rewrite(0, Infinity, (record) => transform(record.payload as P));
    await this.#log.removeAside(Infinity);
    await this.#log.syncFolder();
    for (const opened of this.#deadLetters.values()) await (await opened).letters.rewrite(transform);
    if (!this.#rewriteUnfinished) return;
    await removeIfThere(files, marker);
    await files.syncFolder(this.folder);
    this.#rewriteUnfinished = false;
  }

  /** A segment that is older than it may be, or from the future: the clock was set back, and would keep it open for longer. */
  #isOld(created: number): boolean {
    const ageMs = this.#ports.clock.now() - created;
    return ageMs < 0 || ageMs >= (this.#sealAgeMs ?? this.#ports.options().sealAgeMs);
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
    const { floor } = this.#destinations;
    await this.#quietly('delete what was delivered', () => this.#log.removeBelow(floor));
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
    const log = await this.#openLog(join(this.folder, DEAD_FOLDER, destinationAsFile(destination)), { end: 1, floor: Infinity, sure: true }, destination);
    const letters = await DeadLetterLog.open<P>(log, {
      files: this.#ports.files,
      clock: this.#ports.clock,
      logger: this.#ports.logger,
      maxBytes: () => this.#deadLetterBytes(log.bytes),
      dropped: (count, bytes) => { this.#report({ kind: 'dead_letters_dropped', destination, count, bytes }); },
      expired: (count) => { this.#report({ kind: 'dead_letters_expired', destination, count }); },
    });
    return { log, letters };
  }

  /** While the spool is over its limit, a new dead letter takes the room of older ones, as far as more than a segment is there. */
  #deadLetterBytes(now: number): number {
    const limit = this.#ports.options().maxDeadLetterBytes ?? DEAD_LETTER_BYTES;
    const { overBytes } = this.#ports.budget;
    return overBytes <= 0 ? limit : Math.min(limit, Math.max(DEAD_SEGMENT_BYTES, now - overBytes));
  }

  #openLog(folder: string, known: KnownSeqs, destination?: string): Promise<SegmentedLog> {
    const isDead = destination !== undefined;
    const { options } = this.#ports;
    return SegmentedLog.open({
      folder,
      segmentBytes: () => (isDead ? Math.min(DEAD_SEGMENT_BYTES, options().segmentBytes) : options().segmentBytes),
      ack: () => (isDead ? 'fsync' : options().ack),
      alwaysAdmit: isDead,
      segmentFlags: isDead ? FLAG_GAPS : 0,
      known,
      root: options().folder,
    }, {
      ...this.#ports,
      turns: this.#fileTurns,
      report: (report) => { this.#report({ ...report, ...(isDead ? { destination } : {}) }); },
      durable: (nextSeq, first) => {
        if (isDead) return;
        for (const known of this.#destinations.all) known.noteAppended(first);
        this.#waiters.wake(nextSeq);
      },
    });
  }

  #destinationsPorts(): DestinationsPorts {
    const { files, clock, budget } = this.#ports;
    return {
      files, clock,
      report: (report) => { this.#report(report); },
      account: (bytes) => { budget.add(bytes); },
      quietly: (what, action) => this.#quietly(what, action),
    };
  }

  #report(report: SpoolReport): void {
    this.#ports.report({ ...report, stream: this.id });
  }

  /** What the disk refuses here is tried again by a later commit or tick. */
  async #quietly(what: string, action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#ports.logger.warn({ mssp_id: this.id.msspId, customer_id: this.id.customerId, error }, `the spool could not ${what}`);
    }
  }
}

/** Records that at least one destination will never get. */
function mostMissed(missed: readonly Missed[]): number {
  return Math.max(0, ...missed.map(({ count }) => count));
}
