import type { Model } from '../model/model.js';
import { CHANNELS, sourceOf } from './channel.js';
import type { Channel } from './channel.js';
import { HIDING } from './decode/decode.js';
import { judge, L2_RULE_IDS, l2Detection, l2Result, modelChannel, viewsForModel } from './l2.js';
import type { L2Finding, L2Policy } from './l2.js';
import { views } from './normalize.js';
import { severityOf } from './rule.js';
import type { Ruleset } from './ruleset.js';
import { toolTexts } from './tool-text.js';
import { givenView } from './view.js';
import type { View, ViewKind } from './view.js';
import { severityRank, SOURCES } from './verdict.js';
import type { Detection, Family, L2Result, ScanTexts, Severity, Verdict } from './verdict.js';

/** How the texts of one customer are judged. */
export interface ScanPolicy {
  /** The severity from which a scan counts as a threat. */
  readonly threatAt: Severity;
  /** The severity from which the action is "block"; null: never. */
  readonly blockAt: Severity | null;
  readonly scanResponses: boolean;
  /** Rule ids, or beginnings of ids as in `pi-*`, that are not reported; `until`: milliseconds since the epoch. */
  readonly suppressions: readonly { readonly rule: string; readonly until?: number | undefined }[];
  /** Without it the model, where there is one, is asked and decides by its own thresholds. */
  readonly l2?: L2Policy | undefined;
}

export interface ScanOptions extends ScanPolicy {
  readonly model?: Model | undefined;
  /** Monotonic milliseconds, for durations. */
  readonly now: () => number;
  /** Milliseconds since the epoch; without it no suppression has expired. */
  readonly epochNow?: (() => number) | undefined;
  /** After so long no further view of a text is looked at, and the verdict says so; undefined: all are. */
  readonly deadlineMs?: number | undefined;
}

const NO_L2: L2Result = { enabled: false, hit: false };
const DEFAULT_L2: L2Policy = { enabled: true, threshold: null };

/** What a text that was not looked at in every way is reported as: it must not pass for clean. */
const INCOMPLETE_ID = 'scan-incomplete';

/** The ids of detections that no rule makes. */
export const OTHER_RULE_IDS: readonly string[] = [...Object.keys(HIDING).map((kind) => `enc-${kind}`), ...L2_RULE_IDS, INCOMPLETE_ID];

/**
 * Judges the texts of one call. Synchronous; time is linear in the length of the texts. A verdict that is `incomplete`
 * holds what was found in time, and a detection that says so.
 */
export function scan(ruleset: Ruleset, texts: ScanTexts, options: ScanOptions): Verdict {
  const startedAt = options.now();
  const { deadlineMs } = options;
  const isLate = deadlineMs === undefined ? () => false : () => options.now() - startedAt > deadlineMs;
  const looks = [...channelTexts(texts, options)].map((text) => lookAt(text, { ruleset, options, isLate }));
  const reported = reportable(looks.flatMap(({ detections }) => detections), options);
  const model = modelOf(options);
  const l2 = model === undefined ? NO_L2 : l2Result(model, looks.flatMap(({ findings }) => findings), reported.some(({ layer }) => layer === 'l2'));
  const durationMs = Math.max(0, options.now() - startedAt);
  const modelMs = looks.reduce((sum, look) => sum + look.modelMs, 0);
  return verdictOf(reported, { l2, policy: options, durationMs, l1DurationMs: Math.max(0, durationMs - modelMs), incomplete: looks.some(({ late }) => late) });
}

/** The verdict on a call of which nothing is known but that its scan did not end in time. */
export function unscannedVerdict(texts: ScanTexts, options: ScanOptions, durationMs: number): Verdict {
  const reported = reportable([...channelTexts(texts, options)].map(({ channel }) => unscanned(channel)), options);
  return verdictOf(reported, { l2: NO_L2, policy: options, durationMs, l1DurationMs: durationMs, incomplete: true });
}

/** The model that is to be asked, if any. */
function modelOf({ model, l2 = DEFAULT_L2 }: ScanOptions): Model | undefined {
  return l2.enabled ? model : undefined;
}

interface Outcome {
  readonly l2: L2Result;
  readonly policy: ScanPolicy;
  readonly durationMs: number;
  readonly l1DurationMs: number;
  readonly incomplete: boolean;
}

function verdictOf(reported: readonly Detection[], { l2, policy, durationMs, l1DurationMs, incomplete }: Outcome): Verdict {
  const highest = reported[0]?.severity ?? 'none';
  const reaches = (limit: Severity): boolean => reported.length > 0 && severityRank(highest) >= severityRank(limit);
  const byRules = reported.filter(({ layer }) => layer === 'l1');
  return {
    threat_detected: reaches(policy.threatAt),
    action_taken: policy.blockAt !== null && reaches(policy.blockAt) ? 'block' : 'allow',
    highest_severity: highest,
    detections: reported,
    l1: {
      hit: byRules.length > 0,
      duration_ms: l1DurationMs,
      detection_count: byRules.length,
      highest_severity: byRules[0]?.severity ?? 'none',
      families: [...new Set<Family>(byRules.map((d) => d.family))],
    },
    l2,
    scan_duration_ms: durationMs,
    ...(incomplete ? { incomplete } : {}),
  };
}

