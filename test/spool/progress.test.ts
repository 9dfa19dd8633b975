import assert from 'node:assert';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { decodeSlot, encodeSlot } from '../../src/spool/cursor-slot.js';
import { countDone, firstOpen, join } from '../../src/spool/progress.js';
import type { Progress, SeqRange } from '../../src/spool/progress.js';

const range = fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 40 })).map(([from, length]): SeqRange => ({ from, to: from + length }));
const place = fc.record({ position: fc.integer({ min: 0, max: 200 }), done: fc.array(range, { maxLength: 12 }) });

/** What is done, one by one. */
function seqsDone({ position, done }: Progress, end: number): number[] {
  return Array.from({ length: end }, (_, seq) => seq).filter((seq) => seq < position || done.some(({ from, to }) => from <= seq && seq < to));
}

void t.test('two places joined are what either says, in as few ranges as there are, all above the position', (t) => {
  fc.assert(fc.property(place, place, (a, b) => {
    const joined = join(a, b);
    assert.deepEqual(seqsDone(joined, 500), [...new Set([...seqsDone(a, 500), ...seqsDone(b, 500)])].sort((x, y) => x - y));
    let last = joined.position;
    for (const { from, to } of joined.done) {
      assert.ok(last < from && from < to);
      last = to;
    }
    assert.deepEqual(join(joined, { position: 0, done: [] }), joined);
  }));
  t.end();
});

void t.test('the first open seq and the count of those that are done follow from it', (t) => {
  fc.assert(fc.property(place, fc.integer({ min: 0, max: 450 }), fc.integer({ min: 0, max: 450 }), (from, seq, end) => {
    const joined = join(from, { position: 0, done: [] });
    const done = new Set(seqsDone(joined, 500));
    let open = seq;
    while (done.has(open)) open++;
    assert.equal(firstOpen(joined, seq), open);
    assert.equal(countDone(joined, seq, end), [...done].filter((one) => one >= joined.position && one >= seq && one < end).length);
  }));
  t.end();
});

void t.test('whatever is done, a slot holds a part of it and nothing else: all of it while there is room, then the longest ranges', (t) => {
  let cut = 0;
  const gaps = fc.array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 300 }) }, fc.constant(2 ** 44))), { maxLength: 400, size: 'max' });
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 40 }), gaps, (position, pairs) => {
    const done: SeqRange[] = [];
    let end = position;
    for (const [gap, length] of pairs) {
      done.push({ from: end + gap, to: end + gap + length });
      end += gap + length;
    }
    const bytes = encodeSlot({ generation: 3, position, done, lastSeen: 5, logEnd: end });
    assert.ok(bytes.length <= 512);
    const decoded = decodeSlot(bytes);
    assert.ok(decoded.kind === 'state');
    const { done: kept } = decoded.state;
    const known = new Map(done.map(({ from, to }) => [from, to]));
    assert.ok(kept.every(({ from, to }) => known.get(from) === to));
    if (done.length <= 28) assert.deepEqual(kept, done, 'the largest take 16 bytes each');
    if (kept.length === done.length) return;
    cut++;
    assert.ok(bytes.length > 512 - 32, 'there was no room');
    const shortestKept = Math.min(...kept.map(({ from, to }) => to - from));
    const isKept = new Set(kept.map(({ from }) => from));
    assert.ok(done.every(({ from, to }) => isKept.has(from) || to - from <= shortestKept));
  }));
  t.ok(cut > 0, 'some did not fit');
  t.end();
});

void t.test('230 single events that are stuck, and what is done between them, find room', (t) => {
  const done = Array.from({ length: 230 }, (_, i) => ({ from: 11 + i * 18, to: 28 + i * 18 }));
  const state = { generation: 1, position: 10, done, lastSeen: 0, logEnd: 5000 };
  t.same(decodeSlot(encodeSlot(state)), { kind: 'state', state });
  t.end();
});

void t.test('of a slot with any byte changed, or cut anywhere, nothing is believed', (t) => {
  const good = encodeSlot({ generation: 7, position: 100, done: [{ from: 101, to: 103 }, { from: 200, to: 500 }], lastSeen: 9, logEnd: 600 });
  for (let at = 0; at < good.length; at++) {
    for (const mask of [0x01, 0x80, 0xff]) {
      const bad = Buffer.from(good);
      bad.writeUInt8(bad.readUInt8(at) ^ mask, at);
      t.same(decodeSlot(bad), { kind: 'damaged' }, `byte ${at}, mask ${mask}`);
    }
    t.same(decodeSlot(good.subarray(0, at)), { kind: 'damaged' }, `cut at ${at}`);
  }
  t.end();
});

void t.test('ranges that no version writes are damage, however whole they are: empty ones, what touches the position or another, a cut number, and beyond the log\'s end', (t) => {
  const withRanges = (...numbers: number[]): Buffer => {
    const slot = encodeSlot({ generation: 7, position: 100, done: [], lastSeen: 9, logEnd: 110 });
    const bytes = Buffer.concat([slot.subarray(0, 44), Buffer.from([numbers.length, 0, ...numbers]), Buffer.alloc(4)]);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, bytes.length - 4)), bytes.length - 4);
    return bytes;
  };
  t.match(decodeSlot(withRanges(1, 2, 3, 4)), { state: { done: [{ from: 101, to: 103 }, { from: 106, to: 110 }] } });
  for (const numbers of [[0, 2], [1, 0], [1, 2, 0, 1], [1], [1, 2, 1], [1, 0x82], [1, 10], [1, 2, 3, 5], [0x81, 0x80], [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]]) {
    t.same(decodeSlot(withRanges(...numbers)), { kind: 'damaged' }, numbers.join());
  }
  t.end();
});
