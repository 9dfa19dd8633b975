import type { Static, TObject, TProperties, TSchema } from '@sinclair/typebox';
import {
  Array as ArrayType, Boolean as BooleanType, Integer, Literal, Null, Number as NumberType, Object as ObjectType, Optional, String as StringType, Tuple, Union, Unsafe,
} from '@sinclair/typebox';

/**
 * What the configuration file may say: every key, its type, its bounds and its default, as a JSON Schema.
 *
 * Keywords beyond JSON Schema's own:
 * - `format`: a check from `format.ts` (`id`, `url`, `path` …); values of format `path` are resolved from
 *   the file's folder;
 * - `title`: the words for "expected …" in messages;
 * - `description`: what the key means, for editors, the manual page and the README;
 * - `x-secret`: the value is, or refers to, a secret: it is never shown;
 * - `x-default-from`: the default is the value of that sibling.
 */

/** Named one by one, because the whole of `Type` is 100 KB that every `raxed config` would load. */
const Type = { Array: ArrayType, Boolean: BooleanType, Integer, Literal, Null, Number: NumberType, Object: ObjectType, Optional, String: StringType, Tuple, Union, Unsafe };

const ID_TITLE = 'an id: letters, digits, "_" and "-", beginning with a letter or digit, at most 64';

function nullable<T extends TSchema>(schema: T, description: string) {
  return Type.Union([schema, Type.Null()], { default: null, description });
}

function oneOf<const T extends readonly string[]>(values: T, options: { default?: T[number]; description?: string } = {}) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...options });
}

export function strict<T extends TProperties>(properties: T): TObject<T> {
  return Type.Object(properties, { additionalProperties: false });
}

/** An object that may be left out because each of its keys has a default. */
function section<T extends TProperties>(properties: T): TObject<T> {
  return Type.Object(properties, { additionalProperties: false, default: {} });
}

export const id = (options: object = {}) => Type.String({ format: 'id', title: ID_TITLE, ...options });
const name = (options: object = {}) => Type.String({ format: 'name', title: 'a name of 1 to 256 characters', ...options });
const text = (format: string, title: string) => Type.String({ format, title });
const path = () => text('path', 'a path');
const seconds = (minimum: number, maximum: number, byDefault: number, description: string) => Type.Number({ minimum, maximum, default: byDefault, description });
const count = (minimum: number, maximum: number, byDefault: number, description: string) => Type.Integer({ minimum, maximum, default: byDefault, description });

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const TIB = 1024 * GIB;

export const SecretSchema = Type.Union([
  Type.String({ minLength: 1 }),
  strict({ file: path() }),
  strict({ env: Type.String({ format: 'env', title: 'the name of an environment variable' }) }),
  strict({ credential: Type.String({ format: 'credential', title: 'the name of a systemd credential' }) }),
], { 'x-secret': true, title: 'a secret: a string, { "file": PATH }, { "env": NAME } or { "credential": NAME }' });

const TlsFilesSchema = strict({
  ca_file: nullable(path(), 'The authorities to trust (PEM), instead of the system\'s.'),
  cert_file: nullable(path(), 'The certificate to show (PEM), where the receiver asks for one.'),
  key_file: nullable(path(), 'Its key (PEM).'),
  server_name: nullable(text('host', 'a host name'), 'The name that the receiver\'s certificate must have; null: the URL\'s host.'),
});
const TlsSchema = Type.Union([Type.Boolean(), TlsFilesSchema], { default: false, title: 'true, false or { ca_file, cert_file, key_file, server_name }', description: 'The files of TLS. https is always TLS; syslog is with true or files.' });

const TIME = text('timestamp', 'a time such as "2026-01-31T00:00:00Z"');
const httpsUrl = (description = 'Where events are posted; http only to this machine.') => Type.String({ format: 'url', title: 'an https URL', description });
const token = (description = 'What the receiver asks for.') => ({ ...SecretSchema, description });

const kind = <const T extends string>(type: T) => Type.Literal(type, { description: 'Which SIEM it is.' });

const WebhookSchema = strict({
  url: httpsUrl(),
  secret: token('Signs each request (HMAC-SHA256).'),
  previous_secret: nullable(SecretSchema, 'During a rotation: requests carry its signature too.'),
  previous_secret_until: nullable(TIME, 'When the previous secret signs no more; null: until it is removed.'),
  timeout_seconds: seconds(0.1, 300, 10, 'The longest that one attempt may take.'),
  max_in_flight: count(1, 256, 8, 'How many requests may run at once.'),
  tls: TlsSchema,
});

