import { chownSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import { readConfigFile } from '../../src/config/file.js';
import type { DataField } from '../../src/event/event.js';
import { encodeEvent, type FilteredBytes } from '../../src/event/privacy.js';
import { nodeClock } from '../../src/platform/node.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import { lockStateFolder } from '../../src/spool/folder-lock.js';
import { createSpool } from '../../src/spool/spool.js';
import { storedForm } from '../../src/tenants/stored.js';
import { createCustomer } from '../../src/tenants/customer.js';
import { NO_TENANTS } from '../../src/tenants/tenants.js';
import { sampleScan } from '../fixtures/events.js';
import { silentLogger } from '../fixtures/logger.js';
import { capturedIo } from './captured-io.js';
import type { Ran } from './fake-daemon.js';
import { raxed } from './fake-daemon.js';

const ACME = { msspId: 'mssp_a', customerId: 'cust_acme' };
const BETA = { msspId: 'mssp_a', customerId: 'cust_beta' };
const TEXT = /Ignore all previous instructions/;
const REASON = { message: 'answered 422', httpStatus: 422, attempts: 1, at: 7 };

interface Site {
  readonly state: string;
  readonly spool: string;
  /** The stored bytes, by event id. */
  readonly stored: Map<string, string>;
  policies(policies: Record<string, { dataMode: 'full' | 'privacy_safe'; dataFields: readonly DataField[] }>): void;
  config(customers: readonly object[]): string;
}

/** Two customers with full texts on disk: 30 events and 2 dead letters, and 5 events. */
async function site(t: Test): Promise<Site> {
  const folder = t.testdir();
  const state = join(folder, 'state');
  const stored = new Map<string, string>();
  const spool = await createSpool<FilteredBytes>(
    { folder: join(state, 'spool'), segmentBytes: 4096, maxBytes: 1024 ** 3, minFreeBytes: 0, whenFull: 'reject', ack: 'fsync', sealAgeMs: 3_600_000 },
    { files: nodeSpoolFiles, clock: nodeClock, logger: silentLogger, onReport: () => undefined },
  );
  const made = (id: string): FilteredBytes => {
    const payload = encodeEvent(sampleScan({ id, dataMode: 'full' }));
    stored.set(id, Buffer.from(payload).toString('utf8'));
    return payload;
  };
  const acme = await spool.openStream(ACME);
  const webhook = await acme.attach('webhook');
  await acme.attach('siem');
  for (let i = 1; i <= 30; i++) await acme.append(made(`evt_a${i}`));
  await webhook.commit(21);
  const letters = await acme.deadLetters('webhook');
  await letters.add({ seq: 3, time: 1, payload: made('evt_dead3') }, REASON);
  await letters.add({ seq: 9, time: 1, payload: made('evt_dead9') }, REASON);
  const beta = await spool.openStream(BETA);
  await beta.attach('webhook');
  for (let i = 1; i <= 5; i++) await beta.append(made(`evt_b${i}`));
  await spool.close();
  return {
    state, spool: join(state, 'spool'), stored,
    policies: (policies) => { writeFileSync(join(state, 'policies.json'), JSON.stringify(policies)); },
    config(customers) {
      const file = join(folder, 'config.json');
      writeFileSync(file, JSON.stringify({ state_dir: state, mssps: [{ id: 'mssp_a', webhook: { url: 'https://soc.example/x', secret: 's' }, customers }] }), { mode: 0o600 });
      return file;
    },
  };
}

function idsIn({ out }: Ran): string[] {
  return out.split('\n').filter((line) => line !== '').map((line) => (JSON.parse(line) as { event_id: string }).event_id);
}

const upTo = (count: number, prefix = 'evt_a', from = 1): string[] => Array.from({ length: count - from + 1 }, (_, i) => `${prefix}${i + from}`);
const FULL = { dataMode: 'full', dataFields: [] } as const;

function damage(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 0xff, offset);
  writeFileSync(path, bytes);
}

function firstSegment(site: Site): string {
  return join(site.spool, 'mssp_a/cust_acme/00000000000000000001.seg');
}

