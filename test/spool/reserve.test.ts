import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { nodeRandom } from '../../src/platform/node.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import type { SpoolFiles } from '../../src/ports.js';
import { createSpool } from '../../src/spool/spool.js';
import type { SpoolReport } from '../../src/spool/spool.js';
import { openReserve, reserveBytes, type Reserve } from '../../src/spool/reserve.js';
import { manualClock } from '../fixtures/clock.js';
import { makeSite } from '../fixtures/daemon.js';
import { FaultyFiles } from '../fixtures/faulty-files.js';
import { recordingLogger } from '../fixtures/logger.js';
import { fillDisk, mountDisk, mountRefusal } from '../fixtures/small-disk.js';
import { bytesOf, ID, numbered, SMALL } from './world.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const PATH = '/state/reserve';

async function disk(capacityBytes: number): Promise<FaultyFiles> {
  const files = new FaultyFiles();
  await files.mkdir('/state');
  files.capacityBytes = capacityBytes;
  return files;
}

function open(files: SpoolFiles, wanted: () => number = () => 256 * KIB, path = PATH): Promise<Reserve> {
  return openReserve(path, wanted, { files, random: nodeRandom, logger: recordingLogger() });
}

const heldBy = (files: FaultyFiles): number => files.snapshot().get(PATH)?.length ?? 0;

t.test('it takes what two destinations\' audit lines of a segment need, within bounds', (t) => {
  t.equal(reserveBytes(8 * MIB), 16 * MIB);
  t.equal(reserveBytes(4 * KIB), 128 * KIB);
  t.equal(reserveBytes(1024 * MIB), 16 * MIB);
  t.end();
});

t.test('it is taken when there is room, never more than half of what is free, and kept from life to life', async (t) => {
  const files = await disk(4 * MIB);
  const reserve = await open(files);
  t.equal(reserve.missingBytes, 256 * KIB);
  await reserve.refill();
  t.same([reserve.missingBytes, heldBy(files)], [0, 256 * KIB]);
  t.equal((await open(files)).missingBytes, 0);
  const tight = await disk(100 * KIB);
  const small = await open(tight);
  await small.refill();
  t.equal(heldBy(tight), 50 * KIB);
  await small.refill();
  t.equal(heldBy(tight), 75 * KIB, 'the rest is not given up');
  t.equal(small.missingBytes, 181 * KIB);
});

t.test('what must be written gets a piece at a time, as many as it needs, and it is taken again', async (t) => {
  const files = await disk(MIB);
  const reserve = await open(files);
  await reserve.refill();
  files.capacityBytes = 256 * KIB;
  const line = Buffer.alloc(200 * KIB, 'x');
  let tries = 0;
  await reserve.spend(async () => {
    tries++;
    await files.unlink('/state/line').catch(() => undefined);
    const file = await files.open('/state/line', 'create');
    const written = await file.write([line], 0).finally(() => file.close());
    if (written < line.length) throw Object.assign(new Error('short'), { code: 'ENOSPC' });
  });
  t.equal(tries, 3);
  t.same([heldBy(files), reserve.missingBytes], [0, 256 * KIB]);
  const failure = Object.assign(new Error('full'), { code: 'EDQUOT' });
  await t.rejects(reserve.spend(() => Promise.reject(failure)), failure, 'when it is used up, the disk\'s word stands');
  files.capacityBytes = MIB;
  await reserve.refill();
  t.equal(reserve.missingBytes, 0);
  const other = Object.assign(new Error('bad'), { code: 'EIO' });
  await t.rejects(reserve.spend(() => Promise.reject(other)), other);
  t.equal(reserve.missingBytes, 0, 'another failure costs nothing');
});

