import type { Argv } from 'yargs';
import { callOnce } from '../../client/connection.js';
import { RaxedError } from '../../errors.js';
import { defineCommand } from '../command.js';
import type { Io } from '../io.js';
import type { Cell, Paint } from '../render.js';
import { age, counted, duration, field, list, pairs, plain, size, table } from '../render.js';
import { confirm, forceOption } from './confirmation.js';
import { callAndShow, connectionOptions, ctlOptions } from './daemon-call.js';
import { tenantOptions } from './tenant-options.js';

const LETTER_ID = { describe: 'A dead letter\'s id, as `spool dead list` shows it' } as const;
/** A replay takes as long as the receiver does. */
const REPLAY_MS = 600_000;
const DURATION = /^(\d{1,9})(s|m|h|d|w)$/;
const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

interface FilterArgs {
  readonly mssp: string | undefined;
  readonly customer: string | undefined;
  readonly destination: string | undefined;
  readonly reason: string | undefined;
  readonly since: string | undefined;
}

export const spoolStatus = defineCommand({
  examples: [['$0', 'what waits, for whom, and since when'], ['$0 --json', 'the same for a script']],
  build: (parser) => ctlOptions(parser),
  async run(args, io) {
    await callAndShow({ method: 'spool.status', params: {}, render: renderStatus }, args, io);
    return 0;
  },
});

export const deadList = defineCommand({
  examples: [
    ['$0', 'the newest events that a destination refused for good'],
    ['$0 --destination webhook --reason 422 --since 24h', 'what the webhook answered 422 to since yesterday'],
  ],
  build: (parser) => ctlOptions(filterOptions(parser)
    .option('limit', { type: 'number', requiresArg: true, describe: 'At most so many (100)' })),
  async run(args, io) {
    await callAndShow({ method: 'spool.dead.list', params: { ...filterOf(args, io), limit: args.limit }, render: (answer, style) => renderList(answer, io, style) }, args, io);
    return 0;
  },
});

export const deadShow = defineCommand({
  positionals: [{ name: 'id', required: true, ...LETTER_ID }],
  examples: [['$0 mssp_a/cust_a/webhook/evt_01JJZ…', 'why it was refused, and what was sent, as far as today\'s privacy allows']],
  build: (parser) => ctlOptions(parser),
  async run(args, io, [id]) {
    await callAndShow({ method: 'spool.dead.show', params: { id }, render: renderLetter }, args, io);
    return 0;
  },
});

export const deadReplay = defineCommand({
  positionals: [{ name: 'id', required: false, ...LETTER_ID }],
  examples: [
    ['$0 mssp_a/cust_a/webhook/evt_01JJZ…', 'sends one event again, with the same event id'],
    ['$0 --destination webhook --since 7d --dry-run', 'how many would be sent'],
    ['$0 --all', 'all of them; what is refused again stays a dead letter; exit 4 when something did'],
  ],
  build: (parser) => ctlOptions(changeOptions(parser)),
  async run(args, io, [id]) {
    const result = await callAndShow({ method: 'spool.dead.replay', params: changeOf(id, args, io), waitsMs: REPLAY_MS, render: renderReplay }, args, io);
    return field(result, 'failed') === 0 ? 0 : 4;
  },
});

export const deadPurge = defineCommand({
  positionals: [{ name: 'id', required: false, ...LETTER_ID }],
  examples: [
    ['$0 --customer cust_a --reason 400', 'asks, and deletes them for good'],
    ['$0 --all --force', 'does not ask'],
  ],
  build: (parser) => forceOption(ctlOptions(changeOptions(parser))),
  async run(args, io, [id]) {
    const params = changeOf(id, args, io);
    if (args.force !== true && args.dryRun !== true) {
      const count = field(await callOnce('spool.dead.purge', { ...params, dry_run: true }, connectionOptions(args, io)), 'purged');
      if (typeof count === 'number' && count > 0) await confirm(`Delete ${counted(count, 'dead letter')} for good?`, io, `delete ${counted(count, 'dead letter')} for good`);
    }
    await callAndShow({ method: 'spool.dead.purge', params, render: renderPurge }, args, io);
    return 0;
  },
});

