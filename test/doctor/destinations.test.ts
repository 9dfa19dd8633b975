import type { Server } from 'node:net';
import { createServer } from 'node:net';
import t from 'tap';
import type { DestinationFacts } from '../../src/doctor/destinations.js';
import { judgeDestination, judgeDestinations } from '../../src/doctor/destinations.js';
import { runCommand } from '../../src/doctor/probes/command.js';
import { offsetsOf } from '../../src/doctor/probes/destinations.js';
import { lookUp } from '../../src/doctor/probes/names.js';
import { reach } from '../../src/doctor/probes/reach.js';
import type { Reach } from '../../src/doctor/reach.js';
import { TIMEOUT } from '../../src/doctor/reach.js';
import type { Target, TargetContext } from '../../src/doctor/targets.js';
import { targetsOf } from '../../src/doctor/targets.js';
import { ConfigError } from '../../src/errors.js';
import { nodeClock } from '../../src/platform/node.js';
import { hasOpenssl, makeCertificates } from '../fixtures/certificates.js';
import { connectProxy } from '../fixtures/proxy.js';
import { httpReceiver, syslogReceiver } from '../fixtures/receivers.js';
import { brief, config, MSSP, NOW, of } from './facts.js';

const FILE = '/etc/raxed/config.json';
const ALL_FILE: TargetContext = { configFile: FILE, managedBy: () => 'file' };

function webhook(url: string, tls: object | boolean = false): Target {
  const [target] = targetsOf(config({ mssps: [{ ...MSSP, webhook: { url, secret: 'CANARY-SECRET', tls }, customers: [] }] }), ALL_FILE);
  if (target === undefined) throw new Error('no target');
  return target;
}

function siem(json: object): Target {
  const target = targetsOf(config({ mssps: [{ ...MSSP, customers: [{ id: 'cust_a', siem: [json] }] }] }), ALL_FILE).at(-1);
  if (target === undefined) throw new Error('no target');
  return target;
}

interface Settings {
  readonly proxy?: string;
  readonly skipVerify?: boolean;
  /** When its time is over; else it is long. */
  readonly until?: Promise<void>;
}

const TIMEOUT_MS = 60_000;

/** What really happens on the way there; every name leads to this machine. */
async function tried(target: Target, { proxy, skipVerify = false, until }: Settings = {}): Promise<DestinationFacts> {
  const found = await reach(target, {
    clock: until === undefined ? nodeClock : { ...nodeClock, sleep: () => until }, proxy: { configured: proxy ?? null, env: {} }, skipVerify, version: '0.0.0', hostname: 'here', timeoutMs: TIMEOUT_MS,
    lookUp: (host) => Promise.resolve({ host, addresses: ['127.0.0.1'], ms: 1 }),
    secretOf: (ref) => { if (typeof ref === 'string') return ref; throw new ConfigError('SECRET_UNAVAILABLE', [{ pointer: '', message: 'no' }]); },
  });
  return { target, reach: found, timeoutMs: TIMEOUT_MS, nameservers: ['10.0.0.53'], skipVerify, now: Date.now() };
}

async function says(target: Target, settings?: Settings): Promise<string> {
  return judgeDestination(await tried(target, settings)).map(({ status, says: said, advice }) => `${status}: ${said}${advice === undefined ? '' : ` → ${advice}`}`).join('\n');
}

