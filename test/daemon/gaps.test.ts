import t from 'tap';
import type { FilteredEvent } from '../../src/event/privacy.js';
import type { StateStore } from '../../src/agents/state-file.js';
import { openGaps, type Gaps } from '../../src/daemon/gaps.js';
import { manualClock, type ManualClock } from '../fixtures/clock.js';
import { recordingLogger } from '../fixtures/logger.js';

const ACME = { msspId: 'mssp_a', customerId: 'cust_acme' };
const OTHER = { msspId: 'mssp_a', customerId: 'cust_other' };

/** A disk that takes what is written while `works`. */
function memoryStore(json?: unknown): StateStore & { json: unknown; works: boolean; aside: unknown } {
  return {
    json, works: true, aside: undefined,
    read() { return Promise.resolve(this.json); },
    write(parts) {
      if (!this.works) return Promise.reject(Object.assign(new Error('no room'), { code: 'ENOSPC' }));
      this.json = JSON.parse([...parts].join(''));
      return Promise.resolve();
    },
    setAside() { this.aside = this.json; return Promise.resolve('gaps.json.damaged-1'); },
  };
}

async function make(store: StateStore = memoryStore(), logger = recordingLogger()): Promise<{ clock: ManualClock; gaps: Gaps; flushed(): Promise<FilteredEvent[]> }> {
  let ids = 0;
  const clock = manualClock(Date.parse('2026-01-30T10:00:00Z'));
  const gaps = await openGaps({ clock, logger, ulid: () => String(ids++), store });
  return {
    clock, gaps,
    async flushed() {
      const events: FilteredEvent[] = [];
      await gaps.flush((_stream, event) => { events.push(event); return Promise.resolve(); });
      return events;
    },
  };
}

t.test('events that were lost are announced once, counted by customer, reason and destination, since the first', async (t) => {
  const { gaps, flushed } = await make();
  gaps.note(ACME, 'rejected', 1, 2000);
  gaps.note(ACME, 'rejected', 2, 1000);
  gaps.note(ACME, 'expired', 5, 3000, 'siem');
  gaps.note(ACME, 'expired', 7, 4000, 'webhook');
  gaps.note(OTHER, 'rejected', 1, 9000);
  gaps.note(OTHER, 'damaged', 0, 9000);
  const said = (await flushed()).map(({ event_type, event_id, timestamp, payload }) => ({ event_type, event_id, timestamp, ...payload }));
  const common = { event_type: 'delivery_gap', timestamp: '2026-01-30T10:00:00.000Z', mssp_id: 'mssp_a' };
  t.same(said, [
    { ...common, event_id: 'evt_0', customer_id: 'cust_acme', reason: 'rejected', count: 3, since: '1970-01-01T00:00:01.000Z' },
    { ...common, event_id: 'evt_1', customer_id: 'cust_acme', destination: 'siem', reason: 'expired', count: 5, since: '1970-01-01T00:00:03.000Z' },
    { ...common, event_id: 'evt_2', customer_id: 'cust_acme', destination: 'webhook', reason: 'expired', count: 7, since: '1970-01-01T00:00:04.000Z' },
    { ...common, event_id: 'evt_3', customer_id: 'cust_other', reason: 'rejected', count: 1, since: '1970-01-01T00:00:09.000Z' },
  ]);
  t.same(await flushed(), [], 'nothing is said twice');
});

t.test('where something expires all the time, that is said once in ten minutes, with all of it', async (t) => {
  const { clock, gaps, flushed } = await make();
  const told: unknown[] = [];
  for (let passedMs = 0; passedMs < 1_800_000; passedMs += 5000) {
    gaps.note(ACME, 'expired', 2, 1000 + passedMs, 'webhook');
    if (passedMs === 5000) gaps.note(ACME, 'expired', 1, 9, 'siem');
    for (const { payload } of await flushed()) told.push([passedMs, 'destination' in payload && payload.destination, 'count' in payload && payload.count]);
    await clock.advance(5000);
  }
  t.same(told, [[0, 'webhook', 2], [5000, 'siem', 1], [600_000, 'webhook', 240], [1_200_000, 'webhook', 240]]);
});

