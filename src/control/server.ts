import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { RaxedError, errnoOf } from '../errors.js';
import type { Clock, Logger } from '../ports.js';
import { createDispatcher } from './dispatcher.js';
import type { ControlLimits, Dispatcher } from './dispatcher.js';
import { httpDoor, unixDoor } from './door.js';
import type { Probes } from './http.js';
import { createHttpHandler, endAndLinger, rawFailure } from './http.js';
import type { MethodEntry, Scope, Tenant } from './method.js';
import type { RpcConnection } from './rpc.js';
import { RpcSocket, serveRpc } from './rpc.js';
import { listenLoopback } from './tcp-listener.js';
import { listenUnix } from './unix-listener.js';

/** One place that is listened on. */
export type Listener = UnixListener | HttpListener;

export interface UnixListener {
  readonly path: string;
  /** What is served there. */
  readonly scope: Scope;
  /** The socket's file mode, such as 0o600. */
  readonly mode: number;
}

/** A loopback port that serves what `scan` sockets serve, for one customer. */
export interface HttpListener {
  /** A loopback address, or a name of one. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** The token that callers must have, asked for at each request; undefined: nobody has it. */
  readonly token: () => string | undefined;
  readonly tenant: Tenant;
}

export interface ControlServerOptions {
  readonly listeners: readonly Listener[];
  readonly methods: readonly MethodEntry[];
  readonly probes: Probes;
  /** What GET /metrics on `control` sockets answers; without it there is no such path. */
  readonly metrics?: (sockets: SocketStats) => Buffer;
  /** Asked for each call, so that a reload holds at once. */
  readonly limits: () => ControlLimits;
  /** For headers and body together, and for reading an answer. Default 10 s. */
  readonly requestTimeoutMs?: number;
  /** Between pings; a peer that answers none within one more is cut off. Default 15 s. */
  readonly pingIntervalMs?: number;
  /** The user on the other end of a unix socket, where it can be known. Asked only by methods that want it. */
  readonly peerUid?: (socket: Duplex) => Promise<number | undefined>;
  /** A socket. Default 256. */
  readonly maxConnections?: number;
}

/** Who is connected, and who was turned away since the start. */
export interface SocketStats {
  readonly sockets: readonly { readonly name: string; readonly connections: number }[];
  /** For more connections than a socket takes, requests half read than all may hold, and texts being scanned than all may have. */
  readonly refused: { readonly connections: number; readonly reading: number; readonly texts: number };
}

export interface ControlServer {
  /** Where it listens, in the order of the listeners: socket paths, and origins such as `http://127.0.0.1:8787`. */
  readonly addresses: readonly string[];
  stats(): SocketStats;
  /** Stops accepting, answers what runs (for at most `drainMs`), closes. Safe to call twice. */
  close(drainMs: number): Promise<void>;
}

/** How long the last answers may take to be read when the server stops. */
const FLUSH_MS = 500;
const RPC_PATH = '/v1/rpc';

/**
 * Serves the method table on unix sockets and loopback ports, over HTTP and JSON-RPC.
 * Throws SOCKET_IN_USE, SOCKET_PATH_TOO_LONG, STATE_UNWRITABLE, PORT_IN_USE or CONFIG_INVALID; then nothing listens.
 */
export async function createControlServer(options: ControlServerOptions, ports: { readonly clock: Clock; readonly logger: Logger }): Promise<ControlServer> {
  const dispatcher = createDispatcher({ methods: options.methods, limits: options.limits, logger: ports.logger });
  const open: OpenListener[] = [];
  let closing: Promise<void> | undefined;
  const stats = (): SocketStats => ({
    sockets: open.map(({ name, connections }) => ({ name, connections: connections() })),
    refused: { connections: open.reduce((sum, { dropped }) => sum + dropped(), 0), reading: dispatcher.reading.refused, texts: dispatcher.texts.refused },
  });
  const { metrics } = options;
  const scrape = metrics === undefined ? undefined : () => metrics(stats());
  try {
    for (const listener of options.listeners) open.push(await openListener(listener, dispatcher, { ...options, scrape }, ports));
  } catch (error) {
    for (const listener of open) listener.destroy();
    throw error;
  }

  async function closeAll(drainMs: number): Promise<void> {
    for (const listener of open) listener.stopAccepting();
    // Paused connections and the clock's timers do not keep the process alive until the end of this.
    const hold = setInterval(() => undefined, 60_000);
    const late = new AbortController();
    void ports.clock.sleep(drainMs, late.signal).then(() => { late.abort(); });
    await dispatcher.drain(late.signal);
    await Promise.all(open.map((listener) => listener.close(late.signal)));
    late.abort();
    for (const listener of open) listener.destroy();
    clearInterval(hold);
  }

  return {
    addresses: open.map(({ address }) => address),
    stats,
    close(drainMs) {
      closing ??= closeAll(drainMs);
      return closing;
    },
  };
}

interface OpenListener {
  readonly address: string;
  readonly name: Scope | 'http';
  connections(): number;
  /** Connections that were too many. */
  dropped(): number;
  stopAccepting(): void;
  /** Resolves when every connection has ended by itself, or on abort. */
  close(late: AbortSignal): Promise<void>;
  destroy(): void;
}

