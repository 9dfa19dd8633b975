import type { AuditFields } from '../audit/record.js';
import type { CallContext } from '../control/method.js';
import type { RulesActions, SuppressionView } from '../control/methods/rules.js';
import type { DetectionCounts } from './detection-counts.js';
import { RaxedError } from '../errors.js';
import type { Generation } from './generation.js';
import type { Clock } from '../ports.js';
import { unknownRule } from './rule-names.js';
import type { StreamId } from '../spool/spool.js';
import type { Suppression, Suppressions } from './suppressions.js';
import { expiryOf } from './suppressions.js';
import { requester } from './tenant-actions.js';

export interface RulesActionDeps {
  readonly generation: () => Generation;
  readonly suppressions: Suppressions;
  readonly counts: Pick<DetectionCounts, 'hits'>;
  /** Of the operator's file. */
  readonly configFile: string;
  /** Writes to the audit log; resolves when it is durable, and never rejects. */
  readonly note: (kind: 'config', fields: AuditFields) => Promise<void>;
  readonly clock: Pick<Clock, 'now'>;
}

/** What `ctl rules` does to the running daemon. */
export function createRulesActions({ generation, suppressions, counts, configFile, note, clock }: RulesActionDeps): RulesActions {
  async function noted(event: string, { rule, customer }: Pick<Suppression, 'rule' | 'customer'>, context: CallContext): Promise<void> {
    await note('config', { event, rule_id: rule, ...idsOf(customer), ...await requester(context) });
  }

  /** Throws MSSP_NOT_FOUND or CUSTOMER_NOT_FOUND. */
  function mustBeThere(customer: StreamId | undefined): void {
    if (customer !== undefined) generation().tenant(customer.msspId, customer.customerId);
  }

  function viewOf({ rule, customer, reason, until, createdMs }: Suppression): SuppressionView {
    return {
      rule, ...idsOf(customer), ...(reason === undefined ? {} : { reason }), ...(until === undefined ? {} : { expires: new Date(until).toISOString() }),
      expired: until !== undefined && until <= clock.now(), created: new Date(createdMs).toISOString(), managed_by: 'ctl',
    };
  }

  function ofFile(): SuppressionView[] {
    const { config } = generation();
    const view = (customer: StreamId | undefined) => ({ rule, reason, expires }: (typeof config)['scanner']['suppressions'][number]): SuppressionView => ({
      rule, ...idsOf(customer), ...(reason === null ? {} : { reason }), ...(expires === null ? {} : { expires }),
      expired: expires !== null && Date.parse(expires) <= clock.now(), managed_by: 'file',
    });
    return [
      ...config.scanner.suppressions.map(view(undefined)),
      ...config.mssps.flatMap((mssp) => mssp.customers.flatMap(({ id, suppressions: own }) => own.map(view({ msspId: mssp.id, customerId: id })))),
    ];
  }

  return {
    list: async () => {
      const { ruleset } = generation();
      return {
        engine: ruleset.engine,
        rules: ruleset.rules.map(({ id, name, family, severity, confidence, description, risk_explanation, remediation_advice }) => ({
          id, name, family, severity, confidence, description, risk_explanation, remediation_advice, hits: counts.hits(id),
        })),
      };
    },
    async suppress({ id: rule, reason, expires, ...scope }, context) {
      const customer = customerOf(scope);
      mustBeThere(customer);
      const problem = unknownRule(rule, generation().ruleset);
      if (problem !== undefined) throw new RaxedError('RULE_NOT_FOUND', problem);
      const now = clock.now();
      const until = expires === undefined ? undefined : expiryOf(expires, now);
      if (expires !== undefined && until === undefined) throw new RaxedError('BAD_REQUEST', '/expires: expected a time to come, as in "7d", "12h" or "2026-12-31T00:00:00Z"');
      const suppression: Suppression = { rule, customer, reason, until, createdMs: now };
      await suppressions.add(suppression);
      await noted('rule_suppressed', suppression, context);
      return viewOf(suppression);
    },
    async unsuppress({ id: rule, ...scope }, context) {
      const customer = customerOf(scope);
      const named = { rule, ...idsOf(customer) };
      // Also of a customer that the file has no more: else its suppression would stay for good.
      if (!await suppressions.remove(rule, customer)) {
        mustBeThere(customer);
        const inFile = ofFile().some((each) => each.rule === rule && each.mssp_id === customer?.msspId && each.customer_id === customer?.customerId);
        if (inFile) throw new RaxedError('MANAGED_BY_FILE', `this suppression is managed by ${configFile}`);
        throw new RaxedError('RULE_NOT_FOUND', `${customer === undefined ? 'for all customers' : 'for this customer'} no suppression of this rule stands`);
      }
      await noted('rule_unsuppressed', { rule, customer }, context);
      return named;
    },
    suppressions: async () => ({ suppressions: [...ofFile(), ...suppressions.list().map(viewOf)] }),
  };
}

/** Throws BAD_REQUEST. */
function customerOf({ mssp, customer }: { readonly mssp?: string; readonly customer?: string }): StreamId | undefined {
  if (mssp === undefined && customer === undefined) return undefined;
  if (mssp === undefined || customer === undefined) throw new RaxedError('BAD_REQUEST', 'a customer is named by mssp and customer together; without both, all customers are meant');
  return { msspId: mssp, customerId: customer };
}

function idsOf(customer: StreamId | undefined): { readonly mssp_id?: string; readonly customer_id?: string } {
  return customer === undefined ? {} : { mssp_id: customer.msspId, customer_id: customer.customerId };
}
