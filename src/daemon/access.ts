import type { Config } from '../config/schema.js';
import type { CallContext } from '../control/method.js';
import { RaxedError } from '../errors.js';
import type { StreamId } from '../spool/spool.js';

/** Throws FORBIDDEN when a caller may not speak for this customer: `control.scan_tenants`, and the token of `control.http`. */
export function checkAccess({ caller, tenant }: Pick<CallContext, 'caller' | 'tenant'>, { msspId, customerId }: StreamId, { scan_tenants: allowed }: Config['control']): void {
  if (tenant !== undefined && (tenant.msspId !== msspId || tenant.customerId !== customerId)) {
    throw new RaxedError('FORBIDDEN', 'the token is for another customer');
  }
  if (caller.socket !== 'scan' || allowed === null) return;
  if (!allowed.some(([mssp, customer]) => mssp === msspId && customer === customerId)) {
    throw new RaxedError('FORBIDDEN', 'control.scan_tenants does not allow this customer on the scan socket');
  }
}
