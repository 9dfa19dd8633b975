import type { IncomingMessage } from 'node:http';
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { socketPathProblem } from '../config/paths.js';
import { PROTOCOL } from '../control/protocol.js';
import { RaxedError } from '../errors.js';
import type { RemoteError } from './connection.js';
import { unreachable } from './connection.js';
import { parseAnswer } from './rpc-answer.js';

export interface LinkOptions {
  /** The daemon's unix socket, or its loopback listener with a token. */
  readonly target: { readonly socketPath: string } | { readonly url: string; readonly token: string | undefined };
  /** Until the connection is made and the daemon has said who it is. */
  readonly connectTimeoutMs: number;
  /** Calls that wait for an answer. */
  readonly maxPending: number;
  /** What these calls have as JSON, in UTF-8; one call alone may have more. */
  readonly maxPendingBytes: number;
  /** Called for each new connection, before the calls that wait for it are sent. */
  readonly onConnected?: () => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface LinkCall {
  readonly method: string;
  readonly params: object;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** UTF-8 bytes of the texts in `params`: more than the daemon takes are not sent. Asked only where it may be too many. */
  readonly textBytes?: () => number;
}

interface Pending {
  readonly call: LinkCall;
  readonly message: string;
  readonly bytes: number;
  /** 0 where they cannot be too many. */
  readonly textBytes: number;
  sentAt: number | undefined;
  settle(outcome: { readonly result: object } | { readonly error: unknown }): void;
}

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 400;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const CLOSE_MS = 1000;
const MAX_UTF8_BYTES_PER_UNIT = 3;
const HANDSHAKE_ID = 0;

/**
 * Many calls at once on one WebSocket to the daemon. The connection is made when a call needs it and does not keep the
 * process alive while none waits. Where it fails, what waits fails, since a call that was sent may have been done; calls fail at
 * once until the next try is due, 50 to 400 ms later, so that a daemon that is away costs its callers no time.
 */
export class Link {
  private socket: WebSocket | undefined;
  private stream: Socket | undefined;
  private ready = false;
  private closed = false;
  private lastId = HANDSHAKE_ID;
  private readonly pending = new Map<number, Pending>();
  private pendingBytes = 0;
  private lastHeardAt = 0;
  private failures = 0;
  private retryAt = 0;
  private lastFailure: RaxedError | undefined;
  private maxTextBytes: number | undefined;
  private whenIdle: (() => void) | undefined;

  constructor(private readonly options: LinkOptions) {}

  /**
   * Rejects with DAEMON_UNREACHABLE, PROTOCOL_MISMATCH, UNAUTHORIZED, BUSY, TOO_LARGE, BAD_REQUEST (what JSON cannot say),
   * CLIENT_CLOSED, SOCKET_PATH_TOO_LONG, a RemoteError of the daemon's, or the signal's reason.
   */
  call(call: LinkCall): Promise<object> {
    return new Promise((resolve, reject) => {
      call.signal?.throwIfAborted();
      if (this.closed) throw new RaxedError('CLIENT_CLOSED', 'the client is closed');
      if (this.pending.size >= this.options.maxPending) throw new RaxedError('BUSY', `${this.options.maxPending} calls wait for the daemon`);
      if (this.socket === undefined && this.options.now() < this.retryAt) throw this.lastFailure ?? this.unreachable();
      const id = ++this.lastId;
      const message = stringify(id, call);
      const bytes = Buffer.byteLength(message);
      const { maxPendingBytes } = this.options;
      if (this.pending.size > 0 && this.pendingBytes + bytes > maxPendingBytes) throw new RaxedError('BUSY', `calls of together ${this.pendingBytes} bytes wait for the daemon, and may have ${maxPendingBytes}`);
      const mayBeTooLarge = this.maxTextBytes === undefined || message.length * MAX_UTF8_BYTES_PER_UNIT > this.maxTextBytes;
      const textBytes = mayBeTooLarge ? call.textBytes?.() ?? 0 : 0;
      const timer = setTimeout(() => { this.expire(id); }, call.timeoutMs);
      const abort = (): void => { pending.settle({ error: call.signal?.reason }); };
      const pending: Pending = {
        call, message, bytes, textBytes, sentAt: undefined,
        settle: (outcome) => {
          clearTimeout(timer);
          call.signal?.removeEventListener('abort', abort);
          if (this.pending.delete(id)) this.pendingBytes -= bytes;
          if (this.pending.size === 0) this.becameIdle();
          if ('result' in outcome) resolve(outcome.result);
          else reject(outcome.error);
        },
      };
      call.signal?.addEventListener('abort', abort, { once: true });
      this.pending.set(id, pending);
      this.pendingBytes += bytes;
      this.stream?.ref();
      if (this.ready) this.send(pending);
      else this.connect();
    });
  }