const siemCommon = (batch: { events: number; bytes: number; maxBytes: number }) => ({
  name: id({ 'x-default-from': 'type', description: 'The identity of the destination; it keeps its place in the stream when the URL changes.' }),
  batch_events: count(1, 5000, batch.events, 'The most events in one request.'),
  batch_bytes: count(4 * KIB, batch.maxBytes, batch.bytes, 'The most bytes in one request.'),
  flush_interval_seconds: seconds(0.1, 3600, 5, 'The longest that an event waits for company.'),
  timeout_seconds: seconds(0.1, 300, 10, 'The longest that one attempt may take.'),
  tls: TlsSchema,
});

const cefMode = () => oneOf(['strict', 'compat'], { default: 'strict', description: 'strict: the CEF dictionary\'s fields. compat: the line of the RAXE MSSP guide.' });

const CefSchema = strict({
  type: kind('cef'),
  url: Type.String({ format: 'cef-url', title: 'a syslog://host[:port] or https URL', description: 'CEF over syslog or over HTTP, as the URL says.' }),
  token: nullable(SecretSchema, 'Sent as a bearer token over HTTP.'),
  ...siemCommon({ events: 2000, bytes: MIB, maxBytes: 16 * MIB }),
  transport: nullable(oneOf(['udp', 'tcp', 'http']), 'For syslog:// udp or tcp (null: udp, with tls tcp), for https:// http.'),
  port: nullable(Type.Integer({ minimum: 1, maximum: 65535 }), 'Of syslog; a port in the URL wins. null: 514, with TLS 6514.'),
  facility: count(0, 23, 16, 'The syslog facility; 16 is local0.'),
  format: oneOf(['rfc5424', 'rfc3164'], { default: 'rfc5424', description: 'The syslog header.' }),
  framing: oneOf(['octet-counting', 'lf'], { default: 'octet-counting', description: 'How messages are told apart on TCP and TLS.' }),
  confirm: oneOf(['fin', 'write'], { default: 'fin', description: 'fin: the receiver has read everything. write: lossy.' }),
  cef_mode: cefMode(),
});

const ArcsightSchema = strict({
  type: kind('arcsight'),
  url: httpsUrl(),
  token: nullable(SecretSchema, 'Sent as a bearer token.'),
  ...siemCommon({ events: 1000, bytes: MIB, maxBytes: 16 * MIB }),
  smart_connector_id: nullable(name(), 'deviceExternalId; null: the installation\'s id.'),
  device_vendor: nullable(name(), 'In the CEF header; null: RAXE.'),
  device_product: nullable(name(), 'In the CEF header; null: ThreatDetection.'),
  cef_mode: cefMode(),
});

const SplunkSchema = strict({
  type: kind('splunk'),
  url: httpsUrl(),
  token: token(),
  ...siemCommon({ events: 1000, bytes: MIB, maxBytes: 16 * MIB }),
  splunk_index: nullable(name(), 'null: the token\'s own index.'),
  splunk_source: name({ default: 'raxe', description: 'The event\'s source.' }),
  splunk_sourcetype: name({ default: 'raxe:scan', description: 'The event\'s sourcetype.' }),
  splunk_ack: Type.Boolean({ default: false, description: 'Wait for the indexer\'s acknowledgement.' }),
});

const CrowdstrikeSchema = strict({
  type: kind('crowdstrike'),
  url: httpsUrl(),
  token: token(),
  ...siemCommon({ events: 1000, bytes: MIB, maxBytes: 5_000_000 }),
});

const SentinelSchema = strict({
  type: kind('sentinel'),
  url: httpsUrl('The data collection endpoint\'s, or the rule\'s.'),
  token: token('The client secret; with sentinel_workspace_id the shared key.'),
  ...siemCommon({ events: 1000, bytes: 1_000_000, maxBytes: 1_000_000 }),
  dcr_id: nullable(name(), 'The data collection rule\'s immutable id.'),
  stream: nullable(name(), 'The rule\'s stream, such as Custom-RaxeThreats.'),
  tenant_id: nullable(name(), 'The Entra tenant of the app.'),
  client_id: nullable(name(), 'The app\'s id.'),
  sentinel_workspace_id: nullable(name(), 'Legacy: the HTTP Data Collector API, whose documented end was 2026-09-14.'),
});

