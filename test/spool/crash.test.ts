import fc from 'fast-check';
import t from 'tap';
import type { Cursor, SpoolOptions } from '../../src/spool/spool.js';
import { manualClock } from '../fixtures/clock.js';
import { FaultyFiles, seededRandom } from '../fixtures/faulty-files.js';
import type { Fault, FileOp } from '../fixtures/faulty-files.js';
import { appendAll, bytesOf, bytesOnDisk, HOUR_MS, numbered, openWorld, readAll, textOf } from './world.js';
import type { World } from './world.js';

const RUNS = process.env['RAXED_TEST_LONG'] === undefined ? 400 : 10_000;
const DESTINATIONS = ['webhook', 'siem'] as const;

/** What must be true of a spool, whatever happens: kept beside the real one and compared after each opening. */
class Model {
  /** seq → text, of every append that was acknowledged. */
  readonly acked = new Map<number, string>();
  /** Every text that was ever given to an append. */
  readonly given = new Set<string>();
  /** A commit moves a destination's place to somewhere in between: what was durable for sure, and what was asked for. */
  readonly places = new Map<string, { sure: number; asked: number }>();

  check(destination: string, committed: number, found: readonly { seq: number; text: string }[]): void {
    const place = this.places.get(destination);
    if (place !== undefined && (committed < place.sure || committed > place.asked)) throw new Error(`${destination} is at ${committed}, expected ${place.sure} to ${place.asked}`);
    let last = committed - 1;
    for (const { seq, text } of found) {
      if (seq <= last) throw new Error(`seq ${seq} after ${last}`);
      last = seq;
      if (!this.given.has(text)) throw new Error(`invented: ${text}`);
      if ((this.acked.get(seq) ?? text) !== text) throw new Error(`seq ${seq} was ${String(this.acked.get(seq))}, is ${text}`);
    }
    if (new Set(found.map(({ text }) => text)).size !== found.length) throw new Error('a record is there twice');
    const seen = new Set(found.map(({ seq }) => seq));
    for (const seq of this.acked.keys()) if (seq >= committed && !seen.has(seq)) throw new Error(`${destination} lost ${seq}, from ${committed}`);
  }
}

