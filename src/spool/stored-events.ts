import { join } from 'node:path';
import { RaxedError } from '../errors.js';
import { readCursorFile } from './cursor-file.js';
import { decodeDeadLetter } from './dead-letter.js';
import { CURSOR_SUFFIX, DEAD_FOLDER, fileAsDestination, isId } from './names.js';
import { firstOpen } from './progress.js';
import type { Progress } from './progress.js';
import type { StreamId } from './spool.js';
import { listed, readStored, storedSegments } from './stored-log.js';
import type { PlacedFinding, ReadingFiles } from './stored-log.js';

/** What of a spool is wanted; an absent name fits all. */
export interface StoredChoice {
  readonly msspId?: string;
  readonly customerId?: string;
  readonly destination?: string;
  /** The lowest sequence number. */
  readonly fromSeq?: number;
  /** `pending`: what the destination, or else at least one, has not got. `dead`: what was refused for good. */
  readonly what: 'all' | 'pending' | 'dead';
}

export interface StoredPortion {
  readonly id: StreamId;
  readonly payloads: readonly Uint8Array[];
}

/**
 * The payloads that are wanted and can be read, in order within a customer, as they lie on the disk; a portion is in memory
 * at a time. Changes nothing. Rejects with *_NOT_FOUND when nothing of a given name is there.
 */
export async function* readSpool(folder: string, choice: StoredChoice, files: ReadingFiles, found: (finding: PlacedFinding) => void): AsyncGenerator<StoredPortion, void> {
  const disk: Disk = { files, list: (place) => listed(folder, place, { files, found }) };
  let places = 0;
  for (const id of await chosenStreams(choice, disk)) {
    for (const place of await placesOf(folder, { id, choice }, disk)) {
      places++;
      const inside = join(folder, place.folder);
      for (const segment of storedSegments(await disk.list(place.folder))) {
        if (segment.end <= place.fromSeq) continue;
        for await (const records of readStored(inside, segment, files, (finding) => { found({ file: join(place.folder, segment.name), ...finding }); })) {
          const payloads = place.dead
            ? records.flatMap(({ payload }) => letterFrom(payload, choice.fromSeq ?? 0))
            : records.filter(({ seq }) => seq >= place.fromSeq && place.progress.some((one) => firstOpen(one, seq) === seq)).map(({ payload }) => payload);
          if (payloads.length > 0) yield { id, payloads };
        }
      }
    }
  }
  if (choice.destination !== undefined && places === 0) throw new RaxedError('DESTINATION_NOT_FOUND', 'nothing of this destination is in the spool');
}

const NOTHING_DONE: Progress = { position: 0, done: [] };

/** A folder of segments to be read. */
interface Place {
  readonly folder: string;
  readonly dead: boolean;
  readonly fromSeq: number;
  /** Wanted is what at least one of them has not got. */
  readonly progress: readonly Progress[];
}

interface Disk {
  readonly files: ReadingFiles;
  /** The names in a folder of the spool, in order; none, and that is said, when it cannot be listed. */
  list(place: string): Promise<string[]>;
}

async function chosenStreams({ msspId, customerId }: StoredChoice, disk: Disk): Promise<StreamId[]> {
  const msspIds = (await disk.list('')).filter((id) => isId(id) && (msspId === undefined || id === msspId));
  if (msspId !== undefined && msspIds.length === 0) throw new RaxedError('MSSP_NOT_FOUND', 'nothing of this MSSP is in the spool');
  const streams: StreamId[] = [];
  for (const mssp of msspIds) {
    const ids = (await disk.list(mssp)).filter((id) => isId(id) && (customerId === undefined || id === customerId));
    streams.push(...ids.map((id) => ({ msspId: mssp, customerId: id })));
  }
  if (customerId !== undefined && streams.length === 0) throw new RaxedError('CUSTOMER_NOT_FOUND', 'nothing of this customer is in the spool');
  return streams;
}

async function placesOf(folder: string, { id, choice }: { id: StreamId; choice: StoredChoice }, disk: Disk): Promise<Place[]> {
  const stream = join(id.msspId, id.customerId);
  const { destination, what, fromSeq = 0 } = choice;
  if (what === 'dead') {
    const names = await disk.list(join(stream, DEAD_FOLDER));
    // The numbers in these files are the letters' own.
    return names.filter((name) => isWanted(fileAsDestination(name), destination)).map((name) => ({ folder: join(stream, DEAD_FOLDER, name), dead: true, fromSeq: 0, progress: [] }));
  }
  if (what === 'all') return [{ folder: stream, dead: false, fromSeq, progress: [NOTHING_DONE] }];
  const progress: Progress[] = [];
  for (const name of await disk.list(stream)) {
    if (!name.endsWith(CURSOR_SUFFIX) || !isWanted(fileAsDestination(name.slice(0, -CURSOR_SUFFIX.length)), destination)) continue;
    const cursor = await readCursorFile(disk.files, join(folder, stream, name));
    // A place that is lost begins at the oldest event, as the daemon takes it too.
    progress.push(cursor.kind === 'state' ? cursor.state : NOTHING_DONE);
  }
  return progress.length === 0 ? [] : [{ folder: stream, dead: false, fromSeq: Math.max(fromSeq, Math.min(...progress.map(({ position }) => position))), progress }];
}

function isWanted(name: string | undefined, wanted: string | undefined): boolean {
  return name !== undefined && (wanted === undefined || name === wanted);
}

function letterFrom(payload: Uint8Array, fromSeq: number): Uint8Array[] {
  const letter = decodeDeadLetter(payload);
  return letter === undefined || letter.note.seq < fromSeq ? [] : [letter.payload];
}