t.test('it follows the segments\' size, and a file that was removed, cannot be cut or cannot be written harms nobody', async (t) => {
  const files = await disk(8 * MIB);
  let wanted = 512 * KIB;
  const reserve = await open(files, () => wanted);
  await reserve.refill();
  wanted = 128 * KIB;
  await reserve.refill();
  t.equal(heldBy(files), 128 * KIB);
  await files.unlink(PATH);
  t.equal(await reserve.release(), false);
  t.equal(reserve.missingBytes, 128 * KIB, 'it is known to be gone');
  for (const op of ['write', 'datasync', 'create'] as const) {
    files.onCall = (called) => (called === op ? { errno: 'EIO' } : undefined);
    await reserve.refill();
    t.equal(reserve.missingBytes, 128 * KIB);
  }
  files.onCall = () => undefined;
  await reserve.refill();
  t.equal(heldBy(files), 128 * KIB);
  files.onCall = (called) => (called === 'truncate' ? { errno: 'EROFS' } : undefined);
  t.equal(await reserve.release(), false);
});

t.test('the spool leaves what is missing of it free, and dead letters may use it', async (t) => {
  const files = await disk(200 * KIB);
  const reserve = await open(files, () => 128 * KIB);
  const reports: SpoolReport[] = [];
  const clock = manualClock();
  const spool = await createSpool<Uint8Array>({ ...SMALL, customers: [ID] }, { files, clock, logger: recordingLogger(), reserve, onReport: (report) => { reports.push(report); } });
  const stream = await spool.openStream(ID);
  const cursor = await stream.attach('webhook');
  const fill = async (): Promise<number> => {
    for (let n = 0; ; n++) if (await stream.append(bytesOf(`${n}`.padEnd(900))).then(() => false, () => true)) return n;
  };
  const admitted = await fill();
  t.ok(admitted > 40 && admitted * 900 <= 72 * KIB, `${admitted} events are taken, and 128 of 200 KiB are left`);
  await reserve.refill();
  await reserve.refill();
  t.ok(heldBy(files) > 80 * KIB, 'it takes its part without the spool taking another');
  t.equal(await fill(), 0);
  t.equal(spool.stats().state, 'full');
  await t.rejects(spool.probe(), { code: 'SPOOL_FULL' });

  files.capacityBytes = [...files.snapshot().values()].reduce((sum, bytes) => sum + bytes.length, 0);
  const letters = await stream.deadLetters('webhook');
  const [first] = await cursor.read(1, { events: 1, bytes: 4096 });
  if (first === undefined) throw new Error('nothing to read');
  await letters.add(first, { message: 'refused', attempts: 1, at: 0 });
  t.equal(letters.count(), 1, 'on a disk without a free byte');

  files.capacityBytes = MIB;
  await reserve.refill();
  await clock.advance(1500);
  await spool.tick();
  t.equal(spool.stats().state, 'ok', 'it is known that there is room before somebody tries');
  t.equal(reports.filter(({ kind }) => kind === 'healed').length, 1);
  await spool.probe();
  await stream.append(bytesOf(numbered(1)[0] ?? ''));
  await spool.close();
});

for (const kind of ['tmpfs', 'ext4'] as const) {
  t.test(`on a real disk (${kind}) filled to the last byte, what it gives back can be written`, { skip: mountRefusal(kind) }, async (t) => {
    const { folder: site, remove } = makeSite();
    const folder = join(site, 'disk');
    const unmount = mountDisk(kind, folder, 4 * MIB);
    t.teardown(() => { unmount(); remove(); });
    const path = join(folder, 'reserve');
    const reserve = await open(nodeSpoolFiles, () => 256 * KIB, path);
    await reserve.refill();
    t.ok(statSync(path).blocks * 512 >= 256 * KIB, 'its blocks are real');
    fillDisk(folder);
    t.throws(() => { writeFileSync(join(folder, 'line'), Buffer.alloc(100 * KIB)); }, { code: 'ENOSPC' });
    rmSync(join(folder, 'line'), { force: true });
    await reserve.spend(() => { writeFileSync(join(folder, 'line'), Buffer.alloc(100 * KIB, 'x')); return Promise.resolve(); });
    t.equal(statSync(join(folder, 'line')).size, 100 * KIB);
    t.ok(existsSync(path));
    t.equal(reserve.missingBytes, 128 * KIB);
  });
}
