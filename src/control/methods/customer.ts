import { Type } from '@sinclair/typebox';
import type { Method } from '../method.js';
import { defineMethod } from '../method.js';
import { IdSchema } from './id.js';

const ListParams = Type.Object({ mssp: IdSchema }, { additionalProperties: false });
const ShowParams = Type.Object({ mssp: IdSchema, id: IdSchema }, { additionalProperties: false });

export interface CustomerActions {
  /** `{ customers: [...] }` of one MSSP, secrets left out. Throws MSSP_NOT_FOUND. */
  list(msspId: string): Promise<object>;
  /** Throws MSSP_NOT_FOUND or CUSTOMER_NOT_FOUND. */
  show(msspId: string, customerId: string): Promise<object>;
}

export function createCustomerMethods(actions: CustomerActions): Method[] {
  return [
    defineMethod({ name: 'customer.list', scope: 'control', params: ListParams, handle: ({ mssp }) => actions.list(mssp) }),
    defineMethod({ name: 'customer.show', scope: 'control', params: ShowParams, handle: ({ mssp, id }) => actions.show(mssp, id) }),
  ];
}
