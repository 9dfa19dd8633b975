import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { SIEM_OPTIONS } from '../../src/cli/ctl/siem-options.js';
import { SIEM_TYPES } from '../../src/control/methods/siem.js';
import { SiemSchema } from '../../src/config/shape.js';
import { RaxedError } from '../../src/errors.js';
import { shortFolder } from '../fixtures/short-folder.js';
import { capturedIo, from, typed } from './captured-io.js';
import type { FakeDaemon } from './fake-daemon.js';
import { fakeDaemon, raxed, UNSAFE } from './fake-daemon.js';

const SIEM = { name: 'soc', type: 'cef', url: 'syslog://siem.example:514', transport: 'tcp', port: null, facility: 16, tls: { ca_file: '/etc/ca.pem' }, token: 'set' };
const OF = { mssp_id: 'mssp_a', customer_id: 'cust_a' };

function daemon(t: Parameters<typeof fakeDaemon>[0], answers: Parameters<typeof fakeDaemon>[1] = {}): Promise<FakeDaemon> {
  return fakeDaemon(t, {
    'customer.siem.configure': { ...OF, siem: SIEM, warnings: ['UDP is at most once'] },
    'customer.siem.show': { ...OF, siem: [SIEM, { name: 'hec', type: 'splunk', url: 'https://splunk.example:8088', token: 'set' }] },
    'customer.siem.test': { results: [{ name: 'soc', type: 'cef', url: 'syslog://siem.example:514', delivered: true, duration_ms: 12.3 }, { name: 'hec', type: 'splunk', url: 'https://splunk.example:8088', delivered: true, http_status: 200, duration_ms: 5, event_id: 'evt_1', says: 'Success (code 0)', certificate: { subject: 'CN=s', issuer: 'CN=ca', valid_to: '2027-01-01T00:00:00.000Z', sha256: 'AA:BB' } }] },
    'customer.siem.disable': (params) => ({ ...OF, name: 'soc', disabled: params['dry_run'] !== true, pending_events: 2 }),
    ...answers,
  });
}

const configure = (...more: string[]): string[] => ['customer', 'siem', 'configure', 'cust_a', '--mssp', 'mssp_a', ...more];

t.test('every option of every SIEM has a flag, and the words that it takes', (t) => {
  const elsewhere = ['type', 'url', 'token', 'tls'];
  const keys = new Set<string>();
  for (const branch of SiemSchema.anyOf) {
    t.ok(SIEM_TYPES.includes(branch.properties.type.const));
    for (const [key, schema] of Object.entries<object>(branch.properties)) {
      if (elsewhere.includes(key)) continue;
      keys.add(key);
      const option = SIEM_OPTIONS[key];
      const kinds = [schema, ...('anyOf' in schema && Array.isArray(schema.anyOf) ? schema.anyOf as object[] : [])];
      const type = kinds.map((kind) => ('type' in kind ? kind.type : undefined)).find((name) => name !== undefined && name !== 'null');
      t.same(option?.choices, kinds.map((kind) => ('enum' in kind ? kind.enum : undefined)).find((words) => words !== undefined), `${key}'s words`);
      if (option?.choices === undefined) t.equal(option?.type, type === 'integer' ? 'number' : type, `${key}'s type`);
    }
  }
  t.same(Object.keys(SIEM_OPTIONS).sort(), [...keys].sort());
  t.end();
});

