import { join } from 'node:path';
import type { SpoolFiles } from '../ports.js';
import { auditFilesIn } from './file-name.js';
import type { AuditFilter, StoredRecord } from './filter.js';
import { createSieve } from './filter.js';
import { linesBackwards, openLogFile } from './lines.js';

export interface RecentQuery extends AuditFilter {
  readonly folder: string;
  readonly limit: number;
  /** Ends the search by a rejection. */
  readonly signal?: AbortSignal;
}

export interface RecentRecords {
  /** Newest first. */
  readonly records: readonly StoredRecord[];
  /** Lines that were passed over because they are not intact. */
  readonly damaged: number;
}

/** The newest records that pass the filter, read from the end of the log and no further than needed. */
export async function recentRecords(query: RecentQuery, files: SpoolFiles): Promise<RecentRecords> {
  const { folder, limit, signal } = query;
  const sift = createSieve(query);
  const records: StoredRecord[] = [];
  let damaged = 0;
  const names = auditFilesIn(await files.list(folder)).reverse();
  for (const [index, { name }] of names.entries()) {
    const file = await openLogFile(join(folder, name), files);
    if (file === undefined) continue;
    try {
      for await (const { lines, unfinished } of linesBackwards(file, signal)) {
        if (unfinished && index > 0) damaged++;
        for (const line of lines) {
          const found = sift(line);
          if (found === 'damaged') damaged++;
          else if (found !== 'other') records.push(found);
          if (records.length >= limit) return { records, damaged };
        }
      }
    } finally {
      await file.close();
    }
  }
  return { records, damaged };
}
