import { hash } from 'node:crypto';
import type { Family, L2Result, ScanTexts, Severity, ToolCall, Verdict } from '../scanner/verdict.js';

/** The vocabulary of what raxed sends. The field names are those of the wire (spec: events and the webhook). */

export const DATA_FIELDS = ['prompt', 'matched_text', 'response', 'system_prompt', 'tool_calls', 'rag_context'] as const;
export type DataField = (typeof DATA_FIELDS)[number];
export type DataMode = 'full' | 'privacy_safe';

/** At most this many detections travel in an event; `detection_count` says how many there were. */
const MAX_DETECTIONS_SENT = 10;

export interface AgentInfo {
  readonly version: string;
  readonly platform: string;
  readonly integration?: string;
}

export interface MsspContext {
  readonly mssp_id: string;
  readonly customer_id: string;
  readonly customer_name: string;
  readonly data_mode: DataMode;
  readonly data_fields?: readonly DataField[];
}

export interface MsspData {
  readonly prompt_text?: string;
  readonly matched_text?: readonly string[];
  readonly response_text?: string;
  readonly system_prompt?: string;
  readonly tool_calls?: readonly ToolCall[];
  readonly rag_context?: string;
}

export interface DetectionSent {
  readonly rule_id: string;
  readonly family: Family;
  readonly severity: Severity;
  readonly confidence: number;
  /** Only where it was found in what the model answered, so that a SIEM can tell the direction. */
  readonly source?: 'response';
}

export interface ScanPayload {
  readonly prompt_hash?: string;
  readonly prompt_length?: number;
  readonly threat_detected: boolean;
  readonly scan_duration_ms: number;
  /** Only where the scan did not end in time: there may be more than what was found. */
  readonly incomplete?: true;
  readonly action_taken: 'allow' | 'block';
  readonly entry_point: EntryPoint;
  readonly mssp_id: string;
  readonly customer_id: string;
  readonly agent_id?: string;
  readonly _mssp_context: MsspContext;
  readonly _mssp_data?: MsspData;
  readonly agent: AgentInfo;
  readonly l1: {
    readonly hit: boolean;
    readonly duration_ms: number;
    readonly detection_count: number;
    readonly highest_severity: Severity;
    readonly families: readonly Family[];
    readonly detections: readonly DetectionSent[];
  };
  readonly l2: L2Result;
}

export const ENTRY_POINTS = ['sdk', 'cli', 'gateway', 'integration'] as const;
export type EntryPoint = (typeof ENTRY_POINTS)[number];

interface Envelope<Type extends string, Payload> {
  readonly event_type: Type;
  /** `evt_` and a ULID, the same through every retry and destination. */
  readonly event_id: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly timestamp: string;
  readonly payload: Payload;
}

export interface HeartbeatPayload {
  readonly mssp_id: string;
  readonly customer_id: string;
  readonly agent_id: string;
  readonly status: 'online' | 'stopping';
  readonly uptime_seconds: number;
  readonly scans_since_last_heartbeat: number;
  readonly threats_since_last_heartbeat: number;
  readonly scans_total: number;
  readonly threats_total: number;
  readonly memory_mb: number;
  readonly agent: AgentInfo;
  readonly queue: { readonly pending: number; readonly oldest_pending_age_seconds: number; readonly dead: number; readonly rejected: number };
  readonly destinations: readonly { readonly name: string; readonly state: string }[];
  readonly warnings: readonly string[];
}

export interface TestPayload {
  readonly mssp_id: string;
  readonly customer_id?: string;
  readonly message: string;
}

/** Events that will never arrive: how many, between when, and why. */
export interface DeliveryGapPayload {
  readonly mssp_id: string;
  readonly customer_id: string;
  readonly destination?: string;
  readonly reason: 'rejected' | 'dropped_oldest' | 'expired' | 'damaged';
  readonly count: number;
  readonly since: string;
}

