import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import type { Watching } from '../../src/cli/ctl/top.js';
import { watch } from '../../src/cli/ctl/top.js';
import { changes, ratesOf, renderTop, topDocument, topLine } from '../../src/cli/ctl/top-view.js';
import { paint } from '../../src/cli/render.js';
import { textWidth } from '../../src/cli/text-width.js';
import type { ControlServer } from '../../src/control/server.js';
import { createControlServer } from '../../src/control/server.js';
import { RaxedError } from '../../src/errors.js';
import { nodeClock } from '../../src/platform/node.js';
import { fakeMethods } from '../control/actions.js';
import { manualClock } from '../fixtures/clock.js';
import { eventually } from '../fixtures/daemon.js';
import { silentLogger } from '../fixtures/logger.js';
import { shortFolder } from '../fixtures/short-folder.js';
import type { CapturedIo } from './captured-io.js';
import { capturedIo } from './captured-io.js';
import { fakeDaemon, raxed, UNSAFE } from './fake-daemon.js';

const style = paint(false);
const destination = (name: string, changed: object = {}): object => ({ mssp_id: 'mssp_a', customer_id: 'cust_a', name, state: 'ok', pending: 0, oldest_pending_age_seconds: 0, delivered: 100, dead: 0, ...changed });

function statusWith(changed: object = {}): object {
  return {
    version: '1.2.3', pid: 4321, uptime_seconds: 3725, state: 'ready', memory_mb: 90,
    scanner: { scans_total: 1000, threats_total: 20 },
    spool: { state: 'ok', bytes: 1536, max_bytes: 1_073_741_824, pending: 0, dead: 0 },
    agents: { total: 4, online: 3, degraded: 0, offline: 1 },
    destinations: [destination('webhook')], warnings: [],
    ...changed,
  };
}

const frameOf = (status: object, screen = { rows: 24, columns: 100 }, news: string[] = []): string[] => renderTop({ status, rates: ratesOf({ status, atMs: 0 }, undefined), news }, screen, style);

t.test('rates are what happened between two looks, and unknown where that is not known', (t) => {
  const before = { status: statusWith(), atMs: 1000 };
  const now = { status: statusWith({ scanner: { scans_total: 1050, threats_total: 21 }, destinations: [destination('webhook', { delivered: 130 }), destination('new', { delivered: 5 })] }), atMs: 3000 };
  t.same(ratesOf(now, before), { scans: 25, threats: 0.5, delivered: 15, destinations: [15, undefined] });
  t.same(ratesOf(now, undefined), { scans: undefined, threats: undefined, delivered: undefined, destinations: [undefined, undefined] });
  t.same(ratesOf(before, now), { scans: undefined, threats: undefined, delivered: undefined, destinations: [undefined] }, 'counters that began again');
  t.same(ratesOf({ status: {}, atMs: 5000 }, now), { scans: undefined, threats: undefined, delivered: undefined, destinations: [] });
  t.end();
});

t.test('a frame shows scans, spool, agents and each destination', (t) => {
  const before = { status: statusWith(), atMs: 0 };
  const status = statusWith({
    scanner: { scans_total: 12_000, threats_total: 21 }, spool: { state: 'ok', bytes: 1536, max_bytes: 1_073_741_824, pending: 7, dead: 2 },
    destinations: [destination('webhook', { delivered: 101 }), destination('soc', { state: 'retrying', pending: 7, oldest_pending_age_seconds: 83, dead: 2 })],
    warnings: ['the spool is nearly full'],
  });
  t.same(renderTop({ status, rates: ratesOf({ status, atMs: 2000 }, before), news: [] }, { rows: 24, columns: 120 }, style), [
    'raxed 1.2.3  ✓ ready  up 1h 2m  pid 4321  90 MiB',
    'Scans    5,500/s, 12,000 in all',
    'Threats  0.5/s, 21 in all',
    'Spool    ok, 1.5 KiB of 1.0 GiB, 7 pending, 2 dead',
    'Agents   3 online, 0 degraded, 1 offline',
    '! the spool is nearly full',
    '',
    'CUSTOMER       DESTINATION  STATE       RATE   PENDING  LAG     DEAD',
    'mssp_a/cust_a  webhook      ✓ ok        0.5/s  0        –       0',
    'mssp_a/cust_a  soc          ✗ retrying  –      7        1m 23s  2',
  ]);
  t.equal(topLine({ status, rates: ratesOf({ status, atMs: 2000 }, before) }, style),
    '✓ ready  scans 5,500/s  threats 0.5/s  delivered 0.5/s  spool ok, 1.5 KiB of 1.0 GiB, 7 pending, 2 dead  agents 3 online, 0 degraded, 1 offline  destinations 1 ok, 1 not');
  t.match(topDocument({ status, rates: ratesOf({ status, atMs: 2000 }, before) }, 'now'), { timestamp: 'now', scans_per_second: 5500, version: '1.2.3', destinations: [{ name: 'webhook', delivered_per_second: 0.5 }, { delivered_per_second: null }] });
  t.end();
});

