import assert from 'node:assert';
import { RaxedError } from '../../src/errors.js';
import { decodeKnown } from '../../src/spool/known-destinations.js';
import { createSpool } from '../../src/spool/spool.js';
import type { Cursor, Spool, SpoolReport, Stream } from '../../src/spool/spool.js';
import { manualClock } from '../fixtures/clock.js';
import { FaultyFiles, seededRandom } from '../fixtures/faulty-files.js';
import type { Fault, FileOp } from '../fixtures/faulty-files.js';
import { silentLogger } from '../fixtures/logger.js';
import { losePlace, placeAt, StreamModel } from './model.js';
import type { Found } from './model.js';
import type { Call, Destination, Event, Setup, Step } from './steps.js';
import { bytesOf, bytesOnDisk, HOUR_MS, readAll, SMALL, textOf } from './world.js';

const CUSTOMERS = ['a', 'b'] as const;
const DESTINATIONS = ['webhook', 'siem', 'late'] as const;
const DEAD_LETTER_BYTES = 6000;
const DESCRIPTORS_PER_STREAM = 4;
/** Cursors and lists are not asked for: two customers with three destinations. */
const PLACES_BYTES = 8192;

interface Side {
  readonly customer: typeof CUSTOMERS[number];
  model: StreamModel;
  stream: Stream<Uint8Array>;
  readonly cursors: Map<string, Cursor<Uint8Array>>;
  /** Who is configured: attached again after a start. */
  readonly configured: Set<string>;
  /** A crash may have come between a loss and its report. */
  forgive: boolean;
  /** It was to be removed; a crash may have come before. */
  removing: boolean;
  flips: number;
}

/** The real spool and the model, in lock-step. A contradiction throws. */
export class History {
  files = new FaultyFiles();
  readonly #clock = manualClock();
  readonly #counts = new Map<string, number>();
  #callsInCut = 0;
  readonly #random: () => number;
  readonly #setup: Setup;
  #options: { maxBytes: number; segmentBytes: number; whenFull: 'reject' | 'drop_oldest' };
  #largestSegment = 2048;
  /** What the spool may hold although its limit was lowered. */
  #allowedBytes = 0;
  #spool!: Spool<Uint8Array>;
  #sides: Side[] = [];
  #faulty = false;
  #fault: (op: FileOp) => Fault | undefined = () => undefined;
  /** Kinds of steps so far, and of settings. */
  readonly #happened = new Set<string>();
  readonly #unexplained: SpoolReport[] = [];

  private constructor(setup: Setup) {
    this.#setup = setup;
    this.#random = seededRandom(setup.seed);
    const speed = seededRandom(~setup.seed);
    this.files.syncTurns = () => 1 + Math.floor(speed() ** 3 * 12);
    this.#options = { maxBytes: setup.maxBytes, segmentBytes: 2048, whenFull: setup.whenFull };
    this.#happened.add(setup.whenFull);
  }

  /** Plays a history to its end; what really happened in it, by kind, and how many system calls its last `cut` made up to there. */
  static async play(setup: Setup, steps: readonly Step[]): Promise<{ counts: ReadonlyMap<string, number>; callsInCut: number }> {
    const history = new History(setup);
    history.#sides = CUSTOMERS.map((customer) => ({ customer, model: new StreamModel(), stream: undefined as never, cursors: new Map(), configured: new Set(['webhook', 'siem']), forgive: false, removing: false, flips: 0 }));
    await history.#open();
    for (const step of steps) {
      await history.#step(step);
      history.#checkReports();
      history.#checkLimits();
    }
    await history.#end();
    history.#checkReports();
    return { counts: history.#counts, callsInCut: history.#callsInCut };
  }

  async #step(step: Step): Promise<void> {
    this.#happened.add(step.do);
    if (!('customer' in step) || step.do === 'lose') return this.#befall(step);
    if (step.do !== 'read') return this.#call(step);
    const side = this.#side(step.customer);
    // With ack "write" the newest are not there yet.
    return this.#checkAll(side, DESTINATIONS[step.destination], this.#setup.ack === 'write' ? side.stream.nextSeq : Infinity);
  }

