import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { encodedLength, SEGMENT_HEADER_BYTES } from '../../src/spool/record.js';
import type { Cursor, SpoolOptions, Stream } from '../../src/spool/spool.js';
import { FaultyFiles } from '../fixtures/faulty-files.js';
import { bytesOnDisk, openWorld, readAll } from './world.js';

const MAX_BYTES = 256 * 1024;
const SEGMENT_BYTES = 8 * 1024;
const RUNS = process.env['RAXED_TEST_LONG'] === undefined ? 60 : 2000;
const customers = ['a', 'b', 'c'].map((customerId) => ({ msspId: 'mssp', customerId }));
const PART_BYTES = MAX_BYTES / customers.length;

interface Side {
  readonly name: string;
  readonly stream: Stream<Uint8Array>;
  readonly cursor: Cursor<Uint8Array>;
  readonly guaranteedBytes: number;
  /** What it has on the disk. */
  bytes(): number;
}

/** Three customers, and a stream that is nobody's any more, each with a destination. */
async function openSides(options: Partial<SpoolOptions>) {
  const files = new FaultyFiles();
  const world = await openWorld(files, { maxBytes: MAX_BYTES, segmentBytes: SEGMENT_BYTES, customers, ...options });
  const sides: Side[] = [];
  for (const id of [...customers, { msspId: 'mssp', customerId: 'gone' }]) {
    const stream = await world.spool.openStream(id);
    const folder = `/spool/mssp/${id.customerId}/`;
    sides.push({
      name: id.customerId, stream, cursor: await stream.attach('webhook'), guaranteedBytes: id.customerId === 'gone' ? 0 : options.whenFull === 'drop_oldest' ? PART_BYTES : PART_BYTES / 2,
      bytes: () => [...files.snapshot()].reduce((sum, [path, bytes]) => sum + (path.startsWith(folder) ? bytes.length : 0), 0),
    });
  }
  return { ...world, files, sides };
}

const append = fc.record({ do: fc.constant('append' as const), side: fc.nat(3), bytes: fc.integer({ min: 1, max: 6000 }), times: fc.integer({ min: 1, max: 40 }) });
const deliver = fc.record({ do: fc.constant('deliver' as const), side: fc.nat(3) });
const steps = fc.array(fc.oneof({ weight: 4, arbitrary: append }, { weight: 1, arbitrary: deliver }), { maxLength: 30 });

for (const whenFull of ['reject', 'drop_oldest'] as const) {
  void t.test(`${whenFull}: whatever the others do, a customer gets what it is guaranteed, and nobody is turned away while there is room to share`, async (t) => {
    const seen = { refused: 0, dropped: 0 };
    await fc.assert(fc.asyncProperty(steps, async (all) => {
      const { spool, sides, files, reports } = await openSides({ whenFull });
      for (const step of all) {
        const side = sides[step.side];
        assert.ok(side);
        if (step.do === 'deliver') {
          await side.cursor.commit(side.stream.nextSeq);
          await spool.tick();
          continue;
        }
        for (let i = 0; i < step.times; i++) {
          const before = sides.map((each) => each.bytes());
          const own = side.bytes();
          // A new segment's header is counted once it is there.
          const size = encodedLength(Buffer.alloc(step.bytes)) + SEGMENT_HEADER_BYTES;
          reports.length = 0;
          const admitted = await side.stream.append(Buffer.alloc(step.bytes)).then(() => true, () => false);
          const total = bytesOnDisk(files);
          assert.ok(total <= MAX_BYTES + SEGMENT_HEADER_BYTES, `${total} bytes`);
          assert.equal(spool.stats().bytes, total);
          for (const { kind, stream } of reports) {
            if (kind !== 'dropped_oldest') continue;
            seen.dropped++;
            assert.ok(before.reduce((sum, bytes) => sum + bytes) + size > MAX_BYTES, 'nothing is dropped while there is room');
            const payer = sides.findIndex(({ name }) => name === stream?.customerId);
            assert.ok((before[payer] ?? 0) + (payer === step.side ? size : 0) > (sides[payer]?.guaranteedBytes ?? 0), 'only who has more than its guarantee pays');
          }
          if (admitted) continue;
          seen.refused++;
          assert.equal(whenFull, 'reject');
          assert.ok(own + size > side.guaranteedBytes, 'nobody is refused within its guarantee');
          const reserved = sides.reduce((sum, each) => sum + (each === side ? 0 : Math.max(0, each.guaranteedBytes - each.bytes())), 0);
          assert.ok(total + size + reserved > MAX_BYTES, 'what nobody is guaranteed is for everybody');
        }
      }
      await spool.close();
    }), { numRuns: RUNS });
    t.ok(whenFull === 'reject' ? seen.refused > 0 : seen.dropped > 0, JSON.stringify(seen));
  });
}

