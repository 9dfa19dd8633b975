import assert from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import { TIER_CUSTOMERS } from '../../src/config/limits.js';
import { freeze } from '../../src/config/part.js';
import type { Config } from '../../src/config/schema.js';
import { parseConfig } from '../../src/config/schema.js';
import { RaxedError } from '../../src/errors.js';
import { configureCustomer, createCustomer, deleteCustomer, forgetRemoved } from '../../src/tenants/customer.js';
import { mergeTenants } from '../../src/tenants/merge.js';
import { configureMssp, createMssp, deleteMssp, rotateSecret } from '../../src/tenants/mssp.js';
import { configureSiem, disableSiem } from '../../src/tenants/siem.js';
import { parseStored, storedForm } from '../../src/tenants/stored.js';
import type { ChangeContext, Tenants } from '../../src/tenants/tenants.js';
import { NO_TENANTS } from '../../src/tenants/tenants.js';

/** Random changes against a model of a few lines: what it expects happens, and nothing else. */

const AVAILABLE = ['cef-syslog'] as const;
const webhook = { url: 'https://file.example/', secret: 's' };
const fileOf = (json: object): Config => parseConfig(json, { folder: '/', isCron: () => true, availableSiem: AVAILABLE }).config;
/** MSSP `f` of the file has customer `f1` and room for two more. */
const FILES = [
  fileOf({ edition: 'enterprise', mssps: [{ id: 'f', webhook, max_customers: 3, customers: [{ id: 'f1' }] }] }),
  fileOf({ edition: 'community', mssps: [{ id: 'f', webhook, max_customers: 3, customers: [{ id: 'f1' }] }] }),
  fileOf({ edition: 'community' }),
];

interface ModelMssp { name: string; tier: keyof typeof TIER_CUSTOMERS; max: number | null; secret: string; previous: string | null }
interface ModelCustomer { name: string; retention: number; fields: readonly string[]; url: string | null; secret: string | null; siem: Map<string, number> }
type Fields = readonly ('prompt' | 'response')[];

type Step =
  | { do: 'createMssp'; id: string; tier?: ModelMssp['tier']; max_customers?: number }
  | { do: 'configureMssp'; id: string; name?: string; tier?: ModelMssp['tier']; max_customers?: number | null }
  | { do: 'rotate'; id: string; secret: string }
  | { do: 'deleteMssp'; id: string }
  | { do: 'createCustomer' | 'configureCustomer'; mssp: string; id: string; name: string; retention_days?: number; data_fields?: Fields; webhook_url?: string; webhook_secret?: string }
  | { do: 'deleteCustomer' | 'forget'; mssp: string; id: string }
  | { do: 'configureSiem'; mssp: string; id: string; name: string; facility: number }
  | { do: 'disableSiem'; mssp: string; id: string; name: string };

class Model {
  readonly mssps = new Map<string, ModelMssp>();
  readonly customers = new Map<string, ModelCustomer>();
  readonly removed = new Set<string>();

  constructor(readonly file: Config) {}

  /** Takes the step, or says with which code it is refused and stays as it is. */
  take(step: Step): string | undefined {
    const ofFile = (id: string): boolean => this.file.mssps.some((mssp) => mssp.id === id);
    const key = 'mssp' in step ? `${step.mssp}/${step.id}` : '';
    switch (step.do) {
      case 'createMssp': {
        const made: ModelMssp = { name: 'M', tier: step.tier ?? (this.file.edition === 'enterprise' ? 'enterprise' : 'starter'), max: step.max_customers ?? null, secret: 's0', previous: null };
        if (ofFile(step.id) || this.mssps.has(step.id)) return 'ALREADY_EXISTS';
        if (this.file.edition === 'community' && this.file.mssps.length + this.mssps.size >= 1) return 'LIMIT_REACHED';
        this.mssps.set(step.id, made);
        return undefined;
      }
      case 'configureMssp': case 'rotate': case 'deleteMssp': {
        if (ofFile(step.id)) return 'MANAGED_BY_FILE';
        const before = this.mssps.get(step.id);
        if (before === undefined) return 'MSSP_NOT_FOUND';
        if (step.do === 'deleteMssp') {
          this.mssps.delete(step.id);
          for (const one of [...this.customers.keys()].filter((id) => id.startsWith(`${step.id}/`))) { this.customers.delete(one); this.removed.add(one); }
        } else if (step.do === 'rotate') {
          if (before.secret === step.secret) return 'BAD_REQUEST';
          this.mssps.set(step.id, { ...before, secret: step.secret, previous: before.secret });
        } else {
          const after = { ...before, name: step.name ?? before.name, tier: step.tier ?? before.tier, max: step.max_customers === undefined ? before.max : step.max_customers };
          if (this.count(step.id) > limitOf(after)) return 'LIMIT_REACHED';
          this.mssps.set(step.id, after);
        }
        return undefined;
      }
      case 'createCustomer': {
        if (!ofFile(step.mssp) && !this.mssps.has(step.mssp)) return 'MSSP_NOT_FOUND';
        const made = overridden({ name: step.name, retention: step.retention_days ?? 30, fields: step.data_fields ?? [], url: null, secret: null, siem: new Map() }, step);
        if (made === undefined) return 'BAD_REQUEST';
        if (key === 'f/f1' && ofFile('f') || this.customers.has(key)) return 'ALREADY_EXISTS';
        if (this.removed.has(key)) return 'BUSY';
        if (this.count(step.mssp) + 1 > (ofFile(step.mssp) ? 3 : limitOf(this.mssps.get(step.mssp)))) return 'LIMIT_REACHED';
        this.customers.set(key, made);
        return undefined;
      }
      case 'forget': this.removed.delete(key); return undefined;
      case 'configureCustomer': case 'deleteCustomer': case 'configureSiem': case 'disableSiem': {
        if (key === 'f/f1' && ofFile('f')) return 'MANAGED_BY_FILE';
        const before = this.customers.get(key);
        if (before === undefined) return ofFile(step.mssp) || this.mssps.has(step.mssp) ? 'CUSTOMER_NOT_FOUND' : 'MSSP_NOT_FOUND';
        if (step.do === 'deleteCustomer') { this.customers.delete(key); this.removed.add(key); }
        if (step.do === 'configureSiem') this.customers.set(key, { ...before, siem: new Map(before.siem).set(step.name, step.facility) });
        if (step.do === 'disableSiem') {
          if (!before.siem.has(step.name)) return 'SIEM_NOT_FOUND';
          this.customers.set(key, { ...before, siem: new Map([...before.siem].filter(([name]) => name !== step.name)) });
        }
        if (step.do === 'configureCustomer') {
          const after = overridden({ ...before, name: step.name, retention: step.retention_days ?? before.retention, fields: step.data_fields ?? before.fields }, step);
          if (after === undefined) return 'BAD_REQUEST';
          this.customers.set(key, after);
        }
        return undefined;
      }
    }
  }