t.test('check: what is there, for people and for scripts; damage is exit 4', async (t) => {
  const s = await site(t);
  const sound = await raxed(['spool', 'check', '--state-dir', s.state]);
  t.equal(sound.code, 0);
  t.match(sound.out, /^✓ sound {2}.*state\/spool: 2 customers, 35 events, 2 dead letters, \d+\.\d KiB\n\nCUSTOMER +EVENTS +SEQ/);
  t.match(sound.out, /mssp_a\/cust_acme +30 +1–30 +\d+ +\d+\.\d KiB +0 +siem +1 +30 +0\n +webhook +21 +10 +2\nmssp_a\/cust_beta +5 +1–5/);
  const json = await raxed(['spool', 'check', '--state-dir', s.state, '--json']);
  t.match(JSON.parse(json.out), { sound: true, records: 35, dead_letters: 2, streams: [{ mssp_id: 'mssp_a', customer_id: 'cust_acme' }, {}], damage: [] });

  damage(firstSegment(s), 100);
  rmSync(join(s.spool, 'mssp_a/cust_acme/siem.cursor'));
  writeFileSync(join(s.spool, 'mssp_a/cust_beta/rewrite.pending'), '');
  const damaged = await raxed(['spool', 'check', '--state-dir', s.state]);
  t.equal(damaged.code, 4);
  t.match(damaged.out, /^✗ damaged in 2 places/);
  t.match(damaged.out, /✗ mssp_a\/cust_acme\/00000000000000000001\.seg at 32: [\d,]+ bytes are no event, 1 event lost\n/);
  t.match(damaged.out, /✗ mssp_a\/cust_acme\/siem\.cursor: cannot be read; its destination begins with the oldest event again\n/);
  t.match(damaged.out, /! mssp_a\/cust_beta\/rewrite\.pending: what waits is not yet rewritten/);
  t.match(damaged.out, /`raxed spool repair` says what can be mended\.\n$/);
  t.match(JSON.parse((await raxed(['spool', 'check', '--state-dir', s.state, '--json'])).out), { sound: false, damage: [{}, {}], notes: [{}] });
});

t.test('where the spool is: a state folder, a configuration, or the usual places', async (t) => {
  const s = await site(t);
  const config = s.config([]);
  for (const [argv, env] of [
    [['--config', config], {}], [['--state-dir', s.state], {}], [[], { RAXED_CONFIG: config }], [[], { RAXED_STATE_DIR: s.state }], [[], { STATE_DIRECTORY: s.state }],
  ] as const) {
    t.equal((await raxed(['spool', 'check', ...argv], capturedIo({ env }))).code, 0, JSON.stringify([argv, env]));
  }
  t.equal((await raxed(['spool', 'check', '--state-dir', 'state'], capturedIo({ cwd: join(s.state, '..') }))).code, 0, 'from the current folder');
  t.match(await raxed(['spool', 'check', '--state-dir', join(s.state, 'nowhere')]), { code: 2, err: /no spool is to be seen in .*nowhere \(ENOENT\): give the state folder/ });
  t.match(await raxed(['spool', 'check', '--config', join(s.state, 'none.json')]), { code: 3, err: /CONFIG_UNREADABLE/ });
});

t.test('repair: a plan that changes nothing; with --apply what the plan says, once', async (t) => {
  const s = await site(t);
  const untouched = await raxed(['spool', 'repair', '--state-dir', s.state]);
  t.match(untouched, { code: 0, out: /^✓ .*: nothing to repair\n$/ });
  damage(firstSegment(s), 100);
  writeFileSync(join(s.spool, 'mssp_a/cust_acme/siem.cursor'), 'nonsense');
  const bytes = readFileSync(firstSegment(s));
  const plan = await raxed(['spool', 'repair', '--state-dir', s.state]);
  t.equal(plan.code, 0);
  t.match(plan.out, /^Plan for .*\n– mssp_a\/cust_acme\/00000000000000000001\.seg: to be replaced by its \d+ good events?; the file itself is kept beside it as \.bad\n– mssp_a\/cust_acme\/siem\.cursor: to be replaced by a cursor that goes on with event \d+; the file itself is kept beside it as \.bad\n\nNothing was changed\. Stop the daemon, and run it again with --apply\.\n$/);
  t.ok(readFileSync(firstSegment(s)).equals(bytes));
  t.notOk(existsSync(join(s.state, 'raxed.owner')), 'not even the lock');

  const lock = await lockStateFolder(s.state, silentLogger);
  t.match(await raxed(['spool', 'repair', '--apply', '--state-dir', s.state]), { code: 4, err: new RegExp(`STATE_LOCKED: process ${process.pid} uses the state folder`) });
  await lock.release();
  t.ok(readFileSync(firstSegment(s)).equals(bytes));

  const applied = await raxed(['spool', 'repair', '--apply', '--state-dir', s.state]);
  t.equal(applied.code, 0, applied.err);
  t.match(applied.out, /^✓ mssp_a\/cust_acme\/00000000000000000001\.seg: replaced by its \d+ good events?/);
  const kept = readdirSync(join(s.spool, 'mssp_a/cust_acme')).filter((name) => name.endsWith('.bad'));
  t.equal(kept.length, 2);
  t.ok(kept.some((name) => readFileSync(join(s.spool, 'mssp_a/cust_acme', name)).equals(bytes)));
  const again = await raxed(['spool', 'repair', '--apply', '--state-dir', s.state, '--json']);
  t.match(JSON.parse(again.out), { applied: true, steps: [], left: [] });
  t.equal(readdirSync(join(s.spool, 'mssp_a/cust_acme')).filter((name) => name.endsWith('.bad')).length, 2);
  t.match(JSON.parse((await raxed(['spool', 'check', '--state-dir', s.state, '--json'])).out), { sound: true, records: 34, damage: [] });
});