/** Nobody's words: it stands at no place of the text. */
function unscanned(channel: Channel): Detection {
  return { rule_id: INCOMPLETE_ID, name: 'Text that was not scanned in time', family: 'ENC', severity: 'high', confidence: 0.5, source: sourceOf(channel), span: [0, 0], layer: 'l1' };
}

interface ChannelText {
  readonly channel: Channel;
  /** A view of the text that spans of the source point into. */
  readonly base: View;
}

/** The texts of a call that are to be looked at. */
function* channelTexts(texts: ScanTexts, { scanResponses }: ScanPolicy): Generator<ChannelText> {
  const tools = texts.tool_calls === undefined ? undefined : toolTexts(texts.tool_calls);
  for (const channel of CHANNELS) {
    if (channel === 'tool_args' || channel === 'tool_results') {
      const base = channel === 'tool_args' ? tools?.args : tools?.results;
      if (base !== undefined && base.text !== '') yield { channel, base };
    } else {
      const text = texts[channel];
      if (text !== undefined && text !== '' && (channel !== 'response' || scanResponses)) yield { channel, base: givenView(text) };
    }
  }
}

interface Look {
  readonly detections: readonly Detection[];
  readonly findings: readonly L2Finding[];
  readonly modelMs: number;
  /** Not everything was looked at. */
  readonly late: boolean;
}

function lookAt({ channel, base }: ChannelText, { ruleset, options, isLate }: { readonly ruleset: Ruleset; readonly options: ScanOptions; readonly isLate: () => boolean }): Look {
  const found = new Map<string, Detection>();
  const add = (view: View, detections: readonly Detection[]): void => {
    const news = detections.filter(({ rule_id: id }) => !found.has(id));
    for (const each of news) found.set(each.rule_id, each);
    const hidden = hiddenThreat(view.kind, news);
    if (hidden !== undefined && !found.has(hidden.rule_id)) found.set(hidden.rule_id, hidden);
  };
  const model = modelOf(options);
  const askedAs = modelChannel(channel);
  const looked: View[] = [];
  const findings: L2Finding[] = [];
  let late = false;
  let modelMs = 0;
  for (const view of views(base.text, sourceOf(channel) === 'tool_calls')) {
    add(view, rulesIn(ruleset, view, { base, channel }));
    if (model !== undefined && askedAs !== undefined) looked.push(view);
    if ((late = isLate())) break;
  }
  if (model !== undefined && askedAs !== undefined) {
    const askedAt = options.now();
    for (const view of viewsForModel(looked)) {
      const finding = judge(view, channel, { model, askedAs, policy: options.l2 ?? DEFAULT_L2 });
      findings.push(finding);
      const detection = l2Detection(finding, base);
      if (detection !== undefined) add(view, [detection]);
      if ((late ||= isLate())) break;
    }
    modelMs = options.now() - askedAt;
  }
  return { detections: [...found.values(), ...(late ? [unscanned(channel)] : [])], findings, modelMs, late };
}

function rulesIn(ruleset: Ruleset, view: View, { base, channel }: { readonly base: View; readonly channel: Channel }): Detection[] {
  return ruleset.find(view.text, channel).map(({ rule, start, end }) => ({
    rule_id: rule.id, name: rule.name, family: rule.family, severity: severityOf(rule, channel), confidence: rule.confidence,
    source: sourceOf(channel), span: base.toOriginal(...view.toOriginal(start, end)), layer: 'l1',
  }));
}

/**
 * That somebody encoded what would have been detected is a sign of its own, as severe as what was hidden. It can be
 * suppressed like a rule, and counts as one, also where the model found what was hidden.
 */
function hiddenThreat(kind: ViewKind, detections: readonly Detection[]): Detection | undefined {
  const name = HIDING[kind];
  const worst = [...detections].sort(byWeight)[0];
  if (name === undefined || worst === undefined || severityRank(worst.severity) < severityRank('medium')) return undefined;
  return { ...worst, rule_id: `enc-${kind}`, name, family: 'ENC', layer: 'l1' };
}

/** By severity, confidence and position; the id decides between equals, so that the order never depends on the engine. */
function byWeight(a: Detection, b: Detection): number {
  return severityRank(b.severity) - severityRank(a.severity)
    || b.confidence - a.confidence
    || SOURCES.indexOf(a.source) - SOURCES.indexOf(b.source)
    || a.span[0] - b.span[0]
    || (a.rule_id < b.rule_id ? -1 : 1);
}

/** What is not suppressed, the weightiest first; what a rule found in both channels of a source counts once, as the worse of them. */
function reportable(detections: readonly Detection[], { suppressions, epochNow }: ScanOptions): Detection[] {
  const now = epochNow?.();
  const active = suppressions.filter(({ until }) => until === undefined || now === undefined || now < until);
  const seen = new Set<string>();
  return [...detections].sort(byWeight).filter(({ rule_id: id, source }) => {
    const key = `${source} ${id}`;
    return seen.size !== seen.add(key).size && !active.some(({ rule }) => covers(rule, id));
  });
}

/** Whether a suppression of `pattern`, a rule's id or the beginning of some as in `pi-*`, is meant for a rule. */
export function covers(pattern: string, ruleId: string): boolean {
  return pattern.endsWith('*') ? ruleId.startsWith(pattern.slice(0, -1)) : ruleId === pattern;
}
