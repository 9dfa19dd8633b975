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

/** What is in a spool before it is damaged: two destinations, of which one has had four events, and dead letters in several files. */
interface Site {
  readonly files: FaultyFiles;
  readonly texts: readonly string[];
  readonly letters: readonly string[];
  /** All that belongs to the customer. */
  readonly paths: readonly string[];
}

async function site(): Promise<Site> {
  const files = new FaultyFiles();
  const { spool, stream } = await openWorld(files);
  await stream.attach('siem');
  const webhook = await stream.attach('webhook');
  const texts = numbered(40).map((text, i) => text.padEnd(20 + (i * 37) % 200, '.'));
  for (const text of texts) await appendAll(stream, [text]);
  await webhook.commit(5);
  const dead = await stream.deadLetters('webhook');
  const letters = numbered(12, 100, 60);
  for (const [i, text] of letters.entries()) await dead.add({ seq: i, time: i, payload: Buffer.from(text) }, { message: 'answered 400', attempts: 1, at: 6 });
  await spool.close();
  return { files, texts, letters, paths: [...files.snapshot().keys()].filter((path) => path.startsWith(FOLDER)).sort() };
}

/** As generous as that: it only tells a start from one that hangs. How long the slowest took is said. */
const READY_MS = 30_000;
let slowestMs = 0;
t.teardown(() => { t.comment(`the slowest start: ${Math.round(slowestMs)} ms`); });

/** What may be gone, and whether somebody must have been told. */
interface Expected {
  readonly lost?: readonly string[];
  readonly reported: boolean;
}

/** Opens the damaged spool, delivers everything, goes on writing; what is wrong with that, in words. */
async function complaints({ texts, letters }: Site, disk: FaultyFiles, { lost = [], reported }: Expected): Promise<string[]> {
  const wrong: string[] = [];
  const startMs = performance.now();
  const { spool, stream, reports } = await openWorld(disk);
  const siem = await stream.attach('siem');
  const webhook = await stream.attach('webhook');
  const tookMs = performance.now() - startMs;
  slowestMs = Math.max(slowestMs, tookMs);
  if (tookMs > READY_MS) wrong.push(`ready after ${tookMs} ms`);
  const all = (await readAll(siem)).map(textOf);
  const rest = (await readAll(webhook)).map(textOf);
  const dead = (await (await stream.deadLetters('webhook')).list(100)).map((letter) => Buffer.from(letter.payload).toString());
  const must = (wanted: readonly string[], found: readonly string[], what: string): void => {
    if (found.join() !== wanted.filter((text) => found.includes(text)).join()) wrong.push(`${what}: out of order, twice, or invented`);
    const missing = wanted.filter((text) => !found.includes(text) && !lost.includes(text));
    if (missing.length > 0) wrong.push(`${what}: ${missing.length} lost that were not hit`);
  };
  must(texts, all, 'events');
  must(texts.filter((text, i) => i >= 4 || rest.includes(text)), rest, 'the rest');
  must(letters, dead, 'dead letters');
  const gone = texts.length - all.length + letters.length - dead.length;
  if (reports.length === 0 && (reported || gone > 0)) wrong.push(`${gone} are gone, and nothing is reported`);
  const told = reports.reduce((sum, { kind, count = Infinity }) => sum + (kind === 'torn_tail' ? Infinity : count), 0);
  if (told < gone) wrong.push(`${gone} are gone, ${told} were reported`);
  const seq = await stream.append(Buffer.from('after'));
  const [after] = await siem.read(seq, { events: 1, bytes: 1 });
  if (after === undefined || textOf(after) !== 'after') wrong.push('what is written afterwards is not read');
  await spool.close();
  return wrong;
}

/** The texts whose bytes lie in `from` to `to` of a segment file; of dead letters those that end with them. */
function textsAt(content: Buffer, from: number, to: number, { texts, letters }: Site): string[] {
  return recordRanges(content).flatMap(([start, end]) => {
    const payload = content.toString('latin1', start + 28, end);
    return start < to && from < end ? [...texts, ...letters].filter((text) => payload.endsWith(text)) : [];
  });
}

function recordRanges(segment: Buffer): [start: number, end: number][] {
  return recordEnds(segment).map((end, i, ends) => [ends[i - 1] ?? 32, end]);
}

/** In a cursor file, what lies between and behind its slots says nothing. */
function matters(path: string, offset: number): boolean {
  return !path.endsWith('.cursor') || offset % 512 < 44;
}