t.test('a destination\'s certificate and what is wrong with it', { skip: hasOpenssl() ? false : 'no openssl' }, async (t) => {
  const folder = t.testdir();
  const good = makeCertificates(folder, 'good', { days: 90 });
  const soon = makeCertificates(folder, 'soon', { days: 10 });
  const expired = makeCertificates(folder, 'expired', { days: -1 });
  const misnamed = makeCertificates(folder, 'misnamed', { days: 90, altNames: 'DNS:other.example,DNS:third.example' });
  const server = async ({ key, cert }: typeof good, more: object = {}) => {
    const receiver = await httpReceiver({ tls: { key, cert, ...more } });
    t.teardown(() => receiver.close());
    return receiver;
  };

  const soc = await server(good);
  const whole = await tried(webhook(`${soc.url}/hook?token=CANARY-PATH`, { ca_file: good.caFile }));
  t.match(judgeDestination(whole), [{ status: 'ok', id: 'destinations.reach', says: /mssp_a\/webhook \(https:\/\/127\.0\.0\.1:\d+\) can be reached \(TLSv1\.3, certificate until .*\): it answers a HEAD with 200/, data: { tls: { trusted: true, subject: 'CN=good' }, http_status: 200 } }]);
  t.same(soc.requests.map(({ method, body }) => [method, body.length]), [['HEAD', 0]], 'no event was sent');
  t.match(offsetsOf([whole]), [{ destination: 'mssp_a/webhook', seconds: Number }]);
  t.ok(Math.abs(offsetsOf([whole])[0]?.seconds ?? 99) < 20);

  t.match(await says(webhook((await server(soon)).url, { ca_file: soon.caFile })), /^warning: .* its certificate expires in 9 days/m);
  t.match(await says(webhook((await server(expired)).url, { ca_file: expired.caFile })), /^problem: .* has expired on \d{4}-\d\d-\d\d → Ask who runs the receiver to renew it/);
  t.match(await says(webhook((await server(misnamed)).url, { ca_file: misnamed.caFile })), /^problem: .* is for other\.example, third\.example, not for 127\.0\.0\.1 → .*tls\.server_name/);
  t.match(await says(webhook((await server(misnamed)).url, { ca_file: misnamed.caFile, server_name: 'other.example' })), /^ok/);
  const before = soc.requests.length;
  t.match(await says(webhook(soc.url)), /^problem: .* not trusted here \("CN=good authority"\) → Get the certificate of the authority .*tls\.ca_file at \/mssps\/0\/webhook in \/etc\/raxed\/config\.json/);
  t.equal(soc.requests.length, before, 'a stranger is not even told the path');
  const accepted = await says(webhook(soc.url), { skipVerify: true });
  t.match(accepted, /^warning: .*RAXE_SKIP_SSL_VERIFY=true accepts it all the same/m);
  t.match(accepted, /^ok/m);

  const mutual = await server(good, { requestCert: true, rejectUnauthorized: true, ca: good.ca });
  t.match(await says(webhook(mutual.url, { ca_file: good.caFile })), /^problem: .* → It most likely wants a client certificate: .*tls\.cert_file and tls\.key_file/);
  t.match(await says(webhook(mutual.url, { ca_file: good.caFile, cert_file: misnamed.certFile, key_file: misnamed.keyFile })), /^problem: .* → It most likely does not take the certificate in tls\.cert_file/);
  t.match(await says(webhook(mutual.url, { ca_file: good.caFile, cert_file: good.certFile, key_file: good.keyFile })), /^ok/);
  t.match(await says(webhook(mutual.url, { ca_file: '/nonexistent/ca.pem' })), /^not_checked: .*ENOENT.* → See "Files"/);

  const proxy = await connectProxy();
  t.teardown(() => proxy.close());
  const through = webhook(`https://soc.example:${soc.port}/hook`, { ca_file: good.caFile });
  t.match(await says(through, { proxy: `http://anna:CANARY-PASS@127.0.0.1:${proxy.port}` }), /^ok: .*through the proxy 127\.0\.0\.1:\d+, TLS/);
  proxy.answer = () => 403;
  t.match(await says(through, { proxy: `http://anna:CANARY-PASS@127.0.0.1:${proxy.port}` }), /^problem: .*the proxy answered 403 → Ask who runs the proxy 127\.0\.0\.1:\d+ to allow CONNECT to soc\.example:/);
  proxy.answer = () => 407;
  t.match(await says(through, { proxy: `http://127.0.0.1:${proxy.port}` }), /wants another user name and password/);
  const hung = new Promise<void>((resolve) => { proxy.answer = () => { resolve(); return 'hang'; }; });
  t.match(await says(through, { proxy: `http://127.0.0.1:${proxy.port}`, until: hung }), /^problem: .*no answer within 60000 ms/);
  t.match(await says(through, { proxy: 'http://127.0.0.1:1' }), /^problem: .*nothing listens on the proxy 127\.0\.0\.1:1.*`proxy` \(or HTTPS_PROXY\)/);
  t.match(await says(through, { proxy: 'socks5://x' }), /^problem: .*not the URL of an http or https proxy/);

  const syslog = await syslogReceiver({ tls: { key: good.key, cert: good.cert } });
  t.teardown(() => syslog.close());
  t.match(await says(siem({ type: 'cef', url: `syslog://127.0.0.1:${syslog.port}`, tls: { ca_file: good.caFile } })), /^ok: .*syslog:.*no message was sent/);
  t.match(await says(siem({ type: 'cef', url: `syslog://127.0.0.1:${syslog.port}`, tls: true })), /^problem: .*not trusted here/);
  t.same(syslog.messages, []);
});

