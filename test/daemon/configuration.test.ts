import t from 'tap';
import type { LoadedConfig } from '../../src/daemon/configuration.js';
import { createConfiguration } from '../../src/daemon/configuration.js';
import { ConfigError, RaxedError } from '../../src/errors.js';
import { parseConfig } from '../../src/config/schema.js';
import { createCustomer } from '../../src/tenants/customer.js';
import { mergeTenants } from '../../src/tenants/merge.js';
import { createMssp } from '../../src/tenants/mssp.js';
import type { ChangeContext, Tenants } from '../../src/tenants/tenants.js';
import { NO_TENANTS } from '../../src/tenants/tenants.js';
import { manualClock } from '../fixtures/clock.js';
import { recordingLogger } from '../fixtures/logger.js';

const parse = (json: object) => parseConfig(json, { folder: '/', isCron: () => true, availableSiem: [] }).config;
const first: LoadedConfig = { config: parse({}), warnings: ['from the start'] };
const context = (file: ChangeContext['file']): ChangeContext => ({ file, configFile: '/etc/raxed/config.json', availableSiem: [] });
const newMssp = { id: 'mssp_a', name: 'A', webhook_url: 'https://soc.example/', webhook_secret: 'mssp-secret' };

function made(changes: { load?: () => Promise<LoadedConfig>; write?: () => Promise<void>; prepare?: () => Promise<() => Promise<void>> } = {}) {
  let tenants: Tenants = NO_TENANTS;
  const clock = manualClock();
  const logger = recordingLogger();
  const notes: object[] = [];
  const inForce: string[][] = [];
  const configuration = createConfiguration({
    first, clock, logger, note: (fields) => { notes.push(fields); },
    load: changes.load ?? (() => Promise.resolve(first)),
    store: { read: () => tenants, write: async (next) => { await changes.write?.(); tenants = next; } },
    merge: mergeTenants,
    prepare: async ({ config }) => {
      const wrapped = await changes.prepare?.();
      return async () => { await wrapped?.(); inForce.push(config.mssps.flatMap(({ id, customers }) => [id, ...customers.map((customer) => `${id}/${customer.id}`)])); };
    },
  });
  return { configuration, clock, logger, notes, inForce };
}

t.test('reloads run one at a time; a refused one is said and leaves the last good one', async (t) => {
  let running = 0;
  let most = 0;
  let bad = false;
  const { configuration, clock, logger, notes } = made({
    async load() {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      if (bad) throw new ConfigError('CONFIG_INVALID', [{ pointer: '/mssps', message: 'expected a list' }]);
      return { config: parse({}), warnings: ['from the reload'] };
    },
  });
  t.same(configuration.state().warnings, ['from the start']);
  await Promise.all([configuration.reload(), configuration.reload(), configuration.reload()]);
  t.equal(most, 1);
  t.same(configuration.state().warnings, ['from the reload']);
  const { loadedAt } = configuration.state();

  bad = true;
  await clock.advance(5000);
  await t.rejects(configuration.reload(), { code: 'CONFIG_INVALID' });
  t.match(configuration.state(), { loadedAt, lastError: { message: '/mssps: expected a list' }, warnings: ['from the reload'] });
  t.same(notes.at(-1), { event: 'refused', code: 'CONFIG_INVALID' });
  t.ok(logger.lines.some(({ level, message }) => level === 'error' && message.includes('last good')));

  bad = false;
  await configuration.reload();
  t.equal(configuration.state().lastError, undefined);
  t.not(configuration.state().loadedAt, loadedAt);
  await configuration.close();
  await t.rejects(configuration.reload(), { code: 'STOPPING' });
});

