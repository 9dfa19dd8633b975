import { basename, join } from 'node:path';
import type { Clock, Logger, SpoolFiles } from '../ports.js';
import { Appender } from './appender.js';
import type { Share } from './budget.js';
import { findTime, learnHeader, visitRecords } from './log-search.js';
import { parseAside, TEMPORARY_SUFFIX } from './names.js';
import type { RawRecord } from './record.js';
import { FLAG_GAPS } from './record.js';
import { copySegment, removeIfThere, syncIfThere } from './replacement.js';
import type { Transform } from './replacement.js';
import { lostRecords, quarantine, recoverLog, setAsideNewer } from './recovery.js';
import type { KnownSeqs, LogReport } from './recovery.js';
import type { Segment } from './segment.js';
import type { Turns } from './turns.js';

export interface LogOptions {
  readonly folder: string;
  segmentBytes(): number;
  ack(): 'fsync' | 'write';
  /** Dead letters are written even when the spool is full. */
  readonly alwaysAdmit: boolean;
  /** Of every new segment: FLAG_GAPS where records are taken out one by one. */
  readonly segmentFlags: number;
  readonly known: KnownSeqs;
  /** The folder whose entries lead here and that exists for sure. */
  readonly root: string;
}

export interface LogPorts {
  /** One change of the files at a time. What it waits for must never wait for a turn. */
  readonly turns: Turns;
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly budget: Share;
  report(report: LogReport): void;
  durable(nextSeq: number, first: { seq: number; time: number }): void;
  healed(): void;
}

/** An append-only sequence of records in segment files: what streams and dead letters are made of. */
export class SegmentedLog {
  readonly #options: LogOptions;
  readonly #ports: LogPorts;
  readonly #segments: Segment[];
  readonly #aside: Map<string, number>;
  readonly appender: Appender;
  #folderMade = false;