void t.test('2,400 changed bytes in segments, dead letters, cursors and the list: every record not hit is delivered, and the damage is reported', async (t) => {
  const whole = await site();
  const random = seededRandom(7);
  const hits = new Map<string, number>();
  for (let i = 0; i < 2400; i++) {
    // Cursors and the list are small: half of the flips are theirs.
    const some = whole.paths.filter((path) => path.endsWith('.seg') === (i % 2 === 0));
    const path = some[Math.floor(random() * some.length)] ?? '';
    const disk = whole.files.kill();
    const content = Buffer.from(disk.snapshot().get(path) ?? Buffer.alloc(0));
    const at = path.endsWith('.cursor') && i % 8 !== 1 ? Math.floor(random() * 44) + 512 * Math.floor(random() * 2) : Math.floor(random() * content.length);
    const bits = 1 + Math.floor(random() * 255);
    const lost = path.endsWith('.seg') ? textsAt(content, at, at + 1, whole) : [];
    content.writeUInt8(content.readUInt8(at) ^ bits, at);
    disk.replace(path, content);
    const wrong = await complaints(whole, disk, { lost, reported: matters(path, at) });
    const kept = [...disk.snapshot()].some(([name, bytes]) => name.endsWith('.bad') && bytes.equals(content));
    if (matters(path, at) && !kept && !isLast(path, whole)) wrong.push('the damaged bytes were not kept aside');
    const later = await openWorld(disk);
    if (later.reports.length > 0) wrong.push('not mended for good');
    await later.spool.close();
    if (wrong.length > 0) t.fail(`byte ${at} of ${path} ^ ${bits}: ${wrong.join('; ')}`);
    const kind = path.includes('/dead/') ? 'dead letters' : path.slice(path.lastIndexOf('.'));
    hits.set(kind, (hits.get(kind) ?? 0) + 1);
  }
  t.comment([...hits].map(([kind, count]) => `${kind}: ${count}`).join(', '));
  t.ok(hits.size === 4 && [...hits.values()].every((count) => count > 150));
});

/** There, rot may look like a write that was cut short. */
function isLast(path: string, { paths }: Site): boolean {
  const folder = path.slice(0, path.lastIndexOf('/'));
  return path === paths.filter((one) => one.startsWith(`${folder}/0`)).at(-1);
}

void t.test('every sector of every file zeroed: the rest is delivered, and it is reported', async (t) => {
  const whole = await site();
  let sectors = 0;
  for (const path of whole.paths) {
    const content = whole.files.snapshot().get(path) ?? Buffer.alloc(0);
    for (let at = 0; at < content.length; at += 512, sectors++) {
      const disk = whole.files.kill();
      disk.replace(path, Buffer.concat([content.subarray(0, at), Buffer.alloc(Math.min(512, content.length - at)), content.subarray(at + 512)]));
      const wrong = await complaints(whole, disk, { lost: path.endsWith('.seg') ? textsAt(content, at, at + 512, whole) : [], reported: true });
      if (wrong.length > 0) t.fail(`sector at ${at} of ${path}: ${wrong.join('; ')}`);
    }
  }
  t.ok(sectors > 20, `${sectors} sectors`);
});

void t.test('a length field of 0xffffffff, wherever it is, costs one record and no memory', async (t) => {
  const whole = await site();
  const before = process.memoryUsage().arrayBuffers;
  for (const path of whole.paths.filter((name) => name.endsWith('.seg'))) {
    const content = whole.files.snapshot().get(path) ?? Buffer.alloc(0);
    for (const [start, end] of recordRanges(content)) {
      const disk = whole.files.kill();
      const changed = Buffer.from(content);
      changed.writeUInt32LE(0xffff_ffff, start + 8);
      disk.replace(path, changed);
      const wrong = await complaints(whole, disk, { lost: textsAt(content, start, end, whole), reported: true });
      if (wrong.length > 0) t.fail(`record at ${start} of ${path}: ${wrong.join('; ')}`);
    }
  }
  t.ok(process.memoryUsage().arrayBuffers - before < 256 * 1024 * 1024);
});

void t.test('every file of every kind deleted, emptied, zeroed, shortened or replaced by something else: it starts, says so, and delivers the rest', async (t) => {
  const whole = await site();
  const random = seededRandom(11);
  for (const path of whole.paths) {
    const content = whole.files.snapshot().get(path) ?? Buffer.alloc(0);
    const forms: [what: string, bytes: Buffer | undefined][] = [
      ['deleted', undefined], ['emptied', Buffer.alloc(0)], ['zeroed', Buffer.alloc(content.length)], ['all ones', Buffer.alloc(content.length, 0xff)],
      ['another file', Buffer.from('not a spool file'.repeat(20))],
    ];
    for (let i = 0; i < 20; i++) {
      const cut = Math.floor(random() * content.length);
      forms.push([`cut at ${cut}`, content.subarray(0, cut)], [`zeros from ${cut}`, Buffer.concat([content.subarray(0, cut), Buffer.alloc(content.length - cut)])]);
    }
    for (const [what, bytes] of forms) {
      const disk = whole.files.kill();
      if (bytes === undefined) await disk.unlink(path);
      else disk.replace(path, bytes);
      // Of dead letters nothing says how many there were: those that are gone with the end of their last file are gone in silence.
      const silent = path.includes('/dead/') && (bytes === undefined || recordRanges(content).some(([start]) => start === bytes.length) || bytes.length === content.length);
      const lost = path.endsWith('.seg') ? textsAt(content, 0, content.length, whole) : [];
      const wrong = silent ? [] : await complaints(whole, disk, { lost, reported: bytes?.equals(content) !== true });
      if (wrong.length > 0) t.fail(`${path} ${what}: ${wrong.join('; ')}`);
    }
  }
  t.pass();
});

function recordsIn(segment: Buffer): string[] {
  return recordRanges(segment).map(([start, end]) => segment.toString('utf8', start + 28, end));
}

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
