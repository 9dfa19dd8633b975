import type { Argv } from 'yargs';
import type { ConnectionOptions } from '../../client/connection.js';
import { callOnce } from '../../client/connection.js';
import { findControlSocket } from '../../client/control-socket.js';
import { RaxedError } from '../../errors.js';
import type { Io } from '../io.js';
import { wantsColour, written } from '../io.js';
import type { Paint } from '../render.js';
import { paint } from '../render.js';

/** What every command that talks to the daemon understands. */
export interface CtlArgs {
  readonly socket: string | undefined;
  readonly json: boolean | undefined;
  readonly timeout: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;

export function ctlOptions<T>(parser: Argv<T>): Argv<T & CtlArgs> {
  return parser
    .option('socket', { type: 'string', requiresArg: true, describe: 'The daemon\'s control socket (else RAXED_SOCKET, or where one is found)' })
    .option('json', { type: 'boolean', describe: 'One JSON document on standard output, nothing else' })
    .option('timeout', { type: 'number', requiresArg: true, default: DEFAULT_TIMEOUT_MS, describe: 'Milliseconds to wait for the daemon' });
}

export function connectionOptions(args: CtlArgs, io: Io): ConnectionOptions {
  if (!Number.isInteger(args.timeout) || args.timeout < 1 || args.timeout > 2_147_483_647) throw new RaxedError('USAGE', '--timeout takes a number of milliseconds above 0');
  if (args.socket === '') throw new RaxedError('USAGE', '--socket takes a path');
  return { socketPath: args.socket ?? findControlSocket(io.env, io), timeoutMs: args.timeout };
}

/** One call; parameters that are undefined are left out. */
export interface Call {
  readonly method: string;
  readonly params: object;
  /** The daemon takes at least this long when it is told to wait for something. */
  readonly waitsMs?: number;
  render(result: object, style: Paint): string;
}

/** Calls a method and shows its result: as it is with --json, else as `render` says. Returns the result. */
export async function callAndShow(call: Call, args: CtlArgs, io: Io): Promise<object> {
  const { socketPath, timeoutMs } = connectionOptions(args, io);
  const result = await callOnce(call.method, call.params, { socketPath, timeoutMs: timeoutMs + (call.waitsMs ?? 0) });
  await written(io.stdout, args.json === true ? `${JSON.stringify(result)}\n` : call.render(result, paint(wantsColour(io))));
  return result;
}

/** What RAXE_SKIP_SSL_VERIFY=true before a test means: for this test, the receiver's certificate is not checked. */
export function skipSslVerify(io: Pick<Io, 'env'>): { readonly skip_ssl_verify?: true } {
  return io.env['RAXE_SKIP_SSL_VERIFY']?.toLowerCase() === 'true' ? { skip_ssl_verify: true } : {};
}

export function milliseconds(value: unknown): string {
  return typeof value === 'number' ? `${Math.round(value)} ms` : '–';
}
