import t from 'tap';
import type { Test } from 'tap';
import type { CallContext } from '../../src/control/method.js';
import { createDeliveryLoop, type DeliveryLoop } from '../../src/delivery/loop.js';
import { encodeEvent, narrowEvent, type FilteredBytes } from '../../src/event/privacy.js';
import { DeliveryError, type Output } from '../../src/outputs/output.js';
import { nodeClock, nodeRandom } from '../../src/platform/node.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import { createSpoolActions } from '../../src/daemon/spool-actions.js';
import type { SpoolActions } from '../../src/control/methods/spool.js';
import { createSpool, type Spool, type StreamId } from '../../src/spool/spool.js';
import { sampleScan } from '../fixtures/events.js';
import { silentLogger } from '../fixtures/logger.js';

const ACME: StreamId = { msspId: 'mssp_a', customerId: 'cust_acme' };
const BETA: StreamId = { msspId: 'mssp_a', customerId: 'cust_beta' };
const QUICK = { retry: { baseMs: 2, capMs: 20 }, probe: { baseMs: 2, capMs: 20 }, holdMs: 60_000 };
const NOW = Date.parse('2026-01-30T12:00:00.000Z');

interface Site {
  readonly spool: Spool<FilteredBytes>;
  readonly actions: SpoolActions;
  readonly delivered: { readonly stream: string; readonly id: string }[];
  readonly notes: object[];
  /** What the receivers refuse; by default nothing. */
  answer: (stream: string, id: string) => number;
  /** A dead letter of an event with this id. */
  refuse(stream: StreamId, destination: string, letter: { readonly id: string; readonly message?: string; readonly httpStatus?: number; readonly at?: number; readonly full?: boolean }): Promise<void>;
  start(stream: StreamId, destination: string): Promise<DeliveryLoop>;
}

async function site(t: Test): Promise<Site> {
  const spool = await createSpool<FilteredBytes>(
    { folder: t.testdir(), segmentBytes: 64 * 1024, maxBytes: 1024 ** 3, minFreeBytes: 0, whenFull: 'reject', ack: 'fsync', sealAgeMs: 3_600_000 },
    { files: nodeSpoolFiles, clock: nodeClock, logger: silentLogger, onReport: () => undefined },
  );
  const loops = new Map<string, DeliveryLoop>();
  let seq = 0;
  const keyOf = (stream: StreamId, name: string): string => `${stream.msspId}/${stream.customerId}/${name}`;
  t.teardown(async () => {
    await Promise.all([...loops.values()].map((loop) => loop.stop(0)));
    await spool.close();
  });
  const self: Omit<Site, 'actions'> = {
    spool, delivered: [], notes: [],
    answer: () => 200,
    async refuse(stream, destination, { id, message = 'answered 422', httpStatus = 422, at = NOW, full = false }) {
      const letters = await (await spool.openStream(stream)).deadLetters(destination);
      const payload = encodeEvent(sampleScan({ id, dataMode: full ? 'full' : 'privacy_safe' }));
      await letters.add({ seq: ++seq, time: NOW, payload }, { message, httpStatus, attempts: 1, at });
    },
    async start(stream, name) {
      const opened = await spool.openStream(stream);
      const output: Output = {
        name, type: 'webhook', url: 'http://soc.example', batchEvents: 1, batchBytes: 1e9, maxInFlight: 4, lossy: false,
        send(batch) {
          const id = batch[0]?.event.event_id ?? '';
          const status = self.answer(stream.customerId, id);
          if (status !== 200) return Promise.reject(new DeliveryError(status === 401 ? 'misconfigured' : 'refused', `answered ${status}`, { httpStatus: status }));
          self.delivered.push({ stream: stream.customerId, id });
          return Promise.resolve({ httpStatus: 200 });
        },
        close: () => Promise.resolve(),
      };
      const loop = createDeliveryLoop({
        stream, cursor: await opened.attach(name), deadLetters: await opened.deadLetters(name), output, narrow: (event) => event,
        audit: { outcome: () => Promise.resolve() }, timing: QUICK,
      }, { clock: nodeClock, random: nodeRandom, logger: silentLogger });
      loops.set(keyOf(stream, name), loop);
      return loop;
    },
  };
  const actions = createSpoolActions({
    spool,
    destinations: {
      statuses: () => Array.from(loops.values(), (loop) => loop.status()),
      loop: ({ stream, name }) => loops.get(keyOf(stream, name)),
    },
    policies: { narrow: (key, event) => narrowEvent({ dataMode: key === 'mssp_a/cust_acme' ? 'full' : 'privacy_safe', dataFields: [] }, event) },
    generation: () => ({ config: { mssps: [{ id: 'mssp_a' }, { id: 'mssp_empty' }] } }),
    note: (kind, fields) => { self.notes.push({ kind, ...fields }); return Promise.resolve(); },
    clock: { now: () => NOW },
  });
  return Object.assign(self, { actions });
}

function context(signal = new AbortController().signal): CallContext {
  return { scope: 'control', caller: { socket: 'control', uid: () => Promise.resolve(1000) }, signal };
}

