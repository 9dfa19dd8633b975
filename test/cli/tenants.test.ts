import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { RaxedError } from '../../src/errors.js';
import { shortFolder } from '../fixtures/short-folder.js';
import { capturedIo, from, typed } from './captured-io.js';
import type { FakeDaemon } from './fake-daemon.js';
import { fakeDaemon, raxed, UNSAFE } from './fake-daemon.js';

const MSSP = { id: 'mssp_a', name: 'Services A', tier: 'starter', max_customers: null, customer_limit: 10, customers: 2, webhook_url: 'https://soc.example', managed_by: 'ctl' };
const CUSTOMER = {
  mssp_id: 'mssp_a', id: 'cust_a', name: 'Acme Corporation', managed_by: 'ctl', data_mode: 'full', data_fields: [], retention_days: 30,
  heartbeat_threshold_seconds: 300, webhook_url: null, siem: [{ name: 'cef', type: 'cef', url: 'syslog://siem.example:514' }],
};
const DELETION = { id: 'mssp_a', deleted: true, customers: 2, pending_events: 14, dead_letters: 3, agents: 1 };

function daemon(t: Parameters<typeof fakeDaemon>[0], answers: Parameters<typeof fakeDaemon>[1] = {}): Promise<FakeDaemon> {
  return fakeDaemon(t, {
    'mssp.create': MSSP, 'mssp.configure': MSSP, 'mssp.show': MSSP, 'mssp.list': { mssps: [MSSP] },
    'mssp.rotate-secret': (params) => ({ id: params['id'], generated: params['webhook_secret'] === undefined, ...(params['webhook_secret'] === undefined ? { webhook_secret: 'fresh-secret' } : {}), previous_secret_until: '2026-01-30T10:30:00.000Z' }),
    'mssp.delete': (params) => ({ ...DELETION, deleted: params['dry_run'] !== true }),
    'customer.create': CUSTOMER, 'customer.configure': CUSTOMER, 'customer.show': CUSTOMER, 'customer.list': { customers: [CUSTOMER] },
    'customer.delete': (params) => ({ mssp_id: 'mssp_a', id: 'cust_a', deleted: params['dry_run'] !== true, pending_events: 1, dead_letters: 0, agents: 0 }),
    ...answers,
  });
}

t.test('mssp create carries every option and shows what was made', async (t) => {
  const { socket, calls } = await daemon(t);
  const given = ['--id', 'mssp_a', '--name', 'Services A', '--webhook-url', 'https://soc.example/raxe/alerts', '--webhook-secret', 's3cret'];
  const created = await raxed(['ctl', 'mssp', 'create', ...given, '--tier', 'professional', '--max-customers', '50', '--socket', socket]);
  t.equal(created.code, 0, created.err);
  t.equal(created.out, '✓ Created MSSP \'mssp_a\'\n\n  Name: Services A\n  Tier: starter (at most 10 customers)\n  Webhook: https://soc.example\n');
  await raxed(['mssp', 'create', ...given, '--max-customers=tier', '--socket', socket]);
  t.same(calls, [
    { method: 'mssp.create', params: { id: 'mssp_a', name: 'Services A', webhook_url: 'https://soc.example/raxe/alerts', webhook_secret: 's3cret', tier: 'professional', max_customers: 50 } },
    { method: 'mssp.create', params: { id: 'mssp_a', name: 'Services A', webhook_url: 'https://soc.example/raxe/alerts', webhook_secret: 's3cret' } },
  ]);
  t.match((await raxed(['mssp', 'show', 'mssp_a', '--socket', socket])).out, /^ID +mssp_a\nName +Services A\nTier +starter \(at most 10 customers\)\nWebhook +https:\/\/soc\.example\nCustomers +2\nManaged by +ctl\n$/);
  t.match((await raxed(['mssp', 'list', '--socket', socket])).out, /^ID +NAME[\s\S]*mssp_a +Services A +starter +2 +https:\/\/soc\.example +ctl\n$/);
});

