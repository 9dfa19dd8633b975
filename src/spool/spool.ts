import type { Clock, Logger, SpoolFiles } from '../ports.js';
import { DiskSpool } from './disk-spool.js';
import type { SeqRange } from './progress.js';
import type { Reserve } from './reserve.js';

/** Whose events a stream holds. Both ids match `[A-Za-z0-9][A-Za-z0-9_-]{0,63}`; anything else is refused. */
export interface StreamId {
  readonly msspId: string;
  readonly customerId: string;
}

/** One stored event. Sequence numbers grow by one a record; after damage or a drop there are gaps. */
export interface SpooledRecord<P extends Uint8Array> {
  readonly seq: number;
  /** Milliseconds since the epoch, when `append` was called. */
  readonly time: number;
  readonly payload: P;
}

export interface SpoolOptions {
  readonly folder: string;
  /** A segment is sealed before it grows over this; a single larger record gets a segment of its own. */
  readonly segmentBytes: number;
  /** Over all streams. */
  readonly maxBytes: number;
  /** What must stay free on the file system. */
  readonly minFreeBytes: number;
  readonly whenFull: 'reject' | 'drop_oldest';
  /** Each is guaranteed an equal part of what the spool may hold (`reject`: of half of it). */
  readonly customers?: readonly StreamId[];
  /** What `append` waits for. With `write` the sync follows in the background. */
  readonly ack: 'fsync' | 'write';
  /** A segment is sealed when its first record is this old. */
  readonly sealAgeMs: number;
  /** Per destination. The oldest dead letters are dropped beyond it. */
  readonly maxDeadLetterBytes?: number;
}

export interface SpoolPorts {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  /** None when absent. */
  readonly reserve?: Reserve;
  onReport(report: SpoolReport): void;
}

/** What the operator, the audit log and `delivery_gap` events must learn of. */
export interface SpoolReport {
  readonly kind:
    | 'torn_tail' | 'damaged' | 'newer_version' | 'segment_given_up'
    | 'full' | 'healed'
    | 'dropped_oldest' | 'expired' | 'dead_letters_dropped' | 'dead_letters_expired' | 'cursor_released';
  readonly stream?: StreamId;
  readonly destination?: string;
  /** Records that some destination will never get. */
  readonly count?: number;
  readonly bytes?: number;
  /** A name inside the stream's folder. */
  readonly file?: string;
  /** Time of the oldest record concerned, ms since the epoch. */
  readonly since?: number;
}

export interface SpoolStats {
  /** All files of all streams: segments, cursors, dead letters and what was set aside. */
  readonly bytes: number;
  readonly maxBytes: number;
  /** Appends refused since the start, because the spool was full or the disk failed. */
  readonly rejected: number;
  /** Records dropped since the start by `drop_oldest`. */
  readonly dropped: number;
  readonly state: 'ok' | 'full' | 'failing';
  readonly streams: number;
}

export interface Spool<P extends Uint8Array> {
  /** Live reload; `folder` cannot change. */
  reconfigure(options: Partial<Omit<SpoolOptions, 'folder'>>): void;
  /** The same object for the same id. O(1) in the backlog. */
  openStream(id: StreamId): Promise<Stream<P>>;
  /** Every stream that is on the disk or open. */
  streams(): readonly StreamId[];
  /** Those that are open. */
  opened(): readonly Stream<P>[];
  /** Deletes everything of a customer: its events, cursors and dead letters. */
  removeStream(id: StreamId): Promise<void>;
  /** Does what an append to a new segment needs, outside of any stream; rejects SPOOL_FULL when nobody may write, SPOOL_IO when the disk does not take it. */
  probe(): Promise<void>;
  /** Seals and deletes what is due. The spool also does it by itself, once a second. */
  tick(): Promise<void>;
  stats(): SpoolStats;
  /** Writes what waits, then closes every file. Later calls reject STOPPING. */
  close(): Promise<void>;
}

export interface Stream<P extends Uint8Array> {
  readonly id: StreamId;
  /** Resolves with the record's seq when it is durable (`ack` "write": written). Rejects SPOOL_FULL, SPOOL_IO, TOO_LARGE or STOPPING. */
  append(payload: P): Promise<number>;
  /** One more than the last durable record's seq: where a new destination starts. */
  readonly nextSeq: number;
  /** Takes up the destination's durable cursor, or a new one at the end. Never fails for a bad disk. */
  attach(destination: string): Promise<Cursor<P>>;
  /**
   * Replaces every record that is on disk or queued now, dead letters included, by what `transform` makes of it: each file at once,
   * sequence numbers unchanged. What was set aside as damaged is deleted. Appends and readers go on meanwhile.
   */
  rewrite(transform: (payload: P) => P): Promise<void>;
  /** A crash or a bad disk stopped a `rewrite` half way: it must be run again. */
  readonly rewriteUnfinished: boolean;
  /** Overrides the spool's own for this customer (a short retention needs a short age). */
  configure(options: { readonly sealAgeMs?: number }): void;
  /** Moves every cursor past what is older, deletes it (dead letters too), and reports it. `since`: the oldest one's time. */
  expire(olderThanMs: number): Promise<Expired>;
  /** Rejects SPOOL_IO when their folder cannot be listed. */
  deadLetters(destination: string): Promise<DeadLetters<P>>;
  /** Every destination that has a cursor or dead letters here, configured or not, by name. */
  destinations(): Promise<readonly DestinationPlace[]>;
  stats(): StreamStats;
}

