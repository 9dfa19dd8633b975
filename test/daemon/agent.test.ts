import t from 'tap';
import type { OwnAgent } from '../../src/daemon/agent.js';
import { createOwnAgent } from '../../src/daemon/agent.js';
import type { ScanCounters } from '../../src/agents/counters.js';
import { createCounters } from '../../src/agents/counters.js';
import type { AgentConfig } from '../../src/config/schema.js';
import { parseConfig } from '../../src/config/schema.js';
import type { DestinationStatus } from '../../src/delivery/outcome.js';
import type { HeartbeatEvent } from '../../src/event/event.js';
import type { TenantPlan } from '../../src/daemon/generation.js';
import type { Output, Receipt } from '../../src/outputs/output.js';
import { DeliveryError } from '../../src/outputs/output.js';
import type { ManualClock } from '../fixtures/clock.js';
import { manualClock } from '../fixtures/clock.js';
import { silentLogger } from '../fixtures/logger.js';

const { config } = parseConfig({
  agent: { id: 'agent_daemon', mssp_id: 'mssp_a', customer_id: 'cust_acme', integration: 'gateway' },
  mssps: [{ id: 'mssp_a', name: 'A', webhook: { url: 'https://soc.example/alerts', secret: 's' }, customers: [{ id: 'cust_acme', name: 'Acme' }] }],
}, { folder: '/', isCron: () => true, availableSiem: [] });

interface Setup {
  readonly own: OwnAgent;
  readonly clock: ManualClock;
  readonly counters: ScanCounters;
  readonly sent: HeartbeatEvent[];
  readonly statuses: DestinationStatus[];
  /** What the receiver does. */
  readonly receiver: { answer: () => Promise<Receipt> };
  /** Takes up a configuration, which begins with a heartbeat when something in it is new. */
  use(changes?: Partial<AgentConfig> | null): Promise<void>;
}

function setup(): Setup {
  const clock = manualClock();
  const counters = createCounters();
  const sent: HeartbeatEvent[] = [];
  const statuses: DestinationStatus[] = [];
  const receiver: Setup['receiver'] = { answer: () => Promise.resolve({ httpStatus: 200 }) };
  const [mssp] = config.mssps;
  const customer = mssp?.customers[0];
  const { agent } = config;
  if (mssp === undefined || customer === undefined || agent === null) throw new Error('the configuration above has one of each');
  const output: Output = {
    name: 'webhook', type: 'webhook', url: 'https://soc.example', batchEvents: 1, batchBytes: 1e6, maxInFlight: 1, lossy: false,
    send(batch) {
      for (const { event } of batch) if (event.event_type === 'heartbeat') sent.push(event);
      return receiver.answer();
    },
    close: () => Promise.resolve(),
  };
  const webhook = { name: 'webhook', fingerprint: 'f', flushIntervalMs: 0, create: () => output };
  const tenant: TenantPlan = {
    key: 'mssp_a/cust_acme', mssp, customer, webhook, siem: [],
    policy: { customerName: 'Acme', dataMode: 'privacy_safe', dataFields: [], scanResponses: false },
    judgement: { threatAt: 'medium', blockAt: null, scanResponses: false, suppressions: [] },
  };
  let ids = 0;
  const own = createOwnAgent({
    clock, logger: silentLogger, counters, version: '0.1.0', ulid: () => String(ids++), uptimeSeconds: () => clock.monotonic() / 1000,
    statuses: () => statuses, rejected: () => 0, warnings: () => own.warnings(), audit: () => Promise.resolve(), observe: () => undefined,
  });
  return {
    own, clock, counters, sent, statuses, receiver,
    async use(changes = {}) {
      await own.use(changes === null ? null : { ...agent, ...changes }, { tenants: [tenant] });
      await clock.advance(0);
    },
  };
}