t.test('configure sends what was named and nothing else', async (t) => {
  const { socket, calls } = await daemon(t);
  const rows: [string[], object][] = [
    [['mssp', 'configure', 'mssp_a', '--name', 'B'], { id: 'mssp_a', name: 'B' }],
    [['mssp', 'configure', '--tier=enterprise', 'mssp_a', '--max-customers', 'tier'], { id: 'mssp_a', tier: 'enterprise', max_customers: null }],
    [['mssp', 'configure', 'mssp_a', '--max-customers', '0', '--webhook-url', 'https://b.example/'], { id: 'mssp_a', max_customers: 0, webhook_url: 'https://b.example/' }],
    [['customer', 'configure', 'cust_a', '--mssp', 'mssp_a', '--data-fields', 'prompt,matched_text'], { mssp: 'mssp_a', id: 'cust_a', data_fields: ['prompt', 'matched_text'] }],
    [['customer', 'configure', '--mssp', 'mssp_a', 'cust_a', '--data-fields', ''], { mssp: 'mssp_a', id: 'cust_a', data_fields: [] }],
    [['customer', 'configure', '--mssp', 'mssp_a', '--data-fields=', '--', 'cust_a'], { mssp: 'mssp_a', id: 'cust_a', data_fields: [] }],
    [['customer', 'configure', 'cust_a', '--mssp', 'mssp_a', '--data-mode', 'full', '--data-fields', ' prompt, matched_text ', '--retention-days', '90', '--heartbeat-threshold', '300'],
      { mssp: 'mssp_a', id: 'cust_a', data_mode: 'full', data_fields: ['prompt', 'matched_text'], retention_days: 90, heartbeat_threshold: 300 }],
    [['customer', 'configure', 'cust_a', '--mssp', 'mssp_a', '--webhook-url', '', '--name', '-5 degrees'], { mssp: 'mssp_a', id: 'cust_a', webhook_url: '', name: '-5 degrees' }],
    [['customer', 'configure', 'cust_a', '--mssp', 'mssp_a', '--retention-days', '0', '--webhook-secret', '-x-'], { mssp: 'mssp_a', id: 'cust_a', retention_days: 0, webhook_secret: '-x-' }],
  ];
  for (const [argv, params] of rows) {
    const { code, err } = await raxed([...argv, ...(argv.includes('--') ? [] : ['--socket', socket])], capturedIo({ env: { RAXED_SOCKET: socket } }));
    t.equal(code, 0, `${argv.join(' ')} ${err}`);
    t.same(calls.at(-1)?.params, params, argv.join(' '));
  }
});

t.test('customer create, list and show', async (t) => {
  const { socket, calls } = await daemon(t);
  const created = await raxed(['customer', 'create', '--mssp', 'mssp_a', '--id', 'cust_a', '--name', 'Acme Corporation', '--data-mode', 'full', '--socket', socket]);
  t.same(created, { code: 0, err: '', out: '✓ Created customer \'cust_a\'\n\n  MSSP: mssp_a\n  Name: Acme Corporation\n  Data mode: full\n  Data fields: all\n  Retention: 30 days\n  Heartbeat threshold: 300 s\n  Webhook: the MSSP\'s\n' });
  t.same(calls, [{ method: 'customer.create', params: { mssp: 'mssp_a', id: 'cust_a', name: 'Acme Corporation', data_mode: 'full' } }]);
  t.match((await raxed(['customer', 'list', '--mssp', 'mssp_a', '--socket', socket])).out, /cust_a +Acme Corporation +full +30 +webhook, cef +ctl\n$/);
  t.match((await raxed(['customer', 'show', '--mssp', 'mssp_a', 'cust_a', '--socket', socket])).out, /SIEM +cef \(cef, syslog:\/\/siem\.example:514\)\nManaged by +ctl\n$/);
  const empty = await daemon(t, { 'customer.list': { customers: [] }, 'mssp.list': { mssps: [] } });
  t.equal((await raxed(['customer', 'list', '--mssp', 'mssp_a', '--socket', empty.socket])).out, 'This MSSP has no customer.\n');
  t.equal((await raxed(['mssp', 'list', '--socket', empty.socket])).out, 'There is no MSSP.\n');
});

t.test('a rotation shows a generated secret once, on a line of its own, and never one that was given', async (t) => {
  const { socket, calls } = await daemon(t);
  const generated = await raxed(['mssp', 'rotate-secret', 'mssp_a', '--socket', socket]);
  t.equal(generated.out, '✓ Rotated the webhook secret of MSSP \'mssp_a\'\n\n  Old secret: signs too until 2026-01-30T10:30:00.000Z\n\nThe new secret, shown only now:\n\nfresh-secret\n');
  const given = await raxed(['mssp', 'rotate-secret', 'mssp_a', '--webhook-secret', 'mine', '--overlap-hours', '0', '--socket', socket]);
  t.notMatch(given.out, /mine|only now/);
  t.same(calls.map(({ params }) => params), [{ id: 'mssp_a' }, { id: 'mssp_a', webhook_secret: 'mine', overlap_hours: 0 }]);
});

