import t from 'tap';
import { checkAccess } from '../../src/daemon/access.js';
import { createDepartures } from '../../src/daemon/departures.js';
import type { DestinationStatus } from '../../src/delivery/outcome.js';
import { manualClock } from '../fixtures/clock.js';

const A = { msspId: 'mssp_a', customerId: 'cust_a' };
const B = { msspId: 'mssp_a', customerId: 'cust_b' };

function status(customer: typeof A, name: string, pending: number, dead: number): DestinationStatus {
  return {
    mssp_id: customer.msspId, customer_id: customer.customerId, name, type: 'webhook', url: 'https://soc.example', state: 'ok', pending, dead,
    oldest_pending_age_seconds: 0, delivered: 0, failed_attempts: 0, expired: 0, dead_lettered: 0, in_flight: 0, lossy: false,
  };
}

t.test('a customer that leaves takes no scan until it stays after all', (t) => {
  const departures = createDepartures({ statuses: () => [], flush: () => undefined, clock: manualClock() });
  const reopen = departures.close([A]);
  t.throws(() => departures.enter(A), { code: 'CUSTOMER_NOT_FOUND' });
  departures.enter(B)();
  reopen();
  departures.enter(A)();
  t.end();
});

t.test('a drain waits for scans that run and for every destination, and gives up in time', async (t) => {
  const clock = manualClock();
  const flush = (ids: readonly object[]): void => { flushed.push(...ids); };
  const flushed: object[] = [];
  let waiting = [status(A, 'webhook', 3, 1), status(A, 'siem', 5, 2), status(B, 'webhook', 9, 0)];
  const departures = createDepartures({ statuses: () => waiting, flush, clock });
  t.same(departures.waiting([A]), { pending_events: 5, dead_letters: 3 }, 'an event that two destinations wait for counts once');
  t.equal(departures.pending(A, 'webhook'), 3);
  t.equal(departures.pending(A, 'none'), 0);

  const late = departures.drain([A], 1000, new AbortController().signal);
  const refused = t.rejects(late, { code: 'DRAIN_TIMEOUT' });
  await clock.advance(1100);
  await refused;
  t.ok(flushed.length > 0 && flushed.every((id) => id === A), 'no event waits for company meanwhile');

  const leave = departures.enter(A);
  let done = false;
  const drained = departures.drain([A], 60_000, new AbortController().signal).then(() => { done = true; });
  waiting = [status(A, 'webhook', 0, 1), status(A, 'siem', 0, 2)];
  await clock.advance(100);
  t.equal(done, false, 'a scan still runs');
  leave();
  await clock.advance(100);
  await drained;

  const gone = new AbortController();
  waiting = [status(A, 'webhook', 1, 0)];
  const aborted = t.rejects(departures.drain([A], 60_000, gone.signal), { code: 'DRAIN_TIMEOUT' });
  gone.abort();
  await clock.advance(100);
  await aborted;
});

t.test('a deletion waits for scans that run, but not for ever', async (t) => {
  const clock = manualClock();
  const departures = createDepartures({ statuses: () => [status(A, 'webhook', 3, 0)], flush: () => undefined, clock });
  const leave = departures.enter(A);
  departures.enter(B);
  let settled = false;
  const settling = departures.settle([A]).then(() => { settled = true; });
  await clock.advance(100);
  t.equal(settled, false, 'a scan still runs');
  leave();
  await clock.advance(100);
  await settling;

  departures.enter(A);
  const late = departures.settle([A]);
  await clock.advance(10_100);
  await late;
});

t.test('who may speak for a customer: scan_tenants on the scan socket, the token\'s customer over HTTP', (t) => {
  const control = { socket: null, scan_socket: null, http: null, metrics: null };
  const caller = (socket: 'scan' | 'control' | 'http') => ({ socket, uid: () => Promise.resolve(undefined) });
  const open = { ...control, scan_tenants: null };
  const onlyB = { ...control, scan_tenants: [['mssp_a', 'cust_b'] as const] };
  checkAccess({ caller: caller('scan') }, A, open);
  checkAccess({ caller: caller('control') }, A, onlyB);
  checkAccess({ caller: caller('scan') }, B, onlyB);
  t.throws(() => { checkAccess({ caller: caller('scan') }, A, onlyB); }, { code: 'FORBIDDEN' });
  checkAccess({ caller: caller('http'), tenant: A }, A, onlyB);
  t.throws(() => { checkAccess({ caller: caller('http'), tenant: A }, B, open); }, { code: 'FORBIDDEN' });
  t.end();
});
