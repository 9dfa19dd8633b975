import fc from 'fast-check';
import t from 'tap';
import { SEGMENT_HEADER_BYTES } from '../../src/spool/record.js';
import type { SpoolReport } from '../../src/spool/spool.js';
import { manualClock } from '../fixtures/clock.js';
import { FaultyFiles, seededRandom } from '../fixtures/faulty-files.js';
import { appendAll, bytesOf, bytesOnDisk, DAY_MS, HOUR_MS, ID, numbered, openWorld, readAll, textOf } from './world.js';

const NEVER = new AbortController().signal;

function kinds(reports: readonly SpoolReport[]): string[] {
  return reports.map(({ kind }) => kind);
}

function segmentCount(files: FaultyFiles): number {
  return [...files.snapshot().keys()].filter((path) => path.endsWith('.seg')).length;
}

void t.test('what is appended is read in order by every destination, from where it stands', async (t) => {
  const files = new FaultyFiles();
  const { spool, stream, clock } = await openWorld(files);
  t.equal(stream.nextSeq, 1);
  const webhook = await stream.attach('webhook');
  t.equal(webhook.oldestPendingTime(), undefined);
  t.same(await appendAll(stream, numbered(30)), numbered(30).map((_, i) => i + 1));
  const started = clock.now();
  await clock.advance(5000);
  const late = await stream.attach('siem');
  await appendAll(stream, numbered(5, 30));
  t.same((await readAll(webhook)).map(textOf), numbered(35));
  t.same((await readAll(late)).map(textOf), numbered(5, 30), 'a destination added later starts at the end');
  t.equal(webhook.pending(), 35);
  t.equal(webhook.oldestPendingTime(), started);
  await webhook.commit(31);
  t.equal(webhook.committed, 31);
  t.equal(webhook.pending(), 5);
  t.equal(webhook.oldestPendingTime(), started + 5000);
  await webhook.commit(10);
  t.equal(webhook.committed, 31, 'a place never goes back');
  await spool.close();
  const again = await openWorld(files, {}, clock);
  const cursor = await again.stream.attach('webhook');
  t.equal(cursor.committed, 31);
  t.equal(cursor.oldestPendingTime(), started + 5000);
  t.same((await cursor.read(1, { events: 2, bytes: 1e6 })).map(({ seq }) => seq), [31, 32], 'what is done is not read again');
  t.same((await cursor.read(33, { events: 9, bytes: 1 })).map(({ seq }) => seq), [33], 'one, even if it is larger than asked for');
  t.same((await cursor.read(31, { events: 9, bytes: 80 })).map(({ seq }) => seq), [31, 32], 'and no more bytes than asked for');
  t.same(await cursor.read(36, { events: 9, bytes: 1 }), []);
  await again.spool.close();
});

void t.test('waiting ends with the next record, with an abort, and with the stream', async (t) => {
  const { spool, stream } = await openWorld(new FaultyFiles());
  const cursor = await stream.attach('webhook');
  const first = cursor.wait(1, NEVER);
  await stream.append(bytesOf('x'));
  await first;
  await cursor.wait(1, NEVER);
  const abort = new AbortController();
  const second = cursor.wait(2, abort.signal);
  abort.abort();
  await second;
  await cursor.wait(2, abort.signal);
  const third = cursor.wait(2, NEVER);
  await spool.close();
  await third;
  await cursor.wait(2, NEVER);
  t.pass();
});

void t.test('all that wait share one write and one sync, and commits do too', async (t) => {
  const files = new FaultyFiles();
  const { spool, stream } = await openWorld(files, { segmentBytes: 1024 * 1024 });
  const cursor = await stream.attach('webhook');
  await stream.append(bytesOf('first'));
  const ops: string[] = [];
  files.onCall = (op) => { ops.push(op); return undefined; };
  await appendAll(stream, numbered(256));
  t.same(ops, ['write', 'datasync']);
  ops.length = 0;
  await Promise.all(Array.from({ length: 100 }, (_, i) => cursor.commit(i)));
  t.ok(ops.filter((op) => op === 'datasync').length <= 2, ops.join());
  t.equal(cursor.committed, 99);
  files.onCall = () => undefined;
  await spool.close();
});

