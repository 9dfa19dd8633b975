import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { RawData } from 'ws';
import { RaxedError } from '../errors.js';
import type { Dispatcher } from './dispatcher.js';
import type { Origin } from './method.js';
import { paramsFor } from './method.js';
import type { RpcError, RpcItem, RpcRequest } from './protocol.js';
import { parseRpc, rpcError, rpcFailure, rpcNotification, rpcResult } from './protocol.js';

/** Answers and events that a slow reader may have waiting; beyond it the connection is cut. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** With this much waiting, this many calls running, or so many that are not yet begun, nothing more is read until it is less. */
const PAUSE_WAITING_BYTES = 256 * 1024;
const MAX_RUNNING_CALLS = 1024;
const MAX_ARRIVED = 64;
const MAX_SUBSCRIPTIONS = 16;
/** Messages that are begun before answers are written and others have their turn. */
const MESSAGES_PER_TURN = 16;

/** A WebSocket that says why, as JSON-RPC, before it closes for a message that is too large. */
export class RpcSocket extends WebSocket {
  override close(code?: number, data?: string | Buffer): void {
    if (code === 1009 && this.readyState === WebSocket.OPEN) {
      this.send(JSON.stringify(rpcFailure(null, rpcError(new RaxedError('TOO_LARGE', 'the message is larger than any that is allowed')))));
    }
    super.close(code, data);
  }
}

export interface RpcOptions {
  /** What the WebSocket writes to. */
  readonly stream: Duplex;
  readonly origin: Origin;
  readonly dispatcher: Dispatcher;
  /** Whether the caller may still use the connection: a token may have been changed since. */
  readonly admitted: () => boolean;
}

export interface RpcConnection {
  /** Pings; false when the peer has been silent, or has read nothing, since the last time. */
  heartbeat(): boolean;
}

/** Serves JSON-RPC 2.0 on one WebSocket until it closes. */
export function serveRpc(socket: WebSocket, options: RpcOptions): RpcConnection {
  const { dispatcher, origin, stream } = options;
  const gone = new AbortController();
  const subscriptions = new Set<() => void>();
  /** Messages that came while a turn was taken. */
  const arrived: string[] = [];
  let turnTaken = false;
  let running = 0;
  let alive = true;
  let waitingBefore = 0;

  socket.on('message', (data: RawData, isBinary: boolean) => {
    alive = true;
    // While closing, ws still hands over what had been sent before.
    if (socket.readyState !== WebSocket.OPEN) return;
    if (!options.admitted()) { socket.close(1008, 'unauthorized'); return; }
    if (isBinary) { socket.close(1003, 'text only'); return; }
    arrived.push(textOf(data));
    if (turnTaken) regulate();
    else takeTurn();
  });
  socket.on('pong', () => { alive = true; });
  // Broken frames: ws closes the connection by itself.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    gone.abort();
    for (const stop of subscriptions) stop();
    subscriptions.clear();
  });

  /** A chunk of the stream may hold hundreds of messages. */
  function takeTurn(): void {
    for (const text of arrived.splice(0, MESSAGES_PER_TURN)) void serve(text);
    turnTaken = true;
    setImmediate(() => {
      turnTaken = false;
      if (arrived.length > 0) takeTurn();
    });
  }

  async function serve(text: string): Promise<void> {
    const { items, batch } = parseRpc(text);
    const due = (await Promise.all(items.map(answer))).filter((item) => item !== undefined);
    if (due.length > 0) send(batch ? `[${due.join()}]` : due.join());
  }

  /** The answer as JSON, or undefined for a notification. Never rejects. */
  async function answer(item: RpcItem): Promise<string | undefined> {
    if ('error' in item) return failure(item.id, item.error);
    running++;
    regulate();
    try {
      const result = await run(item);
      return item.id === undefined ? undefined : JSON.stringify(rpcResult(item.id, result));
    } catch (error) {
      const tooLarge = error instanceof RaxedError && error.code === 'TOO_LARGE';
      if (tooLarge) closeAfterAnswers();
      return item.id === undefined ? undefined : failure(item.id, rpcError(error));
    } finally {
      running--;
      regulate();
    }
  }

  async function run({ method, params }: RpcRequest): Promise<object> {
    if (Array.isArray(params)) throw new RaxedError('BAD_REQUEST', 'parameters are given by name, in an object');
    const subscription = dispatcher.subscription(method, origin.scope);
    if (subscription === undefined) return (await dispatcher.call(method, params, { ...origin, signal: gone.signal })).result;
    const parsed = paramsFor(origin, subscription, params);
    if (subscriptions.size >= MAX_SUBSCRIPTIONS) throw new RaxedError('BUSY', `a connection may have ${MAX_SUBSCRIPTIONS} subscriptions`);
    subscriptions.add(subscription.start(parsed, (event) => { send(JSON.stringify(rpcNotification(method, event))); }));
    return { subscribed: true };
  }

  /** Closes once the error, and whatever else is due in this turn, has been sent. */
  function closeAfterAnswers(): void {
    setImmediate(() => { WebSocket.prototype.close.call(socket, 1009, 'too large'); });
  }

  function send(text: string): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > MAX_WAITING_BYTES) { socket.terminate(); return; }
    gatherWrites(stream);
    socket.send(text, regulate);
    regulate();
  }

  /** Reads on only while the peer takes its answers: its own writes then wait in its own memory. */
  function regulate(): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    const full = running >= MAX_RUNNING_CALLS || arrived.length >= MAX_ARRIVED || socket.bufferedAmount > PAUSE_WAITING_BYTES;
    if (full && !socket.isPaused) socket.pause();
    else if (!full && socket.isPaused) socket.resume();
  }

  return {
    heartbeat() {
      const waiting = socket.bufferedAmount;
      const readsNothing = waiting > 0 && waiting >= waitingBefore && waitingBefore > 0;
      const silent = !alive && !socket.isPaused;
      waitingBefore = waiting;
      alive = false;
      if (readsNothing || silent) return false;
      socket.ping();
      return true;
    },
  };
}

/** What is written until the end of this turn leaves in one write. */
function gatherWrites(stream: Duplex): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => { stream.uncork(); });
}

function failure(id: string | number | null, error: RpcError): string {
  return JSON.stringify(rpcFailure(id, error));
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.isBuffer(data) ? data.toString('utf8') : Buffer.from(data).toString('utf8');
}
