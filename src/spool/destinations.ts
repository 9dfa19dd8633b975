import { join } from 'node:path';
import type { Clock, SpoolFiles } from '../ports.js';
import { CursorFile, readCursorFile } from './cursor-file.js';
import type { KnownCursor } from './cursor-file.js';
import type { CursorState } from './cursor-slot.js';
import { Destination } from './cursor.js';
import { readKnown, writeKnown } from './known-destinations.js';
import type { SegmentedLog } from './log.js';
import { asideName, CURSOR_SUFFIX, destinationAsFile, fileAsDestination, KNOWN_FILE, parseAside } from './names.js';
import { join as joinProgress } from './progress.js';
import { copyRaw } from './replacement.js';
import type { SpoolReport } from './spool.js';
import { Turns } from './turns.js';

/** How long the place of a destination that is not attached is kept. */
const KEEP_CURSOR_MS = 7 * 24 * 3600_000;
/** After a start, destinations get this long to be attached before their time counts. */
const GRACE_MS = 10 * 60_000;
/** How often a cursor file says that its destination is still there. */
const TOUCH_MS = 3600_000;

export interface DestinationsPorts {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  report(report: SpoolReport): void;
  /** The files grew by `bytes`. */
  account(bytes: number): void;
  /** What the disk refuses here is tried again later. */
  quietly(what: string, action: () => Promise<unknown>): Promise<void>;
}

export interface Missed { readonly destination: string; readonly count: number }

/** What a stream's folder says of its destinations. A place is `usable` when its file is as it was written. */
export interface FoundDestinations {
  readonly places: readonly ({ readonly name: string } & Omit<KnownCursor, 'state'> & { readonly state: CursorState | undefined })[];
  readonly listed: readonly string[];
  readonly listBytes: number;
}

/**
 * Looks for the cursors among the `names` in `folder`. Of a file that cannot be used a copy is set aside, and reported; it stays
 * where it is until another takes its place, because its name says that the destination is known. Nothing stops it.
 */
export async function findDestinations(folder: string, names: readonly string[], ports: DestinationsPorts): Promise<FoundDestinations> {
  const { files, clock, quietly } = ports;
  const setAside = async (file: string, kind: 'damaged' | 'newer', destination?: string): Promise<void> => {
    const aside = names.find((name) => name.startsWith(`${file}.`) && parseAside(name) !== undefined)
      ?? asideName(file, { timeMs: clock.now(), kind: kind === 'newer' ? 'newer' : 'bad', taken: new Set(names) });
    ports.report({ kind: kind === 'newer' ? 'newer_version' : 'damaged', file: aside, count: 0, ...(destination === undefined ? {} : { destination }) });
    if (!names.includes(aside)) await quietly('set a file aside', () => copyRaw(files, join(folder, file), join(folder, aside)));
  };
  const sizeOf = async (file: string): Promise<number> => {
    let bytes = 0;
    await quietly('ask for a file\'s size', async () => { bytes = await files.size(join(folder, file)); });
    return bytes;
  };

  const places = new Map<string, FoundDestinations['places'][number]>();
  for (const file of names) {
    const name = file.endsWith(CURSOR_SUFFIX) ? fileAsDestination(file.slice(0, -CURSOR_SUFFIX.length)) : undefined;
    if (name === undefined) continue;
    const found = await readCursorFile(files, join(folder, file));
    const usable = found.kind === 'state' && found.whole;
    if (!usable) await setAside(file, found.kind === 'newer' ? 'newer' : 'damaged', name);
    places.set(name, { name, state: found.kind === 'state' ? found.state : undefined, bytes: await sizeOf(file), usable });
  }
  if (!names.includes(KNOWN_FILE)) {
    // The first cursor is made before the list is: one without a list may be what a crash has left.
    if (places.size > 1) ports.report({ kind: 'damaged', file: KNOWN_FILE, count: 0 });
    return { places: [...places.values()], listed: [], listBytes: 0 };
  }
  const known = await readKnown(files, join(folder, KNOWN_FILE));
  if (known.kind !== 'names') await setAside(KNOWN_FILE, known.kind);
  const listed = known.kind === 'names' ? known.names : [];
  for (const name of listed) {
    if (places.has(name)) continue;
    ports.report({ kind: 'damaged', file: cursorName(name), destination: name, count: 0 });
    places.set(name, { name, state: undefined, bytes: 0, usable: false });
  }
  return { places: [...places.values()], listed, listBytes: await sizeOf(KNOWN_FILE) };
}

/** Where a stream's destinations stand, durably, and which ones there are. */
export class Destinations {
  readonly #folder: string;
  readonly #log: SegmentedLog;
  readonly #ports: DestinationsPorts;
  readonly #openedAt: number;
  readonly #byName = new Map<string, Destination>();
  /** Destinations come and go one at a time. */
  readonly #turns = new Turns();
  #listed: readonly string[];
  #listBytes: number;

