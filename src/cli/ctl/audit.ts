import { resolve } from 'node:path';
import { RECORD_KINDS } from '../../audit/record.js';
import { callOnce } from '../../client/connection.js';
import { RaxedError } from '../../errors.js';
import { defineCommand } from '../command.js';
import type { Io } from '../io.js';
import { wantsColour, written } from '../io.js';
import type { Cell, Paint } from '../render.js';
import { counted, field, list, paint, pairs, plain, size, table } from '../render.js';
import { confirm, forceOption } from './confirmation.js';
import type { CtlArgs } from './daemon-call.js';
import { callAndShow, connectionOptions, ctlOptions } from './daemon-call.js';
import { tenantOptions } from './tenant-options.js';

/** A log that is read whole may be large. */
const READING_MS = 600_000;

export const auditStats = defineCommand({
  examples: [['$0', 'how many deliveries succeeded and failed'], ['$0 --customer cust_acme --days 7', 'those of one customer in the last week']],
  build: (parser) => ctlOptions(tenantOptions(parser)).option('days', { type: 'number', requiresArg: true, describe: 'Only the last so many days' }),
  async run({ mssp, customer, days, ...args }, io) {
    await callAndShow({ method: 'audit.stats', params: { mssp, customer, days }, waitsMs: READING_MS, render: renderStats }, args, io);
    return 0;
  },
});

