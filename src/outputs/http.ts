import { Agent as HttpAgent, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import type { Got } from 'got';
import { errnoOf } from '../errors.js';
import { DeliveryError } from './output.js';
import { classifyNetworkError } from './status.js';
import { createTlsFiles, type TlsFiles, type TlsOptions } from './tls-files.js';

/** The one HTTP client of all outputs: keep-alive, no redirects, no retries of its own, everything bounded. */

/** Of an answer's body no more than this is read; its beginning is all that an error message needs. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** The status line is the answer; a body that dawdles behind it is waited for no longer than this. */
const BODY_GRACE_MS = 1000;

export interface HttpClientOptions {
  readonly tls?: TlsOptions | undefined;
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
  /** Closes idle and busy connections. */
  close(): void;
}

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const files = createTlsFiles(options.tls, options.skipVerify);
  const agents = agentsFor(options, files);
  let client: Promise<Got> | undefined;

  const attempt = async (request: HttpPost): Promise<HttpAnswer | 'stale'> => {
    const got = await (client ??= loadGot(agents));
    if (request.url.startsWith('https:')) files.current();
    return exchange(got, request, options.timeoutMs);
  };

  return {
    async post(request) {
      // A kept connection that the peer closed while it was idle says nothing about the peer: ask again on another.
      for (let tries = 0; tries <= options.maxSockets; tries++) {
        const answer = await attempt(request);
        if (answer !== 'stale') return answer;
      }
      throw new DeliveryError('retry', 'ECONNRESET');
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

/** True for names and addresses that stay on this machine; they never go through a proxy. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

interface Agents { readonly http: HttpAgent; readonly https: HttpsAgent }

/** Where a proxy would come in: other agents for URLs that are not `isLoopback`. */
function agentsFor(options: HttpClientOptions, files: TlsFiles): Agents {
  const pool = { keepAlive: true, maxSockets: options.maxSockets, maxFreeSockets: options.maxSockets };
  return { http: new HttpAgent(pool), https: new ReloadingAgent(pool, files) };
}

/** Every new connection takes the TLS files as they are then. No session is resumed past a change of them. */
class ReloadingAgent extends HttpsAgent {
  readonly #files: TlsFiles;

  constructor(pool: { keepAlive: boolean; maxSockets: number; maxFreeSockets: number }, files: TlsFiles) {
    super({ ...pool, maxCachedSessions: 0 });
    this.#files = files;
  }

  override createConnection(options: RequestOptions, callback?: Parameters<HttpsAgent['createConnection']>[1]): ReturnType<HttpsAgent['createConnection']> {
    return super.createConnection({ ...options, ...this.#files.current() }, callback);
  }
}

/** got is imported when the first request is made: a daemon without HTTP destinations does not carry it. */
async function loadGot(agent: Agents): Promise<Got> {
  const { got } = await import('got');
  return got.extend({
    agent: { http: agent.http, https: agent.https },
    method: 'POST',
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
  });
}

/** One request. `stale`: the connection had been used before and was reset before any answer. */
function exchange(got: Got, request: HttpPost, timeoutMs: number): Promise<HttpAnswer | 'stale'> {
  return new Promise((resolve, reject) => {
    let sent: ClientRequest | undefined;
    let head: IncomingMessage | undefined;
    let bytes = 0;
    let over = false;
    const chunks: Buffer[] = [];

    const stream = got.stream(request.url, { headers: request.headers, body: request.body });

    const settle = (): boolean => {
      if (over) return false;
      over = true;
      clearTimeout(timer);
      request.signal.removeEventListener('abort', aborted);
      return true;
    };
    const answered = (response: IncomingMessage, complete: boolean): void => {
      if (!settle()) return;
      if (!complete) stream.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks), complete });
    };
    const failed = (error: unknown): void => {
      if (head !== undefined) { answered(head, false); return; }
      if (!settle()) return;
      const code = errnoOf(error);
      if (sent?.reusedSocket === true && (code === 'ECONNRESET' || code === 'EPIPE')) resolve('stale');
      // got's error is not kept as the cause: it carries the request with its body and headers.
      else reject(error instanceof DeliveryError ? error : new DeliveryError(classifyNetworkError(code), code ?? 'the request failed'));
    };
    const aborted = (): void => {
      if (settle()) reject(new DeliveryError('retry', 'aborted'));
      stream.destroy();
    };

    let timer = setTimeout(() => {
      if (settle()) reject(new DeliveryError('retry', `no answer within ${timeoutMs} ms`));
      stream.destroy();
    }, timeoutMs);
    stream.on('error', failed);
    stream.on('request', (made: ClientRequest) => { sent = made; });
    stream.on('response', (response: IncomingMessage) => {
      head = response;
      clearTimeout(timer);
      timer = setTimeout(() => { answered(response, false); }, BODY_GRACE_MS);
    });
    stream.on('data', (chunk: Buffer) => {
      if (over) return;
      const room = MAX_ANSWER_BYTES - bytes;
      chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
      bytes += Math.min(chunk.length, room);
      if (chunk.length > room && head !== undefined) answered(head, false);
    });
    stream.on('end', () => { if (head !== undefined) answered(head, true); });
    if (request.signal.aborted) aborted();
    else request.signal.addEventListener('abort', aborted, { once: true });
  });
}
