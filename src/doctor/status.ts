import type { RunningConfig } from './configuration.js';

/** The part of the daemon's `status` that is judged; what another version leaves out is nothing. */
export interface Status {
  readonly engine: string | undefined;
  readonly config: RunningConfig;
  readonly scansFailed: number;
  readonly scansIncomplete: number;
  readonly spool: { readonly state: string; readonly bytes: number; readonly maxBytes: number; readonly pending: number; readonly dead: number; readonly rejected: number; readonly dropped: number };
  readonly audit: string;
  readonly destinations: readonly DestinationStatus[];
  readonly warnings: readonly string[];
}

export interface DestinationStatus {
  /** `mssp/customer/name`. */
  readonly name: string;
  readonly state: string;
  readonly url: string;
  readonly pending: number;
  readonly oldestSeconds: number;
  readonly stalled: boolean;
  readonly lastError: string | undefined;
}

export function parseStatus(answer: unknown): Status {
  const { config, scanner, spool, audit, destinations, warnings } = record(answer);
  const file = record(config);
  const scans = record(scanner);
  const kept = record(spool);
  return {
    engine: text(scans['engine']),
    config: { file: text(file['file']) ?? '', digest: text(file['digest']), lastError: text(record(file['last_error'])['message']), restartRequired: file['restart_required'] === true },
    scansFailed: count(scans['scans_failed']), scansIncomplete: count(scans['scans_incomplete']),
    spool: {
      state: text(kept['state']) ?? 'ok', bytes: count(kept['bytes']), maxBytes: count(kept['max_bytes']),
      pending: count(kept['pending']), dead: count(kept['dead']), rejected: count(kept['rejected']), dropped: count(kept['dropped']),
    },
    audit: text(record(audit)['state']) ?? 'ok',
    destinations: list(destinations).map(record).map((destination) => ({
      name: ['mssp_id', 'customer_id', 'name'].map((key) => text(destination[key]) ?? '?').join('/'),
      state: text(destination['state']) ?? 'unknown', url: text(destination['url']) ?? '',
      pending: count(destination['pending']), oldestSeconds: count(destination['oldest_pending_age_seconds']),
      stalled: destination['stalled'] === true, lastError: text(record(destination['last_error'])['message']),
    })),
    warnings: list(warnings).flatMap((warning) => text(warning) ?? []),
  };
}

export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
