import { copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { eventually, post } from '../fixtures/daemon.js';
import { ATTACK, bootCustomerHost, CREATE_TENANTS, CUSTOMER_ID, customerHostRefusal, FIRST_SCAN, INSTALL, LIMIT_MS, MSSP_ID, TEST_WEBHOOK } from '../fixtures/customer-host.js';

const CONFIG = '/etc/raxed/config.json';
const DROP_IN = '/run/systemd/system/raxed.service.d/test.conf';
const EXPOSURE_LIMIT = 1.3;
const PRIORITIES: Readonly<Record<string, string>> = { error: '3', warn: '4', info: '6' };
const KILLS = 3;
const SETTLE_MS = 15_000;
const IDLE_MS = 20_000;

t.setTimeout(580_000);

t.test('raxed on a host with systemd', { skip: customerHostRefusal() }, async (t) => {
  const host = await bootCustomerHost(t);
  /** Each process that was the daemon: what else the unit runs logs for people. */
  const daemons = new Set<string>();
  const config = (): Record<string, unknown> => JSON.parse(readFileSync(host.path(CONFIG), 'utf8')) as Record<string, unknown>;
  const writeConfig = (text: string): void => { writeFileSync(host.path(CONFIG), text); };
  const dropIn = async (lines: string): Promise<void> => {
    await host.type(`mkdir -p $(dirname ${DROP_IN}) && printf '[Service]\\n${lines}\\n' > ${DROP_IN} && systemctl daemon-reload`);
  };
  const runs = async (): Promise<string> => {
    await eventually('it runs', host.isActive, LIMIT_MS);
    const pid = await host.show('MainPID');
    daemons.add(pid);
    return pid;
  };

  await t.test('from nothing to the first alert at the SOC in five commands', async (t) => {
    const start = performance.now();
    await host.type(INSTALL);
    // Somebody else's, elsewhere.
    await host.output('systemctl', 'enable', '--now', '--quiet', 'soc');
    for (const line of CREATE_TENANTS) await host.type(line);
    t.match(await host.type(TEST_WEBHOOK), /200/);
    t.match(await host.run(['sh', '-c', FIRST_SCAN]), { code: 1, stdout: /pi-/ }, 'a threat is exit code 1');
    await eventually('the alert is there', () => host.deliveries().some(({ event_type: type }) => type === 'scan'), LIMIT_MS);
    t.comment(`first alert after ${((performance.now() - start) / 1000).toFixed(1)} s (asked: 60 s)`);
    t.same(host.deliveries().filter(({ verified }) => verified !== 'valid'), [], 'every signature is valid');
  });

  await t.test('the service is up, and said so itself', async (t) => {
    await runs();
    t.equal(await host.show('Type'), 'notify');
    t.equal((await host.output('systemctl', 'is-enabled', 'raxed')).trim(), 'enabled');
    await eventually('systemctl status says how it is', async () => /threats are kept and delivered/.test(await host.show('StatusText')), LIMIT_MS);
    t.equal(await host.show('NRestarts'), '0');
    t.equal((await host.output('systemctl', 'list-units', '--failed', '--plain', '--no-legend')).trim(), '');
  });

  await t.test('it has no privileges', async (t) => {
    const status = readFileSync(host.path(`/proc/${await runs()}/status`), 'utf8');
    const uid = (await host.output('id', '-u', 'raxed')).trim();
    t.match(status, new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, 'm'));
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) t.match(status, new RegExp(`^${set}:\\t0+$`, 'm'), `${set} is empty`);
    t.match(status, /^NoNewPrivs:\t1$/m);
    t.match(status, /^Seccomp:\t2$/m, 'system calls are filtered');
    const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(await host.output('systemd-analyze', 'security', 'raxed', '--no-pager'))?.[1]);
    t.ok(exposure <= EXPOSURE_LIMIT, `systemd-analyze security: ${exposure}`);
  });

  await t.test('members of the group raxed may scan, nobody but root may control', async (t) => {
    await host.output('useradd', '--groups', 'raxed', 'app');
    await host.output('useradd', 'stranger');
    const scan = ['curl', '--silent', '--show-error', '--unix-socket', '/run/raxed/scan.sock', 'http://raxed/v1/scan', '--data', JSON.stringify({ mssp_id: MSSP_ID, customer_id: CUSTOMER_ID, prompt: ATTACK })];
    const control = (user?: string): ReturnType<typeof host.run> => host.run(['curl', '--silent', '--show-error', '--unix-socket', '/run/raxed/control.sock', 'http://raxed/v1/status', '--data', '{}'], user);
    const member = await host.run(scan, 'app');
    t.match(member, { code: 0, stdout: /"threat_detected":true/ });
    await host.checkArrived(t, [(JSON.parse(member.stdout) as { event_id: string }).event_id]);
    t.match(await host.run(scan, 'stranger'), { code: 7, stdout: '' }, 'a stranger cannot connect');
    t.match(await host.run(['raxed', 'ctl', 'status'], 'stranger'), { code: 5, stderr: /this user may not use \/run\/raxed\/control\.sock/ }, 'and is told why');
    t.match(await control(), { code: 0, stdout: /"version"/ });
    t.match(await control('raxed'), { code: 0, stdout: /"version"/ });
    for (const user of ['app', 'stranger']) t.match(await control(user), { code: 7, stdout: '' }, user);
    for (const user of ['app', 'stranger']) t.not((await host.run(['cat', CONFIG], user)).code, 0, `${user} cannot read the configuration and its secrets`);
    t.not((await host.run(['ls', '/var/lib/raxed'], 'app')).code, 0, 'nobody else looks into the state');
  });

  await t.test('those who look after it are told that all is well', async (t) => {
    t.match(await host.run(['raxed', 'doctor']), { code: 0, stdout: /native engine RE2[\s\S]*\n0 problems/ });
    await host.type('raxed ctl bundle');
    t.ok(readdirSync(host.path('/root')).some((name) => /^raxed-bundle-.*\.tar\.gz$/.test(name)));
    t.match(await host.run(['raxed', 'spool', 'check']), { code: 0, stdout: /sound.*\/var\/lib\/raxed\/spool/ }, 'the spool that is looked at is the service\'s');
    await host.type('mkdir gone && cd gone && rmdir ../gone && raxed doctor');
    t.comment((await host.output('dpkg-query', '--show', '--showformat=installed size: ${Installed-Size} KiB', 'raxed')));
  });

  await t.test('an edit of the configuration is in force at once', async (t) => {
    const action = async (): Promise<unknown> => (await post(host.path('/run/raxed/scan.sock'), '/v1/scan', { prompt: ATTACK, mssp_id: MSSP_ID, customer_id: CUSTOMER_ID })).body['action_taken'];
    const before = await runs();
    t.not(await action(), 'block');
    writeConfig(JSON.stringify({ ...config(), scanner: { block_at: 'low' } }));
    await eventually('it blocks', async () => await action() === 'block', LIMIT_MS);
    t.equal(await runs(), before, 'without a restart');
  });

  await t.test('a reload of a bad file fails, says why, and changes nothing', async (t) => {
    const good = readFileSync(host.path(CONFIG), 'utf8');
    await host.output('systemctl', 'reload', 'raxed');
    writeConfig(good.replace('{', '{ "scaner": {},'));
    const reload = await host.run(['systemctl', 'reload', 'raxed']);
    t.equal(reload.code, 1);
    t.match(reload.stderr, /Job for raxed\.service failed/);
    const journal = (await host.journal('raxed')).map(({ MESSAGE }) => MESSAGE);
    t.ok(journal.some((message) => !message.startsWith('{') && /scaner/.test(message)), 'the journal has what the command said');
    t.match(await host.output('systemctl', 'status', 'raxed', '--no-pager', '--full'), /scaner/, 'so does systemctl status');
    t.match(await host.run(['raxed', 'ctl', 'status']), { stdout: /scaner/ });
    t.match(await post(host.path('/run/raxed/scan.sock'), '/v1/scan', { prompt: ATTACK, mssp_id: MSSP_ID, customer_id: CUSTOMER_ID }), { body: { action_taken: 'block' } }, 'the old configuration is in force');
    writeConfig(good);
    await host.output('systemctl', 'reload', 'raxed');
    t.notMatch(await host.output('raxed', 'ctl', 'status'), /scaner/);
  });

  await t.test('a daemon that hangs is started again by the watchdog', async (t) => {
    await dropIn('WatchdogSec=5');
    await host.output('systemctl', 'restart', 'raxed');
    const hung = await runs();
    const promised = await host.threaten();
    await host.output('kill', '-STOP', hung);
    await eventually('systemd starts another', async () => await host.show('NRestarts') === '1' && await runs() !== hung, LIMIT_MS);
    t.ok((await host.journal('raxed')).some(({ MESSAGE }) => /Watchdog timeout/.test(MESSAGE)));
    await host.checkArrived(t, [promised, await host.threaten()]);
    await host.output('rm', DROP_IN);
    await host.output('systemctl', 'daemon-reload');
  });

  await t.test('what is killed under load starts again and has lost nothing', async (t) => {
    await host.output('systemctl', 'restart', 'raxed');
    const load = host.startLoad();
    for (let kill = 0; kill < KILLS; kill++) {
      const seen = load.acknowledged.size;
      await runs();
      await eventually('scans are acknowledged', () => load.acknowledged.size > seen + 50, LIMIT_MS);
      // The SOC is away at the last one: everything from then on waits on the disk.
      if (kill === KILLS - 1) await host.output('systemctl', 'stop', 'soc');
      await host.output('systemctl', 'kill', '--kill-whom=main', '--signal=KILL', 'raxed');
      await eventually('systemd starts another', async () => Number(await host.show('NRestarts')) === kill + 1 && await host.isActive(), LIMIT_MS);
    }
    const seen = load.acknowledged.size;
    await eventually('scans are acknowledged', () => load.acknowledged.size > seen + 50, LIMIT_MS);
    await load.stop();
    await host.output('systemctl', 'start', 'soc');
    await host.checkArrived(t, load.acknowledged);
  });

  for (const soc of ['takes everything', 'is away'] as const) await t.test(`a stop under load takes less than 10 s and loses nothing while the SOC ${soc}`, async (t) => {
    // Later systemd would kill it, and say so.
    await dropIn('TimeoutStopSec=10');
    await runs();
    if (soc === 'is away') await host.output('systemctl', 'stop', 'soc');
    const load = host.startLoad();
    await eventually('scans are acknowledged', () => load.acknowledged.size > 50, LIMIT_MS);
    const start = performance.now();
    await host.output('systemctl', 'stop', 'raxed');
    t.comment(`stopped after ${((performance.now() - start) / 1000).toFixed(1)} s`);
    await load.stop();
    t.equal(await host.show('Result'), 'success', 'it ended by itself');
    t.equal(await host.show('ExecMainStatus'), '0');
    await host.output('systemctl', 'start', 'soc', 'raxed');
    await runs();
    await host.checkArrived(t, load.acknowledged);
  });

  await t.test('a bad configuration at the start is said once, and not tried again', async (t) => {
    copyFileSync(host.path(CONFIG), host.path(`${CONFIG}.good`));
    writeConfig('{ "scaner": {} }');
    t.match(await host.run(['systemctl', 'restart', 'raxed']), { code: 1, stderr: /Job for raxed\.service failed/ });
    await eventually('it is given up', async () => await host.show('ActiveState') === 'failed', LIMIT_MS);
    t.equal(await host.show('ExecMainStatus'), '3');
    t.equal(await host.show('NRestarts'), '0');
    const told = (await host.journal('raxed')).filter(({ MESSAGE, PRIORITY }) => PRIORITY === '3' && /scaner/.test(MESSAGE));
    t.ok(told.length > 0, 'as an error');
    t.match(await host.run(['raxed', 'doctor', '--offline']), { code: 4, stdout: /scaner/ }, 'doctor knows it too');
    t.match(await host.run(['raxed', 'ctl', 'status']), { code: 5, stderr: /no socket \/run\/raxed\/control\.sock/ }, 'it is the service that is looked for');
    t.match(await host.type('dpkg --install raxed.deb 2>&1'), /the service did not start; `sudo raxed doctor` says why/, 'an upgrade says it too, and does not fail');
    await host.type('rm raxed-bundle-* && raxed ctl bundle && ls raxed-bundle-*');
    copyFileSync(host.path(`${CONFIG}.good`), host.path(CONFIG));
    rmSync(host.path(`${CONFIG}.good`));
    await host.output('systemctl', 'start', 'raxed');
    await runs();
  });

  await t.test('what it needs while it does nothing', async (t) => {
    const pid = await runs();
    const tasks = host.path(`/proc/${pid}/task`);
    // schedstat: nanoseconds on a CPU.
    const cpuMs = (): number => readdirSync(tasks).reduce((sum, task) => sum + Number(readFileSync(join(tasks, task, 'schedstat'), 'utf8').split(' ')[0]) / 1e6, 0);
    await sleep(SETTLE_MS);
    const before = cpuMs();
    await sleep(IDLE_MS);
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(host.path(`/proc/${pid}/status`), 'utf8'))?.[1];
    t.comment(`idle CPU ${(100 * (cpuMs() - before) / IDLE_MS).toFixed(2)} % of a core (asked: 0.3)`);
    t.comment(`resident ${Math.round(Number(resident) * 1.024 / 1000)} MB (asked: 110); memory as systemd counts it: ${await host.show('MemoryCurrent')}`);
    t.ok(await host.isActive());
  });

  await t.test('the journal knows how grave each line is', async (t) => {
    const lines = (await host.journal('raxed')).filter(({ _PID }) => _PID !== undefined && daemons.has(_PID));
    const seen = new Set<string>();
    for (const { MESSAGE, PRIORITY } of lines) {
      const { level } = JSON.parse(MESSAGE) as { level: string };
      seen.add(level);
      if (PRIORITIES[level] !== PRIORITY) t.fail(`${level} has priority ${PRIORITY}: ${MESSAGE}`);
    }
    t.same([...seen].sort(), ['error', 'info', 'warn'], 'there are some of each');
  });
});
