import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ERROR_CODES, RaxedError } from '../errors.js';
import { EXPOSITION_TYPE } from '../metrics/exposition.js';
import type { Clock } from '../ports.js';
import type { Dispatcher } from './dispatcher.js';
import type { Door } from './door.js';
import { OPENAPI_PATH, openApi } from './openapi.js';
import { errorBody, methodOfPath, parseBody } from './protocol.js';

export const METRICS_PATH = '/metrics';

/** What the health probes ask; the answers are sent as JSON. */
export interface Probes {
  /** True when the data path moves. */
  ready(): Promise<{ readonly ready: boolean }>;
}

export interface HttpOptions {
  readonly door: Door;
  readonly dispatcher: Dispatcher;
  readonly probes: Probes;
  /** Asked by GET /metrics, which is served to scope `control` only; undefined: not at all. */
  readonly metrics: (() => Buffer) | undefined;
  readonly clock: Clock;
  /** How long a caller may take to read its answer. */
  readonly flushTimeoutMs: number;
  readonly stopping: () => boolean;
}

/**
 * A listener for one HTTP request: POST /v1/<method>, GET /v1/openapi.json, /healthz, /readyz, /metrics. Never rejects.
 * The two probes need no token, because they say nothing but yes or no.
 */
export function createHttpHandler(options: HttpOptions): (request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean) => Promise<void> {
  const { dispatcher, door } = options;

  async function answer(request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): Promise<Answer> {
    const strange = door.sourceProblem(request.headers);
    if (strange !== undefined) throw strange;
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    if (path === '/healthz' || path === '/readyz') {
      if (request.method !== 'GET') return wrongVerb('GET');
      if (path === '/healthz') return { status: 200, body: { status: 'ok' } };
      const readiness = await options.probes.ready();
      return { status: readiness.ready && !options.stopping() ? 200 : 503, body: readiness };
    }
    const unknown = door.tokenProblem(request.headers);
    if (unknown !== undefined) throw unknown;
    const origin = door.originOf(request.socket);
    if (path === OPENAPI_PATH) {
      return request.method === 'GET' ? { status: 200, body: openApi(dispatcher.entries(origin.scope), { tokenNeeded: origin.caller.socket === 'http' }) } : wrongVerb('GET');
    }
    if (path === METRICS_PATH && options.metrics !== undefined) {
      if (origin.scope !== 'control') throw new RaxedError('FORBIDDEN', 'metrics are served on the control socket only');
      return request.method === 'GET' ? { status: 200, body: options.metrics() } : wrongVerb('GET');
    }
    const name = methodOfPath(path);
    if (name === undefined) throw new RaxedError('UNKNOWN_METHOD', 'there is no such path');
    dispatcher.entry(name, origin.scope);
    if (request.method !== 'POST') return wrongVerb('POST');

    const gone = new AbortController();
    response.once('close', () => { gone.abort(); });
    const params = parseBody(await readBody(request, () => { if (awaitsContinue) response.writeContinue(); }));
    const { result, httpStatus } = await dispatcher.call(name, params, { ...origin, signal: gone.signal });
    return { status: httpStatus, body: result };
  }

  /** The whole body, or TOO_LARGE or BUSY as soon as that is known; what comes after is not read. */
  async function readBody(request: IncomingMessage, begin: () => void): Promise<Uint8Array> {
    const limit = dispatcher.maxBodyBytes();
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') throw new RaxedError('BAD_REQUEST', 'compressed bodies are not accepted');
    if (Number(request.headers['content-length'] ?? 0) > limit) throw bodyTooLarge();
    begin();
    let held = 0;
    const chunks: Buffer[] = [];
    try {
      await new Promise<void>((resolve, reject) => {
        request.on('data', (chunk: Buffer) => {
          if (!dispatcher.reading.take(chunk.length)) { request.pause(); reject(new RaxedError('BUSY', 'too many requests are being read at once')); return; }
          held += chunk.length;
          chunks.push(chunk);
          if (held > limit) { request.pause(); reject(bodyTooLarge()); }
        });
        request.once('end', resolve);
        request.once('close', () => { reject(new RaxedError('BAD_REQUEST', 'the request ended before its body')); });
        request.once('error', () => { reject(new RaxedError('BAD_REQUEST', 'the request ended before its body')); });
      });
      return Buffer.concat(chunks);
    } finally {
      request.removeAllListeners('data');
      dispatcher.reading.give(held);
    }
  }

  return async (request, response, awaitsContinue) => {
    let outcome: Answer;
    let body: string | Buffer;
    try {
      outcome = await answer(request, response, awaitsContinue);
      body = bodyOf(outcome);
    } catch (error) {
      outcome = failure(error);
      body = bodyOf(outcome);
    }
    if (response.destroyed) return;
    if (request.complete) send(response, outcome, body);
    else endAndLinger(request.socket, rawResponse(outcome, body), options.clock);
  };

  function send(response: ServerResponse, outcome: Answer, body: string | Buffer): void {
    response.writeHead(outcome.status, {
      ...headers(outcome, body),
      ...(options.stopping() ? { connection: 'close' } : {}),
    });
    const flushed = new AbortController();
    const { socket } = response;
    response.once('finish', () => { flushed.abort(); });
    response.once('close', () => { flushed.abort(); });
    response.end(body);
    void options.clock.sleep(options.flushTimeoutMs, flushed.signal).then(() => {
      if (!flushed.signal.aborted) socket?.destroy();
    });
  }
}

