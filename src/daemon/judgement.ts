import type { Config, CustomerConfig } from '../config/schema.js';
import type { L2Policy } from '../scanner/l2.js';
import type { ScanPolicy } from '../scanner/scan.js';

/** How a customer's texts are judged, by the configuration: what it does not say itself is the scanner's. Without a customer, the scanner's alone. */
export function judgementOf({ scanner }: Pick<Config, 'scanner'>, customer?: CustomerConfig): ScanPolicy {
  const blockAt = customer?.block_at ?? scanner.block_at;
  return {
    threatAt: customer?.threat_at ?? scanner.threat_at,
    blockAt: blockAt === 'never' ? null : blockAt,
    scanResponses: scanner.scan_responses,
    suppressions: [...scanner.suppressions, ...customer?.suppressions ?? []].map(({ rule, expires }) => ({ rule, ...(expires === null ? {} : { until: Date.parse(expires) }) })),
    l2: { enabled: customer?.l2.enabled ?? scanner.l2.enabled, threshold: thresholdOf(customer?.l2.threshold ?? scanner.l2.threshold) },
  };
}

function thresholdOf(threshold: Config['scanner']['l2']['threshold']): L2Policy['threshold'] {
  if (threshold === null || typeof threshold === 'number') return threshold;
  return Object.fromEntries(Object.entries(threshold).filter(([, share]) => share !== null));
}
