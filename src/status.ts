import type { ActionDeps } from './actions.js';
import type { AuditStats } from './audit/log.js';
import type { CustomerConfig, MsspConfig } from './config/schema.js';

export interface StatusInfo {
  readonly configFile: string;
  /** ISO 8601. */
  readonly loadedAt: string;
  readonly lastError: { readonly message: string; readonly at: string } | undefined;
  readonly restartRequired: boolean;
  readonly uptimeSeconds: number;
  readonly audit: AuditStats;
}

/** Everything that an operator looks at; no text, no secret. */
export function statusOf(deps: ActionDeps): object {
  const generation = deps.generation();
  const info = deps.info();
  const warnings = deps.warnings();
  const destinations = deps.destinations.statuses();
  const troubled = warnings.length > 0 || destinations.some(({ state }) => state === 'misconfigured' || state === 'circuit_open');
  const totals = deps.counters.totals();
  return {
    version: deps.version,
    pid: process.pid,
    uptime_seconds: Math.round(info.uptimeSeconds),
    state: troubled ? 'degraded' : 'ready',
    config: {
      file: info.configFile, loaded_at: info.loadedAt, restart_required: info.restartRequired,
      ...(info.lastError === undefined ? {} : { last_error: info.lastError }),
    },
    scanner: {
      engine: generation.ruleset.engine, rules: generation.ruleset.size,
      scans_total: totals.scans, threats_total: totals.threats, l2: { enabled: false },
    },
    spool: spoolStatus(deps),
    audit: { state: info.audit.state, files: info.audit.files, bytes: info.audit.bytes, lines: info.audit.lines },
    destinations,
    memory_mb: Math.round(process.memoryUsage.rss() / 1_048_576),
    warnings,
  };
}

function spoolStatus(deps: ActionDeps): object {
  const { bytes, maxBytes, rejected, dropped, state, streams } = deps.spool.stats();
  return { state, bytes, max_bytes: maxBytes, rejected, dropped, streams };
}

/** An MSSP as `ctl` shows it: without its secret, and of its webhook's URL only what is no secret. */
export function showMssp(mssp: MsspConfig): object {
  return {
    id: mssp.id, name: mssp.name, tier: mssp.tier, max_customers: mssp.max_customers, managed_by: 'file',
    webhook_url: originOf(mssp.webhook.url), customers: mssp.customers.length,
  };
}

export function showCustomer(customer: CustomerConfig): object {
  return {
    id: customer.id, name: customer.name, managed_by: 'file',
    data_mode: customer.data_mode, data_fields: customer.data_fields,
    retention_days: customer.retention_days, heartbeat_threshold_seconds: customer.heartbeat_threshold_seconds,
    webhook_url: customer.webhook === null ? null : originOf(customer.webhook.url),
    siem: customer.siem.map(({ name, type, url }) => ({ name, type, url: originOf(url) })),
  };
}

/** Scheme, host and port: paths and queries often hold tokens. */
function originOf(url: string): string {
  return URL.canParse(url) ? `${new URL(url).protocol}//${new URL(url).host}` : '';
}
