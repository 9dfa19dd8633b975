import type { CustomerConfig, MsspConfig } from '../../src/config/schema.js';
import { parseCustomer, parseMssp } from '../../src/config/schema.js';
import type { Part } from '../../src/config/part.js';
import type { Tenants } from '../../src/tenants/tenants.js';

const CUSTOMERS = 100;
const context = { folder: '/', availableSiem: [] };

/** Tenants that say a number everywhere, so that a mixture of two is seen. */
export function numbered(n: number): Tenants {
  const mssp: MsspConfig = value(parseMssp({ id: 'm', name: `number ${n}`, webhook: { url: 'https://soc.example/', secret: `secret ${n}` } }, context));
  const customer = (index: number): CustomerConfig => value(parseCustomer({ id: `c${index}`, name: `number ${n}` }, context));
  return { mssps: [mssp], customers: Array.from({ length: CUSTOMERS }, (_, index) => ({ mssp_id: 'm', customer: customer(index) })), removed: [{ mssp_id: 'm', customer_id: `gone${n}` }] };
}

/** The number of `numbered` tenants, 0 of none. */
export function numberOf({ mssps: [mssp] }: Tenants): number {
  return mssp === undefined ? 0 : Number(mssp.name.slice('number '.length));
}

function value<T>(part: Part<T>): T {
  if ('value' in part) return part.value;
  throw new Error('it was refused');
}
