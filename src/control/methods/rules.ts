import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { CallContext, Method } from '../method.js';
import { defineMethod } from '../method.js';
import { closed, NameSchema, NoParams } from './fields.js';
import { IdSchema } from './id.js';

const scope = {
  /** A rule's id, or the beginning of some and `*`. */
  id: Type.String({ maxLength: 64, pattern: '^(?:[A-Za-z0-9][A-Za-z0-9_.-]{0,63}|[A-Za-z0-9_.-]{0,63}\\*)$', title: 'a rule id, or its beginning and "*"' }),
  /** Both, or none: for all customers. */
  mssp: Type.Optional(IdSchema),
  customer: Type.Optional(IdSchema),
};

const UnsuppressParams = Type.Object(scope, closed);
const SuppressParams = Type.Object({
  ...scope,
  reason: Type.Optional(NameSchema),
  /** `7d`, with m, h, d or w, or a time in ISO 8601. */
  expires: Type.Optional(Type.String({ maxLength: 64 })),
}, closed);

export type SuppressRule = Static<typeof SuppressParams>;
export type UnsuppressRule = Static<typeof UnsuppressParams>;

export interface SuppressionView {
  readonly rule: string;
  /** Without them, for all customers. */
  readonly mssp_id?: string;
  readonly customer_id?: string;
  readonly reason?: string;
  readonly expires?: string;
  readonly expired: boolean;
  readonly created?: string;
  readonly managed_by: 'file' | 'ctl';
}

export interface RulesActions {
  /** `{ engine, rules: [{ id, name, family, severity, confidence, description, risk_explanation, remediation_advice, hits }] }`: what the running scanner holds. */
  list(): Promise<object>;
  /** Throws RULE_NOT_FOUND, MSSP_NOT_FOUND, CUSTOMER_NOT_FOUND, BAD_REQUEST, DISK_FULL or STATE_UNWRITABLE. */
  suppress(params: SuppressRule, context: CallContext): Promise<SuppressionView>;
  /** Throws RULE_NOT_FOUND when it is not suppressed, MANAGED_BY_FILE when the file says so, BAD_REQUEST, DISK_FULL or STATE_UNWRITABLE. */
  unsuppress(params: UnsuppressRule, context: CallContext): Promise<{ readonly rule: string; readonly mssp_id?: string; readonly customer_id?: string }>;
  suppressions(): Promise<{ readonly suppressions: readonly SuppressionView[] }>;
}

export function createRulesMethods(actions: RulesActions): Method[] {
  return [
    defineMethod({ name: 'rules.list', summary: 'The rules that the running scanner holds, with their hits.', scope: 'control', params: NoParams, handle: () => actions.list() }),
    defineMethod({ name: 'rules.suppress', summary: 'Turns a rule off, for all customers or for one.', scope: 'control', params: SuppressParams, handle: (params, context) => actions.suppress(params, context) }),
    defineMethod({ name: 'rules.unsuppress', summary: 'Turns a rule on again.', scope: 'control', params: UnsuppressParams, handle: (params, context) => actions.unsuppress(params, context) }),
    defineMethod({ name: 'rules.suppressions', summary: 'The rules that are turned off, and for whom.', scope: 'control', params: NoParams, handle: () => actions.suppressions() }),
  ];
}
