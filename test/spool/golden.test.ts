import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import t from 'tap';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import { createSpool } from '../../src/spool/spool.js';
import type { Spool, SpoolReport, Stream } from '../../src/spool/spool.js';
import { manualClock } from '../fixtures/clock.js';
import { GOLDEN, GOLDEN_ID, GOLDEN_START_MS, writeGoldenSpool } from '../fixtures/golden-spool.js';
import { silentLogger } from '../fixtures/logger.js';
import { readAll, textOf } from './world.js';

const FOLDER = resolve(import.meta.dirname, '../fixtures/golden-spool');
const VERSIONS = readdirSync(FOLDER).filter((name) => /^v\d+$/.test(name)).sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));

function temporaryFolder(t: { teardown(remove: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'raxed-golden-'));
  t.teardown(() => { rmSync(folder, { recursive: true }); });
  return folder;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(folder, name)).isFile()).sort();
}

async function open(folder: string): Promise<{ spool: Spool<Uint8Array>; stream: Stream<Uint8Array>; reports: SpoolReport[] }> {
  const reports: SpoolReport[] = [];
  const spool = await createSpool<Uint8Array>({ folder, segmentBytes: 512, maxBytes: 1e6, minFreeBytes: 0, whenFull: 'reject', ack: 'fsync', sealAgeMs: 3600_000 },
    { files: nodeSpoolFiles, clock: manualClock(GOLDEN_START_MS + 3600_000), logger: silentLogger, onReport: (report) => { reports.push(report); } });
  return { spool, stream: await spool.openStream(GOLDEN_ID), reports };
}

/** The records that a destination has not got. */
function openRecords({ committed, done }: typeof GOLDEN.destinations[number]): typeof GOLDEN.records {
  return GOLDEN.records.filter(({ seq }) => seq >= committed && !done.some(({ from, to }) => from <= seq && seq < to));
}

for (const version of VERSIONS) {
  void t.test(`a spool that was written in format ${version} is read, and goes on`, async (t) => {
    const folder = temporaryFolder(t);
    cpSync(join(FOLDER, version), folder, { recursive: true });
    const { spool, stream, reports } = await open(folder);
    for (const destination of GOLDEN.destinations) {
      const known = version === 'v1' ? { ...destination, done: [] } : destination;
      const cursor = await stream.attach(known.name);
      t.equal(cursor.committed, known.committed);
      t.equal(cursor.pending(), openRecords(known).length);
      t.same((await readAll(cursor)).map((record) => ({ seq: record.seq, time: record.time, text: textOf(record) })), openRecords(known));
    }
    const letters = await (await stream.deadLetters('webhook')).list(10);
    t.same(letters.map((letter) => ({ id: letter.id, seq: letter.seq, time: letter.time, text: textOf(letter), reason: letter.reason })), GOLDEN.letters);
    t.equal(await stream.append(Buffer.from('next')), GOLDEN.records.length + 1);
    await spool.close();
    t.same(reports, []);
  });
}

void t.test('this version writes the newest format, byte for byte', async (t) => {
  const folder = temporaryFolder(t);
  await writeGoldenSpool(folder);
  const newest = join(FOLDER, VERSIONS.at(-1) ?? '');
  t.same(filesIn(folder), filesIn(newest));
  for (const name of filesIn(newest)) t.equal(readFileSync(join(folder, name)).toString('hex'), readFileSync(join(newest, name)).toString('hex'), name);
});

/** The same file, said to be readable by the next version only. */
function fromTheFuture(name: string, bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  const sum = (from: number, end: number): void => { changed.writeUInt32LE(crc32(changed.subarray(from, end)), end); };
  const mark = (from: number): void => { changed.writeUInt16LE(99, from + 4); changed.writeUInt16LE(99, from + 6); };
  if (name.endsWith('.seg')) { mark(0); sum(0, 28); }
  else if (name.endsWith('.known')) { mark(0); sum(0, changed.length - 4); }
  else for (const slot of [0, 512]) { if (changed.readUInt32LE(slot) !== 0) { mark(slot); sum(slot, slot + 40); } }
  return changed;
}

void t.test('a file that only a later version may read is refused, said, and kept; all others are read', async (t) => {
  const newest = join(FOLDER, VERSIONS.at(-1) ?? '');
  for (const name of filesIn(newest)) {
    const folder = temporaryFolder(t);
    cpSync(newest, folder, { recursive: true });
    const later = fromTheFuture(name, readFileSync(join(folder, name)));
    writeFileSync(join(folder, name), later);
    const { spool, stream, reports } = await open(folder);
    const found = new Map<string, number[]>();
    for (const destination of GOLDEN.destinations) found.set(destination.name, (await readAll(await stream.attach(destination.name))).map(({ seq }) => seq));
    const letters = await (await stream.deadLetters('webhook')).list(10);
    await stream.append(Buffer.from('next'));
    await spool.close();
    t.match(reports, [{ kind: 'newer_version' }], name);
    t.ok(filesIn(folder).some((kept) => kept.endsWith('.newer') && readFileSync(join(folder, kept)).equals(later)), `${name} is kept as it was`);
    const isLog = name.endsWith('.seg') && !name.includes('dead');
    for (const destination of GOLDEN.destinations) {
      const expected = openRecords(destination).map(({ seq }) => seq);
      const seqs = found.get(destination.name) ?? [];
      t.ok(expected.every((seq) => seqs.includes(seq)) || (isLog && seqs.length > 0), `${name}: ${destination.name} gets ${seqs.join()}`);
    }
    t.equal(letters.length, name.includes('dead') ? 0 : GOLDEN.letters.length);
  }
});