t.test('repair does not leave files that the daemon could not read', { skip: process.getuid?.() === 0 ? false : 'only root can give a folder away' }, async (t) => {
  const s = await site(t);
  damage(firstSegment(s), 100);
  chownSync(s.spool, 12_345, 12_345);
  t.match(await raxed(['spool', 'repair', '--apply', '--state-dir', s.state]), { code: 4, err: /STATE_UNWRITABLE: the spool belongs to user 12345: run it as that user/ });
});

t.test('export: what is there, in order, one JSON object a line', async (t) => {
  const s = await site(t);
  s.policies({ 'mssp_a/cust_acme': FULL, 'mssp_a/cust_beta': FULL });
  const rows: [string[], string[]][] = [
    [[], [...upTo(30), ...upTo(5, 'evt_b')]],
    [['--customer', 'cust_beta'], upTo(5, 'evt_b')],
    [['--mssp', 'mssp_a', '--customer', 'cust_acme', '--from-seq', '28'], ['evt_a28', 'evt_a29', 'evt_a30']],
    [['--destination', 'webhook', '--pending', '--customer', 'cust_acme'], upTo(30, 'evt_a', 21)],
    [['--pending', '--customer', 'cust_acme'], upTo(30)],
    [['--destination', 'webhook', '--pending', '--from-seq', '26', '--customer', 'cust_acme'], upTo(30, 'evt_a', 26)],
    [['--dead'], ['evt_dead3', 'evt_dead9']],
    [['--dead', '--destination', 'webhook', '--from-seq', '4'], ['evt_dead9']],
  ];
  for (const [argv, expected] of rows) {
    const ran = await raxed(['spool', 'export', '--state-dir', s.state, ...argv]);
    t.equal(ran.code, 0, ran.err);
    t.same(idsIn(ran), expected, argv.join(' '));
    t.match(ran.err, new RegExp(`^✓ ${expected.length} events?\\n$`));
    for (const line of ran.out.split('\n').filter((text) => text !== '')) {
      if (s.stored.get((JSON.parse(line) as { event_id: string }).event_id) !== line) t.fail('not the stored bytes');
    }
  }
  for (const [argv, code] of [
    [['--mssp', 'mssp_typo'], 3], [['--customer', 'cust_typo'], 3], [['--destination', 'webhok', '--pending'], 3], [['--destination', 'webhook'], 2], [['--pending', '--dead'], 2], [['--from-seq', '-1'], 2],
  ] as const) t.equal((await raxed(['spool', 'export', '--state-dir', s.state, ...argv])).code, code, argv.join(' '));
});

