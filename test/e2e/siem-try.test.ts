import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { cefCollector } from '../fixtures/arcsight.js';
import { hasOpenssl, makeCertificates } from '../fixtures/certificates.js';
import { makeSite, runRaxed, startDaemonProcess } from '../fixtures/daemon.js';
import { startLogscale } from '../fixtures/logscale.js';
import { parseCef } from '../fixtures/cef-parser.js';
import { syslogReceiver } from '../fixtures/receivers.js';
import { startSoc } from '../fixtures/soc.js';
import { startSplunk } from '../fixtures/splunk-hec.js';

t.test('SIEMs are configured, checked, tried out and disabled with ctl, over TLS', { skip: hasOpenssl() ? false : 'openssl is not installed' }, async (t) => {
  const folder = t.testdir();
  const own = makeCertificates(folder, 'own');
  const tls = { cert: own.cert, key: own.key };
  const { fingerprint256: sha256 } = new X509Certificate(own.cert);
  const [soc, splunk, logscale, collector, syslog] = await Promise.all([
    startSoc('secret'), startSplunk({ 'CANARY-hec': { ack: true, indexes: ['security'] } }, tls), startLogscale('CANARY-ls', tls), cefCollector({ token: 'CANARY-cef', tls }), syslogReceiver({ tls }),
  ]);
  const site = makeSite();
  site.writeConfig({ spool: { min_free_bytes: 0 } });
  const daemon = await startDaemonProcess(site);
  t.teardown(async () => { await daemon.kill('SIGKILL'); await Promise.all([soc, splunk, logscale, collector, syslog].map((one) => one.close())); site.remove(); });

  let printed = '';
  const ctl = async (line: string, env: Record<string, string> = {}): Promise<{ code: number | string | null; stdout: string; stderr: string }> => {
    const ran = await runRaxed(['ctl', ...line.split(' ')], { RAXED_SOCKET: site.controlSocket, ...env });
    printed += ran.stdout + ran.stderr;
    return ran;
  };
  const token = (name: string): string => { writeFileSync(join(folder, name), `CANARY-${name}\n`); return `--token-file ${join(folder, name)}`; };
  const configure = (options: string): ReturnType<typeof ctl> => ctl(`customer siem configure c --mssp m ${options}`);
  const siem = (command: string, options = '', env: Record<string, string> = {}): ReturnType<typeof ctl> => ctl(`customer siem ${command} c --mssp m ${options}`.trim(), env);

  t.match(await ctl(`mssp create --id m --name M --webhook-url ${soc.url} --webhook-secret secret`), { code: 0 });
  t.match(await ctl('customer create --mssp m --id c --name C'), { code: 0 });
  const ca = `--ca-file ${own.caFile}`;
  for (const options of [
    `--type splunk --url https://127.0.0.1:${splunk.port} ${token('hec')} --splunk-index security --splunk-ack ${ca}`,
    `--type crowdstrike --url https://127.0.0.1:${logscale.port}/api/v1/ingest/json ${token('ls')} ${ca}`,
    `--type arcsight --url https://127.0.0.1:${collector.port}/receiver ${token('cef')} --smart-connector-id sc-001 ${ca}`,
    `--type cef --url syslog://127.0.0.1:${syslog.port} ${ca}`,
  ]) t.match(await configure(options), { code: 0, stderr: '' }, options);

  const checked = await siem('test', '--check-only');
  t.equal(checked.code, 0, checked.stderr);
  for (const name of ['splunk', 'crowdstrike', 'arcsight', 'cef']) t.match(checked.stdout, new RegExp(`✓ ${name} is ready  \\S+( answered \\d+)? in \\d+ ms\\n(  Said: .*\\n)?  Checked: .{20,}\\n  Certificate: CN=own, of CN=own authority\\n  Valid until: \\d{4}-.*Z\\n  SHA-256: ${sha256}\\n`));
  t.same([splunk.events.length, logscale.events.length, collector.events.length, syslog.messages.length], [0, 0, 0, 0], 'no event was sent');

  const tried = await siem('test', '--json');
  if (tried.code !== 0) t.comment(JSON.stringify([splunk.requests.map(({ path, body }) => [path, body.length < 60 ? body.toString() : body.length]), logscale.requests.length, collector.requests.length, syslog.messages.length, syslog.connections]));
  t.equal(tried.code, 0, tried.stderr);
  const { results } = JSON.parse(tried.stdout) as { results: { name: string; event_id: string; delivered: boolean; says?: string; certificate: object }[] };
  t.same(results.map(({ name, delivered }) => [name, delivered]), [['splunk', true], ['crowdstrike', true], ['arcsight', true], ['cef', true]]);
  for (const { certificate } of results) t.match(certificate, { subject: 'CN=own', issuer: 'CN=own authority', valid_to: /Z$/, sha256 });
  t.equal(results[0]?.says, 'an indexer has acknowledged it');
  t.equal(results[3]?.says, 'the receiver read to the end');
  t.match(splunk.events, [{ index: 'security', event: { event_type: 'test', event_id: results[0]?.event_id, message: /test event/ } }]);
  t.match(logscale.events, [{ fields: { event_type: 'test', event_id: results[1]?.event_id } }]);
  t.match(collector.events, [{ extension: { cs4: results[2]?.event_id, deviceExternalId: 'sc-001' } }]);
  t.equal(parseCef(syslog.messages[0] ?? '').extension['cs4'], results[3]?.event_id);
  t.match((await siem('test', '--name splunk')).stdout, /^✓ splunk took the test event {2}https:\/\/127\.0\.0\.1:\d+ answered 200 in \d+ ms\n {2}Said: an indexer has acknowledged it\n {2}Event: evt_\w{26}\n {2}Certificate: CN=own/);

  // Not trusted: refused, and shown.
  t.match(await configure(`--type cef --name stranger --url https://127.0.0.1:${collector.port}/cef ${token('cef')}`), { code: 0 });
  for (const how of ['', ' --check-only']) {
    const stranger = await siem('test', `--name stranger${how}`);
    t.equal(stranger.code, 4);
    t.match(stranger.stderr, /^raxed: DELIVERY_FAILED: stranger at https:\/\/127\.0\.0\.1:\d+ (did not take the test event|is not ready): .*authority.*\(after \d+ ms; its certificate is CN=own, of CN=own authority, valid until \d{4}-/);
    t.match(stranger.stderr, sha256);
  }
  t.match(await siem('test', '--name stranger', { RAXE_SKIP_SSL_VERIFY: 'true' }), { code: 0 }, 'checks can be turned off for one test');
  collector.next.push({ status: 404 });
  t.match(await siem('test', '--name arcsight --check-only'), { code: 4, stderr: /answered 404: there is nothing at this URL/ });

  for (const [options, says] of [
    ['--type cef --url https://siem.example --transport udp', /\/transport: expected "http" for an https:\/\/ URL, found "udp"; for syslog give syslog:\/\/HOST/],
    ['--type cef --url syslog://siem.example --transport udp --tls', /\/tls: UDP has no TLS: say transport "tcp", or leave tls out/],
    ['--type cef --url syslog://siem.example --transport http', /\/transport: .*; for HTTP give an https:\/\/ URL/],
    ['--type cef --url https://siem.example --port 514', /\/port: is an option of syslog:\/\/; put the port into the URL/],
    ['--type cef --url https://siem.example --facility 4', /\/facility: is an option of syslog:\/\/; leave it out/],
    ['--type cef --url syslog://siem.example --framing lf', /\/framing: is an option of transport "tcp"/],
    ['--type cef --url syslog://siem.example --facility 24', /\/facility: expected .*23/],
    ['--type splunk --url https://splunk.example --token t --facility 4', /facility/],
    ['--type splunk --url https://splunk.example', /\/token: is required/],
    ['--type sentinel --url https://dce.example --token t --dcr-id d', /\/stream: is required.*\/tenant_id: is required/],
    ['--type sentinel --url https://dce.example --token t --dcr-id d --sentinel-workspace-id w', /\/dcr_id: does not go together with sentinel_workspace_id/],
    ['--type splunk --url http://splunk.example --token t', /\/url: .*http is accepted only to/],
  ] as const) {
    const refused = await configure(`--name other ${options}`);
    t.equal(refused.code, 2, options);
    t.match(refused.stderr, says, options);
    t.match(refused.stderr, /^raxed: BAD_REQUEST: [^\n]*\n$/);
  }
  t.match(await configure('--type sentinel --url https://ws.ods.opinsights.azure.com --token CANARY= --sentinel-workspace-id ws-123'), { code: 0, stdout: /! .*2026-09-14/ }, 'S7');
  t.match((await configure('--type cef --name udp --url syslog://siem.example')).stdout, / {2}transport: udp\n {2}port: 514\n/, 'syslog without a transport is UDP');
  t.match((await siem('show')).stdout, /^splunk\n[\s\S]*\nudp\n/);
  t.match(await siem('disable', '--name udp --force'), { code: 0 });
  t.notMatch((await siem('show')).stdout, /\nudp\n/);
  t.notMatch(printed + daemon.output(), /CANARY/);
});
