import { join } from 'node:path';
import { RaxedError, errnoOf, unwritable } from '../errors.js';
import type { Clock, Logger, Random, SpoolFiles } from '../ports.js';
import { setAsideNoFiles } from './aside.js';
import type { ChainHead } from './chain.js';
import { auditFilesIn, countExpired, HEAD_FILE } from './file-name.js';
import { auditKeyFile, readAuditKey } from './key.js';
import { auditRecord, deliveryRecord, type AuditBody, type AuditFields, type AuditKind, type DeliveryOutcome, type RecordKind } from './record.js';
import { linesBefore, recoverLog, type Recovered } from './recovery.js';
import { createChainWriter } from './writer.js';

export interface AuditLimits {
  /** A file is followed by a new one when it has reached this size. */
  readonly maxFileBytes: number;
  /** Of all files together; whole oldest files are removed. */
  readonly maxBytes: number;
  /** Files of earlier days than this are removed. */
  readonly retentionDays: number;
}

export interface AuditLogOptions extends AuditLimits {
  readonly folder: string;
  /** The key that signs anchors; made when missing. Default: `audit.key` beside the folder. */
  readonly keyFile?: string;
}

export interface AuditPorts {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Runs a write, and again where the disk was full and room could be made for it. */
  readonly spend: <T>(write: () => Promise<T>) => Promise<T>;
  /** A new audit id: `aud_` and a ULID. */
  readonly ulid: () => string;
}

export interface AuditStats {
  /** `failing`: the last group could not be written; the next record tries again. */
  readonly state: 'ok' | 'failing';
  readonly files: number;
  readonly bytes: number;
  /** Lines since the log was begun, removed ones included. */
  readonly lines: number;
  /** Records that could not be written since the start. */
  readonly rejected: number;
}

/**
 * The audit log. A promise of `outcome` or `event` resolves when the line is on the disk (one fdatasync for all that
 * wait), and rejects with RaxedError AUDIT_IO when it is not: then the line is taken back, and trying again is right.
 * No write error ends the log; the first group that succeeds again says what was missed.
 */
export interface AuditLog {
  /** `auditId` for callers who must tell it; by default a new one. */
  outcome(outcome: DeliveryOutcome, auditId?: string): Promise<void>;
  event(kind: Exclude<RecordKind, 'delivery'>, fields: AuditFields): Promise<void>;
  /** The whole oldest files that the limits (or `retentionDays`) do not cover, oldest first. The newest is never among them. */
  expired(retentionDays?: number): readonly string[];
  /** Removes them, having said so in the log, with who wanted it (`by`). */
  cleanup(retentionDays?: number, by?: AuditFields): Promise<readonly string[]>;
  reconfigure(limits: AuditLimits): void;
  stats(): AuditStats;
  /** How far the chain has got on the disk. */
  readonly head: ChainHead;
  /** Writes what waits. Afterwards records are refused. Safe twice. */
  close(): Promise<void>;
}

interface Waiting {
  readonly body: AuditBody;
  resolve(): void;
  reject(error: unknown): void;
}

/** Bounds how long sealing a group keeps the event loop busy. */
const MAX_GROUP_RECORDS = 1024;
const DAY_MS = 86_400_000;