void t.test('a customer whose SOC is down fills its part and the common one; the others go on, and it too as soon as something was delivered', async (t) => {
  const { spool, sides: [flood, quiet], reports } = await openSides({});
  if (flood === undefined || quiet === undefined) return t.fail();
  const event = Buffer.alloc(1000);
  while (await flood.stream.append(event).then(() => true, () => false));
  t.ok(flood.bytes() > MAX_BYTES * 0.5 && flood.bytes() <= MAX_BYTES / 2 + PART_BYTES / 2, `${flood.bytes()} bytes`);
  t.same([flood.stream.stats().full, quiet.stream.stats().full, spool.stats().state], [true, false, 'full']);
  for (let i = 0; i < 30; i++) await quiet.stream.append(event);
  t.match(reports, [{ kind: 'full', stream: { customerId: 'a' } }], 'said once, and whose it is');
  t.equal(spool.stats().state, 'full', 'another customer\'s success does not hide it');
  t.equal((await readAll(quiet.cursor)).length, 30);
  await flood.cursor.commit(flood.stream.nextSeq);
  await spool.tick();
  await flood.stream.append(event);
  t.match(reports, [{ kind: 'full' }, { kind: 'healed', stream: { customerId: 'a' } }]);
  t.match(spool.stats(), { state: 'ok', rejected: 1 });
  await spool.close();
});

void t.test('shares follow the configuration while events wait', async (t) => {
  const { spool, sides: [flood, quiet] } = await openSides({ customers: [] });
  if (flood === undefined || quiet === undefined) return t.fail();
  const event = Buffer.alloc(1000);
  while (await flood.stream.append(event).then(() => true, () => false));
  t.ok(flood.bytes() > MAX_BYTES * 0.8, 'with no customers named, all is for everybody');
  await t.rejects(quiet.stream.append(event), { code: 'SPOOL_FULL' });
  spool.reconfigure({ customers });
  await t.rejects(quiet.stream.append(event), { code: 'SPOOL_FULL' }, 'nothing that was accepted is taken back for it');
  await flood.cursor.commit(flood.stream.nextSeq);
  await spool.tick();
  while (await flood.stream.append(event).then(() => true, () => false));
  await quiet.stream.append(event);
  await spool.close();
});

void t.test('with drop_oldest too little free space on the disk costs the largest, not who has little', async (t) => {
  const { spool, sides: [flood, quiet], files, clock, reports } = await openSides({ whenFull: 'drop_oldest' });
  if (flood === undefined || quiet === undefined) return t.fail();
  const event = Buffer.alloc(1000);
  for (let i = 0; i < 10; i++) await quiet.stream.append(event);
  for (let i = 0; i < 90; i++) await flood.stream.append(event);
  files.capacityBytes = bytesOnDisk(files) + 500;
  await clock.advance(1000);
  for (let i = 0; i < 40; i++) await (i % 8 === 0 ? quiet : flood).stream.append(event);
  t.equal((await readAll(quiet.cursor)).length, 15);
  t.ok(reports.length > 0 && reports.every(({ kind, stream }) => kind === 'dropped_oldest' && stream?.customerId === 'a'), JSON.stringify(reports));
  await spool.close();
});
