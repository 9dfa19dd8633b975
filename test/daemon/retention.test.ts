import t from 'tap';
import type { TenantPlan } from '../../src/daemon/generation.js';
import { createRetention } from '../../src/daemon/retention.js';
import { retentionMs, sealAgeMs } from '../../src/daemon/settings.js';
import type { SpoolReport, StreamId } from '../../src/spool/spool.js';
import { createSpool } from '../../src/spool/spool.js';
import { manualClock } from '../fixtures/clock.js';
import { FaultyFiles } from '../fixtures/faulty-files.js';
import { recordingLogger, silentLogger } from '../fixtures/logger.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SPOOL = { folder: '/spool', segmentBytes: 64 * 1024, maxBytes: 1e9, minFreeBytes: 0, whenFull: 'reject', ack: 'fsync', sealAgeMs: HOUR_MS } as const;

/** Only what retention looks at. */
function tenant(days: number): TenantPlan {
  return { customer: { retention_days: days } } as unknown as TenantPlan;
}

async function open(days: Readonly<Record<string, number>>) {
  const files = new FaultyFiles();
  const clock = manualClock();
  const reports: SpoolReport[] = [];
  const logger = recordingLogger();
  const spool = await createSpool<Uint8Array>(SPOOL, { files, clock, logger, onReport: (report) => { reports.push(report); } });
  const retention = createRetention({
    spool, clock, logger,
    retentionMs: ({ customerId }) => { const known = days[customerId]; return known === undefined ? undefined : retentionMs(tenant(known)); },
  });
  const onDisk = (text: string): boolean => [...files.snapshot().values()].some((bytes) => bytes.includes(text));
  return { files, clock, reports, spool, retention, onDisk };
}

t.test('what waits, and what is dead, stays for the customer\'s days and is gone after them, whatever others are allowed', async (t) => {
  const days = { zero: 0, one: 1, thirty: 30, ninety: 90 };
  const allowed: Readonly<Record<string, number>> = { zero: DAY_MS, one: DAY_MS, thirty: 30 * DAY_MS, ninety: 90 * DAY_MS, gone: 90 * DAY_MS };
  const { clock, reports, spool, retention, onDisk } = await open(days);
  for (const customerId of Object.keys(allowed)) {
    const stream = await spool.openStream({ msspId: 'mssp', customerId });
    await stream.attach('webhook');
    await stream.append(Buffer.from(`waits for ${customerId}.`));
    await (await stream.deadLetters('webhook')).add({ seq: 1, time: clock.now(), payload: Buffer.from(`dead of ${customerId}.`) }, { message: 'no', attempts: 1, at: clock.now() });
  }
  let passedMs = 0;
  for (const edgeMs of [DAY_MS, 30 * DAY_MS, 90 * DAY_MS]) {
    for (const atMs of [edgeMs - MINUTE_MS, edgeMs + MINUTE_MS]) {
      clock.step(atMs - passedMs);
      passedMs = atMs;
      t.equal(await retention.run(), true);
      for (const [customer, ms] of Object.entries(allowed)) {
        const kept = atMs < ms;
        if (onDisk(`waits for ${customer}.`) !== kept || onDisk(`dead of ${customer}.`) !== kept) t.fail(`${customer} after ${atMs / DAY_MS} days`);
      }
    }
  }
  for (const customerId of Object.keys(allowed)) {
    t.match(reports.filter(({ stream }) => stream?.customerId === customerId), [{ kind: 'expired', count: 1 }, { kind: 'dead_letters_expired', count: 1 }], `${customerId}: said, for the audit log and the SOC`);
  }
  await spool.close();
});

t.test('delivered text is gone from the disk after a minute without retention, else after an hour, while events go on coming', async (t) => {
  for (const [days, ageMs] of [[0, MINUTE_MS], [1, HOUR_MS], [90, HOUR_MS]] as const) {
    const { clock, spool, onDisk } = await open({});
    const stream = await spool.openStream({ msspId: 'mssp', customerId: 'cust' });
    stream.configure({ sealAgeMs: sealAgeMs(tenant(days)) });
    const cursor = await stream.attach('webhook');
    await stream.append(Buffer.from('a canary'));
    for (const atMs of [ageMs / 2, ageMs / 2 - 1]) {
      clock.step(atMs);
      await stream.append(Buffer.from('another one'));
      await cursor.commit(stream.nextSeq);
      await spool.tick();
      t.ok(onDisk('a canary'));
    }
    clock.step(1);
    await spool.tick();
    t.notOk(onDisk('a canary'), `${days} days`);
    await stream.append(Buffer.from('goes on'));
    await spool.close();
  }
});