t.test('changes of tenants build on one another, and are in the store before they are in force', async (t) => {
  const order: string[] = [];
  const { configuration, inForce } = made({
    write: () => { order.push('stored'); return Promise.resolve(); },
    prepare: () => { order.push('prepared'); return Promise.resolve(() => { order.push('in force'); return Promise.resolve(); }); },
  });
  await configuration.change((file, tenants) => createMssp(tenants, newMssp, context(file)));
  t.same(order, ['prepared', 'stored', 'in force']);
  await Promise.all(['cust_a', 'cust_b', 'cust_c'].map((id) => configuration.change((file, tenants) => createCustomer(tenants, { mssp: 'mssp_a', id, name: id }, context(file)))));
  t.same(inForce.at(-1), ['mssp_a', 'mssp_a/cust_a', 'mssp_a/cust_b', 'mssp_a/cust_c']);
  t.equal(configuration.effective().managedBy('mssp_a'), 'ctl');
  await configuration.close();
  await t.rejects(configuration.change((_file, tenants) => tenants), { code: 'STOPPING' });
});

t.test('a change that is refused, cannot be prepared or cannot be stored changes nothing', async (t) => {
  let prepareFails = false;
  let writeFails = false;
  const { configuration, inForce } = made({
    prepare: () => (prepareFails ? Promise.reject(new RaxedError('STATE_UNWRITABLE', 'no disk')) : Promise.resolve(() => Promise.resolve())),
    write: () => (writeFails ? Promise.reject(new RaxedError('STATE_UNWRITABLE', 'no disk')) : Promise.resolve()),
  });
  const create = (): Promise<void> => configuration.change((file, tenants) => createMssp(tenants, newMssp, context(file)));
  prepareFails = true;
  await t.rejects(create(), { code: 'STATE_UNWRITABLE' });
  prepareFails = false;
  writeFails = true;
  await t.rejects(create(), { code: 'STATE_UNWRITABLE' });
  t.same(configuration.tenants(), NO_TENANTS);
  t.same(inForce, []);
  writeFails = false;
  await create();
  await t.rejects(create(), { code: 'ALREADY_EXISTS' });
  t.same(inForce, [['mssp_a']]);
});

t.test('a new file that clashes with a tenant made with ctl is refused; the tenant stays', async (t) => {
  const { configuration, inForce } = made({
    load: () => Promise.resolve({ config: parse({ mssps: [{ id: 'mssp_a', webhook: { url: 'https://other.example/', secret: 's' } }] }), warnings: [] }),
  });
  await configuration.change((file, tenants) => createMssp(tenants, newMssp, context(file)));
  await t.rejects(configuration.reload(), { code: 'CONFIG_INVALID', message: /mssps\/0\/id/ });
  t.equal(configuration.effective().config.mssps[0]?.webhook.url, 'https://soc.example/');
  t.same(inForce, [['mssp_a']]);
});

t.test('a clash that was there at the start keeps no other edit of the file from taking effect', async (t) => {
  const clashing = (name: string) => parse({ mssps: [{ id: 'mssp_a', name, webhook: { url: 'https://file.example/', secret: 's' }, customers: [{ id: 'cust_a' }] }] });
  const tenants: Tenants = { ...NO_TENANTS, mssps: createMssp(NO_TENANTS, newMssp, context(first.config)).mssps };
  let next = clashing('edited');
  const configuration = createConfiguration({
    first: { config: clashing('first'), warnings: [] }, clock: manualClock(), logger: recordingLogger(), note: () => undefined,
    load: () => Promise.resolve({ config: next, warnings: [] }),
    store: { read: () => tenants, write: () => Promise.resolve() }, merge: mergeTenants, prepare: () => Promise.resolve(() => Promise.resolve()),
  });
  t.match(configuration.state().warnings, [/mssp_a/]);
  await configuration.reload();
  t.equal(configuration.effective().config.mssps[0]?.name, 'edited');
  next = parse({ agent: { id: 'agent_x', mssp_id: 'mssp_none', customer_id: 'cust_none' }, mssps: [{ id: 'mssp_a', webhook: { url: 'https://file.example/', secret: 's' } }] });
  await t.rejects(configuration.reload(), { code: 'CONFIG_INVALID', message: /agent/ }, 'a new clash is refused');
});
