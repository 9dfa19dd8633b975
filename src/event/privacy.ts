import type { DataField, DataMode, MsspContext, MsspData, RaxedEvent, RawScanEvent, ScanEvent, ScanPayload } from './event.js';
import { DATA_FIELDS } from './event.js';
import { sourceText } from '../scanner/verdict.js';

declare const filtered: unique symbol;

/** An event that may be stored and sent: it passed the privacy filter. Only this file makes the type. */
export type FilteredEvent = RaxedEvent & { readonly [filtered]: true };
/** A FilteredEvent as compact JSON in UTF-8: what the spool stores and the webhook sends. */
export type FilteredBytes = Uint8Array & { readonly [filtered]: true };

/** What a customer allows to leave the machine. */
export interface PrivacyPolicy {
  readonly customerName: string;
  readonly dataMode: DataMode;
  /** Empty allows all. */
  readonly dataFields: readonly DataField[];
  /** Without it a response is neither scanned nor sent. */
  readonly scanResponses: boolean;
}

const KEY_OF_FIELD = {
  prompt: 'prompt_text',
  matched_text: 'matched_text',
  response: 'response_text',
  system_prompt: 'system_prompt',
  tool_calls: 'tool_calls',
  rag_context: 'rag_context',
} as const satisfies Record<DataField, keyof MsspData>;

/** Drops what the policy does not allow. In `privacy_safe` no text passes. */
export function applyPrivacy(policy: PrivacyPolicy, raw: RawScanEvent): FilteredEvent {
  const { agent, l1, l2, ...head } = raw.payload;
  const context: MsspContext = {
    mssp_id: raw.identity.mssp_id,
    customer_id: raw.identity.customer_id,
    customer_name: policy.customerName,
    data_mode: policy.dataMode,
    ...(policy.dataMode === 'full' ? { data_fields: policy.dataFields } : {}),
  };
  const data = policy.dataMode === 'full' ? allowedData(policy, raw) : undefined;
  const payload: ScanPayload = {
    ...head,
    _mssp_context: context,
    ...(data === undefined ? {} : { _mssp_data: data }),
    agent, l1, l2,
  };
  return brand({ event_type: 'scan', event_id: raw.event_id, timestamp: raw.timestamp, payload });
}

/** Events that hold no text by construction: heartbeats, status changes, tests, gaps. */
export function withoutText(event: Exclude<RaxedEvent, ScanEvent>): FilteredEvent {
  return brand(event);
}

/**
 * The narrower of what was allowed when the event was made and what is allowed now. Never widens.
 * Returns the same object when nothing changes, so that the stored bytes can be sent as they are.
 */
export function narrowEvent(now: Pick<PrivacyPolicy, 'dataMode' | 'dataFields'>, event: FilteredEvent): FilteredEvent {
  if (event.event_type !== 'scan') return event;
  const { _mssp_context: context, _mssp_data: data, ...rest } = event.payload;
  if (context.data_mode === 'privacy_safe') return event;
  if (now.dataMode === 'privacy_safe') {
    const { data_fields: _dropped, ...bare } = context;
    return rebuild(event, rest, { ...bare, data_mode: 'privacy_safe' }, undefined);
  }
  const then = context.data_fields ?? [];
  const fields = intersect(then, now.dataFields);
  if (sameFields(then, fields)) return event;
  return rebuild(event, rest, { ...context, data_fields: fields }, data === undefined ? undefined : pick(data, fields));
}

/** True when `now` forbids something that `then` allowed: what was stored under `then` must be rewritten. */
export function isStricter(now: Pick<PrivacyPolicy, 'dataMode' | 'dataFields'>, then: Pick<PrivacyPolicy, 'dataMode' | 'dataFields'>): boolean {
  if (then.dataMode === 'privacy_safe') return false;
  if (now.dataMode === 'privacy_safe') return true;
  if (now.dataFields.length === 0) return false;
  const before = then.dataFields.length === 0 ? DATA_FIELDS : then.dataFields;
  return before.some((field) => !now.dataFields.includes(field));
}

export function encodeEvent(event: FilteredEvent): FilteredBytes {
  return Buffer.from(JSON.stringify(event), 'utf8') as unknown as FilteredBytes;
}

/** The inverse of encodeEvent, for bytes that came out of the spool. Throws SyntaxError on anything else. */
export function decodeEvent(bytes: Uint8Array): FilteredEvent {
  const parsed: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  if (typeof parsed !== 'object' || parsed === null || !('event_type' in parsed) || !('event_id' in parsed) || !('payload' in parsed)) {
    throw new SyntaxError('not an event');
  }
  return parsed as FilteredEvent;
}

/** The data fields that an event in fact carries; `[]` when it carries no text. For the audit. */
export function fieldsCarried(event: FilteredEvent): DataField[] {
  if (event.event_type !== 'scan') return [];
  const data = event.payload._mssp_data;
  if (data === undefined) return [];
  return DATA_FIELDS.filter((field) => data[KEY_OF_FIELD[field]] !== undefined);
}

function brand(event: RaxedEvent): FilteredEvent {
  return event as FilteredEvent;
}

function rebuild(event: ScanEvent, rest: Omit<ScanPayload, '_mssp_context' | '_mssp_data'>, context: MsspContext, data: MsspData | undefined): FilteredEvent {
  const { agent, l1, l2, ...head } = rest;
  return brand({
    event_type: 'scan', event_id: event.event_id, timestamp: event.timestamp,
    payload: { ...head, _mssp_context: context, ...(data === undefined ? {} : { _mssp_data: data }), agent, l1, l2 },
  });
}

function allowedData(policy: PrivacyPolicy, raw: RawScanEvent): MsspData | undefined {
  const { texts } = raw;
  const matched = matchedTexts(raw);
  const all: MsspData = {
    ...(texts.prompt === undefined ? {} : { prompt_text: texts.prompt }),
    ...(matched.length === 0 ? {} : { matched_text: matched }),
    ...(texts.response === undefined || !policy.scanResponses ? {} : { response_text: texts.response }),
    ...(texts.system_prompt === undefined ? {} : { system_prompt: texts.system_prompt }),
    ...(texts.tool_calls === undefined ? {} : { tool_calls: texts.tool_calls }),
    ...(texts.rag_context === undefined ? {} : { rag_context: texts.rag_context }),
  };
  return pick(all, policy.dataFields);
}

/** The matched stretches of text, unique, in order of first appearance. */
export function matchedTexts(raw: Pick<RawScanEvent, 'texts' | 'verdict'>): string[] {
  const unique = new Set<string>();
  for (const { source, span } of raw.verdict.detections) {
    const text = sourceText(raw.texts, source);
    if (text !== undefined && span[0] < span[1]) unique.add(text.slice(span[0], span[1]));
  }
  return [...unique];
}

/** `data` reduced to `fields` (empty: all); undefined when nothing is left. */
function pick(data: MsspData, fields: readonly DataField[]): MsspData | undefined {
  const allowed = (fields.length === 0 ? DATA_FIELDS : fields).map((field) => KEY_OF_FIELD[field] as string);
  const kept = Object.entries(data).filter(([key]) => allowed.includes(key));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function intersect(then: readonly DataField[], now: readonly DataField[]): readonly DataField[] {
  if (then.length === 0) return now;
  if (now.length === 0) return then;
  const both = then.filter((field) => now.includes(field));
  // An empty list would mean "all": with nothing in common, today's list stands and no data is left.
  return both.length === 0 ? now : both;
}

function sameFields(a: readonly DataField[], b: readonly DataField[]): boolean {
  return a.length === b.length && a.every((field) => b.includes(field));
}
