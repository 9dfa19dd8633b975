import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t, { type Test } from 'tap';
import { createNotifier, type Notifier } from '../../src/platform/notify.js';
import { recordingLogger, silentLogger } from '../fixtures/logger.js';

const SYSTEMD = resolve(import.meta.dirname, '../../systemd');
const UNIT = readFileSync(join(SYSTEMD, 'raxed.service'), 'utf8');
const EXPOSURE_LIMIT = 1.5;

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;
const skip = hasAnalyze ? false : 'systemd-analyze is not installed here';

/** The unit with a program that exists: systemd-analyze looks for it. */
function installed(t: Test): string {
  const path = join(t.testdir({}), 'raxed.service');
  writeFileSync(path, UNIT.replaceAll('/usr/bin/raxed', process.execPath));
  return path;
}

t.test('systemd-analyze finds nothing wrong with the unit', { skip }, (t) => {
  const unit = installed(t);
  const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
  t.equal(stdout + stderr, '', 'it exits with 0 for unknown keys, too: only silence counts');
  writeFileSync(unit, readFileSync(unit, 'utf8').replace('[Service]', '[Service]\nNoSuchKey=1'));
  t.match(spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' }).stderr, /NoSuchKey/, 'and it would speak');
  t.end();
});

t.test(`the unit is as little exposed as ${EXPOSURE_LIMIT}`, { skip }, (t) => {
  const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', installed(t)], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1]);
  t.ok(exposure <= EXPOSURE_LIMIT, `exposure ${exposure}`);
  t.end();
});

t.test('the unit says what the daemon relies on', (t) => {
  for (const line of [
    'Type=notify', 'NotifyAccess=all', 'WatchdogSec=60', 'RestartPreventExitStatus=3', 'Environment=RAXED_BOOT_ID=%b', 'User=raxed', 'Group=raxed',
    'ExecStart=/usr/bin/raxed run --config /etc/raxed/config.json', 'ExecReload=/usr/bin/raxed ctl reload --socket %t/raxed/control.sock',
    'SyslogLevel=err', 'LogRateLimitIntervalSec=0', 'StateDirectory=raxed', 'RuntimeDirectory=raxed', 'RuntimeDirectoryMode=0750',
  ]) t.ok(UNIT.split('\n').includes(line), line);
  t.notMatch(UNIT, /^MemoryDenyWriteExecute=/m, 'V8 could not run');
  t.match(readFileSync(join(SYSTEMD, 'raxed.sysusers'), 'utf8'), /^u raxed /m);
  t.match(readFileSync(join(SYSTEMD, 'raxed.tmpfiles'), 'utf8'), /^d \/etc\/raxed 0750 root raxed/m);
  t.end();
});

interface Told { notifier: Notifier; messages(): string[]; folder: string }

/** A notifier whose program writes its arguments down, one line a call, then does `then`. */
function told(t: Test, then = '', timeoutMs = 60_000): Told {
  const folder = t.testdir({});
  const program = join(folder, 'systemd-notify');
  writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> '${folder}/messages'\n${then}\n`);
  chmodSync(program, 0o755);
  const notifier = createNotifier({ NOTIFY_SOCKET: '/run/notify', PATH: process.env['PATH'] }, { logger: silentLogger, pid: 1, program, timeoutMs });
  return { notifier, folder, messages: () => (existsSync(join(folder, 'messages')) ? readFileSync(join(folder, 'messages'), 'utf8').trimEnd().split('\n') : []) };
}

t.test('systemd is told through systemd-notify, without a shell', async (t) => {
  const { notifier, messages, folder } = told(t);
  await notifier.ready();
  await notifier.reloading();
  await notifier.watchdog();
  await notifier.status(`ready; $(touch ${folder}/owned)\n1 MSSP`);
  await notifier.stopping();
  t.same(messages(), [
    '/run/notify -- READY=1', '/run/notify -- RELOADING=1', '/run/notify -- WATCHDOG=1',
    `/run/notify -- STATUS=ready; $(touch ${folder}/owned) 1 MSSP`, '/run/notify -- STOPPING=1',
  ]);
  t.notOk(existsSync(join(folder, 'owned')));
});

t.test('one process at a time: what is said meanwhile goes into one message, the newest of each kind', async (t) => {
  const { notifier, messages, folder } = told(t, 'while [ ! -e "$(dirname "$0")/go" ]; do sleep 0.02; done');
  const first = notifier.ready();
  const rest = [notifier.status('starting'), ...Array.from({ length: 50 }, () => notifier.watchdog()), notifier.reloading(), notifier.status('loaded'), notifier.ready()];
  writeFileSync(join(folder, 'go'), '');
  await Promise.all([first, ...rest]);
  const said = messages();
  t.ok(said.length <= 2, `${said.length} processes`);
  t.equal(said.at(-1), said.length === 1 ? '/run/notify -- READY=1 STATUS=loaded WATCHDOG=1' : '/run/notify -- STATUS=loaded WATCHDOG=1 READY=1');
});

t.test('a systemd-notify that hangs is killed, and one that fails or is absent does no harm', async (t) => {
  const hanging = told(t, 'exec sleep 600', 50);
  await hanging.notifier.watchdog();
  await hanging.notifier.watchdog();
  const logger = recordingLogger();
  const absent = createNotifier({ NOTIFY_SOCKET: '/x' }, { logger, pid: 1, program: '/nonexistent/systemd-notify' });
  await absent.ready();
  await absent.watchdog();
  t.equal(logger.lines.length, 1, 'said once');
  const failing = told(t, 'exit 1');
  await failing.notifier.ready();
  await failing.notifier.stopping();
  t.equal(failing.messages().length, 2);
});

t.test('outside of systemd nothing is done', async (t) => {
  const { notifier, messages } = told(t);
  t.ok(notifier.enabled);
  const off = createNotifier({ WATCHDOG_USEC: '60000000' }, { logger: silentLogger, pid: 1, program: '/nonexistent' });
  t.notOk(off.enabled);
  t.equal(off.watchdogIntervalMs, undefined);
  await Promise.all([off.ready(), off.watchdog(), off.status('x')]);
  t.same(messages(), []);
});

t.test('the watchdog wants a sign twice in its time, and only from the process it is meant for', (t) => {
  const interval = (env: Record<string, string>): number | undefined => createNotifier({ NOTIFY_SOCKET: '/x', ...env }, { logger: silentLogger, pid: 42 }).watchdogIntervalMs;
  t.equal(interval({ WATCHDOG_USEC: '60000000' }), 30_000);
  t.equal(interval({ WATCHDOG_USEC: '60000000', WATCHDOG_PID: '42' }), 30_000);
  t.equal(interval({ WATCHDOG_USEC: '60000000', WATCHDOG_PID: '43' }), undefined);
  for (const bad of ['', '0', '-1', 'x', '1e9']) t.equal(interval({ WATCHDOG_USEC: bad }), undefined, bad);
  t.equal(interval({}), undefined);
  t.end();
});
