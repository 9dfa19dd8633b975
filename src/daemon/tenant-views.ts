import { customerLimit } from '../config/limits.js';
import type { CustomerConfig, MsspConfig, SiemConfig } from '../config/schema.js';
import type { CustomerView } from '../control/methods/customer.js';
import type { MsspView } from '../control/methods/mssp.js';
import type { SiemView } from '../control/methods/siem.js';

/** Tenants as `ctl` shows them: without their secrets, and of URLs only what is no secret. */

export type ManagedBy = 'file' | 'ctl';

export function msspView(mssp: MsspConfig, managedBy: ManagedBy): MsspView {
  const limit = customerLimit(mssp);
  const { previous_secret, previous_secret_until } = mssp.webhook;
  return {
    id: mssp.id, name: mssp.name, managed_by: managedBy,
    tier: mssp.tier, max_customers: mssp.max_customers, customer_limit: Number.isFinite(limit) ? limit : null, customers: mssp.customers.length,
    webhook_url: originOf(mssp.webhook.url),
    ...(previous_secret === null || previous_secret_until === null ? {} : { previous_secret_until }),
  };
}

export function customerView(msspId: string, customer: CustomerConfig, managedBy: ManagedBy): CustomerView {
  return {
    mssp_id: msspId, id: customer.id, name: customer.name, managed_by: managedBy,
    data_mode: customer.data_mode, data_fields: customer.data_fields,
    retention_days: customer.retention_days, heartbeat_threshold_seconds: customer.heartbeat_threshold_seconds,
    threat_at: customer.threat_at, block_at: customer.block_at, l2: customer.l2,
    webhook_url: customer.webhook === null ? null : originOf(customer.webhook.url),
    siem: customer.siem.map(({ name, type, url }) => ({ name, type, url: originOf(url) })),
  };
}

export function siemView(siem: SiemConfig): SiemView {
  const { token, ...options } = siem;
  return { ...options, url: originOf(siem.url), ...(token === null ? {} : { token: 'set' }) };
}

/** Scheme, host and port: paths and queries often hold tokens. */
function originOf(url: string): string {
  return URL.canParse(url) ? `${new URL(url).protocol}//${new URL(url).host}` : '';
}
