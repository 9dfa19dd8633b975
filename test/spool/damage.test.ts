import t from 'tap';
import { encodeSegmentHeader } from '../../src/spool/record.js';
import { crc32 } from 'node:zlib';
import { FaultyFiles, seededRandom } from '../fixtures/faulty-files.js';
import { appendAll, numbered, openWorld, readAll, SMALL, textOf } from './world.js';

const FOLDER = '/spool/mssp/cust';

/** A closed spool with `count` records of different lengths, nothing delivered. */
async function filled(count: number, segmentBytes = SMALL.segmentBytes): Promise<{ files: FaultyFiles; texts: string[] }> {
  const files = new FaultyFiles();
  const { spool, stream } = await openWorld(files, { segmentBytes });
  await stream.attach('webhook');
  const texts = numbered(count).map((text, i) => text.padEnd(20 + (i * 37) % 200, '.'));
  for (const text of texts) await appendAll(stream, [text]);
  await spool.close();
  return { files, texts };
}

function segmentsOf(files: FaultyFiles): string[] {
  return [...files.snapshot().keys()].filter((path) => path.endsWith('.seg')).sort();
}

/** Where the records of a segment end, by its own length fields. */
function recordEnds(segment: Buffer): number[] {
  const ends: number[] = [];
  for (let at = 32; at < segment.length; ends.push(at)) at += 28 + segment.readUInt32LE(at + 8);
  return ends;
}

void t.test('the log cut at every byte of its last segment: every record that is whole is read, nothing is invented, and writing goes on', async (t) => {
  const { files, texts } = await filled(12);
  const path = segmentsOf(files).at(-1) ?? '';
  const whole = files.snapshot().get(path) ?? Buffer.alloc(0);
  const ends = recordEnds(whole);
  const before = texts.length - ends.length;
  t.ok(segmentsOf(files).length > 1 && ends.length > 1);
  for (let cut = 0; cut <= whole.length; cut++) {
    const disk = files.kill();
    disk.replace(path, whole.subarray(0, cut));
    const { spool, stream, reports } = await openWorld(disk);
    const cursor = await stream.attach('webhook');
    const kept = before + ends.filter((end) => end <= cut).length;
    const found = await readAll(cursor);
    const clean = cut === whole.length || ends.includes(cut) || cut === 32;
    const lost = reports.reduce((sum, report) => sum + (report.kind === 'damaged' ? report.count ?? 0 : 0), 0);
    const seq = await stream.append(Buffer.from('after'));
    const [after] = await cursor.read(seq, { events: 1, bytes: 1 });
    await spool.close();
    if (found.map(textOf).join() !== texts.slice(0, kept).join() || after?.seq !== seq) t.fail(`cut at ${cut}: ${found.length} of ${kept} records`);
    if (seq !== texts.length + 1) t.fail(`cut at ${cut}: ${seq} was given to another record before`);
    if (clean === reports.some(({ kind }) => kind === 'torn_tail')) t.fail(`cut at ${cut}: a torn tail is ${clean ? '' : 'not '}reported`);
    if (lost !== texts.length - kept) t.fail(`cut at ${cut}: ${texts.length - kept} lost, ${lost} reported`);
  }
  t.pass(`${whole.length + 1} cuts`);
});

void t.test('any byte of any file changed: it starts, every record not hit is delivered, in order, and writing goes on', async (t) => {
  const { files, texts } = await filled(40);
  const random = seededRandom(7);
  const paths = [...files.snapshot().keys()].filter((path) => path.startsWith(FOLDER));
  let damaged = 0;
  for (let i = 0; i < 700; i++) {
    const disk = files.kill();
    const path = paths[Math.floor(random() * paths.length)] ?? '';
    const content = Buffer.from(disk.snapshot().get(path) ?? Buffer.alloc(0));
    const at = Math.floor(random() * content.length);
    const bits = 1 + Math.floor(random() * 255);
    content.writeUInt8(content.readUInt8(at) ^ bits, at);
    disk.replace(path, content);
    const context = `byte ${at} of ${path} ^ ${bits}`;
    const { spool, stream, reports } = await openWorld(disk);
    const cursor = await stream.attach('webhook');
    const found = (await readAll(cursor)).map(textOf);
    const seq = await stream.append(Buffer.from('after'));
    const again = (await readAll(cursor)).map(textOf);
    await spool.close();
    const lost = texts.filter((text) => !found.includes(text));
    if (lost.length > 1 || (path.endsWith('.cursor') && lost.length > 0)) t.fail(`${context}: lost ${lost.length}`);
    if (found.join() !== texts.filter((text) => found.includes(text)).join()) t.fail(`${context}: out of order, or invented`);
    if (again.join() !== [...found, 'after'].join() || seq < texts.length) t.fail(`${context}: ${seq}`);
    if (lost.length > 0 && reports.length === 0) t.fail(`${context}: not reported`);
    if (lost.length > 0 && reports.some(({ kind }) => kind === 'damaged')) {
      damaged++;
      const aside = [...disk.snapshot()].filter(([name]) => name.endsWith('.bad'));
      if (aside.length !== 1 || aside[0]?.[1].equals(content) !== true) t.fail(`${context}: the damaged bytes were not kept aside`);
      const later = await openWorld(disk);
      if ((await readAll(await later.stream.attach('webhook'))).length !== found.length + 1 || later.reports.length > 0) t.fail(`${context}: not mended for good`);
      await later.spool.close();
    }
  }
  t.ok(damaged > 300, `${damaged} segments were quarantined`);
});

