import t from 'tap';
import type { Test } from 'tap';
import type { SpoolActions } from '../../src/control/methods/spool.js';
import { createSpoolMethods } from '../../src/control/methods/spool.js';
import { RaxedError } from '../../src/errors.js';
import { capturedIo, NOW, typed } from './captured-io.js';
import { fakeDaemon, raxed, UNSAFE } from './fake-daemon.js';

const LETTER = {
  id: 'mssp_a/cust_a/webhook/evt_1', mssp_id: 'mssp_a', customer_id: 'cust_a', destination: 'webhook', event_id: 'evt_1', event_type: 'scan',
  at: new Date(NOW - 3 * 3_600_000).toISOString(), reason: { message: 'answered 422', http_status: 422, attempts: 3 },
};
const STATUS = {
  state: 'ok', bytes: 1536, max_bytes: 1_073_741_824, pending: 1200, dead: 3, rejected: 4, dropped: 0,
  streams: [
    { mssp_id: 'mssp_a', customer_id: 'cust_a', bytes: 1536, oldest: '2026-01-29T10:30:00.000Z', destinations: [
      { name: 'siem', state: 'circuit_open', pending: 1200, oldest_pending_age_seconds: 3700, dead: 0 },
      { name: 'webhook', state: 'ok', pending: 0, oldest_pending_age_seconds: 0, dead: 3 },
    ] },
    { mssp_id: 'mssp_a', customer_id: 'cust_b', bytes: 0, destinations: [] },
  ],
};
const REPLAYED = { mssp_id: 'mssp_a', customer_id: 'cust_a', destination: 'webhook', replayed: 12, refused: 0, left: 0 };

interface Daemon { readonly socket: string; readonly calls: unknown[] }

/** The daemon's own methods, what they are given recorded and their answers canned. */
async function daemon(t: Test, answers: Partial<SpoolActions> = {}): Promise<Daemon> {
  const calls: unknown[] = [];
  const actions: SpoolActions = {
    status: () => Promise.resolve(STATUS),
    list: () => Promise.resolve({ dead: [LETTER], total: 1 }),
    show: () => Promise.resolve({ ...LETTER, event: { event_id: 'evt_1', payload: { text: 'C1 \u009b and bidi \u202e' } } }),
    replay: (_choice, { dryRun }) => Promise.resolve({ replayed: 12, failed: 0, dry_run: dryRun, destinations: [REPLAYED] }),
    purge: (_choice, { dryRun }) => Promise.resolve({ purged: 3, dry_run: dryRun }),
    ...answers,
  };
  const recorded: SpoolActions = {
    status: () => actions.status(),
    list: (filter, limit) => { calls.push({ list: filter, limit }); return actions.list(filter, limit); },
    show: (id) => { calls.push({ show: id }); return actions.show(id); },
    replay: (choice, options, context) => { calls.push({ replay: choice, ...options }); return actions.replay(choice, options, context); },
    purge: (choice, options, context) => { calls.push({ purge: choice, ...options }); return actions.purge(choice, options, context); },
  };
  const { socket } = await fakeDaemon(t, {}, createSpoolMethods(recorded));
  return { socket, calls };
}

t.test('spool status: one line for the whole, one for each destination', async (t) => {
  const { socket } = await daemon(t);
  for (const words of [['spool', 'status'], ['ctl', 'spool', 'status']]) {
    const { code, out, err } = await raxed([...words, '--socket', socket]);
    t.same([code, err], [0, '']);
    t.match(out, /^✓ ok {2}1\.5 KiB of 1\.0 GiB, 1,200 pending, 3 dead, 4 rejected, 0 dropped\n\n/);
    t.match(out, /mssp_a\/cust_a +1\.5 KiB +2026-01-29T10:30:00\.000Z +siem +✗ circuit_open +1,200 +1h 1m +0\n/);
    t.match(out, /^ +webhook +✓ ok +0 +– +3$/m);
    t.match(out, /^mssp_a\/cust_b +0 B +– +– +– +– +– +–$/m);
  }
  t.same(JSON.parse((await raxed(['spool', 'status', '--json', '--socket', socket])).out), STATUS);
});

