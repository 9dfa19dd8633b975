import t from 'tap';
import type { ClockFacts } from '../../src/doctor/clock.js';
import { judgeClock } from '../../src/doctor/clock.js';
import type { DiskFacts } from '../../src/doctor/disk.js';
import { judgeDisk } from '../../src/doctor/disk.js';
import type { RuntimeFacts } from '../../src/doctor/runtime.js';
import { judgeRuntime } from '../../src/doctor/runtime.js';
import { brief, of, person, service } from './facts.js';

const GIB = 2 ** 30;
const DISK: DiskFacts = {
  site: service(), folder: '/var/lib/raxed', mount: { point: '/', type: 'ext4', readOnly: false },
  space: { freeBytes: 20 * GIB, totalBytes: 100 * GIB, freeInodes: 1e6, inodes: 2e6 }, spool: { usedBytes: 0, maxBytes: GIB, minFreeBytes: GIB / 4 }, sync: { ms: 2 },
};
const disk = (changes: Partial<DiskFacts>) => judgeDisk({ ...DISK, ...changes });
const free = (freeBytes: number, more: object = {}) => disk({ space: { freeBytes, totalBytes: 100 * GIB, freeInodes: 1e6, inodes: 2e6, ...more } });

t.test('a local disk with room for a full spool is all right', (t) => {
  t.same(brief(disk({})), ['ok disk.mount', 'ok disk.space', 'ok disk.sync']);
  t.match(of('ok', disk({})), /20\.0 GiB are free .* needs 1\.3 GiB more/);
  t.end();
});

t.test('too little room, a read-only or unsuitable disk and a slow one are said', (t) => {
  t.match(of('warning', free(GIB)), /too little for a full spool, which needs 1\.3 GiB more → .*spool\.max_bytes/);
  t.equal(brief(disk({ space: { ...DISK.space, freeBytes: GIB, totalBytes: GIB, freeInodes: 1e6, inodes: 1e6 }, spool: { usedBytes: GIB, maxBytes: GIB, minFreeBytes: GIB / 4 } }))[1], 'ok disk.space', 'what the spool has already, it need not get');
  t.match(of('problem', free(GIB / 4)), /no more than spool\.min_free_bytes: new events are refused/);
  t.match(of('warning', free(20 * GIB, { freeInodes: 12 })), /only 12 more files/);
  t.same(brief(free(20 * GIB, { freeInodes: 0, inodes: 0 })), brief(disk({})), 'btrfs has no number of inodes');
  t.match(of('problem', disk({ mount: { point: '/var', type: 'ext4', readOnly: true } })), /mounted read-only .*remount,rw \/var/);
  for (const [type, why] of [['tmpfs', /gone after a reboot/], ['nfs4', /another machine/], ['fuse.sshfs', /another machine/], ['overlay', /gone with the container/]] as const) {
    t.match(of('warning', disk({ mount: { point: '/', type, readOnly: false } })), why, type);
  }
  t.match(of('warning', disk({ sync: { ms: 250 } })), /takes 250 ms to make data durable/);
  t.match(of('not_checked', disk({ sync: { why: 'this user may not write there' }, space: undefined, mount: undefined })), /may not write there/);
  t.same(brief(disk({ spool: undefined })), ['ok disk.mount', 'ok disk.space', 'ok disk.sync']);
  t.end();
});

t.test('a clock that is off is a warning from 30 seconds, a problem from five minutes', (t) => {
  const clock = (seconds: number, synchronized: boolean | undefined = true) => judgeClock({ synchronized, offsets: [{ destination: 'm/webhook', seconds }], offline: false });
  for (const seconds of [0, 30, -30]) t.same(brief(clock(seconds)), ['ok clock.synchronized', 'ok clock.offset']);
  t.match(of('warning', clock(31)), /31 s ahead of that of m\/webhook/);
  t.match(of('warning', clock(-300)), /5 minutes behind/);
  t.match(of('problem', clock(-301)), /signatures are refused from five minutes on → .*timedatectl set-ntp true/);
  t.match(of('warning', clock(0, false)), /not kept by NTP/);
  const none: ClockFacts = { synchronized: undefined, offsets: [], offline: true };
  t.same(brief(judgeClock(none)), ['not_checked clock.synchronized', 'not_checked clock.offset']);
  t.match(of('not_checked', judgeClock({ ...none, offline: false })), /none said/);
  t.end();
});

t.test('Node, the engine, memory and the programs that the daemon starts', (t) => {
  const good: RuntimeFacts = { site: service(), node: { version: 'v24.1.0', of: 'daemon' }, engine: { name: 're2', of: 'daemon' }, programs: { 'flock': true, 'systemd-notify': true, 'perl': true, 'python3': false } };
  const judge = (changes: Partial<RuntimeFacts>) => judgeRuntime({ ...good, ...changes });
  t.same(brief(judge({})), ['ok runtime.node', 'ok runtime.engine', 'ok runtime.memory', 'ok runtime.flock', 'ok runtime.systemd-notify', 'ok runtime.peer']);
  for (const version of ['v18.20.0', 'v20.18.3']) t.match(of('problem', judge({ node: { version, of: 'program' } })), /too old/, version);
  t.equal(of('problem', judge({ node: { version: 'v20.19.0', of: 'program' } })), '');
  t.match(of('warning', judge({ engine: { name: 'js', of: 'daemon' } })), /without the native engine RE2/);
  t.match(of('warning', judge({ site: service({ MemoryMax: '134217728' }) })), /allows 128 MiB/);
  t.match(of('warning', judge({ site: service({ MemoryCurrent: '530000000' }) })), /takes 505 MiB of the 512 MiB/);
  t.match(of('not_checked', judge({ site: service({ MemoryMax: 'infinity' }) })), /it has none/);
  const none = { 'flock': false, 'systemd-notify': false, 'perl': false, 'python3': false };
  t.same(brief(judge({ programs: none })).slice(3), ['warning runtime.flock', 'problem runtime.systemd-notify', 'warning runtime.peer']);
  t.same(brief(judge({ programs: none, site: person() })).slice(2), ['warning runtime.flock', 'warning runtime.peer']);
  t.end();
});
