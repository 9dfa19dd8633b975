import t from 'tap';
import type { DeadLetter, DeadLetters, SpooledRecord, SpoolReport } from '../../src/spool/spool.js';
import { FaultyFiles, seededRandom } from '../fixtures/faulty-files.js';
import { bytesOf, DAY_MS, HOUR_MS, numbered, openWorld } from './world.js';
import type { World } from './world.js';

const REASON = { httpStatus: 422, message: 'answered 422', attempts: 1, at: 7 };
const AGAIN = { httpStatus: 400, message: 'answered 400', attempts: 1, at: 9 };

type Letters = DeadLetters<Uint8Array>;
interface Opened { readonly world: World; readonly letters: Letters }

async function open(files: FaultyFiles, options: Parameters<typeof openWorld>[1] = {}, clock?: World['clock']): Promise<Opened> {
  const world = await openWorld(files, options, clock);
  return { world, letters: await world.stream.deadLetters('webhook') };
}

/** A store of 40 letters in several files. */
async function filled(files = new FaultyFiles()): Promise<Opened & { readonly files: FaultyFiles }> {
  const opened = await open(files);
  await addAll(opened.letters, numbered(40));
  return { ...opened, files };
}

async function addAll(letters: Letters, texts: readonly string[], from = 0): Promise<void> {
  for (const [i, text] of texts.entries()) await letters.add(recordOf(text, from + i), REASON);
}

function recordOf(text: string, seq: number): SpooledRecord<Uint8Array> {
  return { seq, time: seq, payload: bytesOf(text) };
}

async function all(letters: Letters): Promise<DeadLetter<Uint8Array>[]> {
  const found: DeadLetter<Uint8Array>[] = [];
  for await (const letter of letters.each()) found.push(letter);
  return found;
}