void t.test('a segment goes when every destination has durably passed it, and numbers go on after all went', async (t) => {
  const files = new FaultyFiles();
  const { spool, stream, clock } = await openWorld(files);
  const [a, b] = [await stream.attach('a'), await stream.attach('b')];
  await appendAll(stream, numbered(100));
  const before = segmentCount(files);
  await a.commit(101);
  await spool.tick();
  t.equal(segmentCount(files), before, 'b needs them');
  await b.commit(50);
  await spool.tick();
  const half = segmentCount(files);
  t.ok(half < before && half > 1);
  await b.commit(101);
  clock.step(HOUR_MS);
  await spool.tick();
  await spool.tick();
  t.equal(segmentCount(files), 0, 'the newest was sealed by its age');
  t.equal(spool.stats().bytes, bytesOnDisk(files));
  await spool.close();
  const again = await openWorld(files);
  t.equal(await again.stream.append(bytesOf('x')), 101);
  await again.spool.close();
});

void t.test('a customer may seal sooner, and with no destination nothing is held', async (t) => {
  const files = new FaultyFiles();
  const { spool, stream, clock } = await openWorld(files);
  await appendAll(stream, ['x']);
  stream.configure({ sealAgeMs: 60_000 });
  clock.step(59_999);
  await spool.tick();
  t.equal(segmentCount(files), 1);
  clock.step(1);
  await spool.tick();
  t.equal(segmentCount(files), 0);
  await spool.close();
});

void t.test('the place of a destination that disappears is kept for 7 days', async (t) => {
  const files = new FaultyFiles();
  const world = await openWorld(files);
  const { clock } = world;
  const webhook = await world.stream.attach('webhook');
  await world.stream.attach('siem');
  await appendAll(world.stream, numbered(60));
  await webhook.commit(61);
  await world.spool.close();

  clock.step(6 * DAY_MS);
  const second = await openWorld(files, {}, clock);
  await second.stream.attach('webhook');
  await clock.advance(11 * 60_000);
  t.ok(segmentCount(files) > 1);
  const back = await second.stream.attach('siem');
  t.equal((await readAll(back)).length, 60);
  back.detach();
  back.detach();
  clock.step(7 * DAY_MS - 1000);
  await second.spool.tick();
  t.ok(segmentCount(files) > 1, 'counted from when it was last there');
  clock.step(2000);
  await second.spool.tick();
  await second.spool.tick();
  t.match(second.reports, [{ kind: 'cursor_released', destination: 'siem', count: 60 }]);
  t.equal(segmentCount(files), 0);
  const anew = await second.stream.attach('siem');
  t.equal(anew.committed, 61, 'later it is a new destination');
  await second.spool.close();
});

void t.test('after days of standstill the destinations of the configuration are given time to come back', async (t) => {
  const files = new FaultyFiles();
  const world = await openWorld(files);
  await world.stream.attach('webhook');
  await appendAll(world.stream, numbered(10));
  await world.spool.close();
  world.clock.step(30 * DAY_MS);
  const again = await openWorld(files, {}, world.clock);
  await world.clock.advance(5000);
  t.equal((await readAll(await again.stream.attach('webhook'))).length, 10);
  await again.spool.close();
});

