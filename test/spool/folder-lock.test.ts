import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { lockStateFolder } from '../../src/spool/folder-lock.js';
import { identityOf, isDead, parseOwner } from '../../src/spool/process-identity.js';
import { recordingLogger, silentLogger } from '../fixtures/logger.js';
import { makeReadOnly, mountRefusal } from '../fixtures/small-disk.js';

const HOLDER = `
import { lockStateFolder } from ${JSON.stringify(new URL('../../src/spool/folder-lock.ts', import.meta.url).href)};
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
try {
  const lock = await lockStateFolder(process.argv[1], quiet);
  process.stdout.write('locked\\n');
  process.stdin.once('data', () => { void lock.release().then(() => { process.exit(0); }); });
} catch (error) {
  process.stdout.write(error.code + ' ' + error.message + '\\n');
  process.exit(4);
}
`;

/** Another process that locks the folder; what it said first. */
async function holder(folder: string, env: NodeJS.ProcessEnv = {}): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', HOLDER, folder], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  const [data] = await once(child.stdout, 'data') as [Buffer];
  return { child, said: data.toString().trim() };
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

void t.test('a second process is refused with the owner\'s pid, and gets in when the first has let go', async (t) => {
  const folder = join(t.testdir(), 'state');
  const first = await holder(folder);
  t.equal(first.said, 'locked');
  t.equal((await stat(folder)).mode & 0o777, 0o700);
  const second = await holder(folder);
  t.equal(second.said, `STATE_LOCKED process ${first.child.pid} uses the state folder`);
  await t.rejects(lockStateFolder(folder, silentLogger), { code: 'STATE_LOCKED', message: `process ${first.child.pid} uses the state folder` });
  const gone = once(first.child, 'exit');
  first.child.stdin?.write('go\n');
  await gone;
  const lock = await lockStateFolder(folder, silentLogger);
  await t.rejects(lockStateFolder(folder, silentLogger), { code: 'STATE_LOCKED' }, 'not twice in one process either');
  await lock.release();
  await lock.release();
  await (await lockStateFolder(folder, silentLogger)).release();
});

void t.test('the lock of a process that was killed is taken over at once, with and without flock', async (t) => {
  for (const env of [{}, { PATH: join(t.testdir(), 'nothing') }]) {
    const folder = join(t.testdir(), 'state');
    const { child, said } = await holder(folder, env);
    t.equal(said, 'locked');
    const owner = parseOwner(await readFile(join(folder, 'raxed.owner'), 'utf8'));
    t.equal(owner?.pid, child.pid);
    const second = await holder(folder, env);
    t.equal(second.said, `STATE_LOCKED process ${child.pid} uses the state folder`);
    await killed(child);
    t.ok((await stat(join(folder, 'raxed.lock'))).isDirectory(), 'its mark is still there, and fresh');
    const third = await holder(folder, env);
    t.equal(third.said, 'locked');
    await killed(third.child);
  }
});

void t.test('who gets the kernel lock knows that an owner who had it is gone, whatever pids say', async (t) => {
  const owner = { ...identityOf(process.ppid, undefined), namespace: 'pid:[1]' };
  const stale = t.testdir({ 'raxed.owner': JSON.stringify({ ...owner, kernelLock: true }), 'raxed.lock': {} });
  await (await lockStateFolder(stale, silentLogger)).release();
  const live = t.testdir({ 'raxed.owner': JSON.stringify({ ...owner, kernelLock: false }), 'raxed.lock': {} });
  await t.rejects(lockStateFolder(live, silentLogger), { code: 'STATE_LOCKED' });
});

void t.test('a damaged owner file stops nobody who has the kernel lock', async (t) => {
  const folder = t.testdir({ 'raxed.owner': '{"pid": tru', 'raxed.lock': {} });
  const lock = await lockStateFolder(folder, silentLogger);
  t.equal(parseOwner(await readFile(join(folder, 'raxed.owner'), 'utf8'))?.pid, process.pid);
  await lock.release();
});

void t.test('a mark that was removed or grew old is made again while the kernel lock holds', async (t) => {
  const folder = t.testdir();
  const logger = recordingLogger();
  const lock = await lockStateFolder(folder, logger);
  await rm(join(folder, 'raxed.lock'), { recursive: true });
  await until(() => logger.lines.some(({ level }) => level === 'warn'));
  t.notOk(lock.lost.aborted);
  t.ok((await stat(join(folder, 'raxed.lock'))).isDirectory());
  await lock.release();
});

