import { copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { eventually, post } from '../fixtures/daemon.js';
import { fillDisk } from '../fixtures/small-disk.js';
import { ATTACK, bootCustomerHost, CREATE_TENANTS, CUSTOMER_ID, customerHostRefusal, LIMIT_MS, MSSP_ID, packageWithVersion } from '../fixtures/customer-host.js';

const CONFIG = '/etc/raxed/config.json';
const STATE = '/var/lib/raxed';
const OLDER = '0.0.9~previous';
const DISK_BYTES = 8 * 1024 * 1024;

t.setTimeout(580_000);

t.test('the package on a host in all of its life', { skip: customerHostRefusal() }, async (t) => {
  const host = await bootCustomerHost(t);
  copyFileSync(packageWithVersion(t, OLDER), host.path('/root/older.deb'));
  const version = async (): Promise<string> => (await host.output('dpkg-query', '--show', '--showformat=${Version}', 'raxed')).trim();
  const runs = (): Promise<void> => eventually('it runs', host.isActive, LIMIT_MS);
  const customers = (): Promise<string> => host.output('raxed', 'customer', 'list', '--mssp', MSSP_ID, '--json');
  const scan = async (): Promise<unknown> => (await post(host.path('/run/raxed/scan.sock'), '/v1/scan', { prompt: ATTACK, mssp_id: MSSP_ID, customer_id: CUSTOMER_ID })).body;

  await t.test('an upgrade under load loses nothing and keeps every setting', async (t) => {
    await host.type('apt-get install --yes ./older.deb');
    await host.output('systemctl', 'enable', '--now', '--quiet', 'soc');
    for (const line of CREATE_TENANTS) await host.type(line);
    writeFileSync(host.path(CONFIG), JSON.stringify({ edition: 'community', scanner: { block_at: 'low' }, spool: { segment_bytes: 65_536, min_free_bytes: 0 } }));
    await host.output('systemctl', 'reload', 'raxed');
    const settings = readFileSync(host.path(CONFIG), 'utf8');
    const before = await customers();
    const pid = await host.show('MainPID');
    const load = host.startLoad();
    await eventually('scans are acknowledged', () => load.acknowledged.size > 50, LIMIT_MS);
    await host.type('apt-get install --yes ./raxed.deb');
    await runs();
    const upgraded = load.acknowledged.size;
    await eventually('scans are acknowledged again', () => load.acknowledged.size > upgraded + 50, LIMIT_MS);
    await load.stop();
    t.not(await version(), OLDER);
    t.not(await host.show('MainPID'), pid, 'the new version runs');
    await host.checkArrived(t, load.acknowledged);
    t.equal(readFileSync(host.path(CONFIG), 'utf8'), settings);
    t.match(await host.output('stat', '--format=%a %U %G', CONFIG), '640 root raxed');
    t.equal(await customers(), before, 'who was made with ctl is there');
    t.match(await scan(), { action_taken: 'block' });
  });

  await t.test('a downgrade is refused, and what was there goes on', async (t) => {
    const was = await version();
    const downgrade = await host.run(['apt-get', 'install', '--yes', '--allow-downgrades', '/root/older.deb']);
    t.not(downgrade.code, 0);
    t.match(downgrade.stdout + downgrade.stderr, /downgrad/i, 'it says what is wrong');
    t.equal(await version(), was);
    t.equal((await host.output('dpkg', '--audit')).trim(), '', 'nothing is half installed');
    await runs();
    await host.checkArrived(t, [await host.threaten()]);
  });

  await t.test('after a reboot it is there again, and delivers what waited', async (t) => {
    await host.output('systemctl', 'disable', '--now', '--quiet', 'soc');
    const load = host.startLoad();
    await eventually('scans are acknowledged', () => load.acknowledged.size > 50, LIMIT_MS);
    await host.reboot();
    await load.stop();
    await runs();
    const after = await host.threaten();
    await host.output('systemctl', 'enable', '--now', '--quiet', 'soc');
    await host.checkArrived(t, [...load.acknowledged, after]);
  });

  await t.test('a disk that was full heals by itself', async (t) => {
    await host.output('systemctl', 'stop', 'raxed');
    await host.output('cp', '--archive', STATE, '/root/state');
    await host.output('mount', '-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', STATE);
    await host.output('cp', '--archive', '--no-target-directory', '/root/state', STATE);
    await host.output('systemctl', 'start', 'raxed');
    await runs();
    const pid = await host.show('MainPID');
    const before = await host.threaten();
    const makeRoom = fillDisk(host.path(STATE));
    await eventually('an event is refused', async () => await host.threaten().then(() => false, () => true), LIMIT_MS);
    t.match(await scan(), { threat_detected: true, delivery: 'rejected' }, 'the verdict is there all the same');
    makeRoom();
    let after = '';
    await eventually('events are kept again', () => host.threaten().then((id) => { after = id; return true; }, () => false), LIMIT_MS);
    await host.checkArrived(t, [before, after]);
    t.equal(await host.show('MainPID'), pid, 'without a restart');
    await host.output('systemctl', 'stop', 'raxed');
    await host.output('umount', STATE);
    await host.output('systemctl', 'start', 'raxed');
    await runs();
  });

  await t.test('what is removed keeps its settings and what waits; what is purged leaves nothing', async (t) => {
    const settings = readFileSync(host.path(CONFIG), 'utf8');
    await host.output('systemctl', 'stop', 'soc');
    const waits = await host.threaten();
    await host.type('apt-get remove --yes raxed');
    t.not(await host.isActive(), true);
    for (const path of ['/usr/bin/raxed', '/usr/lib/raxed', '/run/raxed']) t.notOk(existsSync(host.path(path)), `${path} is gone`);
    t.equal(readFileSync(host.path(CONFIG), 'utf8'), settings);
    await host.type('apt-get install --yes ./raxed.deb');
    await runs();
    await host.output('systemctl', 'start', 'soc');
    await host.checkArrived(t, [waits]);
    await host.output('systemctl', 'stop', 'soc');
    await host.type('apt-get purge --yes raxed');
    for (const path of ['/usr/bin/raxed', '/usr/lib/raxed', '/run/raxed', '/etc/raxed', STATE]) t.notOk(existsSync(host.path(path)), `${path} is gone`);
    t.equal((await host.output('systemctl', 'list-units', '--failed', '--plain', '--no-legend')).trim(), '');
    await host.type('apt-get install --yes ./raxed.deb');
    await runs();
  });

  await t.test('a purge empties a state folder that is a disk of its own, and does not fail', async (t) => {
    await host.output('systemctl', 'stop', 'raxed');
    await host.output('mount', '-t', 'tmpfs', 'tmpfs', STATE);
    await host.output('cp', '--archive', '--no-target-directory', '/root/state', STATE);
    await host.type('apt-get purge --yes raxed');
    t.same(readdirSync(host.path(STATE)), []);
    await host.output('umount', STATE);
  });

  await t.test('an account that was there before is taken as it is', async (t) => {
    await host.type('rm -r /var/lib/raxed; userdel raxed; useradd --no-user-group --gid users raxed');
    await host.type('apt-get install --yes ./raxed.deb');
    await runs();
    t.match(await host.run(['raxed', 'config', 'check']), { code: 0, stdout: /\/etc\/raxed\/config\.json is valid/ }, 'who names no file means the service\'s');
    t.match(await host.run(['raxed', 'doctor', '--only', 'files,sockets,service']), { code: 0, stdout: /can be read by raxed[\s\S]*0 problems/ }, 'its own group is another than the service\'s');
  });
});
