import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { linesBackwards, linesOf, type LineBatch } from '../../src/audit/lines.js';
import type { SpoolFile } from '../../src/ports.js';

const CHUNK = 128 * 1024;
const MIB = 1024 * 1024;

/** A file that holds these bytes; `onRead` may change them first. */
function fileOf(bytes: Buffer, onRead?: () => Buffer | undefined): SpoolFile & { reads: number } {
  let content = bytes;
  const file = {
    reads: 0,
    read: (buffer: Uint8Array, position: number) => {
      file.reads++;
      content = onRead?.() ?? content;
      return Promise.resolve(content.copy(buffer, 0, Math.min(position, content.length)));
    },
    size: () => Promise.resolve(content.length),
    write: () => Promise.reject(new Error('read only')),
    datasync: () => Promise.resolve(), truncate: () => Promise.resolve(), close: () => Promise.resolve(),
  };
  return file;
}

async function collect(batches: AsyncIterable<LineBatch>): Promise<{ lines: string[]; unfinished: boolean[] }> {
  const all = { lines: [] as string[], unfinished: [] as boolean[] };
  for await (const { lines, unfinished } of batches) {
    all.lines.push(...lines.map((line) => line.toString('latin1')));
    all.unfinished.push(unfinished);
  }
  return all;
}

t.test('a file is the same lines from its beginning and from its end, wherever pieces of it are cut', async () => {
  const length = fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 300_000 }), fc.constantFrom(CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1));
  await fc.assert(fc.asyncProperty(fc.array(length, { maxLength: 12 }), fc.boolean(), async (lengths, isFinished) => {
    const lines = lengths.map((size, i) => String.fromCharCode(97 + i).repeat(size));
    const text = lines.join('\n') + (isFinished && lines.length > 0 ? '\n' : '');
    const whole = text.split('\n').slice(0, -1);
    const rest = text.slice(text.lastIndexOf('\n') + 1);
    const forwards = await collect(linesOf(fileOf(Buffer.from(text))));
    assert.deepEqual(forwards.lines, whole);
    assert.equal(forwards.unfinished.at(-1), rest !== '');
    const backwards = await collect(linesBackwards(fileOf(Buffer.from(text))));
    assert.deepEqual(backwards.lines, whole.toReversed());
    assert.equal(backwards.unfinished.includes(true), rest !== '');
  }), { numRuns: 150 });
});

t.test('a line that is longer than any of ours costs no memory, and is a damaged one', async (t) => {
  const text = Buffer.from(`first\n${'x'.repeat(9 * MIB)}\nlast\n`);
  t.same((await collect(linesOf(fileOf(text)))).lines, ['first', '', 'last']);
  const { lines } = await collect(linesBackwards(fileOf(text)));
  t.equal(lines.length, 3);
  t.same([lines[0], lines[2]], ['last', 'first']);
  t.ok((lines[1]?.length ?? 0) <= 4 * MIB + CHUNK);
  const endless = await collect(linesOf(fileOf(Buffer.alloc(10 * MIB, 'x'))));
  t.same([endless.lines, endless.unfinished.at(-1)], [[], true]);
});

t.test('only as much is read as is asked for', async (t) => {
  const file = fileOf(Buffer.from('a line\n'.repeat(1_000_000)));
  for await (const { lines } of linesBackwards(file)) {
    t.ok(lines.length > 1000);
    break;
  }
  t.equal(file.reads, 1);
});

t.test('what is cut off while it is read backwards is passed over', async (t) => {
  const text = Buffer.from('0123456\n'.repeat(100_000));
  let reads = 0;
  const file = fileOf(text, () => (++reads === 2 ? text.subarray(0, 400_000) : undefined));
  const { lines } = await collect(linesBackwards(file));
  t.ok(lines.every((line) => line === '0123456' || line === ''), 'no line is made of two');
  t.ok(lines.length >= 50_000);
});

t.test('an aborted search ends', async (t) => {
  const abort = new AbortController();
  const batches = linesOf(fileOf(Buffer.from('line\n'.repeat(200_000))), abort.signal);
  await batches.next();
  abort.abort(new Error('gone'));
  await t.rejects(batches.next(), { message: 'gone' });
  await t.rejects(collect(linesBackwards(fileOf(Buffer.from('x\n')), abort.signal)), { message: 'gone' });
});
