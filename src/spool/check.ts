import { basename, join } from 'node:path';
import { readCursorFile } from './cursor-file.js';
import type { CursorState } from './cursor-slot.js';
import { decodeDeadLetter } from './dead-letter.js';
import { readKnown } from './known-destinations.js';
import { CURSOR_SUFFIX, DEAD_FOLDER, destinationAsFile, fileAsDestination, isId, KNOWN_FILE, parseAside, REMOVED_SUFFIX, REWRITE_PENDING, TEMPORARY_SUFFIX } from './names.js';
import { countDone } from './progress.js';
import type { SeqRange } from './progress.js';
import { listed, readStored, storedSegments } from './stored-log.js';
import type { Finding, FindingKind, PlacedFinding, ReadingFiles } from './stored-log.js';

/** No damage: what a crash or a running daemon leaves, and the next start tidies up. */
const HARMLESS: ReadonlySet<FindingKind> = new Set(['torn_tail', 'leftover', 'rewrite_pending']);

export interface SegmentCheck {
  readonly file: string;
  /** Every seq in it is at least that. */
  readonly base: number;
  readonly bytes: number;
  readonly records: number;
  readonly first_seq?: number;
  readonly last_seq?: number;
}

export interface LogCheck {
  readonly bytes: number;
  readonly records: number;
  readonly first_seq?: number;
  readonly last_seq?: number;
  readonly segments: readonly SegmentCheck[];
  /** Files that were set aside as damaged, or because a later version wrote them. */
  readonly aside: readonly { readonly file: string; readonly bytes: number }[];
}

export interface StreamCheck extends LogCheck {
  readonly mssp_id: string;
  readonly customer_id: string;
  /** One more than the last number that is known to have been given. */
  readonly next_seq: number;
  /** Every number below `position` is done, and those in `done`. */
  readonly cursors: readonly { readonly destination: string; readonly position: number; readonly done: readonly SeqRange[]; readonly pending: number; readonly last_seen: string }[];
  readonly dead: readonly ({ readonly destination: string } & LogCheck)[];
}

export interface SpoolCheck {
  readonly folder: string;
  /** Nothing that was stored is damaged or missing. */
  readonly sound: boolean;
  readonly bytes: number;
  readonly records: number;
  readonly dead_letters: number;
  readonly streams: readonly StreamCheck[];
  readonly damage: readonly PlacedFinding[];
  readonly notes: readonly PlacedFinding[];
}

type Found = (finding: PlacedFinding) => void;

/**
 * Reads every file of a spool and says what is in it and what is wrong. Changes nothing and takes no lock; memory does not
 * grow with the spool. `signal` ends it by a rejection.
 */
export async function checkSpool(folder: string, files: ReadingFiles, signal?: AbortSignal): Promise<SpoolCheck> {
  const findings: PlacedFinding[] = [];
  const found: Found = (finding) => { findings.push(finding); };
  const streams: StreamCheck[] = [];
  for (const msspId of (await listed(folder, '', { files, found })).filter(isId)) {
    for (const customerId of await listed(folder, msspId, { files, found })) {
      const place = join(msspId, customerId);
      if (customerId.endsWith(REMOVED_SUFFIX)) found({ file: place, kind: 'leftover' });
      else if (isId(customerId)) streams.push({ mssp_id: msspId, customer_id: customerId, ...await checkStream(folder, place, { files, found, signal }) });
    }
  }
  const damage = findings.filter(({ kind }) => !HARMLESS.has(kind));
  return {
    folder, sound: damage.length === 0,
    bytes: sum(streams, (stream) => stream.bytes + sum(stream.dead, ({ bytes }) => bytes)),
    records: sum(streams, ({ records }) => records),
    dead_letters: sum(streams, ({ dead }) => sum(dead, ({ records }) => records)),
    streams, damage, notes: findings.filter(({ kind }) => HARMLESS.has(kind)),
  };
}

interface CheckPorts {
  readonly files: ReadingFiles;
  readonly found: Found;
  readonly signal: AbortSignal | undefined;
}

async function checkStream(folder: string, place: string, ports: CheckPorts): Promise<Omit<StreamCheck, 'mssp_id' | 'customer_id'>> {
  const { found } = ports;
  const quiet = { ...ports, found: () => undefined };
  const cursors = await readCursors(folder, { place, names: await listed(folder, place, quiet) }, ports);
  // Listed after, and cursors read once more at the end: what a running daemon adds and deletes meanwhile is then not missed.
  const names = await listed(folder, place, ports);
  if (names.includes(REWRITE_PENDING)) found({ file: join(place, REWRITE_PENDING), kind: 'rewrite_pending' });
  const log = await checkLog(folder, { place, names }, ports);
  const later = await readCursors(folder, { place, names }, quiet);
  for (const finding of missingRecords(log, cursors, later)) found({ file: place, ...finding });
  const end = Math.max((log.last_seq ?? 0) + 1, ...cursors.map(({ state }) => Math.max(state.position, state.logEnd)));
  const dead: ({ destination: string } & LogCheck)[] = [];
  if (names.includes(DEAD_FOLDER)) {
    for (const name of await listed(folder, join(place, DEAD_FOLDER), ports)) {
      const destination = fileAsDestination(name);
      const inside = join(place, DEAD_FOLDER, name);
      if (destination !== undefined) dead.push({ destination, ...await checkLog(folder, { place: inside, names: await listed(folder, inside, ports), letters: true }, ports) });
    }
  }
  return {
    ...log,
    next_seq: end,
    cursors: cursors.map(({ destination, state }) => ({
      destination, position: state.position, done: state.done, last_seen: new Date(state.lastSeen).toISOString(),
      pending: Math.max(0, end - Math.max(state.position, log.first_seq ?? end) - countDone(state, log.first_seq ?? end, end)),
    })),
    dead,
  };
}