t.test('the daemon\'s own agent is what the configuration names, while there is such a customer', async (t) => {
  const { own, use, clock, sent } = setup();
  t.equal(own.self(), undefined);
  await clock.advance(5000);
  await use();
  t.equal(sent.length, 1);
  t.match(own.self(), { agentId: 'agent_daemon', msspId: 'mssp_a', customerId: 'cust_acme', version: '0.1.0', integration: 'gateway', uptimeSeconds: 5, lastHeartbeatMs: clock.now() });
  await use({ customer_id: 'nobody' });
  t.equal(own.self(), undefined);
  t.equal(sent.at(-1)?.payload.status, 'stopping');
  await use();
  await own.stop();
  t.equal(own.self(), undefined);
});

t.test('a clock that differs from the receiver\'s is said in the next heartbeat, also when the receiver refuses because of it', async (t) => {
  const { own, use, clock, sent, receiver } = setup();
  const serverDate = (): number => Math.floor((clock.now() - 400_000) / 1000) * 1000;
  receiver.answer = () => Promise.reject(new DeliveryError('misconfigured', 'answered 401', { httpStatus: 401, serverDate: serverDate() }));
  await use();
  t.same(sent[0]?.payload.warnings, [], 'it knows by the answer');
  t.match(own.warnings(), [/clock is 400 s ahead of the webhook's/]);
  receiver.answer = () => Promise.resolve({ httpStatus: 200 });
  await use({ heartbeat_cron: '*/2 * * * *' });
  t.same(own.warnings(), [], 'another setting may mean another receiver: it is measured anew');

  receiver.answer = async () => {
    await clock.sleep(80_000);
    return { httpStatus: 200, serverDate: Math.floor((clock.now() - 40_000) / 1000) * 1000 };
  };
  await use({ heartbeat_cron: '*/3 * * * *' });
  await clock.advance(80_000);
  t.same(own.warnings(), [], 'the receiver spoke at some moment of a slow request');
  receiver.answer = () => Promise.resolve({ httpStatus: 200, serverDate: clock.now() + 31_500 });
  await use({ heartbeat_cron: '*/4 * * * *' });
  t.match(own.warnings(), [/clock is 3\d s behind/]);
  clock.step(31_500);
  receiver.answer = () => Promise.resolve({ httpStatus: 200, serverDate: clock.now() });
  await own.stop();
  t.same(own.warnings(), []);
});

t.test('a heartbeat warns of the destinations of its own MSSP that are held', async (t) => {
  const { own, use, sent, statuses } = setup();
  const status: DestinationStatus = {
    mssp_id: 'mssp_a', customer_id: 'cust_acme', name: 'webhook', type: 'webhook', url: 'https://soc.example', state: 'misconfigured', pending: 3, oldest_pending_age_seconds: 4,
    delivered: 0, failed_attempts: 1, expired: 0, dead_lettered: 0, in_flight: 0, dead: 0, lossy: false,
  };
  statuses.push(status, { ...status, customer_id: 'cust_beta', name: 'soc' }, { ...status, name: 'fine', state: 'ok' }, { ...status, mssp_id: 'mssp_b' });
  await use();
  t.same(sent[0]?.payload.warnings, ['destination webhook of mssp_a/cust_acme is held: a setting is wrong', 'destination soc of mssp_a/cust_beta is held: a setting is wrong']);
  t.same(sent[0]?.payload.destinations, [{ name: 'webhook', state: 'misconfigured' }, { name: 'fine', state: 'ok' }], 'the others are another customer\'s');
  await own.stop();
});

t.test('what no heartbeat could deliver is counted when the agent has stopped', async (t) => {
  const { own, use, clock, counters, sent, receiver } = setup();
  counters.record(true);
  receiver.answer = () => Promise.reject(new DeliveryError('retry', 'ECONNREFUSED'));
  await use();
  counters.record(false);
  await own.stop();
  t.match(sent.map(({ payload }) => [payload.status, payload.scans_since_last_heartbeat]), [['online', 1], ['stopping', 2]]);
  t.same(counters.saved().unreported, { scans: 2, threats: 1 });
  t.equal(clock.sleepers, 0);
});