function filterOptions<T>(parser: Argv<T>): Argv<T & FilterArgs> {
  return tenantOptions(parser)
    .option('destination', { type: 'string', requiresArg: true, describe: 'webhook, or a SIEM\'s name' })
    .option('reason', { type: 'string', requiresArg: true, describe: 'A part of the reason, or an HTTP status such as 422' })
    .option('since', { type: 'string', requiresArg: true, describe: 'Refused since then: 24h, 7d, or a time such as 2026-01-30T10:00:00Z' });
}

function changeOptions<T>(parser: Argv<T>): Argv<T & FilterArgs & { all: boolean | undefined; 'dry-run': boolean | undefined }> {
  return filterOptions(parser)
    .option('all', { type: 'boolean', describe: 'Every dead letter there is' })
    .option('dry-run', { type: 'boolean', describe: 'Say how many, and change nothing' });
}

function filterOf({ mssp, customer, destination, reason, since }: FilterArgs, io: Pick<Io, 'now'>): FilterArgs {
  return { mssp, customer, destination, reason, since: since === undefined ? undefined : sinceOf(since, io.now()) };
}

function changeOf(id: string | undefined, args: FilterArgs & { readonly all: boolean | undefined; readonly dryRun: boolean | undefined }, io: Pick<Io, 'now'>): object {
  const filter = filterOf(args, io);
  const said = [id !== undefined, args.all === true, Object.values(filter).some((value) => value !== undefined)].filter(Boolean).length;
  if (said !== 1) throw new RaxedError('USAGE', 'say which: an id, or a filter such as --destination, or --all');
  return { id, ...filter, all: args.all, dry_run: args.dryRun };
}

/** A duration back from now, or a time, as ISO 8601. Throws USAGE. */
function sinceOf(text: string, nowMs: number): string {
  const [, count, unit] = DURATION.exec(text) ?? [];
  const at = unit === undefined ? Date.parse(text) : nowMs - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  const date = new Date(/^\d{4}-/.test(text) || unit !== undefined ? Math.max(0, at) : Number.NaN);
  if (Number.isNaN(date.getTime())) throw new RaxedError('USAGE', '--since takes a duration such as 24h or 7d, or a time such as 2026-01-30T10:00:00Z');
  return date.toISOString();
}

function renderStatus(status: object, style: Paint): string {
  const state = field(status, 'state');
  const mark = state === 'ok' ? style.good('✓ ok') : style.bad(`✗ ${plain(state)}`);
  const count = (name: string): string => `${plain(field(status, name) ?? 0)} ${name}`;
  const head = `${mark}  ${size(field(status, 'bytes'))} of ${size(field(status, 'max_bytes'))}, ${['pending', 'dead', 'rejected', 'dropped'].map(count).join(', ')}\n`;
  const rows = list(field(status, 'streams')).flatMap((stream) => {
    const of = `${plain(field(stream, 'mssp_id'))}/${plain(field(stream, 'customer_id'))}`;
    const disk = [size(field(stream, 'bytes')), plain(field(stream, 'oldest'))];
    const places = list(field(stream, 'destinations'));
    if (places.length === 0) return [[of, ...disk, '–', plain(field(stream, 'error')), '–', '–', '–']];
    return places.map((place, i) => [...(i === 0 ? [of, ...disk] : ['', '', '']), ...placeCells(place, style)]);
  });
  return rows.length === 0 ? head : `${head}\n${table(['CUSTOMER', 'ON DISK', 'OLDEST', 'DESTINATION', 'STATE', 'PENDING', 'WAITS', 'DEAD'], rows, style)}`;
}