/** Opens the log in `folder` (made with 0700 when missing) and goes on with its chain. Throws DISK_FULL or STATE_UNWRITABLE. */
export async function openAuditLog(options: AuditLogOptions, ports: AuditPorts): Promise<AuditLog> {
  const { folder } = options;
  const { files, clock, logger } = ports;
  const keyFile = options.keyFile ?? auditKeyFile(folder);
  let limits: AuditLimits = options;
  const { key, aside, recovered } = await recover(folder, keyFile, files);

  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const record = (kind: AuditKind, fields: AuditFields): AuditBody =>
    auditRecord(kind, fields, { auditId: ports.ulid(), timestamp: new Date(clock.now()).toISOString() });
  const writer = createChainWriter({
    folder, keyFile, key,
    maxFileBytes: () => limits.maxFileBytes,
    today: () => day(clock.now()),
    anchor: (count, signature) => record('anchor', { count, signature }),
    onLost(file) {
      logger.error({ file }, 'the newest file of the audit log was taken away or changed; another one is begun');
      note({ action: 'file_lost', file });
    },
  }, recovered, ports);

  let waiting: Waiting[] = [];
  let pumping: Promise<void> | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let failing: { readonly since: number; records: number } | undefined;
  let rejected = 0;
  let closed = false;
  let closing: Promise<void> | undefined;

  /** One piece of work at a time on the files. */
  function exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.then(() => undefined, () => undefined);
    return result;
  }

  /** Like the writer's, but says first what was missed while nothing could be written; that may fill the group (0). */
  async function write(bodies: readonly AuditBody[]): Promise<number> {
    if (failing === undefined) return ports.spend(() => writer.write(bodies));
    const missed = record('audit', { action: 'healed', rejected_records: failing.records, since: new Date(failing.since).toISOString() });
    const written = await ports.spend(() => writer.write([missed, ...bodies]));
    logger.info({ rejected: failing.records }, 'the audit log can be written again');
    failing = undefined;
    return written - 1;
  }

  async function writeGroup(): Promise<void> {
    const group = waiting.splice(0, MAX_GROUP_RECORDS);
    const newest = writer.files.at(-1)?.name;
    try {
      const written = await write(group.map((entry) => entry.body));
      if (written < group.length) waiting = [...group.slice(written), ...waiting];
      for (const entry of group.slice(0, written)) entry.resolve();
      if (writer.files.at(-1)?.name !== newest) cleanupQuietly();
    } catch (error) {
      const errno = errnoOf(error) ?? 'error';
      if (failing === undefined) logger.error({ error }, 'the audit log cannot be written; deliveries wait until it can');
      failing ??= { since: clock.now(), records: 0 };
      failing.records += group.length;
      rejected += group.length;
      const refusal = new RaxedError('AUDIT_IO', `the audit log cannot be written (${errno})`, { cause: error });
      for (const entry of group) entry.reject(refusal);
    }
  }

  async function pump(): Promise<void> {
    while (waiting.length > 0) await exclusive(writeGroup);
    pumping = undefined;
  }

  function append(body: AuditBody): Promise<void> {
    if (closed) return Promise.reject(new RaxedError('STOPPING', 'the audit log is closed'));
    return new Promise((resolve, reject) => {
      waiting.push({ body, resolve, reject });
      pumping ??= pump();
    });
  }

  function expired(retentionDays = limits.retentionDays): readonly string[] {
    const count = countExpired(writer.files, { oldestDay: day(clock.now() - retentionDays * DAY_MS), maxBytes: limits.maxBytes });
    // Without a line in the next file, nothing vouches for what was before it.
    return writer.files[count]?.bytes === 0 ? [] : writer.files.slice(0, count).map((file) => file.name);
  }

  async function removeExpired(retentionDays: number, by: AuditFields): Promise<readonly string[]> {
    const names = expired(retentionDays);
    const firstLeft = writer.files[names.length];
    if (names.length === 0 || firstLeft === undefined) return [];
    // Said before it is done: a crash in between leaves files that the next cleanup removes.
    const removal = record('audit', {
      action: 'removed', removed_lines: await linesBefore(join(folder, firstLeft.name), files),
      removed_files: names.length, first_file: names[0], last_file: names.at(-1), ...by,
    });
    while (await write([removal]) === 0);
    await writer.removeOldest(names.length);
    return names;
  }

  function cleanup(retentionDays = limits.retentionDays, by: AuditFields = {}): Promise<readonly string[]> {
    if (closed) return Promise.resolve([]);
    return exclusive(() => removeExpired(retentionDays, by)).catch((error: unknown) => {
      throw new RaxedError('AUDIT_IO', `old audit files cannot be removed (${errnoOf(error) ?? 'error'})`, { cause: error });
    });
  }

  function cleanupQuietly(): void {
    cleanup().catch((error: unknown) => { logger.warn({ error }, 'old audit files stay for now'); });
  }

  function note(fields: AuditFields): void {
    append(record('audit', fields)).catch(() => undefined); // counted and logged like every rejected record
  }

  const findings = [...aside.map(({ file, keptAs }) => ({ action: 'no_file_set_aside', file, kept_as: keptAs })), ...findingsOf(recovered, key)];
  if (findings.length > 0) logger.warn({ findings }, 'the audit log is not as it was left');
  findings.forEach(note);
  cleanupQuietly();
  logger.info(recovered.head, 'audit log opened');

  return {
    outcome: (outcome, auditId = ports.ulid()) => append(deliveryRecord(outcome, { auditId, timestamp: new Date(clock.now()).toISOString() })),
    event: (kind, fields) => append(record(kind, fields)),
    expired,
    cleanup,
    reconfigure(next) { limits = next; cleanupQuietly(); },
    stats: () => ({
      state: failing === undefined ? 'ok' : 'failing',
      files: writer.files.length,
      bytes: writer.files.reduce((sum, file) => sum + file.bytes, 0),
      lines: writer.head.count,
      rejected,
    }),
    get head() { return writer.head; },
    close() {
      closed = true;
      closing ??= (async () => {
        while (pumping !== undefined) await pumping;
        await exclusive(() => writer.close());
        logger.info(writer.head, 'audit log closed');
      })();
      return closing;
    },
  };
}

/** What is not as the log was left, in its own words. */
function findingsOf({ cutBytes, damaged, files, end, head }: Recovered, key: Uint8Array | undefined): AuditFields[] {
  return [
    ...(cutBytes > 0 ? [{ action: 'torn_line_cut', bytes: cutBytes }] : []),
    ...(damaged ? [{ action: 'damaged_file_left', file: files.at(-1)?.name }] : []),
    ...(end.state === 'missing' ? [{ action: 'lines_missing', lines: end.lines }] : []),
    ...(end.state === 'unsigned' ? [{ action: 'unsigned_lines', lines: end.lines }] : []),
    ...(end.state === 'altered' ? [{ action: 'lines_altered' }] : []),
    ...(end.state === 'no_head' ? [{ action: 'head_missing' }] : []),
    // The key is made with the first line.
    ...(key !== undefined && head.count === 0 ? [{ action: 'log_missing' }] : []),
    ...(key === undefined && head.count > 0 ? [{ action: 'key_replaced' }] : []),
  ];
}

async function recover(folder: string, keyFile: string, files: SpoolFiles) {
  try {
    await files.mkdir(folder);
    const names = [...auditFilesIn(await files.list(folder)).map(({ name }) => name), HEAD_FILE];
    const aside = await setAsideNoFiles([keyFile, ...names.map((name) => join(folder, name))], files);
    const key = await readAuditKey(keyFile, files);
    return { key, aside, recovered: await recoverLog(folder, files, key) };
  } catch (error) {
    if (error instanceof RaxedError) throw error;
    throw unwritable('the audit log cannot be opened', error);
  }
}
