import type { Argv } from 'yargs';
import { RaxedError } from '../errors.js';
import { nodeSpoolFiles } from '../platform/spool-files.js';
import type { Logger } from '../ports.js';
import type { SpoolCheck } from '../spool/check.js';
import { checkSpool } from '../spool/check.js';
import type { PlacedFinding } from '../spool/stored-log.js';
import { defineCommand } from './command.js';
import type { Io } from './io.js';
import { wantsColour, written } from './io.js';
import type { Paint } from './render.js';
import { counted, paint, plain, size, table } from './render.js';
import type { PlaceArgs } from './spool-place.js';
import { findSpool } from './spool-place.js';
import type { Repair, ShownStep } from './spool-repair.js';

/** What is done with a spool on the disk, without a daemon. */

export const spoolCheck = defineCommand({
  examples: [
    ['$0', 'reads every file; exit 4 when something is damaged; also beside a running daemon'],
    ['$0 --state-dir /mnt/copy/raxed --json', 'a copy, for a script'],
  ],
  build: (parser) => placeOptions(parser).option('json', { type: 'boolean', describe: 'One JSON document on standard output, nothing else' }),
  async run(args, io) {
    const { folder } = await findSpool(args, io);
    const check = await checkSpool(folder, nodeSpoolFiles);
    await written(io.stdout, args.json === true ? `${JSON.stringify(check)}\n` : renderCheck(check, paint(wantsColour(io))));
    return check.sound ? 0 : 4;
  },
});

export const spoolRepair = defineCommand({
  examples: [
    ['$0', 'says what would be done, and changes nothing'],
    ['$0 --apply', 'does it, with the daemon stopped; every file that is replaced is kept beside it as .bad'],
  ],
  build: (parser) => placeOptions(parser)
    .option('apply', { type: 'boolean', describe: 'Change what the plan says' })
    .option('json', { type: 'boolean', describe: 'One JSON document on standard output, nothing else' }),
  async run(args, io) {
    const place = await findSpool(args, io);
    const { repairSpool } = await import('./spool-repair.js');
    const repair = await repairSpool(place, { apply: args.apply === true, logger: loggerTo(io), bootId: io.env['RAXED_BOOT_ID'] });
    const style = paint(wantsColour(io));
    await written(io.stdout, args.json === true ? `${JSON.stringify(repair)}\n` : renderRepair(repair, style));
    return repair.steps.some(({ error }) => error !== undefined) ? 4 : 0;
  },
});

export const spoolExport = defineCommand({
  examples: [
    ['$0 --customer cust_acme', 'every event that is still there, one JSON object a line'],
    ['$0 --destination webhook --pending --output waiting.jsonl', 'what the webhook has not got yet, to a new file (0600)'],
    ['$0 --dead --as-stored', 'what was refused for good, not narrowed to today\'s privacy'],
  ],
  build: (parser) => placeOptions(parser)
    .option('mssp', { type: 'string', requiresArg: true, describe: 'Of this MSSP' })
    .option('customer', { type: 'string', requiresArg: true, describe: 'Of this customer' })
    .option('destination', { type: 'string', requiresArg: true, describe: 'With --pending or --dead: of this destination' })
    .option('from-seq', { type: 'number', requiresArg: true, describe: 'From this sequence number on' })
    .option('pending', { type: 'boolean', describe: 'What some destination has not got yet' })
    .option('dead', { type: 'boolean', describe: 'Dead letters' })
    .option('output', { type: 'string', requiresArg: true, describe: 'Write to a new file, which only you can read' })
    .option('as-stored', { type: 'boolean', describe: 'Keep texts that today\'s privacy policy, or none that is known, would not let out' }),
  async run(args, io) {
    if (args.pending === true && args.dead === true) throw new RaxedError('USAGE', '--pending and --dead exclude each other');
    if (args.destination !== undefined && args.pending !== true && args.dead !== true) throw new RaxedError('USAGE', '--destination goes with --pending or --dead');
    const fromSeq = args.fromSeq;
    if (fromSeq !== undefined && !(Number.isSafeInteger(fromSeq) && fromSeq >= 0)) throw new RaxedError('USAGE', '--from-seq takes a whole number');
    const { exportSpool } = await import('./spool-export.js');
    return exportSpool(await findSpool(args, io), {
      choice: {
        what: args.pending === true ? 'pending' : args.dead === true ? 'dead' : 'all',
        ...(args.mssp === undefined ? {} : { msspId: args.mssp }), ...(args.customer === undefined ? {} : { customerId: args.customer }),
        ...(args.destination === undefined ? {} : { destination: args.destination }), ...(fromSeq === undefined ? {} : { fromSeq }),
      },
      output: args.output, asStored: args.asStored === true,
    }, io);
  },
});

function placeOptions<T>(parser: Argv<T>): Argv<T & PlaceArgs> {
  return parser
    .option('state-dir', { type: 'string', requiresArg: true, describe: 'The state folder, or a copy of it' })
    .option('config', { type: 'string', requiresArg: true, describe: 'The configuration file, which says where the state folder is' });
}

