import assert from 'node:assert';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import type { Test } from 'tap';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import { nodeClock } from '../../src/platform/node.js';
import type { SpoolFiles } from '../../src/ports.js';
import { checkSpool } from '../../src/spool/check.js';
import { carryOut, planRepair } from '../../src/spool/repair.js';
import { readSpool } from '../../src/spool/stored-events.js';
import { FaultyFiles, seededRandom } from '../fixtures/faulty-files.js';
import { silentLogger } from '../fixtures/logger.js';
import { appendAll, bytesOf, ID, numbered, openWorld, readAll, SMALL, textOf } from './world.js';

const REASON = { httpStatus: 422, message: 'answered 422', attempts: 1, at: 7 };
const STREAM = `${ID.msspId}/${ID.customerId}`;
const RECORD_BYTES = 28 + 40;
/** How many records of `numbered` a segment of SMALL holds. */
const PER_SEGMENT = Math.floor((1024 - 32) / RECORD_BYTES);

/** Only what reads; anything else is a mistake. */
function readingOnly(files: SpoolFiles): Pick<SpoolFiles, 'open' | 'list' | 'size'> {
  return {
    open: (path, mode) => (mode === 'read' ? files.open(path, mode) : Promise.reject(new Error(`opened ${path} to ${mode}`))),
    list: (folder) => files.list(folder),
    size: (path) => files.size(path),
  };
}

const check = (folder: string, files: SpoolFiles = nodeSpoolFiles): ReturnType<typeof checkSpool> => checkSpool(folder, readingOnly(files));

/** A closed spool of 60 events, two destinations, and 20 dead letters. */
async function site(t: Test): Promise<string> {
  const folder = join(t.testdir(), 'spool');
  const { spool, stream } = await openWorld(nodeSpoolFiles, { folder });
  const webhook = await stream.attach('webhook');
  await stream.attach('soc syslog');
  await appendAll(stream, numbered(60));
  await webhook.commit(21);
  const letters = await stream.deadLetters('webhook');
  for (const [i, text] of numbered(20).entries()) await letters.add({ seq: i + 1, time: i, payload: bytesOf(text) }, REASON);
  await spool.close();
  return folder;
}

/** Names, bytes and times of everything below a folder. */
function snapshot(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort().map((name) => {
    const { mtimeMs, size, mode, ino } = statSync(join(folder, name));
    return `${name} ${mtimeMs} ${size} ${mode} ${ino} ${statSync(join(folder, name)).isFile() ? readFileSync(join(folder, name)).toString('latin1') : ''}`;
  });
}

function segmentsOf(folder: string, place = STREAM): string[] {
  return readdirSync(join(folder, place)).filter((name) => name.endsWith('.seg')).sort().map((name) => join(folder, place, name));
}

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 0xff, offset);
  writeFileSync(path, bytes);
}

t.test('a sound spool: everything in it is counted, and nothing is changed', async (t) => {
  const folder = await site(t);
  const before = snapshot(folder);
  const found = await check(folder);
  t.match(found, {
    folder, sound: true, records: 60, dead_letters: 20, damage: [], notes: [],
    streams: [{
      mssp_id: 'mssp', customer_id: 'cust', records: 60, first_seq: 1, last_seq: 60, aside: [],
      segments: [{ file: `${STREAM}/00000000000000000001.seg`, records: PER_SEGMENT, first_seq: 1, last_seq: PER_SEGMENT }],
      cursors: [{ destination: 'soc syslog', position: 1, pending: 60 }, { destination: 'webhook', position: 21, pending: 40 }],
      dead: [{ destination: 'webhook', records: 20 }],
    }],
  });
  const onDisk = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.seg')).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  t.equal(found.bytes, onDisk);
  t.same(snapshot(folder), before);
  t.same((await check(join(folder, 'nowhere'))).streams, [], 'no folder, no streams');
});

