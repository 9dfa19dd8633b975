import type { ConfigProblem } from '../errors.js';
import { step } from './pointer.js';
import type { Config } from './schema.js';

/**
 * Where `config` names a customer that it does not have: in `agent`, and in the listeners of `control`. Wants the
 * effective configuration, since a customer made with `ctl` may be named in the file.
 */
export function unknownTenants(config: Pick<Config, 'agent' | 'control' | 'mssps'>): { readonly agent: readonly ConfigProblem[]; readonly control: readonly ConfigProblem[] } {
  const msspOf = (msspId: string) => config.mssps.find(({ id }) => id === msspId);
  const exists = (msspId: string, customerId: string): boolean => msspOf(msspId)?.customers.some(({ id }) => id === customerId) === true;
  const problem = (pointer: string, named: { readonly mssp_id: string; readonly customer_id: string } | null): ConfigProblem[] => {
    if (named === null || exists(named.mssp_id, named.customer_id)) return [];
    return [msspOf(named.mssp_id) === undefined
      ? { pointer: step(pointer, 'mssp_id'), message: 'names no MSSP' }
      : { pointer: step(pointer, 'customer_id'), message: 'names no customer of this MSSP' }];
  };
  const pairs = (config.control.scan_tenants ?? []).flatMap(([msspId, customerId], index) => (exists(msspId, customerId) ? [] : [{ pointer: `/control/scan_tenants/${index}`, message: 'names no customer' }]));
  return { agent: problem('/agent', config.agent), control: [...problem('/control/http', config.control.http), ...pairs] };
}
