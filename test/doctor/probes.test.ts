import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { accountOf, groupOf } from '../../src/doctor/probes/accounts.js';
import type { Command } from '../../src/doctor/probes/command.js';
import { runCommand } from '../../src/doctor/probes/command.js';
import { diskOf, mountOf, timeSync } from '../../src/doctor/probes/disk.js';
import { namesIn, textOf, wayTo } from '../../src/doctor/probes/paths.js';
import { nameservers } from '../../src/doctor/probes/names.js';
import { nodeClock } from '../../src/platform/node.js';

t.test('the way to a file goes through every folder, symbolic links followed', async (t) => {
  const folder = t.testdir({ a: { b: { f: 'x' } }, loop: t.fixture('symlink', 'loop') });
  symlinkSync('a/b', join(folder, 'relative'));
  symlinkSync(join(folder, 'a/../a/b/f'), join(folder, 'absolute'));
  chmodSync(join(folder, 'a/b/f'), 0o604);
  const target = join(folder, 'a/b/f');
  for (const path of ['a/b/f', 'relative/f', 'absolute', 'a/./b/../b/f']) {
    const found = await wayTo(join(folder, path));
    t.match(found.entries.at(-1), { path: target, kind: 'file', mode: 0o604 }, path);
    t.ok(found.entries.some((entry) => entry.path === join(folder, 'a/b') && entry.kind === 'folder'));
    t.equal(found.stopped, undefined);
  }
  t.match(await wayTo(join(folder, 'a/none/f')), { stopped: { path: join(folder, 'a/none'), errno: 'ENOENT' } });
  t.match(await wayTo(join(folder, 'a/b/f/g')), { stopped: { errno: 'ENOTDIR' } });
  t.match(await wayTo(join(folder, 'loop')), { stopped: { errno: 'ELOOP' } });
  t.same((await wayTo('/')).entries.map(({ path }) => path), ['/']);
});

t.test('names in a folder are found however deep, and never more than wanted', async (t) => {
  const folder = t.testdir({ a: { b: { 'x.bad': '', 'y': '' } }, 'z.bad': '' });
  t.same((await namesIn(folder, (name) => name.endsWith('.bad'), 10)).sort(), ['a/b/x.bad', 'z.bad']);
  t.equal((await namesIn(folder, () => true, 2)).length, 2);
  t.same(await namesIn(join(folder, 'none'), () => true, 2), []);
});

t.test('a text is read only from a regular file of bearable length', async (t) => {
  const folder = t.testdir({ f: 'text', link: t.fixture('symlink', 'f') });
  t.equal(await textOf(join(folder, 'link')), 'text');
  t.equal(await textOf(join(folder, 'f'), 3), undefined);
  t.equal(await textOf(folder), undefined);
  if ((await runCommand('mkfifo', [join(folder, 'pipe')], 20_000))?.code === 0) t.equal(await textOf(join(folder, 'pipe')), undefined, 'a pipe that nobody writes to does not hold us up');
});

t.test('the mount of a folder is the longest above it, the last of equals', (t) => {
  const info = [
    '1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
    '2 1 8:2 / /var rw - xfs /dev/sda2 rw',
    '3 2 0:5 / /var/lib/raxed\\040two rw - tmpfs none rw',
    '4 1 8:3 / /srv rw - ext4 /dev/sdb rw', '5 1 8:3 / /srv ro - nfs4 host:/x rw',
    '6 1 8:9 / /mnt rw - ext4 /dev/sdc ro',
  ].join('\n');
  for (const [folder, expected] of [
    ['/var/lib/raxed', { point: '/var', type: 'xfs', readOnly: false }], ['/var/lib/raxed two/x', { point: '/var/lib/raxed two', type: 'tmpfs', readOnly: false }],
    ['/variable', { point: '/', type: 'ext4', readOnly: false }], ['/srv', { point: '/srv', type: 'nfs4', readOnly: true }], ['/mnt/a', { point: '/mnt', type: 'ext4', readOnly: true }],
  ] as const) t.same(mountOf(folder, info), expected, folder);
  t.equal(mountOf('/x', ''), undefined);
  t.end();
});

t.test('the disk is timed without leaving anything behind', async (t) => {
  const folder = t.testdir({});
  const sync = await timeSync(folder, () => nodeClock.monotonic());
  t.ok('ms' in sync ? sync.ms >= 0 : /knows no files without a name/.test(sync.why));
  t.same(readdirSync(folder), []);
  t.match(await timeSync(join(folder, 'none'), () => 0), { why: /ENOENT/ });
  t.match(await diskOf(folder), { mount: { point: String, type: String }, space: { freeBytes: Number } });
});

t.test('users and groups are those of this machine, members by either list', async (t) => {
  t.match(await accountOf('root', runCommand), { name: 'root', uid: 0, gids: [0] });
  t.match(await accountOf(0, runCommand), { name: 'root' });
  t.equal(await accountOf('no-such-user', runCommand), undefined);
  const told: Command = (program, args) => Promise.resolve({ code: 0, stdout: program === 'id' ? '7 8\n' : args.join(' ') === 'group raxed' ? 'raxed:x:990:web,app\n' : 'raxed:x:990:990::/:/bin/false\nother:x:5:990::/:/bin/sh\nanna:x:6:6::/:/bin/sh\n' });
  t.same(await groupOf('raxed', told), { gid: 990, members: ['app', 'other', 'raxed', 'web'] });
  t.equal(await groupOf('no-such-group', runCommand), undefined);
});

t.test('a program that is not there, fails or takes too long is an outcome', async (t) => {
  t.equal(await runCommand('no-such-program', [], 1000), undefined);
  t.same(await runCommand('sh', ['-c', 'echo out; exit 3'], 20_000), { code: 3, stdout: 'out\n' });
  t.equal(await runCommand('sleep', ['60'], 50), undefined);
});

t.test('name servers are read from resolv.conf', async (t) => {
  const folder = t.testdir({ 'resolv.conf': '# nameserver 1.1.1.1\nsearch example\nnameserver 10.0.0.53\n  nameserver 2001:db8::53\n' });
  t.same(await nameservers(join(folder, 'resolv.conf')), ['10.0.0.53', '2001:db8::53']);
});

t.test('what belongs to another user is seen', { skip: process.getuid?.() === 0 ? false : 'only root can give files away' }, async (t) => {
  const folder = t.testdir({});
  mkdirSync(join(folder, 'spool'));
  writeFileSync(join(folder, 'spool/a'), '');
  chownSync(join(folder, 'spool/a'), 65_534, 65_534);
  t.ok(existsSync(join(folder, 'spool/a')));
  t.same(await namesIn(folder, (_name, uid) => uid !== 0, 9), ['spool/a']);
});