t.test('siem configure carries its options to the daemon', async (t) => {
  const { socket, calls } = await daemon(t);
  const base = { mssp: 'mssp_a', id: 'cust_a' };
  const rows: [string[], object][] = [
    [['--type', 'cef', '--url', 'syslog://siem.example', '--token', 'not-used', '--transport', 'udp', '--port', '514'], { type: 'cef', url: 'syslog://siem.example', token: 'not-used', transport: 'udp', port: 514 }],
    [['--type', 'cef', '--url', 'syslog://siem.example', '--transport', 'tcp', '--port', '6514', '--tls'], { type: 'cef', url: 'syslog://siem.example', transport: 'tcp', port: 6514, tls: true }],
    [['--type', 'cef', '--url', 'syslog://siem.example', '--no-tls'], { type: 'cef', url: 'syslog://siem.example', tls: false }],
    [['--type', 'cef', '--url', 'syslog://siem.example', '--tls', '--ca-file', 'ca.pem', '--cert-file', '/abs/cert.pem', '--key-file', '../key.pem', '--server-name', 'siem.example'],
      { type: 'cef', url: 'syslog://siem.example', tls: { ca_file: '/work/here/ca.pem', cert_file: '/abs/cert.pem', key_file: '/work/key.pem', server_name: 'siem.example' } }],
    [['--type', 'cef', '--url', 'syslog://siem.example', '--facility', '4', '--format', 'rfc3164', '--framing', 'lf', '--confirm', 'write', '--cef-mode', 'compat', '--name', 'soc'],
      { type: 'cef', url: 'syslog://siem.example', facility: 4, format: 'rfc3164', framing: 'lf', confirm: 'write', cef_mode: 'compat', name: 'soc' }],
    [['--type', 'splunk', '--url', 'https://s/', '--token', 'hec', '--index', 'security', '--source', 'raxe'], { type: 'splunk', url: 'https://s/', token: 'hec', splunk_index: 'security', splunk_source: 'raxe' }],
    [['--type', 'splunk', '--url', 'https://s/', '--token', 'hec', '--splunk-index', 'i', '--splunk-source', 's', '--splunk-sourcetype', 'st', '--splunk-ack'],
      { type: 'splunk', url: 'https://s/', token: 'hec', splunk_index: 'i', splunk_source: 's', splunk_sourcetype: 'st', splunk_ack: true }],
    [['--type', 'crowdstrike', '--url', 'https://c/', '--token', 't', '--batch-events', '10', '--batch-bytes', '5000', '--flush-interval-seconds', '0.5', '--timeout-seconds', '3'],
      { type: 'crowdstrike', url: 'https://c/', token: 't', batch_events: 10, batch_bytes: 5000, flush_interval_seconds: 0.5, timeout_seconds: 3 }],
    [['--type', 'sentinel', '--url', 'https://w/', '--token', 'b64', '--workspace-id', 'ws-123'], { type: 'sentinel', url: 'https://w/', token: 'b64', sentinel_workspace_id: 'ws-123' }],
    [['--type', 'sentinel', '--url', 'https://w/', '--token', 't', '--dcr-id', 'd', '--stream', 's', '--tenant-id', 'ti', '--client-id', 'ci', '--sentinel-workspace-id', 'w'],
      { type: 'sentinel', url: 'https://w/', token: 't', dcr_id: 'd', stream: 's', tenant_id: 'ti', client_id: 'ci', sentinel_workspace_id: 'w' }],
    [['--type', 'arcsight', '--url', 'https://a/', '--token', 't', '--smart-connector-id', 'sc-001', '--device-vendor', 'RAXE', '--device-product', 'ThreatDetection'],
      { type: 'arcsight', url: 'https://a/', token: 't', smart_connector_id: 'sc-001', device_vendor: 'RAXE', device_product: 'ThreatDetection' }],
  ];
  for (const [argv, params] of rows) {
    const { code, err } = await raxed([...configure(...argv), '--socket', socket], capturedIo({ cwd: '/work/here' }));
    t.equal(code, 0, err);
    t.same(calls.at(-1), { method: 'customer.siem.configure', params: { ...base, ...params } }, argv.join(' '));
  }
});

t.test('siem configure shows what is in force, and warnings', async (t) => {
  const { socket } = await daemon(t);
  const { out } = await raxed([...configure('--type', 'cef', '--url', 'syslog://siem.example'), '--socket', socket]);
  t.equal(out, '✓ Configured SIEM \'soc\' of customer \'cust_a\'\n\n  type: cef\n  url: syslog://siem.example:514\n  transport: tcp\n  facility: 16\n  tls: {"ca_file":"/etc/ca.pem"}\n  token: set\n! UDP is at most once\n');
});

t.test('a token comes from an option, a file or standard input, and never out again', async (t) => {
  const folder = shortFolder(t);
  writeFileSync(join(folder, 'token'), 'CANARY\n');
  const { socket, calls } = await daemon(t);
  const splunk = (...more: string[]): string[] => [...configure('--type', 'splunk', '--url', 'https://s/'), '--socket', socket, ...more];
  for (const [argv, io] of [
    [splunk('--token', 'CANARY'), capturedIo()], [splunk('--token-file', join(folder, 'token')), capturedIo()], [splunk('--token', '-'), capturedIo({ stdin: from(['CANARY\r\n']) })],
    [splunk('--token', '-'), capturedIo({ stdin: typed('CANARY\r'), tty: true })],
  ] as const) {
    const ran = await raxed(argv, io);
    t.equal(ran.code, 0, ran.err);
    t.equal(calls.at(-1)?.params['token'], 'CANARY');
    t.notMatch(ran.out + ran.err, /CANARY/);
  }
  for (const [argv, code] of [
    [splunk('--token', 'CANARY', '--token-file', 'x'), 2], [splunk('--token-file', 'CANARY'), 3], [splunk('--transport', 'CANARY'), 2], [splunk('--port', 'CANARY'), 2], [splunk('--splunk-ack=CANARY'), 2],
    [splunk('--no-tls', '--server-name', 'CANARY'), 2], [splunk('--ca-file', ''), 2], [configure('--url', 'CANARY'), 2], [configure('--type', 'CANARY', '--url', 'x'), 2],
  ] as const) {
    const ran = await raxed(argv);
    t.equal(ran.code, code, argv.join(' '));
    t.notMatch(ran.out + ran.err, /CANARY/);
  }
  t.equal(calls.length, 4);
});