t.test('what is in the way before TLS, and what an answer means', async (t) => {
  const plain = await httpReceiver();
  t.teardown(() => plain.close());
  t.match(await says(webhook(plain.url)), /^ok: .*answers a HEAD with 200/);
  t.match(await says(webhook(plain.url.replace('http:', 'https:'))), /^problem: .*does not speak TLS/);
  plain.answer = (_request, response) => { response.writeHead(302, { location: 'https://CANARY-PATH.example' }).end(); };
  t.match(await says(webhook(plain.url)), /^warning: .*redirect \(302\)/);
  plain.answer = (_request, response) => { response.writeHead(503).end(); };
  t.match(await says(webhook(plain.url)), /^warning: .*answers 503/);
  plain.answer = (_request, response) => { response.setHeader('date', new Date(Date.now() - 600_000).toUTCString()); response.end(); };
  const late = offsetsOf([await tried(webhook(plain.url))])[0]?.seconds ?? 0;
  t.ok(late > 590 && late < 640, `this clock is ${late} s ahead`);
  plain.answer = (_request, response) => { response.destroy(); };
  t.match(await says(webhook(plain.url)), /^problem: .*ECONNRESET/);

  t.match(await says(webhook('http://127.0.0.1:1')), /^problem: .*nothing listens on 127\.0\.0\.1 port 1, .* → Correct the port in url at \/mssps\/0\/webhook in \/etc\/raxed\/config\.json/);
  const silent = await silentServer();
  t.teardown(() => silent.close());
  t.match(await says(webhook(`https://127.0.0.1:${silent.port}`), { until: silent.heard() }), /^problem: .*a connection was made, but no TLS within 60000 ms/);
  t.match(await says(webhook(`http://127.0.0.1:${silent.port}`), { until: silent.heard() }), /^problem: .*no answer within 60000 ms → The receiver takes the connection and says nothing/);

  const udp = await says(siem({ type: 'cef', url: 'syslog://127.0.0.1:9', transport: 'udp' }));
  t.match(udp, /^not_checked: .*over UDP, nobody says/);
  const hec = (token: unknown) => siem({ type: 'splunk', url: plain.url, token });
  plain.answer = ({ path }, response) => { response.statusCode = path === '/services/collector/health' ? 200 : 500; response.end('{}'); };
  t.match(await says(hec('CANARY-TOKEN')), /^ok: .*health address answers/);
  t.match(await says(hec({ file: '/root/hec' })), /^not_checked: .*can be reached, but its secret cannot be read here/);
  plain.answer = (_request, response) => { response.statusCode = 403; response.end('{"text":"CANARY-ECHO","code":4}'); };
  const refused = await says(hec('CANARY-TOKEN'));
  t.match(refused, /^problem: .*answered 403/);
  t.notMatch(refused, /CANARY/, 'what a receiver says is not repeated');
});

t.test('names are looked up as the daemon does, in time, and why there is no address is said', async (t) => {
  const monotonic = (): number => nodeClock.monotonic();
  t.match(await lookUp('localhost', { command: runCommand, timeoutMs: 20_000, monotonic }), { addresses: [/^(127\.0\.0\.1|::1)$/] });
  t.match(await lookUp('192.0.2.7', { command: () => Promise.reject(new Error('never asked')), timeoutMs: 1, monotonic }), { addresses: ['192.0.2.7'] });
  let now = 0;
  t.match(await lookUp('slow.example', { command: (_program, _args, ms) => { now += ms; return Promise.resolve(undefined); }, timeoutMs: 300, monotonic: () => now }), { addresses: [], ms: 300, code: TIMEOUT });
  t.match(await lookUp('localhost', { command: () => Promise.resolve(undefined), timeoutMs: 20_000, monotonic: () => 0 }), { addresses: [String] }, 'a machine without getent');

  const target = webhook('https://soc.example/hook');
  const failed = (code: string, changes: Partial<DestinationFacts> = {}): string => {
    const found: Reach = { lookup: { host: 'soc.example', addresses: [], ms: 10 }, failure: { stage: 'lookup', code } };
    return of('problem', judgeDestination({ target, reach: found, timeoutMs: 5000, nameservers: ['10.0.0.53', '10.0.0.54'], skipVerify: false, now: NOW, ...changes }));
  };
  t.match(failed('ENOTFOUND'), /the name soc\.example does not exist \(asked: 10\.0\.0\.53, 10\.0\.0\.54\) → Correct url at/);
  t.match(failed(TIMEOUT), /no name server answered .*nothing within 5000 ms.*port 53/);
  t.match(failed('ECONNREFUSED'), /no name server answered .*ECONNREFUSED/);
  t.match(failed('ENOTFOUND', { nameservers: [] }), /resolv\.conf names no server/);
});

