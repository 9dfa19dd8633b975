import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { StoredRecord } from '../audit/filter.js';
import { auditKeyFile, findAuditKey, ownKeyFile } from '../audit/key.js';
import type { AuditLog } from '../audit/log.js';
import { openAuditLog } from '../audit/log.js';
import { reading } from '../audit/reading.js';
import { recentRecords } from '../audit/recent.js';
import type { DeliveryOutcome, DeliveryStatus } from '../audit/record.js';
import { summarize } from '../audit/summary.js';
import type { VerificationView } from '../audit/verify.js';
import { showVerification, verifyAudit } from '../audit/verify.js';
import { RaxedError } from '../errors.js';
import { nodeClock, nodeRandom } from '../platform/node.js';
import { nodeSpoolFiles } from '../platform/spool-files.js';
import type { Logger } from '../ports.js';
import type { StateLock } from '../spool/folder-lock.js';
import { lockStateFolder } from '../spool/folder-lock.js';
import { createUlid } from '../ulid.js';
import { deliveryOutcome, inRange } from './delivery-input.js';
import type { LoggedDelivery } from './delivery-input.js';

export type { DeliveryStatus, LoggedDelivery, StoredRecord, VerificationView };

export interface AuditLoggerOptions {
  /** Made (0700) when missing. */
  readonly logDirectory: string;
  /** A file is followed by a new one at this size, and each day; 10 unless told, at most 1024. */
  readonly maxFileSizeMb?: number;
}

export interface DeliveryStats {
  readonly total_deliveries: number;
  readonly successful: number;
  readonly failed: number;
}

interface Writing {
  readonly log: AuditLog;
  readonly lock: StateLock;
}

const MIB = 1_048_576;
const MAX_DAYS = 36_500;
const MAX_LIMIT = 10_000;
const DEFAULT_LIMIT = 10;

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * An audit log of deliveries in a folder of its own, with no daemon: the same chained, signed and durable lines as the
 * daemon's. One logger at a time writes to a folder, among all processes: a second one's `logDelivery` throws
 * STATE_LOCKED, and its reading goes on. A daemon's own folder is not written to at all. The chain's key is
 * `mssp_audit.key` in the folder; keep a copy elsewhere if somebody may write there who must not change the log.
 * Errors are RaxedError: BAD_REQUEST naming the field, AUDIT_IO when the disk refuses, STOPPING after `close`.
 */
export class MsspAuditLogger {
  readonly #folder: string;
  readonly #maxFileBytes: number;
  readonly #newId = createUlid(nodeClock, nodeRandom);
  #writing: Promise<Writing> | undefined;
  #closed = false;

  constructor({ logDirectory, maxFileSizeMb = 10 }: AuditLoggerOptions) {
    if (typeof logDirectory !== 'string' || logDirectory === '') throw new RaxedError('BAD_REQUEST', 'logDirectory must be a path');
    if (typeof maxFileSizeMb !== 'number' || !(maxFileSizeMb > 0 && maxFileSizeMb <= 1024)) throw new RaxedError('BAD_REQUEST', 'maxFileSizeMb must be a number above 0, at most 1024');
    this.#folder = resolve(logDirectory);
    this.#maxFileBytes = maxFileSizeMb * MIB;
  }

  /** Writes one line; resolves with its audit id when it is durable. Calls that come together share one sync. */
  async logDelivery(delivery: LoggedDelivery): Promise<string> {
    const outcome: DeliveryOutcome = deliveryOutcome(delivery);
    const log = await this.#log();
    const auditId = `aud_${this.#newId()}`;
    await log.outcome(outcome, auditId);
    return auditId;
  }

  /** Counts all deliveries in the folder. */
  async getStats(): Promise<DeliveryStats> {
    const { deliveries, successful, failed } = await reading(() => summarize({ folder: this.#folder }, nodeSpoolFiles));
    return { total_deliveries: deliveries, successful, failed };
  }

  /** The newest deliveries first, as they are stored; damaged lines are passed over. */
  async getRecentRecords({ limit = DEFAULT_LIMIT }: { readonly limit?: number } = {}): Promise<readonly StoredRecord[]> {
    inRange('limit', limit, [1, MAX_LIMIT]);
    return (await reading(() => recentRecords({ folder: this.#folder, limit, kind: 'delivery' }, nodeSpoolFiles))).records;
  }

  /** Removes the files of days before that, never today's; the number of files removed. The log says so. */
  async cleanupOldLogs({ retentionDays }: { readonly retentionDays: number }): Promise<number> {
    inRange('retentionDays', retentionDays, [0, MAX_DAYS]);
    return (await (await this.#log()).cleanup(retentionDays)).length;
  }

  /** Checks the chain and its signatures, and names the first bad line. */
  async verify(): Promise<VerificationView> {
    const open = await this.#writing?.catch(() => undefined);
    return reading(async () => {
      const key = await findAuditKey(this.#folder, nodeSpoolFiles);
      const known = open === undefined ? {} : { knownHead: () => open.log.head };
      return showVerification(await verifyAudit({ folder: this.#folder, key, ...known }, nodeSpoolFiles), key);
    });
  }

  /** Waits for what is being written, and lets another logger write to the folder. Safe twice. */
  async close(): Promise<void> {
    this.#closed = true;
    const open = await this.#writing?.catch(() => undefined);
    await open?.log.close();
    await open?.lock.release();
  }

  async #log(): Promise<AuditLog> {
    if (this.#closed) throw new RaxedError('STOPPING', 'the audit logger is closed');
    this.#writing ??= this.#open();
    const { log, lock } = await this.#writing;
    if (lock.lost.aborted) throw new RaxedError('STATE_LOCKED', 'logDirectory was taken by another process');
    return log;
  }

  async #open(): Promise<Writing> {
    try {
      return await openForWriting(this.#folder, this.#maxFileBytes, () => `aud_${this.#newId()}`);
    } catch (error) {
      this.#writing = undefined; // what was in the way may go
      throw error;
    }
  }
}

async function openForWriting(folder: string, maxFileBytes: number, ulid: () => string): Promise<Writing> {
  if (await exists(auditKeyFile(folder))) throw new RaxedError('STATE_LOCKED', 'logDirectory is the audit log of a daemon, which alone writes to it');
  const lock = await lockStateFolder(folder, silent).catch((error: unknown) => {
    if (!(error instanceof RaxedError) || error.code !== 'STATE_LOCKED') throw error;
    throw new RaxedError('STATE_LOCKED', 'another MsspAuditLogger writes to this logDirectory', { cause: error });
  });
  try {
    const log = await openAuditLog(
      // Files are removed when `cleanupOldLogs` is called, and not otherwise.
      { folder, keyFile: ownKeyFile(folder), maxFileBytes, maxBytes: Number.MAX_SAFE_INTEGER, retentionDays: MAX_DAYS },
      { files: nodeSpoolFiles, clock: nodeClock, random: nodeRandom, logger: silent, spend: (write) => write(), ulid },
    );
    return { log, lock };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}