t.test('that happens by itself, and after a restart to a stream that nobody has opened since, too', async (t) => {
  const { files, clock, spool, onDisk } = await open({});
  const zero = await spool.openStream({ msspId: 'mssp', customerId: 'zero' });
  zero.configure({ sealAgeMs: sealAgeMs(tenant(0)) });
  const thirty = await spool.openStream({ msspId: 'mssp', customerId: 'thirty' });
  for (const stream of [zero, thirty]) {
    const cursor = await stream.attach('webhook');
    await stream.append(Buffer.from(`a canary of ${stream.id.customerId}`));
    await cursor.commit(stream.nextSeq);
  }
  clock.step(MINUTE_MS);
  for (let seconds = 0; seconds < 30 && onDisk('of zero'); seconds++) await clock.advance(1000);
  t.same([onDisk('of zero'), onDisk('of thirty')], [false, true]);

  const left = files.kill();
  const leftOnDisk = (): boolean => [...left.snapshot().values()].some((bytes) => bytes.includes('of thirty'));
  const next = await createSpool<Uint8Array>(SPOOL, { files: left, clock, logger: silentLogger, onReport: () => undefined });
  clock.step(HOUR_MS - 10 * MINUTE_MS);
  for (let seconds = 0; seconds < 30; seconds++) await clock.advance(1000);
  t.ok(leftOnDisk(), 'not before its time');
  clock.step(10 * MINUTE_MS);
  for (let seconds = 0; seconds < 30 && leftOnDisk(); seconds++) await clock.advance(1000);
  t.notOk(leftOnDisk());
  await next.close();
});

t.test('a large backlog that expires at once does not hold up the customer\'s new events', async (t) => {
  const { clock, spool, retention, files, reports } = await open({ cust: 1 });
  const stream = await spool.openStream({ msspId: 'mssp', customerId: 'cust' });
  const cursor = await stream.attach('webhook');
  const letters = await stream.deadLetters('webhook');
  await Promise.all(Array.from({ length: 20_000 }, () => stream.append(Buffer.alloc(400))));
  await Promise.all(Array.from({ length: 2000 }, (_, seq) => letters.add({ seq, time: clock.now(), payload: Buffer.alloc(400) }, { message: 'no', attempts: 1, at: clock.now() })));
  clock.step(DAY_MS + 1);
  let done = false;
  let appended = 0;
  const running = retention.run().finally(() => { done = true; });
  while (!done) {
    await stream.append(Buffer.from('new'));
    appended++;
  }
  t.equal(await running, true);
  t.ok(appended > 2, `${appended} appends meanwhile`);
  t.match(reports, [{ kind: 'expired', count: 20_000 }, { kind: 'dead_letters_expired', count: 2000 }]);
  t.equal(cursor.pending(), appended);
  t.equal(letters.count(), 0);
  t.ok([...files.snapshot().values()].reduce((sum, bytes) => sum + bytes.length, 0) < 1e6, 'the disk is free again');
  await spool.close();
});

t.test('a run ends when its time is over and the next one goes on there; a bad disk, or a customer that is deleted meanwhile, holds up nobody', async (t) => {
  const clock = manualClock();
  const ids = ['a', 'b', 'c', 'd', 'e'].map((customerId) => ({ msspId: 'mssp', customerId }));
  let there: StreamId[] = ids;
  const expired: [string, number][] = [];
  const retention = createRetention({
    clock, logger: silentLogger, retentionMs: ({ customerId }) => (customerId === 'e' ? undefined : DAY_MS),
    spool: {
      streams: () => there,
      openStream: async (id) => {
        const { customerId } = id;
        if (!there.includes(id)) t.fail('a stream that has gone was opened');
        return { expire: async (ms: number) => {
          await clock.advance(600);
          expired.push([customerId, ms]);
          if (customerId === 'a') throw new Error('EIO');
        } } as unknown as Awaited<ReturnType<Parameters<typeof createRetention>[0]['spool']['openStream']>>;
      },
    },
  });
  t.equal(await retention.run(), false);
  t.same(expired, [['a', DAY_MS], ['b', DAY_MS]]);
  there = ids.filter(({ customerId }) => customerId !== 'c');
  t.equal(await retention.run(), false);
  t.equal(await retention.run(), true);
  t.same(expired.slice(2), [['d', DAY_MS], ['e', 90 * DAY_MS]], 'who is not configured may come back with the longest');
  await retention.run();
  t.equal(expired[4]?.[0], 'a', 'and around again');
});
