import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Output } from '../../src/outputs/output.js';
import { createWebhookOutput, type WebhookOptions } from '../../src/outputs/webhook.js';
import { hasOpenssl, makeCertificates } from '../fixtures/certificates.js';
import { manualClock } from '../fixtures/clock.js';
import { sampleScan } from '../fixtures/events.js';
import { connectProxy } from '../fixtures/proxy.js';
import { closedPort, eventually, httpReceiver, tcpReceiver } from '../fixtures/receivers.js';
import { outgoing, refusal } from './conformance.js';

const never = new AbortController().signal;
const batch = [outgoing(sampleScan())];

t.test('through a proxy', { skip: hasOpenssl() ? false : 'openssl is not installed' }, async (t) => {
  const folder = t.testdir();
  const good = makeCertificates(folder, 'good');
  const other = makeCertificates(folder, 'other');
  const receiver = await httpReceiver({ tls: { cert: good.cert, key: good.key } });
  t.teardown(() => receiver.close());
  const through = (proxyUrl: string, options: Partial<WebhookOptions> = {}): Output => createWebhookOutput({
    name: 'webhook', url: `https://soc.example:${receiver.port}/raxe/alerts`, secret: () => 'my_secret', previousSecret: () => undefined, timeoutMs: 10_000, maxInFlight: 4,
    skipVerify: false, clock: manualClock(), version: '0.1.0', tls: { caFile: good.caFile }, proxy: { configured: proxyUrl, env: {} }, ...options,
  });
  t.beforeEach(() => { receiver.requests.length = 0; receiver.answer = (_request, response) => { response.end('ok'); }; });

  await t.test('events go through tunnels that are kept, with the password for the proxy and for nobody else', async (t) => {
    const proxy = await connectProxy({ user: 'raxed:pr0xy-pa%ss' });
    const output = through(`http://raxed:pr0xy-pa%25ss@127.0.0.1:${proxy.port}`);
    for (let i = 0; i < 3; i++) t.match(await output.send(batch, never), { httpStatus: 200 });
    t.same(proxy.asked, [{ authority: `soc.example:${receiver.port}`, authorization: `Basic ${Buffer.from('raxed:pr0xy-pa%ss').toString('base64')}` }]);
    t.equal(receiver.requests.length, 3);
    t.match(receiver.requests[0], { path: '/raxe/alerts', headers: { host: `soc.example:${receiver.port}` } });
    t.notOk(receiver.requests.some(({ headers }) => 'proxy-authorization' in headers));
    await Promise.all(Array.from({ length: 4 }, () => output.send(batch, never)));
    t.ok(proxy.tunnels.total <= 4);
    t.notMatch(output.url, 'pr0xy');
    await output.close();
    await eventually(() => proxy.tunnels.open === 0);
    await proxy.close();
  });

  await t.test('the environment names the proxy, and takes names out', async (t) => {
    const proxy = await connectProxy();
    const by = (env: Record<string, string>): Output => through('', { proxy: { configured: null, env } });
    const named = by({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
    await named.send(batch, never);
    t.equal(proxy.asked.length, 1);
    const exempted = await refusal(by({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: '.example' }).send(batch, never));
    t.match(exempted.message, /^(ENOTFOUND|EAI_AGAIN)$/, 'straight to a name that only the proxy knows');
    const local = through(`http://127.0.0.1:${proxy.port}`, { url: `https://127.0.0.1:${receiver.port}/` });
    t.match(await local.send(batch, never), { httpStatus: 200 });
    t.equal(proxy.asked.length, 1, 'this machine is reached directly');
    for (const output of [named, local]) await output.close();
    await proxy.close();
  });

  await t.test('what the proxy answers is never taken for the receiver\'s word', async (t) => {
    const proxy = await connectProxy({ user: 'raxed:right' });
    const url = (password: string): string => `http://raxed:${password}@127.0.0.1:${proxy.port}`;
    const denied = await refusal(through(url('wr0ng')).send(batch, never));
    t.match(denied, { kind: 'misconfigured', message: /^the proxy answered 407: .*user name and password/, httpStatus: undefined });
    t.notMatch(denied.message, /wr0ng|raxed/);
    t.notMatch(JSON.stringify(denied, Object.getOwnPropertyNames(denied)), /wr0ng|d3IwbmI/);
    const table: [number | 'reset', string, RegExp][] = [
      [400, 'misconfigured', /^the proxy answered 400$/], [403, 'misconfigured', /^the proxy answered 403$/], [413, 'misconfigured', /413/], [302, 'misconfigured', /302/],
      [502, 'retry', /^the proxy answered 502$/], [503, 'retry', /503/], [429, 'retry', /429/], ['reset', 'retry', /^the proxy: ECONNRESET$/],
    ];
    for (const [answer, kind, message] of table) {
      proxy.answer = () => answer;
      t.match(await refusal(through(url('right')).send(batch, never)), { kind, message }, `${answer}`);
    }
    t.equal(receiver.requests.length, 0);
    await proxy.close();
  });

  await t.test('a proxy that is not there, is silent, or is none', async (t) => {
    t.match(await refusal(through(`http://127.0.0.1:${await closedPort()}`).send(batch, never)), { kind: 'retry', message: 'the proxy: ECONNREFUSED' });
    const silent = await connectProxy();
    silent.answer = () => 'hang';
    const output = through(`http://127.0.0.1:${silent.port}`, { timeoutMs: 300 });
    t.match(await refusal(output.send(batch, never)), { kind: 'retry', message: 'no connection within 300 ms', overload: true });
    const abort = new AbortController();
    const aborted = refusal(output.send(batch, abort.signal));
    await eventually(() => silent.asked.length === 2);
    abort.abort();
    t.match(await aborted, { kind: 'retry', message: 'aborted' });
    await output.close();
    await silent.close();
    const stranger = await tcpReceiver((socket) => { socket.end('220 mail.example ESMTP\r\n'); });
    t.match(await refusal(through(`http://127.0.0.1:${stranger.port}`).send(batch, never)), { kind: 'retry', message: /^the proxy: HPE_/ });
    await stranger.close();
    t.match(await refusal(through('', { proxy: { configured: null, env: { ALL_PROXY: 'socks5://u:p@127.0.0.1:1' } } }).send(batch, never)), { kind: 'misconfigured', message: /not the URL of an http or https proxy/ });
  });

  await t.test('the receiver\'s certificate counts inside of the tunnel, and new files open a new one', async (t) => {
    const proxy = await connectProxy();
    const url = `http://127.0.0.1:${proxy.port}`;
    t.match(await refusal(through(url, { tls: {} }).send(batch, never)), { kind: 'retry', message: /tls\.ca_file$/ });
    t.match(await refusal(through(url, { tls: { caFile: good.caFile, serverName: 'evil.example' } }).send(batch, never)), { kind: 'retry', message: /^ERR_TLS_CERT_ALTNAME_INVALID/ });
    t.equal(receiver.requests.length, 0);
    const caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, good.ca);
    const output = through(url, { tls: { caFile } });
    await output.send(batch, never);
    const before = proxy.asked.length;
    await output.send(batch, never);
    t.equal(proxy.asked.length, before);
    writeFileSync(`${caFile}.new`, Buffer.concat([good.ca, other.ca]));
    renameSync(`${caFile}.new`, caFile);
    await output.send(batch, never);
    t.equal(proxy.asked.length, before + 1);
    await output.close();
    await proxy.close();
  });

  await t.test('TLS to the proxy itself', async (t) => {
    const proxy = await connectProxy({ user: 'u:p', tls: { cert: other.cert, key: other.key } });
    const url = `https://u:p@localhost:${proxy.port}`;
    t.match(await refusal(through(url).send(batch, never)), { kind: 'retry', message: /^the proxy: (UNABLE_TO|SELF_SIGNED)/ });
    t.equal(proxy.asked.length, 0);
    writeFileSync(join(folder, 'both.pem'), Buffer.concat([good.ca, other.ca]));
    for (const options of [{ tls: { caFile: join(folder, 'both.pem') } }, { tls: {}, skipVerify: true }]) {
      const output = through(url, options);
      t.match(await output.send(batch, never), { httpStatus: 200 });
      await output.close();
    }
    await eventually(() => proxy.tunnels.open === 0);
    await proxy.close();
    t.match(await refusal(through(`https://127.0.0.1:${await plainPort(t)}`).send(batch, never)), { kind: 'retry', message: /^the proxy: (ERR_SSL|EPROTO|ECONNRESET)/ });
  });
});

/** Of a server without TLS. */
async function plainPort(t: Test): Promise<number> {
  const receiver = await httpReceiver();
  t.teardown(() => receiver.close());
  return receiver.port;
}