t.test('judgements of what cannot be made to happen here', (t) => {
  const target = webhook('https://soc.example/hook');
  const judge = (found: Reach): string => judgeDestination({ target, reach: found, timeoutMs: 5000, nameservers: ['10.0.0.53'], skipVerify: false, now: NOW }).map(({ says: said, advice = '' }) => `${said} → ${advice}`).join('\n');
  const lookup = { host: 'soc.example', addresses: ['192.0.2.1'], ms: 5 };
  t.match(judge({ lookup, failure: { stage: 'connect', code: TIMEOUT } }), /most likely a firewall drops it → .*soc\.example port 443 \(192\.0\.2\.1\); .*set `proxy`/);
  t.match(judge({ lookup, failure: { stage: 'connect', code: 'ENETUNREACH' } }), /no way to .*ip route/);
  t.match(judge({ lookup, failure: { stage: 'connect', code: 'EMFILE' } }), /EMFILE/);
  t.match(judge({ lookup: { ...lookup, ms: 4000 }, connectMs: 1, answer: { status: 200, at: NOW } }), /looking soc\.example up took 4000 ms/);
  for (const [code, words] of [['DEPTH_ZERO_SELF_SIGNED_CERT', /self-signed/], ['CERT_NOT_YET_VALID', /not valid yet/], ['CERT_REVOKED', /CERT_REVOKED/]] as const) {
    t.match(judge({ lookup, connectMs: 1, tls: { protocol: 'TLSv1.2', certificate: undefined, names: [], distrusted: code } }), words, code);
  }
  t.same(brief(judgeDestinations([])), ['not_checked destinations.reach']);
  t.same(brief(judgeDestinations([{ target, reach: undefined, timeoutMs: 1, nameservers: [], skipVerify: false, now: NOW }])), ['not_checked destinations.reach'], '--offline');
  t.end();
});

t.test('every place that is sent to is a target, each with where its settings are', (t) => {
  const whole = config({ mssps: [{ ...MSSP, customers: [{
    id: 'cust_a', webhook: { url: 'https://[::1]:8443/x', secret: 's' },
    siem: [
      { type: 'sentinel', url: 'https://x.ingest.monitor.azure.us', token: 's', dcr_id: 'd', stream: 's', tenant_id: 't', client_id: 'c', tls: { ca_file: 'ca.pem', cert_file: 'c.pem', key_file: 'k.pem' } },
      { type: 'cef', url: 'syslog://siem.example', tls: true }, { type: 'cef', name: 'plain', url: 'syslog://siem.example', transport: 'tcp' }, { type: 'cef', name: 'udp', url: 'syslog://[2001:db8::1]' },
    ],
  }] }] });
  const targets = targetsOf(whole, { configFile: FILE, managedBy: (_mssp, customer) => (customer === undefined ? 'file' : 'ctl') });
  t.same(targets.map(({ name, address, transport }) => `${name} ${address} ${transport}`), [
    'mssp_a/webhook https://soc.example:443 https',
    'mssp_a/cust_a/webhook https://[::1]:8443 https',
    'mssp_a/cust_a/sentinel (token endpoint) https://login.microsoftonline.us:443 https',
    'mssp_a/cust_a/sentinel https://x.ingest.monitor.azure.us:443 https',
    'mssp_a/cust_a/cef syslog://siem.example:6514 tls',
    'mssp_a/cust_a/plain syslog://siem.example:514 tcp',
    'mssp_a/cust_a/udp syslog://[2001:db8::1]:514 udp',
  ]);
  t.equal(targets[0]?.place, '/mssps/0/webhook in /etc/raxed/config.json');
  t.match(targets[1]?.place, /made with ctl: `raxed ctl customer configure cust_a --mssp mssp_a`/);
  t.match(targets[2]?.tls, { ca_file: '/etc/raxed/ca.pem', cert_file: null }, 'our certificate is not for the token endpoint');
  t.end();
});

/** Takes connections and never says a word. */
function silentServer(): Promise<{ port: number; heard(): Promise<void>; close(): void }> {
  return new Promise((resolve) => {
    let hear = (): void => undefined;
    const server: Server = createServer((socket) => { socket.on('error', () => undefined).on('data', () => { hear(); }); });
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({ port: typeof address === 'object' && address !== null ? address.port : 0, heard: () => new Promise((told) => { hear = told; }), close: () => { server.close(); server.unref(); } });
    });
  });
}
