import type { HistogramView } from '../metrics/histogram.js';
import { createHistogram } from '../metrics/histogram.js';
import type { Family, Severity, Verdict } from '../scanner/verdict.js';

/** What was detected since the start, each detection once. Keys that nothing was counted under are absent. */
export interface DetectionCountsView {
  readonly total: number;
  readonly by_family: Readonly<Partial<Record<Family, number>>>;
  readonly by_severity: Readonly<Partial<Record<Severity, number>>>;
  /** By rule id, that of the model's detections (`l2-…`) included. */
  readonly by_rule: Readonly<Record<string, number>>;
}

/** Counts what the scanner does, for the status and the metrics. */
export interface DetectionCounts {
  record(verdict: Pick<Verdict, 'detections' | 'incomplete' | 'threat_detected' | 'l2' | 'scan_duration_ms'>): void;
  /** A scan gave no verdict. */
  recordFailure(): void;
  detections(): DetectionCountsView;
  /** Of one rule. */
  hits(ruleId: string): number;
  /** Scans that did not end in time, and scans that failed. */
  troubles(): { readonly incomplete: number; readonly failed: number };
  /** Scans that count as a threat, by the family and severity of their most severe detection. */
  threats(family: Family, severity: Severity): number;
  /** Scans in which the model found something. */
  modelHits(): number;
  /** Of all scans with a verdict. */
  seconds(): HistogramView;
}

export function createDetectionCounts(): DetectionCounts {
  const families = new Map<Family, number>();
  const severities = new Map<Severity, number>();
  const rules = new Map<string, number>();
  let total = 0;
  let incomplete = 0;
  let failed = 0;
  let modelHits = 0;
  const threats = new Map<string, number>();
  const seconds = createHistogram();
  return {
    record(verdict) {
      seconds.observe(verdict.scan_duration_ms / 1000);
      if (verdict.incomplete === true) incomplete++;
      if (verdict.l2.hit) modelHits++;
      const [worst] = verdict.detections;
      if (verdict.threat_detected && worst !== undefined) increment(threats, `${worst.family} ${worst.severity}`);
      total += verdict.detections.length;
      for (const { rule_id: id, family, severity } of verdict.detections) {
        increment(rules, id);
        increment(families, family);
        increment(severities, severity);
      }
    },
    recordFailure() { failed++; },
    detections: () => ({ total, by_family: Object.fromEntries(families), by_severity: Object.fromEntries(severities), by_rule: Object.fromEntries(rules) }),
    hits: (ruleId) => rules.get(ruleId) ?? 0,
    troubles: () => ({ incomplete, failed }),
    threats: (family, severity) => threats.get(`${family} ${severity}`) ?? 0,
    modelHits: () => modelHits,
    seconds: () => seconds.view(),
  };
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
