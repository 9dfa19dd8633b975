import type { ActionDeps } from './actions.js';
import type { AuditStats } from '../audit/log.js';
import type { Reloads } from './configuration.js';
import type { DestinationStatus } from '../delivery/outcome.js';
import type { Generation } from './generation.js';

export interface StatusInfo {
  readonly configFile: string;
  /** ISO 8601. */
  readonly loadedAt: string;
  /** SHA-256 of the file in force, in hex. */
  readonly digest: string | undefined;
  readonly lastError: { readonly message: string; readonly at: string } | undefined;
  readonly restartRequired: boolean;
  readonly reloads: Reloads;
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
  const totals = deps.agents.counters.totals();
  const troubles = deps.counts.troubles();
  return {
    version: deps.version,
    pid: process.pid,
    uptime_seconds: Math.round(info.uptimeSeconds),
    state: troubled ? 'degraded' : 'ready',
    config: {
      file: info.configFile, loaded_at: info.loadedAt, restart_required: info.restartRequired,
      ...(info.digest === undefined ? {} : { digest: info.digest }),
      ...(info.lastError === undefined ? {} : { last_error: info.lastError }),
    },
    scanner: {
      engine: generation.ruleset.engine, rules: generation.ruleset.size,
      scans_total: totals.scans, threats_total: totals.threats,
      scans_incomplete: troubles.incomplete, scans_failed: troubles.failed,
      l2: l2Status(generation),
      detections: deps.counts.detections(),
    },
    spool: spoolStatus(deps, destinations),
    audit: { state: info.audit.state, files: info.audit.files, bytes: info.audit.bytes, lines: info.audit.lines },
    agents: deps.agents.counts(),
    destinations,
    memory_mb: Math.round(process.memoryUsage.rss() / 1_048_576),
    warnings,
  };
}

function l2Status({ scanner, judgement }: Generation): object {
  const { modelVersion } = scanner;
  return { enabled: modelVersion !== undefined && judgement.l2?.enabled !== false, ...(modelVersion === undefined ? {} : { model_version: modelVersion }) };
}

function spoolStatus(deps: ActionDeps, destinations: readonly DestinationStatus[]): object {
  const { bytes, maxBytes, rejected, dropped, state, streams } = deps.spool.stats();
  const sum = (key: 'pending' | 'dead'): number => destinations.reduce((total, status) => total + status[key], 0);
  return { state, bytes, max_bytes: maxBytes, pending: sum('pending'), dead: sum('dead'), rejected, dropped, streams };
}