t.test('each kind of damage is found, with its file and place', async (t) => {
  const first = `${STREAM}/00000000000000000001.seg`;
  const rows: readonly [what: string, damage: (folder: string) => void, expected: object][] = [
    ['a byte of a record', (folder) => { flip(join(folder, first), 32 + 2 * RECORD_BYTES + 40); }, { file: first, kind: 'records', offset: 32 + 2 * RECORD_BYTES, bytes: RECORD_BYTES, records: 1 }],
    ['a segment\'s header', (folder) => { flip(join(folder, first), 9); }, { file: first, kind: 'header', offset: 0, bytes: 32 }],
    ['the end of a segment that others follow', (folder) => { truncateSync(join(folder, first), 32 + 3 * RECORD_BYTES + 5); }, { file: first, kind: 'records', offset: 32 + 3 * RECORD_BYTES, bytes: 5, records: PER_SEGMENT - 3 }],
    ['the same, between two records', (folder) => { truncateSync(join(folder, first), 32 + 3 * RECORD_BYTES); }, { file: first, kind: 'missing', records: PER_SEGMENT - 3 }],
    ['a segment in the middle', (folder) => { rmSync(segmentsOf(folder)[1] ?? ''); }, { file: first, kind: 'missing', records: PER_SEGMENT }],
    ['the first segment', (folder) => { rmSync(join(folder, first)); }, { file: STREAM, kind: 'missing', records: PER_SEGMENT }],
    ['the last segment', (folder) => { rmSync(segmentsOf(folder).at(-1) ?? ''); }, { file: STREAM, kind: 'missing', records: 60 % PER_SEGMENT || PER_SEGMENT }],
    ['all segments', (folder) => { for (const path of segmentsOf(folder)) rmSync(path); }, { file: STREAM, kind: 'missing', records: 60 }],
    ['a cursor', (folder) => { writeFileSync(join(folder, STREAM, 'webhook.cursor'), 'nonsense'); }, { file: `${STREAM}/webhook.cursor`, kind: 'cursor' }],
    ['a cursor that is gone', (folder) => { rmSync(join(folder, STREAM, 'webhook.cursor')); }, { file: `${STREAM}/webhook.cursor`, kind: 'cursor' }],
    ['the list of destinations', (folder) => { flip(join(folder, STREAM, 'destinations.known'), 9); }, { file: `${STREAM}/destinations.known`, kind: 'list' }],
    ['a dead letter', (folder) => { flip(segmentsOf(folder, `${STREAM}/dead/webhook`)[0] ?? '', 70); }, { file: `${STREAM}/dead/webhook/00000000000000000001.seg`, kind: 'records', offset: 32, records: 1 }],
  ];
  for (const [what, damage, expected] of rows) {
    const folder = await site(t);
    damage(folder);
    const found = await check(folder);
    t.equal(found.sound, false, what);
    t.match(found.damage, [expected], what);
    t.equal(found.damage.length, 1, what);
  }
});

t.test('what a crash or a later version leaves is told from damage', async (t) => {
  const folder = await site(t);
  const last = segmentsOf(folder).at(-1) ?? '';
  const size = statSync(last).size;
  for (let cut = size - 1; cut >= 32; cut--) {
    truncateSync(last, cut);
    const found = await check(folder);
    const known = found.damage.filter(({ kind }) => kind !== 'missing');
    if (known.length > 0) t.fail(`cut at ${cut}: ${JSON.stringify(known)}`);
    if ((cut - 32) % RECORD_BYTES !== 0 && !found.notes.some(({ kind }) => kind === 'torn_tail')) t.fail(`cut at ${cut} is no torn tail`);
  }
  writeFileSync(join(folder, STREAM, 'webhook.cursor.tmp'), '');
  writeFileSync(join(folder, STREAM, 'rewrite.pending'), '');
  writeFileSync(join(folder, STREAM, '00000000000000000001.1700000000000.bad'), 'was damaged');
  const found = await check(folder);
  t.same(found.notes.map(({ kind }) => kind).filter((kind) => kind !== 'torn_tail').sort(), ['leftover', 'rewrite_pending']);
  t.match(found.streams[0]?.aside, [{ file: `${STREAM}/00000000000000000001.1700000000000.bad`, bytes: 11 }]);

  const newer = await site(t);
  const segment = segmentsOf(newer)[0] ?? '';
  const bytes = readFileSync(segment);
  bytes.writeUInt16LE(9, 4);
  bytes.writeUInt16LE(9, 6);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
  writeFileSync(segment, bytes);
  t.match((await check(newer)).damage, [{ kind: 'newer', bytes: bytes.length }]);
});

