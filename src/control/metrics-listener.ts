import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RaxedError } from '../errors.js';
import type { Clock, Logger } from '../ports.js';
import { loopbackSourceProblem } from './door.js';
import type { Answer } from './http.js';
import { METRICS_PATH, bodyOf, endAndLinger, failure, headers, rawResponse, wrongVerb } from './http.js';
import { listenLoopback } from './tcp-listener.js';

export interface MetricsListener {
  /** Such as `http://127.0.0.1:9187`. */
  readonly address: string;
  /** Cuts all connections. Safe to call twice. */
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 5000;
const MAX_CONNECTIONS = 16;

/**
 * A loopback port that answers `GET /metrics` and nothing else, without a token: the metrics hold neither texts nor secrets.
 * Throws PORT_IN_USE, or CONFIG_INVALID when others could reach the address.
 */
export async function createMetricsListener(
  { host, port, metrics }: { readonly host: string; readonly port: number; readonly metrics: () => Buffer }, { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<MetricsListener> {
  const serve = (request: IncomingMessage, response: ServerResponse): void => { send(answer(request, metrics), response, clock); };
  const server = createServer({
    headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: 1000, maxHeaderSize: 16_384,
  }, serve);
  // Else Node would ask for a body that is not read.
  server.on('checkContinue', serve);
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(REQUEST_TIMEOUT_MS);
  const address = await listenLoopback(server, { host, port, setting: 'control.metrics' });
  server.on('error', (error) => { logger.error({ socket: address, error }, 'a socket failed'); });
  return {
    address,
    close: () => new Promise((resolve) => {
      server.close(() => { resolve(); });
      server.closeAllConnections();
    }),
  };
}

function answer(request: IncomingMessage, metrics: () => Buffer): Answer {
  const strange = loopbackSourceProblem(request.headers);
  if (strange !== undefined) return failure(strange);
  if (request.url?.split('?', 1)[0] !== METRICS_PATH) return failure(new RaxedError('UNKNOWN_METHOD', `only ${METRICS_PATH} is served here`));
  if (request.method !== 'GET') return wrongVerb('GET');
  try {
    return { status: 200, body: metrics() };
  } catch (error) {
    return failure(error);
  }
}

/** Of a request that has a body nothing more is read, and the connection ends. */
function send(outcome: Answer, response: ServerResponse, clock: Clock): void {
  const body = bodyOf(outcome);
  const { req: request } = response;
  if (!hasBody(request)) response.writeHead(outcome.status, headers(outcome, body)).end(body);
  else endAndLinger(request.socket, rawResponse(outcome, body), clock);
}

function hasBody({ headers: { 'content-length': length, 'transfer-encoding': coding } }: IncomingMessage): boolean {
  return coding !== undefined || (length !== undefined && Number(length) > 0);
}
