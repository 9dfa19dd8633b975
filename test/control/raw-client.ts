import { once } from 'node:events';
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import type t from 'tap';
import { WebSocket } from 'ws';

type Test = Pick<typeof t, 'teardown'>;

/** A unix socket, or a port of 127.0.0.1. */
export type Place = string | { readonly port: number };

export function connect(place: Place): Socket {
  return createConnection({ ...(typeof place === 'string' ? { path: place } : { port: place.port, host: '127.0.0.1' }), allowHalfOpen: true });
}

/** Writes raw bytes and reads until the other side ends; a reset counts as an end. */
export async function raw(place: Place, bytes: string | Uint8Array, keepOpen = true): Promise<string> {
  const socket = connect(place);
  if (keepOpen) socket.write(bytes); else socket.end(bytes);
  return readToEnd(socket);
}

export async function readToEnd(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => { text += chunk; });
  socket.on('error', () => undefined);
  socket.on('end', () => { socket.destroy(); });
  if (!socket.destroyed) await new Promise((resolve) => { socket.once('close', resolve); });
  return Buffer.from(text, 'latin1').toString('utf8');
}

export interface HttpAnswer { readonly status: number; readonly headers: string; readonly body: unknown }

export async function http(place: Place, target: string, options: { method?: string; body?: string | Uint8Array; headers?: string; host?: string } = {}): Promise<HttpAnswer> {
  const body = Buffer.from(options.body ?? '');
  const head = `${options.method ?? 'POST'} ${target} HTTP/1.1\r\nhost: ${options.host ?? (typeof place === 'string' ? 'x' : '127.0.0.1')}\r\nconnection: close\r\ncontent-length: ${body.length}\r\n${options.headers ?? ''}\r\n`;
  return parseAnswer(await raw(place, Buffer.concat([Buffer.from(head), body])));
}

export function parseAnswer(text: string): HttpAnswer {
  const cut = text.indexOf('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
  const body = text.slice(cut + 4);
  return { status, headers: text.slice(0, cut).toLowerCase(), body: body === '' ? undefined : JSON.parse(body) };
}

export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A WebSocket that keeps what it gets. */
export async function rpc(t: Test, place: Place, headers: Record<string, string> = {}): Promise<{ socket: WebSocket; messages: Record<string, unknown>[]; closed: Promise<number>; call(message: unknown): Promise<Record<string, unknown>> }> {
  const socket = new WebSocket(typeof place === 'string' ? `ws+unix:${place}:/v1/rpc` : `ws://127.0.0.1:${place.port}/v1/rpc`, { headers });
  const messages: Record<string, unknown>[] = [];
  socket.on('error', () => undefined);
  socket.on('message', (data) => messages.push(JSON.parse(String(data)) as Record<string, unknown>));
  const closed = new Promise<number>((resolve) => { socket.once('close', resolve); });
  await once(socket, 'open');
  t.teardown(() => { socket.terminate(); });
  return {
    socket, messages, closed,
    async call(message) {
      const before = messages.length;
      socket.send(typeof message === 'string' ? message : JSON.stringify(message));
      await until(() => messages.length > before, 'an answer');
      return messages[before] ?? {};
    },
  };
}