export const AGENT_STATUSES = ['online', 'degraded', 'offline'] as const;
export type AgentStatus = (typeof AGENT_STATUSES)[number];
export type AgentStatusReason = 'startup' | 'heartbeat_received' | 'no_heartbeat' | 'shutdown' | 'manual';

/** An application that registered is heard of for the first time, has gone silent, or is back. */
export interface AgentStatusChangePayload {
  readonly agent_id: string;
  readonly mssp_id: string;
  readonly customer_id: string;
  readonly previous_status: AgentStatus | 'unknown';
  readonly new_status: AgentStatus;
  readonly reason: AgentStatusReason;
  /** What the agent said of itself when it registered. */
  readonly agent: Partial<AgentInfo>;
}

export type ScanEvent = Envelope<'scan', ScanPayload>;
export type HeartbeatEvent = Envelope<'heartbeat', HeartbeatPayload>;
export type TestEvent = Envelope<'test', TestPayload>;
export type DeliveryGapEvent = Envelope<'delivery_gap', DeliveryGapPayload>;
export type AgentStatusChangeEvent = Envelope<'agent_status_change', AgentStatusChangePayload>;
export type RaxedEvent = ScanEvent | HeartbeatEvent | AgentStatusChangeEvent | TestEvent | DeliveryGapEvent;

/** What is known of a call beside its texts. */
export interface ScanIdentity {
  readonly mssp_id: string;
  readonly customer_id: string;
  readonly agent_id?: string | undefined;
  readonly entry_point: EntryPoint;
  readonly agent: AgentInfo;
}

/**
 * A scan's event before the privacy filter: the last holder of the text. It cannot be spooled or sent
 * (see `privacy.ts`), and it is never serialised.
 */
export interface RawScanEvent {
  readonly identity: ScanIdentity;
  readonly texts: ScanTexts;
  readonly verdict: Verdict;
  readonly event_id: string;
  readonly timestamp: string;
  /** A copy of the caller's fields, without text. */
  readonly payload: Omit<ScanPayload, '_mssp_context' | '_mssp_data'>;
}

/** `"sha256:" + hex` of the UTF-8 of the text as given; a lone surrogate counts as U+FFFD. */
export function promptHash(prompt: string): string {
  return `sha256:${hash('sha256', prompt, 'hex')}`;
}

/** Unicode code points. */
export function promptLength(prompt: string): number {
  let pairs = 0;
  for (let i = 0; i < prompt.length - 1; i++) {
    if ((prompt.charCodeAt(i) & 0xfc00) === 0xd800 && (prompt.charCodeAt(i + 1) & 0xfc00) === 0xdc00) { pairs++; i++; }
  }
  return prompt.length - pairs;
}

export function scanEvent(identity: ScanIdentity, texts: ScanTexts, verdict: Verdict, at: { now: number; id: string }): RawScanEvent {
  const l1Detections = verdict.detections.filter((d) => d.layer === 'l1').slice(0, MAX_DETECTIONS_SENT);
  return {
    identity, texts, verdict,
    event_id: at.id,
    timestamp: new Date(at.now).toISOString(),
    payload: {
      ...(texts.prompt === undefined ? {} : { prompt_hash: promptHash(texts.prompt), prompt_length: promptLength(texts.prompt) }),
      threat_detected: verdict.threat_detected,
      scan_duration_ms: verdict.scan_duration_ms,
      ...(verdict.incomplete === true ? { incomplete: true } : {}),
      action_taken: verdict.action_taken,
      entry_point: identity.entry_point,
      mssp_id: identity.mssp_id,
      customer_id: identity.customer_id,
      ...(identity.agent_id === undefined ? {} : { agent_id: identity.agent_id }),
      agent: identity.agent,
      l1: {
        ...verdict.l1,
        detections: l1Detections.map(({ rule_id, family, severity, confidence, source }) => ({
          rule_id, family, severity, confidence, ...(source === 'response' ? { source } : {}),
        })),
      },
      l2: verdict.l2,
    },
  };
}
