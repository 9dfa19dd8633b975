import { join } from 'node:path';
import type { SpoolFiles } from '../ports.js';
import { auditFilesIn } from './file-name.js';
import type { AuditFilter, StoredRecord } from './filter.js';
import { createSieve } from './filter.js';
import { linesOf, openLogFile } from './lines.js';

export interface SummaryQuery extends Omit<AuditFilter, 'kind'> {
  readonly folder: string;
  /** Milliseconds since the epoch; absent: since the beginning. */
  readonly since?: number | undefined;
  /** Ends the count by a rejection. */
  readonly signal?: AbortSignal;
}

export interface AuditSummary {
  /** Outcomes of events: `successful` and `failed` together. A circuit that opened is only in `byStatus`. */
  readonly deliveries: number;
  readonly successful: number;
  /** `failed`, `dead` and `expired`. */
  readonly failed: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Records of other kinds than deliveries. */
  readonly others: number;
  /** ISO 8601, of the oldest and the newest that were counted. */
  readonly first: string | undefined;
  readonly last: string | undefined;
  /** Lines that were passed over because they are not intact. */
  readonly damaged: number;
  /** Of those that were read. */
  readonly files: number;
  readonly bytes: number;
}

/** Counts the records that pass the filter, reading only the files of those days. */
export async function summarize(query: SummaryQuery, files: SpoolFiles): Promise<AuditSummary> {
  const { folder, signal } = query;
  const since = query.since === undefined ? '' : new Date(query.since).toISOString();
  const sift = createSieve(query);
  const tally = createTally();
  let damaged = 0;
  let bytes = 0;
  let count = 0;
  const names = auditFilesIn(await files.list(folder));
  for (const { name, day } of names) {
    if (day < since.slice(0, DAY_LENGTH)) continue;
    const file = await openLogFile(join(folder, name), files);
    if (file === undefined) continue;
    try {
      let cutOff = false;
      for await (const { lines, unfinished } of linesOf(file, signal)) {
        for (const line of lines) {
          const found = sift(line);
          if (found === 'damaged') damaged++;
          else if (found !== 'other' && found.timestamp >= since) tally.add(found);
        }
        cutOff = unfinished;
      }
      if (cutOff && name !== names.at(-1)?.name) damaged++;
      bytes += await file.size();
      count++;
    } finally {
      await file.close();
    }
  }
  return { ...tally.result(), damaged, files: count, bytes };
}

const DAY_LENGTH = 'YYYY-MM-DD'.length;
const FAILURES: readonly string[] = ['failed', 'dead', 'expired'];

type Tally = Omit<AuditSummary, 'damaged' | 'files' | 'bytes'>;

function createTally(): { add(record: StoredRecord): void; result(): Tally } {
  const byStatus = new Map<string, number>();
  let others = 0;
  let first: string | undefined;
  let last: string | undefined;
  const of = (status: string): number => byStatus.get(status) ?? 0;
  return {
    add({ kind, timestamp, delivery_status: status }) {
      if (first === undefined || timestamp < first) first = timestamp;
      if (last === undefined || timestamp > last) last = timestamp;
      if (kind !== 'delivery') others++;
      else if (typeof status === 'string') byStatus.set(status, of(status) + 1);
    },
    result() {
      const successful = of('success');
      const failed = FAILURES.reduce((sum, status) => sum + of(status), 0);
      return { deliveries: successful + failed, successful, failed, byStatus: Object.fromEntries(byStatus), others, first, last };
    },
  };
}
