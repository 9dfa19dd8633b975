import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { validate as isCron } from 'node-cron';
import t from 'tap';
import type { ConfigIo } from '../../src/cli/config.js';
import { configCheck, configInit, configShow } from '../../src/cli/config.js';
import type { ReadOptions } from '../../src/config/file.js';
import { readConfigFile } from '../../src/config/file.js';
import { parseConfig } from '../../src/config/schema.js';
import { readSecrets, resolveSecret } from '../../src/config/secret.js';
import type { ConfigWatch, WatchOptions } from '../../src/config/watch.js';
import { watchConfig } from '../../src/config/watch.js';
import { ConfigError } from '../../src/errors.js';
import { nodeClock } from '../../src/platform/node.js';
import { recordingLogger, silentLogger } from '../fixtures/logger.js';

const CANARY = 'c4n4ry-hunter2-secret';
const NEVER_MS = 3_600_000;
const options: ReadOptions = { isCron, availableSiem: ['cef-syslog'] };
const withSecret = (secret: unknown, more: object = {}): object => ({ mssps: [{ id: 'm', webhook: { url: 'https://soc.example/', secret }, ...more }] });
const write = (path: string, json: unknown, mode = 0o600): void => { writeFileSync(path, JSON.stringify(json), { mode }); chmodSync(path, mode); };

async function refusal(promise: Promise<unknown>): Promise<ConfigError> {
  const error = await promise.then(() => undefined, (reason: unknown) => reason);
  if (error instanceof ConfigError) return error;
  throw new Error('not refused with ConfigError', { cause: error });
}

t.test('a file is read, validated whole, and its relative paths start at its folder', async (t) => {
  const folder = t.testdir();
  const file = join(folder, 'config.json');
  write(file, { state_dir: 'state', ...withSecret(CANARY) });
  const loaded = await readConfigFile(file, options);
  t.equal(loaded.config.state_dir, join(folder, 'state'));
  t.match(loaded.digest, /^[0-9a-f]{64}$/);
  t.same(loaded.warnings, []);

  symlinkSync(file, join(folder, 'link.json'));
  t.equal((await readConfigFile(join(folder, 'link.json'), options)).digest, loaded.digest);
});

t.test('a file that cannot be used is refused with its reason', async (t) => {
  const folder = t.testdir();
  const file = join(folder, 'config.json');
  const missing = await refusal(readConfigFile(file, options));
  t.equal(missing.code, 'CONFIG_UNREADABLE');
  t.equal(missing.exitCode, 3);
  t.match(missing.message, `${file} cannot be read (ENOENT)`);
  t.same((await readConfigFile(file, { ...options, mayBeMissing: true })).config.mssps, [], 'unless nobody named it');
  t.match((await refusal(readConfigFile(folder, options))).message, /EISDIR/);

  for (const [content, problem] of [
    ['', /line 1, column 1: expected a value, found the end of the file/],
    ['{"edition": "community",\n  "mssps": [\n', /line 3, column 1: expected a value, found the end of the file/],
    [Buffer.from([0x7b, 0xff, 0x7d]), /not UTF-8/],
    [Buffer.alloc(17 * 1024 * 1024, ' '), /larger than/],
    ['{"edition": "comunity"}', /\/edition: .* did you mean "community"/],
    ['{"edition": "community", "edition": "enterprise"}', /\/edition is given twice/],
  ] as const) {
    writeFileSync(file, content);
    t.match((await refusal(readConfigFile(file, options))).message, problem);
  }
});

t.test('a file that holds a secret and is readable by others is warned of (T16)', async (t) => {
  const file = join(t.testdir(), 'config.json');
  write(file, withSecret(CANARY), 0o644);
  const { warnings } = await readConfigFile(file, options);
  t.match(warnings, [{ pointer: '', message: /config\.json holds a secret and is readable by every user \(mode 0644\); make it 0600 or 0640, then reload$/ }]);
  t.notMatch(JSON.stringify(warnings), CANARY);
  for (const [mode, said] of [
    [0o604, /json holds a secret and is readable by every user \(mode 0604\);/], [0o602, /json can be changed by every user \(mode 0602\);/],
    [0o666, /json holds a secret and is readable by every user, and can be changed by every user \(mode 0666\);/],
  ] as const) {
    chmodSync(file, mode);
    t.match((await readConfigFile(file, options)).warnings, [{ message: said }]);
  }
  for (const mode of [0o600, 0o640, 0o660, 0o400]) {
    chmodSync(file, mode);
    t.same((await readConfigFile(file, options)).warnings, []);
  }
  write(file, withSecret({ file: 'webhook.secret' }), 0o644);
  t.same((await readConfigFile(file, options)).warnings, [], 'a reference is no secret');
  chmodSync(file, 0o646);
  t.match((await readConfigFile(file, options)).warnings, [{ message: /json can be changed by every user \(mode 0646\);/ }], 'whoever changes it says where events go');
});