void t.test('full is refused and counted, and goes on when something was delivered', async (t) => {
  const files = new FaultyFiles();
  const { spool, stream, reports } = await openWorld(files, { maxBytes: 10_000 });
  const cursor = await stream.attach('webhook');
  let accepted = 0;
  let refused = 0;
  for (const text of numbered(200)) {
    await stream.append(bytesOf(text)).then(() => accepted++, (error: unknown) => { refused++; t.match(error, { code: 'SPOOL_FULL' }); });
    if (spool.stats().bytes > 10_000 + 1024) t.fail('over the limit by more than a segment');
  }
  t.ok(accepted > 100 && refused > 0, `${accepted} accepted`);
  t.match(spool.stats(), { state: 'full', rejected: refused, maxBytes: 10_000 });
  t.same(kinds(reports), ['full'], 'said once');
  t.equal((await readAll(cursor)).length, accepted);
  await cursor.commit(stream.nextSeq);
  await spool.tick();
  await stream.append(bytesOf('fits'));
  t.match(spool.stats(), { state: 'ok' });
  t.same(kinds(reports), ['full', 'healed']);
  spool.reconfigure({ maxBytes: 1 });
  await t.rejects(stream.append(bytesOf('x')), { code: 'SPOOL_FULL' });
  spool.reconfigure({ maxBytes: 1e6 });
  await stream.append(bytesOf('x'));
  await spool.close();
});

void t.test('drop_oldest takes the oldest segment of the largest stream, moves its destinations, and says how many', async (t) => {
  const files = new FaultyFiles();
  const { spool, stream, reports } = await openWorld(files, { maxBytes: 14_000, whenFull: 'drop_oldest' });
  const quiet = await spool.openStream({ msspId: 'mssp', customerId: 'quiet' });
  const quietCursor = await quiet.attach('webhook');
  await appendAll(quiet, numbered(10));
  const cursor = await stream.attach('webhook');
  const fast = await stream.attach('fast');
  for (const text of numbered(300)) {
    await stream.append(bytesOf(text));
    await fast.commit(stream.nextSeq);
    if (spool.stats().bytes > 14_000 + 1024) t.fail('over the limit by more than a segment');
  }
  const left = (await readAll(cursor)).map(textOf);
  t.same(left, numbered(left.length, 300 - left.length), 'the newest are there');
  t.ok(left.length > 80);
  const dropped = reports.reduce((sum, report) => sum + (report.kind === 'dropped_oldest' ? report.count ?? 0 : 0), 0);
  t.equal(dropped, 300 - left.length);
  t.match(spool.stats(), { dropped, rejected: 0, state: 'ok' });
  t.equal(cursor.committed, 301 - left.length);
  t.same((await readAll(quietCursor)).map(textOf), numbered(10));
  await spool.close();
  const again = await openWorld(files);
  t.equal((await readAll(await again.stream.attach('webhook'))).length, left.length);
  await again.spool.close();
});

void t.test('with drop_oldest one newest segment only is dropped too', async (t) => {
  const { spool, stream } = await openWorld(new FaultyFiles(), { maxBytes: 3000, segmentBytes: 1e6, whenFull: 'drop_oldest' });
  const cursor = await stream.attach('webhook');
  for (const text of numbered(100)) await stream.append(bytesOf(text));
  t.ok(spool.stats().bytes <= 3000 + SEGMENT_HEADER_BYTES);
  t.equal(spool.stats().rejected, 0);
  await t.rejects(stream.append(Buffer.alloc(4000)), { code: 'SPOOL_FULL' }, 'what can never fit is refused');
  t.equal((await readAll(cursor)).map(textOf).at(-1), numbered(100)[99], 'and costs nobody else');
  await spool.close();
});

void t.test('too little free space is full, and heals when there is space again', async (t) => {
  const files = new FaultyFiles();
  files.capacityBytes = 100_000;
  const { spool, stream, clock, reports } = await openWorld(files, { minFreeBytes: 99_000 });
  const cursor = await stream.attach('webhook');
  const outcome = await Promise.allSettled(numbered(100).map((text) => stream.append(bytesOf(text))));
  t.ok(outcome.some(({ status }) => status === 'rejected'));
  t.equal(spool.stats().state, 'full');
  files.capacityBytes = 1_000_000;
  await clock.advance(1000);
  await stream.append(bytesOf('x'));
  t.same(kinds(reports), ['full', 'healed']);
  await cursor.commit(stream.nextSeq);
  await spool.close();
});