t.test('dead list: every filter reaches the daemon; times may be durations', async (t) => {
  const { socket, calls } = await daemon(t);
  const { code, out } = await raxed(['spool', 'dead', 'list', '--mssp', 'mssp_a', '--customer', 'cust_a', '--destination', 'webhook', '--reason', '422', '--since', '24h', '--limit', '5', '--socket', socket]);
  t.equal(code, 0);
  t.match(out, /^REFUSED +ID +TYPE +ANSWER +ATTEMPTS +REASON\n3h 0m ago +mssp_a\/cust_a\/webhook\/evt_1 +scan +422 +3 +answered 422\n$/);
  t.same(calls, [{ list: { mssp: 'mssp_a', customer: 'cust_a', destination: 'webhook', reason: '422', since: new Date(NOW - 86_400_000).toISOString() }, limit: 5 }]);
  for (const [since, at] of [['90s', NOW - 90_000], ['15m', NOW - 900_000], ['7d', NOW - 604_800_000], ['2w', NOW - 1_209_600_000], ['2026-01-02', Date.parse('2026-01-02')], ['2026-01-02T03:04:05+01:00', Date.parse('2026-01-02T02:04:05Z')]] as const) {
    await raxed(['spool', 'dead', 'list', '--since', since, '--socket', socket]);
    t.match(calls.at(-1), { list: { since: new Date(at).toISOString() }, limit: 100 }, since);
  }
  for (const since of ['yesterday', '24', 'h', '-1d', '1y', '2026-13-45']) {
    const refused = await raxed(['spool', 'dead', 'list', `--since=${since}`, '--socket', socket]);
    t.same([refused.code, refused.out], [2, ''], since);
  }
  t.match(await raxed(['spool', 'dead', 'list', '--limit', '0', '--socket', socket]), { code: 2, err: /limit/ });
});

t.test('dead list: what is not shown is said', async (t) => {
  const many = await daemon(t, { list: () => Promise.resolve({ dead: [LETTER], total: 1234 }) });
  t.match((await raxed(['spool', 'dead', 'list', '--socket', many.socket])).out, /1,234 dead letters, the newest 1 are shown\n$/);
  const none = await daemon(t, { list: () => Promise.resolve({ dead: [], total: 0 }) });
  t.equal((await raxed(['spool', 'dead', 'list', '--socket', none.socket])).out, '✓ There is no dead letter.\n');
});

