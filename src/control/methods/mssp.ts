import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { CallContext, Method } from '../method.js';
import { defineMethod } from '../method.js';
import type { Removal } from './fields.js';
import { closed, NameSchema, NoParams, oneOf, OneMssp, removalFields, removalOf, requireChange, SecretSchema, TIERS, UrlSchema } from './fields.js';
import { IdSchema } from './id.js';

/** 0: unlimited. */
const MaxCustomers = Type.Integer({ minimum: 0, maximum: 1_000_000 });

const CreateParams = Type.Object({
  id: IdSchema,
  name: NameSchema,
  webhook_url: UrlSchema,
  webhook_secret: SecretSchema,
  tier: Type.Optional(oneOf(TIERS)),
  max_customers: Type.Optional(MaxCustomers),
}, closed);

const ConfigureParams = Type.Object({
  id: IdSchema,
  name: Type.Optional(NameSchema),
  tier: Type.Optional(oneOf(TIERS)),
  /** null: the tier's. */
  max_customers: Type.Optional(Type.Union([MaxCustomers, Type.Null()], { title: 'null or an integer of at least 0 and at most 1000000' })),
  webhook_url: Type.Optional(UrlSchema),
}, closed);

const TestWebhookParams = Type.Object({
  id: IdSchema,
  /** For this test only: the receiver's certificate is not checked. */
  skip_ssl_verify: Type.Optional(Type.Boolean()),
}, closed);

const RotateSecretParams = Type.Object({
  id: IdSchema,
  /** Absent: one is generated. */
  webhook_secret: Type.Optional(SecretSchema),
  /** How long both secrets sign. */
  overlap_hours: Type.Optional(Type.Number({ minimum: 0, maximum: 8760 })),
}, closed);

const DeleteParams = Type.Object({ id: IdSchema, ...removalFields }, closed);

const OVERLAP_HOURS = 24;

export type CreateMssp = Static<typeof CreateParams>;
export type ConfigureMssp = Static<typeof ConfigureParams>;

/** An MSSP as it is shown: no secret, and of the URL only scheme, host and port. */
export interface MsspView {
  readonly id: string;
  readonly name: string;
  readonly tier: (typeof TIERS)[number];
  /** As configured; null: the tier's. */
  readonly max_customers: number | null;
  /** In force; null: unlimited. */
  readonly customer_limit: number | null;
  readonly customers: number;
  readonly webhook_url: string;
  readonly managed_by: 'file' | 'ctl';
  /** ISO 8601; until then both secrets sign. */
  readonly previous_secret_until?: string;
}

export interface RotatedSecret {
  readonly id: string;
  readonly generated: boolean;
  /** Only one that was generated. */
  readonly webhook_secret?: string;
  /** ISO 8601. */
  readonly previous_secret_until: string;
}

export interface RemovedMssp {
  readonly id: string;
  /** False for a dry run. */
  readonly deleted: boolean;
  readonly customers: number;
  readonly pending_events: number;
  readonly dead_letters: number;
  readonly agents: number;
}

export interface MsspStats {
  readonly mssp_id: string;
  readonly total_customers: number;
  readonly total_agents: number;
  readonly online_agents: number;
  readonly total_scans: number;
  readonly total_threats: number;
}

/** All but `create` and `list` throw MSSP_NOT_FOUND; those that change something throw MANAGED_BY_FILE. */
export interface MsspActions {
  /** Throws ALREADY_EXISTS, LIMIT_REACHED or BAD_REQUEST. */
  create(params: CreateMssp, context: CallContext): Promise<MsspView>;
  /** Changes what is named and nothing else. Throws LIMIT_REACHED or BAD_REQUEST. */
  configure(params: ConfigureMssp, context: CallContext): Promise<MsspView>;
  list(): Promise<{ readonly mssps: readonly MsspView[] }>;
  show(id: string): Promise<MsspView>;
  /** Sends a `test` event now, outside of the spool. Throws DELIVERY_FAILED. */
  testWebhook(id: string, options: { readonly skipSslVerify: boolean }, context: CallContext): Promise<object>;
  rotateSecret(id: string, options: { readonly secret: string | undefined; readonly overlapMs: number }, context: CallContext): Promise<RotatedSecret>;
  /** Throws DRAIN_TIMEOUT; then nothing was deleted. */
  delete(id: string, removal: Removal, context: CallContext): Promise<RemovedMssp>;
  stats(id: string): Promise<MsspStats>;
}

export function createMsspMethods(actions: MsspActions): Method[] {
  return [
    defineMethod({ name: 'mssp.create', summary: 'Makes an MSSP.', scope: 'control', params: CreateParams, handle: (params, context) => actions.create(params, context) }),
    defineMethod({ name: 'mssp.configure', summary: 'Changes what is named of an MSSP, and nothing else.', scope: 'control', params: ConfigureParams, check: requireChange(ConfigureParams), handle: (params, context) => actions.configure(params, context) }),
    defineMethod({ name: 'mssp.list', summary: 'The MSSPs.', scope: 'control', params: NoParams, handle: () => actions.list() }),
    defineMethod({ name: 'mssp.show', summary: 'One MSSP.', scope: 'control', params: OneMssp, handle: ({ id }) => actions.show(id) }),
    defineMethod({
      name: 'mssp.test-webhook',
      summary: 'Sends a test event to an MSSP\'s webhook now.',
      scope: 'control',
      params: TestWebhookParams,
      handle: ({ id, skip_ssl_verify }, context) => actions.testWebhook(id, { skipSslVerify: skip_ssl_verify === true }, context),
    }),
    defineMethod({
      name: 'mssp.rotate-secret',
      summary: 'Gives an MSSP\'s webhook a new secret, beside which the old one signs for a while.',
      scope: 'control',
      params: RotateSecretParams,
      handle: ({ id, webhook_secret, overlap_hours }, context) => actions.rotateSecret(id, { secret: webhook_secret, overlapMs: (overlap_hours ?? OVERLAP_HOURS) * 3_600_000 }, context),
    }),
    defineMethod({ name: 'mssp.delete', summary: 'Deletes an MSSP with its customers.', scope: 'control', params: DeleteParams, handle: ({ id, ...removal }, context) => actions.delete(id, removalOf(removal), context) }),
    defineMethod({ name: 'mssp.stats', summary: 'Customers, agents, scans and threats of an MSSP.', scope: 'control', params: OneMssp, handle: ({ id }) => actions.stats(id) }),
  ];
}
