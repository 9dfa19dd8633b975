import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { DataField, DataMode } from '../../event/event.js';
import type { Severity } from '../../scanner/verdict.js';
import type { CallContext, Method } from '../method.js';
import { defineMethod } from '../method.js';
import type { Removal } from './fields.js';
import { closed, customerSettings, NameSchema, OneCustomer, removalFields, removalOf, requireChange, UrlSchema } from './fields.js';
import { IdSchema } from './id.js';

const CreateParams = Type.Object({ mssp: IdSchema, id: IdSchema, name: NameSchema, ...customerSettings, webhook_url: Type.Optional(UrlSchema) }, closed);
const ConfigureParams = Type.Object({
  mssp: IdSchema,
  id: IdSchema,
  name: Type.Optional(NameSchema),
  ...customerSettings,
  /** Empty: back to the MSSP's webhook. */
  webhook_url: Type.Optional(Type.String({ maxLength: 2048 })),
}, closed);
const ListParams = Type.Object({ mssp: IdSchema }, closed);
const DeleteParams = Type.Object({ mssp: IdSchema, id: IdSchema, ...removalFields }, closed);

export type CreateCustomer = Static<typeof CreateParams>;
export type ConfigureCustomer = Static<typeof ConfigureParams>;

/** A customer as it is shown: no secret, and of URLs only scheme, host and port. */
export interface CustomerView {
  readonly mssp_id: string;
  readonly id: string;
  readonly name: string;
  readonly managed_by: 'file' | 'ctl';
  readonly data_mode: DataMode;
  readonly data_fields: readonly DataField[];
  readonly retention_days: number;
  readonly heartbeat_threshold_seconds: number;
  /** null: the MSSP's. */
  readonly webhook_url: string | null;
  /** null: the scanner's. */
  readonly threat_at: Severity | null;
  readonly block_at: Severity | 'never' | null;
  readonly l2: { readonly enabled: boolean | null; readonly threshold: number | object | null };
  readonly siem: readonly { readonly name: string; readonly type: string; readonly url: string }[];
}

export interface RemovedCustomer {
  readonly mssp_id: string;
  readonly id: string;
  /** False for a dry run. */
  readonly deleted: boolean;
  readonly pending_events: number;
  readonly dead_letters: number;
  readonly agents: number;
}

export interface CustomerStats {
  readonly mssp_id: string;
  readonly customer_id: string;
  readonly total_agents: number;
  readonly online_agents: number;
  readonly total_scans: number;
  readonly total_threats: number;
}

/** All throw MSSP_NOT_FOUND, and all but `create` and `list` CUSTOMER_NOT_FOUND; those that change something throw MANAGED_BY_FILE. */
export interface CustomerActions {
  /** Throws ALREADY_EXISTS, LIMIT_REACHED or BAD_REQUEST. */
  create(params: CreateCustomer, context: CallContext): Promise<CustomerView>;
  /** Changes what is named and nothing else. Throws BAD_REQUEST. */
  configure(params: ConfigureCustomer, context: CallContext): Promise<CustomerView>;
  list(msspId: string): Promise<{ readonly customers: readonly CustomerView[] }>;
  show(msspId: string, customerId: string): Promise<CustomerView>;
  /** Throws DRAIN_TIMEOUT; then nothing was deleted. */
  delete(customer: { readonly msspId: string; readonly customerId: string }, removal: Removal, context: CallContext): Promise<RemovedCustomer>;
  stats(msspId: string, customerId: string): Promise<CustomerStats>;
}

export function createCustomerMethods(actions: CustomerActions): Method[] {
  return [
    defineMethod({ name: 'customer.create', summary: 'Makes a customer of an MSSP.', scope: 'control', params: CreateParams, handle: (params, context) => actions.create(params, context) }),
    defineMethod({ name: 'customer.configure', summary: 'Changes what is named of a customer, and nothing else.', scope: 'control', params: ConfigureParams, check: requireChange(ConfigureParams), handle: (params, context) => actions.configure(params, context) }),
    defineMethod({ name: 'customer.list', summary: 'The customers of an MSSP.', scope: 'control', params: ListParams, handle: ({ mssp }) => actions.list(mssp) }),
    defineMethod({ name: 'customer.show', summary: 'One customer.', scope: 'control', params: OneCustomer, handle: ({ mssp, id }) => actions.show(mssp, id) }),
    defineMethod({
      name: 'customer.delete',
      summary: 'Deletes a customer, and what waits for it unless it is drained.',
      scope: 'control',
      params: DeleteParams,
      handle: ({ mssp, id, ...removal }, context) => actions.delete({ msspId: mssp, customerId: id }, removalOf(removal), context),
    }),
    defineMethod({ name: 'customer.stats', summary: 'Agents, scans and threats of a customer.', scope: 'control', params: OneCustomer, handle: ({ mssp, id }) => actions.stats(mssp, id) }),
  ];
}