void t.test('a full disk: refused, nothing accepted is lost, delivering and deleting work, and it heals', async (t) => {
  const files = new FaultyFiles();
  const { spool, stream } = await openWorld(files);
  const cursor = await stream.attach('webhook');
  files.capacityBytes = 6000;
  const accepted: string[] = [];
  for (const text of numbered(100)) await stream.append(bytesOf(text)).then(() => accepted.push(text), (error: unknown) => { t.match(error, { code: 'SPOOL_FULL' }); });
  t.ok(accepted.length > 20 && accepted.length < 100);
  t.equal(spool.stats().state, 'full');
  t.same((await readAll(cursor)).map(textOf), accepted);
  await cursor.commit(stream.nextSeq);
  await spool.tick();
  await stream.append(bytesOf('fits again'));
  t.equal(spool.stats().state, 'ok');
  t.same((await readAll(cursor)).map(textOf), ['fits again']);
  await spool.close();
});

void t.test('a failed sync: the records go to a new segment, are acknowledged from there, and the same file is never synced again', async (t) => {
  const files = new FaultyFiles();
  const { spool, stream, reports } = await openWorld(files);
  await stream.attach('webhook');
  await appendAll(stream, numbered(3));
  const synced: string[] = [];
  let failures = 1;
  files.onCall = (op, path) => {
    if (op !== 'datasync') return undefined;
    synced.push(path);
    return failures-- > 0 ? { errno: 'EIO' } : undefined;
  };
  t.same(await appendAll(stream, numbered(3, 3)), [4, 5, 6]);
  t.same(synced.map((path) => path.split('/').at(-1)), ['00000000000000000001.seg', '00000000000000000004.seg']);
  t.match(reports, [{ kind: 'segment_given_up', file: '00000000000000000001.seg' }]);
  t.equal(spool.stats().state, 'ok');
  for (let seed = 0; seed < 20; seed++) {
    const again = await openWorld(files.kill().crash(seededRandom(seed)));
    t.same((await readAll(await again.stream.attach('webhook'))).map(textOf), numbered(6));
    await again.spool.close();
  }
});

void t.test('a bad disk: SPOOL_IO, state failing, readers go on; it heals with the first append or probe that works', async (t) => {
  const files = new FaultyFiles();
  const { spool, stream, reports } = await openWorld(files);
  const cursor = await stream.attach('webhook');
  await appendAll(stream, numbered(3));
  files.onCall = (op) => (op === 'datasync' || op === 'truncate' ? { errno: 'EIO' } : undefined);
  for (let i = 0; i < 5; i++) await t.rejects(stream.append(bytesOf('lost')), { code: 'SPOOL_IO' });
  await t.rejects(spool.probe(), { code: 'SPOOL_IO' });
  await t.rejects(cursor.commit(2), { code: 'SPOOL_IO' });
  t.match(spool.stats(), { state: 'failing', rejected: 5 });
  t.same((await readAll(cursor)).map(textOf), numbered(3));
  files.onCall = () => undefined;
  await spool.probe();
  t.equal(spool.stats().state, 'ok');
  t.equal(await stream.append(bytesOf('kept')), 4);
  await cursor.commit(3);
  t.same((await readAll(cursor)).map(textOf), [numbered(3)[2], 'kept']);
  t.same(kinds(reports), ['segment_given_up', 'segment_given_up', 'healed']);
  await spool.close();
  const again = await openWorld(files);
  t.same((await readAll(await again.stream.attach('webhook'))).map(textOf), [numbered(3)[2], 'kept'], 'what was refused does not come back');
  await again.spool.close();
});

void t.test('short writes are carried on', async (t) => {
  const files = new FaultyFiles();
  const { spool, stream } = await openWorld(files);
  const cursor = await stream.attach('webhook');
  files.onCall = (op, _path, call) => (op === 'write' ? { short: 1 + call % 40 } : undefined);
  await appendAll(stream, numbered(50));
  t.same((await readAll(cursor)).map(textOf), numbered(50));
  await spool.close();
});

