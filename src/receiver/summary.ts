import type { Delivery } from './receiver.js';

/** What is shown of a delivery: for people (`summarize`), and for scripts (`deliveryJson`). Pure. */

export interface SummaryOptions {
  /** The whole body, indented, below the summary. */
  readonly fullJson: boolean;
  readonly colour: boolean;
}

const MARK = { valid: '✓', invalid: '✗', missing: '○' } as const;
const COLOUR = { valid: 32, invalid: 31, missing: 33 } as const;
const SIGNATURE = {
  valid: 'signature valid',
  invalid: 'signature invalid',
  missing: 'signature missing',
} as const;
const PROBLEM = {
  mismatch: 'another secret, or the body was changed',
  expired: 'the timestamp is too far from this clock',
  bad_timestamp: 'no usable X-Raxe-Timestamp',
} as const;

/** Some lines for a person, each with its line end. Control characters from outside are escaped. */
export function summarize(delivery: Delivery, options: SummaryOptions): string {
  const { event, verified } = delivery;
  const paint = (text: string): string => (options.colour ? `\u001b[${COLOUR[verified]}m${text}\u001b[0m` : text);
  const why = delivery.problem === undefined ? '' : ` (${PROBLEM[delivery.problem]})`;
  const repeated = delivery.duplicate ? '  duplicate' : '';
  const lines = [
    `${paint(`${MARK[verified]} ${SIGNATURE[verified]}`)}${why}  ${new Date(delivery.receivedAt).toISOString()}  ${visible(text(event?.['event_type']) ?? 'not a raxed event')}${repeated}`,
  ];
  if (delivery.eventId !== undefined) lines.push(`    event     ${visible(delivery.eventId)}`);
  if (event === undefined) lines.push(`    body      ${delivery.bodyBytes} bytes, not a JSON object`);
  else for (const [name, value] of factsOf(record(event['payload']))) lines.push(`    ${name.padEnd(9)} ${visible(value)}`);
  if (options.fullJson && event !== undefined) lines.push(...escapeJson(JSON.stringify(event, null, 2)).split('\n').map((line) => `    ${line}`));
  return `${lines.join('\n')}\n`;
}

/** One JSON object, without its line end. */
export function deliveryJson(delivery: Delivery): string {
  return JSON.stringify({
    received_at: new Date(delivery.receivedAt).toISOString(),
    verified: delivery.verified,
    problem: delivery.problem,
    duplicate: delivery.duplicate,
    event_id: delivery.eventId,
    event_type: text(delivery.event?.['event_type']),
    path: delivery.path,
    headers: delivery.headers,
    event: delivery.event ?? null,
  });
}

/** Text from outside as it may stand on a terminal: C0, C1, DEL, bidirectional and line-breaking characters become \uXXXX. */
export function visible(outside: string): string {
  return outside.replace(UNSAFE, escaped);
}

const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** The same for indented JSON, whose own line ends stay; inside strings \uXXXX means the same character. */
function escapeJson(json: string): string {
  return json.replace(UNSAFE, (character) => (character === '\n' ? character : escaped(character)));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

type Fact = readonly [name: string, value: string];

function factsOf(payload: Fields): Fact[] {
  const facts: (Fact | undefined)[] = [
    fact('from', [payload['mssp_id'], payload['customer_id'], payload['agent_id']], ' / '),
    'threat_detected' in payload ? ['threat', threatOf(payload)] : undefined,
    ...detectionsOf(payload),
    modelOf(payload),
    fact('prompt', [payload['prompt_hash'], lengthOf(payload['prompt_length'])], ', '),
    dataOf(payload),
    'status' in payload ? fact('status', [payload['status'], `up ${text(payload['uptime_seconds']) ?? '?'} s`, scansOf(payload)], ', ') : undefined,
    'new_status' in payload ? fact('status', [payload['previous_status'], payload['new_status']], ' → ') : undefined,
    fact('message', [payload['message']], ''),
    fact('reason', [payload['reason'], payload['count']], ', '),
  ];
  return facts.filter((entry) => entry !== undefined);
}

function threatOf(payload: Fields): string {
  const l1 = record(payload['l1']);
  const detected = payload['threat_detected'] === true ? 'detected' : 'none';
  const severity = text(l1['highest_severity']);
  return [detected, severity !== 'critical' && hitOfModel(payload) ? 'high' : severity, text(payload['action_taken'])].filter((part) => part !== undefined).join(', ');
}

function detectionsOf(payload: Fields): Fact[] {
  const detections = list(record(payload['l1'])['detections']);
  return detections.map((entry, i) => {
    const { rule_id: rule, family, severity, confidence } = record(entry);
    return [i === 0 ? 'rules' : '', [rule, family, severity, confidence].map((part) => text(part) ?? '?').join(' ')];
  });
}

function modelOf(payload: Fields): Fact | undefined {
  const { binary, family } = record(payload['l2']);
  return hitOfModel(payload) ? fact('model', [record(family)['prediction'], 'high', record(binary)['threat_probability']], ' ') : undefined;
}

function hitOfModel(payload: Fields): boolean {
  return record(payload['l2'])['hit'] === true;
}

function dataOf(payload: Fields): Fact | undefined {
  const mode = text(record(payload['_mssp_context'])['data_mode']);
  if (mode === undefined) return undefined;
  const fields = Object.keys(record(payload['_mssp_data']));
  return ['data', fields.length === 0 ? mode : `${mode}: ${fields.join(', ')}`];
}

function scansOf(payload: Fields): string {
  return `${text(payload['scans_since_last_heartbeat']) ?? '?'} scans, ${text(payload['threats_since_last_heartbeat']) ?? '?'} threats`;
}

function lengthOf(value: unknown): string | undefined {
  return typeof value === 'number' ? `${value} characters` : undefined;
}

function fact(name: string, parts: readonly unknown[], separator: string): Fact | undefined {
  const present = parts.map(text).filter((part) => part !== undefined);
  return present.length === 0 ? undefined : [name, present.join(separator)];
}

type Fields = Readonly<Record<string, unknown>>;

function record(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