function idsOf(letters: readonly DeadLetter<Uint8Array>[]): number[] {
  return letters.map(({ id }) => id);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

t.test('letters that are taken out leave no trace, and are never reported as lost', async (t) => {
  const { world, letters, files } = await filled();
  const middle = Array.from({ length: 20 }, (_, i) => 10 + i);
  t.equal(await letters.remove([...middle, 40, 99]), 21, 'a whole file in the middle, parts of its neighbours, and the last letter');
  const left = upTo(39).filter((id) => !middle.includes(id));
  t.same(idsOf(await all(letters)), left);
  await world.spool.close();
  const again = await open(files);
  t.same(idsOf(await all(again.letters)), left);
  t.equal(again.letters.count(), left.length);
  t.same(again.world.reports, [], 'nothing is damaged');
  await again.world.spool.close();
});

t.test('a record that is refused once more after a crash is one letter still', async (t) => {
  const { world, letters, files } = await filled();
  t.equal(await letters.add(recordOf('event 17', 17), AGAIN), 18, 'the letter of the record with that number');
  await world.spool.close();
  const again = await open(files);
  t.equal(again.letters.idOf({ seq: 39, time: 39 }), 40);
  t.equal(again.letters.idOf({ seq: 39, time: 40 }), undefined, 'another record of the same number');
  t.equal(await again.letters.add(recordOf('event 39', 39), REASON), 40);
  t.equal(again.letters.count(), 40);
  t.same(idsOf(await all(again.letters)), upTo(40));
  await again.letters.remove([40]);
  t.equal(await again.letters.add(recordOf('event 39', 39), REASON), 41, 'unless that letter has gone');
  await again.letters.purge();
  t.equal(await again.letters.add(recordOf('event 5', 5), REASON), 42);
  await again.world.spool.close();
});

t.test('only the files that hold a letter are written anew', async (t) => {
  const { world, letters, files } = await filled();
  const before = files.snapshot();
  await letters.remove([2]);
  const touched = [...files.snapshot()].filter(([path, bytes]) => before.get(path)?.equals(bytes) === false);
  t.equal(touched.length, 1);
  await world.spool.close();
});

t.test('one that is refused again keeps its number, its place and its event, and has the new reason', async (t) => {
  const { world, letters, files } = await filled();
  t.equal(await letters.refusedAgain(new Map([[1, AGAIN], [17, AGAIN], [99, AGAIN]])), 2);
  t.equal(await letters.refusedAgain(new Map([[17, AGAIN]])), 1, 'the same call once more, as after a disk error, counts nothing twice');
  t.equal(await letters.refusedAgain(new Map()), 0);
  await world.spool.close();
  const again = await open(files);
  const found = await all(again.letters);
  t.same(idsOf(found), upTo(40));
  t.same(found.filter(({ reason }) => reason.message === AGAIN.message).map(({ id, seq, time, reason, payload }) => [id, seq, time, reason, Buffer.from(payload).toString('utf8')]),
    [1, 17].map((id) => [id, id - 1, id - 1, { ...AGAIN, attempts: 2 }, numbered(40)[id - 1]]));
  await again.world.spool.close();
});

t.test('a full store drops its oldest, says so, and a disk that refuses that loses and doubles nothing', async (t) => {
  const files = new FaultyFiles();
  const { world, letters } = await open(files, { maxDeadLetterBytes: 4096 });
  const dropped = (): number => world.reports.reduce((sum, report) => sum + (report.kind === 'dead_letters_dropped' ? report.count ?? 0 : 0), 0);
  await addAll(letters, numbered(100));
  const found = await all(letters);
  t.ok(dropped() > 50 && letters.bytes() <= 4096);
  t.same(idsOf(found), upTo(100).slice(dropped()), 'the newest are there');
  t.equal(letters.count(), found.length);
  t.match(world.reports.find(({ kind }) => kind === 'dead_letters_dropped'), { destination: 'webhook', stream: { customerId: 'cust' }, bytes: Number });

  files.onCall = (op) => (op === 'unlink' ? { errno: 'EIO' } : undefined);
  await addAll(letters, numbered(20, 100), 100);
  t.same(idsOf(await all(letters)).slice(-20), upTo(120).slice(-20), 'each of them once');
  files.onCall = () => undefined;
  await letters.add(recordOf('last', 200), REASON);
  t.ok(letters.bytes() <= 4096, 'what could not be dropped goes with the next one');
  await world.spool.close();
});

t.test('letters go when their time is over, and that is said', async (t) => {
  const files = new FaultyFiles();
  const { world, letters } = await open(files);
  await addAll(letters, numbered(20));
  world.clock.step(2 * DAY_MS);
  await addAll(letters, numbered(20, 20), 20);
  t.equal(await letters.expire(3 * DAY_MS), 0);
  t.equal(await letters.expire(DAY_MS), 20);
  t.same(idsOf(await all(letters)), upTo(40).slice(20));
  t.match(world.reports, [{ kind: 'dead_letters_expired', destination: 'webhook', count: 20 }]);
  t.equal(world.reports.length, 1);
  world.clock.step(1);
  t.equal(await letters.expire(0), 20, 'with no retention at all');
  t.equal(letters.bytes(), 0);
  await world.spool.close();
});

t.test('a walk takes little memory, and goes on while letters come and go', async (t) => {
  const files = new FaultyFiles();
  const { world, letters } = await open(files, { maxBytes: 16 * 1024 * 1024 });
  const callsOf = async (work: () => Promise<unknown>): Promise<number> => {
    const before = files.calls;
    await work();
    return files.calls - before;
  };
  await addAll(letters, numbered(60, 0, 20_000));
  t.ok(await callsOf(() => letters.list(3)) < await callsOf(() => all(letters)) / 2, 'a short list does not read everything');
  const seen: number[] = [];
  for await (const { id } of letters.each(5)) {
    seen.push(id);
    if (id === 8) await letters.remove([9, 50]);
    if (id === 12) await letters.refusedAgain(new Map([[13, AGAIN], [55, AGAIN]]));
    if (id === 20) await letters.add(recordOf('new', 99), REASON);
  }
  t.same(seen.filter((id) => id !== 9), upTo(61).slice(4).filter((id) => id !== 9 && id !== 50), 'what is read later is as it is then');
  t.same(idsOf(await letters.list(3, 2)), [2, 3, 4]);
  t.same(await letters.list(0), []);
  await world.spool.close();
});

t.test('a stricter privacy reaches every letter, what was set aside, and leaves no canary', async (t) => {
  const files = new FaultyFiles();
  const first = await open(files);
  await addAll(first.letters, numbered(40).map((text) => `${text} CANARY`));
  await first.world.spool.close();
  const [path, bytes] = [...files.snapshot()].find(([name]) => name.includes('/dead/webhook/') && name.endsWith('1.seg')) ?? ['', Buffer.alloc(0)];
  const damaged = Buffer.from(bytes);
  damaged.writeUInt8(damaged.readUInt8(120) ^ 0xff, 120);
  files.replace(path, damaged);
  const { world, letters } = await open(files);
  const found = await all(letters);
  t.equal(found.length, 39);
  t.ok([...files.snapshot().keys()].some((name) => name.endsWith('.bad')));
  await world.stream.rewrite((payload) => bytesOf(Buffer.from(payload).toString('utf8').replaceAll('CANARY', '')));
  t.notOk([...files.snapshot().values()].some((content) => content.includes('CANARY')));
  t.same(idsOf(await all(letters)), idsOf(found));
  t.same((await all(letters)).map(({ reason }) => reason), found.map(({ reason }) => reason));
  await world.spool.close();
});

interface Operation {
  readonly name: string;
  readonly run: (opened: Opened) => Promise<unknown>;
  /** Letters that may be gone half way, and are when it has resolved. */
  readonly takes: (id: number) => boolean;
}

const OPERATIONS: readonly Operation[] = [
  { name: 'add', run: ({ letters }) => letters.add(recordOf('forty-one', 40), REASON), takes: () => false },
  { name: 'remove', run: ({ letters }) => letters.remove([1, 2, 15, 40]), takes: (id) => [1, 2, 15, 40].includes(id) },
  { name: 'refusedAgain', run: ({ letters }) => letters.refusedAgain(new Map([[1, AGAIN], [15, AGAIN], [40, AGAIN]])), takes: () => false },
  { name: 'purge', run: ({ letters }) => letters.purge(), takes: () => true },
  { name: 'expire', run: ({ world, letters }) => { world.clock.step(HOUR_MS); return letters.expire(60_000); }, takes: () => true },
  { name: 'drop the oldest', run: ({ world, letters }) => { world.spool.reconfigure({ maxDeadLetterBytes: 2048 }); return letters.add(recordOf('forty-one', 40), REASON); }, takes: (id) => id <= 38 },
];

for (const { name, run, takes } of OPERATIONS) {
  t.test(`a crash before any system call of "${name}": nothing else is lost, nothing is there twice, and what resolved has happened`, async (t) => {
    let crashes = 0;
    for (let call = 0, finished = false; !finished; call++) {
      const { world, letters, files } = await filled();
      const start = files.calls;
      files.onCall = (_op, _path, at) => (at >= start + call ? 'dead' : undefined);
      finished = await run({ world, letters }).then(() => files.calls <= start + call, () => false);
      const resolved = finished;
      const after = files.crash(seededRandom(call));
      await world.spool.close();
      const again = await open(after);
      const found = await all(again.letters);
      const ids = idsOf(found);
      const problems = [
        ...upTo(40).filter((id) => !ids.includes(id) && !takes(id)).map((id) => `lost ${id}`),
        ...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `${id} twice`),
        ...found.filter(({ id, payload }) => id <= 40 && Buffer.from(payload).toString('utf8') !== numbered(40)[id - 1]).map(({ id }) => `${id} altered`),
        ...found.filter(({ reason }) => !(reason.message === REASON.message && reason.attempts === 1) && !(reason.message === AGAIN.message && reason.attempts === 2)).map(({ id }) => `${id} has a reason of its own`),
        ...again.world.reports.filter((report: SpoolReport) => report.kind !== 'torn_tail').map(({ kind }) => `reported ${kind}`),
        ...(again.letters.count() === ids.length ? [] : ['counted wrongly']),
        ...(resolved && name === 'remove' && ids.some(takes) ? ['a removed letter came back'] : []),
        ...(resolved && name === 'refusedAgain' && found.filter(({ reason }) => reason.attempts === 2).length !== 3 ? ['a reason was lost'] : []),
        ...(resolved && (name === 'purge' || name === 'expire') && ids.length > 0 ? ['not gone'] : []),
        ...(resolved && name === 'add' && !ids.includes(41) ? ['not added'] : []),
      ];
      if (problems.length > 0) t.fail(`crash before call ${call}: ${problems.join(', ')}`);
      await again.world.spool.close();
      crashes++;
    }
    t.ok(crashes > 2, `${crashes} crashes`);
  });
}
