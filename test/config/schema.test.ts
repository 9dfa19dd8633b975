import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { validate as isCron } from 'node-cron';
import t from 'tap';
import { isLoopback, syslogTarget } from '../../src/config/address.js';
import { parseJsonText } from '../../src/config/json-text.js';
import { customerLimit } from '../../src/config/limits.js';
import { controlSocketCandidates, defaultPaths, effectivePaths } from '../../src/config/paths.js';
import { REDACTED, redactConfig } from '../../src/config/redact.js';
import { holdsSecret, referencedFiles, secretPlaces } from '../../src/config/references.js';
import type { Config, ParseContext, ParsedConfig } from '../../src/config/schema.js';
import { configJsonSchema, parseConfig } from '../../src/config/schema.js';
import { ConfigSchema } from '../../src/config/shape.js';
import { unknownTenants } from '../../src/config/tenant-names.js';
import { editDistance, nearest } from '../../src/nearest.js';
import type { Node } from '../../src/config/walk.js';
import { branchFor, isObject } from '../../src/config/walk.js';
import { ConfigError } from '../../src/errors.js';

const CANARY = 'c4n4ry-hunter2-secret';
const ALL_OUTPUTS = ['cef-syslog', 'cef-http', 'arcsight', 'splunk', 'crowdstrike', 'sentinel'] as const;
const context: ParseContext = { folder: '/etc/raxed', isCron, availableSiem: ALL_OUTPUTS };
const exampleText = readFileSync(new URL('../../config.example.json', import.meta.url), 'utf8');

const parse = (json: unknown, options: Partial<ParseContext> = {}): ParsedConfig => parseConfig(json, { ...context, ...options });
const webhook = { url: 'https://soc.example/', secret: CANARY };
const customer = (more: object = {}) => ({ id: 'c', ...more });
const mssp = (more: object = {}) => ({ id: 'm', webhook, ...more });
const withMssp = (more: object) => ({ mssps: [mssp(more)] });
const withCustomer = (more: object) => withMssp({ customers: [customer(more)] });
const withSiem = (...siem: object[]) => withCustomer({ siem });
const withWebhook = (more: object) => withMssp({ webhook: { ...webhook, ...more } });
const cef = { type: 'cef', url: 'syslog://siem.example' };

function refusal(json: unknown, options: Partial<ParseContext> = {}): ConfigError {
  try {
    parse(json, options);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}
const lines = (error: ConfigError): string[] => error.problems.map(({ pointer, message }) => `${pointer}: ${message}`);
const accepts = (t: { doesNotThrow(run: () => unknown, message: string): unknown }, json: unknown, message: string): void => { t.doesNotThrow(() => parse(json), message); };

t.test('the examples of the README are what the file may say', (t) => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const blocks = [...readme.matchAll(/```json( siem)?\n([^]*?)```/g)];
  t.equal(blocks.length, 2);
  for (const [, isSiem, text = ''] of blocks) {
    const json: unknown = JSON.parse(text);
    t.same(parse(isSiem === undefined ? json : withCustomer({ siem: json })).warnings, [], text.slice(0, 60));
  }
  t.end();
});

t.test('an empty object is a daemon with no tenants and every default', (t) => {
  const { config, warnings } = parse({});
  t.same(warnings, []);
  t.same(config, {
    edition: 'community', state_dir: null, agent: null, mssps: [],
    scanner: { rules_dirs: [], l2: { enabled: true, threshold: null }, max_text_bytes: 1_048_576, threat_at: 'medium', block_at: null, scan_responses: false, suppressions: [] },
    events: { send: 'threats' },
    spool: { segment_bytes: 8_388_608, max_bytes: 1_073_741_824, min_free_bytes: 268_435_456, when_full: 'reject', ack: 'fsync' },
    control: { socket: null, scan_socket: null, scan_tenants: null, http: null, metrics: null },
    audit: { max_file_size_mb: 10, max_bytes: 1_073_741_824, retention_days: 90 },
    proxy: null, log: { level: 'info' },
  });
  t.throws(() => { (config.log as { level: string }).level = 'debug'; }, TypeError, 'it is frozen');
  t.end();
});

t.test('a tenant with only what is required gets the defaults of its kind', (t) => {
  const { config } = parse(withSiem(cef));
  t.same(config.mssps, [{
    id: 'm', name: 'm', tier: 'starter', max_customers: null,
    webhook: { ...webhook, previous_secret: null, previous_secret_until: null, timeout_seconds: 10, max_in_flight: 8, tls: false },
    customers: [{
      id: 'c', name: 'c', data_mode: 'privacy_safe', data_fields: [], retention_days: 30, heartbeat_threshold_seconds: 300, webhook: null,
      siem: [{
        type: 'cef', url: 'syslog://siem.example', token: null, name: 'cef', batch_events: 2000, batch_bytes: 1_048_576, flush_interval_seconds: 5, timeout_seconds: 10,
        tls: false, transport: 'udp', port: 514, facility: 16, format: 'rfc5424', framing: 'octet-counting', confirm: 'fin', cef_mode: 'strict',
      }],
      threat_at: null, block_at: null, l2: { enabled: null, threshold: null }, suppressions: [],
    }],
  }]);
  t.end();
});

