import { Agent as HttpAgent, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Got } from 'got';
import { errnoOf } from '../errors.js';
import { ReloadingAgent, TunnelAgent } from './agents.js';
import { DeliveryError, type PeerCertificate } from './output.js';
import { proxyFor, type ProxySettings } from './proxy.js';
import { meaningOfStatus, timeoutFailure, wireFailure } from './status.js';
import { createTlsFiles, type TlsOptions } from './tls-files.js';

/** The one HTTP client of all outputs: keep-alive, no redirects, no retries of its own, everything bounded. */

/** Of an answer's body no more than this is read; its beginning is all that an error message needs. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** The status line is the answer; a body that dawdles behind it is waited for no longer than this. */
const BODY_GRACE_MS = 1000;
const SENT_TURNS = 10;

export interface HttpClientOptions {
  readonly tls?: TlsOptions | undefined;
  /** None unless told. */
  readonly proxy?: ProxySettings | undefined;
  readonly skipVerify: boolean;
  /** For one request, from name resolution to the answer's head. */
  readonly timeoutMs: number;
  /** Connections kept and used at most. */
  readonly maxSockets: number;
}

export interface HttpPost {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
  /** The answer is in its body: that is waited for as long as the head, and one that is cut short is no answer. */
  readonly wholeBody?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** False when the body was cut short: by our bounds or by the peer. */
  readonly complete: boolean;
}

export interface HttpClient {
  /** Resolves with whatever was answered, redirects and errors included. Rejects with DeliveryError when there was no answer. */
  post(request: HttpPost): Promise<HttpAnswer>;
  /** The same for a question. */
  get(request: Omit<HttpPost, 'body'>): Promise<HttpAnswer>;
  /** What the receiver showed on the newest connection, trusted or not; undefined when that was not TLS. */
  certificate(): PeerCertificate | undefined;
  /** Closes idle and busy connections. */
  close(): void;
}

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const pool = { keepAlive: true, maxSockets: options.maxSockets, maxFreeSockets: options.maxSockets } as const;
  const files = createTlsFiles(options.tls, options.skipVerify);
  const plain = new HttpAgent(pool);
  const direct = new ReloadingAgent(pool, files);
  let tunnel: TunnelAgent | undefined;
  let client: Promise<Got> | undefined;

  /** Within one client all https requests that need a proxy need the same one. */
  function agentFor(url: string): ReloadingAgent {
    const proxy = options.proxy === undefined ? 'direct' : proxyFor(url, options.proxy);
    if (proxy === 'unusable') throw new DeliveryError('misconfigured', 'the proxy setting is not the URL of an http or https proxy: see proxy and HTTPS_PROXY');
    return proxy === 'direct' ? direct : tunnel ??= new TunnelAgent(pool, files, { proxy, timeoutMs: options.timeoutMs });
  }

  async function ask({ url, headers, signal, wholeBody = false }: Omit<HttpPost, 'body'>, content: { method: 'GET' } | { method: 'POST'; body: Uint8Array }): Promise<HttpAnswer> {
    const got = await (client ??= loadGot());
    const https = agentFor(url);
    // A kept connection that the peer closed while it was idle says nothing about the peer: ask again on another.
    for (let tries = 0; tries <= options.maxSockets; tries++) {
      if (url.startsWith('https:')) https.refresh();
      const stream = got.stream(url, { headers, ...content, agent: { http: plain, https } });
      const answer = await exchange(stream, signal, { timeoutMs: options.timeoutMs, wholeBody });
      if (answer !== 'stale') return answer;
    }
    throw wireFailure('ECONNRESET', '');
  }

  return {
    post: (request) => ask(request, { method: 'POST', body: request.body }),
    get: (request) => ask(request, { method: 'GET' }),
    certificate: () => (tunnel ?? direct).certificate,
    close() {
      for (const agent of [plain, direct, tunnel]) agent?.destroy();
    },
  };
}

/** got is imported when the first request is made: a daemon without HTTP destinations does not carry it. */
async function loadGot(): Promise<Got> {
  const { got } = await import('got');
  return got.extend({
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
  });
}