t.test('a frame fits its screen: no line too many, none too wide, colours and all', (t) => {
  const many = Array.from({ length: 500 }, (_, index) => destination(`soc_${index}`, index === 321 ? { state: 'circuit_open', pending: 9 } : index === 7 ? { pending: 3 } : {}));
  const status = statusWith({ destinations: many, warnings: Array.from({ length: 9 }, (_, index) => `warning ${index} of a length that no small terminal has room for 設定 ${'x'.repeat(200)}`) });
  for (const rows of [1, 2, 6, 10, 24, 50, 600]) {
    for (const columns of [1, 20, 80, 132]) {
      const lines = renderTop({ status, rates: ratesOf({ status, atMs: 0 }, undefined), news: ['news'] }, { rows, columns }, paint(true));
      t.ok(lines.length <= rows, `${rows} rows`);
      t.ok(lines.every((line) => textWidth(line.replace(/\u001b\[\d+m/g, '')) <= columns), `${columns} columns`);
      t.ok(lines.every((line) => (line.match(/\u001b\[\d+m/g) ?? []).at(-1)?.endsWith('[0m') ?? true), 'no colour runs on');
    }
  }
  const lines = frameOf(status, { rows: 14, columns: 100 });
  t.match(lines[10], /soc_321 /, 'trouble comes first');
  t.match(lines[11], /soc_7 /, 'then what waits');
  t.equal(lines.at(-1), 'and 497 more');
  t.match(lines[7], 'and 7 more warnings');
  t.end();
});

t.test('whatever the daemon answers is a frame', (t) => {
  const odd = ['', 0, null, [], {}, [null], { destinations: [1, null, {}], warnings: 'x', spool: [], agents: 7, scanner: null }, { version: '\u001b[2J', state: '\u0007', warnings: ['\u202e\u0000'], destinations: [{ name: '\u001b]0;x\u0007', state: '\n' }] }];
  for (const value of odd) {
    const lines = frameOf(value as object);
    t.ok(lines.length > 5);
    t.notOk(lines.some((line) => UNSAFE.test(line)), JSON.stringify(value));
  }
  t.end();
});

t.test('only lines that changed are written', (t) => {
  t.equal(changes([], ['a', 'b']), '\u001b[1;1Ha\u001b[K\u001b[2;1Hb\u001b[K');
  t.equal(changes(['a', 'b', 'c'], ['a', 'x', 'c']), '\u001b[2;1Hx\u001b[K');
  t.equal(changes(['a', 'b', 'c'], ['a']), '\u001b[2;1H\u001b[J');
  t.equal(changes(['a', 'b'], ['a', 'b']), '');
  t.end();
});

/** A terminal whose keys a test presses, and the writes to it. */
function terminal(screen: { rows: number; columns: number } = { rows: 24, columns: 100 }): { io: CapturedIo; writes: string[]; modes: boolean[]; screen: { rows: number; columns: number }; press(key: string): void; readonly closed: boolean } {
  const writes: string[] = [];
  const modes: boolean[] = [];
  const keys: string[] = [];
  let wake = (): void => undefined;
  let closed = false;
  const base = capturedIo({ tty: true, env: { NO_COLOR: '1' } });
  const io: CapturedIo = {
    ...base,
    stdin: {
      isTTY: true,
      setRawMode: (raw) => modes.push(raw),
      destroy() { closed = true; wake(); },
      async *[Symbol.asyncIterator]() {
        while (!closed) {
          const key = keys.shift();
          if (key === undefined) await new Promise<void>((resolve) => { wake = resolve; });
          else yield Buffer.from(key);
        }
      },
    },
    stdout: { isTTY: true, get rows() { return screen.rows; }, get columns() { return screen.columns; }, on: () => undefined, write(text, done) { writes.push(String(text)); setImmediate(() => { done?.(); }); return true; } },
  };
  return { io, writes, modes, screen, press(key) { keys.push(key); wake(); }, get closed() { return closed; } };
}

const turn = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve, 0); });

