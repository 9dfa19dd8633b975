import { basename } from 'node:path';
import type { Logger, SpoolFiles } from '../ports.js';
import type { RawRecord } from './record.js';
import { readHeader, scanRecords } from './segment.js';
import type { Segment } from './segment.js';

interface SearchPorts {
  readonly files: SpoolFiles;
  readonly logger: Logger;
}

/** Reads a segment's header, unless that was done before. What cannot be read stays unknown. */
export async function learnHeader(segment: Segment, { files, logger }: SearchPorts): Promise<void> {
  if (segment.created !== undefined) return;
  try {
    const file = await files.open(segment.path, 'read');
    try {
      const header = await readHeader(file);
      if (header.kind !== 'header') return;
      segment.created = header.created;
      segment.flags = header.flags;
    } finally {
      await file.close();
    }
  } catch (error) {
    logger.warn({ file: basename(segment.path), error }, 'cannot read the header of a spool segment');
  }
}

/** The good records of a segment in order, until `visit` answers false. `visit` must not keep the payload. */
export async function visitRecords(segment: Segment, files: SpoolFiles, visit: (record: RawRecord) => boolean): Promise<void> {
  if (segment.end <= segment.base) return;
  const file = await files.open(segment.path, 'read');
  try {
    await scanRecords(file, { ...segment.seek(segment.base), dataEnd: await segment.endIn(file), endSeq: segment.end }, visit);
  } finally {
    await file.close();
  }
}

/**
 * The first seq whose record was appended at `timeMs` or later, undefined when there is none, and the time of the oldest record.
 * Reads headers up to the segment that holds it, and that one. The segments must not be replaced meanwhile.
 */
export async function findTime(all: readonly Segment[], timeMs: number, ports: SearchPorts): Promise<{ seq: number | undefined; since: number | undefined }> {
  let since: number | undefined;
  const segments = all.filter((segment) => segment.end > segment.base);
  for (const [i, segment] of segments.entries()) {
    await learnHeader(segment, ports);
    if (segment.created !== undefined && segment.created >= timeMs) return { seq: segment.base, since };
    since ??= segment.created;
    const next = segments[i + 1];
    if (next !== undefined) await learnHeader(next, ports);
    if (next?.created !== undefined && next.created < timeMs) continue;
    let seq: number | undefined;
    await visitRecords(segment, ports.files, (record) => {
      if (record.time >= timeMs) seq = record.seq;
      return seq === undefined;
    });
    if (seq !== undefined) return { seq, since };
  }
  return { seq: undefined, since };
}