t.test('what cannot be announced yet is kept, together with what is lost meanwhile', async (t) => {
  const { gaps, flushed } = await make();
  gaps.note(ACME, 'rejected', 1, 1000);
  gaps.note(OTHER, 'rejected', 4, 1000);
  const announced: string[] = [];
  await gaps.flush((stream) => {
    if (stream.customerId === ACME.customerId) {
      gaps.note(ACME, 'rejected', 2, 5000);
      return Promise.reject(new Error('full'));
    }
    announced.push(stream.customerId);
    return Promise.resolve();
  });
  t.same(announced, ['cust_other'], 'one customer\'s trouble is not another\'s');
  t.match(await flushed(), [{ payload: { customer_id: 'cust_acme', count: 3, since: '1970-01-01T00:00:01.000Z' } }]);
});

t.test('a customer that was deleted is told nothing, nor is one of the same id', async (t) => {
  const { gaps, flushed } = await make();
  gaps.note(ACME, 'rejected', 1, 1000);
  gaps.note(ACME, 'expired', 1, 1000, 'siem');
  gaps.note(OTHER, 'rejected', 4, 1000);
  gaps.forget({ ...ACME });
  t.match(await flushed(), [{ payload: { customer_id: 'cust_other' } }]);
});

t.test('what could not be told is told by the next process, unless its customer is gone', async (t) => {
  const store = memoryStore();
  const first = await make(store);
  first.gaps.note(ACME, 'rejected', 3, 1000);
  first.gaps.note(ACME, 'expired', 2, 2000, 'siem');
  first.gaps.note(OTHER, 'rejected', 4, 1000);
  first.gaps.forget(OTHER);
  await first.gaps.close();
  const gap = { mssp_id: 'mssp_a', customer_id: 'cust_acme', reason: 'rejected', count: 3, since: '1970-01-01T00:00:01.000Z' };
  t.same(store.json, { version: 1, gaps: [gap, { mssp_id: 'mssp_a', customer_id: 'cust_acme', destination: 'siem', reason: 'expired', count: 2, since: '1970-01-01T00:00:02.000Z' }] });

  const second = await make(store);
  second.gaps.note(ACME, 'rejected', 1, 500);
  t.match(await second.flushed(), [{ payload: { ...gap, count: 4, since: '1970-01-01T00:00:00.500Z' } }, { payload: { destination: 'siem', count: 2 } }]);
  await second.gaps.close();
  t.same(store.json, { version: 1, gaps: [] }, 'and is not told again');
});

t.test('the counts are written within seconds of a change, and once a full disk has room', async (t) => {
  const store = memoryStore();
  const { gaps } = await make(store);
  gaps.note(ACME, 'rejected', 1, 1000);
  store.works = false;
  for (let ms = 0; ms <= 20_000; ms += 5000) { gaps.tick(ms); await new Promise(setImmediate); }
  t.equal(store.json, undefined);
  store.works = true;
  for (let ms = 25_000; ms <= 30_000; ms += 5000) { gaps.tick(ms); await new Promise(setImmediate); }
  t.match(store.json, { gaps: [{ count: 1 }] });
});

t.test('what is being told stays on the disk until it is', async (t) => {
  const store = memoryStore();
  const { gaps } = await make(store);
  gaps.note(ACME, 'rejected', 1, 1000);
  const settle = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });
  await gaps.flush(async () => {
    for (const ms of [0, 5000]) gaps.tick(ms);
    await settle();
    throw new Error('full');
  });
  t.match(store.json, { gaps: [{ count: 1 }] });
  await gaps.flush(() => Promise.resolve());
  for (const ms of [10_000, 20_000]) gaps.tick(ms);
  await settle();
  t.match(store.json, { gaps: [] });
});

t.test('a damaged record is kept aside, and what can be read of it is told', async (t) => {
  const gap = { mssp_id: 'mssp_a', customer_id: 'cust_acme', reason: 'rejected', count: 3, since: '2026-01-30T09:00:00.000Z' };
  for (const wrong of [{ count: 0 }, { count: 1.5 }, { reason: 'other' }, { since: 'yesterday' }, { mssp_id: 7 }]) {
    const store = memoryStore({ version: 1, gaps: [{ ...gap, ...wrong }, gap] });
    const { flushed } = await make(store);
    t.match(await flushed(), [{ payload: gap }]);
    t.ok(store.aside);
  }
  for (const json of [[], null, { version: 2, gaps: [] }, { version: 1 }]) {
    const store = memoryStore(json);
    t.same(await (await make(store)).flushed(), []);
    t.equal(store.aside, json);
  }
});
