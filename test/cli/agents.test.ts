import t from 'tap';
import { RaxedError } from '../../src/errors.js';
import { capturedIo, from, NOW, typed } from './captured-io.js';
import type { FakeDaemon } from './fake-daemon.js';
import { fakeDaemon, raxed, UNSAFE } from './fake-daemon.js';

const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();
const AGENT = {
  agent_id: 'agent_prod_001', mssp_id: 'mssp_a', customer_id: 'cust_acme', status: 'online', version: '0.10.0', platform: 'linux', integration: 'langchain',
  first_seen: '2026-01-29T10:30:00.000Z', last_heartbeat: ago(12), uptime_seconds: 5400, total_scans: 1500, total_threats: 3,
};
const AGENTS = [
  AGENT,
  { ...AGENT, agent_id: 'agent_prod_2', status: 'degraded', last_heartbeat: ago(200), integration: undefined, self: true },
  { ...AGENT, customer_id: 'cust_漢', agent_id: 'x', status: 'offline', version: undefined, last_heartbeat: ago(90_000) },
  { ...AGENT, mssp_id: 'mssp_b', agent_id: 'y', last_heartbeat: ago(-5) },
];

function daemon(t: Parameters<typeof fakeDaemon>[0], answers: Parameters<typeof fakeDaemon>[1] = {}): Promise<FakeDaemon> {
  return fakeDaemon(t, { 'agent.register': AGENT, 'agent.heartbeat': { ...AGENT, uptime_seconds: 3600.7 }, 'agent.status': AGENT, 'agent.unregister': AGENT, 'agent.list': { agents: AGENTS }, ...answers });
}

t.test('register and heartbeat say what the guide\'s do', async (t) => {
  const { socket, calls } = await daemon(t);
  const registered = await raxed(['agent', 'register', '--mssp', 'mssp_a', '--customer', 'cust_acme', '--version', '0.10.0', 'agent_prod_001', '--socket', socket]);
  t.same(registered, { code: 0, err: '', out: '✓ Registered agent \'agent_prod_001\'\n\n  MSSP: mssp_a\n  Customer: cust_acme\n  Version: 0.10.0\n  Platform: linux\n  Status: online\n' });
  t.same(calls.at(-1), { method: 'agent.register', params: { id: 'agent_prod_001', mssp: 'mssp_a', customer: 'cust_acme', version: '0.10.0', platform: process.platform } });
  await raxed(['ctl', 'agent', 'register', 'a', '--platform=darwin', '--integration', 'crewai', '--socket', socket]);
  t.same(calls.at(-1)?.params, { id: 'a', platform: 'darwin', integration: 'crewai' });

  const beat = await raxed(['agent', 'heartbeat', 'agent_prod_001', '--socket', socket]);
  t.same(beat, { code: 0, err: '', out: '✓ Heartbeat sent for \'agent_prod_001\'\n\n  Status: online\n  Uptime: 3600s\n' });
  t.same(calls.at(-1)?.params, { id: 'agent_prod_001' });
  await raxed(['agent', 'heartbeat', 'a', '--mssp', 'm', '--customer', 'c', '--scans', '120', '--threats', '3', '--uptime-seconds', '7.5', '--status', 'stopping', '--socket', socket]);
  t.same(calls.at(-1)?.params, { id: 'a', mssp: 'm', customer: 'c', scans: 120, threats: 3, uptime_seconds: 7.5, status: 'stopping' });
});

t.test('status is a framed table', async (t) => {
  const { socket, calls } = await daemon(t);
  const { code, out } = await raxed(['agent', 'status', '--mssp', 'mssp_a', '--customer', 'cust_acme', 'agent_prod_001', '--socket', socket]);
  t.equal(code, 0);
  t.same(calls.at(-1)?.params, { id: 'agent_prod_001', mssp: 'mssp_a', customer: 'cust_acme' });
  t.equal(out, [
    'Agent Status: agent_prod_001',
    '┌────────────────┬────────────────────────────────────┐',
    '│ Field          │ Value                              │',
    '├────────────────┼────────────────────────────────────┤',
    '│ Agent ID       │ agent_prod_001                     │',
    '│ Status         │ online                             │',
    '│ MSSP           │ mssp_a                             │',
    '│ Customer       │ cust_acme                          │',
    '│ Version        │ 0.10.0                             │',
    '│ Platform       │ linux                              │',
    '│ Integration    │ langchain                          │',
    '│ First Seen     │ 2026-01-29T10:30:00.000Z           │',
    '│ Last Heartbeat │ 2026-01-29T11:59:48.000Z (12s ago) │',
    '│ Uptime         │ 5400s                              │',
    '│ Total Scans    │ 1,500                              │',
    '│ Total Threats  │ 3                                  │',
    '└────────────────┴────────────────────────────────────┘', '',
  ].join('\n'));
});