t.test('any byte of any segment changed is noticed, and every record that was not hit is counted', async (t) => {
  const folder = await site(t);
  const files = [...segmentsOf(folder), ...segmentsOf(folder, `${STREAM}/dead/webhook`)];
  const lasts = new Set([segmentsOf(folder).at(-1), segmentsOf(folder, `${STREAM}/dead/webhook`).at(-1)]);
  await fc.assert(fc.asyncProperty(fc.nat(files.length - 1), fc.nat(), async (which, where) => {
    const path = files[which] ?? '';
    const whole = readFileSync(path);
    flip(path, where % whole.length);
    const found = await check(folder);
    writeFileSync(path, whole);
    assert.ok(found.damage.length > 0 || (lasts.has(path) && found.notes.length > 0), `${path} at ${where % whole.length}`);
    assert.ok(found.records + found.dead_letters >= 79, `${found.records} and ${found.dead_letters} are left`);
  }), { numRuns: process.env['RAXED_TEST_LONG'] === undefined ? 80 : 3000 });
});

t.test('beside a daemon that writes, delivers and rewrites, nothing is taken for damage', async (t) => {
  const folder = join(t.testdir(), 'spool');
  const { spool, stream } = await openWorld(nodeSpoolFiles, { folder });
  const webhook = await stream.attach('webhook');
  const letters = await stream.deadLetters('webhook');
  let done = false;
  const work = (async () => {
    for (let round = 0; round < 40; round++) {
      const seqs = await appendAll(stream, numbered(30, round * 30));
      await letters.add({ seq: round, time: round, payload: bytesOf('dead') }, REASON);
      if (round % 5 === 0) await stream.rewrite((payload) => payload);
      if (round % 7 === 0) await letters.remove([round]);
      await webhook.commit((seqs.at(-1) ?? 0) - 10);
    }
    done = true;
  })();
  let looks = 0;
  while (!done) {
    const { damage } = await check(folder);
    if (damage.length > 0) t.fail(JSON.stringify(damage));
    looks++;
  }
  await work;
  await spool.close();
  t.ok(looks > 3, `${looks} looks`);
  t.match(await check(folder), { sound: true, records: Number });
});

t.test('a repair keeps every good record, its number, the cursors and the damaged files; done twice it changes nothing more', async (t) => {
  const folder = await site(t);
  const [first = '', second = '', third = ''] = segmentsOf(folder);
  const [letters = ''] = segmentsOf(folder, `${STREAM}/dead/webhook`);
  flip(first, 32 + RECORD_BYTES + 3);
  flip(second, 9);
  writeFileSync(third, Buffer.alloc(900));
  flip(letters, 50);
  const damaged = new Map([first, second, third, letters].map((path) => [path, readFileSync(path)]));

  const plan = planRepair(await check(folder));
  t.match(plan.steps, [
    { file: /00000000000000000001.seg$/, records: PER_SEGMENT - 1 }, { file: /seg$/, records: PER_SEGMENT }, { file: /seg$/, records: 0 }, { file: /dead.webhook.00000000000000000001.seg$/, records: Number },
  ]);
  t.same(plan.left, []);
  const ports = { files: nodeSpoolFiles, clock: nodeClock, logger: silentLogger };
  for (const step of plan.steps) await carryOut(folder, step, ports);

  const again = await check(folder);
  t.same(again.damage, []);
  t.same(planRepair(again).steps, []);
  const kept = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.bad')).map((name) => readFileSync(join(folder, name)));
  for (const [path, bytes] of damaged) t.ok(kept.some((one) => one.equals(bytes)), `${path} is kept as it was`);
  t.equal(kept.length, 4);

  const { spool, stream, reports } = await openWorld(nodeSpoolFiles, { folder });
  const siem = await stream.attach('soc syslog');
  const webhook = await stream.attach('webhook');
  t.same([siem.committed, webhook.committed], [1, 21]);
  const left = await readAll(siem);
  const lost = new Set([2, ...Array.from({ length: PER_SEGMENT }, (_, i) => 2 * PER_SEGMENT + 1 + i)]);
  t.same(left.map(({ seq }) => seq), Array.from({ length: 60 }, (_, i) => i + 1).filter((seq) => !lost.has(seq)));
  t.ok(left.every((record) => textOf(record) === numbered(60)[record.seq - 1]));
  t.equal((await stream.deadLetters('webhook')).count(), 19);
  t.same(reports, [], 'the daemon finds nothing more to say');
  await stream.rewrite((payload) => payload);
  t.notOk(readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith('.bad')), 'a stricter privacy reaches what a repair has kept');
  await spool.close();
});

