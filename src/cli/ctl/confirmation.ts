import type { Argv } from 'yargs';
import { callOnce } from '../../client/connection.js';
import { RaxedError } from '../../errors.js';
import type { Io } from '../io.js';
import { counted, field, plain } from '../render.js';
import { askYesNo, canAsk } from '../terminal.js';
import type { Call, CtlArgs } from './daemon-call.js';
import { callAndShow, connectionOptions } from './daemon-call.js';

/** What every command that destroys something understands. */
export interface ForceArgs {
  readonly force: boolean | undefined;
}

export interface DrainArgs extends ForceArgs {
  readonly drain: boolean | undefined;
  readonly 'drain-timeout': number | undefined;
}

const DRAIN_TIMEOUT_SECONDS = 60;

export function forceOption<T>(parser: Argv<T>): Argv<T & ForceArgs> {
  return parser.option('force', { type: 'boolean', describe: 'Do not ask' });
}

export function drainOptions<T>(parser: Argv<T>): Argv<T & DrainArgs> {
  return forceOption(parser)
    .option('drain', { type: 'boolean', describe: 'Let pending events be delivered first' })
    .option('drain-timeout', { type: 'number', requiresArg: true, describe: `Seconds to wait for that (${DRAIN_TIMEOUT_SECONDS}); then nothing is deleted` });
}

/** The parameters that `drainOptions` stand for, and how long the daemon may take over them. Throws USAGE. */
export function drainParams(args: { readonly drain?: boolean | undefined; readonly 'drain-timeout'?: number | undefined }): { readonly params: object; readonly waitsMs: number } {
  const seconds = args['drain-timeout'];
  if (args.drain !== true) {
    if (seconds !== undefined) throw new RaxedError('USAGE', '--drain-timeout goes with --drain');
    return { params: {}, waitsMs: 0 };
  }
  if (seconds !== undefined && (seconds < 0 || seconds > 3600)) throw new RaxedError('USAGE', '--drain-timeout takes seconds from 0 to 3600');
  return { params: { drain: true, drain_timeout_seconds: seconds }, waitsMs: (seconds ?? DRAIN_TIMEOUT_SECONDS) * 1000 };
}

export interface Destruction extends Call {
  /** Says what would go with it, and changes nothing. */
  readonly preview: { readonly method: string; readonly params: object };
  /** The words of the question: `Delete MSSP 'ID'?` */
  readonly verb: string;
  readonly kind: string;
  readonly id: string | undefined;
}

/** Calls a method that destroys something, unless it is forced only after what goes with it was shown and confirmed. Throws CONFIRMATION_REQUIRED. */
export async function confirmAndCall(destruction: Destruction, args: CtlArgs & ForceArgs, io: Io): Promise<void> {
  if (args.force !== true) {
    const { preview, verb, kind, id } = destruction;
    const losses = lossesOf(await callOnce(preview.method, preview.params, connectionOptions(args, io)));
    const withIt = losses === '' ? '' : `, and with it ${losses}`;
    await confirm(`${verb} ${kind} '${plain(id)}'${withIt}?`, io, `${verb.toLowerCase()} this ${kind}${withIt}`);
  }
  await callAndShow(destruction, args, io);
}

/** Asks, and returns only for a yes; else throws CONFIRMATION_REQUIRED. An error names no ids: `what` is the question without them. */
export async function confirm(question: string, io: Io, what = question): Promise<void> {
  if (!canAsk(io)) throw new RaxedError('CONFIRMATION_REQUIRED', `there is no terminal to ask on: ${what}`);
  if (!await askYesNo(question, io)) throw new RaxedError('CONFIRMATION_REQUIRED', 'it was not confirmed, and nothing was changed');
}

const LOSSES = [['customers', 'customer'], ['pending_events', 'pending event'], ['dead_letters', 'dead letter'], ['agents', 'agent']] as const;

/** What goes with it, in words: `2 customers, 14 pending events, 3 dead letters, 5 agents`; empty: nothing. */
export function lossesOf(answer: object): string {
  return LOSSES.flatMap(([key, noun]) => {
    const count = field(answer, key);
    return typeof count === 'number' && count > 0 ? [counted(count, noun)] : [];
  }).join(', ');
}