/** One request. `stale`: the connection had been used before and was reset before any answer. */
function exchange(stream: ReturnType<Got['stream']>, signal: AbortSignal, { timeoutMs, wholeBody }: { readonly timeoutMs: number; readonly wholeBody: boolean }): Promise<HttpAnswer | 'stale'> {
  return new Promise((resolve, reject) => {
    let sent: ClientRequest | undefined;
    let handedOver = false;
    let head: IncomingMessage | undefined;
    let bytes = 0;
    let over = false;
    const chunks: Buffer[] = [];

    const settle = (): boolean => {
      if (over) return false;
      over = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      return true;
    };
    /** Whether all of the request is with the operating system. An answer may be read a few turns of the event loop before we are told so. */
    const isSent = async (): Promise<boolean> => {
      for (let turn = 0; turn < SENT_TURNS && !handedOver && sent?.socket?.destroyed !== true; turn++) await new Promise((next) => { setImmediate(next); });
      return handedOver;
    };
    const answered = (response: IncomingMessage, complete: boolean): void => {
      if (!settle()) return;
      const status = response.statusCode ?? 0;
      void isSent().then((whole) => {
        if (!complete || !whole) stream.destroy();
        // Whoever says that they have it before they can have it is not believed.
        if (!whole && meaningOfStatus(status) === 'success') reject(new DeliveryError('retry', `answered ${status} before the event had been sent`));
        else if (!complete && wholeBody) reject(new DeliveryError('retry', `answered ${status}, and the answer was cut short`));
        else resolve({ status, headers: response.headers, body: Buffer.concat(chunks), complete });
      });
    };
    const failed = (error: unknown): void => {
      if (head !== undefined) { answered(head, false); return; }
      if (!settle()) return;
      const code = errnoOf(error);
      if (sent?.reusedSocket === true && (code === 'ECONNRESET' || code === 'EPIPE')) { resolve('stale'); return; }
      // got's error is not kept as the cause: it carries the request with its body and headers.
      const cause = error instanceof Error ? error.cause : undefined;
      reject(cause instanceof DeliveryError ? cause : wireFailure(code, 'the request failed'));
    };
    const aborted = (): void => {
      if (settle()) reject(new DeliveryError('retry', 'aborted'));
      stream.destroy();
    };

    let timer = setTimeout(() => {
      if (settle()) reject(timeoutFailure(`no ${sent?.socket?.connecting === false ? 'answer' : 'connection'} within ${timeoutMs} ms`));
      stream.destroy();
    }, timeoutMs);
    stream.on('error', failed);
    stream.on('request', (made: ClientRequest) => {
      sent = made;
      // A tunnel that fails after we gave up is nobody's failure.
      made.on('error', () => undefined);
      made.once('socket', (socket) => {
        heedErrors(socket);
        // Of a connection that failed meanwhile, Node says it too.
        made.once('finish', () => { handedOver = !socket.destroyed && socket.errored === null; });
      });
    });
    stream.on('response', (response: IncomingMessage) => {
      head = response;
      clearTimeout(timer);
      // Once more round the event loop: after a pause of this process the time is over before what has arrived is read.
      timer = setTimeout(() => { setImmediate(() => { setImmediate(() => { answered(response, false); }); }); }, wholeBody ? timeoutMs : BODY_GRACE_MS);
    });
    stream.on('data', (chunk: Buffer) => {
      if (over) return;
      const room = MAX_ANSWER_BYTES - bytes;
      chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
      bytes += Math.min(chunk.length, room);
      if (chunk.length > room && head !== undefined) answered(head, false);
    });
    stream.on('end', () => { if (head !== undefined) answered(head, true); });
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, { once: true });
  });
}

/** Sockets that we listen to already: a kept one serves many requests. */
const heeded = new WeakSet<Socket>();

/** A write that fails after the answer was read is nobody's failure, and without a listener the end of the process. */
function heedErrors(socket: Socket): void {
  if (heeded.has(socket)) return;
  heeded.add(socket);
  socket.on('error', () => undefined);
}
