import { siemOutput } from '../config/checks.js';
import type { CustomerConfig, SiemConfig } from '../config/schema.js';
import { parseSiem } from '../config/schema.js';
import { RaxedError } from '../errors.js';
import { replaceCustomer } from './customer.js';
import type { ChangeContext, CustomerRef, Tenants } from './tenants.js';
import { accepted, badRequest, changeableCustomer, tenantContext } from './tenants.js';

/** Beside these, every option of the SIEM's type under the configuration's key. */
export interface SiemSettings extends CustomerRef {
  readonly type: SiemConfig['type'];
  readonly url: string;
  readonly token?: string;
  /** Its type unless named. */
  readonly name?: string;
}

/**
 * Replaces the SIEM of this name, or adds it; a token that is not given again is kept where the type is the same.
 * Throws MSSP_NOT_FOUND, CUSTOMER_NOT_FOUND, MANAGED_BY_FILE or BAD_REQUEST.
 */
export function configureSiem(tenants: Tenants, settings: SiemSettings, context: ChangeContext): { readonly tenants: Tenants; readonly warnings: readonly string[] } {
  const customer = changeableCustomer(tenants, settings, context);
  const { mssp, id, token, ...options } = settings;
  const { type, url, name = type } = options;
  const before = customer.siem.find((one) => one.name === name);
  const overSyslog = type === 'cef' && siemOutput({ type, url }) === 'cef-syslog';
  const kept = token ?? (before?.type === type ? before.token : null);
  const part = parseSiem(overSyslog || kept === null ? options : { ...options, token: kept }, tenantContext(context));
  const siem = accepted(part);
  const siems = before === undefined ? [...customer.siem, siem] : customer.siem.map((one) => (one === before ? siem : one));
  return {
    tenants: replaceCustomer(tenants, { mssp, id }, { ...customer, siem: siems }),
    warnings: [
      ...(overSyslog && token !== undefined ? ['syslog carries no token: it is not kept'] : []),
      ...('warnings' in part ? part.warnings.map(({ pointer, message }) => `${pointer}: ${message}`) : []),
    ],
  };
}

/** The SIEM of this name, or the only one. Throws SIEM_NOT_FOUND, or BAD_REQUEST where a name is needed. */
export function findSiem({ siem: siems }: CustomerConfig, name: string | undefined): SiemConfig {
  if (name === undefined && siems.length > 1) throw badRequest(`/name: is required, because this customer has several SIEMs: ${siems.map((one) => one.name).join(', ')}`);
  const found = siems.find((one) => name === undefined || one.name === name);
  if (found === undefined) throw new RaxedError('SIEM_NOT_FOUND', name === undefined ? 'this customer has no SIEM' : 'this customer has no SIEM of this name');
  return found;
}

/** Takes the SIEM of this name, or the only one, from the customer. Throws as `findSiem`, and as `configureSiem`. */
export function disableSiem(tenants: Tenants, { name, ...ref }: CustomerRef & { readonly name?: string | undefined }, context: ChangeContext): Tenants {
  const customer = changeableCustomer(tenants, ref, context);
  const gone = findSiem(customer, name);
  return replaceCustomer(tenants, ref, { ...customer, siem: customer.siem.filter((one) => one !== gone) });
}
