import type { FilteredEvent } from '../event/privacy.js';
import { eventSeverity, summariseScan } from './cef.js';

/** The names of the flat record's values, in their order. */
export const FLAT_FIELDS = [
  'event_type', 'event_id', 'timestamp', 'severity', 'threat_detected', 'action_taken', 'rule_ids', 'families',
  'prompt_hash', 'prompt_length', 'scan_duration_ms', 'entry_point', 'mssp_id', 'customer_id', 'agent_id',
  'l1_hit', 'l1_detection_count', 'l2_hit', 'l2_confidence', 'agent_version', 'platform', 'integration', 'data_mode',
  // What the other types of event say; a scan has none of them.
  'message', 'previous_status', 'new_status', 'reason', 'destination', 'count', 'since',
  '_mssp_data',
] as const;
export type FlatField = (typeof FLAT_FIELDS)[number];

/** One event as one level of names and values, without those that it does not have. `_mssp_data` is an object, `rule_ids` and `families` are arrays. */
export type FlatRecord = Readonly<Partial<Record<FlatField, unknown>>>;

/** For SIEMs that take JSON. The severity is the highest of L1 and L2; text is in `_mssp_data` only, where the privacy filter left any. */
export function flatRecord(event: FilteredEvent): FlatRecord {
  const values: FlatRecord = {
    event_type: event.event_type,
    event_id: event.event_id,
    timestamp: event.timestamp,
    severity: eventSeverity(event),
    mssp_id: event.payload.mssp_id,
    customer_id: event.payload.customer_id,
    ...valuesOf(event),
  };
  const record: Partial<Record<FlatField, unknown>> = {};
  for (const field of FLAT_FIELDS) {
    const value = values[field];
    if (value !== undefined) record[field] = value;
  }
  return record;
}

function valuesOf(event: FilteredEvent): FlatRecord {
  switch (event.event_type) {
    case 'scan': {
      const { payload } = event;
      const { l1, l2 } = payload;
      const { ruleIds, families } = summariseScan(payload);
      return {
        threat_detected: payload.threat_detected,
        action_taken: payload.action_taken,
        rule_ids: ruleIds,
        families,
        prompt_hash: payload.prompt_hash,
        prompt_length: payload.prompt_length,
        scan_duration_ms: payload.scan_duration_ms,
        entry_point: payload.entry_point,
        agent_id: payload.agent_id,
        l1_hit: l1.hit,
        l1_detection_count: l1.detection_count,
        l2_hit: l2.hit,
        l2_confidence: l2.family?.confidence ?? l2.binary?.threat_probability,
        ...agentValues(payload.agent),
        data_mode: payload._mssp_context.data_mode,
        _mssp_data: payload._mssp_data === undefined ? undefined : wellFormed(payload._mssp_data),
      };
    }
    case 'agent_status_change': {
      const { agent_id, previous_status, new_status, reason, agent } = event.payload;
      return { agent_id, previous_status, new_status, reason, ...agentValues(agent) };
    }
    case 'delivery_gap': {
      const { destination, reason, count, since } = event.payload;
      return { destination, reason, count, since };
    }
    case 'test': return { message: event.payload.message };
    // Heartbeats go to the webhook only.
    case 'heartbeat': return {};
  }
}

/** Half a surrogate pair, which some parsers of JSON refuse, becomes U+FFFD. */
function wellFormed(data: object): unknown {
  return JSON.parse(JSON.stringify(data, (_key, value: unknown) => typeof value === 'string' ? value.toWellFormed() : value));
}

function agentValues(agent: { readonly version?: string; readonly platform?: string; readonly integration?: string }): FlatRecord {
  return { agent_version: agent.version, platform: agent.platform, integration: agent.integration };
}
