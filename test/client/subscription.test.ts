import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { WebSocketServer } from 'ws';
import { RemoteError } from '../../src/client/connection.js';
import { subscribe } from '../../src/client/subscription.js';
import { createControlServer } from '../../src/control/server.js';
import type { RaxedEvent } from '../../src/event/event.js';
import { nodeClock } from '../../src/platform/node.js';
import { fakeMethods } from '../control/actions.js';
import { eventually } from '../fixtures/daemon.js';
import { sampleScan } from '../fixtures/events.js';
import { silentLogger } from '../fixtures/logger.js';
import { shortFolder } from '../fixtures/short-folder.js';

type Test = Pick<typeof t, 'teardown'>;
type Emit = (event: RaxedEvent) => void;

async function serve(t: Test): Promise<{ socketPath: string; emitters: Set<Emit>; close(): Promise<void> }> {
  const socketPath = join(shortFolder(t), 'c');
  const emitters = new Set<Emit>();
  const server = await createControlServer({
    listeners: [{ path: socketPath, scope: 'control', mode: 0o600 }],
    methods: fakeMethods({ tail: (emit) => { emitters.add(emit); return () => { emitters.delete(emit); }; } }),
    probes: { ready: () => Promise.resolve({ ready: true }) }, limits: () => ({ maxTextBytes: 1000 }),
  }, { clock: nodeClock, logger: silentLogger });
  t.teardown(() => server.close(0));
  return { socketPath, emitters, close: () => server.close(0) };
}

function listen(socketPath: string, change: { params?: object; timeoutMs?: number; onEvent?: (event: object) => void } = {}): { events: object[]; end(): void; ended: Promise<unknown> } {
  const events: object[] = [];
  const controller = new AbortController();
  const ended = subscribe(
    { method: 'tail', params: change.params ?? {}, onEvent: change.onEvent ?? ((event) => { events.push(event); }) },
    { socketPath, timeoutMs: change.timeoutMs ?? 20_000, signal: controller.signal },
  ).then(() => 'ended', (error: unknown) => error);
  return { events, end: () => { controller.abort(); }, ended };
}

t.test('events arrive until the subscriber ends it, and then the daemon knows', async (t) => {
  const { socketPath, emitters } = await serve(t);
  const { events, end, ended } = listen(socketPath);
  await eventually('it is subscribed', () => emitters.size === 1);
  for (const emit of emitters) for (let i = 0; i < 3; i++) emit(sampleScan({ id: `evt_${i}` }));
  await eventually('they arrive', () => events.length === 3);
  t.match(events, [{ event_id: 'evt_0' }, { event_id: 'evt_1' }, { event_id: 'evt_2' }]);
  end();
  t.equal(await ended, 'ended');
  await eventually('the daemon has forgotten it', () => emitters.size === 0);
});

t.test('a refusal is the daemon\'s own error, a daemon that goes away or is none is unreachable', async (t) => {
  const { socketPath, emitters, close } = await serve(t);
  const refused = await listen(socketPath, { params: { severity: 'severe' } }).ended;
  t.ok(refused instanceof RemoteError);
  t.match(refused, { code: 'BAD_REQUEST', message: /^\/severity: must be one of/, data: { field: '/severity' } });
  const left = listen(socketPath);
  await eventually('it is subscribed', () => emitters.size === 1);
  await close();
  t.match(await left.ended, { code: 'DAEMON_UNREACHABLE', message: /closed the connection/ });
  t.match(await listen(socketPath).ended, { code: 'DAEMON_UNREACHABLE', message: /there is no socket/ });

  const folder = shortFolder(t);
  const silent = createServer((socket) => { socket.on('error', () => undefined); });
  silent.listen(join(folder, 'silent'));
  await once(silent, 'listening');
  t.teardown(() => { silent.close(); });
  t.match(await listen(join(folder, 'silent'), { timeoutMs: 50 }).ended, { code: 'DAEMON_UNREACHABLE', message: /within 50 ms/ });

  const webSockets = new WebSocketServer({ noServer: true });
  const http = createHttpServer();
  http.on('upgrade', (request, socket, head) => { webSockets.handleUpgrade(request, socket, head, (client) => { client.send('{"hello":1}'); }); });
  http.listen(join(folder, 'other'));
  await once(http, 'listening');
  t.teardown(() => { http.closeAllConnections(); http.close(); });
  t.match(await listen(join(folder, 'other')).ended, { code: 'DAEMON_UNREACHABLE', message: /is not raxed/ });
});

t.test('one that does not read is cut off, and others are served', async (t) => {
  const { socketPath, emitters } = await serve(t);
  const quick = listen(socketPath);
  await eventually('the quick one is there', () => emitters.size === 1);
  // Nothing of the subscriber runs while the events are made: it reads nothing meanwhile.
  const slow = listen(socketPath);
  await eventually('the slow one is there', () => emitters.size === 2);
  const [, emitToSlow] = [...emitters];
  const event = sampleScan({ texts: { prompt: 'x'.repeat(50_000) }, dataMode: 'full' });
  let made = 0;
  while (emitToSlow !== undefined && emitters.size === 2 && made < 1000) { emitToSlow(event); made++; if (made % 100 === 0) await new Promise((resolve) => setImmediate(resolve)); }
  t.match(await slow.ended, { code: 'DAEMON_UNREACHABLE', message: /read too slowly/ });
  t.ok(made < 1000, `after ${made} events of 50 kB`);
  for (const emit of emitters) emit(sampleScan({ id: 'evt_later' }));
  await eventually('the quick one goes on', () => quick.events.length === 1);
  quick.end();
  t.equal(await quick.ended, 'ended');
});
