import { EDITION_LIMITS, customerLimit, customerLimitText } from '../config/limits.js';
import { freeze } from '../config/part.js';
import type { Config, MsspConfig } from '../config/schema.js';
import { unknownTenants } from '../config/tenant-names.js';
import type { ConfigProblem } from '../errors.js';
import { ConfigError } from '../errors.js';
import type { Tenants } from './tenants.js';
import { byId, fileHasCustomer } from './tenants.js';

export interface EffectiveConfig {
  /** The file's, with the tenants made with `ctl` among its own. Frozen. */
  readonly config: Config;
  managedBy(msspId: string, customerId?: string): 'file' | 'ctl';
  readonly warnings: readonly ConfigProblem[];
}

/**
 * One configuration from the operator's file and the tenants made with `ctl`. Mode `reload` is for a new file while
 * the daemon runs: what does not go together throws ConfigError with the place in the file. With `start`, which is
 * also for a change made with `ctl`, the file wins and the rest is a warning: a daemon does not stay down for that.
 */
export function mergeTenants(file: Config, tenants: Tenants, mode: 'start' | 'reload'): EffectiveConfig {
  const warnings: ConfigProblem[] = [];
  const problems: ConfigProblem[] = [];
  const clashes = mode === 'reload' ? problems : warnings;

  file.mssps.forEach((mssp, m) => {
    if (byId(tenants.mssps, mssp.id) !== undefined) clashes.push({ pointer: `/mssps/${m}/id`, message: clash(`an MSSP made with ctl has this id (${mssp.id})`, mode) });
    mssp.customers.forEach(({ id }, c) => {
      const pointer = `/mssps/${m}/customers/${c}/id`;
      if (tenants.customers.some((own) => own.mssp_id === mssp.id && own.customer.id === id)) clashes.push({ pointer, message: clash(`a customer made with ctl has this id (${id})`, mode) });
      else if (mode === 'reload' && tenants.removed.some((gone) => gone.mssp_id === mssp.id && gone.customer_id === id)) {
        problems.push({ pointer, message: 'the data of a deleted customer with this id is still being removed' });
      }
    });
  });

  const ownMssps = tenants.mssps.filter(({ id }) => byId(file.mssps, id) === undefined);
  const mssps = [...file.mssps, ...ownMssps].map((mssp) => withOwnCustomers(mssp, tenants));
  for (const [msspId, ids] of orphans(tenants, mssps)) {
    clashes.push({ pointer: '/mssps', message: `MSSP "${msspId}", which does not exist, still has customers made with ctl: ${ids.join(', ')}${mode === 'start' ? '; they are idle, and their data stays' : ''}` });
  }

  const config: Config = freeze({ ...file, mssps });
  warnings.push(...overLimit(file, mssps));
  const unknown = unknownTenants(config);
  clashes.push(...unknown.agent);
  warnings.push(...unknown.control);
  if (problems.length > 0) throw new ConfigError('CONFIG_INVALID', problems);
  return {
    config, warnings,
    managedBy: (msspId, customerId) => ((customerId === undefined ? byId(file.mssps, msspId) !== undefined : fileHasCustomer(file, msspId, customerId)) ? 'file' : 'ctl'),
  };
}

function clash(what: string, mode: 'start' | 'reload'): string {
  return mode === 'start' ? `${what}; the file wins` : `${what}; delete that one first, or leave this one out`;
}

function withOwnCustomers(mssp: MsspConfig, tenants: Tenants): MsspConfig {
  const own = tenants.customers.filter(({ mssp_id, customer }) => mssp_id === mssp.id && byId(mssp.customers, customer.id) === undefined);
  return own.length === 0 ? mssp : { ...mssp, customers: [...mssp.customers, ...own.map(({ customer }) => customer)] };
}

/** Customers whose MSSP is nowhere, by MSSP. */
function orphans(tenants: Tenants, mssps: readonly MsspConfig[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { mssp_id, customer } of tenants.customers) {
    if (byId(mssps, mssp_id) === undefined) found.set(mssp_id, [...found.get(mssp_id) ?? [], customer.id]);
  }
  return found;
}

/** The file may have changed since a tenant was made; none is dropped for that. */
function overLimit(file: Config, mssps: readonly MsspConfig[]): ConfigProblem[] {
  const allowed = EDITION_LIMITS[file.edition].mssps;
  const tooMany = mssps.length > allowed ? [{ pointer: '/edition', message: `edition "${file.edition}" allows ${allowed} MSSP, and there are ${mssps.length} with those made with ctl` }] : [];
  return [...tooMany, ...mssps.flatMap((mssp, index) => {
    if (mssp.customers.length <= customerLimit(mssp)) return [];
    return [{ pointer: index < file.mssps.length ? `/mssps/${index}` : '', message: `MSSP "${mssp.id}": ${customerLimitText(mssp)}, and there are ${mssp.customers.length} with those made with ctl` }];
  })];
}