  count(msspId: string): number {
    const ofFile = this.file.mssps.find(({ id }) => id === msspId)?.customers.length ?? 0;
    return ofFile + [...this.customers.keys()].filter((key) => key.startsWith(`${msspId}/`)).length;
  }
}

function limitOf(mssp: ModelMssp | undefined): number {
  const limit = mssp?.max ?? TIER_CUSTOMERS[mssp?.tier ?? 'starter'];
  return limit === 0 ? Infinity : limit;
}

function overridden(before: ModelCustomer, { webhook_url, webhook_secret }: { webhook_url?: string; webhook_secret?: string }): ModelCustomer | undefined {
  if (webhook_url === '') return webhook_secret === undefined ? { ...before, url: null, secret: null } : undefined;
  const after = { ...before, url: webhook_url ?? before.url, secret: webhook_secret ?? before.secret };
  return (after.url === null) === (after.secret === null) ? after : undefined;
}

function apply(tenants: Tenants, step: Step, context: ChangeContext): Tenants {
  switch (step.do) {
    case 'createMssp': { const { do: _, ...settings } = step; return createMssp(tenants, { name: 'M', webhook_url: 'https://m.example/', webhook_secret: 's0', ...settings }, context); }
    case 'configureMssp': { const { do: _, ...settings } = step; return configureMssp(tenants, settings, context); }
    case 'rotate': return rotateSecret(tenants, { id: step.id, secret: step.secret, overlapMs: 1000, nowMs: 0 }, context);
    case 'deleteMssp': return deleteMssp(tenants, step, context);
    case 'createCustomer': { const { do: _, ...settings } = step; return createCustomer(tenants, settings, context); }
    case 'configureCustomer': { const { do: _, ...settings } = step; return configureCustomer(tenants, { ...settings, nowMs: 0 }, context); }
    case 'deleteCustomer': return deleteCustomer(tenants, step, context);
    case 'forget': return forgetRemoved(tenants, { mssp_id: step.mssp, customer_id: step.id });
    case 'configureSiem': { const { do: _, ...settings } = step; return configureSiem(tenants, { type: 'cef', url: 'syslog://siem.example', ...settings }, context).tenants; }
    case 'disableSiem': return disableSiem(tenants, step, context);
  }
}

/** The tenants in the words of the model. */
function shown({ mssps, customers, removed }: Tenants): unknown {
  return {
    mssps: mssps.map(({ id, name, tier, max_customers: max, webhook: { secret, previous_secret: previous } }) => [id, { name, tier, max, secret, previous }]),
    customers: customers.map(({ mssp_id, customer }) => [`${mssp_id}/${customer.id}`, {
      name: customer.name, retention: customer.retention_days, fields: customer.data_fields, url: customer.webhook?.url ?? null, secret: customer.webhook?.secret ?? null,
      siem: new Map(customer.siem.map((siem) => [siem.name, siem.type === 'cef' ? siem.facility : -1])),
    }]),
    removed: removed.map(({ mssp_id, customer_id }) => `${mssp_id}/${customer_id}`).sort(),
  };
}

