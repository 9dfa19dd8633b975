import { RaxedError } from '../errors.js';
import type { AgentStatusChangeEvent, DeliveryGapEvent, ScanEvent, TestEvent } from '../event/event.js';
import { decodeEvent, type FilteredEvent } from '../event/privacy.js';

/** What a SIEM may be sent: a webhook's body, taken apart. Heartbeats go to webhooks only. */
export type SiemEvent = ScanEvent | AgentStatusChangeEvent | DeliveryGapEvent | TestEvent;

type Kind = 'string' | 'number' | 'boolean' | 'object' | 'array';
/** Where it is in the payload, and what must be there; `?` at the end: or nothing. */
type Shape = Readonly<Record<string, Kind | `${Kind}?`>>;

const SHAPES: ReadonlyMap<unknown, Shape> = new Map<SiemEvent['event_type'], Shape>([
  ['scan', {
    customer_id: 'string', threat_detected: 'boolean', action_taken: 'string', scan_duration_ms: 'number', entry_point: 'string',
    prompt_hash: 'string?', prompt_length: 'number?', agent_id: 'string?', _mssp_data: 'object?', '_mssp_context.data_mode': 'string',
    agent: 'object', 'agent.version': 'string?', 'agent.platform': 'string?', 'agent.integration': 'string?',
    'l1.hit': 'boolean', 'l1.detection_count': 'number', 'l1.highest_severity': 'string', 'l1.families': 'array', 'l1.detections': 'array',
    'l2.hit': 'boolean', 'l2.family': 'object?', 'l2.family.prediction': 'string?', 'l2.family.confidence': 'number?', 'l2.binary': 'object?',
  }],
  ['agent_status_change', { customer_id: 'string', agent_id: 'string', previous_status: 'string', new_status: 'string', reason: 'string', agent: 'object' }],
  ['delivery_gap', { customer_id: 'string', reason: 'string', count: 'number', since: 'string', destination: 'string?' }],
  ['test', { customer_id: 'string?', message: 'string' }],
]);
const DETECTION: Shape = { rule_id: 'string', family: 'string', severity: 'string', confidence: 'number', source: 'string?' };
const EVENT_ID = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$/;

/**
 * A copy of an event that a program passed, which the compiler may not have seen, as the outputs want it. Takes nothing
 * out of it. Throws BAD_REQUEST naming the field.
 */
export function siemEvent(event: unknown, name = 'event'): FilteredEvent {
  const shape = SHAPES.get(at(event, 'event_type'));
  if (shape === undefined) throw bad(`${name}.event_type`, `one of ${[...SHAPES.keys()].join(', ')}`);
  const [id, timestamp] = [at(event, 'event_id'), at(event, 'timestamp')];
  if (typeof id !== 'string' || !EVENT_ID.test(id)) throw bad(`${name}.event_id`, `a string that matches ${EVENT_ID.source}`);
  if (typeof timestamp !== 'string' || Number.isNaN(Date.parse(timestamp))) throw bad(`${name}.timestamp`, 'a time such as "2026-01-30T10:30:00.000Z"');
  check(at(event, 'payload'), { mssp_id: 'string', ...shape }, `${name}.payload`);
  const detections = at(event, 'payload.l1.detections');
  if (Array.isArray(detections)) detections.forEach((detection: unknown, i) => { check(detection, DETECTION, `${name}.payload.l1.detections[${i}]`); });
  return decodeEvent(Buffer.from(JSON.stringify(event)));
}

function check(value: unknown, shape: Shape, name: string): void {
  for (const [path, wanted] of Object.entries(shape)) {
    const found = at(value, path);
    const kind = wanted.replace('?', '');
    if (found === undefined ? !wanted.endsWith('?') : kindOf(found) !== kind) throw bad(`${name}.${path}`, `${kind === 'array' || kind === 'object' ? 'an' : 'a'} ${kind}`);
  }
}

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key) ? (inner as Record<string, unknown>)[key] : undefined), value);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value;
}

function bad(name: string, expected: string): RaxedError {
  return new RaxedError('BAD_REQUEST', `${name} must be ${expected}`);
}
