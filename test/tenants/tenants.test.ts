import { AVAILABLE_SIEM } from '../../src/config/available.js';
import type { SiemOutput } from '../../src/config/checks.js';
import type { Config, CustomerConfig, MsspConfig, SiemConfig } from '../../src/config/schema.js';
import { parseConfig } from '../../src/config/schema.js';
import { ConfigError, RaxedError } from '../../src/errors.js';
import type { CustomerSettings } from '../../src/tenants/customer.js';
import { configureCustomer as configureCustomerAt, createCustomer, deleteCustomer, forgetRemoved } from '../../src/tenants/customer.js';
import { mergeTenants } from '../../src/tenants/merge.js';
import type { MsspSettings } from '../../src/tenants/mssp.js';
import { configureMssp, createMssp, deleteMssp, newSecret, rotateSecret } from '../../src/tenants/mssp.js';
import { configureSiem, disableSiem, findSiem } from '../../src/tenants/siem.js';
import type { ChangeContext, Tenants } from '../../src/tenants/tenants.js';
import { NO_TENANTS } from '../../src/tenants/tenants.js';
import t from 'tap';

const ALL_OUTPUTS: readonly SiemOutput[] = ['cef-syslog', 'cef-http', 'arcsight', 'splunk', 'crowdstrike', 'sentinel'];
const FILE = '/etc/raxed/config.json';
const CANARY = 'c4n4ry-hunter2';
const NOW_MS = Date.parse('2026-11-21T12:00:00Z');

const fileOf = (json: object): Config => parseConfig(json, { folder: '/etc/raxed', isCron: () => true, availableSiem: ALL_OUTPUTS }).config;
const at = (file: object = { edition: 'enterprise' }, availableSiem = ALL_OUTPUTS): ChangeContext => ({ file: fileOf(file), configFile: FILE, availableSiem });
const webhook = { url: 'https://soc.example/', secret: 'file-secret' };
const enterprise = at();
const community = at({});

const msspSettings = (more: Partial<MsspSettings> = {}): MsspSettings => ({ id: 'm', name: 'Em', webhook_url: 'https://soc.example/hook', webhook_secret: 'old', ...more });
const configureCustomer = (tenants: Tenants, settings: Omit<Parameters<typeof configureCustomerAt>[1], 'nowMs'>, context: ChangeContext) => configureCustomerAt(tenants, { nowMs: NOW_MS, ...settings }, context);
const customerSettings = (more: Partial<CustomerSettings> = {}): CustomerSettings => ({ mssp: 'm', id: 'c', name: 'See', ...more });
const cef = { mssp: 'm', id: 'c', type: 'cef' as const, url: 'syslog://siem.example' };
const splunk = { mssp: 'm', id: 'c', type: 'splunk' as const, url: 'https://splunk.example/', token: 'hec' };

/** MSSP `m` with customer `c`. */
const one = createCustomer(createMssp(NO_TENANTS, msspSettings(), enterprise), customerSettings(), enterprise);
/** The same with two SIEMs. */
const two = configureSiem(configureSiem(one, cef, enterprise).tenants, splunk, enterprise).tenants;

const ofMssp = (tenants: Tenants, id = 'm'): MsspConfig => found(tenants.mssps.find((mssp) => mssp.id === id));
const ofCustomer = (tenants: Tenants, id = 'c'): CustomerConfig => found(tenants.customers.find(({ customer }) => customer.id === id)).customer;
const ofSiem = (tenants: Tenants, name: string): SiemConfig => found(ofCustomer(tenants).siem.find((siem) => siem.name === name));

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not there');
  return value;
}