export const SiemSchema = Type.Union([CefSchema, ArcsightSchema, SplunkSchema, CrowdstrikeSchema, SentinelSchema], { title: 'a SIEM: { "type", "url", … }' });

const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;

const share = () => Type.Number({ minimum: 0, maximum: 1 });

const ThresholdSchema = Type.Union([
  share(),
  strict({
    prompt: nullable(share(), 'For prompts; null: the model\'s own, here and below.'),
    rag_context: nullable(share(), 'For documents.'),
    tool_calls: nullable(share(), 'For what tools give back.'),
    response: nullable(share(), 'For responses.'),
  }),
  Type.Null(),
], { default: null, title: 'a number from 0 to 1, or { "prompt", "rag_context", "tool_calls", "response" } with such numbers', description: 'The probability from which the model is believed; null: its own.' });

const SuppressionsSchema = Type.Array(strict({
  rule: Type.String({ format: 'rule', title: 'a rule id, or its beginning and "*"', description: 'The rule, or all whose ids begin so.' }),
  reason: nullable(name(), 'Why, for those who come after.'),
  expires: nullable(TIME, 'Until when; null: for good.'),
}), { default: [], description: 'Rules that are not reported.' });

/** The texts that a customer may allow to be sent. */
export const DATA_FIELD_NAMES = ['prompt', 'matched_text', 'response', 'system_prompt', 'tool_calls', 'rag_context'] as const;

export const CustomerSchema = strict({
  id: id({ description: 'Its name in commands and events, unique within the MSSP.' }),
  name: name({ 'x-default-from': 'id', description: 'For people.' }),
  data_mode: oneOf(['full', 'privacy_safe'], { default: 'privacy_safe', description: 'privacy_safe: no text leaves the memory of the daemon. full: events carry the texts that data_fields allows.' }),
  data_fields: Type.Array(oneOf(DATA_FIELD_NAMES), { default: [], uniqueItems: true, description: 'In data_mode full: the texts that are sent; empty: all.' }),
  retention_days: count(0, 90, 30, 'How long events may wait for their delivery, and dead letters stay. 0: until delivered, a day at most.'),
  heartbeat_threshold_seconds: count(60, 3600, 300, 'Without a heartbeat for so long an agent is offline.'),
  webhook: nullable(WebhookSchema, 'Instead of the MSSP\'s.'),
  siem: Type.Array(SiemSchema, { default: [], description: 'Where events go beside the webhook.' }),
  threat_at: nullable(oneOf(SEVERITIES), 'Instead of the scanner\'s.'),
  block_at: nullable(oneOf([...SEVERITIES, 'never']), 'Instead of the scanner\'s.'),
  l2: section({ enabled: nullable(Type.Boolean(), 'Instead of the scanner\'s.'), threshold: ThresholdSchema }),
  suppressions: SuppressionsSchema,
});

export const MsspSchema = strict({
  id: id({ description: 'Its name in commands, events and heartbeats.' }),
  name: name({ 'x-default-from': 'id', description: 'For people.' }),
  tier: oneOf(['starter', 'professional', 'enterprise'], { default: 'starter', description: 'starter: 10 customers, professional: 50, enterprise: unlimited. In edition "enterprise" the default is enterprise.' }),
  max_customers: nullable(Type.Integer({ minimum: 0, maximum: 1_000_000 }), 'Instead of the tier\'s; 0: unlimited.'),
  webhook: WebhookSchema,
  customers: Type.Array(CustomerSchema, { default: [], description: 'Whom it protects here.' }),
});

const AgentSchema = strict({
  id: id({ description: 'Its name in heartbeats.' }),
  mssp_id: id({ description: 'The MSSP that its heartbeats go to.' }),
  customer_id: id({ description: 'Whose site this is.' }),
  integration: Type.String({ format: 'label', default: 'raxed', title: 'at most 64 letters, digits, "_", ".", "+" and "-"', description: 'What it says that it is.' }),
  heartbeat_cron: Type.String({ format: 'cron', default: '* * * * *', title: 'a cron expression such as "* * * * *"', description: 'When heartbeats are sent (seconds may stand in front), plus at most 30 s, so that a fleet does not beat as one.' }),
});

