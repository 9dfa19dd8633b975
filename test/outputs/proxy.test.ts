import { execFile } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import t from 'tap';
import { isLoopback, parseProxy, proxyFor, type ProxySettings } from '../../src/outputs/proxy.js';

const PROXY = 'http://127.0.0.1:1';
type Case = readonly [url: string, env: Readonly<Record<string, string>>, expected: 'proxy' | 'direct', configured?: string];
const exempt = (url: string, list: string, expected: 'proxy' | 'direct'): Case => [url, { https_proxy: PROXY, no_proxy: list }, expected];

/** What curl decides is what we decide; the test below asks it. */
const LIKE_CURL: readonly Case[] = [
  // Which variable.
  ['https://soc.example/', {}, 'direct'],
  ['https://soc.example/', { https_proxy: PROXY }, 'proxy'],
  ['https://soc.example/', { HTTPS_PROXY: PROXY }, 'proxy'],
  ['https://soc.example/', { https_proxy: '', HTTPS_PROXY: PROXY }, 'proxy'],
  ['https://soc.example/', { http_proxy: PROXY }, 'direct'],
  ['https://soc.example/', { HTTP_PROXY: PROXY }, 'direct'],
  ['https://soc.example/', { all_proxy: PROXY }, 'proxy'],
  ['https://soc.example/', { ALL_PROXY: PROXY }, 'proxy'],
  ['http://soc.example/', { http_proxy: PROXY }, 'proxy'],
  ['http://soc.example/', { HTTP_PROXY: PROXY }, 'direct'],
  ['http://soc.example/', { https_proxy: PROXY }, 'direct'],
  ['http://soc.example/', { ALL_PROXY: PROXY }, 'proxy'],
  // Which list of exemptions.
  ['https://soc.example/', { https_proxy: PROXY, NO_PROXY: 'soc.example' }, 'direct'],
  ['https://soc.example/', { https_proxy: PROXY, no_proxy: '', NO_PROXY: '*' }, 'direct'],
  ['https://soc.example/', { https_proxy: PROXY, no_proxy: 'other', NO_PROXY: '*' }, 'proxy'],
  ['https://soc.example/', { no_proxy: '*' }, 'direct', PROXY],
  ['https://soc.example/', { no_proxy: 'other' }, 'proxy', PROXY],
  ['https://soc.example/', { https_proxy: 'http://127.0.0.1:2' }, 'proxy', PROXY],
  // Names and domains.
  exempt('https://soc.example/', 'soc.example', 'direct'),
  exempt('https://soc.example/', '.soc.example', 'direct'),
  exempt('https://soc.example/', 'example', 'direct'),
  exempt('https://soc.example/', '.example', 'direct'),
  exempt('https://a.b.soc.example/', '.example', 'direct'),
  exempt('https://soc.example/', 'c.example', 'proxy'),
  exempt('https://soc.example/', 'a.soc.example', 'proxy'),
  exempt('https://notsoc.example/', 'soc.example', 'proxy'),
  exempt('https://SOC.example/', 'soc.EXAMPLE', 'direct'),
  exempt('https://soc.example./', 'soc.example', 'direct'),
  exempt('https://soc.example/', 'soc.example.', 'direct'),
  exempt('https://soc.example/', '..example', 'proxy'),
  exempt('https://soc.example/', '.', 'proxy'),
  exempt('https://soc.example/', '*.example', 'proxy'),
  exempt('https://soc.example/', 'soc.example/8', 'proxy'),
  // Ports mean nothing.
  exempt('https://soc.example:8443/', 'soc.example', 'direct'),
  exempt('https://soc.example:8443/', 'soc.example:8443', 'proxy'),
  exempt('https://soc.example/', 'soc.example:443', 'proxy'),
  exempt('https://10.1.2.3/', '10.1.2.3:443', 'proxy'),
  // Everything.
  exempt('https://soc.example/', '*', 'direct'),
  exempt('https://soc.example/', '*,other', 'proxy'),
  exempt('https://soc.example/', 'other,*', 'proxy'),
  exempt('https://soc.example/', ' * ', 'proxy'),
  exempt('https://soc.example/', '', 'proxy'),
  // Between commas and blanks.
  exempt('https://soc.example/', 'other, soc.example', 'direct'),
  exempt('https://soc.example/', 'other soc.example', 'direct'),
  exempt('https://soc.example/', 'other ,soc.example', 'direct'),
  exempt('https://soc.example/', ',,soc.example', 'direct'),
  exempt('https://soc.example/', ' soc.example ', 'direct'),
  exempt('https://soc.example/', 'other\tsoc.example', 'direct'),
  exempt('https://soc.example/', 'other;soc.example', 'proxy'),
  // IPv4 addresses and ranges.
  exempt('https://10.1.2.3/', '10.1.2.3', 'direct'),
  exempt('https://10.1.2.3/', '10.0.0.0/8', 'direct'),
  exempt('https://10.1.2.3/', '10.1.2.0/24', 'direct'),
  exempt('https://10.1.2.3/', '10.1.3.0/24', 'proxy'),
  exempt('https://10.1.2.3/', '10.1.2.3/32', 'direct'),
  exempt('https://10.1.2.3/', '10.1.2.2/31', 'direct'),
  exempt('https://10.1.2.3/', '10.1.2.4/31', 'proxy'),
  exempt('https://10.127.2.3/', '10.0.0.0/9', 'direct'),
  exempt('https://10.129.2.3/', '10.0.0.0/9', 'proxy'),
  exempt('https://10.1.2.3/', '0.0.0.0/0', 'proxy'),
  exempt('https://10.1.2.3/', '10.1.2.3/0', 'direct'),
  exempt('https://10.1.2.3/', '10.1.2.3/33', 'proxy'),
  exempt('https://10.1.2.3/', '10.0.0.0/-8', 'proxy'),
  exempt('https://10.1.2.3/', '10.0.0.0/ 8', 'proxy'),
  exempt('https://10.1.2.3/', '10.1/16', 'proxy'),
  exempt('https://10.1.2.3/', '10.1.2', 'proxy'),
  exempt('https://10.1.2.3/', '10.', 'proxy'),
  exempt('https://10.1.2.3/', '.1.2.3', 'proxy'),
  exempt('https://10.1.2.3/', '3', 'proxy'),
  exempt('https://10.1.2.3/', '10.1.2.3.', 'proxy'),
  exempt('https://10.1.2.3/', '010.1.2.3', 'proxy'),
  exempt('https://10.1.2.3/', '::ffff:10.1.2.3', 'proxy'),
  exempt('https://10.1.2.3/', 'x,192.168.0.0/16,10.0.0.0/8', 'direct'),
  exempt('https://10.1.2.3/', '10.0.0.0/8,x', 'direct'),
  // IPv6 addresses.
  exempt('https://[2001:db8::1]/', '2001:db8::1', 'direct'),
  exempt('https://[2001:db8::1]/', '2001:DB8::1', 'direct'),
  exempt('https://[2001:db8::1]/', '[2001:db8::1]', 'proxy'),
  exempt('https://[2001:db8::1]/', '2001:db9::/32', 'proxy'),
  exempt('https://[2001:db8::1]/', '2001:db8::/129', 'proxy'),
  exempt('https://[2001:db8::1]/', '::/0', 'proxy'),
  exempt('https://[2001:db8:8000::1]/', '2001:db8::/33', 'proxy'),
  exempt('https://[2001:db8::1]/', '10.1.2.3', 'proxy'),
  exempt('https://[::ffff:10.1.2.3]/', '10.1.2.3', 'proxy'),
];