t.test('a repair makes the small files again as well: a place that is lost begins at the oldest event, of half a cursor the other half counts', async (t) => {
  const webhook = `${STREAM}/webhook.cursor`;
  const siem = `${STREAM}/soc%20syslog.cursor`;
  const list = `${STREAM}/destinations.known`;
  const rows: readonly [what: string, damage: (folder: string) => void, steps: object[], positions: [siem: number, webhook: number]][] = [
    ['nonsense', (folder) => { writeFileSync(join(folder, webhook), 'nonsense'); }, [{ kind: 'cursor', file: webhook, position: 1 }], [1, 1]],
    ['nothing', (folder) => { rmSync(join(folder, webhook)); }, [{ kind: 'cursor', file: webhook, position: 1 }], [1, 1]],
    ['half a cursor', (folder) => { flip(join(folder, webhook), 3); }, [{ kind: 'cursor', file: webhook }], [1, 21]],
    ['the other half', (folder) => { flip(join(folder, webhook), 512); }, [{ kind: 'cursor', file: webhook }], [1, 21]],
    ['the list', (folder) => { truncateSync(join(folder, list), 11); }, [{ kind: 'list', file: list, destinations: ['soc syslog', 'webhook'] }], [1, 21]],
    ['all of it', (folder) => { for (const file of [siem, webhook, list]) truncateSync(join(folder, file), 0); }, [{ kind: 'cursor', file: siem }, { kind: 'cursor', file: webhook }, { kind: 'list', file: list }], [1, 1]],
  ];
  for (const [what, damage, steps, positions] of rows) {
    const folder = await site(t);
    damage(folder);
    const damaged = [webhook, siem, list].filter((file) => existsSync(join(folder, file))).map((file) => readFileSync(join(folder, file)));
    const plan = planRepair(await check(folder));
    t.match(plan.steps, steps, what);
    t.same([plan.steps.length, plan.left], [steps.length, []], what);
    for (const step of plan.steps) await carryOut(folder, step, { files: nodeSpoolFiles, clock: nodeClock, logger: silentLogger });
    t.match(await check(folder), { sound: true, records: 60 }, what);
    const present = readdirSync(join(folder, STREAM)).filter((name) => statSync(join(folder, STREAM, name)).isFile()).map((name) => readFileSync(join(folder, STREAM, name)));
    t.ok(damaged.every((bytes) => present.some((one) => one.equals(bytes))), `${what}: every file is there as it was, in its place or aside`);
    const { spool, stream, reports } = await openWorld(nodeSpoolFiles, { folder });
    const found = [await stream.attach('soc syslog'), await stream.attach('webhook')].map(({ committed }) => committed);
    await spool.close();
    t.same(reports, [], `${what}: the daemon finds nothing more to say`);
    if (what.includes('half')) t.ok(found[0] === 1 && [1, 21].includes(found[1] ?? 0), `${what}: ${found.join()}`);
    else t.same(found, positions, what);
  }
});