t.test('a deletion says what goes with it and asks', async (t) => {
  const { socket, calls } = await daemon(t);
  const yes = capturedIo({ stdin: typed('yes\n'), tty: true, env: { NO_COLOR: '1' } });
  t.equal((await raxed(['mssp', 'delete', 'mssp_a', '--socket', socket], yes)).code, 0);
  t.equal(yes.err(), 'Delete MSSP \'mssp_a\', and with it 2 customers, 14 pending events, 3 dead letters, 1 agent? [y/N] ');
  t.equal(yes.out(), '✓ Deleted MSSP \'mssp_a\'\n\n  With it: 2 customers, 14 pending events, 3 dead letters, 1 agent\n');
  t.same(calls.map(({ params }) => params), [{ id: 'mssp_a', dry_run: true }, { id: 'mssp_a' }]);

  for (const answer of ['n\n', '\n', 'yep\n', '', 'no y\n']) {
    const before = calls.length;
    const no = capturedIo({ stdin: typed(answer), tty: true });
    t.match(await raxed(['customer', 'delete', '--mssp', 'mssp_a', 'cust_a', '--socket', socket], no), { code: 2, out: '', err: /1 pending event\? \[y\/N\] raxed: CONFIRMATION_REQUIRED: it was not confirmed, and nothing was changed\. / });
    t.same(calls.slice(before).map(({ params }) => params['dry_run']), [true], 'nothing was deleted');
  }
});

t.test('without a terminal a deletion is refused, and --force does not ask', async (t) => {
  const { socket, calls } = await daemon(t);
  for (const io of [{ stdin: from(['y\n']) }, { stdin: from(['y\n']), tty: true }, { stdin: typed('y\n') }]) {
    t.match(await raxed(['mssp', 'delete', 'mssp_a', '--socket', socket], capturedIo(io)), {
      code: 2, out: '', err: 'raxed: CONFIRMATION_REQUIRED: there is no terminal to ask on: delete this MSSP, and with it 2 customers, 14 pending events, 3 dead letters, 1 agent. Run it in a terminal and answer, or say --force.\n',
    });
  }
  t.ok(calls.every(({ params }) => params['dry_run'] === true));
  const forced = await raxed(['customer', 'delete', '--mssp', 'mssp_a', 'cust_a', '--force', '--json', '--socket', socket]);
  t.equal(forced.code, 0);
  t.match(JSON.parse(forced.out), { deleted: true, pending_events: 1 });
  t.same(calls.at(-1)?.params, { mssp: 'mssp_a', id: 'cust_a' });
  const unknown = await daemon(t, { 'mssp.delete': () => { throw new RaxedError('MSSP_NOT_FOUND', 'there is no such MSSP'); } });
  t.equal((await raxed(['mssp', 'delete', 'nobody', '--socket', unknown.socket])).code, 3, 'what does not exist needs no confirmation');
});

t.test('--drain lets pending events be delivered first, and waits for it longer than for other answers', async (t) => {
  const { socket, calls } = await daemon(t, { 'mssp.delete': (params) => new Promise((answer) => { if (params['drain'] === true) setTimeout(() => { answer(DELETION); }, 300); }) });
  t.equal((await raxed(['mssp', 'delete', 'mssp_a', '--force', '--drain', '--drain-timeout', '5', '--timeout', '100', '--socket', socket])).code, 0);
  t.same(calls.at(-1)?.params, { id: 'mssp_a', drain: true, drain_timeout_seconds: 5 });
  t.equal((await raxed(['mssp', 'delete', 'mssp_a', '--force', '--drain', '--timeout', '100', '--socket', socket])).code, 0);
  t.same(calls.at(-1)?.params, { id: 'mssp_a', drain: true });
  t.equal((await raxed(['mssp', 'delete', 'mssp_a', '--force', '--timeout', '100', '--socket', socket])).code, 5);
  t.match(await raxed(['mssp', 'delete', 'mssp_a', '--force', '--drain-timeout', '5', '--socket', socket]), { code: 2, err: /--drain-timeout goes with --drain/ });
  t.match(await raxed(['mssp', 'delete', 'mssp_a', '--force', '--drain', '--drain-timeout=-1', '--socket', socket]), { code: 2, err: /--drain-timeout takes seconds/ });
});