/** How long a caller that was refused while still sending may take to read why. */
const LINGER_MS = 1000;

/**
 * Answers on a connection of which the rest stays unread: writes, half-closes, and closes a little later.
 * Node's own way would read it all or close at once, and then a caller that is still writing may never see the answer.
 */
export function endAndLinger(socket: Duplex, response: string, clock: Clock): void {
  const closed = new AbortController();
  socket.once('close', () => { closed.abort(); });
  socket.end(response);
  void clock.sleep(LINGER_MS, closed.signal).then(() => { socket.destroy(); });
}

export interface Answer {
  readonly status: number;
  /** Bytes are metrics; anything else is sent as JSON. */
  readonly body: object;
  readonly allow?: string;
}

export function failure(error: unknown): Answer {
  const body = errorBody(error);
  return { status: ERROR_CODES[body.code].http, body: { error: body } };
}

/** An error as a whole HTTP response, for a connection whose request could not be read at all. */
export function rawFailure(error: RaxedError): string {
  const answer = failure(error);
  return rawResponse(answer, bodyOf(answer));
}

export function bodyOf({ body }: Answer): string | Buffer {
  return Buffer.isBuffer(body) ? body : JSON.stringify(body);
}

/** A whole HTTP response, after which the connection ends. `body` as `bodyOf` gives it. */
export function rawResponse(answer: Answer, body: string | Buffer): string {
  const { status } = answer;
  const lines = Object.entries({ ...headers(answer, body), connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body.toString()}`;
}

/** `sent`: the body as it is sent. */
export function headers({ status, allow, body }: Answer, sent: string | Buffer): Record<string, string> {
  return {
    'content-type': Buffer.isBuffer(body) ? EXPOSITION_TYPE : 'application/json',
    'content-length': String(Buffer.byteLength(sent)),
    ...(allow === undefined ? {} : { allow }),
    ...(status === 401 ? { 'www-authenticate': 'Bearer realm="raxed"' } : {}),
    ...(status === 503 ? { 'retry-after': '1' } : {}),
  };
}

export function wrongVerb(allow: string): Answer {
  return { status: 405, allow, body: { error: { code: 'BAD_REQUEST', message: `only ${allow} is answered here` } } };
}

function bodyTooLarge(): RaxedError {
  return new RaxedError('TOO_LARGE', 'the request is larger than any that is allowed');
}
