import { createServer as createHttpServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { isIPv6, type AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { RaxedError, errnoOf } from '../errors.js';
import { verifySignature, type SignatureVerdict } from '../outputs/signature.js';
import type { Clock, Random } from '../ports.js';
import { createCertificate } from './certificate.js';

/** One request that arrived, as it is shown. */
export interface Delivery {
  /** From 1. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Whether the signature is that of the secret, over these bytes, and fresh. `missing`: there is none. */
  readonly verified: 'valid' | 'invalid' | 'missing';
  /** Why `invalid`. */
  readonly problem?: Exclude<SignatureVerdict, 'valid'>;
  /** The body, parsed; undefined when it is no JSON object. */
  readonly event: Readonly<Record<string, unknown>> | undefined;
  readonly eventId?: string;
  /** An event with this id arrived before. */
  readonly duplicate: boolean;
  readonly bodyBytes: number;
}

export interface ReceiverOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly secret: string;
  /** HTTPS with a certificate made now; else plain HTTP. */
  readonly ssl: boolean;
  /** Answer 401 to what is not validly signed, as a SOC would. Otherwise everything that is JSON gets 200. */
  readonly strict?: boolean;
  readonly maxBodyBytes?: number;
  readonly onDelivery: (delivery: Delivery) => void;
}

export interface Receiver {
  /** Where to send to. */
  readonly url: string;
  readonly port: number;
  /** PEM, to be trusted as a CA; undefined without TLS. */
  readonly certificate: string | undefined;
  /** Cuts all connections. Safe twice. */
  close(): Promise<void>;
}

const DEFAULT_MAX_BODY_BYTES = 10 * 1024 * 1024;
/** How many times the limit is read and dropped before the connection is cut. */
const READ_BEYOND = 4;
const MAX_REMEMBERED_IDS = 10_000;
const MAX_CONNECTIONS = 256;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const CERTIFICATE_DAYS = 30;

/** Starts a webhook receiver for trying things out. Throws RaxedError PORT_IN_USE or USAGE when it cannot listen. */
export async function createReceiver(options: ReceiverOptions, ports: { clock: Clock; random: Random }): Promise<Receiver> {
  const identity = options.ssl ? createCertificate({
    hosts: namesOf(options.host), now: ports.clock.now(), validDays: CERTIFICATE_DAYS, serial: ports.random.bytes(16),
  }) : undefined;
  const settings = { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS };
  const server: Server = identity === undefined
    ? createHttpServer(settings)
    : createHttpsServer({ ...settings, key: identity.key, cert: identity.certificate });
  server.maxConnections = MAX_CONNECTIONS;

  const seen = new Set<string>();
  let count = 0;

  function take(request: IncomingMessage, body: Buffer): Delivery {
    const event = parseObject(body);
    const eventId = idOf(event, request);
    const duplicate = eventId !== undefined && seen.has(eventId);
    if (eventId !== undefined) remember(seen, eventId);
    const now = ports.clock.now();
    return {
      number: ++count, receivedAt: now, path: request.url ?? '/', headers: request.headers,
      ...judge(request, body, options.secret, Math.floor(now / 1000)),
      event, ...(eventId === undefined ? {} : { eventId }), duplicate, bodyBytes: body.length,
    };
  }

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.method === 'GET' || request.method === 'HEAD') { answer(response, 200, { receiver: 'raxed', deliveries: count }); return; }
    if (request.method !== 'POST') { response.setHeader('Allow', 'GET, HEAD, POST'); answer(response, 405, { error: 'send a POST' }); return; }
    readBody(request, options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES, (body) => {
      if (body === undefined) {
        response.setHeader('Connection', 'close');
        answer(response, 413, { error: 'the body is too large' });
        return;
      }
      const delivery = take(request, body);
      options.onDelivery(delivery);
      const status = delivery.event === undefined ? 400 : options.strict === true && delivery.verified !== 'valid' ? 401 : 200;
      answer(response, status, { received: status === 200, signature: delivery.verified });
    });
  });

  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.ssl ? 'https' : 'http'}://${urlHost(options.host)}:${port}/raxe/alerts`,
    port,
    certificate: identity?.certificate,
    close: () => new Promise((resolve) => {
      server.close(() => { resolve(); });
      server.closeAllConnections();
    }),
  };
}

function judge(request: IncomingMessage, body: Buffer, secret: string, nowSeconds: number): Pick<Delivery, 'verified' | 'problem'> {
  const signatures = [header(request, 'x-raxe-signature'), header(request, 'x-raxe-signature-previous')].filter((value) => value !== undefined);
  if (signatures.length === 0) return { verified: 'missing' };
  const timestamp = header(request, 'x-raxe-timestamp') ?? '';
  const verdict = verifySignature({ body, timestamp, signatures }, { secrets: [secret], nowSeconds });
  return verdict === 'valid' ? { verified: 'valid' } : { verified: 'invalid', problem: verdict };
}

/**
 * Calls `done` once: with the whole body, or with undefined when it is over the limit; not at all when the sender went
 * away. A body that is a little too large is read to its end, so that the sender sees the answer and not a reset.
 */
function readBody(request: IncomingMessage, maxBytes: number, done: (body: Buffer | undefined) => void): void {
  let chunks: Buffer[] = [];
  let length = 0;
  const onData = (chunk: Buffer): void => {
    length += chunk.length;
    if (length <= maxBytes) { chunks.push(chunk); return; }
    chunks = [];
    if (length <= maxBytes * READ_BEYOND) return;
    request.off('data', onData);
    request.off('end', onEnd);
    done(undefined);
  };
  const onEnd = (): void => { done(length <= maxBytes ? Buffer.concat(chunks, length) : undefined); };
  request.on('data', onData);
  request.on('end', onEnd);
  request.on('error', () => undefined);
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json');
  response.end(`${JSON.stringify(body)}\n`);
}

async function listen(server: Server, { host, port }: ReceiverOptions): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => { server.off('error', reject); resolve(); });
    });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EADDRINUSE') throw new RaxedError('PORT_IN_USE', `port ${port} is in use`, { cause: error });
    throw new RaxedError('USAGE', `the receiver cannot listen on this host and port (${errno ?? 'error'})`, { cause: error });
  }
}

function parseObject(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}

function idOf(event: Readonly<Record<string, unknown>> | undefined, request: IncomingMessage): string | undefined {
  const id = event?.['event_id'];
  return typeof id === 'string' ? id : header(request, 'x-raxe-event-id');
}

/** The oldest is forgotten beyond the limit. */
function remember(seen: Set<string>, id: string): void {
  seen.add(id);
  if (seen.size <= MAX_REMEMBERED_IDS) return;
  for (const oldest of seen) { seen.delete(oldest); break; }
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function namesOf(host: string): string[] {
  return [...new Set(['localhost', '127.0.0.1', '::1', ...(isAnyAddress(host) ? [hostname()] : [host])])];
}

function urlHost(host: string): string {
  if (isAnyAddress(host)) return 'localhost';
  return isIPv6(host) ? `[${host}]` : host;
}

function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