t.test('secrets come from a string, a file, the environment or a credential', async (t) => {
  const folder = t.testdir({ plain: 'sécret', lf: 'one\n', crlf: 'two\r\n', two: 'three\n\n', spaces: ' four ', creds: { hook: 'five\n' } });
  const env = { HOOK: 'six\n', CREDENTIALS_DIRECTORY: join(folder, 'creds') };
  const file = (name: string) => ({ file: join(folder, name) });
  t.equal(resolveSecret('seven\n', env), 'seven\n');
  t.equal(resolveSecret(file('plain'), env), 'sécret');
  t.equal(resolveSecret(file('lf'), env), 'one');
  t.equal(resolveSecret(file('crlf'), env), 'two');
  t.equal(resolveSecret(file('two'), env), 'three\n', 'one line end is dropped, not two');
  t.equal(resolveSecret(file('spaces'), env), ' four ');
  t.equal(resolveSecret({ env: 'HOOK' }, env), 'six\n');
  t.equal(resolveSecret({ credential: 'hook' }, env), 'five');
});

t.test('a secret that is not there is named by its place, never by content', async (t) => {
  const folder = t.testdir({ empty: '', line: '\n', binary: '', big: 'x'.repeat(70_000), dir: {} });
  writeFileSync(join(folder, 'binary'), Buffer.from([0xff, 0xfe]));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  const env = { EMPTY: '', CANARY };
  const cases: [ref: Parameters<typeof resolveSecret>[0], problem: RegExp][] = [
    ['', /the secret is empty/],
    [{ file: join(folder, 'missing') }, /the file .*missing cannot be read \(ENOENT\)/],
    [{ file: join(folder, 'empty') }, /is empty/],
    [{ file: join(folder, 'line') }, /is empty/],
    [{ file: join(folder, 'binary') }, /is not UTF-8/],
    [{ file: join(folder, 'big') }, /is larger than 65536 bytes/],
    [{ file: join(folder, 'dir') }, /is not a regular file/],
    [{ file: join(folder, 'pipe') }, /is not a regular file/],
    [{ env: 'MISSING' }, /the environment variable MISSING is not set/],
    [{ env: 'EMPTY' }, /the environment variable EMPTY is empty/],
    [{ credential: 'hook' }, /the credential hook needs \$CREDENTIALS_DIRECTORY/],
  ];
  for (const [ref, problem] of cases) {
    try {
      resolveSecret(ref, env, '/mssps/0/webhook/secret');
      t.fail('it was resolved');
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      t.equal(error.code, 'SECRET_UNAVAILABLE');
      t.match(error.problems, [{ pointer: '/mssps/0/webhook/secret', message: problem }]);
      t.notMatch(error.message, CANARY);
    }
  }
});

t.test('all secrets are read at once, and all that is missing is named', async (t) => {
  const folder = t.testdir({ a: 'A', b: 'B\n' });
  const parse = (json: unknown) => parseConfig(json, { ...options, folder }).config;
  const good = parse(withSecret({ file: 'a' }, { customers: [{ id: 'c', webhook: { url: 'https://x/', secret: { file: 'b' }, previous_secret: 'C' } }] }));
  const secretOf = readSecrets(good, {});
  const hook = good.mssps[0]?.customers[0]?.webhook;
  unlinkSync(join(folder, 'b'));
  t.equal(hook && secretOf(hook.secret), 'B', 'a snapshot');
  t.equal(hook?.previous_secret && secretOf(hook.previous_secret), 'C');
  try {
    readSecrets(parse(withSecret({ env: 'NOPE' }, { customers: [{ id: 'c', webhook: { url: 'https://x/', secret: { file: 'b' } } }] })), {});
    t.fail('resolved');
  } catch (error) {
    t.match(error, { code: 'SECRET_UNAVAILABLE', problems: [{ pointer: '/mssps/0/webhook/secret' }, { pointer: '/mssps/0/customers/0/webhook/secret' }] });
  }
});