t.test('what is done behind an open event waits for nobody: it is neither pending nor exported, and a repair keeps it', async (t) => {
  const folder = join(t.testdir(), 'spool');
  const { spool, stream } = await openWorld(nodeSpoolFiles, { folder });
  const webhook = await stream.attach('webhook');
  await appendAll(stream, numbered(60));
  const done = [{ from: 23, to: 31 }, { from: 40, to: 61 }];
  await webhook.commit(21, done);
  await spool.close();
  const pending = async (): Promise<string[]> => {
    const texts: string[] = [];
    for await (const { payloads } of readSpool(folder, { what: 'pending' }, nodeSpoolFiles, () => undefined)) texts.push(...payloads.map((payload) => Buffer.from(payload).toString('utf8')));
    return texts;
  };
  const open = numbered(60).filter((_, i) => i + 1 >= 21 && !done.some(({ from, to }) => from <= i + 1 && i + 1 < to));

  t.match((await check(folder)).streams, [{ cursors: [{ position: 21, done, pending: open.length }] }]);
  t.same(await pending(), open);
  // The slot that was written last tells, the other is from the attach.
  const file = join(folder, STREAM, 'webhook.cursor');
  flip(file, [0, 512].find((at) => readFileSync(file).readUInt16LE(at + 44) === 0) ?? 0);
  for (const step of planRepair(await check(folder)).steps) await carryOut(folder, step, { files: nodeSpoolFiles, clock: nodeClock, logger: silentLogger });
  t.match((await check(folder)), { sound: true, streams: [{ cursors: [{ position: 21, done, pending: open.length }] }] });
  t.same(await pending(), open);
});

t.test('a repair that is interrupted before any system call has lost nothing', async (t) => {
  const small = { ...SMALL, folder: '/spool' };
  const damagedFiles = async (): Promise<FaultyFiles> => {
    const files = new FaultyFiles();
    const { spool, stream } = await openWorld(files);
    await stream.attach('webhook');
    await appendAll(stream, numbered(60));
    await spool.close();
    for (const [path, bytes] of files.snapshot()) {
      if (!path.endsWith('1.seg') && !path.endsWith('9.seg')) continue;
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(damaged.readUInt8(120) ^ 0xff, 120);
      files.replace(path, damaged);
    }
    return files;
  };
  const expected = (await check(small.folder, await damagedFiles())).records;
  let crashes = 0;
  for (let call = 0, finished = false; !finished; call++, crashes++) {
    const files = await damagedFiles();
    const originals = [...files.snapshot()].filter(([path]) => path.endsWith('.seg')).map(([, bytes]) => bytes);
    const { steps } = planRepair(await check(small.folder, files));
    const start = files.calls;
    files.onCall = (_op, _path, at) => (at >= start + call ? 'dead' : undefined);
    try {
      for (const step of steps) await carryOut(small.folder, step, { files, clock: nodeClock, logger: silentLogger });
      finished = files.calls <= start + call;
    } catch { /* the power went */ }
    const after = files.crash(seededRandom(call));
    const found = await check(small.folder, after);
    t.equal(found.records, expected, `crash before call ${call}`);
    const present = [...after.snapshot().values()];
    t.ok(originals.every((bytes) => present.some((one) => one.equals(bytes))), 'every file is there as it was, in its place or aside');
    for (const step of planRepair(found).steps) await carryOut(small.folder, step, { files: after, clock: nodeClock, logger: silentLogger });
    t.match(await check(small.folder, after), { sound: true, records: expected });
  }
  t.ok(crashes > 10, `${crashes} crashes`);
});

t.test('a copy of the folder is as good', async (t) => {
  const folder = await site(t);
  flip(segmentsOf(folder)[0] ?? '', 200);
  const copy = join(folder, '../copy');
  cpSync(folder, copy, { recursive: true });
  const [there, here] = [await check(folder), await check(copy)];
  t.same({ ...here, folder }, there);
});
