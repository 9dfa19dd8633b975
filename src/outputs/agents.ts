import { request as httpRequest, type ClientRequest } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket, type ConnectionOptions } from 'node:tls';
import { errnoOf } from '../errors.js';
import { DeliveryError, type PeerCertificate } from './output.js';
import { watchCertificate } from './peer-certificate.js';
import type { Proxy } from './proxy.js';
import { meaningOfCode, meaningOfProxyStatus, timeoutFailure } from './status.js';
import type { TlsFiles } from './tls-files.js';

export interface PoolOptions {
  readonly keepAlive: true;
  readonly maxSockets: number;
  readonly maxFreeSockets: number;
}

type Connected = (error: Error | null, stream: Duplex) => void;

/** Every new connection takes the TLS files as they are then. No session is resumed past a change of them. */
export class ReloadingAgent extends Agent {
  readonly #files: TlsFiles;
  #inForce: ConnectionOptions | undefined;
  #certificate: PeerCertificate | undefined;

  constructor(pool: PoolOptions, files: TlsFiles) {
    super({ ...pool, maxCachedSessions: 0 });
    this.#files = files;
  }

  /** What the receiver showed on the newest connection. */
  get certificate(): PeerCertificate | undefined { return this.#certificate; }

  /** To be called before each request: a connection made with files that have changed since serves no further one. Throws DeliveryError `misconfigured`. */
  refresh(): void {
    const options = this.#files.current();
    if (options === this.#inForce) return;
    this.#inForce = options;
    for (const idle of Object.values(this.freeSockets).flat()) idle?.destroy();
    for (const busy of Object.values(this.sockets).flat()) busy?.once('free', () => { busy.destroy(); });
  }

  override createConnection(options: RequestOptions, connected?: Connected): Duplex | null | undefined {
    return this.secure(options, {}, connected);
  }

  protected secure(options: RequestOptions, transport: ConnectionOptions, connected?: Connected): Duplex | null | undefined {
    const socket = super.createConnection({ ...options, ...transport, ...this.#files.current() }, connected);
    if (socket instanceof TLSSocket) watchCertificate(socket, (certificate) => { this.#certificate = certificate; });
    return socket;
  }
}

export interface TunnelOptions {
  readonly proxy: Proxy;
  /** For the proxy to open the tunnel. */
  readonly timeoutMs: number;
}

/** Connections inside of tunnels that a proxy opens (CONNECT; RFC 9110, 9.3.6). */
export class TunnelAgent extends ReloadingAgent {
  readonly #tls: () => ConnectionOptions;
  readonly #options: TunnelOptions;
  readonly #opening = new Set<ClientRequest>();

  constructor(pool: PoolOptions, files: TlsFiles, options: TunnelOptions) {
    super(pool, files);
    this.#tls = () => files.forProxy();
    this.#options = options;
  }

  override createConnection(options: RequestOptions, connected?: Connected): undefined {
    const host = options.host ?? '';
    void this.#open(`${host.includes(':') ? `[${host}]` : host}:${options.port ?? 443}`)
      .then((socket) => {
        const secured = this.secure(options, { socket });
        if (secured != null) connected?.(null, secured);
      })
      .catch((error: unknown) => { connected?.(error instanceof Error ? error : new Error('no tunnel'), new Duplex()); });
  }

  override destroy(): void {
    for (const request of this.#opening) request.destroy();
    super.destroy();
  }

  #open(authority: string): Promise<Socket> {
    return openTunnel(authority, this.#options, { tls: this.#tls, opening: this.#opening });
  }
}

/**
 * A connection to `authority` through a proxy. Rejects with DeliveryError. `tls`: for a proxy that speaks it;
 * `opening`: where the request stands as long as it runs.
 */
export function openTunnel(authority: string, { proxy: { tls: secure, host, port, authorization }, timeoutMs }: TunnelOptions, { tls, opening }: { readonly tls: () => ConnectionOptions; readonly opening: Set<ClientRequest> }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const options = {
      method: 'CONNECT', host, port, path: authority, agent: false,
      headers: { Host: authority, ...(authorization === undefined ? {} : { 'Proxy-Authorization': authorization }) },
    };
    const request = secure ? httpsRequest({ ...options, ...tls(), ...(isIP(host) === 0 ? { servername: host } : {}) }) : httpRequest(options);
    const end = (result: Socket | DeliveryError): void => {
      clearTimeout(timer);
      opening.delete(request);
      if (!(result instanceof DeliveryError)) { resolve(result); return; }
      request.destroy();
      reject(result);
    };
    const timer = setTimeout(() => { end(timeoutFailure(`the proxy opened no connection within ${timeoutMs} ms`)); }, timeoutMs);
    opening.add(request);
    request.on('error', (error) => { end(broken(error)); });
    // For every status.
    request.on('connect', ({ statusCode = 0 }, socket, head) => {
      const refusal = refused(statusCode);
      if (refusal === undefined) socket.unshift(head);
      else socket.destroy();
      end(refusal ?? socket);
    });
    request.end();
  });
}

function refused(status: number): DeliveryError | undefined {
  const meaning = meaningOfProxyStatus(status);
  if (meaning === 'success') return undefined;
  return new DeliveryError(meaning.kind, `the proxy answered ${status}${meaning.says === undefined ? '' : `: ${meaning.says}`}`, meaning);
}

function broken(error: unknown): DeliveryError {
  const code = errnoOf(error);
  return new DeliveryError(meaningOfCode(code).kind, `the proxy: ${code ?? 'the connection failed'}`, meaningOfCode(code));
}
