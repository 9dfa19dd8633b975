import type { Clock, Logger, SpoolFiles } from '../ports.js';
import type { Reserve } from './reserve.js';
import type { StreamId } from './spool.js';

const CHECK_INTERVAL_MS = 1000;
/** A stream that was refused is full until there is room for this much, or an eighth of a smaller spool: it must not change all the time. */
const ROOM_BYTES = 64 * 1024;

export interface BudgetLimits {
  readonly maxBytes: number;
  readonly minFreeBytes: number;
  readonly whenFull: 'reject' | 'drop_oldest';
  /** Whose streams are guaranteed a share. */
  readonly customers?: readonly StreamId[];
}

export interface FailingLog { readonly folder: string }

export interface BudgetPorts {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reserve: Reserve;
  /** Drops the oldest data of the one that has most beyond its guarantee, or else of who asks; false when there is nothing to drop. */
  dropOldest(asking: Share): Promise<boolean>;
  onFull(stream: StreamId): void;
  /** A stream that was full has room again. */
  onRoom(stream: StreamId): void;
}

/**
 * What the spool may still write: `maxBytes` over all streams, and what must stay free on the disk, for others or for the
 * reserve as far as that has been used up.
 * Each customer is guaranteed an equal part, which no other stream can take. With `reject` that is a part of one half, kept
 * free for it, and the other half is for whoever needs it; with `drop_oldest` a part of the whole: what others have put
 * there goes when it is needed. The disk is asked once a second; in between, what was written is subtracted.
 */
export class Budget {
  bytes = 0;
  rejected = 0;
  /** The logs whose last write failed. */
  readonly failing = new Set<FailingLog>();
  readonly #shares = new Map<string, Share>();
  readonly #folder: string;
  readonly #ports: BudgetPorts;
  #limits: BudgetLimits;
  #guaranteed: ReadonlySet<Share>;
  #freeBytes = 0;
  #checkedAt = -Infinity;
  #dropping: Promise<boolean> | undefined;
  #checking: Promise<void> | undefined;

  constructor(folder: string, limits: BudgetLimits, ports: BudgetPorts) {
    this.#folder = folder;
    this.#ports = ports;
    this.#limits = limits;
    this.#guaranteed = this.#sharesOf(limits);
  }