function refusal(run: () => unknown): RaxedError {
  try {
    run();
  } catch (error) {
    if (error instanceof RaxedError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

/** An MSSP with so many customers, ids c0, c1 … */
function full(count: number, context: ChangeContext, more: Partial<MsspSettings> = {}): Tenants {
  let tenants = createMssp(NO_TENANTS, msspSettings(more), context);
  for (let n = 0; n < count; n++) tenants = createCustomer(tenants, customerSettings({ id: `c${n}` }), context);
  return tenants;
}

t.test('an MSSP and a customer that are made get the defaults of the configuration file', (t) => {
  t.same(ofMssp(one), {
    id: 'm', name: 'Em', tier: 'enterprise', max_customers: null, customers: [],
    webhook: { url: 'https://soc.example/hook', secret: 'old', previous_secret: null, previous_secret_until: null, timeout_seconds: 10, max_in_flight: 8, tls: false },
  });
  t.equal(ofMssp(createMssp(NO_TENANTS, msspSettings(), community)).tier, 'starter');
  t.match(ofMssp(createMssp(NO_TENANTS, msspSettings({ tier: 'professional', max_customers: 7 }), enterprise)), { tier: 'professional', max_customers: 7 }, 'what is given wins');
  t.same(ofCustomer(one), { id: 'c', name: 'See', data_mode: 'privacy_safe', data_fields: [], retention_days: 30, heartbeat_threshold_seconds: 300, webhook: null, siem: [], threat_at: null, block_at: null, l2: { enabled: null, threshold: null }, suppressions: [] });
  const given = createCustomer(one, customerSettings({ id: 'd', data_mode: 'full', data_fields: ['prompt'], retention_days: 7, heartbeat_threshold: 60, webhook_url: 'https://d.example/', webhook_secret: 'ds' }), enterprise);
  t.match(ofCustomer(given, 'd'), { data_mode: 'full', data_fields: ['prompt'], retention_days: 7, heartbeat_threshold_seconds: 60, webhook: { url: 'https://d.example/', secret: 'ds', max_in_flight: 8 } });
  t.equal(ofCustomer(createCustomer(one, customerSettings({ id: 'd', webhook_url: '' }), enterprise), 'd').webhook, null, 'an empty URL is no override');
  t.end();
});

t.test('T1: a starter has 10 customers, a professional 50, an enterprise any number; max_customers says otherwise', (t) => {
  const cases: [more: Partial<MsspSettings>, limit: number, message: string][] = [
    [{ tier: 'starter' }, 10, 'tier "starter" allows 10 customers; "professional" allows 50, "enterprise" any number'],
    [{ tier: 'professional' }, 50, 'tier "professional" allows 50 customers; "enterprise" allows any number'],
    [{ tier: 'enterprise', max_customers: 3 }, 3, 'max_customers allows 3 customers'],
  ];
  for (const [more, limit, message] of cases) {
    const tenants = full(limit, enterprise, more);
    const error = refusal(() => createCustomer(tenants, customerSettings({ id: 'more' }), enterprise));
    t.equal(error.code, 'LIMIT_REACHED');
    t.equal(error.exitCode, 2);
    t.equal(error.message, message);
  }
  t.equal(full(60, enterprise).customers.length, 60);
  t.equal(full(11, enterprise, { tier: 'starter', max_customers: 0 }).customers.length, 11, '0 is unlimited');
  t.equal(full(11, at({ edition: 'community' }), { max_customers: 20 }).customers.length, 11, 'in the community edition too');

  const inFile = at({ mssps: [{ id: 'm', webhook, max_customers: 2, customers: [{ id: 'f' }] }] });
  const last = createCustomer(NO_TENANTS, customerSettings(), inFile);
  t.equal(refusal(() => createCustomer(last, customerSettings({ id: 'd' }), inFile)).message, 'max_customers allows 2 customers', 'those of the file count');
  t.end();
});

t.test('an MSSP cannot be given a limit below what it has, but may stay over one that came otherwise', (t) => {
  const eleven = full(11, enterprise);
  t.match(refusal(() => configureMssp(eleven, { id: 'm', tier: 'starter' }, enterprise)), { code: 'LIMIT_REACHED', message: /^tier "starter" allows 10 customers/ });
  t.match(refusal(() => configureMssp(eleven, { id: 'm', max_customers: 5 }, enterprise)), { code: 'LIMIT_REACHED', message: 'max_customers allows 5 customers' });
  const over = { ...eleven, mssps: [{ ...ofMssp(eleven), tier: 'starter' as const }] };
  t.equal(ofMssp(configureMssp(over, { id: 'm', name: 'New' }, enterprise)).name, 'New');
  t.equal(ofMssp(configureMssp(over, { id: 'm', tier: 'professional' }, enterprise)).tier, 'professional');
  t.end();
});

t.test('T2: the community edition has one MSSP, of the file or not', (t) => {
  const first = createMssp(NO_TENANTS, msspSettings(), community);
  const error = refusal(() => createMssp(first, msspSettings({ id: 'n' }), community));
  t.equal(error.code, 'LIMIT_REACHED');
  t.equal(error.message, `edition "community" allows 1 MSSP; "edition": "enterprise" in ${FILE} has no limit`);
  t.equal(refusal(() => createMssp(NO_TENANTS, msspSettings({ id: 'n' }), at({ mssps: [{ id: 'f', webhook }] }))).code, 'LIMIT_REACHED');
  t.equal(createMssp(createMssp(NO_TENANTS, msspSettings(), enterprise), msspSettings({ id: 'n' }), enterprise).mssps.length, 2);
  t.end();
});

t.test('T3, T4: retention is 0 to 90 days, the heartbeat threshold 60 to 3600 seconds', (t) => {
  for (const days of [0, 90]) t.equal(ofCustomer(configureCustomer(one, { mssp: 'm', id: 'c', retention_days: days }, enterprise)).retention_days, days);
  for (const days of [91, 365, 366, -1, 1.5]) {
    t.match(refusal(() => configureCustomer(one, { mssp: 'm', id: 'c', retention_days: days }, enterprise)), { code: 'BAD_REQUEST', message: `/retention_days: expected an integer from 0 to 90, found ${days}` });
    t.equal(refusal(() => createCustomer(one, customerSettings({ id: 'd', retention_days: days }), enterprise)).code, 'BAD_REQUEST');
  }
  for (const seconds of [60, 3600]) t.equal(ofCustomer(configureCustomer(one, { mssp: 'm', id: 'c', heartbeat_threshold: seconds }, enterprise)).heartbeat_threshold_seconds, seconds);
  for (const seconds of [59, 3601]) {
    t.match(refusal(() => configureCustomer(one, { mssp: 'm', id: 'c', heartbeat_threshold: seconds }, enterprise)), { message: `/heartbeat_threshold: expected an integer from 60 to 3600, found ${seconds}` });
  }
  t.end();
});

t.test('T5: an id is letters, digits, _ and -, beginning with a letter or digit', (t) => {
  for (const id of ['test_mssp', 'mssp_', 'A-1', 'x'.repeat(64)]) {
    t.equal(createMssp(NO_TENANTS, msspSettings({ id }), enterprise).mssps[0]?.id, id);
    t.equal(ofCustomer(createCustomer(one, customerSettings({ id }), enterprise), id).id, id);
  }
  for (const id of ['mssp_../x', 'cust_a b', '', '_a', 'a/b', '..', 'x'.repeat(65), 'a\n']) {
    t.match(refusal(() => createMssp(NO_TENANTS, msspSettings({ id }), enterprise)), { code: 'BAD_REQUEST', message: /^\/id: expected an id/ }, JSON.stringify(id));
    t.match(refusal(() => createCustomer(one, customerSettings({ id }), enterprise)), { code: 'BAD_REQUEST', message: /^\/id: expected an id/ }, JSON.stringify(id));
  }
  t.end();
});

t.test('T6: a URL is https, or http to this machine; it is never shown', (t) => {
  for (const url of ['http://soc.example/', 'http://127.0.0.1.evil.example/', 'http://localhost.evil/', `https://u:${CANARY}@soc.example/`, `${CANARY}://x`, 'https://soc.example/#x']) {
    for (const run of [
      () => createMssp(NO_TENANTS, msspSettings({ webhook_url: url }), enterprise),
      () => configureMssp(one, { id: 'm', webhook_url: url }, enterprise),
      () => createCustomer(one, customerSettings({ id: 'd', webhook_url: url, webhook_secret: CANARY }), enterprise),
      () => configureCustomer(one, { mssp: 'm', id: 'c', webhook_url: url, webhook_secret: CANARY }, enterprise),
    ]) {
      const error = refusal(run);
      t.match(error, { code: 'BAD_REQUEST', message: /^\/webhook_url: expected an https URL; / }, url);
      t.notMatch(error.message, /evil|hunter2/);
    }
    t.match(refusal(() => configureSiem(one, { ...splunk, url }, enterprise)), { code: 'BAD_REQUEST', message: /^\/url: expected an https URL; / });
  }
  t.equal(ofMssp(createMssp(NO_TENANTS, msspSettings({ webhook_url: 'http://localhost:1/' }), enterprise)).webhook.url, 'http://localhost:1/');
  t.match(refusal(() => createMssp(NO_TENANTS, msspSettings({ webhook_secret: '' }), enterprise)), { message: /^\/webhook_secret: expected a secret: .* found an empty string$/ });
  t.end();
});

t.test('T7: configuring a customer changes what is named and nothing else; its SIEMs stay', (t) => {
  const cases: [change: Partial<CustomerSettings>, after: Partial<CustomerConfig>][] = [
    [{ retention_days: 7 }, { retention_days: 7 }],
    [{ name: 'New' }, { name: 'New' }],
    [{ data_mode: 'full' }, { data_mode: 'full' }],
    [{ data_fields: ['response', 'prompt'] }, { data_fields: ['response', 'prompt'] }],
    [{ heartbeat_threshold: 120 }, { heartbeat_threshold_seconds: 120 }],
    [{ threat_at: 'high' }, { threat_at: 'high' }],
    [{ block_at: 'never' }, { block_at: 'never' }],
    [{ l2_enabled: false }, { l2: { enabled: false, threshold: null } }],
    [{ l2_threshold: { prompt: 0.9 } }, { l2: { enabled: null, threshold: { prompt: 0.9, rag_context: null, tool_calls: null, response: null } } }],
    [{}, {}],
  ];
  for (const [change, after] of cases) {
    t.same(ofCustomer(configureCustomer(two, { mssp: 'm', id: 'c', ...change }, enterprise)), { ...ofCustomer(two), ...after }, JSON.stringify(change));
  }
  const listed = configureCustomer(two, { mssp: 'm', id: 'c', data_fields: ['prompt'] }, enterprise);
  t.same(ofCustomer(configureCustomer(listed, { mssp: 'm', id: 'c', data_fields: [] }, enterprise)).data_fields, [], 'an empty list clears it');
  t.same(ofCustomer(configureCustomer(listed, { mssp: 'm', id: 'c', retention_days: 1 }, enterprise)).data_fields, ['prompt']);

  const limited = configureMssp(two, { id: 'm', max_customers: 4 }, enterprise);
  t.same(ofMssp(limited), { ...ofMssp(two), max_customers: 4 });
  t.equal(ofMssp(configureMssp(limited, { id: 'm', max_customers: null }, enterprise)).max_customers, null, 'null is the tier\'s again');
  t.same(ofMssp(configureMssp(limited, { id: 'm', webhook_url: 'https://new.example/' }, enterprise)).webhook, { ...ofMssp(two).webhook, url: 'https://new.example/' }, 'the secret stays');
  t.end();
});

t.test('P16: a mistyped data field is refused, naming the six', (t) => {
  const mistyped = ['prompts'] as unknown as CustomerConfig['data_fields'];
  const six = '"prompt", "matched_text", "response", "system_prompt", "tool_calls" or "rag_context"';
  t.match(refusal(() => configureCustomer(one, { mssp: 'm', id: 'c', data_fields: mistyped }, enterprise)), { code: 'BAD_REQUEST', message: `/data_fields/0: expected ${six}, found "prompts"; did you mean "prompt"?` });
  t.match(refusal(() => createCustomer(one, customerSettings({ id: 'd', data_fields: ['prompt', 'prompt'] }), enterprise)), { message: '/data_fields/1: stands in the list twice' });
  t.end();
});

t.test('a customer\'s own webhook needs a URL and a secret; each may then be changed alone, and an empty URL ends it', (t) => {
  const configure = (tenants: Tenants, more: Partial<CustomerSettings>) => configureCustomer(tenants, { mssp: 'm', id: 'c', ...more }, enterprise);
  t.match(refusal(() => configure(one, { webhook_url: 'https://own.example/' })), { code: 'BAD_REQUEST', message: /^\/webhook_secret: is required beside webhook_url/ });
  t.match(refusal(() => configure(one, { webhook_secret: CANARY })), { code: 'BAD_REQUEST', message: /^\/webhook_url: is required beside webhook_secret/ });
  const own = configure(one, { webhook_url: 'https://own.example/', webhook_secret: 's1' });
  t.match(ofCustomer(own).webhook, { url: 'https://own.example/', secret: 's1', timeout_seconds: 10 });
  t.match(ofCustomer(configure(own, { webhook_url: 'https://new.example/' })).webhook, { url: 'https://new.example/', secret: 's1' });
  t.match(ofCustomer(configure(own, { webhook_secret: 's2' })).webhook, { url: 'https://own.example/', secret: 's2' });
  const rotated = configure(own, { webhook_secret: 's2' });
  const overlap = { previous_secret: 's1', previous_secret_until: '2026-11-22T12:00:00.000Z' };
  t.match(ofCustomer(rotated).webhook, overlap, 'the secret before signs too for a day');
  t.match(ofCustomer(configure(own, { webhook_url: 'https://own.example/', webhook_secret: 's2' })).webhook, overlap, 'also when the same URL is named');
  t.match(ofCustomer(configure(rotated, { webhook_secret: 's2' })).webhook, overlap, 'the same again changes nothing');
  t.match(ofCustomer(configure(rotated, { name: 'x' })).webhook, overlap);
  t.match(ofCustomer(configure(rotated, { webhook_url: 'https://new.example/', webhook_secret: 's3' })).webhook, { secret: 's3', previous_secret: null, previous_secret_until: null }, 'another receiver never knew it');
  t.equal(ofCustomer(configure(own, { webhook_url: '' })).webhook, null);
  t.equal(ofCustomer(configure(one, { webhook_url: '' })).webhook, null);
  t.match(refusal(() => configure(own, { webhook_url: '', webhook_secret: CANARY })), { code: 'BAD_REQUEST', message: /^\/webhook_secret: does not go together with an empty webhook_url/ });
  t.end();
});

t.test('a rotated secret signs beside the old one for a while', (t) => {
  const rotate = (tenants: Tenants, secret: string, overlapMs = 86_400_000) => rotateSecret(tenants, { id: 'm', secret, overlapMs, nowMs: NOW_MS }, enterprise);
  const once = rotate(one, 'new');
  t.same(ofMssp(once), { ...ofMssp(one), webhook: { ...ofMssp(one).webhook, secret: 'new', previous_secret: 'old', previous_secret_until: '2026-11-22T12:00:00.000Z' } });
  t.match(ofMssp(rotate(once, 'newer', 3_600_000)).webhook, { secret: 'newer', previous_secret: 'new', previous_secret_until: '2026-11-21T13:00:00.000Z' });
  t.match(ofMssp(rotate(once, 'newer', 0)).webhook, { secret: 'newer', previous_secret: null, previous_secret_until: null }, 'without overlap the old one is forgotten');
  t.match(refusal(() => rotate(once, 'new')), { code: 'BAD_REQUEST', message: '/webhook_secret: is the secret that is in use already' });
  t.equal(newSecret({ float: () => 0, bytes: (length) => new Uint8Array(length).fill(255) }), '_'.repeat(42) + '8');
  t.end();
});

t.test('a SIEM is added or replaced by its name, and keeps its token where its type stays', (t) => {
  t.same(ofCustomer(two).siem.map(({ name, type }) => [name, type]), [['cef', 'cef'], ['splunk', 'splunk']]);
  t.match(ofSiem(two, 'cef'), { transport: 'udp', port: 514, confirm: 'fin', token: null });
  const moved = configureSiem(two, { mssp: 'm', id: 'c', type: 'splunk', url: 'https://new.example/' }, enterprise).tenants;
  t.match(ofSiem(moved, 'splunk'), { url: 'https://new.example/', token: 'hec' });
  t.equal(ofCustomer(moved).siem.length, 2);
  t.equal(ofCustomer(moved).siem[0], ofCustomer(two).siem[0], 'the other one is untouched');
  const indexed = configureSiem(two, { ...splunk, ...{ splunk_index: 'main', tls: true } }, enterprise).tenants;
  t.match(ofSiem(indexed, 'splunk'), { splunk_index: 'main', tls: true });
  t.match(ofSiem(configureSiem(indexed, splunk, enterprise).tenants, 'splunk'), { splunk_index: null, tls: false }, 'what is not given is its default again');
  t.match(refusal(() => configureSiem(two, { mssp: 'm', id: 'c', type: 'crowdstrike', url: 'https://new.example/', name: 'splunk' }, enterprise)), { code: 'BAD_REQUEST', message: /^\/token: is required: a secret/ }, 'another type gets no token');

  const overHttp = configureSiem(one, { ...cef, url: 'https://cef.example/', token: 'bearer' }, enterprise).tenants;
  t.equal(ofSiem(configureSiem(overHttp, { ...cef, url: 'https://new.example/' }, enterprise).tenants, 'cef').token, 'bearer');
  t.equal(ofSiem(configureSiem(overHttp, cef, enterprise).tenants, 'cef').token, null, 'over syslog it goes nowhere');
  const unused = configureSiem(one, { ...cef, token: 'not-used' }, enterprise);
  t.equal(ofSiem(unused.tenants, 'cef').token, null);
  t.same(unused.warnings, ['syslog carries no token: it is not kept']);
  t.same(configureSiem(one, cef, enterprise).warnings, []);
  t.match(configureSiem(one, { ...{ sentinel_workspace_id: 'w' }, mssp: 'm', id: 'c', type: 'sentinel', url: 'https://s.example/', token: 't' }, enterprise).warnings, [/^\/sentinel_workspace_id: legacy/]);
  t.end();
});

t.test('a SIEM that the file would refuse is refused in the same words', (t) => {
  const cases: [settings: object, message: string | RegExp][] = [
    [{ ...cef, tls: true, transport: 'udp' }, '/tls: UDP has no TLS: say transport "tcp", or leave tls out'],
    [{ ...cef, transport: 'http' }, '/transport: expected "udp" or "tcp" for a syslog:// URL, found "http"; for HTTP give an https:// URL'],
    [{ ...cef, url: 'https://x/', port: 1 }, '/port: is an option of syslog://; put the port into the URL'],
    [{ ...cef, facility: 24 }, '/facility: expected an integer from 0 to 23, found 24'],
    [{ ...cef, splunk_index: 'x' }, /^\/splunk_index: unknown key for type "cef"/],
    [{ ...cef, batch_evnts: 5 }, '/batch_evnts: unknown key for type "cef"; did you mean "batch_events"?'],
    [{ ...cef, name: 'webhook' }, '/name: the name "webhook" is taken by the webhook'],
    [{ ...cef, name: 'a b' }, /^\/name: expected an id/],
    [{ ...cef, tls: { cert_file: '/c' } }, '/tls/key_file: is required beside cert_file'],
    [{ ...splunk, token: undefined, type: 'splunc' }, /^\/type: .* did you mean "splunk"\?$/],
    [{ mssp: 'm', id: 'c', type: 'sentinel', url: 'https://x/', token: 't' }, /^\/dcr_id: is required for the Logs Ingestion API; \/stream: /],
  ];
  for (const [settings, message] of cases) {
    const error = refusal(() => configureSiem(one, settings as typeof cef, enterprise));
    t.equal(error.code, 'BAD_REQUEST');
    if (typeof message === 'string') t.equal(error.message, message);
    else t.match(error.message, message);
  }
  t.match(refusal(() => configureSiem(one, splunk, at({ edition: 'enterprise' }, AVAILABLE_SIEM.filter((output) => output !== 'splunk')))), { code: 'BAD_REQUEST', message: /^\/type: "splunk" is not available in this version/ });
  const relative = configureSiem(one, { ...cef, ...{ tls: { ca_file: 'ca.pem' } } }, enterprise).tenants;
  t.match(ofSiem(relative, 'cef'), { tls: { ca_file: '/etc/raxed/ca.pem' }, port: 6514 }, 'paths begin at the folder of the file, as the file\'s own do');
  t.end();
});

t.test('a SIEM is disabled by its name, which is not needed where there is one', (t) => {
  t.same(ofCustomer(disableSiem(two, { mssp: 'm', id: 'c', name: 'cef' }, enterprise)).siem, [ofSiem(two, 'splunk')]);
  t.match(refusal(() => disableSiem(two, { mssp: 'm', id: 'c' }, enterprise)), { code: 'BAD_REQUEST', message: '/name: is required, because this customer has several SIEMs: cef, splunk' });
  t.match(refusal(() => disableSiem(two, { mssp: 'm', id: 'c', name: 'none' }, enterprise)), { code: 'SIEM_NOT_FOUND', exitCode: 3 });
  t.equal(refusal(() => disableSiem(one, { mssp: 'm', id: 'c' }, enterprise)).code, 'SIEM_NOT_FOUND');
  const alone = configureSiem(one, cef, enterprise).tenants;
  t.same(disableSiem(alone, { mssp: 'm', id: 'c' }, enterprise), one);
  t.equal(findSiem(ofCustomer(two), 'splunk').type, 'splunk');
  t.end();
});

t.test('what exists is not made again, and what does not exist is not found', (t) => {
  const other = { mssp: 'm', id: 'other' };
  const nowhere = { mssp: 'nowhere', id: 'c' };
  const cases: [code: string, run: () => unknown][] = [
    ['ALREADY_EXISTS', () => createMssp(one, msspSettings(), enterprise)],
    ['ALREADY_EXISTS', () => createMssp(one, msspSettings(), at({}))],
    ['ALREADY_EXISTS', () => createCustomer(one, customerSettings(), enterprise)],
    ['MSSP_NOT_FOUND', () => configureMssp(one, { id: 'nowhere' }, enterprise)],
    ['MSSP_NOT_FOUND', () => deleteMssp(one, { id: 'nowhere' }, enterprise)],
    ['MSSP_NOT_FOUND', () => rotateSecret(one, { id: 'nowhere', secret: 'x', overlapMs: 0, nowMs: 0 }, enterprise)],
    ['MSSP_NOT_FOUND', () => createCustomer(one, customerSettings({ mssp: 'nowhere' }), enterprise)],
    ['MSSP_NOT_FOUND', () => configureCustomer(one, nowhere, enterprise)],
    ['MSSP_NOT_FOUND', () => deleteCustomer(one, nowhere, enterprise)],
    ['CUSTOMER_NOT_FOUND', () => configureCustomer(one, other, enterprise)],
    ['CUSTOMER_NOT_FOUND', () => deleteCustomer(one, other, enterprise)],
    ['CUSTOMER_NOT_FOUND', () => configureSiem(one, { ...cef, ...other }, enterprise)],
    ['CUSTOMER_NOT_FOUND', () => disableSiem(one, other, enterprise)],
  ];
  for (const [index, [code, run]] of cases.entries()) t.equal(refusal(run).code, code, String(index));
  t.end();
});

t.test('what the file holds is refused with the file\'s name', (t) => {
  const context = at({ edition: 'enterprise', mssps: [{ id: 'm', webhook, customers: [{ id: 'c' }] }] });
  const own = createCustomer(NO_TENANTS, customerSettings({ id: 'd' }), context);
  const cases: [what: string, run: () => unknown][] = [
    ['MSSP', () => configureMssp(own, { id: 'm', name: 'x' }, context)],
    ['MSSP', () => deleteMssp(own, { id: 'm' }, context)],
    ['MSSP', () => rotateSecret(own, { id: 'm', secret: 'x', overlapMs: 0, nowMs: 0 }, context)],
    ['customer', () => configureCustomer(own, { mssp: 'm', id: 'c', name: 'x' }, context)],
    ['customer', () => deleteCustomer(own, { mssp: 'm', id: 'c' }, context)],
    ['customer', () => configureSiem(own, cef, context)],
    ['customer', () => disableSiem(own, { mssp: 'm', id: 'c' }, context)],
    // The store has them too, from before they came into the file: the file wins.
    ['MSSP', () => deleteMssp(one, { id: 'm' }, context)],
    ['customer', () => deleteCustomer(one, { mssp: 'm', id: 'c' }, context)],
  ];
  for (const [what, run] of cases) {
    const error = refusal(run);
    t.equal(error.code, 'MANAGED_BY_FILE');
    t.equal(error.message, `this ${what} is managed by ${FILE}`);
  }
  t.equal(refusal(() => createMssp(own, msspSettings(), context)).code, 'ALREADY_EXISTS');
  t.equal(refusal(() => createCustomer(own, customerSettings(), context)).code, 'ALREADY_EXISTS');
  t.same(deleteCustomer(own, { mssp: 'm', id: 'd' }, context), { ...NO_TENANTS, removed: [{ mssp_id: 'm', customer_id: 'd' }] }, 'a customer of its own under the file\'s MSSP is changeable');
  t.end();
});

t.test('what is deleted leaves a trace until its data is gone, and is not made again before', (t) => {
  const many = createCustomer(createCustomer(createMssp(one, msspSettings({ id: 'n' }), enterprise), customerSettings({ id: 'd' }), enterprise), customerSettings({ mssp: 'n' }), enterprise);
  const gone = deleteMssp(many, { id: 'm' }, enterprise);
  t.same(gone, {
    mssps: [ofMssp(many, 'n')], customers: many.customers.filter(({ mssp_id }) => mssp_id === 'n'),
    removed: [{ mssp_id: 'm', customer_id: 'c' }, { mssp_id: 'm', customer_id: 'd' }],
  }, 'an MSSP takes its customers with it, and nobody else\'s');
  const again = createMssp(gone, msspSettings(), enterprise);
  t.equal(refusal(() => createCustomer(again, customerSettings(), enterprise)).code, 'BUSY');
  t.equal(createCustomer(again, customerSettings({ id: 'e' }), enterprise).customers.length, 2);
  const clean = forgetRemoved(again, { mssp_id: 'm', customer_id: 'c' });
  t.same(clean.removed, [{ mssp_id: 'm', customer_id: 'd' }]);
  t.equal(ofCustomer(createCustomer(clean, customerSettings({ name: 'Again' }), enterprise)).id, 'c');
  t.same(deleteCustomer(one, { mssp: 'm', id: 'c' }, enterprise), { mssps: one.mssps, customers: [], removed: [{ mssp_id: 'm', customer_id: 'c' }] });
  t.end();
});

t.test('the effective configuration is the file\'s with the tenants made with ctl among its own', (t) => {
  const context = at({ edition: 'enterprise', agent: { id: 'a', mssp_id: 'm', customer_id: 'c' }, mssps: [{ id: 'f', webhook, customers: [{ id: 'f1' }] }, { id: 'g', webhook }] });
  const tenants = createCustomer(createCustomer(one, customerSettings({ mssp: 'f', id: 'f2' }), context), customerSettings({ mssp: 'g', id: 'c' }), context);
  for (const mode of ['start', 'reload'] as const) {
    const { config, managedBy, warnings } = mergeTenants(context.file, tenants, mode);
    t.same(warnings, [], 'the agent names a customer made with ctl');
    t.same(config.mssps.map(({ id, customers }) => [id, customers.map((customer) => customer.id)]), [['f', ['f1', 'f2']], ['g', ['c']], ['m', ['c']]]);
    t.same({ ...config, mssps: [] }, { ...context.file, mssps: [] });
    t.throws(() => { (config.mssps as unknown[]).push({}); }, TypeError, 'it is frozen');
    t.same([managedBy('f'), managedBy('f', 'f1'), managedBy('f', 'f2'), managedBy('g', 'c'), managedBy('m'), managedBy('m', 'c')], ['file', 'file', 'ctl', 'ctl', 'ctl', 'ctl']);
    t.same(fileOf(JSON.parse(JSON.stringify(config)) as object), config, 'it is itself a valid file that means the same');
  }
  t.same(mergeTenants(context.file, NO_TENANTS, 'start').config.mssps, context.file.mssps);
  t.end();
});

t.test('where the file and ctl clash the file wins at start, and the new file is refused on a reload', (t) => {
  const withFile = (json: object) => fileOf({ edition: 'enterprise', ...json });
  const refused = (file: Config, tenants: Tenants): string[] => {
    const error = refusal(() => mergeTenants(file, tenants, 'reload'));
    t.type(error, ConfigError);
    t.equal(error.code, 'CONFIG_INVALID');
    return error instanceof ConfigError ? error.problems.map(({ pointer, message }) => `${pointer}: ${message}`) : [];
  };
  const warned = (file: Config, tenants: Tenants): string[] => mergeTenants(file, tenants, 'start').warnings.map(({ pointer, message }) => `${pointer}: ${message}`);

  const sameMssp = withFile({ mssps: [{ id: 'x', webhook }, { id: 'm', name: 'Of the file', webhook, customers: [{ id: 'f' }] }] });
  t.same(refused(sameMssp, one), ['/mssps/1/id: an MSSP made with ctl has this id (m); delete that one first, or leave this one out']);
  t.same(warned(sameMssp, one), ['/mssps/1/id: an MSSP made with ctl has this id (m); the file wins']);
  const start = mergeTenants(sameMssp, one, 'start');
  t.same(start.config.mssps.map(({ name, customers }) => [name, customers.map(({ id }) => id)]), [['x', []], ['Of the file', ['f', 'c']]], 'its customers made with ctl stay');
  t.equal(start.managedBy('m'), 'file');

  const sameCustomer = withFile({ mssps: [{ id: 'm', webhook, customers: [{ id: 'c', name: 'Of the file' }] }] });
  const only = { ...one, mssps: [] };
  t.same(refused(sameCustomer, only), ['/mssps/0/customers/0/id: a customer made with ctl has this id (c); delete that one first, or leave this one out']);
  t.same(mergeTenants(sameCustomer, only, 'start').config.mssps[0]?.customers.map(({ name }) => name), ['Of the file']);
  t.equal(mergeTenants(sameCustomer, only, 'start').managedBy('m', 'c'), 'file');

  const two = createCustomer(one, customerSettings({ id: 'd' }), enterprise);
  t.same(refused(withFile({}), { ...two, mssps: [] }), ['/mssps: MSSP "m", which does not exist, still has customers made with ctl: c, d']);
  t.same(warned(withFile({}), { ...two, mssps: [] }), ['/mssps: MSSP "m", which does not exist, still has customers made with ctl: c, d; they are idle, and their data stays']);
  t.same(mergeTenants(withFile({}), { ...two, mssps: [] }, 'start').config.mssps, []);
  t.same(deleteCustomer({ ...two, mssps: [] }, { mssp: 'm', id: 'd' }, at({})).customers.length, 1, 'an idle customer can be deleted');
  t.same(mergeTenants(withFile({}), createMssp({ ...two, mssps: [] }, msspSettings(), enterprise), 'reload').config.mssps[0]?.customers.length, 2, 'an MSSP that is made again has them again');

  const being = deleteCustomer(one, { mssp: 'm', id: 'c' }, enterprise);
  t.same(refused(sameCustomer, { ...being, mssps: [] }), ['/mssps/0/customers/0/id: the data of a deleted customer with this id is still being removed']);

  const lost = withFile({ agent: { id: 'a', mssp_id: 'm', customer_id: 'zzz' }, control: { scan_tenants: [['m', 'zzz'], ['m', 'c']], http: { token: 't', mssp_id: 'nowhere', customer_id: 'c' } } });
  const others = ['/control/http/mssp_id: names no MSSP', '/control/scan_tenants/0: names no customer'];
  t.same(refused(lost, one), ['/agent/customer_id: names no customer of this MSSP']);
  t.same(warned(lost, one), ['/agent/customer_id: names no customer of this MSSP', ...others]);
  t.same(mergeTenants({ ...lost, agent: null }, one, 'reload').warnings.length, 2, 'the others are warnings then too');
  t.end();
});

t.test('no tenant is dropped because a new file has smaller limits', (t) => {
  const eleven = full(11, enterprise);
  const merged = mergeTenants(fileOf({ mssps: [{ id: 'f', webhook }] }), { ...eleven, mssps: [{ ...ofMssp(eleven), tier: 'starter' }] }, 'reload');
  t.equal(merged.config.mssps[1]?.customers.length, 11);
  t.same(merged.warnings, [
    { pointer: '/edition', message: 'edition "community" allows 1 MSSP, and there are 2 with those made with ctl' },
    { pointer: '', message: 'MSSP "m": tier "starter" allows 10 customers, and there are 11 with those made with ctl' },
  ]);
  t.match(mergeTenants(fileOf({ mssps: [{ id: 'm', webhook, max_customers: 1 }] }), { ...eleven, mssps: [] }, 'reload').warnings, [{ pointer: '/mssps/0', message: /max_customers allows 1 customers, and there are 11/ }]);
  t.end();
});
