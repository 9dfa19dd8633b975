import { createConnection } from 'node:net';
import { WebSocket } from 'ws';
import { RaxedError } from '../errors.js';
import type { ConnectionOptions } from './connection.js';
import { unreachable } from './connection.js';
import { parseAnswer } from './rpc-answer.js';

/**
 * Subscribes to a stream of events over the daemon's unix socket and calls `onEvent` for each.
 * Resolves when `signal` aborts; throws DAEMON_UNREACHABLE when the daemon goes away or does not answer the subscription
 * within `timeoutMs`, RemoteError when it refuses.
 */
export function subscribe(
  subscription: { readonly method: string; readonly params: object; readonly onEvent: (event: object) => void },
  options: ConnectionOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { socketPath, timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    const socket = new WebSocket('ws://raxed/v1/rpc', { createConnection: () => createConnection(socketPath), perMessageDeflate: false });
    // Not ws's handshakeTimeout: it sets no timer on a connection that we make ourselves, and ends with the handshake.
    const unanswered = setTimeout(() => { fail(new RaxedError('DAEMON_UNREACHABLE', `the daemon on ${socketPath} did not answer within ${timeoutMs} ms`)); }, timeoutMs);
    const end = (): void => {
      clearTimeout(unanswered);
      signal.removeEventListener('abort', stop);
      socket.terminate();
    };
    const fail = (error: RaxedError): void => { reject(error); end(); };
    const stop = (): void => { resolve(); end(); };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    socket.on('open', () => { socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: subscription.method, params: subscription.params })); });
    socket.on('message', (data) => {
      clearTimeout(unanswered);
      const answer = parseAnswer(Buffer.isBuffer(data) ? data.toString('utf8') : '');
      if (answer === undefined) { fail(new RaxedError('DAEMON_UNREACHABLE', `what answers on ${socketPath} is not raxed`)); return; }
      if (answer.error !== undefined) fail(answer.error);
      else if (answer.event !== undefined) subscription.onEvent(answer.event);
    });
    socket.on('error', (error) => { fail(unreachable(socketPath, error)); });
    socket.on('close', () => { fail(new RaxedError('DAEMON_UNREACHABLE', `the daemon on ${socketPath} closed the connection: it is stopping, or its events were read too slowly`)); });
  });
}
