import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { showExamination } from '../../src/cli/doctor.js';
import type { ExaminationOptions, ExaminationPorts } from '../../src/doctor/examination.js';
import { examine } from '../../src/doctor/examination.js';
import type { Finding } from '../../src/doctor/finding.js';
import { GROUPS } from '../../src/doctor/finding.js';
import { runCommand } from '../../src/doctor/probes/command.js';
import { nodeClock } from '../../src/platform/node.js';
import { shown } from '../doctor/facts.js';
import { hasOpenssl, makeCertificates } from '../fixtures/certificates.js';
import type { Site } from '../fixtures/daemon.js';
import { eventually, makeSite, runRaxed, startDaemonProcess } from '../fixtures/daemon.js';
import { httpReceiver } from '../fixtures/receivers.js';
import { capturedIo } from './captured-io.js';
import { raxed } from './fake-daemon.js';

const CANARIES = { secret: 'CANARY-webhook-secret', token: 'CANARY-hec-token', query: 'CANARY-query', proxy: 'CANARY-proxy-password', env: 'CANARY-environment', http: 'CANARY-http-token' };
const AGENT = { id: 'agent_1', mssp_id: 'mssp_a', customer_id: 'cust_a' };
const isRoot = process.getuid?.() === 0;

function site(t: { teardown(done: () => void): void }): Site {
  const made = makeSite();
  t.teardown(() => { made.remove(); });
  return made;
}

const PORTS: ExaminationPorts = { clock: nodeClock, command: runCommand, env: {}, home: '/nonexistent', cwd: '/', uid: process.getuid?.() ?? 0, hostname: 'here', systemd: false };
const options = (at: Site, changes: Partial<ExaminationOptions> = {}): ExaminationOptions => ({ config: at.configFile, socket: undefined, offline: false, timeoutMs: 20_000, groups: GROUPS, ...changes });

/** As if systemd ran this site's file as the service, for the user nobody. */
function asService(at: Site, changes: Readonly<Record<string, string>> = {}): ExaminationPorts {
  const text = shown({ User: 'nobody', Group: 'nogroup', MainPID: '0', PrivateTmp: 'no', ExecStart: `{ argv[]=/usr/bin/raxed run --config ${at.configFile} ; }`, ...changes });
  return {
    ...PORTS, systemd: true,
    command: (program, args, timeoutMs) => {
      if (program === 'systemctl') return Promise.resolve({ code: 0, stdout: text });
      if (program === 'journalctl') return Promise.resolve({ code: 0, stdout: 'Watchdog timeout (limit 1min)!\n' });
      if (program === 'timedatectl') return Promise.resolve({ code: 0, stdout: 'yes\n' });
      return runCommand(program, args, timeoutMs);
    },
  };
}

async function shownBoth(examination: Awaited<ReturnType<typeof examine>>): Promise<{ text: string; json: { checks: Finding[]; summary: Record<string, number> }; code: number; raw: string }> {
  const [people, program] = [capturedIo(), capturedIo()];
  const code = await showExamination(examination, false, people);
  await showExamination(examination, true, program);
  return { text: people.out(), raw: program.out(), json: JSON.parse(program.out()) as { checks: Finding[]; summary: Record<string, number> }, code };
}

const told = (findings: readonly Finding[], status: Finding['status']): string => findings.filter((finding) => finding.status === status).map(({ says, advice = '' }) => `${says} → ${advice}`).join('\n');