async function shownBy(writes: readonly string[], count: number): Promise<void> {
  while (writes.length < count) await turn();
}

function looking(looks: readonly (object | RaxedError)[]): Watching['look'] {
  let index = 0;
  return () => {
    const seen = looks[Math.min(index++, looks.length - 1)] ?? {};
    return seen instanceof RaxedError ? Promise.reject(seen) : Promise.resolve(seen);
  };
}

t.test('on a terminal: one write a frame, none when nothing changed; q ends and leaves the terminal as it was', async (t) => {
  const clock = manualClock();
  const { io, writes, modes, press, ...rest } = terminal();
  const busier = statusWith({ scanner: { scans_total: 1200, threats_total: 20 } });
  const running = watch({ intervalMs: 2000, count: Infinity, form: 'screen', look: looking([statusWith(), statusWith(), statusWith(), busier, busier]) }, { io, clock });
  await shownBy(writes, 1);
  t.ok(writes[0]?.startsWith('\u001b[?1049h\u001b[?25l\u001b[2J\u001b[1;1Hraxed 1.2.3'), 'its own screen, without a cursor');
  await clock.advance(2000);
  t.match(writes[1], /^\u001b\[2;1HScans {4}0\/s, 1,000 in all\u001b\[K\u001b\[3;1HThreats {2}0\/s, .*webhook {6}✓ ok {3}0\/s/, 'only what changed');
  t.notMatch(writes[1], 'raxed');
  await clock.advance(2000);
  t.equal(writes.length, 2, 'nothing changed, nothing was written');
  await clock.advance(2000);
  t.match(writes[2], /^\u001b\[2;1HScans {4}100\/s, 1,200 in all\u001b\[K$/);
  rest.screen.columns = 40;
  await clock.advance(2000);
  t.ok(writes[3]?.startsWith('\u001b[2J\u001b[1;1Hraxed'), 'another size: all of it again');
  press('x');
  press('q');
  await running;
  t.equal(writes.at(-1), '\u001b[?25h\u001b[?1049l');
  t.same(modes, [true, false]);
});

t.test('Ctrl-C, a signal and a reader that has gone end it as well', async (t) => {
  for (const way of ['\u0003', 'signal', 'gone'] as const) {
    const clock = manualClock();
    const { io, writes, modes, press } = terminal();
    const running = watch({ intervalMs: 2000, count: Infinity, form: 'screen', look: looking([statusWith()]) }, { io: way === 'gone' ? { ...io, stdout: { ...io.stdout, write: (_text, done) => { setImmediate(() => { done?.(Object.assign(new Error('x'), { code: 'EPIPE' })); }); return false; } } } : io, clock });
    if (way !== 'gone') await shownBy(writes, 1);
    if (way === 'signal') io.interrupt();
    else if (way !== 'gone') press(way);
    await running;
    t.same(modes, [true, false], way === 'signal' || way === 'gone' ? way : 'Ctrl-C');
  }
});

t.test('a daemon that goes and comes back is said', async (t) => {
  const clock = manualClock();
  const { io, writes, press } = terminal();
  const away = new RaxedError('DAEMON_UNREACHABLE', 'no daemon is running here: there is no socket /x');
  const running = watch({ intervalMs: 1000, count: Infinity, form: 'screen', look: looking([statusWith(), away, statusWith({ pid: 5000 })]) }, { io, clock });
  await shownBy(writes, 1);
  await clock.advance(1000);
  t.match(writes[1], '✗ no daemon is running here: there is no socket /x; trying again');
  await clock.advance(1000);
  t.match(writes[2], /pid 5000[\s\S]*! the daemon was started again, seen at 2026-01-29T12:00:00\.000Z/);
  t.notMatch(writes[2], 'trying again');
  press('q');
  await running;
  await t.rejects(watch({ intervalMs: 1000, count: 1, form: 'line', look: looking([away]) }, { io, clock }), { code: 'DAEMON_UNREACHABLE' }, 'one that is not there at first is not waited for');
});

t.test('without a terminal: a line each time; with --json: a document; both end after --count', async (t) => {
  const { socket } = await fakeDaemon(t, { status: statusWith() });
  const lines = await raxed(['ctl', 'top', '--socket', socket, '--interval', '0.1', '--count', '3']);
  t.equal(lines.code, 0);
  t.match(lines.out, /^(?:2026-01-29T12:00:00\.000Z {2}✓ ready {2}scans (?:–|0\/s) .*\n){3}$/);
  const json = await raxed(['ctl', 'top', '--socket', socket, '--interval', '0.1', '--count', '2', '--json']);
  const documents = json.out.trim().split('\n').map((line) => JSON.parse(line) as object);
  t.match(documents, [{ scans_per_second: null, version: '1.2.3', agents: { online: 3 } }, { scans_per_second: 0, destinations: [{ delivered_per_second: 0 }] }]);
  t.equal(documents.length, 2);
  for (const options of [['--interval', '0'], ['--interval', '0.05'], ['--interval', '3601'], ['--count', '0'], ['--count', '1.5']]) t.equal((await raxed(['ctl', 'top', '--socket', socket, ...options])).code, 2, options.join(' '));
  t.match(await raxed(['ctl', 'top', '--socket', `${socket}.absent`, '--count', '1']), { code: 5, out: '' });
  const closed = capturedIo();
  closed.closeOutput();
  t.equal((await raxed(['ctl', 'top', '--socket', socket], closed)).code, 0, 'a reader that has gone ends it');
});

t.test('many looks take one connection', async (t) => {
  const path = join(shortFolder(t), 'control.sock');
  let connections = 0;
  const server = createServer((_request, response) => { response.end(JSON.stringify(statusWith())); });
  server.on('connection', () => { connections++; });
  server.listen(path);
  await once(server, 'listening');
  t.teardown(() => { server.closeAllConnections(); server.close(); });
  t.equal((await raxed(['ctl', 'top', '--socket', path, '--interval', '0.1', '--count', '4', '--json'])).code, 0);
  t.equal(connections, 1);
});

t.test('the restart of a real server is survived', async (t) => {
  const path = join(shortFolder(t), 'control.sock');
  const start = (pid: number): Promise<ControlServer> => createControlServer({
    listeners: [{ path, scope: 'control', mode: 0o600 }],
    methods: fakeMethods({ status: () => Promise.resolve(statusWith({ pid })) }),
    probes: { ready: () => Promise.resolve({ ready: true }) }, limits: () => ({ maxTextBytes: 1000 }),
  }, { clock: nodeClock, logger: silentLogger });
  let server = await start(1);
  t.teardown(() => server.close(0));
  const io = capturedIo();
  const documents = (): { pid?: number; error?: { code: string } }[] => io.out().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as { pid?: number; error?: { code: string } });
  const running = raxed(['ctl', 'top', '--socket', path, '--interval', '0.1', '--json'], io);
  await eventually('it runs', () => documents().length >= 3);
  await server.close(0);
  await eventually('it says so', () => documents().some(({ error }) => error?.code === 'DAEMON_UNREACHABLE'));
  server = await start(2);
  await eventually('it goes on', () => documents().some(({ pid }) => pid === 2));
  io.interrupt();
  t.equal((await running).code, 0);
});