t.test('what is wrong is said with its JSON pointer, what was expected and what was found', (t) => {
  const cases: [name: string, json: unknown, ...problems: (string | RegExp)[]][] = [
    ['no object', [], ': expected an object, found a list'],
    ['null', null, ': expected an object, found null'],
    ['a misspelt key', { spol: {} }, '/spol: unknown key; did you mean "spool"?'],
    ['a dash for an underscore', withCustomer({ 'retention-days': 3 }), '/mssps/0/customers/0/retention-days: unknown key; did you mean "retention_days"?'],
    ['a key that is near nothing', { events: { zzz: 1 } }, '/events/zzz: unknown key; allowed: send'],
    ['a key with the characters of pointers', { 'a/b~c\n': 1 }, /^\/a~1b~0c\\u000a: unknown key/],
    ['a prototype key', JSON.parse('{"__proto__": {"x": 1}, "constructor": 1}'), /^\/__proto__: unknown key/, /^\/constructor: unknown key/],
    ['a misspelt word', withMssp({ tier: 'profesional' }), '/mssps/0/tier: expected "starter", "professional" or "enterprise", found "profesional"; did you mean "professional"?'],
    ['a word near none', { log: { level: CANARY } }, '/log/level: expected "debug", "info", "warn" or "error", found another string'],
    ['a wrong type', { scanner: { scan_responses: 'yes' } }, '/scanner/scan_responses: expected true or false, found a string'],
    ['a number out of range', { scanner: { l2: { threshold: 1.5 } } }, /^\/scanner\/l2\/threshold: expected a number from 0 to 1, or \{ .* found 1\.5$/],
    ['a threshold of a channel out of range', withCustomer({ l2: { threshold: { prompt: -1 } } }), '/mssps/0/customers/0/l2/threshold/prompt: expected a number from 0 to 1, found -1'],
    ['a threshold of no channel', { scanner: { l2: { threshold: { promt: 0.5 } } } }, '/scanner/l2/threshold/promt: unknown key; did you mean "prompt"?'],
    ['a severity that does not exist', withCustomer({ threat_at: 'hihg' }), /threat_at: expected "low", "medium", "high" or "critical", found "hihg"; did you mean "high"\?$/],
    ['a threat that is never one', withCustomer({ threat_at: 'never' }), /threat_at: expected /],
    ['a suppression that is no rule id', { scanner: { suppressions: [{ rule: 'pi-*-1' }] } }, '/scanner/suppressions/0/rule: expected a rule id, or its beginning and "*"; found something else'],
    ['a suppression without a rule', withCustomer({ suppressions: [{ reason: 'x' }] }), /suppressions\/0\/rule: is required/],
    ['a fraction for an integer', withCustomer({ retention_days: 1.5 }), '/mssps/0/customers/0/retention_days: expected an integer from 0 to 90, found 1.5'],
    ['something that is required', { mssps: [{}] }, /^\/mssps\/0\/id: is required: an id/, '/mssps/0/webhook: is required: an object'],
    ['a secret of a wrong type', withWebhook({ secret: 12345 }), '/mssps/0/webhook/secret: expected a secret: a string, { "file": PATH }, { "env": NAME } or { "credential": NAME }, found a number'],
    ['a secret with an unknown place', withWebhook({ secret: { [CANARY]: 1 } }), /secret: expected a secret: .* found an object$/],
    ['a secret with two places', withWebhook({ secret: { file: 'a', env: 'B' } }), /secret: expected a secret: .* found an object$/],
    ['a secret with a key too many', withWebhook({ secret: { file: 'a', [CANARY]: 1 } }), '/mssps/0/webhook/secret: has a key that is unknown here; allowed: file'],
    ['an empty secret', withWebhook({ secret: '' }), /secret: expected a secret: .* found an empty string$/],
    ['an environment variable that is no name', withWebhook({ secret: { env: 'A B' } }), /secret\/env: expected the name of an environment variable; found something else$/],
    ['a credential that is a path', withWebhook({ secret: { credential: '../x' } }), /secret\/credential: expected the name of a systemd credential/],
    ['a SIEM without a type', withSiem({ url: 'https://x/' }), /siem\/0\/type: is required: "cef", "arcsight", "splunk", "crowdstrike" or "sentinel"$/],
    ['a SIEM of a misspelt type', withSiem({ type: 'splunc' }), /siem\/0\/type: .* found "splunc"; did you mean "splunk"\?$/],
    ['an option of another SIEM', withSiem({ ...cef, splunk_index: 'x' }), /siem\/0\/splunk_index: unknown key for type "cef"; allowed: type, url/],
    ['a data field that does not exist', withCustomer({ data_fields: ['prompt', 'promt'] }),
      '/mssps/0/customers/0/data_fields/1: expected "prompt", "matched_text", "response", "system_prompt", "tool_calls" or "rag_context", found "promt"; did you mean "prompt"?'],
    ['a data field twice', withCustomer({ data_fields: ['prompt', 'prompt'] }), '/mssps/0/customers/0/data_fields/1: stands in the list twice'],
    ['a bad cron expression', { agent: { id: 'a', mssp_id: 'm', customer_id: 'c', heartbeat_cron: '61 * * * *' } }, /^\/agent\/heartbeat_cron: expected a cron expression/],
    ['a time without a zone', withWebhook({ previous_secret: 'p', previous_secret_until: '2026-01-31T00:00:00' }), /previous_secret_until: expected a time such as/],
    ['a day that does not exist', withWebhook({ previous_secret: 'p', previous_secret_until: '2026-02-29T00:00:00Z' }), /previous_secret_until: expected a time such as/],
    ['an end without a previous secret', withWebhook({ previous_secret_until: '2026-02-28T00:00:00Z' }), '/mssps/0/webhook/previous_secret_until: needs previous_secret'],
    ['a certificate without its key', withWebhook({ tls: { cert_file: 'c' } }), '/mssps/0/webhook/tls/key_file: is required beside cert_file'],
    ['a listener for everybody', { control: { metrics: { host: '0.0.0.0' } } }, /^\/control\/metrics\/host: expected a loopback address/],
    ['a tenant pair of three', { control: { scan_tenants: [['a', 'b', 'c']] } }, '/control/scan_tenants/0: expected a pair [mssp_id, customer_id], found a list of 3'],
    ['a spool smaller than a segment', { spool: { max_bytes: 65_536 } }, '/spool/max_bytes: expected at least segment_bytes (8388608), found 65536'],
    ['an MSSP given twice', { edition: 'enterprise', mssps: [mssp(), mssp()] }, '/mssps/1/id: is the same as /mssps/0/id'],
    ['a customer given twice', withMssp({ customers: [customer(), customer()] }), '/mssps/0/customers/1/id: is the same as /mssps/0/customers/0/id'],
    ['two SIEMs of one name', withSiem(cef, { ...cef, url: 'syslog://b' }), '/mssps/0/customers/0/siem/1/name: is the same as /mssps/0/customers/0/siem/0/name'],
    ['a SIEM called webhook', withSiem({ ...cef, name: 'webhook' }), '/mssps/0/customers/0/siem/0/name: the name "webhook" is taken by the webhook'],
    ['legacy and current Sentinel', withSiem({ type: 'sentinel', url: 'https://x/', token: 't', sentinel_workspace_id: 'w', stream: 's' }), /siem\/0\/stream: does not go together/],
    ['half of Sentinel', withSiem({ type: 'sentinel', url: 'https://x/', token: 't', dcr_id: 'd', stream: 's', tenant_id: 't' }), /siem\/0\/client_id: is required/],
    ['Splunk without a token', withSiem({ type: 'splunk', url: 'https://x/' }), /siem\/0\/token: is required: a secret/],
  ];
  for (const [name, json, ...problems] of cases) {
    const found = lines(refusal(json));
    t.equal(found.length, problems.length, `${name}: ${found.join(' | ')}`);
    problems.forEach((problem, index) => {
      if (typeof problem === 'string') t.equal(found[index], problem, name);
      else t.match(found[index], problem, name);
    });
    t.notMatch(found.join(), CANARY, name);
  }
  const many = refusal({ mssps: Array.from({ length: 300 }, () => ({})) });
  t.equal(many.problems.length, 101);
  t.equal(many.problems.at(-1)?.message, 'and 500 more problems');
  t.equal(many.code, 'CONFIG_INVALID');
  t.equal(many.exitCode, 3);
  t.end();
});

t.test('bounds hold exactly', (t) => {
  const retention = (days: unknown) => withCustomer({ retention_days: days });
  const threshold = (seconds: unknown) => withCustomer({ heartbeat_threshold_seconds: seconds });
  for (const good of [0, 1, 90]) accepts(t, retention(good), `retention ${good}`);
  for (const bad of [91, 365, 366, -1, '30', null]) t.throws(() => parse(retention(bad)), ConfigError, `retention ${String(bad)}`);
  for (const good of [60, 3600]) accepts(t, threshold(good), `threshold ${good}`);
  for (const bad of [59, 3601]) t.throws(() => parse(threshold(bad)), ConfigError, `threshold ${bad}`);
  for (const facility of [0, 23]) accepts(t, withSiem({ ...cef, facility }), `facility ${facility}`);
  for (const facility of [-1, 24]) t.throws(() => parse(withSiem({ ...cef, facility })), ConfigError, `facility ${facility}`);
  t.end();
});

t.test('ids are letters, digits, _ and -; prefixes are a habit, not a rule', (t) => {
  for (const good of ['test_mssp', 'mssp_', 'A', '0', 'a-b_C', 'x'.repeat(64)]) accepts(t, withMssp({ id: good }), good);
  for (const bad of ['', 'mssp_../x', 'cust_a b', '_a', '-a', 'ä', 'a.b', 'a/b', 'a\u0000', 'a\n', 'x'.repeat(65), '..', 7]) {
    t.match(lines(refusal(withMssp({ id: bad })))[0], /^\/mssps\/0\/id: expected an id/, JSON.stringify(bad));
  }
  t.end();
});

t.test('URLs are https, or http to this machine only', (t) => {
  const good = ['https://soc.example', 'https://soc.example:8443/a?b=c', 'HTTPS://soc.example/', 'http://localhost:1/', 'http://127.0.0.1/', 'http://127.255.3.4:80/', 'http://[::1]:9/', 'https://xn--mnchen-3ya.example/', 'https://münchen.example/'];
  const bad = [
    'http://soc.example/', 'http://127.0.0.1.evil.example/', 'http://localhost.evil/', 'http://localhost./', 'http://[::2]/', 'http://128.0.0.1/', 'http://0.0.0.0/',
    'ftp://soc.example/', 'file:///etc/passwd', 'syslog://soc.example', 'soc.example', '//soc.example/', 'https:soc.example', 'https:/soc.example', 'https:///x', 'https://', '',
    'https://user@soc.example/', 'https://user:pw@soc.example/', 'https://@soc.example/', 'https://soc.example/#x', 'https://soc.example/#', 'https://soc.example:0/', 'https://soc.example:99999/',
    ' https://soc.example/', 'https://soc.example/a b', 'https://soc.ex\tample/', 'https://soc.example/\n', 'https:\\\\soc.example', 'https://soc.example/\u202e', 'https://soc.example/\ud800',
    `https://soc.example/${'x'.repeat(2048)}`, 'javascript:alert(1)', 'data:text/plain,x', 'http://localhost@evil.example/',
  ];
  for (const url of good) accepts(t, withWebhook({ url }), url);
  for (const url of bad) {
    const found = lines(refusal(withWebhook({ url })));
    t.match(found[0], /^\/mssps\/0\/webhook\/url: expected an https URL; /, JSON.stringify(url));
    t.notMatch(found[0] ?? '', 'evil', 'the URL is not shown');
  }
  t.equal(isLoopback('127.0.0.1'), true);
  t.equal(isLoopback('1127.0.0.1'), false);
  for (const proxy of ['http://proxy.example:3128', 'https://proxy.example/', 'http://a:b%40@proxy.example:3128', 'http://a@proxy.example']) accepts(t, { proxy }, proxy);
  for (const proxy of ['http://a:b@c@proxy.example', 'http://a b@proxy.example', 'http://a:b@', 'a:b@proxy.example', 'socks5://proxy.example', 'http://proxy.example/path', 'proxy.example:3128']) t.throws(() => parse({ proxy }), ConfigError, proxy);
  t.throws(() => parse(withWebhook({ url: 'http://localhost:1/', tls: true })), /tls: needs an https URL/);
  t.end();
});

t.test('syslog goes to a host and a port; a port in the URL wins, then the option, then 514 or with TLS 6514; over UDP unless told, with TLS over TCP', (t) => {
  const targets: [siem: object, host: string, port: number, transport: string][] = [
    [{}, 'siem.example', 514, 'udp'],
    [{ transport: 'tcp' }, 'siem.example', 514, 'tcp'],
    [{ transport: 'udp' }, 'siem.example', 514, 'udp'],
    [{ tls: true }, 'siem.example', 6514, 'tcp'],
    [{ tls: { ca_file: 'ca.pem' } }, 'siem.example', 6514, 'tcp'],
    [{ tls: true, port: 7000 }, 'siem.example', 7000, 'tcp'],
    [{ tls: true, port: 7000, url: 'syslog://siem.example:8000' }, 'siem.example', 8000, 'tcp'],
    [{ url: 'syslog://10.0.0.1:1514' }, '10.0.0.1', 1514, 'udp'],
    [{ url: 'SYSLOG://[2001:db8::1]:1514' }, '2001:db8::1', 1514, 'udp'],
    [{ url: 'syslog://[::1]/' }, '::1', 514, 'udp'],
  ];
  for (const [options, host, port, transport] of targets) {
    const siem = firstSiem(parse(withSiem({ ...cef, ...options })).config);
    if (siem.type !== 'cef') { t.fail('not CEF'); continue; }
    t.same(syslogTarget(siem), { host, port, transport }, JSON.stringify(options));
    t.equal(siem.port, port, 'the effective configuration says so');
    t.equal(siem.transport, transport);
  }
  for (const url of ['syslog://', 'syslog://h/path', 'syslog://h?x', 'syslog://u@h', 'syslog://h:0', 'syslog://h:65536', 'syslog://h:', 'syslog:h', 'syslog://h h', 'syslog://h#f', 'syslog://[::1', 'syslog://[zz]', 'syslog://999.1.1.1', 'syslog://-h', 'udp://h']) {
    t.match(lines(refusal(withSiem({ ...cef, url })))[0], /siem\/0\/url: expected a syslog:\/\/host\[:port\] or https URL; /, url);
  }
  const contradictions: [siem: object, problem: RegExp][] = [
    [{ transport: 'http' }, /transport: expected "udp" or "tcp" for a syslog:\/\/ URL, found "http"/],
    [{ url: 'https://siem.example/', transport: 'udp' }, /transport: expected "http" for an https:\/\/ URL, found "udp"/],
    [{ url: 'https://siem.example/', transport: 'tcp' }, /transport: expected "http"/],
    [{ url: 'https://siem.example/', port: 514 }, /port: is an option of syslog/],
    [{ transport: 'udp', tls: true }, /tls: UDP has no TLS/],
    [{ transport: 'udp', tls: {} }, /tls: UDP has no TLS/],
    [{ token: CANARY }, /token: syslog carries no token/],
  ];
  for (const [options, problem] of contradictions) t.match(lines(refusal(withSiem({ ...cef, ...options })))[0], problem, JSON.stringify(options));
  const overHttp = firstSiem(parse(withSiem({ ...cef, url: 'https://siem.example/x', token: 't' })).config);
  t.equal(overHttp.type === 'cef' ? overHttp.transport : undefined, 'http');
  t.equal(syslogTarget({ url: 'https://siem.example', transport: 'http', port: null, tls: false }), undefined);
  t.end();
});

t.test('a SIEM that this version has no output for is refused, not dropped', (t) => {
  const only = { availableSiem: ['cef-syslog'] as const };
  const refused: [siem: object, message: string][] = [
    [{ ...cef, url: 'https://siem.example/' }, '"cef" over HTTP is not available in this version; available: "cef" over syslog'],
    [{ type: 'splunk', url: 'https://x/', token: 't' }, '"splunk" is not available in this version; available: "cef" over syslog'],
    [{ type: 'crowdstrike', url: 'https://x/', token: 't' }, '"crowdstrike" is not available in this version; available: "cef" over syslog'],
    [{ type: 'sentinel', url: 'https://x/', token: 't', sentinel_workspace_id: 'w' }, '"sentinel" is not available in this version; available: "cef" over syslog'],
    [{ type: 'arcsight', url: 'https://x/' }, '"arcsight" is not available in this version; available: "cef" over syslog'],
  ];
  for (const [siem, message] of refused) {
    t.same(refusal(withSiem(siem), only).problems, [{ pointer: '/mssps/0/customers/0/siem/0/type', message }]);
    t.doesNotThrow(() => parse(withSiem(siem)), 'the schema knows it');
  }
  t.match(parse(withSiem({ type: 'sentinel', url: 'https://x/', token: 't', sentinel_workspace_id: 'w' })).warnings, [{ message: /2026-09-14/ }]);
  t.end();
});

t.test('editions and tiers limit how many MSSPs and customers there are', (t) => {
  const customers = (count: number) => Array.from({ length: count }, (_, i) => ({ id: `c${i}` }));
  const limits: [mssp: object, allowed: number, source: string][] = [
    [{}, 10, 'tier "starter"'], [{ tier: 'starter' }, 10, 'tier "starter"'], [{ tier: 'professional' }, 50, 'tier "professional"'],
    [{ tier: 'professional', max_customers: 2 }, 2, 'max_customers'], [{ max_customers: 12 }, 12, 'max_customers'],
  ];
  for (const [options, allowed, source] of limits) {
    accepts(t, withMssp({ ...options, customers: customers(allowed) }), `${JSON.stringify(options)} ${allowed}`);
    t.same(refusal(withMssp({ ...options, customers: customers(allowed + 1) })).problems,
      [{ pointer: '/mssps/0/customers', message: `${source} allows ${allowed} customers, found ${allowed + 1}` }]);
  }
  accepts(t, withMssp({ tier: 'enterprise', customers: customers(200) }), 'tier enterprise is unlimited');
  accepts(t, withMssp({ max_customers: 0, customers: customers(200) }), '0 is unlimited');
  accepts(t, { edition: 'enterprise', mssps: [mssp({ customers: customers(200) }), mssp({ id: 'n' })] }, 'edition enterprise is unlimited');
  t.throws(() => parse({ edition: 'enterprise', mssps: [mssp({ tier: 'starter', customers: customers(11) })] }), /tier "starter"/, 'unless the MSSP names a tier');
  t.same(refusal({ mssps: [mssp(), mssp({ id: 'n' })] }).problems, [{ pointer: '/mssps/1', message: 'edition "community" has 1 MSSP; edition "enterprise" has no limit' }]);
  t.equal(customerLimit({ tier: 'enterprise', max_customers: null }), Infinity);
  t.end();
});

t.test('where a customer is named that does not exist is found, with its pointer', (t) => {
  const agent = { id: 'a', mssp_id: 'm', customer_id: 'c' };
  const unknown = (json: object) => unknownTenants(parse({ ...json, ...withCustomer({}) }).config);
  t.same(parse({ agent }).warnings, [], 'the file alone cannot know');
  t.same(unknown({ agent }), { agent: [], control: [] });
  t.same(unknown({ agent: { ...agent, customer_id: 'other' } }).agent, [{ pointer: '/agent/customer_id', message: 'names no customer of this MSSP' }]);
  t.same(unknown({ agent: { ...agent, mssp_id: 'other' } }).agent, [{ pointer: '/agent/mssp_id', message: 'names no MSSP' }]);
  t.same(unknown({ control: { scan_tenants: [['m', 'c'], ['m', 'x']], http: { token: 't', mssp_id: 'm', customer_id: 'x' } } }).control,
    [{ pointer: '/control/http/customer_id', message: 'names no customer of this MSSP' }, { pointer: '/control/scan_tenants/1', message: 'names no customer' }]);
  t.end();
});

t.test('relative paths are resolved from the folder of the file', (t) => {
  const { config } = parse({ state_dir: 'state', scanner: { rules_dirs: ['rules', '../shared', '/abs/x'] }, ...withWebhook({ secret: { file: './w.secret' }, tls: { ca_file: 'ca.pem' } }), control: { socket: 'run/c.sock' } });
  t.equal(config.state_dir, '/etc/raxed/state');
  t.same(config.scanner.rules_dirs, ['/etc/raxed/rules', '/etc/shared', '/abs/x']);
  t.same(referencedFiles(config, {}), ['/etc/raxed/w.secret', '/etc/raxed/ca.pem']);
  t.equal(config.control.socket, '/etc/raxed/run/c.sock');
  t.end();
});

t.test('a socket path over 107 bytes is refused', (t) => {
  const path = (bytes: number): string => `/${'é'.repeat(Math.floor((bytes - 1) / 2))}${'x'.repeat((bytes - 1) % 2)}`;
  accepts(t, { control: { socket: path(107) } }, '107 bytes');
  const error = refusal({ control: { socket: path(108) } });
  t.equal(error.code, 'SOCKET_PATH_TOO_LONG');
  t.equal(error.exitCode, 3);
  t.same(error.problems, [{ pointer: '/control/socket', message: 'the socket\'s path has 108 bytes, more than the 107 that Linux allows' }]);
  t.equal(refusal({ control: { socket: `x/${'y'.repeat(100)}` } }).code, 'SOCKET_PATH_TOO_LONG', 'measured when resolved');
  const paths = defaultPaths({ XDG_RUNTIME_DIR: `/run/${'u'.repeat(100)}` }, { home: '/h', cwd: '/w' });
  t.throws(() => effectivePaths(paths, parse({}).config, {}), { code: 'SOCKET_PATH_TOO_LONG' }, 'the usual place too');
  t.end();
});

t.test('the places are systemd\'s, a person\'s, or overridden', (t) => {
  const at = { home: '/home/u', cwd: '/work' };
  const unit = { STATE_DIRECTORY: '/var/lib/raxed:/other', RUNTIME_DIRECTORY: '/run/raxed', CONFIGURATION_DIRECTORY: '/etc/raxed' };
  t.same(defaultPaths(unit, at), {
    configFile: '/etc/raxed/config.json', configFileNamed: false, stateDir: '/var/lib/raxed', runtimeDir: '/run/raxed',
    tenantsFile: '/var/lib/raxed/tenants.json', controlSocket: '/run/raxed/control.sock', scanSocket: '/run/raxed/scan.sock',
  });
  t.same(defaultPaths({ STATE_DIRECTORY: '/var/lib/raxed' }, at).controlSocket, '/run/raxed/control.sock');
  t.same(defaultPaths({}, at), {
    configFile: '/home/u/.config/raxed/config.json', configFileNamed: false, stateDir: '/home/u/.local/state/raxed', runtimeDir: '/home/u/.local/state/raxed',
    tenantsFile: '/home/u/.local/state/raxed/tenants.json', controlSocket: '/home/u/.local/state/raxed/control.sock', scanSocket: '/home/u/.local/state/raxed/scan.sock',
  });
  const xdg = { XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: '/s', XDG_RUNTIME_DIR: '/r' };
  t.match(defaultPaths(xdg, at), { configFile: '/c/raxed/config.json', stateDir: '/s/raxed', controlSocket: '/r/raxed/control.sock' });
  t.match(defaultPaths({ XDG_CONFIG_HOME: 'relative', XDG_STATE_HOME: '' }, at), { configFile: '/home/u/.config/raxed/config.json', stateDir: '/home/u/.local/state/raxed' });
  const overrides = { ...xdg, RAXED_CONFIG: 'my.json', RAXED_STATE_DIR: '/st', RAXED_SOCKET: '/so/ctl.sock', RAXE_MSSP_DIR: '~/mssp' };
  t.match(defaultPaths(overrides, at), { configFile: '/work/my.json', configFileNamed: true, stateDir: '/st', tenantsFile: '/home/u/mssp/tenants.json', controlSocket: '/so/ctl.sock', scanSocket: '/so/scan.sock' });
  t.equal(defaultPaths(overrides, { ...at, configOption: '/opt/c.json' }).configFile, '/opt/c.json');

  const config = parse({ state_dir: '/data', control: { socket: '/x/c.sock' } }).config;
  t.match(effectivePaths(defaultPaths({}, at), config, {}), { stateDir: '/data', tenantsFile: '/data/tenants.json', controlSocket: '/x/c.sock', scanSocket: '/x/scan.sock' });
  t.match(effectivePaths(defaultPaths(overrides, at), config, overrides), { stateDir: '/st', tenantsFile: '/home/u/mssp/tenants.json', controlSocket: '/so/ctl.sock' }, 'the environment wins over the file');
  t.match(effectivePaths(defaultPaths({}, at), parse({ state_dir: '/data' }).config, {}), { controlSocket: '/data/control.sock', runtimeDir: '/data' });
  t.match(effectivePaths(defaultPaths(xdg, at), parse({ control: { scan_socket: '/y/s.sock' } }).config, xdg), { controlSocket: '/r/raxed/control.sock', scanSocket: '/y/s.sock' });
  t.same(controlSocketCandidates(defaultPaths(xdg, at), xdg), ['/r/raxed/control.sock', '/run/raxed/control.sock']);
  t.same(controlSocketCandidates(defaultPaths(overrides, at), overrides), ['/so/ctl.sock']);
  t.end();
});

t.test('config.example.json is valid, complete, and shows the defaults', (t) => {
  const example = parseJsonText(exampleText);
  const { config, warnings } = parse(example, { availableSiem: ['cef-syslog'] });
  t.same(warnings, []);
  const missing: string[] = [];
  const availableTypes = ['cef'];
  // Every key of the schema appears somewhere in the example, unless it belongs to a SIEM of a later version.
  const look = (node: Node, values: readonly unknown[], pointer: string): void => {
    for (const branch of node['x-secret'] === true ? [] : node.anyOf ?? []) {
      const type = branch.properties?.['type']?.const;
      if (branch.type === 'null' || (typeof type === 'string' && !availableTypes.includes(type))) continue;
      look(branch, values.filter((value) => branchFor(node.anyOf ?? [], value) === branch), pointer);
    }
    if (node.items !== undefined && !Array.isArray(node.items)) look(node.items as Node, values.flatMap((value) => (Array.isArray(value) ? value as unknown[] : [])), `${pointer}/0`);
    for (const [key, property] of Object.entries(node.properties ?? {})) {
      const present = values.filter(isObject).filter((value) => Object.hasOwn(value, key));
      if (present.length === 0) missing.push(`${pointer}/${key}`);
      look(property, present.map((value) => value[key]), `${pointer}/${key}`);
    }
  };
  look(ConfigSchema, [example], '');
  // The keys of `tls` and of `threshold` are the same everywhere; the MSSP's webhook and a customer show them. What this version refuses is null in the example.
  t.same(missing.filter((pointer) => !/\/customers\/.*\/tls\/|^\/scanner\/l2\/threshold\/|^\/control\/(?:http|metrics)\//.test(pointer)), []);

  const defaults = parse({}).config;
  for (const section of ['edition', 'events', 'spool', 'audit', 'proxy', 'log'] as const) t.same(config[section], defaults[section], section);
  t.same({ ...config.scanner, suppressions: [] }, defaults.scanner);
  const tenant = parse(withSiem({ ...cef, tls: true })).config.mssps[0];
  const { id: _id, name: _name, webhook: { url: _url, secret: _secret, tls: _tls, ...hook }, customers: [first], ...rest } = config.mssps[0] ?? t.fail('no MSSP') as never;
  t.match(tenant, { tier: rest.tier, webhook: hook });
  const { id: _cid, name: _cname, siem: [siem], ...settings } = first ?? t.fail('no customer') as never;
  t.match(tenant?.customers[0], settings);
  t.match(tenant?.customers[0]?.siem[0], { ...siem, name: 'cef' });
  t.match(parse({ agent: { id: 'a', mssp_id: 'm', customer_id: 'c' } }).config.agent, { integration: config.agent?.integration, heartbeat_cron: config.agent?.heartbeat_cron });
  t.end();
});

t.test('the effective configuration is itself a valid file that means the same', (t) => {
  for (const json of [{}, parseJsonText(exampleText), withSiem(cef), withSiem({ type: 'splunk', url: 'https://x/', token: 't' }), { edition: 'enterprise', mssps: [mssp()] }]) {
    const { config } = parse(json);
    t.same(parse(structuredClone(config)).config, config);
  }
  t.end();
});

t.test('what is shown holds no secret', (t) => {
  const { config } = parse({
    control: { http: { token: CANARY, mssp_id: 'm', customer_id: 'c' } },
    proxy: `http://raxed:${CANARY}@proxy.example:3128`,
    ...withMssp({
      webhook: { url: `https://soc.example/hook?token=${CANARY}`, secret: CANARY, previous_secret: CANARY },
      customers: [{ id: 'c', webhook: { url: 'https://soc.example/', secret: { file: '/s' }, previous_secret: { env: 'E' } }, siem: [{ type: 'splunk', url: 'https://x/', token: CANARY }] }],
    }),
  });
  const shown = redactConfig(config);
  t.notMatch(JSON.stringify(shown), CANARY);
  t.match(shown, {
    control: { http: { token: REDACTED } }, proxy: `http://${REDACTED}@proxy.example:3128`,
    mssps: [{ webhook: { url: `https://soc.example/hook?${REDACTED}`, secret: REDACTED, previous_secret: REDACTED, max_in_flight: 8 },
      customers: [{ webhook: { secret: { file: '/s' }, previous_secret: { env: 'E' }, previous_secret_until: null }, siem: [{ token: REDACTED, type: 'splunk' }] }] }],
  });
  t.same(secretPlaces(config).map(({ pointer }) => pointer), [
    '/mssps/0/webhook/secret', '/mssps/0/webhook/previous_secret', '/mssps/0/customers/0/webhook/secret', '/mssps/0/customers/0/webhook/previous_secret',
    '/mssps/0/customers/0/siem/0/token', '/control/http/token',
  ]);
  t.same(referencedFiles(config, {}), ['/s']);
  t.end();
});

t.test('a file that holds a secret itself is known, the password of a proxy included', (t) => {
  for (const [json, expected] of [[{}, false], [{ proxy: 'http://proxy.example:3128' }, false], [{ proxy: 'http://u:p@proxy.example:3128' }, true],
    [withMssp({ webhook: { url: 'https://soc.example/', secret: { file: '/s' } } }), false], [withMssp({ webhook: { url: 'https://soc.example/', secret: 's' } }), true]] as const) {
    t.equal(holdsSecret(parse(json).config), expected);
  }
  t.end();
});

t.test('any mutation of the example is accepted or refused with ConfigError, and no message shows a secret', (t) => {
  const example = JSON.parse(exampleText.replaceAll(/\{ "(?:file|env|credential)": "[^"]*" \}/g, JSON.stringify(CANARY))) as unknown;
  t.doesNotThrow(() => parse(example));
  const places = allPlaces(example);
  const junk = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }), fc.double(), fc.constantFrom(null, true, {}, [], '', 0, -1, 1e308, '\u0000', '\ud800', { type: 'cef' }, { type: {} }, [[]]),
    fc.constantFrom<unknown>(CANARY, [CANARY], { file: [CANARY] }, { fil: CANARY }, { env: CANARY }, { credential: `${CANARY}/` }, `https://u:${CANARY}@x/`, `http://x/?${CANARY}`),
  );
  const mutation = fc.record({ place: fc.constantFrom(...places), kind: fc.constantFrom('replace', 'delete', 'add', 'copy'), value: junk, key: fc.string(), from: fc.constantFrom(...places) });
  fc.assert(fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
    const mutated = structuredClone(example);
    for (const { place, kind, value, key, from } of mutations) {
      const parent = at(mutated, place.slice(0, -1));
      const last = place.at(-1);
      if (typeof parent !== 'object' || parent === null || last === undefined) continue;
      const target = parent as Record<string | number, unknown>;
      if (kind === 'replace') target[last] = structuredClone(value);
      else if (kind === 'copy') target[last] = structuredClone(at(mutated, from));
      else if (kind === 'add') target[Array.isArray(parent) ? parent.length : key] = structuredClone(value);
      else if (Array.isArray(parent)) parent.splice(Number(last), 1);
      else Reflect.deleteProperty(target, last);
    }
    try {
      redactConfig(parse(mutated).config);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (error.problems.length === 0) throw new Error('no problem is named', { cause: error });
      const shown = JSON.stringify([error.message, error.problems]);
      if (shown.includes(CANARY) || shown.includes('hunter2')) throw new Error(`a secret is shown: ${shown}`, { cause: error });
    }
  }), { numRuns: 2000 });
  fc.assert(fc.property(fc.jsonValue(), (json) => {
    try { parse(json); } catch (error) { if (!(error instanceof ConfigError)) throw error; }
  }), { numRuns: 500 });
  t.end();
});

