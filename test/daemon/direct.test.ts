import t from 'tap';
import type { DeliveryOutcome } from '../../src/delivery/outcome.js';
import { sendDirectly, sendTest } from '../../src/daemon/direct.js';
import { withoutText } from '../../src/event/privacy.js';
import type { Output } from '../../src/outputs/output.js';
import { DeliveryError } from '../../src/outputs/output.js';
import { manualClock } from '../fixtures/clock.js';

t.test('what is sent without the spool is audited; an audit that fails changes nothing about the delivery', async (t) => {
  const event = withoutText({ event_type: 'test', event_id: 'evt_01', timestamp: '2026-01-30T10:30:00.000Z', payload: { mssp_id: 'mssp_a', message: 'hello' } });
  const outcomes: DeliveryOutcome[] = [];
  const seen: string[] = [];
  let answer: () => Promise<{ httpStatus?: number }> = () => Promise.resolve({ httpStatus: 204 });
  const output: Output = {
    name: 'webhook', type: 'webhook', url: 'https://soc.example', batchEvents: 1, batchBytes: 1e6, maxInFlight: 1, lossy: false,
    send: () => answer(), close: () => Promise.resolve(),
  };
  let auditFails = false;
  const deps = {
    audit: (outcome: DeliveryOutcome) => { outcomes.push(outcome); return auditFails ? Promise.reject(new Error('ENOSPC')) : Promise.resolve(); },
    observe: ({ event_id }: { event_id: string }) => { seen.push(event_id); },
  };
  const { signal } = new AbortController();
  t.same(await sendDirectly(event, output, deps, signal), { httpStatus: 204 });
  t.match(outcomes, [{ msspId: 'mssp_a', eventId: 'evt_01', deliveryStatus: 'success', httpStatus: 204, dataFieldsSent: [] }]);
  auditFails = true;
  await sendDirectly(event, output, deps, signal);
  t.same(seen, ['evt_01', 'evt_01']);
  answer = () => Promise.reject(new DeliveryError('misconfigured', 'answered 401', { httpStatus: 401 }));
  await t.rejects(sendDirectly(event, output, deps, signal), { message: 'answered 401' }, 'the output\'s own error, not the audit\'s');
  t.match(outcomes.at(-1), { deliveryStatus: 'failed', httpStatus: 401, errorMessage: 'answered 401' });
  t.equal(seen.length, 2);
});

t.test('a test event is made and sent at once, and its output is closed whatever becomes of it', async (t) => {
  const sent: string[] = [];
  let closed = 0;
  let fail = false;
  const output: Output = {
    name: 'webhook', type: 'webhook', url: 'https://soc.example', batchEvents: 1, batchBytes: 1e6, maxInFlight: 1, lossy: false,
    send: ([item]) => { sent.push(Buffer.from(item?.body ?? []).toString()); return fail ? Promise.reject(new DeliveryError('misconfigured', 'answered 404', { httpStatus: 404 })) : Promise.resolve({ httpStatus: 200 }); },
    close: () => { closed++; return Promise.resolve(); },
  };
  const deps = { audit: () => Promise.resolve(), observe: () => undefined, clock: manualClock(), ulid: () => '01J0000000000000000000000A' };
  const { signal } = new AbortController();
  t.match(await sendTest(output, { mssp_id: 'mssp_a', message: 'hello' }, deps, signal), { eventId: 'evt_01J0000000000000000000000A', receipt: { httpStatus: 200 } });
  t.match(JSON.parse(sent[0] ?? ''), { event_type: 'test', event_id: 'evt_01J0000000000000000000000A', payload: { mssp_id: 'mssp_a', message: 'hello' } });
  fail = true;
  await t.rejects(sendTest(output, { mssp_id: 'mssp_a', message: 'hello' }, deps, signal), { message: 'answered 404' });
  t.equal(closed, 2);
});
