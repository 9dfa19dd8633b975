/** What a scan is given and what it says. Shapes only; the field names are those of the wire. */

export const SEVERITIES = ['none', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const FAMILIES = ['PI', 'JB', 'DE', 'PII', 'AGENT', 'TOOL', 'CMD', 'ENC', 'HC', 'RAG', 'MEM', 'MULTI', 'CUSTOM'] as const;
export type Family = (typeof FAMILIES)[number];

/** The channels of a scan: each text is judged for what it is. */
export const SOURCES = ['prompt', 'response', 'system_prompt', 'tool_calls', 'rag_context'] as const;
export type Source = (typeof SOURCES)[number];

export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

export interface ToolCall {
  readonly name: string;
  readonly args: unknown;
  readonly result?: unknown;
}

/** The texts of one scan. At least one is present. */
export interface ScanTexts {
  readonly prompt?: string;
  readonly response?: string;
  readonly system_prompt?: string;
  readonly rag_context?: string;
  readonly tool_calls?: readonly ToolCall[];
}

export interface Detection {
  readonly rule_id: string;
  readonly name: string;
  readonly family: Family;
  readonly severity: Severity;
  /** 0 to 1. */
  readonly confidence: number;
  readonly source: Source;
  /** UTF-16 offsets [start, end) in the text of `source`; for tool_calls in its compact JSON. */
  readonly span: readonly [number, number];
  readonly layer: 'l1' | 'l2';
}

export interface L1Result {
  readonly hit: boolean;
  readonly duration_ms: number;
  readonly detection_count: number;
  readonly highest_severity: Severity;
  readonly families: readonly Family[];
}

export interface L2Result {
  readonly enabled: boolean;
  /** What the model found is among the detections; false where it is suppressed, whatever `binary` says. */
  readonly hit: boolean;
  readonly model_version?: string;
  readonly binary?: { readonly is_threat: boolean; readonly threat_probability: number; readonly safe_probability: number };
  readonly family?: { readonly prediction: string; readonly confidence: number; readonly top3: readonly (readonly [string, number])[] };
}

/** The judgement of one scan, without identity and delivery. `detections` are ordered by severity, confidence, position. */
export interface Verdict {
  readonly threat_detected: boolean;
  readonly action_taken: 'allow' | 'block';
  readonly highest_severity: Severity;
  readonly detections: readonly Detection[];
  readonly l1: L1Result;
  readonly l2: L2Result;
  readonly scan_duration_ms: number;
  /** The scan did not end in time: there may be more than what was found. Such a verdict is never clean. */
  readonly incomplete?: boolean;
}

/** The text that `span`s of a source point into: tool calls are looked at as compact JSON. */
export function sourceText(texts: ScanTexts, source: Source): string | undefined {
  if (source !== 'tool_calls') return texts[source];
  return texts.tool_calls === undefined ? undefined : JSON.stringify(texts.tool_calls);
}