t.test('secrets come from an option, a file or standard input, and never out again', async (t) => {
  const folder = shortFolder(t);
  const { socket, calls } = await daemon(t, { 'mssp.create': (params) => { if (params['name'] === 'refused') throw new RaxedError('LIMIT_REACHED', 'edition community has 1 MSSP'); return MSSP; } });
  const file = (name: string, content: string | Uint8Array): string => { writeFileSync(join(folder, name), content); return join(folder, name); };
  const create = (...more: string[]): string[] => ['mssp', 'create', '--id', 'mssp_a', '--name', 'A', '--webhook-url', 'https://soc.example/', '--socket', socket, ...more];

  for (const [argv, stdin, secret] of [
    [create('--webhook-secret', 's€cret'), '', 's€cret'],
    [create('--webhook-secret', '-leading-dash'), '', '-leading-dash'],
    [create('--webhook-secret=--json'), '', '--json'],
    [create('--webhook-secret-file', file('lf', 's€cret\n')), '', 's€cret'],
    [create('--webhook-secret-file', file('crlf', ' two \n lines \r\n')), '', ' two \n lines '],
    [create('--webhook-secret', '-'), 's€cret\n\n', 's€cret\n'],
    [create('--webhook-secret-file', '-'), 'piped', 'piped'],
  ] as const) {
    const bytes = Buffer.from(stdin);
    const ran = await raxed(argv, capturedIo({ stdin: from([bytes.subarray(0, 2), bytes.subarray(2)]) }));
    t.equal(ran.code, 0, ran.err);
    t.equal(calls.at(-1)?.params['webhook_secret'], secret);
    t.notMatch(ran.out + ran.err, /cret|dash|json|piped|lines/);
  }

  const hidden = typed('s3\u007fecx\u0008ret\r');
  const asked = capturedIo({ stdin: hidden, tty: true });
  t.equal((await raxed(create('--webhook-secret', '-'), asked)).code, 0);
  t.equal(calls.at(-1)?.params['webhook_secret'], 'secret', 'on a terminal it is asked for');
  t.same(hidden.raw, [true, false], 'and typed unseen');
  t.equal(asked.err(), 'webhook-secret: \n');
  const givenUp = typed('CANARY\u0003');
  t.match(await raxed(create('--webhook-secret', '-'), capturedIo({ stdin: givenUp, tty: true })), { code: 3, err: /SECRET_UNAVAILABLE: --webhook-secret: it was given up\./ });
  t.same(givenUp.raw, [true, false], 'the terminal is left as it was');

  const before = calls.length;
  for (const [argv, code, message] of [
    [create(), 2, /USAGE: give --webhook-secret or --webhook-secret-file/],
    [create('--webhook-secret', ''), 2, /USAGE: --webhook-secret is empty/],
    [create('--webhook-secret', 'CANARY', '--webhook-secret-file', 'CANARY'), 2, /USAGE: give --webhook-secret or --webhook-secret-file, not both/],
    [create('--webhook-secret'), 2, /USAGE: --webhook-secret needs a value/],
    [create('--webhook-secret', '--json'), 2, /USAGE: --webhook-secret needs a value/],
    [create('--webhook-secret-file', join(folder, 'CANARY')), 3, /SECRET_UNAVAILABLE: --webhook-secret-file: the file cannot be read \(ENOENT\)/],
    [create('--webhook-secret-file', folder), 3, /cannot be read \(EISDIR\)/],
    [create('--webhook-secret-file', file('empty', '\n')), 3, /--webhook-secret-file: what was read is empty/],
    [create('--webhook-secret-file', file('binary', Buffer.from('CANARY\xff', 'latin1'))), 3, /not valid UTF-8/],
    [create('--webhook-secret-file', '/dev/zero'), 3, /has more than 65536 bytes/],
    [create('--webhook-secrt', 'CANARY'), 2, /there is no option --webhook-secrt; did you mean --webhook-secret/],
    [create('--webhook-secret', 'x', '-CANARY'), 2, /there is no option of this name/],
    [create('--webhook-secret', 'x', 'CANARY'), 2, /more words than the command takes/],
    [create('--webhook-secret', 'x', '--tier', 'CANARY'), 2, /USAGE: --tier takes starter, professional or enterprise/],
    [create('--webhook-secret', 'x', '--max-customers', 'CANARY'), 2, /USAGE: --max-customers takes a number/],
    [create('--webhook-secret', 'x', '--timeout', 'CANARY'), 2, /USAGE: --timeout takes a number/],
    [['mssp', 'CANARY'], 2, /has no such command/],
  ] as const) {
    const ran = await raxed(argv, capturedIo({ stdin: from([]) }));
    t.equal(ran.code, code, argv.slice(10).join(' '));
    t.match(ran.err, message);
    t.notMatch(ran.out + ran.err, /CANARY/, 'what was given is never said');
  }
  t.equal(calls.length, before, 'and nothing was called');
  const refused = await raxed(['mssp', 'create', '--id', 'b', '--name', 'refused', '--webhook-url', 'https://x/', '--webhook-secret', 'CANARY', '--json', '--socket', socket]);
  t.equal(refused.code, 2);
  t.notMatch(refused.out + refused.err, /CANARY/);
});