t.test('a site that is all right has no problem, and exits 0', { skip: hasOpenssl() ? false : 'no openssl' }, async (t) => {
  const at = site(t);
  const certificates = makeCertificates(at.folder, 'soc', { days: 90 });
  const soc = await httpReceiver({ tls: { key: certificates.key, cert: certificates.cert } });
  t.teardown(() => soc.close());
  at.writeConfig({ agent: AGENT, mssps: [{ id: 'mssp_a', webhook: { url: `${soc.url}/hook?token=${CANARIES.query}`, secret: CANARIES.secret, tls: { ca_file: certificates.caFile } }, customers: [{ id: 'cust_a' }] }] });
  const daemon = await startDaemonProcess(at);
  t.teardown(() => daemon.kill('SIGKILL'));
  await eventually('the first heartbeat is there', () => soc.requests.length > 0);
  const before = soc.requests.filter(({ method }) => method === 'POST').length;

  const { code, stdout, stderr } = await runRaxed(['doctor', '--config', at.configFile, '--timeout', '60000']);
  t.match(stdout, /\n0 problems, \d+ warnings?\n$/, stdout);
  t.equal(code, 0);
  t.equal(stderr, '');
  for (const group of GROUPS) t.match(stdout, new RegExp(`^${group.charAt(0).toUpperCase()}${group.slice(1)}$`, 'm'), group);
  t.match(stdout, /✓ the running daemon has exactly this file in force/);
  t.match(stdout, /✓ mssp_a\/webhook .* can be reached/);
  t.notMatch(stdout, /\u001b|CANARY/);
  t.same(soc.requests.filter(({ method, headers }) => method === 'HEAD' && headers['x-raxe-signature'] === undefined).length, 1, 'it asked once, with nothing');
  t.ok(soc.requests.filter(({ method }) => method === 'POST').length >= before);

  const asked = await runRaxed(['doctor', '--socket', at.controlSocket, '--json', '--offline', '--only', 'configuration,sockets']);
  const answer = JSON.parse(asked.stdout) as { checks: Finding[]; summary: object };
  t.same(new Set(answer.checks.map(({ group }) => group)), new Set(['configuration', 'sockets']));
  t.ok(answer.checks.some(({ says }) => says.includes(at.configFile)), 'the daemon on the socket says which file it reads');
  t.match(answer.summary, { problems: 0 });

  await daemon.kill('SIGKILL');
  const dead = await runRaxed(['doctor', '--config', at.configFile, '--offline']);
  t.equal(dead.code, 4);
  t.match(dead.stdout, /✗ .*control\.sock is a left-over: nobody listens on it, the daemon was killed\n {4}→ Start the daemon/);
});