/** Where the versions of curl differ: ranges of IPv6 (7.88 has a bug there), and bits that are no plain number (as 7.88). */
const NOT_ASKED: readonly Case[] = [
  exempt('https://10.1.2.3/', '10.1.2.3/x', 'direct'),
  exempt('https://10.1.2.3/', '10.1.2.3/', 'direct'),
  exempt('https://10.1.2.3/', '10.1.2.0/24x', 'direct'),
  exempt('https://10.1.2.3/', '10.0.0.0/08', 'direct'),
  exempt('https://[2001:db8::1]/', '2001:db8::/32', 'direct'),
  exempt('https://[2001:db8::1]/', '2001:db8::/33', 'direct'),
  exempt('https://[2001:db8::1]/', '2001:db8::1/128', 'direct'),
  exempt('https://[2001:db8::1]/', '2001:db8::2/127', 'proxy'),
  exempt('https://[2001:db8::1]/', '2001:db8:0:0:0:0:0:1', 'direct'),
];

function decide([url, env, , configured]: Case): string {
  const decision = proxyFor(url, { configured: configured ?? null, env });
  return typeof decision === 'string' ? decision : 'proxy';
}

t.test('what goes through the proxy', (t) => {
  for (const each of [...LIKE_CURL, ...NOT_ASKED]) t.equal(decide(each), each[2], JSON.stringify(each));
  t.end();
});

t.test('curl decides the same', { skip: await hasCurl() ? false : 'there is no curl of at least 7.86, the first to know ranges' }, async (t) => {
  const proxy = await listener();
  const receiver = await listener();
  for (const each of LIKE_CURL) {
    const [url, env, , configured] = each;
    const real = (text: string): string => text.replace('127.0.0.1:1', `127.0.0.1:${proxy.port}`);
    proxy.seen = receiver.seen = 0;
    await curl(['--connect-to', `::127.0.0.1:${receiver.port}`, ...(configured === undefined ? [] : ['-x', real(configured)]), url],
      Object.fromEntries(Object.entries(env).map(([name, value]) => [name, real(value)])));
    t.equal(proxy.seen > 0 ? 'proxy' : receiver.seen > 0 ? 'direct' : 'nothing', decide(each), JSON.stringify(each));
  }
  proxy.close();
  receiver.close();
});