  async #befall(event: Event): Promise<void> {
    switch (event.do) {
      case 'together': return this.#together(event.calls);
      case 'cut': return this.#cut(event);
      case 'close':
      case 'kill':
      case 'crash': return this.#restart(event.do);
      case 'heal': this.#heal(); return;
      case 'pass': return this.#clock.advance(event.ms);
      case 'clock': this.#clock.step(event.ms); return;
      case 'fault': this.#failNext(event.op, event.times, { errno: event.errno }); return;
      case 'short': this.#failNext('write', 1, { short: event.bytes }); return;
      case 'room':
        this.#faulty = true;
        this.files.capacityBytes = bytesOnDisk(this.files) + event.bytes;
        return;
      case 'flip': return this.#flip(event);
      case 'lose': return this.#lose(event.file, this.#side(event.customer), DESTINATIONS[event.destination]);
      default: throw new Error(`no such event: ${JSON.stringify(event satisfies never)}`);
    }
  }

  async #call(call: Call): Promise<void> {
    const side = this.#side(call.customer);
    switch (call.do) {
      case 'append': await this.#append(side, call.count, call.length); return;
      case 'commit': return this.#commit(side, call.destination, call.part);
      case 'settle': return this.#settle(side, call);
      case 'read': return this.#read(side, DESTINATIONS[call.destination]);
      case 'attach': return this.#attach(side, DESTINATIONS[call.destination]);
      case 'detach': return this.#detach(side, DESTINATIONS[call.destination]);
      case 'letter': return this.#letter(side, DESTINATIONS[call.destination], call.count);
      case 'take': return this.#take(side, DESTINATIONS[call.destination], call.part);
      case 'purge': return this.#take(side, DESTINATIONS[call.destination], 'all');
      case 'rewrite': return this.#rewrite(side);
      case 'tick': return this.#spool.tick();
      case 'remove': return this.#remove(side);
      case 'expire': {
        const failed = await refused(side.stream.expire(call.ms));
        // Dead letters whose deletion could not be synced are gone, and who asked knows only that it failed.
        side.forgive ||= failed;
        return;
      }
      case 'reconfigure':
        this.#options = { maxBytes: call.maxBytes, segmentBytes: call.segmentBytes, whenFull: call.whenFull };
        this.#allowedBytes = Math.max(this.#allowedBytes, this.#spool.stats().bytes);
        this.#happened.add(call.whenFull);
        this.#largestSegment = Math.max(this.#largestSegment, call.segmentBytes);
        this.#spool.reconfigure(this.#options);
        return;
      default: throw new Error(`no such call: ${JSON.stringify(call satisfies never)}`);
    }
  }

  /** How many were accepted. */
  async #append(side: Side, count: number, length: number): Promise<number> {
    const { model, stream } = side;
    let accepted = 0;
    await Promise.all(Array.from({ length: count }, async () => {
      const event = model.given++;
      await refused(stream.append(bytesOf(`event ${event} `.padEnd(length, 'x'))).then((seq) => {
        model.accepted(seq, event);
        accepted++;
      }));
    }));
    return accepted;
  }

  async #commit(side: Side, destination: Destination, part: number): Promise<void> {
    const name = DESTINATIONS[destination];
    const cursor = side.cursors.get(name);
    const place = side.model.places.get(name);
    if (cursor === undefined || place === undefined) return;
    const seq = cursor.committed + Math.floor(Math.min(1, part * 1.5) * (side.stream.nextSeq - cursor.committed));
    place.asked = Math.max(place.asked, seq);
    // Nothing is written then, and what was may have been flipped since.
    const isNew = seq > cursor.committed;
    if (await refused(cursor.commit(seq)) || !isNew) return;
    place.sure = Math.max(place.sure, seq);
    place.durable = true;
  }

  /** Some events behind the oldest open one are done. */
  async #settle(side: Side, { destination, part, count }: Call & { do: 'settle' }): Promise<void> {
    const name = DESTINATIONS[destination];
    const cursor = side.cursors.get(name);
    const place = side.model.places.get(name);
    if (cursor === undefined || place === undefined) return;
    const { committed } = cursor;
    const { nextSeq } = side.stream;
    const from = committed + 1 + Math.floor(part * (nextSeq - committed));
    const to = Math.min(from + count, nextSeq);
    if (from >= to) return;
    const seqs = Array.from({ length: to - from }, (_, i) => from + i);
    for (const seq of seqs) place.askedBeyond.add(seq);
    if (await refused(cursor.commit(committed, [{ from, to }]))) return;
    for (const seq of seqs) place.settled.add(seq);
    place.durable = true;
    this.#count('settled');
  }

  async #read(side: Side, name: string): Promise<void> {
    const cursor = side.cursors.get(name);
    if (cursor === undefined) return;
    await refused(readAll(cursor).then((found) => { side.model.checkRead(found.map(foundIn)); }));
  }

  async #attach(side: Side, name: string): Promise<void> {
    if (side.cursors.has(name)) return;
    side.configured.add(name);
    const before = side.stream.nextSeq;
    const cursor = await side.stream.attach(name);
    side.cursors.set(name, cursor);
    const place = side.model.places.get(name);
    if (place === undefined) assert.ok(cursor.committed >= before, `${name} is new and begins at ${cursor.committed}, before ${before}`);
    if (place?.durable !== true) side.model.places.set(name, { ...placeAt(cursor.committed, !this.#faulty), ...(place === undefined ? {} : { missing: place.missing, forgiven: place.forgiven, askedBeyond: place.askedBeyond }) });
  }

  async #detach(side: Side, name: string): Promise<void> {
    side.cursors.get(name)?.detach();
    side.cursors.delete(name);
    side.configured.delete(name);
    await Promise.resolve();
  }

  async #letter(side: Side, name: string, count: number): Promise<void> {
    const model = side.model.lettersOf(name);
    await refused(side.stream.deadLetters(name).then(async (letters) => {
      for (let i = 0; i < count; i++) {
        const event = model.given++;
        const id = await letters.add({ seq: event, time: event, payload: bytesOf(`event ${event} `.padEnd(200, 'x')) }, { message: 'answered 400', attempts: 1, at: this.#clock.now() });
        model.kept.set(id, event);
      }
    }));
  }

  async #take(side: Side, name: string, part: number | 'all'): Promise<void> {
    const model = side.model.lettersOf(name);
    const ids = [...model.kept.keys()];
    const gone = part === 'all' ? ids : ids.slice(0, Math.ceil(part * ids.length));
    const events = gone.map((id) => model.kept.get(id) ?? 0);
    for (const id of gone) model.kept.delete(id);
    const failed = await refused(side.stream.deadLetters(name).then((letters) => (part === 'all' ? letters.purge() : letters.remove(gone))));
    // What was added meanwhile may be gone too.
    if (part === 'all') model.kept.clear();
    if (!failed) for (const event of events) model.gone.add(event);
  }

  async #rewrite(side: Side): Promise<void> {
    const { model } = side;
    const below = model.given;
    if (!await refused(side.stream.rewrite(rewritten))) model.rewrittenBelow = Math.max(model.rewrittenBelow, below);
  }

  async #remove(side: Side): Promise<void> {
    side.removing = true;
    if (await refused(this.#spool.removeStream(idOf(side)))) {
      this.#heal();
      await this.#spool.removeStream(idOf(side));
    }
    side.cursors.clear();
    await this.#openSide(side);
  }

  async #together(calls: readonly Call[]): Promise<void> {
    await Promise.all(calls.filter((call) => call.do !== 'remove').map((call) => this.#call(call)));
  }

  async #cut({ how, afterCalls, calls }: Event & { do: 'cut' }): Promise<void> {
    const before = this.files.calls;
    const at = before + afterCalls;
    this.files.onCall = (op, _path, call) => (call >= at ? 'dead' : this.#fault(op));
    const drops = [this.#options, ...calls].some((each) => 'whenFull' in each && each.whenFull === 'drop_oldest');
    const mayDrop = drops && calls.some((call) => call.do === 'append' || call.do === 'letter');
    for (const side of this.#sides) {
      const mine = calls.filter((call) => this.#side(call.customer) === side);
      if (mayDrop || mine.some((call) => call.do === 'expire' || call.do === 'letter')) side.forgive = true;
      // Its time may be over.
      if (calls.some((call) => call.do === 'tick')) for (const [name, place] of side.model.places) if (!side.cursors.has(name)) place.durable = false;
      if (mine.some((call) => call.do === 'attach')) for (const place of side.model.places.values()) place.durable &&= false;
    }
    const removed = calls.find((call) => call.do === 'remove');
    const known = this.#sides.map(({ model }) => new Set(model.places.keys()));
    await Promise.all((removed === undefined ? calls : [removed]).map((call) => this.#call(call).catch((error: unknown) => {
      if (!(error instanceof RaxedError)) throw error;
    })));
    // Whoever came meanwhile may not have got as far as the disk.
    for (const [i, { model }] of this.#sides.entries()) for (const [name, place] of model.places) place.durable &&= known[i]?.has(name) === true;
    this.#callsInCut = this.files.calls - before;
    await this.#restart(how);
  }

  async #flip({ running, part, at, mask }: Event & { do: 'flip' }): Promise<void> {
    if (!running) await this.#stop('kill');
    const paths = [...this.files.snapshot()].filter(([path, bytes]) => bytes.length > 0 && path.split('/').length > 3).map(([path]) => path);
    const path = paths[Math.floor(part * paths.length)];
    if (path !== undefined) {
      const content = Buffer.from(this.files.snapshot().get(path) ?? Buffer.alloc(0));
      const offset = Math.floor(at * content.length);
      content.writeUInt8(content.readUInt8(offset) ^ mask, offset);
      this.files.replace(path, content);
      this.#count(`${kindOf(path)} flipped`);
      const side = this.#sides.find(({ customer }) => path.includes(`/${customer}/`) || path.includes(`/${customer}.`));
      if (side !== undefined) {
        side.flips++;
        if (kindOf(path) === 'list') this.#mayForget(side);
        if (path.endsWith('.cursor')) for (const place of side.model.places.values()) losePlace(place);
      }
    }
    if (!running) await this.#open();
  }

  /** Somebody deletes a file while the daemon is stopped. */
  async #lose(file: 'cursor' | 'list', side: Side, name: string): Promise<void> {
    await this.#stop('kill');
    const folder = folderOf(side);
    const list = decodeKnown(this.files.snapshot().get(`${folder}/destinations.known`) ?? Buffer.alloc(0));
    const path = file === 'list' ? `${folder}/destinations.known` : `${folder}/${name}.cursor`;
    if (this.files.snapshot().has(path)) {
      this.#heal();
      await this.files.unlink(path);
      await this.files.syncFolder(folder);
      this.#count(`${file} lost`);
      const place = side.model.places.get(name);
      if (file === 'list') this.#mayForget(side);
      // The list, too, may have rotted: nothing is left then that knows of the destination.
      if (file === 'cursor' && !(list.kind === 'names' && list.names.includes(name))) side.model.places.delete(name);
      else if (file === 'cursor' && place !== undefined) losePlace(place);
    }
    await this.#open();
  }

  /** The list of destinations is gone: nothing knows of one that has lost its cursor, too, and was not attached since. */
  #mayForget(side: Side): void {
    for (const [name, place] of side.model.places) if (!this.files.snapshot().has(`${folderOf(side)}/${name}.cursor`)) place.durable = false;
  }

  #failNext(failing: FileOp, times: number, fault: Fault): void {
    this.#faulty = true;
    let left = times;
    this.#fault = (op) => {
      if (op !== failing || left-- <= 0) return undefined;
      this.#count(`${op} ${typeof fault === 'object' && 'errno' in fault ? fault.errno : 'short'}`);
      return fault;
    };
    this.files.onCall = this.#fault;
  }

  #heal(): void {
    this.#faulty = false;
    this.#fault = () => undefined;
    this.files.onCall = this.#fault;
    this.files.capacityBytes = Infinity;
  }

  async #restart(how: 'close' | 'kill' | 'crash'): Promise<void> {
    await this.#stop(how);
    await this.#open();
  }

  async #stop(how: 'close' | 'kill' | 'crash'): Promise<void> {
    const durable = this.#sides.map(({ stream }) => stream.nextSeq);
    if (how === 'close') await this.#spool.close();
    const next = how === 'crash' ? this.files.crash(this.#random) : this.files.kill();
    if (how !== 'close') await this.#spool.close();
    this.#count(how);
    this.#count('disk full', this.files.overflows);
    // A fault outlives the process.
    next.onCall = (op) => this.#fault(op);
    this.files = next;
    for (const [i, { model }] of this.#sides.entries()) {
      // With ack "write" what was not synced is owed after SIGKILL only, and on a disk that works.
      if (this.#setup.ack === 'write' && (how === 'crash' || this.#faulty)) for (const seq of [...model.acked.keys()]) if (seq >= (durable[i] ?? 0)) model.acked.delete(seq);
    }
  }

  async #open(): Promise<void> {
    this.#spool = await createSpool<Uint8Array>({ ...SMALL, ...this.#options, ack: this.#setup.ack, maxDeadLetterBytes: DEAD_LETTER_BYTES }, {
      files: this.files, clock: this.#clock, logger: silentLogger, onReport: (report) => { this.#report(report); },
    });
    for (const side of this.#sides) {
      side.cursors.clear();
      await this.#openSide(side);
    }
    if (!this.#faulty) assert.equal(this.#spool.stats().bytes, bytesOnDisk(this.files), 'what is accounted is what is on the disk');
    for (const side of this.#sides) await this.#checkSide(side);
  }

  async #openSide(side: Side): Promise<void> {
    if (side.removing) {
      // What a crash left of a removal is for the operator to do again.
      this.#heal();
      await this.#spool.removeStream(idOf(side));
      side.model = new StreamModel();
      side.removing = false;
    }
    const opened = await this.#spool.openStream(idOf(side)).catch((error: unknown) => { if (!(error instanceof RaxedError)) throw error; });
    if (opened === undefined) this.#heal();
    side.stream = opened ?? await this.#spool.openStream(idOf(side));
    for (const name of side.configured) await this.#attach(side, name);
    if (side.stream.rewriteUnfinished) await this.#rewrite(side);
  }

  async #checkSide(side: Side): Promise<void> {
    for (const name of side.cursors.keys()) await this.#checkAll(side, name);
    for (const [name, model] of side.model.letters) {
      await refused(side.stream.deadLetters(name).then(async (letters) => {
        const found = await letters.list(1000);
        model.check(found.map(({ id, payload }) => ({ id, event: eventOf(Buffer.from(payload).toString()) })), side.forgive);
      }));
    }
    side.forgive = false;
  }

  async #checkAll(side: Side, name: string, end = Infinity): Promise<void> {
    const cursor = side.cursors.get(name);
    if (cursor === undefined) return;
    const { committed } = cursor;
    await refused(readAll(cursor, committed).then((found) => {
      assert.ok(cursor.pending() >= found.length, `${cursor.pending()} pending, ${found.length} read`);
      side.model.checkAll(name, found.map(foundIn), { committed, end, forgive: side.forgive });
    }));
  }

  #checkReports(): void {
    assert.deepEqual(this.#unexplained, [], 'nothing is reported that did not happen');
  }

  #checkLimits(): void {
    const { bytes } = this.#spool.stats();
    const { maxBytes } = this.#options;
    let dead = 0;
    for (const [path, content] of this.files.snapshot()) if (path.includes('/dead/')) dead += content.length;
    const limit = Math.max(maxBytes, this.#allowedBytes) + this.#largestSegment + PLACES_BYTES + dead;
    assert.ok(bytes <= limit, `${bytes} bytes of ${maxBytes}`);
    this.#allowedBytes = bytes <= maxBytes ? 0 : Math.max(this.#allowedBytes, bytes - this.#largestSegment - PLACES_BYTES - dead);
    assert.ok(this.files.mostDescriptors <= DESCRIPTORS_PER_STREAM * CUSTOMERS.length, `${this.files.mostDescriptors} descriptors`);
  }

  /** Whatever was before: it works, delivers what it has, deletes what was delivered, and a last power cut loses nothing. */
  async #end(): Promise<void> {
    this.#heal();
    await this.#step({ do: 'crash' });
    for (const side of this.#sides) {
      const accepted = await this.#append(side, 1, 50);
      const { bytes } = this.#spool.stats();
      if (bytes + 200 < this.#options.maxBytes) assert.equal(accepted, 1, 'an append on a healthy disk is accepted');
    }
    await this.#restart('close');
    for (const side of this.#sides) {
      for (const name of DESTINATIONS) await this.#attach(side, name);
      for (const name of DESTINATIONS.keys()) await this.#commit(side, name as Destination, 1);
    }
    // What is from the future is sealed at once, the rest is an hour old then.
    await this.#spool.tick();
    this.#clock.step(HOUR_MS);
    await this.#spool.tick();
    const left = [...this.files.snapshot().keys()].filter((path) => path.endsWith('.seg') && !path.includes('/dead/'));
    assert.deepEqual(left, [], 'what was delivered is deleted');
    await this.#spool.close();
  }

  #report(report: SpoolReport): void {
    const side = this.#sides.find(({ customer }) => customer === report.stream?.customerId);
    if (side === undefined) return;
    if (!this.#isExplained(report, side)) this.#unexplained.push(report);
    // What a flipped length field leaves looks like a torn tail; of two flips in a row one may hide the other.
    const unsure = (report.kind === 'torn_tail' && side.flips > 0) || (report.kind === 'damaged' && report.count !== 0 && side.flips > 1);
    side.model.report(unsure ? { ...report, kind: 'damaged', count: Infinity } : report);
  }

  /** A report excuses a loss; so there must have been a reason for it. */
  #isExplained({ kind, bytes = 0 }: SpoolReport, side: Side): boolean {
    const has = (what: string): boolean => this.#happened.has(what);
    switch (kind) {
      case 'torn_tail': return has('crash') || has('cut') || has('fault') || side.flips > 0;
      // Of a group that a power cut tore the end may be whole, and the middle not.
      case 'damaged': return has('fault') || has('short') || has('room') || has('lose') || side.flips > 0 || (bytes > 0 && (has('crash') || has('cut')));
      case 'segment_given_up': return has('fault') || has('short') || has('room') || has('cut') || has('crash') || has('kill') || has('flip') || has('lose');
      case 'dropped_oldest': return has('drop_oldest');
      case 'expired':
      case 'dead_letters_expired': return has('expire') || has('cut') || has('together');
      case 'cursor_released': return has('clock');
      case 'newer_version': return false;
      case 'dead_letters_dropped':
      case 'full':
      case 'healed': return true;
      default: throw new Error(`no such report: ${JSON.stringify(kind satisfies never)}`);
    }
  }

  #count(kind: string, times = 1): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + times);
  }

  #side(index: 0 | 1): Side {
    const side = this.#sides[index];
    assert.ok(side !== undefined);
    return side;
  }
}

