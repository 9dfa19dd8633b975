import { EDITION_LIMITS, TIER_CUSTOMERS, customerLimit, customerLimitText } from '../config/limits.js';
import type { Tier } from '../config/limits.js';
import type { MsspConfig } from '../config/schema.js';
import { parseMssp } from '../config/schema.js';
import { RaxedError } from '../errors.js';
import type { Random } from '../ports.js';
import type { ChangeContext, Tenants } from './tenants.js';
import { accepted, badRequest, byId, changeableMssp, countCustomers, named, tenantContext } from './tenants.js';

const SECRET_BYTES = 32;

export interface MsspSettings {
  readonly id: string;
  readonly name: string;
  readonly webhook_url: string;
  readonly webhook_secret: string;
  readonly tier?: Tier;
  /** null: the tier's; 0: unlimited. */
  readonly max_customers?: number | null;
}

/**
 * A new MSSP; without a tier it gets its edition's. Customers that an MSSP of this id left behind when it went from
 * the file are its customers again. Throws BAD_REQUEST, ALREADY_EXISTS or LIMIT_REACHED.
 */
export function createMssp(tenants: Tenants, settings: MsspSettings, context: ChangeContext): Tenants {
  const { edition, mssps } = context.file;
  const { webhook_url: url, webhook_secret: secret, ...rest } = settings;
  const mssp = accepted(parseMssp({ ...(edition === 'enterprise' ? { tier: 'enterprise' } : {}), ...named(rest), webhook: { url, secret } }, tenantContext(context)));
  if (byId([...mssps, ...tenants.mssps], mssp.id) !== undefined) throw new RaxedError('ALREADY_EXISTS', 'there is an MSSP with this id already');
  const allowed = EDITION_LIMITS[edition].mssps;
  if (new Set([...mssps, ...tenants.mssps].map(({ id }) => id)).size >= allowed) {
    throw new RaxedError('LIMIT_REACHED', `edition "${edition}" allows ${allowed} MSSP; "edition": "enterprise" in ${context.configFile} has no limit`);
  }
  checkCustomerCount(mssp, countCustomers(tenants, mssp.id, context.file));
  return { ...tenants, mssps: [...tenants.mssps, mssp] };
}

/** Changes what is named and nothing else; the secret stays. Throws MSSP_NOT_FOUND, MANAGED_BY_FILE, BAD_REQUEST or LIMIT_REACHED. */
export function configureMssp(tenants: Tenants, settings: Pick<MsspSettings, 'id'> & Partial<Omit<MsspSettings, 'webhook_secret'>>, context: ChangeContext): Tenants {
  const { id, webhook_url: url, ...rest } = settings;
  const before = changeableMssp(tenants, id, context);
  const after = accepted(parseMssp({ ...before, ...named(rest), webhook: { ...before.webhook, ...named({ url }) } }, tenantContext(context)));
  const customers = countCustomers(tenants, id, context.file);
  if (customerLimit(after) < customerLimit(before)) checkCustomerCount(after, customers);
  return replaceMssp(tenants, after);
}

/**
 * Signs with `secret` from now on, and with the one before it too for `overlapMs`; one that was older still signs no
 * more. Throws MSSP_NOT_FOUND, MANAGED_BY_FILE or BAD_REQUEST.
 */
export function rotateSecret(tenants: Tenants, rotation: { readonly id: string; readonly secret: string; readonly overlapMs: number; readonly nowMs: number }, context: ChangeContext): Tenants {
  const { id, secret, overlapMs, nowMs } = rotation;
  const before = changeableMssp(tenants, id, context);
  if (before.webhook.secret === secret) throw badRequest('/webhook_secret: is the secret that is in use already');
  const previous = overlapMs > 0
    ? { previous_secret: before.webhook.secret, previous_secret_until: new Date(nowMs + overlapMs).toISOString() }
    : { previous_secret: null, previous_secret_until: null };
  return replaceMssp(tenants, accepted(parseMssp({ ...before, webhook: { ...before.webhook, ...previous, secret } }, tenantContext(context))));
}

/** A secret of 256 bits for a webhook. */
export function newSecret(random: Random): string {
  return Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url');
}

/** Deletes an MSSP with its customers, whose data is then in `removed`. Throws MSSP_NOT_FOUND or MANAGED_BY_FILE. */
export function deleteMssp(tenants: Tenants, { id }: { readonly id: string }, context: ChangeContext): Tenants {
  changeableMssp(tenants, id, context);
  const leaving = tenants.customers.filter(({ mssp_id }) => mssp_id === id);
  return {
    mssps: tenants.mssps.filter((mssp) => mssp.id !== id),
    customers: tenants.customers.filter(({ mssp_id }) => mssp_id !== id),
    removed: [...tenants.removed, ...leaving.map(({ mssp_id, customer }) => ({ mssp_id, customer_id: customer.id }))],
  };
}

/** Throws LIMIT_REACHED when an MSSP may not have so many customers. */
export function checkCustomerCount(mssp: MsspConfig, count: number): void {
  if (count <= customerLimit(mssp)) return;
  const { professional } = TIER_CUSTOMERS;
  const wayOut = mssp.max_customers !== null ? '' : mssp.tier === 'starter' ? `; "professional" allows ${professional}, "enterprise" any number` : '; "enterprise" allows any number';
  throw new RaxedError('LIMIT_REACHED', customerLimitText(mssp) + wayOut);
}

function replaceMssp(tenants: Tenants, mssp: MsspConfig): Tenants {
  return { ...tenants, mssps: tenants.mssps.map((one) => (one.id === mssp.id ? mssp : one)) };
}