export interface StreamStats {
  /** Its segments, delivered or not. */
  readonly bytes: number;
  readonly segments: number;
  /** Its last event was refused for want of room. */
  readonly full: boolean;
  readonly oldestTime?: number;
}

/** What a stream holds for one destination. */
export interface DestinationPlace {
  readonly name: string;
  /** A delivery loop has its cursor. */
  readonly attached: boolean;
  readonly pending: number;
  readonly oldestPendingTime?: number;
  readonly dead: number;
  readonly deadBytes: number;
}

export interface Expired {
  /** Records that at least one destination had not got. */
  readonly count: number;
  readonly since?: number;
  readonly destinations: readonly { readonly destination: string; readonly count: number }[];
}

/** How far one destination has got. */
export interface Cursor<P extends Uint8Array> {
  readonly destination: string;
  /** Every seq below it is done, and durably so. Moves by `commit`, and when data expires or is dropped. */
  readonly committed: number;
  /** Records that are not durably done. */
  pending(): number;
  /** When the oldest of them was appended. */
  oldestPendingTime(): number | undefined;
  /**
   * Records from `fromSeq` on, at most `limits`, at least one where there is one (even if it is larger than `limits.bytes`);
   * [] when nothing is there. Only durable records, and none that is durably done. Sequential reads are cheap. Damaged records
   * are skipped and reported once.
   */
  read(fromSeq: number, limits: { readonly events: number; readonly bytes: number }): Promise<SpooledRecord<P>[]>;
  /** Resolves when a record with seq >= `fromSeq` that is not done is there, or on abort, or when the stream is closed. */
  wait(fromSeq: number, signal: AbortSignal): Promise<void>;
  /**
   * Everything below `seq` is done, and everything in the ranges `done`; what was done before stays so. Durable when it resolves,
   * of very many ranges the longest; commits that come together share one sync. Rejects SPOOL_IO.
   */
  commit(seq: number, done?: readonly SeqRange[]): Promise<void>;
  /** The destination is no longer configured; its place is kept for 7 days. */
  detach(): void;
}

export interface DeadLetterReason {
  readonly httpStatus?: number;
  readonly message: string;
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface DeadLetter<P extends Uint8Array> extends SpooledRecord<P> {
  /** Names this letter among the destination's. */
  readonly id: number;
  readonly reason: DeadLetterReason;
}

/** Events that one destination refused for good. */
export interface DeadLetters<P extends Uint8Array> {
  /** Durable when it resolves. Works while the spool is full. A record that is a letter already stays that one. */
  add(record: SpooledRecord<P>, reason: DeadLetterReason): Promise<number>;
  /** The letter that a record is already: a crash may have come before the cursor moved over it. The newest are known. */
  idOf(record: Pick<SpooledRecord<P>, 'seq' | 'time'>): number | undefined;
  count(): number;
  bytes(): number;
  /** The oldest first, from `fromId`. */
  list(limit: number, fromId?: number): Promise<DeadLetter<P>[]>;
  /** The oldest first, from `fromId`; a few are in memory at a time. What is added or removed meanwhile may be left out. */
  each(fromId?: number): AsyncIterable<DeadLetter<P>>;
  /** Refused once more: these letters get a new reason in their place, in one step a file; attempts add up. How many there were. */
  refusedAgain(reasons: ReadonlyMap<number, DeadLetterReason>): Promise<number>;
  /** Removes single letters, as after a replay; how many there were. Durable when it resolves. */
  remove(ids: Iterable<number>): Promise<number>;
  /** Removes all; how many there were. */
  purge(): Promise<number>;
  /** Removes what was refused longer ago, and reports it; how many there were. */
  expire(olderThanMs: number): Promise<number>;
  rewrite(transform: (payload: P) => P): Promise<void>;
}

/** Opens the spool. Its streams are opened on demand; nothing on the disk keeps it from starting. */
export async function createSpool<P extends Uint8Array>(options: SpoolOptions, ports: SpoolPorts): Promise<Spool<P>> {
  const spool = new DiskSpool<P>(options, ports);
  await spool.start();
  return spool;
}
