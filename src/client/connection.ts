import { request } from 'node:http';
import type { Agent, IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { socketPathProblem } from '../config/paths.js';
import { RaxedError, errnoOf } from '../errors.js';
import { isErrorCode, pathOfMethod } from '../control/protocol.js';

export interface ConnectionOptions {
  readonly socketPath: string;
  /** Until the whole answer is there. */
  readonly timeoutMs: number;
  /** Each ends the call with its reason; the daemon stops what it can still stop. Not AbortSignal.any, which leaks in Node 20. */
  readonly signals?: readonly AbortSignal[];
  /** Whose connections are used; without one the call has a connection of its own. */
  readonly agent?: Agent;
}

/** An answer that is larger than this is not one of ours. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** An error that the daemon answered. `data` as on the wire: `{ field }`, `{ problems }`. */
export class RemoteError extends RaxedError {
  override readonly name = 'RemoteError';
  readonly data: unknown;

  constructor(error: { readonly code?: unknown; readonly message?: unknown; readonly data?: unknown }) {
    const code = typeof error.code === 'string' && isErrorCode(error.code) ? error.code : 'INTERNAL';
    super(code, typeof error.message === 'string' ? error.message : 'the daemon answered an error of an unknown shape');
    this.data = error.data;
  }
}

/**
 * Calls one method over the daemon's unix socket.
 * Throws SOCKET_PATH_TOO_LONG, DAEMON_UNREACHABLE when no whole answer comes, RemoteError when the daemon answers an error,
 * and a signal's reason.
 */
export async function callOnce(method: string, params: object, options: ConnectionOptions): Promise<object> {
  const problem = socketPathProblem('', options.socketPath);
  if (problem !== undefined) throw new RaxedError('SOCKET_PATH_TOO_LONG', problem.message);
  const answer = await exchange({ path: pathOfMethod(method), body: JSON.stringify(params) }, options);
  let value: unknown;
  try {
    value = JSON.parse(answer.body);
  } catch (error) {
    throw new RaxedError('DAEMON_UNREACHABLE', `what answers on ${options.socketPath} is not raxed`, { cause: error });
  }
  if (typeof value !== 'object' || value === null) throw new RaxedError('DAEMON_UNREACHABLE', `what answers on ${options.socketPath} is not raxed`);
  if ('error' in value && typeof value.error === 'object' && value.error !== null) throw new RemoteError(value.error);
  return value;
}

/** What a path of the daemon's unix socket gives, as text. Throws DAEMON_UNREACHABLE, also for any other status than 200. */
export async function readOnce(path: string, options: ConnectionOptions): Promise<string> {
  const { status, body } = await exchange({ path, body: undefined }, options);
  if (status !== 200) throw new RaxedError('DAEMON_UNREACHABLE', `the daemon on ${options.socketPath} answered ${status}`);
  return body;
}

/** Without a body it is a GET. */
function exchange({ path, body }: { readonly path: string; readonly body: string | undefined }, { socketPath, timeoutMs, signals = [], agent }: ConnectionOptions): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    for (const signal of signals) signal.throwIfAborted();
    let answered = false;
    const call = request({
      path, method: body === undefined ? 'GET' : 'POST',
      // An agent made for one connection costs 3 ms, an eighth of the start of a process.
      ...(agent === undefined ? { createConnection: () => connect(socketPath) } : { agent, socketPath, servername: '' }),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }), host: 'raxed' },
    }, (response) => {
      answered = true;
      // An agent keeps a connection whose answer was read whole; what is left is destroyed.
      readAll(response).then((text) => { resolve({ status: response.statusCode ?? 0, body: text }); }, (error: unknown) => { reject(unreachable(socketPath, error)); }).finally(() => { call.destroy(); });
    });
    const giveUp = (error: unknown): void => {
      // First, because a half-read answer ends with an error of its own.
      reject(error);
      call.destroy();
    };
    const timer = setTimeout(() => { giveUp(new RaxedError('DAEMON_UNREACHABLE', `the daemon on ${socketPath} did not answer within ${timeoutMs} ms`)); }, timeoutMs);
    const abort = (): void => { giveUp(signals.find(({ aborted }) => aborted)?.reason); };
    for (const signal of signals) signal.addEventListener('abort', abort);
    call.once('close', () => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', abort);
    });
    call.on('error', (error) => {
      // A daemon that refuses early closes while we still write; its answer is what counts.
      if (!answered) reject(unreachable(socketPath, error));
    });
    call.end(body);
  });
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new RaxedError('DAEMON_UNREACHABLE', 'the answer is larger than any of raxed\'s');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Why nobody answered, in a sentence. */
export function unreachable(socketPath: string, error: unknown): RaxedError {
  if (error instanceof RaxedError) return error;
  return new RaxedError('DAEMON_UNREACHABLE', reason(socketPath, errnoOf(error)), { cause: error });
}

function reason(socketPath: string, errno: string | undefined): string {
  if (errno === 'ENOENT') return `no daemon is running here: there is no socket ${socketPath}`;
  if (errno === 'ECONNREFUSED') return `no daemon listens on ${socketPath} any more`;
  if (errno === 'EACCES' || errno === 'EPERM') return `this user may not use ${socketPath}`;
  if (errno === 'ECONNRESET' || errno === 'EPIPE') return `the daemon on ${socketPath} closed the connection without an answer: it is stopping, or has too many connections`;
  return `the daemon on ${socketPath} cannot be reached (${errno ?? 'no answer'})`;
}