void t.test('with ack "write" an append does not wait for the sync, readers do, and a failed sync loses nothing', async (t) => {
  const files = new FaultyFiles();
  const { spool, stream, reports } = await openWorld(files, { ack: 'write' });
  const cursor = await stream.attach('webhook');
  let failures = 1;
  const ops: string[] = [];
  files.onCall = (op) => {
    ops.push(op);
    return op === 'datasync' && failures-- > 0 ? { errno: 'EIO' } : undefined;
  };
  t.equal(await stream.append(bytesOf('one')), 1);
  t.notOk(ops.includes('datasync'), 'acknowledged before');
  await stream.append(bytesOf('two'));
  await cursor.wait(2, NEVER);
  t.same((await readAll(cursor)).map(textOf), ['one', 'two']);
  t.same(kinds(reports), ['segment_given_up']);
  await spool.close();
  const again = await openWorld(files.crash(() => 0));
  t.same((await readAll(await again.stream.attach('webhook'))).map(textOf), ['one', 'two']);
  await again.spool.close();
});

void t.test('what cannot be stored is refused to its producer only', async (t) => {
  const { spool, stream } = await openWorld(new FaultyFiles());
  const results = await Promise.allSettled([stream.append(bytesOf('a')), stream.append(Buffer.alloc(16 * 1024 * 1024 + 1)), stream.append(Buffer.alloc(0)), stream.append(Buffer.alloc(5000))]);
  t.match(results, [{ value: 1 }, { reason: { code: 'TOO_LARGE' } }, { value: 2 }, { value: 3 }]);
  await t.rejects(async () => spool.openStream({ msspId: '..', customerId: 'x' }), { code: 'BAD_REQUEST' });
  await t.rejects(async () => spool.openStream({ msspId: 'x', customerId: 'a/b' }), { code: 'BAD_REQUEST' });
  await t.rejects(async () => stream.attach(''), { code: 'BAD_REQUEST' });
  t.equal(await spool.openStream({ ...ID }), stream, 'the same object');
  await spool.close();
  await t.rejects(stream.append(bytesOf('late')), { code: 'STOPPING' });
  await t.rejects(spool.openStream(ID), { code: 'STOPPING' });
  await spool.close();
});

void t.test('a rewrite reaches everything that was given before it, numbers unchanged, while others append and read', async (t) => {
  const files = new FaultyFiles();
  const { spool, stream } = await openWorld(files);
  const cursor = await stream.attach('webhook');
  await appendAll(stream, numbered(60));
  const half = await cursor.read(1, { events: 30, bytes: 1e6 });
  const letters = await stream.deadLetters('webhook');
  await letters.add({ seq: 3, time: 4, payload: bytesOf('event dead xxx') }, { message: 'answered 400', httpStatus: 400, attempts: 2, at: 5 });
  const queued = appendAll(stream, numbered(5, 60));
  const rewritten = stream.rewrite((payload) => bytesOf(Buffer.from(payload).toString('utf8').replaceAll('x', '')));
  const later = appendAll(stream, ['later xxx']);
  const read = readAll(cursor, 31);
  await Promise.all([queued, rewritten, later]);
  t.same(half.map(({ seq }) => seq), Array.from({ length: 30 }, (_, i) => i + 1));
  t.ok((await read).length >= 30, 'a reader was not disturbed');
  const all = await readAll(cursor, 1);
  t.same(all.map(({ seq }) => seq), Array.from({ length: 66 }, (_, i) => i + 1));
  t.same(all.slice(0, 65).map(textOf), numbered(65).map((text) => text.replaceAll('x', '')));
  t.match((await letters.list(5)).map(({ seq, time, payload, reason }) => [seq, time, Buffer.from(payload).toString('utf8'), reason]),
    [[3, 4, 'event dead ', { message: 'answered 400', httpStatus: 400, attempts: 2, at: 5 }]]);
  t.equal(stream.rewriteUnfinished, false);
  await stream.rewrite(() => bytesOf(''));
  t.notOk([...files.snapshot().values()].some((bytes) => bytes.includes('event')));
  await t.rejects(stream.rewrite(() => { throw new Error('no'); }), { code: 'SPOOL_IO' });
  t.equal(stream.rewriteUnfinished, true);
  await spool.close();
  const again = await openWorld(files);
  t.equal(again.stream.rewriteUnfinished, true);
  await again.stream.rewrite((payload) => payload);
  t.equal(again.stream.rewriteUnfinished, false);
  await again.spool.close();
});