interface Watched {
  readonly watch: ConfigWatch;
  changes(): number;
  /** Resolves when there were `count` changes. */
  reach(count: number): Promise<void>;
}

async function startWatch(t: { teardown(run: () => void): void }, path: string, more: Partial<WatchOptions> = {}): Promise<Watched> {
  let changes = 0;
  let changed = (): void => undefined;
  const watch = await watchConfig({
    path, extraFiles: () => [], pollMs: NEVER_MS, settleMs: 20, ...more,
    onChange: async () => { await more.onChange?.(); changes++; changed(); },
  }, { clock: nodeClock, logger: silentLogger });
  t.teardown(() => { watch.close(); });
  return {
    watch,
    changes: () => changes,
    // A timer of its own, because the watch keeps no process alive.
    reach: (count) => new Promise((resolve, reject) => {
      const timer = setTimeout(() => { reject(new Error(`${changes} of ${count} changes were seen`)); }, 20_000);
      changed = () => { if (changes >= count) { clearTimeout(timer); resolve(); } };
      changed();
    }),
  };
}

t.test('a change is seen however it is made, without polling', async (t) => {
  const folder = t.testdir({ 'config.json': '{}' });
  const file = join(folder, 'config.json');
  const { reach } = await startWatch(t, file);

  writeFileSync(file, '{"a": 1}');
  await reach(1);
  t.pass('rewritten in place');

  writeFileSync(join(folder, '.config.json.swp'), '{"a": 2}');
  renameSync(join(folder, '.config.json.swp'), file);
  await reach(2);
  t.pass('replaced by a rename');
  writeFileSync(file, '{"a": 3}');
  await reach(3);
  t.pass('rewritten in place after it was replaced');

  unlinkSync(file);
  await reach(4);
  t.pass('deleted');
  writeFileSync(file, '{"a": 4}');
  await reach(5);
  t.pass('made again');
});

t.test('a half-written file is reported, and the whole one is picked up', async (t) => {
  const folder = t.testdir({ 'config.json': '{}' });
  const file = join(folder, 'config.json');
  const results: string[] = [];
  const { reach } = await startWatch(t, file, {
    onChange: async () => { results.push(await readConfigFile(file, options).then(({ config }) => config.edition, (error: unknown) => (error as ConfigError).code)); },
  });
  writeFileSync(file, '{"edition": "enter');
  await reach(1);
  writeFileSync(file, '{"edition": "enterprise"}');
  await reach(2);
  t.same(results, ['CONFIG_INVALID', 'enterprise']);
});

t.test('a symlink that turns is a change, wherever it is on the way', async (t) => {
  // As Kubernetes mounts a ConfigMap: config.json → ..data/config.json, ..data → ..v1.
  const folder = t.testdir({ mount: { '..v1': { 'config.json': '1' }, '..v2': { 'config.json': '2' } }, releases: { a: { 'config.json': 'a' }, b: { 'config.json': 'b' } } });
  const mount = join(folder, 'mount');
  symlinkSync('..v1', join(mount, '..data'));
  symlinkSync('..data/config.json', join(mount, 'config.json'));
  const kubernetes = await startWatch(t, join(mount, 'config.json'));
  symlinkSync('..v2', join(mount, '..data_tmp'));
  renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
  await kubernetes.reach(1);
  writeFileSync(join(mount, '..v2', 'config.json'), '3');
  await kubernetes.reach(2);
  t.pass('and what it leads to now is watched');

  symlinkSync(join(folder, 'releases/a'), join(folder, 'current'));
  const release = await startWatch(t, join(folder, 'current', 'config.json'));
  symlinkSync(join(folder, 'releases/b'), join(folder, 'next'));
  renameSync(join(folder, 'next'), join(folder, 'current'));
  await release.reach(1);
  t.equal(release.changes(), 1);
});