t.test('JSON is strict, and mistakes have a line and a column', (t) => {
  const cases: [text: string, problem: string][] = [
    ['', 'line 1, column 1: expected a value, found the end of the file'],
    ['{\n  "a": 1,\n  "b" 2\n}', 'line 3, column 7: expected ":"'],
    ['{"a": 1,}', 'line 1, column 9: a comma before "}"; JSON has none there'],
    ['[1,\n]', 'line 2, column 1: a comma before "]"; JSON has none there'],
    ['{"a": 1 "b": 2}', 'line 1, column 9: expected "," or "}"'],
    ['{\n// hello\n}', 'line 2, column 1: expected a key in double quotes, found a comment; JSON has none'],
    ['{"a": /* x */ 1}', 'line 1, column 7: expected a value, found a comment; JSON has none'],
    ["{'a': 1}", 'line 1, column 2: expected a key in double quotes, found a single quote; JSON has double quotes'],
    ['{"a": "x', 'line 1, column 7: the text that begins here is not closed'],
    ['{"a": "x\ny"}', 'line 1, column 9: a bad escape or a control character in a text'],
    ['{"a": "\\x"}', 'line 1, column 8: a bad escape or a control character in a text'],
    ['{"a": 01}', 'line 1, column 8: expected "," or "}"'],
    ['{"a": .5}', 'line 1, column 7: expected a value'],
    ['{"a": NaN}', 'line 1, column 7: expected a value'],
    ['{"a": 1} x', 'line 1, column 10: expected the end of the file'],
    ['{"a": 1', 'line 1, column 8: expected "," or "}", found the end of the file'],
    ['\ufeff{}', 'line 1, column 1: the file begins with a byte order mark; save it as UTF-8 without one'],
    ['{"a": {"b": 1,\n "\\u0062": 2}}', 'line 2, column 2: the key /a/b is given twice'],
    ['[{"x": 1}, {"x": 1, "x": 2}]', 'line 1, column 21: the key /1/x is given twice'],
    [`${'['.repeat(100)}${']'.repeat(100)}`, 'line 1, column 66: more than 64 levels'],
  ];
  for (const [text, message] of cases) {
    try {
      parseJsonText(text);
      t.fail(`accepted ${text}`);
    } catch (error) {
      t.same((error as ConfigError).problems, [{ pointer: '', message }], text);
    }
  }
  const long = 'x"\\'.repeat(1_000_000);
  t.same(parseJsonText(JSON.stringify({ long })), { long }, 'megabytes of text are no problem');
  t.ok(parseJsonText(`${' '.repeat(3_000_000)}1`));
  try { parseJsonText(`{"secret": "${CANARY}" "x"}`); t.fail('accepted'); } catch (error) { t.notMatch((error as Error).message, CANARY); }

  fc.assert(fc.property(fc.json({ maxDepth: 5 }), (text) => { t.strictSame(parseJsonText(text), JSON.parse(text)); }), { numRuns: 200 });
  // Whatever differs from JSON.parse's judgement is a key given twice.
  fc.assert(fc.property(fc.json({ maxDepth: 3 }), fc.nat(), fc.constantFrom('', ',', '"', '{', '}', '[', ']', ':', '1', '\\', ' ', 'e', '-', '.', '0'), (text, place, insert) => {
    const cut = place % (text.length + 1);
    const changed = text.slice(0, cut) + insert + text.slice(cut + (insert === '' ? 1 : 0));
    const judge = (read: (text: string) => unknown): string => { try { read(changed); return 'fine'; } catch (error) { return /given twice|levels/.test((error as Error).message) ? 'twice' : 'refused'; } };
    const ours = judge(parseJsonText);
    if (ours !== 'twice' && ours !== judge(JSON.parse)) throw new Error(`judged otherwise: ${changed}`);
  }), { numRuns: 3000 });
  t.end();
});