interface Folder {
  readonly place: string;
  readonly names: readonly string[];
  /** Its records are dead letters. */
  readonly letters?: boolean;
}

async function checkLog(folder: string, { place, names, letters }: Folder, { files, found, signal }: CheckPorts): Promise<LogCheck> {
  const segments: SegmentCheck[] = [];
  for (const segment of storedSegments(names)) {
    const file = join(place, segment.name);
    let records = 0;
    let first: number | undefined;
    let last: number | undefined;
    let undecodable = 0;
    for await (const portion of readStored(join(folder, place), segment, files, (finding) => { found({ file, ...finding }); })) {
      signal?.throwIfAborted();
      records += portion.length;
      first ??= portion[0]?.seq;
      last = portion.at(-1)?.seq ?? last;
      if (letters === true) undecodable += portion.filter(({ payload }) => decodeDeadLetter(payload) === undefined).length;
    }
    if (undecodable > 0) found({ file, kind: 'letter', records: undecodable });
    const bytes = await sizeOf(join(folder, file), files);
    if (bytes !== undefined) segments.push({ file, base: segment.base, bytes, records, ...(first === undefined || last === undefined ? {} : { first_seq: first, last_seq: last }) });
  }
  const aside: { file: string; bytes: number }[] = [];
  for (const name of names) {
    const file = join(place, name);
    if (parseAside(name) !== undefined) aside.push({ file, bytes: await sizeOf(join(folder, file), files) ?? 0 });
    else if (name.endsWith(TEMPORARY_SUFFIX)) found({ file, kind: 'leftover' });
  }
  const firstSeq = segments.find(({ first_seq }) => first_seq !== undefined)?.first_seq;
  const lastSeq = segments.findLast(({ last_seq }) => last_seq !== undefined)?.last_seq;
  return {
    bytes: sum(segments, ({ bytes }) => bytes) + sum(aside, ({ bytes }) => bytes),
    records: sum(segments, ({ records }) => records),
    ...(firstSeq === undefined || lastSeq === undefined ? {} : { first_seq: firstSeq, last_seq: lastSeq }),
    segments, aside,
  };
}

interface FoundCursor {
  readonly destination: string;
  readonly state: CursorState;
}

async function readCursors(folder: string, { place, names }: Folder, { files, found }: CheckPorts): Promise<FoundCursor[]> {
  const cursors: FoundCursor[] = [];
  for (const name of names) {
    const destination = name.endsWith(CURSOR_SUFFIX) ? fileAsDestination(name.slice(0, -CURSOR_SUFFIX.length)) : undefined;
    if (destination === undefined) continue;
    const read = await readCursorFile(files, join(folder, place, name));
    if (read.kind === 'state') cursors.push({ destination, state: read.state });
    if (read.kind === 'state' && read.whole) continue;
    if (await sizeOf(join(folder, place, name), files) !== undefined) found({ file: join(place, name), kind: read.kind === 'newer' ? 'newer' : 'cursor' });
  }
  if (!names.includes(KNOWN_FILE)) return cursors;
  const known = await readKnown(files, join(folder, place, KNOWN_FILE));
  if (known.kind !== 'names') { found({ file: join(place, KNOWN_FILE), kind: known.kind === 'newer' ? 'newer' : 'list' }); return cursors; }
  for (const destination of known.names) {
    const file = `${destinationAsFile(destination)}${CURSOR_SUFFIX}`;
    if (!names.includes(file)) found({ file: join(place, file), kind: 'cursor' });
  }
  return cursors;
}

/**
 * Records that were durable once, are still wanted, and lie in no file: in front of the first segment, or behind the last.
 * What was durable is told by the cursors before the segments were read, what is wanted by those after.
 */
function missingRecords(log: LogCheck, before: readonly FoundCursor[], after: readonly FoundCursor[]): Finding[] {
  if (before.length === 0 || after.length === 0) return [];
  const floor = Math.min(...after.map(({ state }) => state.position));
  const end = Math.max(...before.map(({ state }) => Math.max(state.position, state.logEnd)));
  // What was set aside says by itself that something was lost.
  if (log.aside.some(({ file }) => (parseAside(basename(file))?.base ?? -1) >= floor)) return [];
  const inFront = log.first_seq === undefined ? 0 : log.first_seq - Math.max(floor, 1);
  const behind = end - Math.max((log.last_seq ?? 0) + 1, floor);
  return [inFront, behind].flatMap((records) => (records > 0 ? [{ kind: 'missing' as const, records }] : []));
}

/** Undefined when it has gone meanwhile, or cannot be asked. */
async function sizeOf(path: string, files: ReadingFiles): Promise<number | undefined> {
  try {
    return await files.size(path);
  } catch {
    return undefined;
  }
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