t.test('of a broken site everything is said, and no secret', { skip: isRoot ? false : 'only root can give files away' }, async (t) => {
  const at = site(t);
  const secretFile = join(at.folder, 'webhook.secret');
  writeFileSync(secretFile, CANARIES.secret, { mode: 0o600 });
  const rules = join(at.folder, 'rules');
  mkdirSync(rules);
  writeFileSync(join(rules, 'bad.yaml'), 'version: 1.0.0\nrule_id: x-001\n');
  const refusing = await httpReceiver({ answer: (_request, response) => { response.statusCode = 403; response.end(`{"text":"${CANARIES.token}"}`); } });
  t.teardown(() => refusing.close());
  at.writeConfig({
    proxy: `http://anna:${CANARIES.proxy}@127.0.0.1:1`, scanner: { rules_dirs: [rules] },
    control: { socket: at.controlSocket, http: { token: CANARIES.http, mssp_id: 'mssp_a', customer_id: 'cust_gone' } },
    mssps: [{ id: 'mssp_a', webhook: { url: `https://soc.invalid/hook?token=${CANARIES.query}`, secret: { file: secretFile }, tls: { ca_file: '/nonexistent/ca.pem' } }, customers: [{
      id: 'cust_a', siem: [{ type: 'splunk', url: refusing.url, token: CANARIES.token }, { type: 'crowdstrike', url: 'http://127.0.0.1:1/api/v1/ingest/hec', token: { env: 'LOGSCALE' } }],
    }] }],
  });
  mkdirSync(join(at.stateFolder, 'spool'), { recursive: true });
  chmodSync(at.folder, 0o755);
  writeFileSync(join(at.stateFolder, 'spool/1.seg.1700000000000.bad'), '');
  chownSync(at.stateFolder, 65_534, 65_534);
  const ports = asService(at, { Environment: `RAXE_X=${CANARIES.env}`, ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '3' });
  const examination = await examine(options(at), ports);
  const { text, raw, json, code } = await shownBoth(examination);

  t.equal(code, 4);
  t.ok((json.summary['problems'] ?? 0) > 8, text);
  const problems = told(json.checks, 'problem');
  t.match(problems, /user nobody cannot read .*config\.json: .*sudo chown root:nogroup/);
  t.match(problems, /user nobody cannot read the secret's file .*webhook\.secret/);
  t.match(problems, /no CA file \/nonexistent\/ca\.pem \(\/mssps\/0\/webhook\/tls\/ca_file\)/);
  t.match(problems, /environment variable LOGSCALE .* is not set for the daemon/);
  t.match(problems, /spool.* belong to another user/);
  t.match(problems, /bad\.yaml/);
  t.match(problems, /raxed\.service has failed: its configuration is wrong/);
  t.match(problems, /no daemon runs here/);
  t.match(problems, /nothing listens on the proxy 127\.0\.0\.1:1/);
  t.match(problems, /mssp_a\/cust_a\/splunk .*answered 403/);
  const warnings = told(json.checks, 'warning');
  t.match(warnings, /1\.seg\.1700000000000\.bad .* was damaged and set aside/);
  t.match(warnings, /watchdog ended it 1 time in/);
  t.match(warnings, /`agent` is not set/);
  t.match(warnings, /\/control\/http\/customer_id: names no customer/);
  for (const canary of Object.values(CANARIES)) {
    t.notOk(text.includes(canary), canary);
    t.notOk(raw.includes(canary), canary);
  }
  for (const finding of json.checks) t.same(Object.keys(finding).filter((key) => !['id', 'group', 'status', 'says', 'advice', 'data'].includes(key)), []);
  t.ok(json.checks.every(({ status, advice }) => (status === 'ok' ? advice === undefined : status === 'not_checked' || advice !== undefined)), 'for all that is not ok there is something to do');
  t.same(refusing.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD'), [], 'nothing was sent');
});

t.test('offline, nothing leaves the machine', async (t) => {
  const at = site(t);
  const receiver = await httpReceiver();
  t.teardown(() => receiver.close());
  at.writeConfig({ mssps: [{ id: 'mssp_a', webhook: { url: receiver.url, secret: 's' }, customers: [] }] });
  const commands: string[] = [];
  const { findings } = await examine(options(at, { offline: true }), { ...PORTS, command: (program, args, timeoutMs) => { commands.push([program, ...args].join(' ')); return runCommand(program, args, timeoutMs); } });
  t.equal(receiver.connections.total, 0);
  t.notOk(commands.some((line) => line.includes('ahosts')));
  t.match(told(findings, 'not_checked'), /mssp_a\/webhook .*: --offline/);
});

t.test('a file that is wrong, missing or strange is told of, and the rest is looked at all the same', async (t) => {
  const at = site(t);
  const looked = async (groups: ExaminationOptions['groups'] = GROUPS): Promise<readonly Finding[]> => (await examine(options(at, { offline: true, groups }), PORTS)).findings;
  t.match(told(await looked(), 'problem'), /there is no file .*config\.json/);
  writeFileSync(at.configFile, '{ "mssps": [ { "id": "mssp_a", "webhook": { "url": "ftp://CANARY", "secret": "CANARY", "retrys": 3 } } ] ');
  t.match(told(await looked(), 'problem'), /is not valid: line 1, column \d+/);
  writeFileSync(at.configFile, JSON.stringify({ mssps: [{ id: 'mssp_a', webhook: { url: 'ftp://CANARY', secret: 'CANARY' } }], spol: {} }));
  const wrong = told(await looked(), 'problem');
  t.match(wrong, /\/mssps\/0\/webhook\/url: expected an https URL/);
  t.match(wrong, /\/spol: .*spool/);
  t.notMatch(wrong, /CANARY/);
  at.writeConfig({ control: { socket: `/tmp/${'x'.repeat(120)}` } });
  t.match(told(await looked(), 'problem'), /107/);
  at.writeConfig({ mssps: [{ id: 'mssp_a', webhook: { url: 'https://soc.example', secret: 's' }, customers: [] }] });
  mkdirSync(at.stateFolder);
  writeFileSync(join(at.stateFolder, 'tenants.json'), '{"version":1,"mssps":[],"customers":[],"removed":"CANARY"}');
  const damaged = told(await looked(['configuration']), 'problem');
  t.match(damaged, /tenants\.json is damaged/);
  t.notMatch(damaged, /CANARY/);
  t.ok(readFileSync(join(at.stateFolder, 'tenants.json'), 'utf8').includes('CANARY'), 'it is left where it is');
  writeFileSync(join(at.stateFolder, 'tenants.json'), JSON.stringify({ version: 1, mssps: [], customers: [{ mssp_id: 'mssp_a', customer: { id: 'cust_ctl' } }], removed: [] }));
  t.match(told(await looked(['configuration']), 'ok'), /1 customer \(mssp_a\/cust_ctl\)/);
});

t.test('a check that fails, and one that takes too long, are not checked; the others are', async (t) => {
  const at = site(t);
  at.writeConfig({});
  const failing = Object.assign(new Error('CANARY from a library'), { code: 'EWEIRD' });
  const { findings } = await examine(options(at, { groups: ['clock', 'service', 'runtime'], offline: true }), {
    ...asService(at), command: (program, args, timeoutMs) => (program === 'timedatectl' ? Promise.reject(failing) : asService(at).command(program, args, timeoutMs)),
  });
  t.match(told(findings, 'not_checked'), /the check itself failed \(EWEIRD\)/);
  t.notMatch(JSON.stringify(findings), /CANARY/);
  t.ok(findings.some(({ group, status }) => group === 'runtime' && status === 'ok'));
  const slow = await examine(options(at, { groups: ['clock'], offline: true, timeoutMs: 100 }), {
    ...asService(at), command: (program, args, timeoutMs) => (program === 'timedatectl' ? new Promise(() => undefined) : asService(at).command(program, args, timeoutMs)),
  });
  t.match(told(slow.findings, 'not_checked'), /took longer than 100 ms → .*--timeout/);
});

t.test('what stands on the sockets\' places is told apart', async (t) => {
  const at = site(t);
  at.writeConfig({});
  mkdirSync(join(at.folder, 'run'));
  const sockets = async (timeoutMs = 20_000): Promise<string> => told((await examine(options(at, { groups: ['sockets'], timeoutMs }), PORTS)).findings, 'problem');
  writeFileSync(at.controlSocket, '');
  t.match(await sockets(), /control\.sock is there and is no socket/);
  const strangers = [['alien', 'SSH-2.0-x\r\n', /alien\.sock is not raxed/, 20_000], ['mute', undefined, /mute\.sock and does not answer/, 300]] as const;
  for (const [name, greeting, said, timeoutMs] of strangers) {
    const socket = join(at.folder, `run/${name}.sock`);
    at.writeConfig({ control: { socket } });
    const server = createServer((connection) => { connection.on('error', () => undefined); if (greeting === undefined) connection.resume(); else connection.end(greeting); });
    await new Promise<void>((resolve) => { server.listen(socket, resolve); });
    t.match(await sockets(timeoutMs), said);
    server.close();
    server.unref();
  }
});

t.test('usage: wrong groups and times are refused, colours only where there is a terminal', async (t) => {
  t.match(await raxed(['doctor', '--only', 'destination']), { code: 2, err: /USAGE: --only takes some of configuration, .*did you mean destinations\./ });
  t.match(await raxed(['doctor', '--timeout', '1']), { code: 2, err: /--timeout/ });
  const finding: Finding = { id: 'files.x', group: 'files', status: 'problem', says: 'a name\u001b[31m\u202e', advice: 'mv \u0007' };
  const { subject } = await examine(options(site(t), { offline: true, groups: [] }), PORTS);
  const terminal = capturedIo({ tty: true });
  t.equal(await showExamination({ subject, findings: [finding] }, false, terminal), 4);
  t.match(terminal.out(), /\u001b\[31m✗\u001b\[0m a name\\u001b\[31m\\u202e\n {4}→ mv \\u0007/);
  const plain = capturedIo({ tty: true, env: { NO_COLOR: '1' } });
  t.equal(await showExamination({ subject, findings: [{ ...finding, status: 'warning' }] }, false, plain), 0);
  t.notMatch(plain.out(), /\u001b/);
  t.match(plain.out(), /\n0 problems, 1 warning\n$/);
});