const msspId = fc.constantFrom('m', 'm', 'm', 'f', 'f', 'n');
const customerId = fc.constantFrom('a', 'a', 'a', 'b', 'b', 'c', 'f1');
const tier = fc.constantFrom('starter' as const, 'professional' as const, 'enterprise' as const);
const word = fc.constantFrom('A', 'B', 'C');
const settings = {
  mssp: msspId, id: customerId, name: word, retention_days: fc.integer({ min: 0, max: 90 }), data_fields: fc.constantFrom<Fields>([], ['prompt'], ['response', 'prompt']),
  webhook_url: fc.constantFrom('', 'https://a.example/', 'https://b.example/'), webhook_secret: fc.constantFrom('x', 'y'),
};
const always = { requiredKeys: ['do', 'mssp', 'id', 'name'] as ['do', 'mssp', 'id', 'name'] };
const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('createMssp' as const), id: msspId, tier, max_customers: fc.integer({ min: 0, max: 3 }) }, { requiredKeys: ['do', 'id'] }),
  fc.record({ do: fc.constant('configureMssp' as const), id: msspId, name: word, tier, max_customers: fc.constantFrom(null, 0, 1, 2, 3) }, { requiredKeys: ['do', 'id'] }),
  fc.record({ do: fc.constant('rotate' as const), id: msspId, secret: fc.constantFrom('s0', 's1', 's2') }),
  fc.record({ do: fc.constant('deleteMssp' as const), id: fc.constantFrom('f', 'n', 'm') }),
  fc.record({ do: fc.constant('createCustomer' as const), ...settings }, always),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('createCustomer' as const), mssp: msspId, id: customerId, name: word }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('configureCustomer' as const), ...settings }, always) },
  fc.record({ do: fc.constantFrom('deleteCustomer' as const, 'forget' as const), mssp: msspId, id: customerId }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('configureSiem' as const), mssp: msspId, id: customerId, name: fc.constantFrom('s1', 's2'), facility: fc.integer({ min: 0, max: 23 }) }) },
  fc.record({ do: fc.constant('disableSiem' as const), mssp: msspId, id: customerId, name: fc.constantFrom('s1', 's2') }),
);
/** So that there is something to change. */
const BEGINNING: Step[] = [{ do: 'createMssp', id: 'm' }, ...['m', 'f'].map((mssp) => ({ do: 'createCustomer' as const, mssp, id: 'a', name: 'A' }))];

t.test('any sequence of changes does what a model expects, and a refused one changes nothing', (t) => {
  const outcomes = new Map<string, number>();
  fc.assert(fc.property(fc.constantFrom(...FILES), fc.array(stepArbitrary, { minLength: 20, maxLength: 60, size: 'max' }), (file, steps) => {
    const context: ChangeContext = { file, configFile: '/etc/raxed/config.json', availableSiem: AVAILABLE };
    const model = new Model(file);
    let tenants: Tenants = NO_TENANTS;
    for (const step of [...BEGINNING, ...steps]) {
      const expected = model.take(step);
      outcomes.set(`${step.do} ${expected ?? 'done'}`, (outcomes.get(`${step.do} ${expected ?? 'done'}`) ?? 0) + 1);
      let code: string | undefined;
      // Frozen: a change that writes into what it was given throws.
      freeze(tenants);
      try {
        tenants = apply(tenants, step, context);
      } catch (error) {
        if (!(error instanceof RaxedError)) throw error;
        ({ code } = error);
      }
      assert.equal(code, expected, JSON.stringify(step));
      assert.deepEqual(shown(tenants), { mssps: [...model.mssps], customers: [...model.customers], removed: [...model.removed].sort() }, JSON.stringify(step));
    }

    assert.deepEqual(parseStored(JSON.parse(JSON.stringify(storedForm(tenants))), { availableSiem: AVAILABLE }), tenants, 'what is stored reads as what it was');
    const { config, managedBy, warnings } = mergeTenants(file, tenants, 'reload');
    assert.deepEqual(warnings, []);
    assert.deepEqual(config.mssps.flatMap(({ id, customers }) => customers.map((customer) => `${id}/${customer.id}`)).sort(), [...file.mssps.length > 0 ? ['f/f1'] : [], ...model.customers.keys()].sort());
    for (const mssp of file.mssps) {
      assert.deepEqual({ ...config.mssps[0], customers: config.mssps[0]?.customers.slice(0, 1) }, mssp, 'the file\'s tenants stay as they are');
      assert.equal(managedBy(mssp.id, 'f1'), 'file');
    }
  }), { numRuns: 500 });
  t.comment(JSON.stringify(Object.fromEntries([...outcomes].sort())));
  for (const wanted of ['createMssp LIMIT_REACHED', 'createCustomer LIMIT_REACHED', 'createCustomer BUSY', 'configureMssp LIMIT_REACHED', 'configureCustomer BAD_REQUEST', 'configureCustomer done', 'disableSiem done', 'deleteMssp done', 'rotate done', 'rotate BAD_REQUEST']) {
    t.ok((outcomes.get(wanted) ?? 0) > 0, `${wanted} was tried`);
  }
  t.end();
});