t.test('status: every stream and destination, configured or not', async (t) => {
  const s = await site(t);
  await s.start(ACME, 'webhook');
  s.answer = () => 401;
  await s.refuse(ACME, 'old-siem', { id: 'evt_1' });
  await (await s.spool.openStream(BETA)).attach('webhook').then((cursor) => { cursor.detach(); });
  const stream = await s.spool.openStream(ACME);
  await stream.append(encodeEvent(sampleScan({ id: 'evt_2' })));
  const status = await s.actions.status();
  t.match(status, {
    state: 'ok', max_bytes: 1024 ** 3, pending: 1, dead: 1, rejected: 0, dropped: 0,
    streams: [
      {
        mssp_id: 'mssp_a', customer_id: 'cust_acme', bytes: Number, oldest: /^\d{4}-.*Z$/,
        destinations: [{ name: 'old-siem', state: 'not_configured', pending: 0, dead: 1, oldest_pending_age_seconds: 0 }, { name: 'webhook', pending: 1, dead: 0 }],
      },
      { mssp_id: 'mssp_a', customer_id: 'cust_beta', bytes: 0, destinations: [{ name: 'webhook', state: 'not_configured', pending: 0, dead: 0 }] },
    ],
  });
});

t.test('list: the newest first, by every filter, and how many there are', async (t) => {
  const s = await site(t);
  for (let i = 0; i < 30; i++) await s.refuse(ACME, 'webhook', { id: `evt_${i}`, at: NOW - i * 60_000, ...(i % 3 === 0 ? { httpStatus: 400, message: 'answered 400' } : {}) });
  await s.refuse(ACME, 'siem', { id: 'evt_siem', message: 'The index is read-only', at: NOW - 1 });
  await s.refuse(BETA, 'webhook', { id: 'evt_beta', at: NOW - 2 });
  const idsOf = async (...args: Parameters<SpoolActions['list']>): Promise<string[]> => (await s.actions.list(...args) as { dead: { event_id: string }[] }).dead.map(({ event_id }) => event_id);
  t.match(await s.actions.list({}, 2), {
    total: 32,
    dead: [
      { id: 'mssp_a/cust_acme/webhook/evt_0', mssp_id: 'mssp_a', customer_id: 'cust_acme', destination: 'webhook', event_id: 'evt_0', event_type: 'scan', at: '2026-01-30T12:00:00.000Z', reason: { message: 'answered 400', http_status: 400, attempts: 1 } },
      { id: 'mssp_a/cust_acme/siem/evt_siem' },
    ],
  });
  t.same(await idsOf({}, 3), ['evt_0', 'evt_siem', 'evt_beta']);
  t.same(await idsOf({ customer: 'cust_beta' }, 9), ['evt_beta']);
  t.same(await idsOf({ destination: 'siem' }, 9), ['evt_siem']);
  t.same(await idsOf({ reason: 'INDEX is' }, 9), ['evt_siem']);
  t.same(await idsOf({ reason: '400', since: new Date(NOW - 5 * 60_000).toISOString() }, 9), ['evt_0', 'evt_3']);
  t.same(await idsOf({ mssp: 'mssp_a', customer: 'cust_acme', destination: 'webhook', reason: '422' }, 1), ['evt_1']);
  t.match(await s.actions.list({ reason: 'nothing like it' }, 9), { dead: [], total: 0 });
  t.match(await s.actions.list({ mssp: 'mssp_empty' }, 9), { dead: [], total: 0 }, 'an MSSP without customers');
  await t.rejects(s.actions.list({ mssp: 'mssp_typo' }, 9), { code: 'MSSP_NOT_FOUND' });
  await t.rejects(s.actions.list({ customer: 'cust_typo' }, 9), { code: 'CUSTOMER_NOT_FOUND' });
  await t.rejects(s.actions.list({ destination: 'webhok' }, 9), { code: 'DESTINATION_NOT_FOUND' });
});

t.test('show: the event as today\'s policy allows, and a record that is no event', async (t) => {
  const s = await site(t);
  await s.refuse(ACME, 'webhook', { id: 'evt_full', full: true });
  await s.refuse(BETA, 'webhook', { id: 'evt_full', full: true });
  t.match(await s.actions.show('mssp_a/cust_acme/webhook/evt_full'), { event: { event_id: 'evt_full', payload: { _mssp_data: { prompt_text: /Ignore/ } } } });
  const narrowed = await s.actions.show('mssp_a/cust_beta/webhook/evt_full');
  t.match(narrowed, { event: { payload: { _mssp_context: { data_mode: 'privacy_safe' } } } });
  t.notMatch(JSON.stringify(narrowed), /Ignore/);
  const letters = await (await s.spool.openStream(ACME)).deadLetters('webhook');
  await letters.add({ seq: 77, time: NOW, payload: Buffer.from('text that is no event') as Uint8Array as FilteredBytes }, { message: 'damaged', attempts: 0, at: NOW });
  const damaged = await s.actions.show('mssp_a/cust_acme/webhook/record-77');
  t.match(damaged, { event_id: 'unknown', event_type: 'unknown', reason: { message: 'damaged', attempts: 0 } });
  t.notOk('event' in damaged);
  for (const id of ['mssp_a/cust_acme/webhook/evt_none', 'mssp_a/cust_acme/none/evt_full', 'mssp_a/none/webhook/evt_full', 'none/cust_acme/webhook/evt_full']) {
    await t.rejects(s.actions.show(id), { code: 'DEAD_LETTER_NOT_FOUND' }, id);
  }
  t.same((await (await s.spool.openStream(ACME)).destinations()).map(({ name }) => name), ['webhook'], 'asking makes nothing');
});