const ScannerSchema = section({
  rules_dirs: Type.Array(path(), { default: [], description: 'Folders with rules of your own (*.yaml).' }),
  l2: section({ enabled: Type.Boolean({ default: true, description: 'Whether the on-device model is asked.' }), threshold: ThresholdSchema }),
  max_text_bytes: count(1, 32 * MIB, MIB, 'UTF-8 bytes of all texts of one scan.'),
  threat_at: oneOf(SEVERITIES, { default: 'medium', description: 'The severity from which a scan counts as a threat.' }),
  block_at: nullable(oneOf(SEVERITIES), 'The severity from which action_taken is block; null: never.'),
  scan_responses: Type.Boolean({ default: false, description: 'Whether responses are judged (and sent, where data_fields allows).' }),
  suppressions: SuppressionsSchema,
});

const loopbackListener = (port: number) => ({
  host: Type.String({ format: 'loopback', default: '127.0.0.1', title: 'a loopback address: 127.0.0.1, ::1 or localhost', description: 'A loopback address.' }),
  port: count(0, 65535, port, '0: any free port.'),
});

const ControlSchema = section({
  socket: nullable(path(), 'For ctl; null: control.sock in the runtime folder.'),
  scan_socket: nullable(path(), 'For applications; null: scan.sock in the runtime folder.'),
  scan_tenants: nullable(Type.Array(Type.Tuple([id(), id()], { title: 'a pair [mssp_id, customer_id]' })), 'The pairs [mssp_id, customer_id] that scan.sock may name; null: any.'),
  http: nullable(strict({
    ...loopbackListener(8787), token: token('Asked of each request as Authorization: Bearer.'),
    mssp_id: id({ description: 'For whom it scans.' }), customer_id: id({ description: 'For whom it scans.' }),
  }), 'A loopback port that serves what scan.sock does, for one customer.'),
  metrics: nullable(strict(loopbackListener(9187)), 'A loopback port for Prometheus.'),
});

export const ConfigSchema = Type.Object({
  $schema: Type.Optional(Type.String({ description: 'For editors; raxed does not read it.' })),
  edition: oneOf(['community', 'enterprise'], { default: 'community', description: 'community: 1 MSSP, 50 agents a customer. enterprise: unlimited.' }),
  state_dir: nullable(path(), 'Where the spool, the audit log and all other state is kept; null: as below.'),
  agent: nullable(AgentSchema, 'Who this daemon is; its customer is that of scans which name none. null: it sends no heartbeats.'),
  mssps: Type.Array(MsspSchema, { default: [], description: 'The security providers, beside those made with ctl.' }),
  scanner: ScannerSchema,
  events: section({ send: oneOf(['threats', 'all'], { default: 'threats', description: 'Which scans become events.' }) }),
  spool: section({
    segment_bytes: count(4 * KIB, GIB, 8 * MIB, 'A segment is sealed at this size.'),
    max_bytes: count(16 * KIB, 16 * TIB, GIB, 'The most that the spool may take.'),
    min_free_bytes: count(0, 16 * TIB, 256 * MIB, 'What the disk must keep free.'),
    when_full: oneOf(['reject', 'drop_oldest'], { default: 'reject', description: 'reject: new events are refused, and scans say so. drop_oldest: the oldest go, announced in a delivery_gap event.' }),
    ack: oneOf(['fsync', 'write'], { default: 'fsync', description: 'What a verdict waits for. write: events may be lost with the machine\'s power.' }),
  }),
  control: ControlSchema,
  audit: section({
    max_file_size_mb: count(1, 1024, 10, 'A file of the audit log is closed at this size.'),
    max_bytes: count(MIB, 16 * TIB, GIB, 'The most that the audit log may take.'),
    retention_days: count(1, 3650, 90, 'Older files of the audit log are removed.'),
  }),
  proxy: nullable(text('proxy-url', 'an http or https URL of a proxy'), 'Instead of the one that HTTPS_PROXY names; NO_PROXY holds. Without a port 1080, for https 443.'),
  log: section({ level: oneOf(['debug', 'info', 'warn', 'error'], { default: 'info', description: 'The least that is logged.' }) }),
}, { additionalProperties: false });

/** The parsed file before it is frozen. */
export type ConfigDraft = Static<typeof ConfigSchema>;