void t.test('zeroed, shortened, emptied and deleted files: it starts and delivers the rest', async (t) => {
  const { files, texts } = await filled(40);
  const paths = [...files.snapshot().keys()].filter((path) => path.startsWith(FOLDER));
  const random = seededRandom(11);
  for (const path of paths) {
    const content = files.snapshot().get(path) ?? Buffer.alloc(0);
    const forms: Buffer[] = [Buffer.alloc(0), Buffer.alloc(content.length), Buffer.alloc(content.length, 0xff), Buffer.from('not a spool file'.repeat(20))];
    for (let i = 0; i < 20; i++) {
      const cut = Math.floor(random() * content.length);
      forms.push(content.subarray(0, cut), Buffer.concat([content.subarray(0, cut), Buffer.alloc(content.length - cut)]));
    }
    for (const [form, bytes] of forms.entries()) {
      const disk = files.kill();
      disk.replace(path, bytes);
      const { spool, stream } = await openWorld(disk);
      const found = (await readAll(await stream.attach('webhook'))).map(textOf);
      const mine = path.endsWith('.cursor') ? [] : recordsIn(content);
      const expected = texts.filter((text) => found.includes(text));
      if (found.join() !== expected.join()) t.fail(`form ${form} of ${path}: out of order, or invented`);
      const lost = texts.filter((text) => !found.includes(text) && !mine.includes(text));
      if (lost.length > 0) t.fail(`form ${form} of ${path}: lost ${lost.length} of other files`);
      await stream.append(Buffer.from('after'));
      await spool.close();
    }
    const disk = files.kill();
    await disk.unlink(path);
    const { spool, stream } = await openWorld(disk);
    await readAll(await stream.attach('webhook'));
    await stream.append(Buffer.from('after'));
    await spool.close();
  }
  t.pass();
});

function recordsIn(segment: Buffer): string[] {
  let from = 32;
  return recordEnds(segment).map((end) => {
    const text = segment.toString('utf8', from + 28, end);
    from = end;
    return text;
  });
}

void t.test('a length field of 0xffffffff costs one record and no memory', async (t) => {
  const { files, texts } = await filled(40);
  const [path = ''] = segmentsOf(files);
  const content = Buffer.from(files.snapshot().get(path) ?? Buffer.alloc(0));
  content.writeUInt32LE(0xffff_ffff, 32 + 8);
  files.replace(path, content);
  const { spool, stream, reports } = await openWorld(files);
  const found = await readAll(await stream.attach('webhook'));
  t.same(found.map(textOf), texts.slice(1));
  t.match(reports, [{ kind: 'damaged', count: 1, stream: { customerId: 'cust' } }]);
  await spool.close();
});

void t.test('a segment of a later version is set aside untouched and reported, wherever it is', async (t) => {
  const later = encodeSegmentHeader({ base: 1, created: 5, flags: 0 });
  later.writeUInt16LE(9, 4);
  later.writeUInt16LE(9, 6);
  later.writeUInt32LE(crc32(later.subarray(0, 28)), 28);
  for (const which of [0, 1, -1]) {
    const { files, texts } = await filled(20);
    const path = segmentsOf(files).at(which) ?? '';
    const content = files.snapshot().get(path) ?? Buffer.alloc(0);
    const changed = Buffer.concat([later, content.subarray(32)]);
    files.replace(path, changed);
    const { spool, stream, reports } = await openWorld(files);
    const cursor = await stream.attach('webhook');
    const found = (await readAll(cursor)).map(textOf);
    t.same(found, texts.filter((text) => !recordsIn(content).includes(text)));
    t.match(reports.filter(({ kind }) => kind === 'newer_version'), [{ kind: 'newer_version' }]);
    const seq = await stream.append(Buffer.from('after'));
    t.ok(seq > texts.length, 'numbers that it may hold are not used again');
    t.equal((await readAll(cursor)).map(textOf).at(-1), 'after');
    await spool.close();
    t.ok([...files.snapshot()].some(([name, bytes]) => name.endsWith('.newer') && bytes.equals(changed)));
  }
});

void t.test('damage that the disk will not let us set aside is skipped, and what is readable is delivered', async (t) => {
  const { files, texts } = await filled(40);
  const [path = ''] = segmentsOf(files);
  const content = Buffer.from(files.snapshot().get(path) ?? Buffer.alloc(0));
  content.writeUInt8(content.readUInt8(70) ^ 1, 70);
  files.replace(path, content);
  files.onCall = (op) => (op === 'create' ? { errno: 'ENOSPC' } : undefined);
  const { spool, stream, reports } = await openWorld(files);
  const cursor = await stream.attach('webhook');
  t.same((await readAll(cursor)).map(textOf), texts.slice(1));
  t.same((await readAll(cursor)).map(textOf), texts.slice(1), 'again');
  t.equal(reports.filter(({ kind }) => kind === 'damaged').length, 1, 'reported once');
  await spool.close();
});