t.test('siem show, test and disable', async (t) => {
  const { socket, calls } = await daemon(t);
  const siem = (command: string, ...more: string[]): string[] => ['customer', 'siem', command, 'cust_a', '--mssp', 'mssp_a', '--socket', socket, ...more];
  t.match((await raxed(siem('show'))).out, /^soc\n {2}type +cef\n {2}url +syslog:\/\/siem\.example:514\n[\s\S]*\n\nhec\n {2}type +splunk\n/);
  t.equal((await raxed(siem('test'))).out, '✓ soc took the test event  syslog://siem.example:514 in 12 ms\n✓ hec took the test event  https://splunk.example:8088 answered 200 in 5 ms\n  Said: Success (code 0)\n  Event: evt_1\n  Certificate: CN=s, of CN=ca\n  Valid until: 2027-01-01T00:00:00.000Z\n  SHA-256: AA:BB\n');
  await raxed(siem('test', '--name', 'hec'), capturedIo({ env: { RAXE_SKIP_SSL_VERIFY: 'TRUE' } }));
  t.same(calls.slice(1).map(({ params }) => params), [{ mssp: 'mssp_a', id: 'cust_a' }, { mssp: 'mssp_a', id: 'cust_a', name: 'hec', skip_ssl_verify: true }]);

  const asked = capturedIo({ stdin: typed('Y\n'), tty: true, env: { NO_COLOR: '1' } });
  t.equal((await raxed(siem('disable', '--name', 'soc'), asked)).code, 0);
  t.equal(asked.err(), 'Disable SIEM \'soc\', and with it 2 pending events? [y/N] ');
  t.equal(asked.out(), '✓ Disabled SIEM \'soc\' of customer \'cust_a\'\n\n  With it: 2 pending events\n');
  t.same(calls.slice(3).map(({ params }) => params), [{ mssp: 'mssp_a', id: 'cust_a', name: 'soc', dry_run: true }, { mssp: 'mssp_a', id: 'cust_a', name: 'soc' }]);
  t.equal((await raxed(siem('disable', '--force'))).code, 0);
  t.same(calls.at(-1)?.params, { mssp: 'mssp_a', id: 'cust_a' });
  t.match(await raxed(siem('disable')), { code: 2, err: /CONFIRMATION_REQUIRED: .*disable this SIEM, and with it 2 pending events/ });

  const failing = await daemon(t, { 'customer.siem.test': () => { throw new RaxedError('DELIVERY_FAILED', 'hec: answered 403'); }, 'customer.siem.show': { ...OF, siem: [] } });
  t.match(await raxed(['customer', 'siem', 'test', 'cust_a', '--mssp', 'mssp_a', '--socket', failing.socket]), { code: 4, err: /DELIVERY_FAILED: hec: answered 403/ });
  t.equal((await raxed(['customer', 'siem', 'show', 'cust_a', '--mssp', 'mssp_a', '--socket', failing.socket])).out, 'This customer has no SIEM.\n');
});

t.test('what a daemon says of a SIEM is harmless on a terminal', async (t) => {
  const hostile = '\u001b[31m\u0085\u202e';
  const evil = { name: hostile, type: hostile, url: hostile, [hostile]: { [hostile]: hostile } };
  const { socket } = await daemon(t, {
    'customer.siem.configure': { ...OF, siem: evil, warnings: [hostile] }, 'customer.siem.show': { siem: [evil] }, 'customer.siem.test': { results: [{ ...evil, http_status: hostile, says: hostile, checked: hostile, event_id: hostile, certificate: { subject: hostile, issuer: hostile, valid_to: hostile, sha256: hostile } }] },
    'customer.siem.disable': { ...OF, name: hostile, customer_id: hostile },
  });
  for (const argv of [configure('--type', 'cef', '--url', 'x'), ['customer', 'siem', 'show', 'c', '--mssp', 'm'], ['customer', 'siem', 'test', 'c', '--mssp', 'm'], ['customer', 'siem', 'disable', 'c', '--mssp', 'm', '--force']]) {
    const { code, out } = await raxed([...argv, '--socket', socket]);
    t.equal(code, 0);
    t.notMatch(out, UNSAFE, argv.join(' '));
  }
});
