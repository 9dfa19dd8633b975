import type { Static } from '@sinclair/typebox';
import { Array as ArrayType, Literal, Never } from '@sinclair/typebox';
import type { Available, Notes } from '../config/checks.js';
import { checkCustomer, checkMssp, checkUnique } from '../config/checks.js';
import type { DeepReadonly } from '../config/part.js';
import { parsePart } from '../config/part.js';
import { plainSchema } from '../config/schema.js';
import { CustomerSchema, MsspSchema, id, strict } from '../config/shape.js';
import { isObject } from '../config/walk.js';
import { ConfigError } from '../errors.js';
import type { Tenants } from './tenants.js';

/**
 * The content of `tenants.json`: `{ version, mssps, customers: [{ mssp_id, customer }], removed: [{ mssp_id,
 * customer_id }] }`, where MSSPs (their own `customers` empty) and customers are as in the configuration file, every
 * default written out. Secrets stand in it as they are.
 */
const StoredSchema = strict({
  version: Literal(1),
  mssps: ArrayType(strict({ ...MsspSchema.properties, customers: ArrayType(Never()) })),
  customers: ArrayType(strict({ mssp_id: id(), customer: CustomerSchema })),
  removed: ArrayType(strict({ mssp_id: id(), customer_id: id() })),
});
type StoredDraft = Static<typeof StoredSchema>;
export type StoredTenants = DeepReadonly<StoredDraft>;

/** The properties of the store as plain JSON Schema. */
export function storedProperties(): Record<keyof StoredDraft, Record<string, unknown>> {
  const { version, mssps, customers, removed } = StoredSchema.properties;
  return { version: plainSchema(version), mssps: plainSchema(mssps), customers: plainSchema(customers), removed: plainSchema(removed) };
}

export function storedForm({ mssps, customers, removed }: Tenants): StoredTenants {
  return { version: 1, mssps: mssps.map((mssp) => ({ ...mssp, customers: [] })), customers, removed };
}

/** The inverse of `storedForm`, with every check that the configuration file gets. Throws ConfigError, or Error for what a later version wrote. */
export function parseStored(json: unknown, available: Available): Tenants {
  const version = isObject(json) ? json['version'] : undefined;
  if (typeof version === 'number' && version > 1) throw new Error(`it was written by a later version of raxed (format ${version})`);
  // Paths were made absolute before they were written, and no tenant has a cron expression.
  const part = parsePart(StoredSchema, json, { folder: '/', isCron: () => false }, (draft, notes) => { check(draft, available, notes); });
  if ('problems' in part) throw new ConfigError('CONFIG_INVALID', part.problems);
  const { mssps, customers, removed } = part.value;
  return { mssps, customers, removed };
}

function check(draft: StoredDraft, available: Available, notes: Notes): void {
  draft.mssps.forEach((mssp, index) => {
    if (mssp.customers.length > 0) notes.report(`/mssps/${index}/customers`, 'expected an empty list: customers stand in /customers');
    else checkMssp(mssp, `/mssps/${index}`, available, notes);
  });
  draft.customers.forEach(({ customer }, index) => { checkCustomer(customer, `/customers/${index}/customer`, available, notes); });
  checkUnique(draft.mssps.map((mssp) => mssp.id), (index) => `/mssps/${index}/id`, notes.report);
  checkUnique(draft.customers.map(({ mssp_id, customer }) => `${mssp_id}/${customer.id}`), (index) => `/customers/${index}/customer/id`, notes.report);
}