t.test('numbers are numbers and words are the known ones', async (t) => {
  const { socket, calls } = await daemon(t);
  const configure = (...more: string[]): string[] => ['customer', 'configure', 'cust_a', '--mssp', 'mssp_a', '--socket', socket, ...more];
  for (const [argv, message] of [
    [configure('--retention-days', 'ten'), /USAGE: --retention-days takes a number/],
    [configure('--retention-days', ''), /USAGE: --retention-days takes a number/],
    [configure('--retentionDays', '0x10'), /USAGE: --retention-days takes a number/],
    [configure('--heartbeat-threshold', '1e3'), /USAGE: --heartbeat-threshold takes a number/],
    [configure('--heartbeat-threshold', ' 5'), /USAGE: --heartbeat-threshold takes a number/],
    [configure('--data-mode', 'secret'), /USAGE: --data-mode takes full or privacy_safe/],
    [configure('--json=perhaps'), /USAGE: --json takes no value/],
    [['customer', 'configure', 'cust_a'], /USAGE: give --mssp\./],
    [['customer', 'create', '--mssp', 'm'], /USAGE: give --id and --name\./],
    [['customer', 'configure', '--mssp', 'm'], /USAGE: give <id>: the customer's id\./],
  ] as const) {
    const ran = await raxed(argv);
    t.equal(ran.code, 2, argv.join(' '));
    t.match(ran.err, message);
  }
  t.same(calls, []);
  t.match(await raxed(configure('--retention-days', '-1')), { code: 2, err: /BAD_REQUEST: \/retention_days: must be an integer of at least 0/ }, 'how large one may be, the daemon knows');
});

t.test('names from the daemon are harmless', async (t) => {
  const hostile = 'a\u001b[2J\u009b1m\r\n\u202e\u2066\u061cb';
  const evil = { ...CUSTOMER, ...MSSP, name: hostile, id: hostile, tier: hostile, webhook_url: hostile, managed_by: hostile, mssp_id: hostile, data_mode: hostile, data_fields: [hostile], siem: [{ name: hostile, type: hostile, url: hostile }] };
  const { socket } = await daemon(t, {
    'mssp.create': evil, 'mssp.show': evil, 'mssp.list': { mssps: [evil] }, 'customer.create': evil, 'customer.show': evil, 'customer.list': { customers: [evil] },
    'mssp.rotate-secret': { id: hostile, generated: true, webhook_secret: hostile, previous_secret_until: hostile }, 'mssp.delete': { ...DELETION, id: hostile },
  });
  for (const argv of [
    ['mssp', 'create', '--id', 'a', '--name', 'b', '--webhook-url', 'c', '--webhook-secret', 'd'], ['mssp', 'show', 'a'], ['mssp', 'list'], ['mssp', 'rotate-secret', 'a'], ['mssp', 'delete', 'a', '--force'],
    ['customer', 'create', '--mssp', 'm', '--id', 'a', '--name', 'b'], ['customer', 'show', '--mssp', 'm', 'a'], ['customer', 'list', '--mssp', 'm'],
  ]) {
    const { code, out } = await raxed([...argv, '--socket', socket]);
    t.equal(code, 0);
    t.ok(out.includes('a\\u001b[2J'), argv.join(' '));
    t.notMatch(out, UNSAFE);
  }
});