t.test('a folder that is moved away and made again is found again', async (t) => {
  const folder = t.testdir({ etc: { 'config.json': '1' } });
  const etc = join(folder, 'etc');
  const { reach, changes } = await startWatch(t, join(etc, 'config.json'));
  renameSync(etc, join(folder, 'old'));
  await reach(1);
  mkdirSync(etc);
  writeFileSync(join(etc, 'config.json'), '2');
  await reach(2);
  const seen = changes();
  writeFileSync(join(etc, 'config.json'), '3');
  await reach(seen + 1);
  t.pass('and watched');
});

t.test('only content counts, and files that do not matter are left alone', async (t) => {
  const folder = t.testdir({ 'config.json': '{}' });
  const file = join(folder, 'config.json');
  const { reach, changes } = await startWatch(t, file);
  writeFileSync(file, '{}');
  chmodSync(file, 0o640);
  writeFileSync(join(folder, 'other.json'), '{}');
  renameSync(file, join(folder, 'x'));
  renameSync(join(folder, 'x'), file);
  writeFileSync(file, '{"a":1}');
  await reach(1);
  t.equal(changes(), 1);
});

t.test('secret and certificate files are watched too, those of the new configuration from then on', async (t) => {
  const folder = t.testdir({ 'config.json': '{}', secrets: { a: 'A', b: 'B' } });
  const file = join(folder, 'config.json');
  const [a, b] = [join(folder, 'secrets/a'), join(folder, 'secrets/b')];
  let extra = [a];
  const { reach, changes } = await startWatch(t, file, { extraFiles: () => extra, onChange: () => { extra = [b]; } });
  writeFileSync(a, 'A2');
  await reach(1);
  // The change to `b` makes the second call; `a` is of no interest any more.
  writeFileSync(a, 'A3');
  writeFileSync(b, 'B2');
  await reach(2);
  writeFileSync(b, 'B3');
  await reach(3);
  t.equal(changes(), 3);
});

t.test('what changed between reading and watching is not missed', async (t) => {
  const file = join(t.testdir(), 'config.json');
  write(file, {});
  const { digest } = await readConfigFile(file, options);
  write(file, { edition: 'enterprise' });
  const { reach } = await startWatch(t, file, { digest });
  await reach(1);
  t.pass();
});

t.test('a failing handler is logged and the next change is handled', async (t) => {
  const file = join(t.testdir({ 'config.json': '1' }), 'config.json');
  const logger = recordingLogger();
  let calls = 0;
  const watch = await watchConfig({ path: file, extraFiles: () => [], settleMs: 10, onChange: () => { calls++; throw new Error('no'); } }, { clock: nodeClock, logger });
  writeFileSync(file, '2');
  while (calls < 1) await delay(5);
  writeFileSync(file, '3');
  while (calls < 2) await delay(5);
  watch.close();
  watch.close();
  t.match(logger.lines, [{ level: 'error', fields: { error: { code: 'Error' } } }]);
  t.equal(await watchConfig({ path: '/nonexistent/x/config.json', extraFiles: () => [], onChange: () => undefined }, { clock: nodeClock, logger }).then((w) => { w.close(); return 'watching'; }), 'watching', 'a missing folder is no error');
});

t.test('polling finds a change where the file system reports none', async (t) => {
  const file = join(t.testdir({ 'config.json': '1' }), 'config.json');
  // No event reaches a watcher of a folder that does not exist yet.
  const late = join(t.testdirName, 'late', 'config.json');
  const { reach } = await startWatch(t, late, { pollMs: 20 });
  mkdirSync(join(t.testdirName, 'late'));
  renameSync(file, late);
  await reach(1);
  t.pass();
});

t.test('nothing is called after close, and a watch does not keep the process alive', async (t) => {
  const file = join(t.testdir({ 'config.json': '1' }), 'config.json');
  const { watch, changes } = await startWatch(t, file);
  watch.close();
  writeFileSync(file, '2');
  const other = await startWatch(t, file);
  writeFileSync(file, '3');
  await other.reach(1);
  t.equal(changes(), 0);
  const program = `
    import { watchConfig } from ${JSON.stringify(new URL('../../src/config/watch.ts', import.meta.url).href)};
    import { nodeClock } from ${JSON.stringify(new URL('../../src/platform/node.ts', import.meta.url).href)};
    await watchConfig({ path: ${JSON.stringify(file)}, extraFiles: () => [], onChange() {} }, { clock: nodeClock, logger: console });
    console.log('watching');`;
  t.equal(execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { encoding: 'utf8', timeout: 60_000 }), 'watching\n');
});

