import { Agent } from 'node:http';
import { callOnce } from '../../client/connection.js';
import { RaxedError } from '../../errors.js';
import { nodeClock } from '../../platform/node.js';
import type { Clock } from '../../ports.js';
import { defineCommand } from '../command.js';
import type { Input, Io } from '../io.js';
import { wantsColour, written } from '../io.js';
import type { Paint } from '../render.js';
import { paint, plain } from '../render.js';
import { connectionOptions, ctlOptions } from './daemon-call.js';
import type { Sample } from './top-view.js';
import { changes, ratesOf, renderTop, topDocument, topLine } from './top-view.js';

export const command = defineCommand({
  examples: [['$0', 'scans, spool, agents and destinations as they change; q ends'], ['$0 --json --interval 10 --count 6', 'one JSON document every 10 seconds, for a minute']],
  build: (parser) => ctlOptions(parser)
    .option('interval', { type: 'number', requiresArg: true, default: 2, describe: 'Seconds between two looks' })
    .option('count', { type: 'number', requiresArg: true, describe: 'End after so many' }),
  async run(args, io) {
    if (!(args.interval >= 0.1 && args.interval <= 3600)) throw new RaxedError('USAGE', '--interval takes seconds from 0.1 to 3600');
    if (args.count !== undefined && !(Number.isInteger(args.count) && args.count > 0)) throw new RaxedError('USAGE', '--count takes a whole number above 0');
    const intervalMs = args.interval * 1000;
    const agent = new Agent({ keepAlive: intervalMs <= KEPT_MS, maxSockets: 1 });
    const connection = connectionOptions(args, io);
    const form = args.json === true ? 'json' : io.stdout.isTTY === true ? 'screen' : 'line';
    // Neither a timer of the clock nor an idle connection keeps the process alive.
    const alive = setInterval(() => undefined, 2 ** 30);
    try {
      await watch({
        intervalMs, count: args.count ?? Infinity, form,
        look: (signal) => callOnce('status', {}, { ...connection, agent, signals: [signal] }),
      }, { io, clock: nodeClock });
    } finally {
      clearInterval(alive);
      agent.destroy();
    }
    return 0;
  },
});

/** The daemon closes a connection that is idle for 10 s, perhaps just when the next look is sent. */
const KEPT_MS = 5000;

export interface Watching {
  readonly intervalMs: number;
  readonly count: number;
  readonly form: 'screen' | 'line' | 'json';
  /** Asks the daemon for its status. Rejects with RaxedError, or with the signal's reason. */
  look(signal: AbortSignal): Promise<object>;
}

type Look = { readonly sample: Sample; readonly before: Sample | undefined } | { readonly error: RaxedError };

/** Looks and shows until it is told to end. Throws what the first look throws; later a daemon that does not answer is waited for. */
export async function watch({ intervalMs, count, form, look }: Watching, { io, clock }: { readonly io: Io; readonly clock: Clock }): Promise<void> {
  const ended = new AbortController();
  const end = (): void => { ended.abort(); };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) io.on(signal, end);
  let last: Sample | undefined;

  async function next(): Promise<Look | undefined> {
    try {
      const before = last;
      last = { status: await look(ended.signal), atMs: clock.monotonic() };
      return { sample: last, before };
    } catch (error) {
      if (ended.signal.aborted) return undefined;
      if (last === undefined || !(error instanceof RaxedError)) throw error;
      return { error };
    }
  }

  const first = await next();
  if (first === undefined) return;
  const show = form === 'screen' ? openScreen(io, end) : lineWriter(form, io);
  try {
    for (let seen: Look | undefined = first, shown = 1; seen !== undefined; seen = await next(), shown++) {
      if (!await show.look(seen)) return;
      if (shown >= count) return;
      await clock.sleep(intervalMs, ended.signal);
      if (ended.signal.aborted) return;
    }
  } finally {
    await show.close();
  }
}

interface Show {
  /** False when nobody reads any more. */
  look(seen: Look): Promise<boolean>;
  close(): Promise<void>;
}

function lineWriter(form: 'line' | 'json', io: Io): Show {
  const style = paint(wantsColour(io));
  return {
    look(seen) {
      const timestamp = new Date(io.now()).toISOString();
      const failed = 'error' in seen;
      if (form === 'json') return written(io.stdout, `${JSON.stringify(failed ? { timestamp, error: { code: seen.error.code, message: seen.error.message } } : topDocument(viewOf(seen), timestamp))}\n`);
      return written(io.stdout, `${timestamp}  ${failed ? gone(seen.error, style) : topLine(viewOf(seen), style)}\n`);
    },
    close: () => Promise.resolve(),
  };
}

const OPEN_SCREEN = '\u001b[?1049h\u001b[?25l';
const CLOSE_SCREEN = '\u001b[?25h\u001b[?1049l';
const CLEAR = '\u001b[2J';

/** The whole terminal, on its second screen: what was there before is there again afterwards. Keys q and Ctrl-C call `end`. */
function openScreen(io: Io, end: () => void): Show {
  const style = paint(wantsColour(io));
  let opened = false;
  let size = '';
  let lines: string[] = [];
  let sample: Extract<Look, { sample: Sample }> | undefined;
  let restartedAt: string | undefined;
  void untilQuit(io.stdin, end);

  return {
    look(seen) {
      const restarted = 'sample' in seen && sample !== undefined && pidOf(seen.sample) !== pidOf(sample.sample);
      if (restarted) restartedAt = new Date(io.now()).toISOString();
      if ('sample' in seen) sample = seen;
      if (sample === undefined) return Promise.resolve(true);
      const screen = { rows: io.stdout.rows ?? 24, columns: io.stdout.columns ?? 80 };
      const news = [
        ...('error' in seen ? [gone(seen.error, style)] : []),
        ...(restartedAt === undefined ? [] : [style.warn(`! the daemon was started again, seen at ${restartedAt}`)]),
      ];
      const next = renderTop({ ...viewOf(sample), news }, screen, style);
      const resized = size !== `${screen.rows} ${screen.columns}`;
      size = `${screen.rows} ${screen.columns}`;
      const text = `${opened ? '' : OPEN_SCREEN}${resized ? CLEAR : ''}${changes(resized ? [] : lines, next)}`;
      opened = true;
      lines = next;
      return text === '' ? Promise.resolve(true) : written(io.stdout, text);
    },
    async close() {
      io.stdin.setRawMode?.(false);
      io.stdin.destroy?.();
      if (opened) await written(io.stdout, CLOSE_SCREEN);
    },
  };
}

/** In raw mode the terminal makes no signal of Ctrl-C. Reads on until the input is closed, which restores the mode first. */
async function untilQuit(input: Input, end: () => void): Promise<void> {
  if (input.isTTY !== true) return;
  input.setRawMode?.(true);
  try {
    for await (const keys of input) if (/[qQ\u0003\u0004]/.test(Buffer.from(keys).toString('latin1'))) end();
  } catch {
    // It was closed: the command has ended, or its terminal.
  }
}

function viewOf({ sample, before }: Extract<Look, { sample: Sample }>): { readonly status: object; readonly rates: ReturnType<typeof ratesOf> } {
  return { status: sample.status, rates: ratesOf(sample, before) };
}

function gone(error: RaxedError, style: Paint): string {
  return style.bad(`✗ ${plain(error.message)}; trying again`);
}

function pidOf({ status }: Sample): unknown {
  return 'pid' in status ? status.pid : undefined;
}
