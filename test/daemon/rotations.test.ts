import t from 'tap';
import type { AuditFields } from '../../src/audit/record.js';
import { parseConfig } from '../../src/config/schema.js';
import { createRotations, signingsOf } from '../../src/daemon/rotations.js';
import { RaxedError } from '../../src/errors.js';
import { createCustomer } from '../../src/tenants/customer.js';
import { createMssp, rotateSecret } from '../../src/tenants/mssp.js';
import type { Tenants } from '../../src/tenants/tenants.js';
import { NO_TENANTS } from '../../src/tenants/tenants.js';
import { manualClock } from '../fixtures/clock.js';
import { recordingLogger } from '../fixtures/logger.js';

const NOW = Date.parse('2026-01-30T10:00:00Z');
const HOUR_MS = 3_600_000;
const parse = (json: object) => parseConfig(json, { folder: '/', isCron: () => true, availableSiem: [] }).config;
const webhook = (secret: string, previous?: string, hours?: number): object => ({
  url: 'https://soc.example/', secret,
  ...(previous === undefined ? {} : { previous_secret: previous }), ...(hours === undefined ? {} : { previous_secret_until: at(hours) }),
});
const at = (hours: number): string => new Date(NOW + hours * HOUR_MS).toISOString();

function setup(tenants: Tenants = NO_TENANTS) {
  const clock = manualClock(NOW);
  const logger = recordingLogger();
  const notes: AuditFields[] = [];
  const disk = { tenants, works: true, writes: 0 };
  let file = parse({});
  const rotations = createRotations({
    configuration: {
      file: () => file,
      tenants: () => disk.tenants,
      record: (change) => {
        disk.writes++;
        if (!disk.works) return Promise.reject(new RaxedError('DISK_FULL', 'no room'));
        disk.tenants = change(disk.tenants);
        return Promise.resolve();
      },
    },
    note: (fields) => { notes.push(fields); }, clock, logger,
  });
  return {
    clock, logger, disk, rotations,
    said: () => notes.splice(0),
    put(mssp: object, own: object | null, effective: object[] = []) {
      const mssps = [{ id: 'mssp_f', webhook: mssp, customers: [{ id: 'cust_f' }, { id: 'cust_own', webhook: own }] }];
      file = parse({ mssps });
      rotations.inForce(signingsOf(parse({ edition: 'enterprise', mssps: [...mssps, ...effective] }), (secret) => JSON.stringify(secret)));
    },
  };
}

t.test('a rotation in the file is told once, with whose it is and when the overlap ends', (t) => {
  const { put, said } = setup();
  const mssp = { mssp_id: 'mssp_f', customer_id: undefined, managed_by: 'file' };
  put(webhook('one'), webhook('own'));
  t.same(said(), [], 'what is there at the start was not changed');
  put(webhook('one'), webhook('own'));
  t.same(said(), []);
  put(webhook('two', 'one', 24), webhook('own'));
  t.same(said(), [{ event: 'secret_rotated', ...mssp, overlap: at(24) }]);
  put(webhook('two', 'one', 48), webhook('own'));
  t.same(said(), [{ event: 'secret_rotated', ...mssp, overlap: at(48) }], 'a longer overlap');
  put(webhook('two', 'one'), webhook('own'));
  t.same(said(), [{ event: 'secret_rotated', ...mssp, overlap: 'without end' }]);
  put(webhook('two'), webhook('other'));
  t.same(said(), [{ event: 'secret_overlap_ended', ...mssp }, { event: 'secret_rotated', ...mssp, customer_id: 'cust_own', overlap: 'none' }]);
  put(webhook('two'), null);
  put(webhook('two'), webhook('again'));
  t.same(said(), [], 'a webhook that comes or goes is no rotation');
  t.end();
});

t.test('the end of an overlap of the file is told when its time comes, once', async (t) => {
  const { put, said, rotations, clock } = setup();
  put(webhook('one'), null);
  put(webhook('two', 'one', 1), null);
  said();
  await rotations.tick();
  t.same(said(), []);
  await clock.advance(HOUR_MS);
  await rotations.tick();
  await rotations.tick();
  t.same(said(), [{ event: 'secret_overlap_ended', mssp_id: 'mssp_f', customer_id: undefined, managed_by: 'file' }]);
  put(webhook('two'), null);
  t.same(said(), [], 'nor when it is taken out of the file');
});

t.test('what ctl rotates is not the file\'s, and a previous secret whose time is over is removed from the disk', async (t) => {
  const context = { file: parse({}), configFile: '/etc/raxed/config.json', availableSiem: [] };
  const created = createMssp(NO_TENANTS, { id: 'mssp_a', name: 'A', webhook_url: 'https://soc.example/', webhook_secret: 'old', tier: 'enterprise' }, context);
  const withCustomer = createCustomer(created, { mssp: 'mssp_a', id: 'cust_a', name: 'C', webhook_url: 'https://soc.example/', webhook_secret: 'own' }, context);
  const tenants = rotateSecret(withCustomer, { id: 'mssp_a', secret: 'new', overlapMs: HOUR_MS, nowMs: NOW }, context);
  const { put, said, rotations, clock, disk, logger } = setup(tenants);
  put(webhook('one'), null, [{ id: 'mssp_a', webhook: webhook('old') }]);
  put(webhook('one'), null, [{ id: 'mssp_a', webhook: webhook('new', 'old', 1) }]);
  t.same(said(), []);
  await rotations.tick();
  t.equal(disk.writes, 0);
  await clock.advance(HOUR_MS);
  disk.works = false;
  for (let n = 0; n < 5; n++) await rotations.tick();
  t.same([disk.writes, said(), logger.lines.filter(({ level }) => level === 'warn').length], [1, [], 1], 'a disk that refuses is not asked all the time');
  disk.works = true;
  await clock.advance(600_000);
  await rotations.tick();
  await rotations.tick();
  t.same(said(), [{ event: 'secret_overlap_ended', mssp_id: 'mssp_a', managed_by: 'ctl' }]);
  t.match(disk.tenants.mssps[0]?.webhook, { secret: 'new', previous_secret: null, previous_secret_until: null });
  t.same(disk.tenants.customers, tenants.customers);
});