for (const guard of ['kernel lock', 'owner\'s file']) {
  void t.test(`a folder that becomes read-only stays ours by the ${guard}, and is marked again when it can be`, { skip: mountRefusal('read-only') }, async (t) => {
    const folder = t.testdir();
    const logger = recordingLogger();
    const { PATH = '' } = process.env;
    if (guard !== 'kernel lock') process.env['PATH'] = '/nowhere';
    const lock = await lockStateFolder(folder, logger).finally(() => { process.env['PATH'] = PATH; });
    const makeWritable = makeReadOnly(folder);
    const said = (text: string): boolean => logger.lines.some(({ message }) => message.includes(text));
    await until(() => lock.lost.aborted || said(`guarded by the ${guard} only`));
    makeWritable();
    await until(() => lock.lost.aborted || said('has been made again'));
    t.notOk(lock.lost.aborted);
    t.ok((await stat(join(folder, 'raxed.lock'))).isDirectory());
    t.match(await holder(folder), { said: /STATE_LOCKED/ }, 'nobody else gets in');
    await lock.release();
  });
}

void t.test('the lock is lost, and says so, when somebody else has made the folder his', async (t) => {
  const folder = join(t.testdir(), 'state');
  const lock = await lockStateFolder(folder, silentLogger);
  await rm(folder, { recursive: true });
  await mkdir(folder);
  const other = await holder(folder);
  t.equal(other.said, 'locked', 'the kernel lock was on the file that is gone');
  await until(() => lock.lost.aborted);
  t.match(lock.lost.reason, { code: 'STATE_LOCKED' });
  await lock.release();
  t.ok((await stat(join(folder, 'raxed.lock'))).isDirectory(), 'what is not ours stays');
  await killed(other.child);
});

void t.test('a folder that cannot be written, or is none, is STATE_UNWRITABLE', async (t) => {
  const folder = t.testdir({ file: 'x' });
  await t.rejects(lockStateFolder(join(folder, 'file'), silentLogger), { code: 'STATE_UNWRITABLE' });
  await t.rejects(lockStateFolder(join(folder, 'file', 'state'), silentLogger), { code: 'STATE_UNWRITABLE' });
  await t.rejects(lockStateFolder('/proc/raxed-state', silentLogger), { code: 'STATE_UNWRITABLE' });
  if (process.getuid?.() !== 0) {
    await mkdir(join(folder, 'ro'));
    await chmod(join(folder, 'ro'), 0o500);
    await t.rejects(lockStateFolder(join(folder, 'ro'), silentLogger), { code: 'STATE_UNWRITABLE' });
  }
});

/** A file system of its own, with room for the folder, the owner's file and nothing else; then the program in `$@`. */
const ON_A_FULL_DISK = 'set -e; mount -t tmpfs -o size=8k,nr_inodes=3 none "$1"; : > "$1/raxed.owner"; dd if=/dev/zero of="$1/filling" bs=4k 2>/dev/null || true; shift; exec "$@"';
const mayMount = spawnSync('unshare', ['-rm', 'true']).status === 0;

void t.test('a full disk does not keep a daemon from starting, nor lets a second one in', { skip: mayMount ? false : 'no user namespaces here' }, async (t) => {
  const folder = t.testdir();
  const program = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', `
    import { lockStateFolder } from ${JSON.stringify(new URL('../../src/spool/folder-lock.ts', import.meta.url).href)};
    const warnings = [];
    const logger = { debug() {}, info() {}, warn(_fields, message) { warnings.push(message); }, error() {} };
    const lock = await lockStateFolder(process.argv[1], logger);
    const second = await lockStateFolder(process.argv[1], logger).catch((error) => error.code);
    await lock.release();
    process.stdout.write(JSON.stringify({ warnings, second, lost: lock.lost.aborted }));
  `, folder];
  const child = spawn('unshare', ['-rm', 'sh', '-c', ON_A_FULL_DISK, 'sh', folder, ...program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  const [code] = await once(child, 'close') as [number];
  t.equal(code, 0);
  t.match(JSON.parse(Buffer.concat(said).toString()), { warnings: [/kernel lock only/], second: 'STATE_LOCKED', lost: false });
});

void t.test('a process is known by more than its number', (t) => {
  const self = identityOf(process.pid, undefined);
  t.notOk(isDead(self, self));
  t.ok(isDead({ ...self, startTime: '1' }, self), 'the number belongs to a later process');
  t.ok(isDead({ ...self, bootId: 'another' }, self), 'the machine was started again');
  t.ok(isDead({ ...self, pid: 2 ** 22 + 1 }, self));
  t.notOk(isDead({ ...self, namespace: 'pid:[1]', pid: 2 ** 22 + 1 }, self), 'a number of another pid namespace says nothing');
  t.equal(identityOf(1, '09D9A93E-f848-41d5-897d-e64506c3594a').bootId, '09d9a93ef84841d5897de64506c3594a');
  for (const text of ['', 'null', '[]', '{"pid":-1}', '{"pid":"1"}', '{"pid":1.5}']) t.equal(parseOwner(text), undefined);
  t.same(parseOwner('{"pid":5,"startTime":7}'), { pid: 5, startTime: null, bootId: null, namespace: null, kernelLock: false });
  t.end();
});

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !condition();) {
    if (Date.now() > end) throw new Error('waited a minute in vain');
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}