t.test('export: text leaves only where today\'s policy is known and allows it', async (t) => {
  const s = await site(t);
  const exported = (...argv: string[]): Promise<Ran> => raxed(['spool', 'export', ...(argv.includes('--config') ? [] : ['--state-dir', s.state]), '--customer', 'cust_acme', ...argv]);
  const unknown = await exported();
  t.notMatch(unknown.out, TEXT, 'no record of policies');
  t.match(unknown, { code: 0, err: /! the text of 30 events was left out: today's privacy policy is not known here/ });
  t.match(unknown.out, /"data_mode":"privacy_safe"/);
  t.match((await exported('--as-stored')).out, TEXT);

  s.policies({ 'mssp_a/cust_acme': FULL });
  t.match((await exported()).out, TEXT);
  s.policies({ 'mssp_a/cust_acme': { dataMode: 'full', dataFields: ['matched_text'] } });
  t.notMatch((await exported()).out, /prompt_text/);
  t.match((await exported()).out, /matched_text/);
  s.policies({ 'mssp_a/cust_acme': { dataMode: 'privacy_safe', dataFields: [] } });
  t.notMatch((await exported()).out, TEXT);
  t.match((await exported()).err, /^✓ 30 events\n$/, 'the policy is known');
  t.notMatch((await exported('--dead')).out, TEXT);

  s.policies({ 'mssp_a/cust_acme': FULL });
  writeFileSync(join(s.spool, 'mssp_a/cust_acme/rewrite.pending'), '');
  t.notMatch((await exported()).out, TEXT, 'a stricter policy was being enforced');
  rmSync(join(s.spool, 'mssp_a/cust_acme/rewrite.pending'));
  writeFileSync(join(s.state, 'policies.json'), '{');
  t.notMatch((await exported()).out, TEXT, 'a damaged record says nothing');

  s.policies({ 'mssp_a/cust_acme': FULL });
  t.notMatch((await exported('--config', s.config([{ id: 'cust_acme', data_mode: 'privacy_safe' }]))).out, TEXT, 'made stricter while the daemon was down');
  t.match((await exported('--config', s.config([{ id: 'cust_acme', data_mode: 'full' }]))).out, TEXT);
  t.notMatch((await exported('--config', s.config([{ id: 'cust_other', data_mode: 'full' }]))).out, TEXT, 'a customer that nobody knows any more');

  const config = s.config([]);
  const { config: file } = await readConfigFile(config, { availableSiem: [], isCron: () => true });
  const made = (data_mode: 'full' | 'privacy_safe'): string => JSON.stringify(storedForm(createCustomer(NO_TENANTS, { mssp: 'mssp_a', id: 'cust_acme', name: 'Acme', data_mode }, { file, configFile: config, availableSiem: [] })));
  writeFileSync(join(s.state, 'tenants.json'), made('full'));
  t.match((await exported('--config', config)).out, TEXT, 'a customer made with ctl');
  writeFileSync(join(s.state, 'tenants.json'), made('privacy_safe'));
  t.notMatch((await exported('--config', config)).out, TEXT);
  writeFileSync(join(s.state, 'tenants.json'), '{');
  t.notMatch((await exported('--config', config)).out, TEXT, 'damaged: nothing is known');
});

t.test('export: what is damaged is left out and said, with exit 4', async (t) => {
  const s = await site(t);
  damage(firstSegment(s), 100);
  const ran = await raxed(['spool', 'export', '--state-dir', s.state, '--as-stored']);
  t.equal(ran.code, 4);
  t.same(idsIn(ran), [...upTo(30, 'evt_a', 2), ...upTo(5, 'evt_b')]);
  t.match(ran.err, /✗ 1 place could not be read; `raxed spool check` says which\n$/);
  writeFileSync(join(s.spool, 'mssp_b'), 'a file where a folder should be');
  writeFileSync(join(s.spool, 'mssp_a/cust_gamma'), 'another');
  const again = await raxed(['spool', 'export', '--state-dir', s.state, '--as-stored']);
  t.equal(again.code, 4);
  t.equal(idsIn(again).length, 34);
  t.match(again.err, /✗ 3 places could not be read/);
  t.match(await raxed(['spool', 'check', '--state-dir', s.state]), { code: 4, out: /✗ mssp_b: the disk does not give it \(ENOTDIR\)\n/ });
});

t.test('export to a file: a new one that only its owner reads, whole or not at all', async (t) => {
  const s = await site(t);
  const file = join(s.state, '../out.jsonl');
  const ran = await raxed(['spool', 'export', '--as-stored', '--state-dir', s.state, '--output', '../out.jsonl'], capturedIo({ cwd: s.state }));
  t.match(ran, { code: 0, out: '', err: /^✓ 35 events written to \.\.\/out\.jsonl\n$/ });
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(readFileSync(file, 'utf8').split('\n').length, 36);
  const before = readFileSync(file, 'utf8');
  t.match(await raxed(['spool', 'export', '--state-dir', s.state, '--output', file]), { code: 2, err: /exists already, and is left as it is/ });
  t.equal(readFileSync(file, 'utf8'), before);
  t.match(await raxed(['spool', 'export', '--state-dir', s.state, '--output', join(s.state, 'no/such/folder')]), { code: 4, err: /OUTPUT_FAILED/ });
  const typo = join(s.state, '../typo.jsonl');
  t.equal((await raxed(['spool', 'export', '--state-dir', s.state, '--customer', 'typo', '--output', typo])).code, 3);
  t.notOk(existsSync(typo));
});

t.test('export to a reader that goes, or a disk that is full', async (t) => {
  const s = await site(t);
  const gone = capturedIo();
  gone.closeOutput();
  t.equal((await raxed(['spool', 'export', '--state-dir', s.state], gone)).code, 0);
  const full = capturedIo();
  full.closeOutput('ENOSPC');
  t.match(await raxed(['spool', 'export', '--state-dir', s.state], full), { code: 4, err: /OUTPUT_FAILED/ });
});