function idOf(side: Side): { msspId: string; customerId: string } {
  return { msspId: 'mssp', customerId: side.customer };
}

function folderOf(side: Side): string {
  return `/spool/mssp/${side.customer}`;
}

function kindOf(path: string): string {
  if (path.includes('/dead/')) return 'dead letters';
  return path.endsWith('.seg') ? 'segment' : path.endsWith('.cursor') ? 'cursor' : path.endsWith('.known') ? 'list' : 'other file';
}

const EVENT = /^(event|safe) (\d+) /;

function foundIn(record: { readonly seq: number; readonly payload: Uint8Array }): Found {
  const text = textOf({ ...record, time: 0 });
  return { seq: record.seq, event: eventOf(text), rewritten: text.startsWith('safe') };
}

function eventOf(text: string): number {
  const [, , number] = EVENT.exec(text) ?? [];
  assert.ok(number !== undefined && /^[a-z]+ \d+ x*$/.test(text), `invented: ${text.slice(0, 40)}`);
  return Number(number);
}

/** As privacy does: shorter, and the same when it is done again. */
function rewritten(payload: Uint8Array): Uint8Array {
  const text = Buffer.from(payload).toString('utf8');
  return text.startsWith('safe') ? payload : bytesOf(`safe ${eventOf(text)} `.padEnd(Math.floor(text.length / 2), 'x'));
}

/** Whether the spool refused it; anything else that went wrong is thrown. */
async function refused(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return false;
  } catch (error) {
    if (!(error instanceof RaxedError)) throw error;
    return true;
  }
}