/** What could not be said by the result: to standard error. */
function loggerTo(io: Pick<Io, 'stderr'>): Logger {
  const say = (_fields: object, message: string): void => { io.stderr.write(`! ${plain(message)}\n`); };
  return { debug: () => undefined, info: () => undefined, warn: say, error: say };
}

function renderCheck(check: SpoolCheck, style: Paint): string {
  const mark = check.sound ? style.good('✓ sound') : style.bad(`✗ damaged in ${counted(check.damage.length, 'place')}`);
  const totals = [counted(check.streams.length, 'customer'), counted(check.records, 'event'), counted(check.dead_letters, 'dead letter'), size(check.bytes)].join(', ');
  const rows = check.streams.flatMap((stream) => {
    const head = [`${stream.mssp_id}/${stream.customer_id}`, plain(stream.records), stream.first_seq === undefined ? '–' : `${stream.first_seq}–${stream.last_seq ?? ''}`, plain(stream.segments.length), size(stream.bytes), plain(stream.aside.length)];
    const names = [...new Set([...stream.cursors.map(({ destination }) => destination), ...stream.dead.map(({ destination }) => destination)])].sort();
    const places = names.map((name) => {
      const cursor = stream.cursors.find(({ destination }) => destination === name);
      const letters = stream.dead.find(({ destination }) => destination === name)?.records ?? 0;
      return [plain(name), ...(cursor === undefined ? ['–', '–'] : [String(cursor.position), plain(cursor.pending)]), plain(letters)];
    });
    return (places.length === 0 ? [['–', '–', '–', '–']] : places).map((cells, i) => [...(i === 0 ? head : head.map(() => '')), ...cells]);
  });
  return [
    `${mark}  ${plain(check.folder)}: ${totals}\n`,
    ...(rows.length === 0 ? [] : ['\n', table(['CUSTOMER', 'EVENTS', 'SEQ', 'FILES', 'ON DISK', 'SET ASIDE', 'DESTINATION', 'NEXT', 'PENDING', 'DEAD'], rows, style)]),
    ...(check.damage.length + check.notes.length === 0 ? [] : ['\n']),
    ...check.damage.map((finding) => `${style.bad('✗')} ${said(finding)}\n`),
    ...check.notes.map((finding) => `${style.warn('!')} ${said(finding)}\n`),
    ...(check.sound ? [] : ['\n`raxed spool repair` says what can be mended.\n']),
  ].join('');
}

/** A finding in words. */
function said(finding: PlacedFinding): string {
  const { file, kind, offset, bytes, records, errno } = finding;
  const place = `${plain(file)}${offset === undefined ? '' : ` at ${String(offset)}`}`;
  const lost = records === undefined || records === 0 ? '' : `, ${counted(records, 'event')} lost`;
  switch (kind) {
    case 'records': return `${place}: ${counted(bytes ?? 0, 'byte')} are no event${lost}`;
    case 'header': return `${place}: the header is damaged`;
    case 'missing': return `${place}: ${counted(records ?? 0, 'event')} missing`;
    case 'letter': return `${place}: ${counted(records ?? 0, 'dead letter')} cannot be told apart`;
    case 'cursor': return `${place}: cannot be read; its destination begins with the oldest event again`;
    case 'list': return `${place}: cannot be read; the daemon makes it again`;
    case 'newer': return `${place}: a later version of raxed wrote it`;
    case 'unreadable': return `${place}: the disk does not give it (${plain(errno)})`;
    case 'torn_tail': return `${place}: ${counted(bytes ?? 0, 'byte')} of a write that was cut short or is under way; nothing in it was acknowledged`;
    case 'leftover': return `${place}: unfinished, and removed at the next start`;
    case 'rewrite_pending': return `${place}: what waits is not yet rewritten for a stricter privacy; the daemon does it when it starts`;
  }
}

function replacement({ records, position, destinations = [] }: ShownStep): string {
  if (records !== undefined) return `its ${counted(records, 'good event')}`;
  return position === undefined ? `a list of ${counted(destinations.length, 'destination')}` : `a cursor that goes on with event ${position}`;
}

function renderRepair({ folder, applied, steps, left }: Repair, style: Paint): string {
  const lines = steps.map((step) => {
    const { file, error } = step;
    if (error !== undefined) return `${style.bad('✗')} ${plain(file)}: left as it is: ${plain(error)}\n`;
    const mark = applied ? style.good('✓') : '–';
    return `${mark} ${plain(file)}: ${applied ? 'replaced' : 'to be replaced'} by ${replacement(step)}; the file itself is kept beside it as .bad\n`;
  });
  const rest = left.map((finding) => `${style.warn('!')} ${said(finding)}\n`);
  const head = steps.length === 0 ? `${style.good('✓')} ${plain(folder)}: nothing to repair\n` : applied ? '' : `Plan for ${plain(folder)}:\n`;
  const next = steps.length > 0 && !applied ? '\nNothing was changed. Stop the daemon, and run it again with --apply.\n' : '';
  return [head, ...lines, ...(rest.length === 0 ? [] : ['\nNot to be mended here:\n', ...rest]), next].join('');
}