t.test('dead show: the reason and the event, with nothing that acts on a terminal', async (t) => {
  const { socket } = await daemon(t);
  const { out } = await raxed(['spool', 'dead', 'show', LETTER.id, '--socket', socket]);
  t.match(out, /^ID +mssp_a\/cust_a\/webhook\/evt_1\n[\s\S]*Reason +answered 422\nAnswer +422\nAttempts +3\n\n\{\n {2}"event_id": "evt_1",\n/);
  t.notMatch(out, UNSAFE);
  t.match(out, /C1 \\u009b and bidi \\u202e/);
  const damaged = await daemon(t, { show: () => Promise.resolve(LETTER) });
  t.match((await raxed(['spool', 'dead', 'show', LETTER.id, '--socket', damaged.socket])).out, /✗ The stored bytes are not an event\.\n$/);
  const gone = await daemon(t, { show: () => Promise.reject(new RaxedError('DEAD_LETTER_NOT_FOUND', 'there is no dead letter with this id')) });
  t.match(await raxed(['spool', 'dead', 'show', LETTER.id, '--socket', gone.socket]), { code: 3, err: /^raxed: DEAD_LETTER_NOT_FOUND: .* List the dead letters with/ });
  t.match(await raxed(['spool', 'dead', 'show', 'nonsense', '--socket', socket]), { code: 2, err: /BAD_REQUEST/ });
});

t.test('dead replay: one, those that fit, or all; what did not arrive is said, with exit 4', async (t) => {
  const { socket, calls } = await daemon(t);
  t.same(await raxed(['spool', 'dead', 'replay', LETTER.id, '--socket', socket]), { code: 0, out: '✓ 12 dead letters delivered\n', err: '' });
  await raxed(['spool', 'dead', 'replay', '--destination', 'webhook', '--socket', socket]);
  t.match(await raxed(['spool', 'dead', 'replay', '--all', '--dry-run', '--socket', socket]), { code: 0, out: '12 dead letters would be sent again.\n' });
  t.same(calls, [
    { replay: { id: LETTER.id }, dryRun: false },
    { replay: { filter: { destination: 'webhook' } }, dryRun: false },
    { replay: { filter: {} }, dryRun: true },
  ]);
  const held = await daemon(t, {
    replay: () => Promise.resolve({ replayed: 1, failed: 6, dry_run: false, destinations: [REPLAYED, { ...REPLAYED, destination: 'siem\u001b[31m', refused: 2, left: 4, error: 'answered 401' }] }),
  });
  const { code, out } = await raxed(['spool', 'dead', 'replay', '--all', '--socket', held.socket]);
  t.equal(code, 4);
  t.equal(out, '✓ 1 dead letter delivered\n✗ mssp_a/cust_a siem\\u001b[31m: 2 refused again, 4 not delivered: answered 401\n  What was not delivered stays a dead letter.\n');
  const none = await daemon(t, { replay: () => Promise.resolve({ replayed: 0, failed: 0, dry_run: false, destinations: [] }) });
  t.match(await raxed(['spool', 'dead', 'replay', '--reason', 'x', '--socket', none.socket]), { code: 0, out: 'No dead letter fits.\n' });
});

t.test('dead purge asks; without a terminal it refuses, and --force goes ahead', async (t) => {
  const { socket, calls } = await daemon(t);
  const args = ['spool', 'dead', 'purge', '--customer', 'cust_a', '--socket', socket];
  t.match(await raxed(args), { code: 2, out: '', err: /CONFIRMATION_REQUIRED: there is no terminal to ask on: delete 3 dead letters for good\./ });
  t.match(await raxed([...args, '--json']), { code: 2, out: /"CONFIRMATION_REQUIRED"/ });
  t.same(calls, [{ purge: { filter: { customer: 'cust_a' } }, dryRun: true }, { purge: { filter: { customer: 'cust_a' } }, dryRun: true }], 'nothing was deleted');
  t.match(await raxed(args, capturedIo({ tty: true, stdin: typed('n\n') })), { code: 2, err: /Delete 3 dead letters for good\? \[y\/N\] / });
  t.match(await raxed(args, capturedIo({ tty: true, stdin: typed('y\n') })), { code: 0, out: /✓.* 3 dead letters deleted\n/ });
  t.match(calls.at(-1), { dryRun: false });
  t.same(await raxed([...args, '--force']), { code: 0, out: '✓ 3 dead letters deleted\n', err: '' });
  t.match(await raxed([...args, '--dry-run']), { code: 0, out: '3 dead letters would be deleted.\n' });
  const none = await daemon(t, { purge: () => Promise.resolve({ purged: 0, dry_run: false }) });
  t.match(await raxed(['spool', 'dead', 'purge', '--all', '--socket', none.socket]), { code: 0, out: 'No dead letter fits.\n' }, 'nothing to ask about');
});

t.test('what changes something must say what', async (t) => {
  const { socket, calls } = await daemon(t);
  for (const command of ['replay', 'purge']) {
    for (const words of [[], [LETTER.id, '--all'], ['--all', '--destination', 'webhook'], [LETTER.id, '--since', '1h']]) {
      t.match(await raxed(['spool', 'dead', command, ...words, '--force', '--socket', socket].filter((word) => command === 'purge' || word !== '--force')), { code: 2, err: /say which: an id, or a filter/ }, `${command} ${words.join(' ')}`);
    }
  }
  t.same(calls, []);
  const methods = createSpoolMethods({} as SpoolActions);
  const parse = (name: string, params: object): unknown => methods.find((method) => method.name === name)?.parse(params);
  for (const params of [{}, { id: LETTER.id, all: true }, { all: true, mssp: 'mssp_a' }, { all: false }, { dry_run: true }]) t.throws(() => parse('spool.dead.purge', params), { code: 'BAD_REQUEST' }, JSON.stringify(params));
  for (const params of [{ since: 'soon' }, { since: '2026-99-99' }, { limit: 1001 }, { reason: '' }, { destination: '../x' }, { other: 1 }]) t.throws(() => parse('spool.dead.list', params), { code: 'BAD_REQUEST' }, JSON.stringify(params));
});

t.test('every command has help with examples', async (t) => {
  for (const words of [['spool'], ['spool', 'dead'], ['spool', 'status'], ['spool', 'dead', 'list'], ['spool', 'dead', 'show'], ['spool', 'dead', 'replay'], ['spool', 'dead', 'purge'], ['spool', 'check'], ['spool', 'repair'], ['spool', 'export']]) {
    const { code, out } = await raxed([...words, '--help']);
    t.equal(code, 0);
    if (words.length > 1 && words.at(-1) !== 'dead') t.match(out, /Examples:/, words.join(' '));
  }
});
