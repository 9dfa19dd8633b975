import { lookup } from 'node:dns/promises';
import type { Server } from 'node:net';
import { RaxedError, errnoOf } from '../errors.js';

/**
 * Makes `server` listen on a loopback address; `host` is one, or a name of one. Port 0: any free one. `setting`: where they are configured.
 * Resolves with the origin, such as `http://127.0.0.1:8787`. Throws PORT_IN_USE, and CONFIG_INVALID when others could
 * reach the address: a name is resolved first, so that it is never listened on.
 */
export async function listenLoopback(server: Server, { host, port, setting }: { readonly host: string; readonly port: number; readonly setting: string }): Promise<string> {
  const { address } = await lookup(host.replace(/^\[(.*)\]$/, '$1'), { order: 'ipv4first' }).catch((error: unknown) => { throw unusable(host, port, error); });
  if (!isLoopbackAddress(address)) throw new RaxedError('CONFIG_INVALID', `${setting}.host is not a loopback address: it would be reachable from outside`);
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => { reject(unusable(host, port, error)); };
    server.once('error', fail);
    server.listen({ host: address, port, exclusive: true }, () => { server.removeListener('error', fail); resolve(); });
  });
  const bound = server.address();
  return `http://${address.includes(':') ? `[${address}]` : address}:${typeof bound === 'object' && bound !== null ? bound.port : port}`;
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^127(?:\.\d{1,3}){3}$/.test(address);
}

function unusable(host: string, port: number, error: unknown): RaxedError {
  const errno = errnoOf(error);
  const reason = errno === 'EADDRINUSE' ? 'another process listens there' : errno ?? 'error';
  return new RaxedError('PORT_IN_USE', `port ${port} of ${host} cannot be listened on (${reason})`, { cause: error });
}