function renderStats(stats: object, style: Paint): string {
  const damaged = field(stats, 'damaged');
  const byStatus = Object.entries(field(stats, 'by_status') ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs([
    ['Deliveries', plain(field(stats, 'total_deliveries'))],
    ['Successful', plain(field(stats, 'successful'))],
    ['Failed', plain(field(stats, 'failed'))],
    ...byStatus.filter(([status]) => status !== 'success').map(([status, count]): [string, string] => [`  ${plain(status)}`, plain(count)]),
    ['Other records', plain(field(stats, 'other_records'))],
    ...(damaged === 0 ? [] : [['Damaged lines', style.bad(`${plain(damaged)}: see audit verify`)] as [string, string]]),
    ['First', plain(field(stats, 'first'))],
    ['Last', plain(field(stats, 'last'))],
    ['Read', `${counted(Number(field(stats, 'files')), 'file')}, ${size(field(stats, 'bytes'))}`],
  ], style);
}

export const auditRecent = defineCommand({
  examples: [['$0', 'the ten newest records'], ['$0 --limit 100 --customer cust_acme --kind delivery --json', 'deliveries of one customer, for a script']],
  build: (parser) => ctlOptions(tenantOptions(parser))
    .option('limit', { type: 'number', requiresArg: true, default: 10, describe: 'At most so many, up to 1000' })
    .option('kind', { choices: RECORD_KINDS, requiresArg: true, describe: 'Only records of this kind' }),
  async run({ limit, mssp, customer, kind, ...args }, io) {
    await callAndShow({ method: 'audit.recent', params: { limit, mssp, customer, kind }, waitsMs: READING_MS, render: renderRecent }, args, io);
    return 0;
  },
});

function renderRecent(answer: object, style: Paint): string {
  const records = list(field(answer, 'records'));
  const damaged = field(answer, 'damaged');
  const note = damaged === 0 ? '' : `${style.bad(`✗ ${plain(damaged)} damaged lines were passed over: see audit verify`)}\n`;
  if (records.length === 0) return `There is no record.\n${note}`;
  const rows = records.map((record) => [
    plain(field(record, 'timestamp')), plain(field(record, 'kind')),
    ['mssp_id', 'customer_id'].map((key) => field(record, key)).filter((id) => id !== undefined).map(plain).join('/') || '–',
    ...(field(record, 'kind') === 'delivery' ? deliveryCells(record, style) : [plain(field(record, 'event') ?? field(record, 'action')), detailsOf(record)]),
  ]);
  return table(['TIME', 'KIND', 'CUSTOMER', 'WHAT', 'DETAILS'], rows, style) + note;
}

function deliveryCells(record: unknown, style: Paint): (string | Cell)[] {
  const status = field(record, 'delivery_status');
  const code = field(record, 'http_status_code');
  const isGood = status === 'success';
  const details = [field(record, 'event_id'), field(record, 'error_message')].filter((value) => value !== undefined);
  return [
    { text: `${isGood ? '✓' : '✗'} ${plain(field(record, 'destination'))} ${plain(status)}${code === undefined ? '' : ` ${plain(code)}`}`, style: isGood ? style.good : style.bad },
    details.map(plain).join(' ') || '–',
  ];
}

const SHOWN_ELSEWHERE = new Set(['audit_id', 'timestamp', 'kind', 'mssp_id', 'customer_id', 'event', 'action', 'seq', 'prev_hash', 'hash']);

function detailsOf(record: unknown): string {
  const fields = Object.entries(record ?? {}).filter(([key]) => !SHOWN_ELSEWHERE.has(key));
  return fields.map(([key, value]) => `${plain(key)}=${plain(value)}`).join(' ') || '–';
}

export const auditVerify = defineCommand({
  examples: [
    ['$0', 'exit 0 when the chain is whole, 4 when not'],
    ['$0 --folder /mnt/evidence/audit --key-file /mnt/evidence/audit.key', 'a copied log, without a daemon'],
  ],
  values: { folder: 'path', 'key-file': 'path' },
  build: (parser) => ctlOptions(parser)
    .option('folder', { type: 'string', requiresArg: true, describe: 'Verify the files of this folder instead; of a log that is written to, copy mssp_audit.head first' })
    .option('key-file', { type: 'string', requiresArg: true, describe: 'With --folder: the key that signatures are checked with (else the one in or beside the folder)' }),
  async run({ folder, keyFile, ...args }, io) {
    if (folder === undefined && keyFile !== undefined) throw new RaxedError('USAGE', '--key-file goes with --folder');
    const verdict = folder === undefined
      ? await callOnce('audit.verify', {}, { ...connectionOptions(args, io), timeoutMs: args.timeout + READING_MS })
      : await (await import('./audit-folder.js')).verifyFolder(resolve(io.cwd, folder), keyFile === undefined ? undefined : resolve(io.cwd, keyFile));
    const isWhole = field(verdict, 'ok') === true;
    await written(io.stdout, args.json === true ? `${JSON.stringify(verdict)}\n` : renderVerdict(verdict, paint(wantsColour(io))));
    if (isWhole || args.json === true) return isWhole ? 0 : DAMAGED_EXIT;
    throw new RaxedError('AUDIT_DAMAGED', 'the audit log is not as it was written');
  },
});

/** That of AUDIT_DAMAGED; with --json the verdict is the one document. */
const DAMAGED_EXIT = 4;

function renderVerdict(verdict: object, style: Paint): string {
  const bad = field(verdict, 'first_bad');
  const lines = counted(Number(field(verdict, 'lines')), 'line');
  const unsigned = field(verdict, 'unsigned_lines');
  return [
    bad === undefined
      ? `${style.good('✓')} ${lines} in ${counted(Number(field(verdict, 'files')), 'file')}: the chain is whole\n`
      : `${style.bad('✗')} ${plain(field(bad, 'file'))}:${String(field(bad, 'line'))}: ${plain(field(bad, 'problem'))} (${plain(field(bad, 'kind'))})\n  ${lines} before it ${field(verdict, 'lines') === 1 ? 'is' : 'are'} whole\n`,
    unsigned === 0 || unsigned === undefined ? '' : `${style.faint(`  ${counted(Number(unsigned), 'line')} at the end: not signed yet`)}\n`,
    field(verdict, 'signatures_checked') === false ? `${style.warn('!')} there was no key: signatures were not checked\n` : '',
  ].join('');
}

export const auditCleanup = defineCommand({
  examples: [['$0', 'removes what the configured retention does not cover, as the daemon does by itself'], ['$0 --retention-days 30 --dry-run', 'says what would go']],
  build: (parser) => forceOption(ctlOptions(parser))
    .option('retention-days', { type: 'number', requiresArg: true, describe: 'Keep the files of so many days (else audit.retention_days)' })
    .option('dry-run', { type: 'boolean', describe: 'Remove nothing, and say what would go' }),
  async run({ retentionDays, dryRun, force, ...args }, io) {
    const params = { retention_days: retentionDays };
    if (dryRun !== true && force !== true && retentionDays !== undefined) await confirmRemoval(params, args, io);
    await callAndShow({ method: 'audit.cleanup', params: { ...params, dry_run: dryRun === true }, render: renderCleanup }, args, io);
    return 0;
  },
});

/** Asks before files go that the daemon would keep. Throws CONFIRMATION_REQUIRED. */
async function confirmRemoval(params: object, args: CtlArgs, io: Io): Promise<void> {
  const wouldGo = async (query: object): Promise<readonly unknown[]> =>
    list(field(await callOnce('audit.cleanup', { ...query, dry_run: true }, connectionOptions(args, io)), 'removed'));
  const asked = (await wouldGo(params)).length;
  if (asked <= (await wouldGo({})).length) return;
  await confirm(`Remove ${counted(asked, 'audit file')}, some of which the configured retention would keep?`, io);
}

function renderCleanup(answer: object, style: Paint): string {
  const removed = list(field(answer, 'removed'));
  const kept = counted(Number(field(answer, 'kept')), 'file');
  if (removed.length === 0) return `${style.good('✓')} nothing to remove, ${kept} kept\n`;
  const title = field(answer, 'dry_run') === true ? `${counted(removed.length, 'file')} would go, ${kept} would stay` : `Removed ${counted(removed.length, 'file')}, ${kept} kept`;
  return `${style.good('✓')} ${title}\n${removed.map((name) => `  ${plain(name)}\n`).join('')}`;
}
