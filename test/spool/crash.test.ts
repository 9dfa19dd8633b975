import fc from 'fast-check';
import t from 'tap';
import { FaultyFiles, seededRandom } from '../fixtures/faulty-files.js';
import { History } from './history.js';
import { histories, setups } from './steps.js';
import { appendAll, bytesOf, numbered, openWorld, readAll, textOf } from './world.js';

const LONG = process.env['RAXED_TEST_LONG'] !== undefined;
// In `npm test` always the same histories, so that it says the same of the same program; the long run looks for new ones.
const RUNS = LONG ? 20_000 : 2000;
/** On a slow machine fewer are played; how many is said. */
const TIME_LIMIT_MS = LONG ? 3600_000 : 120_000;
/** What the long run must really have done. */
const LEAST_CRASHES = 10_000;
const KINDS = [
  'close', 'kill', 'crash', 'settled', 'disk full', 'write short',
  ...['create', 'write', 'datasync', 'truncate', 'unlink', 'rename', 'syncFolder', 'open', 'read', 'mkdir', 'list', 'size', 'rmdir', 'freeBytes'].flatMap((op) => [`${op} EIO`, `${op} ENOSPC`]),
  ...['segment', 'cursor', 'list', 'dead letters', 'other file'].map((file) => `${file} flipped`), 'cursor lost', 'list lost',
];

void t.test('whatever is done, fails or rots, and whenever the power goes: what was acknowledged is there, once, in order, or reported', { timeout: 2 * TIME_LIMIT_MS }, async (t) => {
  let played = 0;
  const counts = new Map<string, number>();
  await fc.assert(fc.asyncProperty(setups, histories, async (setup, steps) => {
    for (const [kind, times] of (await History.play(setup, steps)).counts) counts.set(kind, (counts.get(kind) ?? 0) + times);
    played++;
  }), { numRuns: RUNS, interruptAfterTimeLimit: TIME_LIMIT_MS, ...(LONG ? {} : { seed: 1 }) });
  t.comment(`${played} histories: ${[...counts].map(([kind, times]) => `${kind} ${times}`).join(', ')}`);
  if (!LONG) return t.ok(played > 100, `${played} histories`);
  const crashes = (counts.get('crash') ?? 0) + (counts.get('kill') ?? 0);
  t.ok(crashes >= LEAST_CRASHES, `${crashes} crashes`);
  t.same(KINDS.filter((kind) => (counts.get(kind) ?? 0) === 0), [], 'everything happened');
});

void t.test('a crash before any system call of a rewrite leaves every record either as it was or rewritten, and the rest is found', async (t) => {
  const shorter = (payload: Uint8Array): Uint8Array => bytesOf(`safe ${Buffer.from(payload).toString('utf8').slice(0, 9)}`);
  for (let call = 0, finished = false; !finished; call++) {
    const files = new FaultyFiles();
    const { spool, stream } = await openWorld(files);
    await (await stream.attach('webhook')).commit(1);
    const texts = numbered(40);
    await appendAll(stream, texts);
    await (await stream.deadLetters('webhook')).add({ seq: 1, time: 5, payload: bytesOf('event dead xxxxxx') }, { message: 'answered 400', attempts: 1, at: 6 });
    const start = files.calls;
    files.onCall = (_op, _path, at) => (at >= start + call ? 'dead' : undefined);
    await stream.rewrite(shorter).then(() => { finished = true; }, (error: unknown) => { t.match(error, { code: 'SPOOL_IO' }); });
    const after = files.crash(seededRandom(call));
    await spool.close();
    const again = await openWorld(after);
    const found = (await readAll(await again.stream.attach('webhook'))).map(textOf);
    t.equal(found.length, texts.length, `crash before call ${call}`);
    t.ok(found.every((text, i) => text === texts[i] || text === `safe ${texts[i]?.slice(0, 9)}`));
    if (finished) t.equal(again.stream.rewriteUnfinished, false);
    const onDisk = Buffer.concat([...after.snapshot().values()]);
    t.ok(!onDisk.includes('xxx') || !onDisk.includes('safe') || again.stream.rewriteUnfinished, 'a rewrite that began is known to be unfinished');
    await again.stream.rewrite(shorter);
    await again.spool.close();
    t.notOk([...after.snapshot()].some(([path, bytes]) => path.endsWith('.tmp') || bytes.includes('xxx')), 'no text and no leftover is on the disk');
  }
});
