import type { Clock, Logger, SpoolFiles } from '../ports.js';
import { describeError } from '../errors.js';

const CHECK_INTERVAL_MS = 1000;

export interface BudgetLimits {
  readonly maxBytes: number;
  readonly minFreeBytes: number;
  readonly whenFull: 'reject' | 'drop_oldest';
}

export interface BudgetPorts {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Drops the oldest data there is; false when nothing is left to drop. */
  dropOldest(): Promise<boolean>;
  onFull(): void;
}

/**
 * What the spool may still write: `maxBytes` over all streams, and what must stay free on the disk.
 * The disk is asked once a second; in between, what was written is subtracted.
 */
export class Budget {
  bytes = 0;
  rejected = 0;
  full = false;
  /** The streams whose last write failed. */
  readonly failing = new Set<object>();
  #limits: BudgetLimits;
  readonly #folder: string;
  readonly #ports: BudgetPorts;
  #freeBytes = 0;
  #checkedAt = -Infinity;
  #dropping: Promise<boolean> | undefined;
  #checking: Promise<void> | undefined;

  constructor(folder: string, limits: BudgetLimits, ports: BudgetPorts) {
    this.#folder = folder;
    this.#limits = limits;
    this.#ports = ports;
  }

  get limits(): BudgetLimits { return this.#limits; }
  get overBytes(): number { return this.bytes - this.#limits.maxBytes; }

  reconfigure(limits: BudgetLimits): void {
    this.#limits = limits;
    this.#checkedAt = -Infinity;
  }

  /** Files grew or (with a negative number) went. */
  add(bytes: number): void {
    this.bytes += bytes;
    this.#freeBytes -= bytes;
  }

  /**
   * Whether `bytes` more may be written; if so they count from now on, and a caller that fails takes them back with `add(-bytes)`.
   * A plain value as long as nothing has to be asked or dropped.
   */
  admit(bytes: number): boolean | Promise<boolean> {
    if (this.#isStale() || !this.#fits(bytes)) return this.#admitSlowly(bytes);
    this.add(bytes);
    return true;
  }

  /** The disk said that it is full, whatever was calculated: with `drop_oldest`, makes room; true when some was made. */
  async makeRoom(): Promise<boolean> {
    this.#checkedAt = -Infinity;
    return this.#limits.whenFull === 'drop_oldest' && await this.#drop();
  }

  refused(count: number): void {
    this.rejected += count;
  }

  /** A write was refused for want of room. */
  wasFull(): void {
    if (this.full) return;
    this.full = true;
    this.#ports.onFull();
  }

  #isStale(): boolean {
    return this.#ports.clock.monotonic() - this.#checkedAt >= CHECK_INTERVAL_MS;
  }

  #fits(bytes: number): boolean {
    return this.bytes + bytes <= this.#limits.maxBytes && this.#freeBytes - bytes >= this.#limits.minFreeBytes;
  }

  async #admitSlowly(bytes: number): Promise<boolean> {
    if (this.#isStale() || this.#checking !== undefined) await this.#check();
    while (!this.#fits(bytes)) {
      // Nothing is dropped for what would not fit into an empty spool.
      if (bytes > this.#limits.maxBytes || this.#limits.whenFull === 'reject' || !await this.#drop()) return false;
      await this.#check();
    }
    this.add(bytes);
    return true;
  }

  #drop(): Promise<boolean> {
    // Streams that find the spool full at the same moment share one drop.
    this.#dropping ??= this.#ports.dropOldest().finally(() => { this.#dropping = undefined; });
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
      this.#freeBytes = await this.#ports.files.freeBytes(this.#folder);
    } catch (error) {
      // The limit in bytes still holds, and the write itself will tell.
      this.#ports.logger.warn({ error: describeError(error) }, 'cannot ask how much space is free');
      this.#freeBytes = Infinity;
    }
  }
}