type Step =
  | { readonly do: 'append'; readonly count: number; readonly length: number }
  | { readonly do: 'commit'; readonly destination: 0 | 1; readonly part: number }
  | { readonly do: 'read'; readonly destination: 0 | 1 }
  | { readonly do: 'close' | 'kill' | 'crash' | 'rewrite' | 'age' }
  | { readonly do: 'crashDuring'; readonly calls: number; readonly what: 'append' | 'commit' | 'rewrite' }
  | { readonly do: 'fault'; readonly op: FileOp; readonly errno: string; readonly times: number }
  | { readonly do: 'short'; readonly bytes: number }
  | { readonly do: 'fullDisk'; readonly room: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 12 }), length: fc.integer({ min: 10, max: 600 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('commit' as const), destination: fc.constantFrom(0 as const, 1 as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('read' as const), destination: fc.constantFrom(0 as const, 1 as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('close' as const, 'kill' as const, 'crash' as const, 'rewrite' as const, 'age' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('crashDuring' as const), calls: fc.integer({ min: 0, max: 30 }), what: fc.constantFrom('append' as const, 'commit' as const, 'rewrite' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fault' as const), op: fc.constantFrom<FileOp[]>('create', 'write', 'datasync', 'truncate', 'unlink', 'rename', 'syncFolder', 'open'), errno: fc.constantFrom('EIO', 'ENOSPC'), times: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('short' as const), bytes: fc.integer({ min: 1, max: 300 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fullDisk' as const), room: fc.integer({ min: 0, max: 2000 }) }) },
);

/** The real spool and the model in lock-step. */
class Run {
  files = new FaultyFiles();
  readonly model = new Model();
  readonly #clock = manualClock();
  readonly #random: () => number;
  readonly #options: Partial<SpoolOptions>;
  #world!: World;
  #cursors: Cursor<Uint8Array>[] = [];
  #next = 0;

  constructor(seed: number, ack: 'fsync' | 'write') {
    this.#random = seededRandom(seed);
    this.#options = { ack, segmentBytes: 2048 };
  }

  async open(): Promise<void> {
    this.#world = await openWorld(this.files, this.#options, this.#clock);
    this.#cursors = [];
    // Damage that one opening finds is set aside by the next reads: only a clean disk must add up at once.
    if (this.#world.reports.length === 0) {
      const onDisk = bytesOnDisk(this.files);
      const { bytes } = this.#world.spool.stats();
      if (bytes !== onDisk) throw new Error(`${bytes} bytes accounted, ${onDisk} on the disk`);
    }
    for (const destination of DESTINATIONS) {
      const cursor = await this.#world.stream.attach(destination);
      this.#cursors.push(cursor);
      if (!this.model.places.has(destination)) this.model.places.set(destination, { sure: cursor.committed, asked: cursor.committed });
      await this.#check(cursor);
    }
    if (this.#world.stream.rewriteUnfinished) await this.#world.stream.rewrite(same);
  }

  async step(step: Step): Promise<void> {
    switch (step.do) {
      case 'append': return this.#append(step.count, step.length);
      case 'commit': return this.#commit(step.destination, step.part);
      case 'read': return this.#check(this.#cursors[step.destination]);
      case 'rewrite': return settle(this.#world.stream.rewrite(same));
      case 'age':
        this.#clock.step(HOUR_MS);
        return this.#world.spool.tick();
      case 'close': return this.#close();
      case 'kill': return this.#reopen(this.files.kill());
      case 'crash': return this.#reopen(this.files.crash(this.#random));
      case 'crashDuring': return this.#crashDuring(step.what, step.calls);
      case 'fault': this.#failNext(step.op, step.times, () => ({ errno: step.errno })); return;
      case 'short': this.#failNext('write', 1, () => ({ short: step.bytes })); return;
      case 'fullDisk': {
        let used = 0;
        for (const bytes of this.files.snapshot().values()) used += bytes.length;
        this.files.capacityBytes = used + step.room;
        await this.#append(4, 200);
        this.files.capacityBytes = Infinity;
        return;
      }
      default: throw new Error(`no such step: ${JSON.stringify(step satisfies never)}`);
    }
  }

  async #append(count: number, length: number): Promise<void> {
    const texts = numbered(count, this.#next, length);
    this.#next += count;
    await Promise.all(texts.map(async (text) => {
      this.model.given.add(text);
      try {
        const seq = await this.#world.stream.append(bytesOf(text));
        if (this.model.acked.has(seq)) throw new Error(`seq ${seq} given twice`);
        // With ack "write" only SIGKILL is survived, and the test cuts the power too: nothing is owed.
        if (this.#options.ack === 'fsync') this.model.acked.set(seq, text);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error)) throw error;
      }
    }));
  }

  async #commit(index: 0 | 1, part: number): Promise<void> {
    const cursor = this.#cursors[index];
    const place = this.model.places.get(DESTINATIONS[index]);
    if (cursor === undefined || place === undefined) return;
    const seq = cursor.committed + Math.floor(Math.min(1, part * 1.5) * (this.#world.stream.nextSeq - cursor.committed));
    place.asked = Math.max(place.asked, seq);
    try {
      await cursor.commit(seq);
      place.sure = Math.max(place.sure, seq);
    } catch { /* It may or may not have arrived. */ }
  }

  async #check(cursor: Cursor<Uint8Array> | undefined): Promise<void> {
    if (cursor === undefined) return;
    const from = cursor.committed;
    try {
      const found = await readAll(cursor, from);
      this.model.check(cursor.destination, from, found.map((record) => ({ seq: record.seq, text: textOf(record) })));
    } catch (error) {
      // A disk that cannot be read now is no contradiction; the next opening looks again.
      if (!(error instanceof Error && 'code' in error && error.code === 'SPOOL_IO')) throw error;
    }
  }

  async #crashDuring(what: 'append' | 'commit' | 'rewrite', calls: number): Promise<void> {
    const at = this.files.calls + calls;
    this.files.onCall = (_op, _path, call) => (call >= at ? 'dead' : undefined);
    if (what === 'append') await this.#append(8, 300);
    else if (what === 'commit') await this.#commit(0, 1);
    else await settle(this.#world.stream.rewrite(same));
    await this.#reopen(this.files.crash(this.#random));
  }

  async #close(): Promise<void> {
    this.files.onCall = () => undefined;
    await this.#world.spool.close();
    await this.open();
  }

  async #reopen(files: FaultyFiles): Promise<void> {
    const before = this.#world;
    this.files = files;
    await before.spool.close();
    await this.open();
  }

  #failNext(failing: FileOp, times: number, fault: () => Fault): void {
    let left = times;
    this.files.onCall = (op) => (op === failing && left-- > 0 ? fault() : undefined);
  }
}

function same(payload: Uint8Array): Uint8Array {
  return payload;
}

async function settle(promise: Promise<unknown>): Promise<void> {
  await promise.catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error)) throw error;
  });
}

void t.test('whatever fails and whenever the power goes, what was acknowledged is there, once, in order, and nothing else', { timeout: 900_000 }, async (t) => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 30 }), fc.integer(), fc.constantFrom('fsync' as const, 'fsync' as const, 'write' as const), async (steps, seed, ack) => {
    const run = new Run(seed, ack);
    await run.open();
    for (const one of steps) await run.step(one);
    await run.step({ do: 'crash' });
    await run.step({ do: 'append', count: 3, length: 50 });
    await run.step({ do: 'close' });
  }), { numRuns: RUNS });
  t.pass(`${RUNS} histories`);
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
    await settle(stream.rewrite(shorter).then(() => { finished = true; }));
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