  get full(): boolean { return [...this.#shares.values()].some((share) => share.full); }

  reconfigure(limits: BudgetLimits): void {
    this.#limits = limits;
    this.#guaranteed = this.#sharesOf(limits);
    this.#checkedAt = -Infinity;
  }

  /** The same object for the same stream. */
  share(stream: StreamId): Share {
    const key = streamKey(stream);
    const share = this.#shares.get(key) ?? new Share(this, stream);
    this.#shares.set(key, share);
    return share;
  }

  add(bytes: number): void {
    this.bytes += bytes;
    this.#freeBytes -= bytes;
  }

  admit(share: Share, bytes: number): boolean | Promise<boolean> {
    if (this.#isStale() || !this.#fits(share, bytes)) return this.#admitSlowly(share, bytes);
    share.add(bytes);
    return true;
  }

  async makeRoom(share: Share): Promise<boolean> {
    this.#checkedAt = -Infinity;
    return this.#limits.whenFull === 'drop_oldest' && await this.#drop(share);
  }

  /** For what must be written, whoever is full. */
  async makeRoomFromReserve(share: Share): Promise<boolean> {
    return await this.#ports.reserve.release() || this.makeRoom(share);
  }

  /** Whether anybody could write `bytes` now, the disk being asked anew; what may be dropped counts as room. */
  async hasRoom(bytes: number): Promise<boolean> {
    await this.#check();
    return this.#limits.whenFull === 'drop_oldest' || this.bytes + bytes <= this.#capacity;
  }

  /** Looks whether streams that were refused may write again. */
  async refresh(): Promise<void> {
    if (!this.full) return;
    await this.#check();
    const bytes = Math.min(ROOM_BYTES, this.#limits.maxBytes / 8);
    for (const share of this.#shares.values()) {
      if (!share.full || !this.#fits(share, bytes)) continue;
      share.full = false;
      this.#ports.onRoom(share.stream);
    }
  }

  onFull(stream: StreamId): void {
    this.#ports.onFull(stream);
  }

  overBytes(share: Share): number {
    return this.#over(share, 0, this.#limits.maxBytes);
  }

  /** What a stream has beyond its guarantee. */
  excess(share: Share): number {
    return share.bytes - this.#guarantee(share, this.#capacity);
  }

  get #capacity(): number {
    return Math.max(0, Math.min(this.#limits.maxBytes, this.bytes + this.#freeBytes - this.#limits.minFreeBytes));
  }

  #sharesOf({ customers = [] }: BudgetLimits): ReadonlySet<Share> {
    return new Set(customers.map((id) => this.share(id)));
  }

  #guarantee(share: Share, capacity: number): number {
    if (!this.#guaranteed.has(share)) return 0;
    return Math.floor(capacity / this.#guaranteed.size / (this.#limits.whenFull === 'reject' ? 2 : 1));
  }

  /** By how much `bytes` more for this stream are too many, what is kept free for others included. */
  #over(share: Share, bytes: number, capacity: number): number {
    let reserved = 0;
    if (this.#limits.whenFull === 'reject' && share.bytes + bytes > this.#guarantee(share, capacity)) {
      for (const other of this.#guaranteed) if (other !== share) reserved += Math.max(0, this.#guarantee(other, capacity) - other.bytes);
    }
    return this.bytes + bytes + reserved - capacity;
  }

  #fits(share: Share, bytes: number): boolean {
    return this.#over(share, bytes, this.#capacity) <= 0;
  }

  #isStale(): boolean {
    return this.#ports.clock.monotonic() - this.#checkedAt >= CHECK_INTERVAL_MS;
  }

  async #admitSlowly(share: Share, bytes: number): Promise<boolean> {
    if (this.#isStale() || this.#checking !== undefined) await this.#check();
    while (!this.#fits(share, bytes)) {
      // Nothing is dropped for what would not fit into an empty spool.
      if (bytes > this.#limits.maxBytes || this.#limits.whenFull === 'reject' || !await this.#drop(share)) return false;
      await this.#check();
    }
    share.add(bytes);
    return true;
  }

  /** One drop at a time: what another one has dropped may be enough. */
  async #drop(share: Share): Promise<boolean> {
    while (this.#dropping !== undefined) if (await this.#dropping) return true;
    this.#dropping = this.#ports.dropOldest(share).finally(() => { this.#dropping = undefined; });
    return this.#dropping;
  }

  #check(): Promise<void> {
    // Streams that ask at the same moment share one answer: before it, what is known may be nothing.
    this.#checking ??= this.#askDisk().finally(() => { this.#checking = undefined; });
    return this.#checking;
  }

  async #askDisk(): Promise<void> {
    this.#checkedAt = this.#ports.clock.monotonic();
    try {
      // As of now: what the reserve takes or gives back until the next time is free room the less or the more.
      this.#freeBytes = await this.#ports.files.freeBytes(this.#folder) - this.#ports.reserve.missingBytes;
    } catch (error) {
      // The limit in bytes still holds, and the write itself will tell.
      this.#ports.logger.warn({ error }, 'cannot ask how much space is free');
      this.#freeBytes = Infinity;
    }
  }
}

/** What one stream has of the budget. */
export class Share {
  readonly stream: StreamId;
  /** All its files. */
  bytes = 0;
  full = false;
  readonly #budget: Budget;

  constructor(budget: Budget, stream: StreamId) {
    this.#budget = budget;
    this.stream = stream;
  }

  get failing(): Set<FailingLog> { return this.#budget.failing; }
  /** By how much it has more than it may have now. */
  get overBytes(): number { return this.#budget.overBytes(this); }

  /** Files grew or (with a negative number) went. */
  add(bytes: number): void {
    this.bytes += bytes;
    this.#budget.add(bytes);
  }

  /**
   * Whether `bytes` more may be written; if so they count from now on, and a caller that fails takes them back with `add(-bytes)`.
   * A plain value as long as nothing has to be asked or dropped.
   */
  admit(bytes: number): boolean | Promise<boolean> {
    return this.#budget.admit(this, bytes);
  }

  /** The disk said that it is full, whatever was calculated: with `drop_oldest`, makes room; true when some was made. */
  makeRoom(): Promise<boolean> {
    return this.#budget.makeRoom(this);
  }

  /** The same for what must be written even then, such as dead letters: the reserve is asked first. */
  makeRoomFromReserve(): Promise<boolean> {
    return this.#budget.makeRoomFromReserve(this);
  }

  refused(count: number): void {
    this.#budget.rejected += count;
  }

  /** A write was refused for want of room. */
  wasFull(): void {
    if (this.full) return;
    this.full = true;
    this.#budget.onFull(this.stream);
  }
}

/** Ids hold no slash. */
export function streamKey(id: StreamId): string {
  return `${id.msspId}/${id.customerId}`;
}