function placeCells(place: unknown, style: Paint): (string | Cell)[] {
  const state = field(place, 'state');
  const healthy = state === 'ok' || state === 'idle';
  const dead = field(place, 'dead');
  return [
    plain(field(place, 'name')),
    { text: `${healthy ? '✓' : '✗'} ${plain(state)}`, style: healthy ? style.good : style.bad },
    plain(field(place, 'pending')),
    field(place, 'pending') === 0 ? '–' : duration(field(place, 'oldest_pending_age_seconds')),
    { text: plain(dead), ...(dead === 0 ? {} : { style: style.bad }) },
  ];
}

function renderList(answer: object, io: Pick<Io, 'now'>, style: Paint): string {
  const letters = list(field(answer, 'dead'));
  if (letters.length === 0) return `${style.good('✓')} There is no dead letter${field(answer, 'total') === 0 ? '' : ' to show'}.\n`;
  const total = Number(field(answer, 'total'));
  const rows = letters.map((letter) => {
    const reason = field(letter, 'reason');
    return [age(field(letter, 'at'), io.now()), plain(field(letter, 'id')), plain(field(letter, 'event_type')), String(field(reason, 'http_status') ?? '–'), plain(field(reason, 'attempts')), plain(field(reason, 'message'))];
  });
  const note = total > letters.length ? `\n${counted(total, 'dead letter')}, the newest ${plain(letters.length)} are shown\n` : '';
  return `${table(['REFUSED', 'ID', 'TYPE', 'ANSWER', 'ATTEMPTS', 'REASON'], rows, style)}${note}`;
}

function renderLetter(letter: object, style: Paint): string {
  const reason = field(letter, 'reason');
  const event = field(letter, 'event');
  const facts = pairs([
    ['ID', plain(field(letter, 'id'))], ['Type', plain(field(letter, 'event_type'))],
    ['Customer', `${plain(field(letter, 'mssp_id'))}/${plain(field(letter, 'customer_id'))}`], ['Destination', plain(field(letter, 'destination'))],
    ['Refused', plain(field(letter, 'at'))], ['Reason', plain(field(reason, 'message'))],
    ['Answer', String(field(reason, 'http_status') ?? '–')], ['Attempts', plain(field(reason, 'attempts'))],
  ], style);
  if (event === undefined) return `${facts}\n${style.bad('✗')} The stored bytes are not an event.\n`;
  return `${facts}\n${(JSON.stringify(event, null, 2) ?? '').split('\n').map((line) => `${plain(line)}\n`).join('')}`;
}

function renderReplay(result: object, style: Paint): string {
  const replayed = Number(field(result, 'replayed'));
  const destinations = list(field(result, 'destinations'));
  if (destinations.length === 0) return 'No dead letter fits.\n';
  if (field(result, 'dry_run') === true) return `${counted(replayed, 'dead letter')} would be sent again.\n`;
  const failures = destinations.flatMap((each) => {
    const refused = Number(field(each, 'refused'));
    const left = Number(field(each, 'left'));
    if (refused + left === 0) return [];
    const what = [...(refused > 0 ? [`${plain(refused)} refused again`] : []), ...(left > 0 ? [`${plain(left)} not delivered`] : [])].join(', ');
    return [`${style.bad('✗')} ${plain(field(each, 'mssp_id'))}/${plain(field(each, 'customer_id'))} ${plain(field(each, 'destination'))}: ${what}: ${plain(field(each, 'error'))}\n`];
  });
  const stay = failures.length === 0 ? '' : '  What was not delivered stays a dead letter.\n';
  return `${replayed > 0 ? style.good('✓') : style.bad('✗')} ${counted(replayed, 'dead letter')} delivered\n${failures.join('')}${stay}`;
}

function renderPurge(result: object, style: Paint): string {
  const count = Number(field(result, 'purged'));
  if (count === 0) return 'No dead letter fits.\n';
  return field(result, 'dry_run') === true ? `${counted(count, 'dead letter')} would be deleted.\n` : `${style.good('✓')} ${counted(count, 'dead letter')} deleted\n`;
}