async function openListener(
  listener: Listener, dispatcher: Dispatcher, options: ControlServerOptions & { readonly scrape: (() => Buffer) | undefined }, ports: { readonly clock: Clock; readonly logger: Logger },
): Promise<OpenListener> {
  const requestTimeoutMs = options.requestTimeoutMs ?? 10_000;
  const sockets = new Set<Socket>();
  let dropped = 0;
  const rpcConnections = new Map<RpcSocket, RpcConnection>();
  const stopped = new AbortController();

  const door = 'path' in listener ? unixDoor(listener.scope, options.peerUid) : httpDoor(listener);
  const handle = createHttpHandler({
    door, dispatcher, probes: options.probes, metrics: options.scrape, clock: ports.clock,
    flushTimeoutMs: requestTimeoutMs, stopping: () => stopped.signal.aborted,
  });
  const server = createServer({
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, requestTimeoutMs),
    maxHeaderSize: 16_384,
  });
  server.maxConnections = options.maxConnections ?? 256;
  server.on('request', (request, response) => { void handle(request, response, false); });
  server.on('checkContinue', (request, response) => { void handle(request, response, true); });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => { sockets.delete(socket); });
  });
  server.on('drop', () => { dropped++; });
  server.on('clientError', (error, socket) => { refuse(socket, unreadable(error), ports.clock); });
  server.on('upgrade', (request, socket, head) => { upgrade(request, socket, head); });

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => { socket.destroy(); });
    const problem = (stopped.signal.aborted ? new RaxedError('STOPPING', 'the daemon is stopping') : undefined)
      ?? door.sourceProblem(request.headers) ?? door.tokenProblem(request.headers)
      ?? (request.url === RPC_PATH ? undefined : new RaxedError('UNKNOWN_METHOD', `WebSockets are served at ${RPC_PATH}`));
    if (problem !== undefined) { refuse(socket, problem, ports.clock); return; }
    const webSockets = new WebSocketServer({
      noServer: true, clientTracking: false, perMessageDeflate: false,
      maxPayload: dispatcher.maxBodyBytes(), WebSocket: RpcSocket, ...CLOSE_TIMEOUT,
    });
    webSockets.handleUpgrade(request, socket, head, (rpcSocket) => {
      rpcSocket.prependListener('message', countIncoming(socket, dispatcher));
      rpcConnections.set(rpcSocket, serveRpc(rpcSocket, {
        stream: socket, origin: door.originOf(socket), dispatcher,
        admitted: () => door.tokenProblem(request.headers) === undefined,
      }));
      rpcSocket.once('close', () => { rpcConnections.delete(rpcSocket); });
    });
  }

  async function beat(): Promise<void> {
    while (!stopped.signal.aborted) {
      await ports.clock.sleep(options.pingIntervalMs ?? 15_000, stopped.signal);
      for (const [socket, connection] of rpcConnections) if (!connection.heartbeat()) socket.terminate();
    }
  }

  const { address, unlink } = await listen(server, listener, ports.logger);
  server.on('error', (error) => { ports.logger.error({ socket: address, error }, 'a socket failed'); });
  void beat();

  return {
    address,
    name: 'path' in listener ? listener.scope : 'http',
    connections: () => sockets.size,
    dropped: () => dropped,
    stopAccepting() {
      stopped.abort();
      unlink();
      server.close();
      server.closeIdleConnections();
    },
    async close(late) {
      for (const socket of rpcConnections.keys()) socket.close(1001, 'stopping');
      server.closeIdleConnections();
      const flushed = new AbortController();
      void ports.clock.sleep(FLUSH_MS, late).then(() => { flushed.abort(); });
      await untilEmpty(sockets, flushed.signal);
    },
    destroy() {
      stopped.abort();
      unlink();
      server.close();
      for (const socket of rpcConnections.keys()) socket.terminate();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function listen(server: Server, listener: Listener, logger: Logger): Promise<{ address: string; unlink: () => void }> {
  if (!('path' in listener)) return { address: await listenLoopback(server, { ...listener, setting: 'control.http' }), unlink: () => undefined };
  return { address: listener.path, unlink: await listenUnix(server, listener.path, { mode: listener.mode, logger }) };
}

/** How long a peer may take to answer a closing handshake. */
const CLOSE_TIMEOUT: object = { closeTimeout: 1000 };

/**
 * Counts what a WebSocket has received of a message that is not yet complete against what all connections may hold;
 * cuts the connection when there is no room. The returned function is called at each complete message.
 */
function countIncoming(socket: Duplex, dispatcher: Dispatcher): () => void {
  let held = 0;
  const release = (): void => { dispatcher.reading.give(held); held = 0; };
  // Before ws's own listener, which may announce the message that this chunk completes.
  socket.prependListener('data', (chunk: Buffer) => {
    if (dispatcher.reading.take(chunk.length)) held += chunk.length;
    else socket.destroy();
  });
  socket.once('close', release);
  return release;
}

function unreadable(error: Error): RaxedError | undefined {
  const code = errnoOf(error);
  if (code === 'ECONNRESET' || code === 'EPIPE') return undefined;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new RaxedError('REQUEST_TIMEOUT', 'the request took too long to arrive');
  if (code === 'HPE_HEADER_OVERFLOW') return new RaxedError('TOO_LARGE', 'the headers are too large');
  return new RaxedError('BAD_REQUEST', 'this is not HTTP/1.1');
}

function refuse(socket: Duplex, error: RaxedError | undefined, clock: Clock): void {
  if (error === undefined || !socket.writable) socket.destroy();
  else endAndLinger(socket, rawFailure(error), clock);
}

function untilEmpty(sockets: ReadonlySet<Socket>, late: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => { if (sockets.size === 0) resolve(); };
    for (const socket of sockets) socket.once('close', check);
    late.addEventListener('abort', () => { resolve(); }, { once: true });
    if (late.aborted) resolve();
    check();
  });
}
