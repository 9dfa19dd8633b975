import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { auditFilesIn } from '../../src/audit/file-name.js';
import { auditKeyFile, parseAuditKey } from '../../src/audit/key.js';
import { openAuditLog, type AuditLog, type AuditLogOptions, type AuditPorts } from '../../src/audit/log.js';
import type { DeliveryOutcome } from '../../src/audit/record.js';
import { verifyAudit, type AuditVerification } from '../../src/audit/verify.js';
import { nodeRandom } from '../../src/platform/node.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import type { Clock, Logger, SpoolFiles } from '../../src/ports.js';
import { createUlid } from '../../src/ulid.js';
import { manualClock, type ManualClock } from '../fixtures/clock.js';
import { silentLogger } from '../fixtures/logger.js';

export const DAY = 86_400_000;
export const MIB = 1024 * 1024;
export const OUTCOME: DeliveryOutcome = {
  msspId: 'mssp_a', customerId: 'cust_b', eventId: 'evt_01HZX3GZ7N9Q4M8T2V6B5C1D0E', destination: 'webhook', destinationUrl: 'https://soc.example/raxe/alerts?token=secret',
  dataMode: 'full', dataFieldsSent: ['prompt'], deliveryStatus: 'success', httpStatus: 200, attempts: 1,
};

export interface Opened { log: AuditLog; folder: string; clock: ManualClock }

type Changes = Partial<AuditLogOptions> & { clock?: ManualClock; files?: SpoolFiles; logger?: Logger; spend?: AuditPorts['spend'] };

/** A log that is closed when the test ends. */
export async function open(t: Pick<Test, 'teardown'>, folder: string, options: Changes = {}): Promise<Opened> {
  const { clock = manualClock(), files = nodeSpoolFiles, logger = silentLogger, spend = (write) => write(), ...limits } = options;
  const log = await openAuditLog(
    { folder, maxFileBytes: 10 * MIB, maxBytes: 1024 * MIB, retentionDays: 90, ...limits },
    { files, clock, random: nodeRandom, logger, spend, ulid: auditIds(clock) },
  );
  t.teardown(() => log.close());
  return { log, folder, clock };
}

export function auditIds(clock: Clock): () => string {
  const ulid = createUlid(clock, nodeRandom);
  return () => `aud_${ulid()}`;
}

export function audit(t: Pick<Test, 'testdir'>): string {
  return join(t.testdir({}), 'state', 'audit');
}

export function filesOf(folder: string): string[] {
  return auditFilesIn(readdirSync(folder)).map((file) => file.name);
}

/** The lines of one file as they are, without their ends. */
export function rawLines(folder: string, name: string): string[] {
  return readFileSync(join(folder, name), 'utf8').trimEnd().split('\n');
}

export function linesOf(folder: string): Record<string, unknown>[] {
  return filesOf(folder).flatMap((name) => rawLines(folder, name).map((line) => JSON.parse(line) as Record<string, unknown>));
}

export function keyOf(folder: string): Uint8Array {
  const key = parseAuditKey(readFileSync(auditKeyFile(folder)));
  if (key === undefined) throw new Error('no key');
  return key;
}

export function verify(folder: string, key: Uint8Array | undefined = keyOf(folder)): Promise<AuditVerification> {
  return verifyAudit({ folder, key }, nodeSpoolFiles);
}

export async function isIntact(t: Test, folder: string, lines?: number): Promise<void> {
  const verdict = await verify(folder);
  t.strictSame(verdict.firstBad, undefined, 'the chain is intact');
  t.ok(verdict.ok);
  if (lines !== undefined) t.equal(verdict.lines, lines);
}