void t.test('what waits longer than it may expires: counted, reported, and gone', async (t) => {
  const files = new FaultyFiles();
  const { spool, stream, clock, reports } = await openWorld(files);
  const webhook = await stream.attach('webhook');
  const siem = await stream.attach('siem');
  const letters = await stream.deadLetters('webhook');
  await letters.add({ seq: 1, time: clock.now(), payload: bytesOf('dead') }, { message: 'x', attempts: 1, at: clock.now() });
  const started = clock.now();
  for (const text of numbered(50)) {
    await stream.append(bytesOf(text));
    clock.step(60_000);
  }
  await webhook.commit(11);
  await siem.commit(31);
  t.same(await stream.expire(50 * 60_000), { count: 0, destinations: [] });
  t.same(await stream.expire(20 * 60_000), { count: 20, since: started + 10 * 60_000, destinations: [{ destination: 'webhook', count: 20 }] });
  t.match(reports, [{ kind: 'expired', count: 20, since: started + 10 * 60_000 }, { kind: 'dead_letters_expired', destination: 'webhook', count: 1 }]);
  t.equal(webhook.committed, 31);
  t.same((await readAll(webhook, 1)).map(textOf), numbered(20, 30));
  t.equal(letters.count(), 0);
  const { count } = await stream.expire(0);
  t.equal(count, 20);
  t.equal(segmentCount(files), 0);
  t.equal(spool.stats().bytes, bytesOnDisk(files));
  t.equal(await stream.append(bytesOf('next')), 51);
  await spool.close();
});