  constructor(folder: string, found: FoundDestinations, log: SegmentedLog, ports: DestinationsPorts) {
    this.#folder = folder;
    this.#log = log;
    this.#ports = ports;
    this.#openedAt = ports.clock.monotonic();
    this.#listed = found.listed;
    this.#listBytes = found.listBytes;
    // A place that is lost begins at the oldest event: what was delivered is delivered again, nothing is missed.
    // Records in front of the first one are gone, and that is told once: nobody waits for them.
    for (const { name, state = this.#stateAt(0), bytes, usable } of found.places) this.#add(name, { state: { ...state, ...joinProgress(state, { position: log.firstSeq, done: [] }) }, bytes, usable });
    ports.account(this.bytes);
  }

  get all(): readonly Destination[] { return [...this.#byName.values()]; }

  get bytes(): number {
    return this.all.reduce((sum, { file }) => sum + file.bytes, this.#listBytes);
  }

  /** Below it, nobody needs anything. */
  get floor(): number {
    return this.all.reduce((floor, { committed }) => Math.min(floor, committed), this.#log.nextSeq);
  }

  /** The destination's own place, or one at the end of the log when it is new. Never fails for a bad disk. */
  attach(name: string): Promise<Destination> {
    return this.#turns.take(async () => {
      const destination = this.#byName.get(name) ?? this.#add(name, { state: this.#stateAt(this.#log.nextSeq), bytes: 0, usable: false });
      destination.attached++;
      await this.#store(destination);
      return destination;
    });
  }

  /** Moves every destination that is behind up to `seq`, durably. `onMissed` learns how many records each of them missed, also when another could not be moved. */
  async advance(seq: number, onMissed: (missed: readonly Missed[]) => void): Promise<void> {
    const missed: Missed[] = [];
    try {
      for (const destination of this.all) {
        const { name, committed, file } = destination;
        if (committed >= seq) continue;
        const count = destination.pendingBelow(seq);
        await file.commit(seq);
        if (count > 0) missed.push({ destination: name, count });
      }
    } finally {
      onMissed(missed);
    }
  }

  /** Writes what is due, and forgets who was not there for long. */
  async tick(): Promise<void> {
    const { clock, quietly } = this.#ports;
    for (const destination of this.all) {
      const { file, attached } = destination;
      const ageMs = clock.now() - file.lastSeen;
      // A clock that was set back would keep a place for ever.
      if (ageMs < 0 || (attached > 0 && (file.dirty || ageMs >= TOUCH_MS))) await this.#turns.take(() => this.#store(destination));
      else if (attached === 0 && ageMs >= KEEP_CURSOR_MS && clock.monotonic() - this.#openedAt >= GRACE_MS) await quietly('forget a destination', () => this.#turns.take(() => this.#release(destination)));
    }
  }

  /** Writes what is not on the disk, and where the log ends, and closes every file. */
  async close(): Promise<void> {
    for (const { file } of this.all) {
      if (file.dirty || !file.knowsLogEnd) await this.#ports.quietly('write a cursor', () => file.save());
      await file.close();
    }
    await this.#turns.ended();
  }

  #add(name: string, known: KnownCursor): Destination {
    const { files, clock, account } = this.#ports;
    const file = new CursorFile(join(this.#folder, cursorName(name)), known, { files, clock, account, logEnd: () => this.#log.nextSeq });
    const destination = new Destination(name, file, this.#log);
    this.#byName.set(name, destination);
    return destination;
  }

  #stateAt(position: number): CursorState {
    return { generation: 0, position, done: [], lastSeen: this.#ports.clock.now(), logEnd: 0 };
  }

  /** The cursor first: a crash in between leaves a destination that is found by its cursor. */
  async #store(destination: Destination): Promise<void> {
    await this.#ports.quietly('write a cursor', () => destination.file.touch());
    await this.#ports.quietly('list the destinations', () => this.#list());
  }

  /** The list first: a destination that is in it would begin at the oldest record. */
  async #release(destination: Destination): Promise<void> {
    if (destination.attached > 0) return;
    await this.#list(destination);
    await destination.file.remove();
    this.#byName.delete(destination.name);
    const count = destination.pending();
    this.#ports.report({ kind: 'cursor_released', destination: destination.name, ...(count > 0 ? { count } : {}) });
  }

  async #list(without?: Destination): Promise<void> {
    const names = this.all.filter((one) => one !== without && (one.file.bytes > 0 || this.#listed.includes(one.name))).map(({ name }) => name).sort();
    if (JSON.stringify(names) === JSON.stringify([...this.#listed].sort())) return;
    const bytes = await writeKnown(this.#ports.files, join(this.#folder, KNOWN_FILE), names);
    this.#ports.account(bytes - this.#listBytes);
    this.#listed = names;
    this.#listBytes = bytes;
  }
}

function cursorName(destination: string): string {
  return `${destinationAsFile(destination)}${CURSOR_SUFFIX}`;
}
