import t from 'tap';
import type { FilteredEvent } from '../../src/event/privacy.js';
import { createGaps, type Gaps } from '../../src/daemon/gaps.js';
import { manualClock } from '../fixtures/clock.js';

const ACME = { msspId: 'mssp_a', customerId: 'cust_acme' };
const OTHER = { msspId: 'mssp_a', customerId: 'cust_other' };

function make(): { gaps: Gaps; flushed(): Promise<FilteredEvent[]> } {
  let ids = 0;
  const gaps = createGaps({ clock: manualClock(Date.parse('2026-01-30T10:00:00Z')), ulid: () => String(ids++) });
  return {
    gaps,
    async flushed() {
      const events: FilteredEvent[] = [];
      await gaps.flush((_stream, event) => { events.push(event); return Promise.resolve(); });
      return events;
    },
  };
}

t.test('events that were lost are announced once, counted by customer, reason and destination, since the first', async (t) => {
  const { gaps, flushed } = make();
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

t.test('what cannot be announced yet is kept, together with what is lost meanwhile', async (t) => {
  const { gaps, flushed } = make();
  gaps.note(ACME, 'rejected', 1, 1000);
  gaps.note(OTHER, 'rejected', 4, 1000);
  const announced: string[] = [];
  await gaps.flush((stream) => {
    if (stream === ACME) {
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
  const { gaps, flushed } = make();
  gaps.note(ACME, 'rejected', 1, 1000);
  gaps.note(ACME, 'expired', 1, 1000, 'siem');
  gaps.note(OTHER, 'rejected', 4, 1000);
  gaps.forget({ ...ACME });
  t.match(await flushed(), [{ payload: { customer_id: 'cust_other' } }]);
});
