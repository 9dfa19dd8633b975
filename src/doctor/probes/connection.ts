import { request } from 'node:http';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { errnoOf } from '../../errors.js';
import { parseHttpDate } from '../../outputs/answer.js';
import type { PeerCertificate } from '../../outputs/output.js';
import { watchCertificate } from '../../outputs/peer-certificate.js';
import type { TlsFiles } from '../../outputs/tls-files.js';
import type { Answer, Handshake } from '../reach.js';
import { TIMEOUT } from '../reach.js';

/** An error of a step, with the code that says what. */
export class StepError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** Resolves with a connection to one of `addresses`. Rejects with StepError. */
export function connect(addresses: readonly string[], port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const found = addresses.map((address) => ({ address, family: isIP(address) }));
    const socket = connectTcp({
      host: addresses[0] ?? '', port, autoSelectFamily: found.length > 1,
      lookup: (_host, options, done) => { if (options.all === true) done(null, found); else done(null, found[0]?.address ?? '', found[0]?.family); },
    });
    settle(socket, signal, { resolve, reject }, (done) => { socket.once('connect', () => { done(socket); }); });
  });
}

/** TLS over a connection: the handshake is brought to its end whatever the certificate is, which is judged by who reads it. Rejects with StepError. */
export function handshake(socket: Socket, { host, files, signal, http }: { readonly host: string; readonly files: TlsFiles; readonly signal: AbortSignal; readonly http: boolean }): Promise<{ readonly stream: TLSSocket; readonly seen: Handshake }> {
  return new Promise((resolve, reject) => {
    const stream = connectTls({ host, ...(isIP(host) === 0 ? { servername: host } : {}), ...files.current(), rejectUnauthorized: false, socket, ...(http ? { ALPNProtocols: ['http/1.1'] } : {}) });
    let certificate: PeerCertificate | undefined;
    watchCertificate(stream, (shown) => { certificate = shown; });
    settle(stream, signal, { resolve, reject }, (done) => {
      stream.once('secureConnect', () => {
        const names = (stream.getPeerCertificate().subjectaltname ?? '').split(', ').map((name) => name.replace(/^(?:DNS|IP Address):/, '')).filter((name) => name !== '');
        done({ stream, seen: { protocol: stream.getProtocol() ?? 'TLS', certificate, names, distrusted: stream.authorized ? undefined : codeOf(stream.authorizationError) } });
      });
    });
  });
}

/** Asks for nothing (HEAD; RFC 9110, 9.3.2) over a connection. Rejects with StepError. */
export function head(socket: Socket, { url, userAgent, now, signal }: { readonly url: string; readonly userAgent: string; readonly now: () => number; readonly signal: AbortSignal }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { host, pathname, search } = new URL(url);
    const call = request({ method: 'HEAD', path: `${pathname}${search}`, headers: { host, 'user-agent': userAgent, connection: 'close' }, createConnection: () => socket });
    settle(call, signal, { resolve, reject }, (done) => {
      call.once('response', (response) => {
        const serverDate = parseHttpDate(response.headers.date);
        done({ ...(response.statusCode === undefined ? {} : { status: response.statusCode }), ...(serverDate === undefined ? {} : { serverDate }), at: now() });
        response.destroy();
      });
    });
    call.end();
  });
}

interface Emitter {
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  destroy(): unknown;
}

/** One step: `begin` calls its function when it is done; an error, an end or the signal is a StepError. */
function settle<T>(emitter: Emitter, signal: AbortSignal, { resolve, reject }: { resolve(value: T): void; reject(error: StepError): void }, begin: (done: (value: T) => void) => void): void {
  const aborted = (): void => {
    reject(new StepError(TIMEOUT));
    emitter.destroy();
  };
  // Stays: what breaks later is nobody's failure, and without a listener the end of the process.
  emitter.on('error', (error) => { reject(new StepError(codeOf(error))); });
  emitter.on('close', () => {
    signal.removeEventListener('abort', aborted);
    reject(new StepError('ECONNRESET'));
  });
  begin(resolve);
  if (signal.aborted) aborted();
  else signal.addEventListener('abort', aborted, { once: true });
}

function codeOf(error: unknown): string {
  // With several addresses the first one's.
  if (error instanceof AggregateError) return errnoOf(error) ?? codeOf(error.errors[0]);
  return (typeof error === 'string' ? error : errnoOf(error)) ?? 'unknown error';
}