void t.test('dead letters are kept per destination, survive, can be taken out, and are bounded', async (t) => {
  const files = new FaultyFiles();
  const world = await openWorld(files, { maxDeadLetterBytes: 20_000, maxBytes: 1 });
  const letters = await world.stream.deadLetters('webhook');
  const other = await world.stream.deadLetters('soc syslog');
  const reason = { httpStatus: 422, message: 'answered 422', attempts: 1, at: 7 };
  for (const [i, text] of numbered(20).entries()) await letters.add({ seq: 100 + i, time: i, payload: bytesOf(text) }, reason);
  await other.add({ seq: 1, time: 1, payload: bytesOf('other') }, reason);
  t.equal(letters.count(), 20, 'also while the spool is full');
  const listed = await letters.list(5);
  t.match(listed[2], { seq: 102, time: 2, reason, payload: bytesOf(numbered(20)[2] ?? '') });
  t.same((await letters.list(50, 11)).length, 10);
  t.equal(await letters.remove([3, 5, 20, 99]), 3);
  t.equal(await letters.remove([3]), 0);
  t.equal(letters.count(), 17);
  await world.spool.close();
  const again = await openWorld(files, { maxDeadLetterBytes: 20_000 });
  const reopened = await again.stream.deadLetters('webhook');
  t.equal(reopened.count(), 17);
  t.same((await reopened.list(50)).map(({ id }) => id), [1, 2, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  for (const [i, text] of numbered(300, 0, 100).entries()) await reopened.add({ seq: 200 + i, time: i, payload: bytesOf(text) }, reason);
  const dropped = again.reports.reduce((sum, report) => sum + (report.kind === 'dead_letters_dropped' ? report.count ?? 0 : 0), 0);
  t.equal(reopened.count(), 317 - dropped);
  t.equal((await reopened.list(1000)).length, 317 - dropped);
  t.ok(dropped > 0 && again.spool.stats().bytes < 22_000);
  t.equal(await reopened.purge(), 317 - dropped);
  t.equal(reopened.count(), 0);
  t.same(await reopened.list(5), []);
  t.equal((await (await again.stream.deadLetters('soc syslog')).list(5)).length, 1);
  await again.spool.close();
});

void t.test('a removed customer is gone from the disk, and made again starts empty, also when the removal was cut short', async (t) => {
  for (let calls = 0; calls < 40; calls++) {
    const files = new FaultyFiles();
    const world = await openWorld(files);
    await world.stream.attach('webhook');
    await appendAll(world.stream, numbered(40));
    await (await world.stream.deadLetters('webhook')).add({ seq: 1, time: 1, payload: bytesOf('dead') }, { message: 'x', attempts: 1, at: 1 });
    const start = files.calls;
    files.onCall = (_op, _path, call) => (call >= start + calls ? 'dead' : undefined);
    const done = await world.spool.removeStream(ID).then(() => true, () => false);
    const after = files.crash(() => 0.5);
    await world.spool.close();
    const again = await openWorld(after);
    const cursor = await again.stream.attach('webhook');
    const left = await readAll(cursor);
    t.ok(left.length === 0 || (left.length === 40 && !done), `cut before call ${calls}: ${left.length} left`);
    if (left.length === 0) {
      t.equal(cursor.committed, 1);
      t.same([...after.snapshot().keys()].filter((path) => !/\.(cursor|known)$/.test(path)), []);
    }
    await again.spool.removeStream(ID);
    t.same([...after.snapshot().keys()], []);
    t.equal(again.spool.stats().bytes, 0);
    const anew = await again.spool.openStream(ID);
    t.equal(await anew.append(bytesOf('x')), 1);
    await again.spool.close();
  }
});

void t.test('a removal that the disk stopped anywhere is finished by the next call, for good', async (t) => {
  let stopped = 0;
  for (let calls = 0; calls < 40; calls++) {
    const files = new FaultyFiles();
    const world = await openWorld(files);
    await world.stream.attach('webhook');
    await appendAll(world.stream, numbered(40));
    await (await world.stream.deadLetters('webhook')).add({ seq: 1, time: 1, payload: bytesOf('dead') }, { message: 'x', attempts: 1, at: 1 });
    const start = files.calls;
    files.onCall = (_op, _path, call) => (call === start + calls ? { errno: 'EIO' } : undefined);
    await world.spool.removeStream(ID).catch((error: unknown) => { stopped++; t.match(error, { code: 'SPOOL_IO' }); });
    files.onCall = () => undefined;
    await world.spool.removeStream(ID);
    t.same([...files.snapshot().keys()], [], `call ${calls} failed`);
    t.equal(world.spool.stats().bytes, 0);
    for (const seed of [1, 2, 3]) t.same([...files.crash(seededRandom(seed)).snapshot().keys()], [], 'a power cut brings nothing back');
    await world.spool.close();
  }
  t.ok(stopped > 10, `${stopped} were stopped`);
});

void t.test('opening reads the places, the last segment and one header, however much waits', async (t) => {
  const files = new FaultyFiles();
  const world = await openWorld(files);
  await world.stream.attach('webhook');
  await appendAll(world.stream, numbered(2000));
  await world.spool.close();
  t.ok(segmentCount(files) > 100);
  const disk = files.kill();
  const opened: string[] = [];
  disk.onCall = (op, path) => {
    if (op === 'open') opened.push(path.split('/').at(-1) ?? '');
    return undefined;
  };
  const again = await openWorld(disk);
  t.ok(opened.length <= 4, opened.join());
  disk.onCall = () => undefined;
  const cursor = await again.stream.attach('webhook');
  t.equal(cursor.pending(), 2000);
  await again.spool.close();
});

void t.test('a segment that got no record, for want of room, never stands in the way of the next one', async (t) => {
  const files = new FaultyFiles();
  const { spool, stream } = await openWorld(files);
  const cursor = await stream.attach('webhook');
  files.capacityBytes = bytesOnDisk(files) + SEGMENT_HEADER_BYTES;
  await t.rejects(stream.append(bytesOf('no room')), { code: 'SPOOL_FULL' });
  files.capacityBytes = Infinity;
  await stream.rewrite((payload) => payload);
  await stream.append(bytesOf('one'));
  await stream.rewrite((payload) => payload);
  t.same((await readAll(cursor)).map(textOf), ['one']);
  await spool.close();
  t.equal((await openWorld(files)).spool.stats().bytes, spool.stats().bytes);
});

void t.test('nothing is to be rewritten where nothing was written, also when its dead letters were asked for', async (t) => {
  const { stream } = await openWorld(new FaultyFiles());
  t.equal((await stream.deadLetters('webhook')).count(), 0);
  await stream.rewrite((payload) => payload);
  t.equal(await stream.append(bytesOf('later')), 1);
});

t.test('streams that nobody opens count, and are cleaned up too', async (t) => {
  const files = new FaultyFiles();
  const world = await openWorld(files);
  const other = await world.spool.openStream({ msspId: 'mssp', customerId: 'other' });
  await other.attach('webhook');
  await appendAll(other, numbered(40));
  await world.spool.close();
  const { bytes } = world.spool.stats();
  const clock = manualClock();
  const again = await openWorld(files, {}, clock);
  t.equal(again.spool.stats().bytes, bytes);
  await again.spool.tick();
  t.equal(again.spool.stats().bytes, bytes);
  clock.step(8 * DAY_MS);
  await clock.advance(11 * 60_000);
  t.equal(segmentCount(files), 0);
  t.equal(again.spool.stats().bytes, bytesOnDisk(files));
  await again.spool.close();
});

void t.test('concurrent readers of one cursor get what each asked for', async () => {
  const { spool, stream } = await openWorld(new FaultyFiles());
  const cursor = await stream.attach('webhook');
  await appendAll(stream, numbered(200));
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.integer({ min: 1, max: 210 }), fc.integer({ min: 1, max: 60 })), { minLength: 1, maxLength: 6 }), async (reads) => {
    const results = await Promise.all(reads.map(([from, events]) => cursor.read(from, { events, bytes: 1e9 })));
    for (const [i, records] of results.entries()) {
      const [from, events] = reads[i] ?? [0, 0];
      const expected = Array.from({ length: Math.max(0, Math.min(events, 201 - from)) }, (_, k) => from + k);
      if (records.map(({ seq }) => seq).join() !== expected.join()) throw new Error(`${from}+${events}: ${records.map(({ seq }) => seq).join()}`);
    }
  }), { numRuns: 200 });
  await spool.close();
});

