import type { WebhookConfig } from '../config/schema.js';
import type { Tenants } from './tenants.js';

/** A webhook whose previous secret signs no more: the MSSP's, or a customer's own. */
export interface EndedOverlap {
  readonly mssp_id: string;
  readonly customer_id?: string;
}

/** The tenants without the previous secrets whose time is over, and whose they were. */
export function endOverlaps(tenants: Tenants, nowMs: number): { readonly tenants: Tenants; readonly ended: readonly EndedOverlap[] } {
  const ended: EndedOverlap[] = [];
  const without = <W extends WebhookConfig | null>(webhook: W, of: EndedOverlap): W => {
    if (webhook === null || webhook.previous_secret_until === null || Date.parse(webhook.previous_secret_until) > nowMs) return webhook;
    ended.push(of);
    return { ...webhook, previous_secret: null, previous_secret_until: null };
  };
  const mssps = tenants.mssps.map((mssp) => ({ ...mssp, webhook: without(mssp.webhook, { mssp_id: mssp.id }) }));
  const customers = tenants.customers.map(({ mssp_id, customer }) => ({ mssp_id, customer: { ...customer, webhook: without(customer.webhook, { mssp_id, customer_id: customer.id }) } }));
  return { tenants: { ...tenants, mssps, customers }, ended };
}