  /** Waits for the calls that were made, then closes. Later calls are refused. Safe twice. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    if (this.pending.size > 0) await new Promise<void>((resolve) => { this.whenIdle = resolve; });
    const { socket } = this;
    if (socket === undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => { socket.terminate(); }, CLOSE_MS);
      socket.once('close', () => { clearTimeout(timer); resolve(); });
      this.stream?.ref();
      socket.close();
    });
  }

  private connect(): void {
    if (this.socket !== undefined) return;
    let socket: WebSocket;
    try {
      socket = this.open();
    } catch (error) {
      this.failed(undefined, error instanceof RaxedError ? error : this.unreachable(error));
      return;
    }
    this.socket = socket;
    // ws's own handshakeTimeout sees neither a connection that we make ourselves nor the daemon's first answer.
    // It holds no process: a call that waits has a timer of its own.
    const timer = setTimeout(() => { fail(this.unreachable(`it did not answer within ${this.options.connectTimeoutMs} ms`)); }, this.options.connectTimeoutMs).unref();
    const fail = (error: RaxedError): void => {
      clearTimeout(timer);
      this.failed(socket, error);
      socket.terminate();
    };
    socket.on('upgrade', (response: IncomingMessage) => { this.stream = response.socket; });
    socket.on('unexpected-response', (_request, response) => { fail(refusal(response.statusCode, this.place())); });
    socket.on('open', () => { socket.send(JSON.stringify({ jsonrpc: '2.0', id: HANDSHAKE_ID, method: 'version', params: {} })); });
    socket.on('message', (data) => {
      this.lastHeardAt = this.options.now();
      const answer = parseAnswer(Buffer.isBuffer(data) ? data.toString('utf8') : '');
      if (answer === undefined) { fail(this.unreachable('what answers there is not raxed')); return; }
      if (this.ready) { this.take(answer); return; }
      clearTimeout(timer);
      const problem = answer.id === HANDSHAKE_ID ? this.greet(answer.result) : this.unreachable('what answers there is not raxed');
      if (problem !== undefined) fail(problem);
      else this.begin();
    });
    socket.on('error', (error) => { fail(this.unreachable(error)); });
    socket.on('close', () => { fail(this.unreachable('it closed the connection: it is stopping, or was restarted')); });
  }

  private open(): WebSocket {
    const { target } = this.options;
    const common = { perMessageDeflate: false, maxPayload: MAX_ANSWER_BYTES };
    if ('socketPath' in target) {
      const problem = socketPathProblem('', target.socketPath);
      if (problem !== undefined) throw new RaxedError('SOCKET_PATH_TOO_LONG', problem.message);
      return new WebSocket('ws://raxed/v1/rpc', { ...common, createConnection: () => (this.stream = createConnection(target.socketPath)) });
    }
    return new WebSocket(new URL('/v1/rpc', target.url.replace(/^http/, 'ws')), { ...common, headers: target.token === undefined ? {} : { authorization: `Bearer ${target.token}` } });
  }

  /** What is wrong with the daemon's answer to `version`. */
  private greet(result: object | undefined): RaxedError | undefined {
    const { version, protocol, max_text_bytes: maxTextBytes } = (result ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof version !== 'string') return this.unreachable('what answers there is not raxed');
    if (protocol !== PROTOCOL) {
      return new RaxedError('PROTOCOL_MISMATCH', `the daemon (raxed ${/^[\w.+-]{1,40}$/.test(version) ? version : 'of an unknown version'}) speaks protocol ${typeof protocol === 'number' ? protocol : 'unknown'}, this library protocol ${PROTOCOL}`);
    }
    this.maxTextBytes = typeof maxTextBytes === 'number' ? maxTextBytes : undefined;
    return undefined;
  }

