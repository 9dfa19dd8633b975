import t from 'tap';
import type { ServiceFacts } from '../../src/doctor/service.js';
import { judgeService } from '../../src/doctor/service.js';
import { siteOf } from '../../src/doctor/site.js';
import { brief, of, person, RAXED, service, unit } from './facts.js';

const GOOD: ServiceFacts = { site: service(), systemd: true, unit: unit(), account: RAXED, members: ['app'], watchdogEvents: 0 };
const judge = (changes: Partial<ServiceFacts>) => judgeService({ ...GOOD, ...changes });
const shownAs = (changes: Record<string, string>) => judge({ unit: unit(changes) });

t.test('a service that runs, starts with the machine and has members is all right', (t) => {
  t.same(brief(judge({})), ['ok service.active', 'ok service.enabled', 'ok service.user', 'ok service.group']);
  t.same(brief(judge({ site: person() })), ['not_checked service.unit']);
  t.end();
});

t.test('why it does not run is said from systemd\'s words', (t) => {
  const rows: [Record<string, string>, RegExp][] = [
    [{ ActiveState: 'inactive' }, /was stopped, or never started → .*sudo systemctl start raxed/],
    [{ ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '3' }, /has failed: its configuration is wrong \(exit 3\)/],
    [{ ActiveState: 'activating', SubState: 'auto-restart', Result: 'exit-code', ExecMainStatus: '4' }, /again and again: it could not start \(exit 4\)/],
    [{ ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '217' }, /user does not exist.*systemd-sysusers/],
    [{ ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '216' }, /group does not exist.*systemd-sysusers/],
    [{ ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '233' }, /folder in \/run/],
    [{ ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '238' }, /state folder could not be made.*no symbolic link/],
    [{ ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '203' }, /program could not be run/],
    [{ ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '200' }, /exit 200/],
    [{ ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '226' }, /systemd-tmpfiles/],
    [{ ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '243' }, /LoadCredential/],
    [{ ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '77' }, /ended with 77.*journalctl -u raxed/],
    [{ ActiveState: 'failed', Result: 'watchdog' }, /stood still for a minute/],
    [{ ActiveState: 'failed', Result: 'oom-kill' }, /MemoryMax=/],
    [{ ActiveState: 'failed', Result: 'timeout' }, /systemd-notify/],
    [{ ActiveState: 'failed', Result: 'signal', ExecMainStatus: '31' }, /SIGSYS/],
    [{ LoadState: 'not-found' }, /knows no raxed\.service → Install the package/],
    [{ LoadState: 'masked' }, /systemctl unmask raxed/],
    [{ LoadState: 'bad-setting' }, /systemd-analyze verify/],
  ];
  for (const [changes, words] of rows) t.match(of('problem', shownAs(changes)), words, JSON.stringify(changes));
  t.match(of('warning', shownAs({ ActiveState: 'activating', SubState: 'start' })), /just starting/);
  t.equal(brief(shownAs({ ActiveState: 'reloading' }))[0], 'ok service.active');
  t.end();
});

t.test('what will matter later is warned of', (t) => {
  t.match(of('warning', shownAs({ UnitFileState: 'disabled' })), /sudo systemctl enable raxed/);
  t.match(of('warning', shownAs({ NRestarts: '7' })), /started again 7 times/);
  t.match(of('warning', shownAs({ NeedDaemonReload: 'yes' })), /daemon-reload/);
  t.match(of('warning', judge({ watchdogEvents: 2 })), /watchdog ended it 2 times/);
  t.match(of('not_checked', judge({ watchdogEvents: undefined })), /journal cannot be read/);
  t.match(of('warning', judge({ members: [] })), /nobody is a member of the group raxed.*sudo usermod -aG raxed USER/);
  t.match(of('problem', judge({ members: undefined })), /no group raxed/);
  t.match(of('problem', judge({ account: undefined })), /user that the service runs as does not exist/);
  t.same(brief(judge({ systemd: false, unit: undefined })).slice(0, 1), ['not_checked service.unit']);
  t.same(brief(judge({ unit: undefined })).slice(0, 1), ['not_checked service.unit']);
  t.end();
});

t.test('what systemctl shows is read, quotes and all', (t) => {
  const read = unit({ Environment: 'A=1 "B=two words" "C=say \\"hi\\"" D', LoadCredential: 'hook:/etc/raxed/hook other:/x', MemoryMax: 'infinity', ExecStart: '{ argv[]=/usr/bin/raxed run --config=/srv/raxed.json ; }' });
  t.same(read.environment, { A: '1', B: 'two words', C: 'say "hi"' });
  t.same(read.credentials, ['hook', 'other']);
  t.equal(read.memoryMax, undefined);
  t.equal(read.configFile, '/srv/raxed.json');
  t.equal(unit({ ExecStart: '' }).configFile, undefined);
  t.end();
});

t.test('the service is looked at where there is one, another daemon when it is named', (t) => {
  const shell = { env: { XDG_CONFIG_HOME: '/home/anna/.config', HTTPS_PROXY: 'http://shell:1' }, home: '/home/anna', cwd: '/home/anna' };
  const facts = { named: undefined, unit: unit(), hasSystemFile: true, processEnv: undefined, shell };
  const installed = siteOf(facts);
  t.match(installed, { kind: 'service', paths: { configFile: '/etc/raxed/config.json', stateDir: '/var/lib/raxed', controlSocket: '/run/raxed/control.sock' } });
  t.notOk('HTTPS_PROXY' in installed.env, 'a shell\'s proxy is not the service\'s');
  t.equal(siteOf({ ...facts, processEnv: { HTTPS_PROXY: 'http://own:1' } }).env['HTTPS_PROXY'], 'http://own:1');
  t.match(siteOf({ ...facts, named: '/etc/raxed/config.json' }), { kind: 'service' });
  t.match(siteOf({ ...facts, unit: undefined }), { kind: 'service' }, 'a machine without systemd');
  t.match(siteOf({ ...facts, named: '/home/anna/x.json' }), { kind: 'person', paths: { configFile: '/home/anna/x.json' }, unit: undefined });
  t.match(siteOf({ ...facts, unit: undefined, hasSystemFile: false }), { kind: 'person', paths: { configFile: '/home/anna/.config/raxed/config.json' } });
  t.match(siteOf({ ...facts, shell: { ...shell, env: { RAXED_CONFIG: 'y.json' } } }), { kind: 'person', paths: { configFile: '/home/anna/y.json' } });
  t.match(siteOf({ ...facts, unit: unit({ LoadState: 'not-found' }), hasSystemFile: false }), { kind: 'person' });
  t.end();
});