void t.test('wherever a destination is, what it has not got is on the disk, after a crash too', async (t) => {
  const whole = new FaultyFiles();
  const texts = numbered(40);
  const { spool, stream } = await openWorld(whole);
  await stream.attach('webhook');
  await appendAll(stream, texts);
  await spool.close();
  for (let position = 1; position <= texts.length + 1; position++) {
    const files = whole.kill();
    const world = await openWorld(files);
    await (await world.stream.attach('webhook')).commit(position);
    await world.spool.tick();
    const after = files.crash(seededRandom(position));
    await world.spool.close();
    const again = await openWorld(after);
    const found = (await readAll(await again.stream.attach('webhook'))).map(textOf);
    if (found.join() !== texts.slice(position - 1).join() || again.reports.length > 0) t.fail(`at ${position}: ${found.length} are left, ${again.reports.length} reports`);
    await again.spool.close();
  }
  t.pass();
});

void t.test('while a cursor is being synced it stands where it was, and nothing is deleted', async (t) => {
  const files = new FaultyFiles();
  const { spool, stream } = await openWorld(files);
  const cursor = await stream.attach('webhook');
  await appendAll(stream, numbered(40));
  files.syncTurns = () => 20;
  const calls: string[] = [];
  files.onCall = (op, path) => { calls.push(`${op} ${path.slice(path.lastIndexOf('.'))}`); return undefined; };
  const committed = cursor.commit(41);
  t.equal(cursor.committed, 1);
  await Promise.all([spool.tick(), committed]);
  await spool.tick();
  t.equal(cursor.committed, 41);
  const [synced, deleted] = [calls.indexOf('datasync .cursor'), calls.indexOf('unlink .seg')];
  t.ok(synced >= 0 && deleted > synced, `synced at ${synced}, deleted at ${deleted}`);
  await spool.close();
});
