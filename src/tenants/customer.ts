import type { CustomerConfig } from '../config/schema.js';
import { parseCustomer } from '../config/schema.js';
import { RaxedError } from '../errors.js';
import { checkCustomerCount } from './mssp.js';
import type { ChangeContext, CustomerId, CustomerRef, Tenants } from './tenants.js';
import { accepted, badRequest, changeableCustomer, countCustomers, fileHasCustomer, findMssp, named, tenantContext } from './tenants.js';

export interface CustomerSettings extends CustomerRef {
  readonly name: string;
  readonly data_mode?: CustomerConfig['data_mode'];
  /** Empty: all. */
  readonly data_fields?: CustomerConfig['data_fields'];
  readonly retention_days?: number;
  /** Seconds. */
  readonly heartbeat_threshold?: number;
  /** Overrides the MSSP's webhook; empty: no override. */
  readonly webhook_url?: string;
  readonly webhook_secret?: string;
  /** These four, null: the scanner's. */
  readonly threat_at?: CustomerConfig['threat_at'];
  readonly block_at?: CustomerConfig['block_at'];
  readonly l2_enabled?: CustomerConfig['l2']['enabled'];
  readonly l2_threshold?: number | object | null;
}

/**
 * A new customer, of an MSSP of the file too. Throws MSSP_NOT_FOUND, BAD_REQUEST, ALREADY_EXISTS, LIMIT_REACHED, or
 * BUSY while the data of a deleted one with this id is being removed: a customer made again starts empty.
 */
export function createCustomer(tenants: Tenants, settings: CustomerSettings, context: ChangeContext): Tenants {
  const { mssp: mssp_id, id } = settings;
  const mssp = findMssp(tenants, mssp_id, context);
  const customer = accepted(parseCustomer({ id, ...configured(settings, { webhook: null, l2: {} }) }, tenantContext(context)));
  if (fileHasCustomer(context.file, mssp_id, id) || tenants.customers.some((one) => one.mssp_id === mssp_id && one.customer.id === id)) {
    throw new RaxedError('ALREADY_EXISTS', 'this MSSP has a customer with this id already');
  }
  if (tenants.removed.some((gone) => gone.mssp_id === mssp_id && gone.customer_id === id)) {
    throw new RaxedError('BUSY', 'the data of a deleted customer with this id is still being removed');
  }
  checkCustomerCount(mssp, countCustomers(tenants, mssp_id, context.file) + 1);
  return { ...tenants, customers: [...tenants.customers, { mssp_id, customer }] };
}

/** How long the secret before signs too, when a customer's own webhook gets a new one. */
const OVERLAP_MS = 86_400_000;

/**
 * Changes what is named and nothing else: SIEMs stay, and a webhook that is overridden keeps what was not named.
 * A new secret for the same URL is a rotation: the one before signs too for a day.
 * Throws MSSP_NOT_FOUND, CUSTOMER_NOT_FOUND, MANAGED_BY_FILE or BAD_REQUEST.
 */
export function configureCustomer(tenants: Tenants, settings: CustomerRef & Partial<CustomerSettings> & { readonly nowMs: number }, context: ChangeContext): Tenants {
  const before = changeableCustomer(tenants, settings, context);
  return replaceCustomer(tenants, settings, accepted(parseCustomer({ ...before, ...configured(settings, { webhook: rotated(settings, before.webhook), l2: before.l2 }) }, tenantContext(context))));
}

/** Deletes a customer; its data is then in `removed`. Throws MSSP_NOT_FOUND, CUSTOMER_NOT_FOUND or MANAGED_BY_FILE. */
export function deleteCustomer(tenants: Tenants, { mssp, id }: CustomerRef, context: ChangeContext): Tenants {
  changeableCustomer(tenants, { mssp, id }, context);
  return {
    ...tenants,
    customers: tenants.customers.filter((one) => one.mssp_id !== mssp || one.customer.id !== id),
    removed: [...tenants.removed, { mssp_id: mssp, customer_id: id }],
  };
}

/** The data of a deleted customer is gone from the disk. */
export function forgetRemoved(tenants: Tenants, { mssp_id, customer_id }: CustomerId): Tenants {
  return { ...tenants, removed: tenants.removed.filter((gone) => gone.mssp_id !== mssp_id || gone.customer_id !== customer_id) };
}

export function replaceCustomer(tenants: Tenants, { mssp, id }: CustomerRef, customer: CustomerConfig): Tenants {
  return { ...tenants, customers: tenants.customers.map((one) => (one.mssp_id === mssp && one.customer.id === id ? { mssp_id: mssp, customer } : one)) };
}

/** What was named, under the configuration's keys; of webhook and L2 what was not named is as it was. */
function configured(settings: Partial<CustomerSettings>, before: { readonly webhook: CustomerConfig['webhook']; readonly l2: Partial<CustomerConfig['l2']> }): object {
  const { name, data_mode, data_fields, retention_days, heartbeat_threshold: heartbeat_threshold_seconds, threat_at, block_at, l2_enabled: enabled, l2_threshold: threshold } = settings;
  return {
    ...named({ name, data_mode, data_fields, retention_days, heartbeat_threshold_seconds, threat_at, block_at }),
    l2: { ...before.l2, ...named({ enabled, threshold }) },
    webhook: webhookOf(settings, before.webhook),
  };
}

/** The customer's own webhook with what signs beside a new secret: the one before for the same URL, none for another URL. */
function rotated({ webhook_url: url, webhook_secret: secret, nowMs }: Partial<CustomerSettings> & { readonly nowMs: number }, override: CustomerConfig['webhook']): CustomerConfig['webhook'] {
  if (override === null || secret === undefined || secret === override.secret) return override;
  return url === undefined || url === override.url
    ? { ...override, previous_secret: override.secret, previous_secret_until: new Date(nowMs + OVERLAP_MS).toISOString() }
    : { ...override, previous_secret: null, previous_secret_until: null };
}

function webhookOf({ webhook_url: url, webhook_secret: secret }: Partial<CustomerSettings>, override: CustomerConfig['webhook']): object | null {
  if (url === '') {
    if (secret !== undefined) throw badRequest('/webhook_secret: does not go together with an empty webhook_url, which goes back to the MSSP\'s webhook');
    return null;
  }
  if (url === undefined && secret === undefined) return override;
  if (override === null && url === undefined) throw badRequest('/webhook_url: is required beside webhook_secret, because this customer has no webhook of its own');
  if (override === null && secret === undefined) throw badRequest('/webhook_secret: is required beside webhook_url, because this customer has no webhook of its own');
  return { ...override, ...named({ url, secret }) };
}