t.test('the nearest name is suggested, and none where none is near', (t) => {
  const names = ['webhook', 'customers', 'max_customers', 'retention_days', 'id'];
  const cases: [word: string, suggestion: string | undefined][] = [
    ['webhok', 'webhook'], ['wehbook', 'webhook'], ['WebHook', 'webhook'], ['customer', 'customers'], ['max-customers', 'max_customers'], ['retention', undefined],
    ['ids', 'id'], ['zz', undefined], ['', undefined], ['x'.repeat(100_000), undefined],
  ];
  for (const [word, suggestion] of cases) t.equal(nearest(word, names), suggestion, word.slice(0, 20));
  t.equal(editDistance('ab', 'ba'), 1, 'a swap is one slip');
  fc.assert(fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
    const distance = editDistance(a, b);
    return distance === editDistance(b, a) && distance <= Math.max(a.length, b.length) && distance >= Math.abs(a.length - b.length) && (distance === 0) === (a === b);
  }));
  t.end();
});

t.test('every default of the schema is a valid value, and the editors\' schema requires only what has none', (t) => {
  const problems: string[] = [];
  const look = (node: Node, pointer: string): void => {
    if (node.default !== undefined && node.type !== undefined && node.type !== 'object' && node.type !== 'array') {
      if (node.enum !== undefined ? !node.enum.includes(node.default) : typeof node.default !== node.type.replace('integer', 'number')) problems.push(pointer);
    }
    for (const branch of node.anyOf ?? []) look(branch, pointer);
    for (const [key, property] of Object.entries(node.properties ?? {})) look(property, `${pointer}/${key}`);
    if (node.items !== undefined && !Array.isArray(node.items)) look(node.items as Node, `${pointer}/0`);
  };
  look(ConfigSchema, '');
  t.same(problems, []);
  const schema = configJsonSchema();
  t.same(schema['required'], []);
  t.match(schema, { properties: { mssps: { items: { required: ['id', 'webhook'], additionalProperties: false } } } });
  t.notMatch(JSON.stringify(schema), /"x-|"format":"/);
  t.end();
});

function firstSiem(config: Config): Config['mssps'][number]['customers'][number]['siem'][number] {
  const siem = config.mssps[0]?.customers[0]?.siem[0];
  if (siem === undefined) throw new Error('no SIEM');
  return siem;
}

type Path = readonly (string | number)[];

function allPlaces(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries: [string | number, unknown][] = Array.isArray(value) ? value.map((item: unknown, i) => [i, item]) : Object.entries(value);
  return [path, ...entries.flatMap(([key, inner]) => allPlaces(inner, [...path, key]))];
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<string | number, unknown>)[key] : undefined), value);
}