t.test('list is a tree by MSSP and customer', async (t) => {
  const { socket, calls } = await daemon(t);
  const { out } = await raxed(['agent', 'list', '--mssp', 'mssp_a', '--socket', socket]);
  t.same(calls.at(-1)?.params, { mssp: 'mssp_a' });
  t.equal(out, [
    'mssp_a',
    '├── cust_acme',
    '│   ├── ● agent_prod_001  online    0.10.0  langchain  12s ago',
    '│   └── ◐ agent_prod_2    degraded  0.10.0  –          3m 20s ago  (this daemon)',
    '└── cust_漢',
    '    └── ○ x               offline   –       langchain  1d 1h ago',
    'mssp_b',
    '└── cust_acme',
    '    └── ● y               online    0.10.0  langchain  0s ago',
    '',
    '4 agents: 2 online, 1 degraded, 1 offline', '',
  ].join('\n'));
  const colour = (await raxed(['agent', 'list', '--socket', socket], capturedIo({ tty: true }))).out;
  t.match(colour, /\u001b\[32m● agent_prod_001\u001b\[0m {2}online/);
  t.equal(colour.replace(/\u001b\[\d+m/g, ''), out, 'colour does not count as width');
  const empty = await daemon(t, { 'agent.list': { agents: [] } });
  t.equal((await raxed(['agent', 'list', '--socket', empty.socket])).out, 'There is no agent.\n');
  t.match(JSON.parse((await raxed(['agent', 'list', '--json', '--socket', socket])).out), { agents: [{ agent_id: 'agent_prod_001' }, {}, {}, {}] });
});

t.test('unregister asks first', async (t) => {
  const { socket, calls } = await daemon(t);
  const asked = capturedIo({ stdin: typed('y\n'), tty: true, env: { NO_COLOR: '1' } });
  t.equal((await raxed(['agent', 'unregister', 'agent_prod_001', '--socket', socket], asked)).code, 0);
  t.equal(asked.err(), 'Unregister agent \'agent_prod_001\'? [y/N] ');
  t.equal(asked.out(), '✓ Unregistered agent \'agent_prod_001\'\n\n  MSSP: mssp_a\n  Customer: cust_acme\n');
  t.same(calls.map(({ method }) => method), ['agent.status', 'agent.unregister']);
  t.match(await raxed(['agent', 'unregister', 'agent_prod_001', '--socket', socket], capturedIo({ stdin: from([]) })), { code: 2, err: /CONFIRMATION_REQUIRED: .*unregister this agent\. Run/ });
  t.equal((await raxed(['agent', 'unregister', 'agent_prod_001', '--force', '--socket', socket])).code, 0);
  t.same(calls.slice(2).map(({ method }) => method), ['agent.status', 'agent.unregister']);
});

t.test('errors of the daemon have their exit codes', async (t) => {
  const { socket } = await daemon(t, {
    'agent.status': () => { throw new RaxedError('AGENT_NOT_FOUND', 'there is no such agent'); },
    'agent.heartbeat': () => { throw new RaxedError('AGENT_AMBIGUOUS', '2 customers have an agent of this id'); },
    'agent.register': () => { throw new RaxedError('LIMIT_REACHED', 'edition "community" has 50 agents a customer'); },
  });
  for (const [argv, code, message] of [
    [['status', 'a'], 3, /AGENT_NOT_FOUND/], [['heartbeat', 'a'], 2, /AGENT_AMBIGUOUS.*--mssp and --customer/], [['register', 'a'], 2, /LIMIT_REACHED.*50 agents/],
    [['register', 'a', '--mssp', 'm'], 2, /BAD_REQUEST: \/customer/], [['heartbeat', 'a', '--scans', 'x'], 2, /--scans takes a number/], [['status'], 2, /give <id>/],
  ] as const) t.match(await raxed(['agent', ...argv, '--socket', socket]), { code, out: '', err: message });
});

t.test('what agents say of themselves is harmless on a terminal', async (t) => {
  const hostile = '\u001b]0;x\u0007\u009b2J\u202e\u2066';
  const evil = { ...AGENT, agent_id: hostile, mssp_id: hostile, customer_id: hostile, status: hostile, version: hostile, platform: hostile, integration: hostile, first_seen: hostile, last_heartbeat: hostile, uptime_seconds: hostile, total_scans: hostile, total_threats: { [hostile]: 1 } };
  const { socket } = await daemon(t, { 'agent.register': evil, 'agent.heartbeat': evil, 'agent.status': evil, 'agent.list': { agents: [evil] }, 'agent.unregister': evil });
  for (const argv of [['register', 'a'], ['heartbeat', 'a'], ['status', 'a'], ['list'], ['unregister', 'a', '--force']]) {
    const { code, out } = await raxed(['agent', ...argv, '--socket', socket]);
    t.equal(code, 0);
    t.notMatch(out, UNSAFE, argv.join(' '));
    t.ok(out.includes('\\u001b]0;x'));
  }
});