t.test('this machine is never reached through a proxy', (t) => {
  for (const url of ['http://localhost:9001/', 'https://localhost/', 'https://127.0.0.1/', 'https://127.8.9.1/', 'https://127.1/', 'https://[::1]/']) {
    const settings: ProxySettings[] = [{ configured: PROXY, env: {} }, { configured: null, env: { https_proxy: PROXY, http_proxy: PROXY, ALL_PROXY: PROXY } }];
    for (const each of settings) t.equal(proxyFor(url, each), 'direct', url);
  }
  for (const host of ['localhost', '127.0.0.1', '127.8.9.1', '[::1]', '::1']) t.ok(isLoopback(host), host);
  for (const host of ['localhost.evil', '127.0.0.1.evil.example', '128.0.0.1', 'soc.example', '']) t.notOk(isLoopback(host), host);
  t.end();
});

t.test('the URL of a proxy, as curl reads it', (t) => {
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
  const table: [string, ReturnType<typeof parseProxy>][] = [
    ['http://proxy.example:3128', { tls: false, host: 'proxy.example', port: 3128 }],
    ['proxy.example:3128', { tls: false, host: 'proxy.example', port: 3128 }],
    ['http://proxy.example:80', { tls: false, host: 'proxy.example', port: 80 }],
    ['http://proxy.example', { tls: false, host: 'proxy.example', port: 1080 }],
    ['https://proxy.example/', { tls: true, host: 'proxy.example', port: 443 }],
    ['HTTP://proxy.example:3128/ignored/path', { tls: false, host: 'proxy.example', port: 3128 }],
    ['http://[2001:db8::1]:3128', { tls: false, host: '2001:db8::1', port: 3128 }],
    ['http://user:pass@proxy.example:3128', { tls: false, host: 'proxy.example', port: 3128, authorization: basic('user:pass') }],
    ['user:pass@proxy.example:3128', { tls: false, host: 'proxy.example', port: 3128, authorization: basic('user:pass') }],
    ['http://user@proxy.example:3128', { tls: false, host: 'proxy.example', port: 3128, authorization: basic('user:') }],
    ['http://user:a:b@proxy.example:3128', { tls: false, host: 'proxy.example', port: 3128, authorization: basic('user:a:b') }],
    ['http://a%40b:c%3Ad%C3%A9@proxy.example:3128', { tls: false, host: 'proxy.example', port: 3128, authorization: basic('a@b:c:dé') }],
    ['http://u:é%zz%@proxy.example:3128', { tls: false, host: 'proxy.example', port: 3128, authorization: basic('u:é%zz%') }],
    ['socks5://proxy.example:1080', undefined], ['ftp://proxy.example', undefined], ['http://', undefined], [' ', undefined], ['', undefined],
    ['http://proxy.example:0', undefined], ['http://proxy.example:65536', undefined], ['http://proxy.example:x', undefined], ['http://a@b@proxy.example:3128', undefined],
    ['http://proxy example:3128', undefined],
  ];
  for (const [text, expected] of table) t.same(parseProxy(text), expected, text);
  t.equal(proxyFor('https://soc.example/', { configured: null, env: { ALL_PROXY: 'socks5://proxy.example:1080' } }), 'unusable', 'a proxy of another kind is not gone round');
  t.equal(proxyFor('https://soc.example/', { configured: null, env: { ALL_PROXY: 'socks5://proxy.example:1080', NO_PROXY: '.example' } }), 'direct');
  t.end();
});

interface Listener { readonly port: number; seen: number; close(): void }

/** Counts connections and cuts them. */
async function listener(): Promise<Listener> {
  const server = createServer((socket) => {
    self.seen++;
    socket.on('error', () => undefined);
    socket.once('data', () => { socket.destroy(); });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const self: Listener = { port: (server.address() as AddressInfo).port, seen: 0, close: () => { server.close(); } };
  return self;
}

function curl(args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve) => { execFile('curl', ['-s', '-k', '-m', '20', ...args], { env: { PATH: process.env['PATH'], ...env } }, () => { resolve(); }); });
}

function hasCurl(): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('curl', ['--version'], (_error, stdout) => {
      const [, major = 0, minor = 0] = (/^curl (\d+)\.(\d+)/.exec(stdout) ?? []).map(Number);
      resolve(major > 7 || (major === 7 && minor >= 86));
    });
  });
}
