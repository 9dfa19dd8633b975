import { Type } from '@sinclair/typebox';
import { AGENT_STATUSES } from '../../event/event.js';
import { FAMILIES, SEVERITIES, SOURCES } from '../../scanner/verdict.js';
import { oneOf } from './fields.js';

/** What the methods of `scan` sockets answer, for those who write clients. Later versions may add fields. */

const Severity = oneOf(SEVERITIES);
const Families = Type.Array(oneOf(FAMILIES));
const Share = Type.Number({ minimum: 0, maximum: 1 });
const Milliseconds = Type.Number({ minimum: 0 });
const Count = Type.Integer({ minimum: 0 });
const Time = Type.String({ format: 'date-time' });

const DetectionSchema = Type.Object({
  rule_id: Type.String(),
  name: Type.String(),
  family: oneOf(FAMILIES),
  severity: Severity,
  confidence: Share,
  source: oneOf(SOURCES),
  span: Type.Array(Count, { minItems: 2, maxItems: 2, description: 'Start and end in the text of source, in UTF-16 units; of tool_calls in its compact JSON.' }),
  layer: Type.Union([Type.Literal('l1'), Type.Literal('l2')], { description: 'l1: a rule. l2: the model.' }),
}, { title: 'Detection' });

export const ScanResultSchema = Type.Object({
  event_id: Type.String(),
  threat_detected: Type.Boolean(),
  action_taken: Type.Union([Type.Literal('allow'), Type.Literal('block')], { description: 'What the policy says to do with the texts.' }),
  highest_severity: Severity,
  detections: Type.Array(DetectionSchema, { description: 'The most severe first.' }),
  l1: Type.Object({ hit: Type.Boolean(), duration_ms: Milliseconds, detection_count: Count, highest_severity: Severity, families: Families }, { description: 'The rules.' }),
  l2: Type.Object({
    enabled: Type.Boolean(),
    hit: Type.Boolean(),
    model_version: Type.Optional(Type.String()),
    binary: Type.Optional(Type.Object({ is_threat: Type.Boolean(), threat_probability: Share, safe_probability: Share })),
    family: Type.Optional(Type.Object({
      prediction: Type.String(),
      confidence: Share,
      top3: Type.Array(Type.Array(Type.Union([Type.String(), Share]), { minItems: 2, maxItems: 2, description: 'A family and its probability.' })),
    })),
  }, { description: 'The model.' }),
  scan_duration_ms: Milliseconds,
  incomplete: Type.Optional(Type.Boolean({ description: 'The scan did not end in time: there may be more than what was found. Unless it is suppressed, the detection scan-incomplete (high) says so.' })),
  prompt_hash: Type.Optional(Type.String()),
  prompt_length: Type.Optional(Count),
  delivery: Type.Union([Type.Literal('spooled'), Type.Literal('none'), Type.Literal('rejected')], { description: 'spooled: the event is on disk and will be delivered. none: there is nothing to deliver. rejected: the spool is full.' }),
  matches: Type.Optional(Type.Array(Type.String(), { description: 'With include_matches: the texts that matched.' })),
}, { title: 'ScanResult' });

export const AgentSchema = Type.Object({
  agent_id: Type.String(),
  mssp_id: Type.String(),
  customer_id: Type.String(),
  status: oneOf(AGENT_STATUSES),
  version: Type.Optional(Type.String()),
  platform: Type.Optional(Type.String()),
  integration: Type.Optional(Type.String()),
  first_seen: Time,
  last_heartbeat: Time,
  uptime_seconds: Type.Number({ minimum: 0 }),
  total_scans: Count,
  total_threats: Count,
  self: Type.Optional(Type.Literal(true, { description: 'The daemon\'s own agent.' })),
}, { title: 'Agent' });

export const HealthSchema = Type.Object({
  status: Type.Literal('ok'),
  ready: Type.Boolean({ description: 'The data path moves.' }),
  version: Type.String(),
}, { title: 'Health' });

export const VersionSchema = Type.Object({
  version: Type.String(),
  node: Type.String(),
  protocol: Type.Integer({ description: 'Of the parameters and results; another number is another language.' }),
  max_text_bytes: Type.Integer({ minimum: 1, description: 'UTF-8 bytes that the texts of one call may have in all.' }),
}, { title: 'Version' });