function io(env: Record<string, string> = {}): ConfigIo & { out: string; err: string } {
  const record = {
    out: '', err: '', env, home: '/nonexistent', cwd: '/',
    stdout: { write: (text: string) => { record.out += text; } },
    stderr: { write: (text: string) => { record.err += text; } },
  };
  return record;
}

t.test('config init writes a valid file for its owner only, and never replaces one', async (t) => {
  const file = join(t.testdir(), 'etc/raxed/config.json');
  const first = io();
  t.equal(await configInit(file, first), 0);
  t.equal(first.out, `✓ wrote ${file}\n`);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(statSync(join(file, '..')).mode & 0o777, 0o700);
  const before = readFileSync(file, 'utf8');
  await t.rejects(configInit(file, io()), { code: 'USAGE', exitCode: 2, message: /exists already/ });
  t.equal(readFileSync(file, 'utf8'), before);
  const check = io();
  t.equal(await configCheck(file, check), 0);
  t.equal(check.out, `✓ ${file} is valid\n`);
  t.equal(check.err, '');
  for (const below of ['', '/x']) await t.rejects(configInit(`${file}${below}/config.json`, io()), { code: 'CONFIG_UNREADABLE', message: /cannot be written \(E(EXIST|NOTDIR)\)/ });
  const usual = io({ XDG_CONFIG_HOME: t.testdirName });
  t.equal(await configInit(undefined, usual), 0);
  t.equal(usual.out, `✓ wrote ${join(t.testdirName, 'raxed/config.json')}\n`);
});

t.test('config check says every problem on its own line and exits 3', async (t) => {
  const file = join(t.testdir(), 'config.json');
  write(file, { edition: 'comunity', 'bad\u001b[31mkey': 1, ...withSecret({ file: 7 }) });
  const bad = io();
  t.equal(await configCheck(file, bad), 3);
  t.equal(bad.out, '');
  t.same(bad.err.split('\n'), [
    `✗ ${file} is not valid`,
    '  /bad\\u001b[31mkey: unknown key; allowed: $schema, edition, state_dir, agent, mssps, scanner, events, spool, control, audit, proxy, log',
    '  /edition: expected "community" or "enterprise", found "comunity"; did you mean "community"?',
    '  /mssps/0/webhook/secret/file: expected a path, found a number',
    '',
  ]);
  rmSync(file);
  await t.rejects(configCheck(file, io()), { code: 'CONFIG_UNREADABLE', exitCode: 3 }, 'a missing file');
  write(file, { agent: { id: 'a', mssp_id: 'x', customer_id: 'y' }, ...withSecret({ env: 'NOPE' }) });
  const warned = io();
  t.equal(await configCheck(file, warned), 0);
  t.match(warned.err, /^! \/agent\/mssp_id: names no MSSP in this file\n! \/mssps\/0\/webhook\/secret: the environment variable NOPE is not set, as seen from here\n$/);
});

t.test('config show prints the effective configuration without secrets (T16)', async (t) => {
  const file = join(t.testdir(), 'config.json');
  write(file, withSecret(CANARY), 0o644);
  const shown = io({ RAXED_STATE_DIR: '/st', RAXED_SOCKET: '/so/c.sock' });
  t.equal(await configShow(file, shown), 0);
  t.notMatch(shown.out + shown.err, CANARY);
  t.match(shown.err, /readable by every user/);
  t.match(JSON.parse(shown.out), {
    state_dir: '/st', control: { socket: '/so/c.sock', scan_socket: '/so/scan.sock' }, spool: { ack: 'fsync' },
    mssps: [{ webhook: { secret: '[redacted]', timeout_seconds: 10 } }],
  });
  const json = io();
  t.equal(await configShow(file, json, { json: true }), 0);
  t.equal(json.out.trimEnd().split('\n').length, 1);
  t.equal(await configShow(undefined, io()), 0, 'without a file the defaults are shown');
  await t.rejects(configShow('/nonexistent/config.json', io()), { code: 'CONFIG_UNREADABLE' });
});
