import t from 'tap';
import { createDataPath } from '../src/data-path.js';
import { sendDirectly } from '../src/direct.js';
import type { DeliveryOutcome } from '../src/delivery/outcome.js';
import { ConfigError } from '../src/errors.js';
import { withoutText } from '../src/event/privacy.js';
import type { Output } from '../src/outputs/output.js';
import { DeliveryError } from '../src/outputs/output.js';
import { parseConfig } from '../src/config/schema.js';
import type { LoadedConfig } from '../src/reload.js';
import { createReloader } from '../src/reload.js';
import { manualClock } from './fixtures/clock.js';
import { recordingLogger } from './fixtures/logger.js';

const { config } = parseConfig({}, { folder: '/', isCron: () => true, availableSiem: [] });
const first: LoadedConfig = { config, warnings: ['from the start'] };

t.test('reloads run one at a time; a refused one is said and leaves the last good one', async (t) => {
  const clock = manualClock();
  const logger = recordingLogger();
  const notes: object[] = [];
  let running = 0;
  let most = 0;
  let bad = false;
  const reloader = createReloader({
    first, clock, logger, note: (fields) => { notes.push(fields); },
    async load() {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      if (bad) throw new ConfigError('CONFIG_INVALID', [{ pointer: '/mssps', message: 'expected a list' }]);
      return { config, warnings: ['from the reload'] };
    },
    install: () => Promise.resolve(),
  });
  t.same(reloader.state().warnings, ['from the start']);
  await Promise.all([reloader.reload(), reloader.reload(), reloader.reload()]);
  t.equal(most, 1);
  t.same(reloader.state().warnings, ['from the reload']);
  const { loadedAt } = reloader.state();

  bad = true;
  await clock.advance(5000);
  await t.rejects(reloader.reload(), { code: 'CONFIG_INVALID' });
  t.match(reloader.state(), { loadedAt, lastError: { message: '/mssps: expected a list' }, warnings: ['from the reload'] });
  t.same(notes.at(-1), { event: 'refused', code: 'CONFIG_INVALID' });
  t.ok(logger.lines.some(({ level, message }) => level === 'error' && message.includes('last good')));

  bad = false;
  await reloader.reload();
  t.equal(reloader.state().lastError, undefined);
  t.not(reloader.state().loadedAt, loadedAt);
  await reloader.close();
  await t.rejects(reloader.reload(), { code: 'STOPPING' });
});

t.test('the data path moves, refuses, or is stuck; what is a second old still counts for readiness', async (t) => {
  const clock = manualClock();
  let probe: () => Promise<void> = () => Promise.resolve();
  let turnedAt = Infinity;
  let probes = 0;
  const path = createDataPath({ probe: () => { probes++; return probe(); } }, { oldestTurn: (now) => Math.min(now, turnedAt) }, clock);
  t.equal(await path.state(), 'moves');
  t.equal(await path.ready(), true);
  const before = probes;
  t.equal(await path.ready(), true);
  t.equal(probes, before, 'not probed again within a second');
  await clock.advance(1500);
  probe = () => Promise.reject(new Error('ENOSPC'));
  t.equal(await path.ready(), false);
  t.equal(await path.state(), 'refuses', 'a full disk is not stuck');
  probe = () => new Promise(() => undefined);
  const stuck = path.state();
  await clock.advance(30_000);
  t.equal(await stuck, 'stuck');
  probe = () => Promise.resolve();
  turnedAt = clock.monotonic() - 30_000;
  t.equal(await path.state(), 'stuck', 'a delivery loop that has not turned');
});

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