t.test('replay: to the destination that refused, with a count of what arrived; who asked is audited', async (t) => {
  const s = await site(t);
  await s.start(ACME, 'webhook');
  await s.start(ACME, 'siem');
  await s.start(BETA, 'webhook');
  for (const id of ['evt_1', 'evt_2', 'evt_3']) await s.refuse(ACME, 'webhook', { id });
  await s.refuse(BETA, 'webhook', { id: 'evt_4' });
  await s.refuse(ACME, 'gone', { id: 'evt_5' });
  s.answer = (stream, id) => (stream === 'cust_beta' ? 401 : id === 'evt_2' ? 422 : 200);

  t.match(await s.actions.replay({ filter: {} }, { dryRun: true }, context()), { replayed: 5, failed: 0, dry_run: true });
  t.same([s.delivered, s.notes], [[], []]);
  t.match(await s.actions.replay({ id: 'mssp_a/cust_acme/webhook/evt_1' }, { dryRun: false }, context()), { replayed: 1, failed: 0, dry_run: false });
  t.same(s.delivered, [{ stream: 'cust_acme', id: 'evt_1' }], 'and to no other destination');
  t.match(s.notes, [{ kind: 'spool', event: 'dead_letters_replay', mssp_id: 'mssp_a', customer_id: 'cust_acme', destination: 'webhook', count: 1, requested_by_uid: 1000 }]);

  const all = await s.actions.replay({ filter: {} }, { dryRun: false }, context());
  t.match(all, { replayed: 1, failed: 3, dry_run: false });
  t.same(new Set((all as { destinations: object[] }).destinations), new Set([
    { mssp_id: 'mssp_a', customer_id: 'cust_acme', destination: 'gone', replayed: 0, refused: 0, left: 1, error: 'the destination is not configured' },
    { mssp_id: 'mssp_a', customer_id: 'cust_acme', destination: 'webhook', replayed: 1, refused: 1, left: 0, error: 'answered 422' },
    { mssp_id: 'mssp_a', customer_id: 'cust_beta', destination: 'webhook', replayed: 0, refused: 0, left: 1, error: 'answered 401' },
  ]));
  t.match(await s.actions.list({ destination: 'webhook' }, 9), { total: 2, dead: [{ event_id: 'evt_2', reason: { attempts: 2, http_status: 422 } }, { event_id: 'evt_4', reason: { attempts: 1 } }] });
  t.match(await s.actions.replay({ filter: { reason: 'nothing' } }, { dryRun: false }, context()), { replayed: 0, failed: 0 });
  await t.rejects(s.actions.replay({ id: 'mssp_a/cust_acme/webhook/evt_1' }, { dryRun: false }, context()), { code: 'DEAD_LETTER_NOT_FOUND' }, 'it arrived');
});

t.test('should there be two letters of one event, an id means both', async (t) => {
  const s = await site(t);
  await s.start(ACME, 'webhook');
  await s.refuse(ACME, 'webhook', { id: 'evt_twice' });
  await s.refuse(ACME, 'webhook', { id: 'evt_twice' });
  t.match(await s.actions.purge({ id: 'mssp_a/cust_acme/webhook/evt_twice' }, { dryRun: false }, context()), { purged: 2 });
});

t.test('purge: what was chosen and nothing else, audited before', async (t) => {
  const s = await site(t);
  for (const id of ['evt_1', 'evt_2', 'evt_3']) await s.refuse(ACME, 'webhook', { id, ...(id === 'evt_2' ? { httpStatus: 400, message: 'answered 400' } : {}) });
  await s.refuse(BETA, 'webhook', { id: 'evt_4' });
  t.match(await s.actions.purge({ filter: { reason: '422' } }, { dryRun: true }, context()), { purged: 3, dry_run: true });
  t.match(await s.actions.list({}, 9), { total: 4 });
  t.match(await s.actions.purge({ filter: { reason: '400' } }, { dryRun: false }, context()), { purged: 1, dry_run: false });
  t.match(s.notes, [{ event: 'dead_letters_purged', destination: 'webhook', count: 1, requested_over: 'control' }]);
  t.match(await s.actions.purge({ filter: {} }, { dryRun: false }, context()), { purged: 3 });
  t.match(await s.actions.list({}, 9), { dead: [], total: 0 });
  t.equal(s.spool.stats().bytes, 0);
});