  private constructor(options: LogOptions, ports: LogPorts, recovered: Awaited<ReturnType<typeof recoverLog>>) {
    this.#options = options;
    this.#ports = ports;
    this.#segments = recovered.segments;
    this.#aside = recovered.aside;
    this.appender = new Appender(this.#host(), recovered.nextSeq, recovered.active);
    ports.budget.add(this.bytes);
  }

  /** Reads the folder's list and the last segment, nothing else. Rejects only when the folder cannot be listed. */
  static async open(options: LogOptions, ports: LogPorts): Promise<SegmentedLog> {
    const recovered = await recoverLog(options.folder, { known: options.known, segmentBytes: options.segmentBytes(), segmentFlags: options.segmentFlags }, ports);
    const log = new SegmentedLog(options, ports, recovered);
    await log.#learnOldest();
    return log;
  }

  get folder(): string { return this.#options.folder; }
  get nextSeq(): number { return this.appender.durableSeq; }
  get firstSeq(): number { return this.#segments[0]?.base ?? this.nextSeq; }
  get segments(): readonly Segment[] { return this.#segments; }

  get bytes(): number {
    let sum = 0;
    for (const segment of this.#segments) sum += segment.bytes;
    for (const bytes of this.#aside.values()) sum += bytes;
    return sum;
  }

  /** Time of the oldest record, as its segment's header has it. */
  get oldestTime(): number | undefined {
    return this.#segments.find((segment) => segment.end > segment.base)?.created;
  }

  append(payload: Uint8Array): Promise<number> {
    return this.appender.append(payload);
  }

  isSealed(segment: Segment): boolean {
    return this.appender.activeSegment !== segment;
  }

  /** The segment that holds `seq`, or the first one behind it; undefined when nothing durable is there. */
  segmentFor(seq: number): Segment | undefined {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#segments[middle]?.end ?? Infinity) <= seq) low = middle + 1; else high = middle;
    }
    const found = this.#segments[low];
    return found !== undefined && found.end > found.base && Math.max(seq, found.base) < this.nextSeq ? found : undefined;
  }

  /** Records from `fromSeq` (inclusive) to `toSeq` (exclusive), as far as can be told without reading. */
  countBetween(fromSeq: number, toSeq: number): number {
    return Math.max(0, Math.min(toSeq, this.nextSeq) - Math.max(fromSeq, this.firstSeq));
  }

  /** Deletes the sealed segments in which every seq is below `seq`; how many bytes went. */
  removeBelow(seq: number): Promise<number> {
    const first = this.#segments[0];
    if (first === undefined || first.end > seq || !this.isSealed(first)) return Promise.resolve(0);
    return this.#ports.turns.take(async () => {
      const gone = this.#segments.filter((segment) => segment.end <= seq && this.isSealed(segment));
      const bytes = await this.#remove(gone);
      await this.#learnOldest();
      return bytes;
    });
  }

  /**
   * Replaces each segment that holds a record with `from <= seq < to` by a copy in which `transform` was applied to every record.
   * Nothing that is damaged is kept aside. A segment in which nothing is left goes. How many records were left out.
   */
  async rewrite(from: number, to: number, transform: Transform): Promise<number> {
    let leftOut = 0;
    for (const segment of [...this.#segments]) {
      if (segment.end <= from || segment.base >= to || !this.isSealed(segment)) continue;
      leftOut += await this.#ports.turns.take(() => this.#rewriteSegment(segment, transform));
    }
    return leftOut;
  }

  /** Deletes what was set aside before `beforeMs`; how many bytes went. */
  removeAside(beforeMs: number): Promise<number> {
    return this.#ports.turns.take(async () => {
      const { files, budget } = this.#ports;
      const before = this.bytes;
      const names = [...this.#aside.keys()].filter((name) => (parseAside(name)?.timeMs ?? 0) < beforeMs);
      for (const name of names) {
        await removeIfThere(files, join(this.#options.folder, name));
        budget.add(-(this.#aside.get(name) ?? 0));
        this.#aside.delete(name);
      }
      if (names.length > 0) await files.syncFolder(this.#options.folder);
      return before - this.bytes;
    });
  }

  /** No file that was removed, also by an attempt that failed later, comes back with a power cut. */
  syncFolder(): Promise<void> {
    return syncIfThere(this.#ports.files, this.#options.folder);
  }

  /** Sets a damaged segment aside with its good records recovered; when the disk refuses, readers just skip the damage. */
  async damaged(segment: Segment, found: { readonly newer: boolean; readonly generation: number }): Promise<void> {
    const isStale = (): boolean => segment.damageReported || segment.removed || segment.generation !== found.generation;
    if (isStale()) return;
    try {
      if (!this.isSealed(segment)) await this.appender.seal();
      await this.#ports.turns.take(async () => {
        if (!isStale()) await this.#setAside(segment, found.newer);
      });
    } catch (error) {
      if (isStale()) return;
      segment.damageReported = true;
      this.#ports.logger.error({ file: basename(segment.path), error }, 'cannot set a damaged spool segment aside');
      this.#ports.report({ kind: 'damaged', file: basename(segment.path), bytes: segment.bytes });
    }
  }

  /** Records that must be there are not, and nothing is left to set aside. */
  missing(segment: Segment, count: number): void {
    if (segment.missingReported || segment.removed || (segment.flags & FLAG_GAPS) !== 0) return;
    segment.missingReported = true;
    this.#ports.report({ kind: 'damaged', file: basename(segment.path), bytes: 0, count });
  }

  /** The first seq whose record was appended at `timeMs` or later; `nextSeq` when there is none. */
  async seqAt(timeMs: number): Promise<{ seq: number; since: number | undefined }> {
    const { nextSeq } = this;
    const { seq, since } = await this.#ports.turns.take(() => findTime(this.#segments, timeMs, this.#ports));
    return { seq: seq ?? nextSeq, since };
  }

  /** Every record that can be read, in order; how many. `visit` must not keep the payload. */
  async forEach(visit: (record: RawRecord) => void, segments: readonly Segment[] = [...this.#segments]): Promise<number> {
    let count = 0;
    for (const segment of segments) {
      try {
        await visitRecords(segment, this.#ports.files, (record) => { visit(record); count++; return true; });
      } catch (error) {
        this.#ports.logger.warn({ file: basename(segment.path), error }, 'cannot read a spool segment');
      }
    }
    return count;
  }

  async close(): Promise<void> {
    await this.appender.close();
    await this.#ports.turns.ended();
  }

  async #setAside(segment: Segment, newer: boolean): Promise<void> {
    const before = this.bytes;
    try {
      await (newer ? setAsideNewer : quarantine)(this.#options.folder, segment, this.#aside, this.#ports);
    } finally {
      if (segment.removed) this.#segments.splice(this.#segments.indexOf(segment), 1);
      this.#ports.budget.add(this.bytes - before);
    }
  }

  async #rewriteSegment(segment: Segment, transform: Transform): Promise<number> {
    if (segment.removed || !this.isSealed(segment)) return 0;
    const { files, clock, budget } = this.#ports;
    await learnHeader(segment, this.#ports);
    const copy = `${segment.path}${TEMPORARY_SUFFIX}`;
    const copied = await copySegment(files, segment, copy, { created: segment.created ?? clock.now(), flags: segment.flags, transform });
    if (copied.damaged) this.#ports.report({ kind: 'damaged', file: basename(segment.path), bytes: segment.bytes, ...lostRecords(segment, copied.count + copied.leftOut) });
    if (copied.count === 0) {
      await files.unlink(copy);
      await this.#remove([segment]);
      return copied.leftOut;
    }
    await files.rename(copy, segment.path);
    budget.add(copied.bytes - segment.bytes);
    segment.flags |= copied.damaged || copied.leftOut > 0 ? FLAG_GAPS : 0;
    segment.replaced(copied.bytes);
    await files.syncFolder(this.#options.folder);
    return copied.leftOut;
  }

  async #remove(segments: readonly Segment[]): Promise<number> {
    let bytes = 0;
    for (const segment of segments) {
      await removeIfThere(this.#ports.files, segment.path);
      segment.removed = true;
      bytes += segment.bytes;
      this.#segments.splice(this.#segments.indexOf(segment), 1);
      this.#ports.budget.add(-segment.bytes);
    }
    if (segments.length > 0) await this.#ports.files.syncFolder(this.#options.folder);
    return bytes;
  }

  async #learnOldest(): Promise<void> {
    const first = this.#segments.find((segment) => segment.end > segment.base);
    if (first !== undefined) await learnHeader(first, this.#ports);
  }

  async #ensureFolder(): Promise<void> {
    if (this.#folderMade) return;
    const { files } = this.#ports;
    const { folder, root } = this.#options;
    await files.mkdir(folder);
    // A crash may have come between an earlier mkdir and its sync.
    for (let parent = join(folder, '..'); parent.length >= root.length; parent = join(parent, '..')) await files.syncFolder(parent);
    this.#folderMade = true;
  }

  #host(): ConstructorParameters<typeof Appender>[0] {
    const { files, clock, budget } = this.#ports;
    const options = this.#options;
    return {
      folder: options.folder,
      files,
      clock,
      get segmentBytes() { return options.segmentBytes(); },
      get ack() { return options.ack(); },
      segmentFlags: options.segmentFlags,
      ensureFolder: () => this.#ensureFolder(),
      admit: (bytes) => {
        if (!options.alwaysAdmit) return budget.admit(bytes);
        budget.add(bytes);
        return true;
      },
      makeRoom: () => (options.alwaysAdmit ? budget.makeRoomFromReserve() : budget.makeRoom()),
      account: (bytes) => { budget.add(bytes); },
      opened: (segment) => {
        // A file without records, of the same name, gave way to it.
        const replaced = this.#segments.at(-1);
        if (replaced?.path === segment.path) {
          replaced.removed = true;
          this.#segments.pop();
          budget.add(-replaced.bytes);
        }
        this.#segments.push(segment);
      },
      gone: (segment) => {
        segment.removed = true;
        this.#segments.splice(this.#segments.indexOf(segment), 1);
      },
      gaveUp: (segment, error) => {
        if (budget.failing.has(this)) return;
        this.#ports.logger.warn({ file: basename(segment.path), error }, 'a spool segment could not be written');
        this.#ports.report({ kind: 'segment_given_up', file: basename(segment.path) });
      },
      durable: (nextSeq, first) => { this.#ports.durable(nextSeq, first); },
      refused: (count, code) => {
        budget.refused(count);
        if (code === 'SPOOL_FULL') { budget.wasFull(); return; }
        budget.failing.add(this);
        // Somebody may have removed it.
        this.#folderMade = false;
      },
      healthy: () => {
        if (!budget.full && !budget.failing.has(this)) return;
        budget.full = false;
        budget.failing.delete(this);
        this.#ports.healed();
      },
    };
  }
}
