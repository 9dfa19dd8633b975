import { CHANNELS, sourceOf } from './channel.js';
import type { Channel } from './channel.js';
import { HIDING } from './decode/decode.js';
import { views } from './normalize.js';
import { severityOf } from './rule.js';
import type { Ruleset } from './ruleset.js';
import { toolTexts } from './tool-text.js';
import { givenView } from './view.js';
import type { View, ViewKind } from './view.js';
import { severityRank, SOURCES } from './verdict.js';
import type { Detection, Family, L2Result, ScanTexts, Severity, Verdict } from './verdict.js';

export interface ScanOptions {
  /** The severity from which a scan counts as a threat. */
  readonly threatAt: Severity;
  /** The severity from which the action is "block"; null: never. */
  readonly blockAt: Severity | null;
  readonly scanResponses: boolean;
  /** Rule ids, or beginnings of ids as in `pi-*`, that are not reported; `until`: milliseconds since the epoch. */
  readonly suppressions: readonly { readonly rule: string; readonly until?: number | undefined }[];
  /** Monotonic milliseconds, for durations. */
  readonly now: () => number;
  /** Milliseconds since the epoch; without it no suppression has expired. */
  readonly epochNow?: (() => number) | undefined;
}

const NO_L2: L2Result = { enabled: false, hit: false };

/** Judges the texts of one call. Synchronous; time is linear in the length of the texts. */
export function scan(ruleset: Ruleset, texts: ScanTexts, options: ScanOptions): Verdict {
  const startedAt = options.now();
  const detections: Detection[] = [];
  for (const { channel, base } of channelTexts(texts)) {
    if (channel === 'response' && !options.scanResponses) continue;
    detections.push(...detect(ruleset, base, channel));
  }
  const reported = onceASource(unsuppressed(detections, options).sort(byWeight));
  const highest = reported[0]?.severity ?? 'none';
  const durationMs = Math.max(0, options.now() - startedAt);
  const reaches = (limit: Severity): boolean => reported.length > 0 && severityRank(highest) >= severityRank(limit);
  return {
    threat_detected: reaches(options.threatAt),
    action_taken: options.blockAt !== null && reaches(options.blockAt) ? 'block' : 'allow',
    highest_severity: highest,
    detections: reported,
    l1: {
      hit: reported.length > 0,
      duration_ms: durationMs,
      detection_count: reported.length,
      highest_severity: highest,
      families: [...new Set<Family>(reported.map((d) => d.family))],
    },
    l2: NO_L2,
    scan_duration_ms: durationMs,
  };
}

/** The texts of a call by channel, each as a view of the text that spans of its source point into. */
function* channelTexts(texts: ScanTexts): Generator<{ readonly channel: Channel; readonly base: View }> {
  const tools = texts.tool_calls === undefined ? undefined : toolTexts(texts.tool_calls);
  for (const channel of CHANNELS) {
    if (channel === 'tool_args' || channel === 'tool_results') {
      if (tools !== undefined) yield { channel, base: channel === 'tool_args' ? tools.args : tools.results };
      continue;
    }
    const text = texts[channel];
    if (text !== undefined && text !== '') yield { channel, base: givenView(text) };
  }
}

function detect(ruleset: Ruleset, base: View, channel: Channel): Detection[] {
  const source = sourceOf(channel);
  const found = new Map<string, Detection>();
  for (const view of views(base.text, source === 'tool_calls')) {
    const news: Detection[] = [];
    for (const { rule, start, end } of ruleset.find(view.text, channel)) {
      if (found.has(rule.id)) continue;
      const detection: Detection = {
        rule_id: rule.id, name: rule.name, family: rule.family, severity: severityOf(rule, channel), confidence: rule.confidence,
        source, span: base.toOriginal(...view.toOriginal(start, end)), layer: 'l1',
      };
      found.set(rule.id, detection);
      news.push(detection);
    }
    const hidden = hiddenThreat(view.kind, news);
    if (hidden !== undefined) found.set(hidden.rule_id, hidden);
  }
  return [...found.values()];
}

/** What a rule found in both channels of a source counts once, as the worse of them. */
function onceASource(detections: readonly Detection[]): Detection[] {
  const seen = new Set<string>();
  return detections.filter(({ rule_id: id, source }) => {
    const key = `${source} ${id}`;
    return seen.size !== seen.add(key).size;
  });
}

/**
 * That somebody encoded what would have been detected is a sign of its own, as severe as what was hidden. It can be
 * suppressed like a rule.
 */
function hiddenThreat(kind: ViewKind, detections: readonly Detection[]): Detection | undefined {
  const name = HIDING[kind];
  const worst = [...detections].sort(byWeight)[0];
  if (name === undefined || worst === undefined || severityRank(worst.severity) < severityRank('medium')) return undefined;
  return { ...worst, rule_id: `enc-${kind}`, name, family: 'ENC' };
}

/** By severity, confidence and position; the id decides between equals, so that the order never depends on the engine. */
function byWeight(a: Detection, b: Detection): number {
  return severityRank(b.severity) - severityRank(a.severity)
    || b.confidence - a.confidence
    || SOURCES.indexOf(a.source) - SOURCES.indexOf(b.source)
    || a.span[0] - b.span[0]
    || (a.rule_id < b.rule_id ? -1 : 1);
}

function unsuppressed(detections: Detection[], { suppressions, epochNow }: ScanOptions): Detection[] {
  if (suppressions.length === 0 || detections.length === 0) return detections;
  const now = epochNow?.();
  const active = suppressions.filter(({ until }) => until === undefined || now === undefined || now < until);
  return detections.filter(({ rule_id: id }) => !active.some(({ rule }) => (rule.endsWith('*') ? id.startsWith(rule.slice(0, -1)) : id === rule)));
}