  private begin(): void {
    this.ready = true;
    this.failures = 0;
    const waiting = [...this.pending.values()];
    this.options.onConnected?.();
    for (const pending of waiting) if (pending.sentAt === undefined) this.send(pending);
    if (this.pending.size === 0) this.stream?.unref();
  }

  private send(pending: Pending): void {
    const { textBytes } = pending;
    // The daemon would refuse it too, but close the connection for all.
    if (this.maxTextBytes !== undefined && textBytes > this.maxTextBytes) {
      pending.settle({ error: new RaxedError('TOO_LARGE', `the texts of a call may have ${this.maxTextBytes} bytes in all; these have ${textBytes}`) });
      return;
    }
    pending.sentAt = this.options.now();
    this.gatherWrites();
    this.socket?.send(pending.message);
  }

  /** What is sent until the end of this turn leaves in one write. */
  private gatherWrites(): void {
    const { stream } = this;
    if (stream === undefined || stream.writableCorked > 0) return;
    stream.cork();
    process.nextTick(() => { stream.uncork(); });
  }

  private take({ id, result, error }: { readonly id: unknown; readonly result?: object; readonly error?: RemoteError }): void {
    // Nobody waits for the answer to a call that has timed out or was aborted.
    const pending = typeof id === 'number' ? this.pending.get(id) : undefined;
    if (error !== undefined) pending?.settle({ error });
    else if (result !== undefined) pending?.settle({ result });
  }

  private expire(id: number): void {
    const pending = this.pending.get(id);
    if (pending === undefined) return;
    pending.settle({ error: this.unreachable(`it did not answer within ${pending.call.timeoutMs} ms`) });
    // A daemon that has said nothing at all in the meantime hangs, or is no longer there.
    const { socket } = this;
    if (socket === undefined || pending.sentAt === undefined || this.lastHeardAt >= pending.sentAt) return;
    this.failed(socket, this.unreachable('it does not answer'));
    socket.terminate();
  }

  /** The connection is lost, or none could be made: all that wait are told. */
  private failed(socket: WebSocket | undefined, error: RaxedError): void {
    if (this.socket !== socket) return;
    this.socket = undefined;
    this.stream = undefined;
    this.ready = false;
    this.maxTextBytes = undefined;
    this.lastFailure = error;
    const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.failures++);
    this.retryAt = this.options.now() + wait * (0.5 + this.options.random() / 2);
    for (const pending of [...this.pending.values()]) pending.settle({ error });
  }

  private becameIdle(): void {
    this.stream?.unref();
    this.whenIdle?.();
  }

  private unreachable(why?: unknown): RaxedError {
    const place = this.place();
    if (typeof why === 'string') return new RaxedError('DAEMON_UNREACHABLE', `the daemon on ${place}: ${why}`);
    return unreachable(place, why);
  }

  private place(): string {
    const { target } = this.options;
    return 'socketPath' in target ? target.socketPath : new URL(target.url).host;
  }
}

function stringify(id: number, { method, params }: LinkCall): string {
  try {
    return JSON.stringify({ jsonrpc: '2.0', id, method, params });
  } catch (error) {
    // The engine's message names properties of the caller's data.
    throw new RaxedError('BAD_REQUEST', 'the parameters cannot be written as JSON: they hold a circle or a BigInt', { cause: error });
  }
}

function refusal(status: number | undefined, place: string): RaxedError {
  if (status === 401) return new RaxedError('UNAUTHORIZED', `the daemon on ${place} does not know this token`);
  if (status === 503) return new RaxedError('BUSY', `the daemon on ${place} has too many connections, or is stopping`);
  return new RaxedError('DAEMON_UNREACHABLE', `what answers on ${place} is not raxed (HTTP ${status ?? '?'})`);
}
