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
 * - `x-secret`: the value is, or refers to, a secret: it is never shown;
 * - `x-default-from`: the default is the value of that sibling.
 */

/** Named one by one, because the whole of `Type` is 100 KB that every `raxed config` would load. */
const Type = { Array: ArrayType, Boolean: BooleanType, Integer, Literal, Null, Number: NumberType, Object: ObjectType, Optional, String: StringType, Tuple, Union, Unsafe };

const ID_TITLE = 'an id: letters, digits, "_" and "-", beginning with a letter or digit, at most 64';

function nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()], { default: null });
}

function oneOf<const T extends readonly string[]>(values: T, options: { default?: T[number] | null; description?: string } = {}) {
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
const path = () => Type.String({ format: 'path', title: 'a path' });
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

const TlsFilesSchema = strict({ ca_file: nullable(path()), cert_file: nullable(path()), key_file: nullable(path()), server_name: nullable(Type.String({ format: 'host', title: 'a host name' })) });
const TlsSchema = Type.Union([Type.Boolean(), TlsFilesSchema], { default: false, title: 'true, false or { ca_file, cert_file, key_file, server_name }' });

const WebhookSchema = strict({
  url: Type.String({ format: 'url', title: 'an https URL' }),
  secret: SecretSchema,
  previous_secret: nullable(SecretSchema),
  previous_secret_until: nullable(Type.String({ format: 'timestamp', title: 'a time such as "2026-01-31T00:00:00Z"' })),
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
const httpsUrl = () => Type.String({ format: 'url', title: 'an https URL' });

const CefSchema = strict({
  type: Type.Literal('cef'),
  url: Type.String({ format: 'cef-url', title: 'a syslog://host[:port] or https URL' }),
  token: nullable(SecretSchema),
  ...siemCommon({ events: 2000, bytes: MIB, maxBytes: 16 * MIB }),
  transport: nullable(oneOf(['udp', 'tcp', 'http'], { description: 'For syslog:// udp (the default) or tcp (with TLS), for https:// http.' })),
  port: nullable(Type.Integer({ minimum: 1, maximum: 65535, description: 'Of syslog; a port in the URL wins. 514, with TLS 6514.' })),
  facility: count(0, 23, 16, 'The syslog facility; 16 is local0.'),
  format: oneOf(['rfc5424', 'rfc3164'], { default: 'rfc5424' }),
  framing: oneOf(['octet-counting', 'lf'], { default: 'octet-counting', description: 'How messages are told apart on TCP and TLS.' }),
  confirm: oneOf(['fin', 'write'], { default: 'fin', description: 'fin: the receiver has read everything. write: lossy.' }),
  cef_mode: oneOf(['strict', 'compat'], { default: 'strict' }),
});

const ArcsightSchema = strict({
  type: Type.Literal('arcsight'),
  url: httpsUrl(),
  token: nullable(SecretSchema),
  ...siemCommon({ events: 1000, bytes: MIB, maxBytes: 16 * MIB }),
  smart_connector_id: nullable(name()),
  device_vendor: nullable(name()),
  device_product: nullable(name()),
  cef_mode: oneOf(['strict', 'compat'], { default: 'strict' }),
});

const SplunkSchema = strict({
  type: Type.Literal('splunk'),
  url: httpsUrl(),
  token: SecretSchema,
  ...siemCommon({ events: 1000, bytes: MIB, maxBytes: 16 * MIB }),
  splunk_index: nullable(name()),
  splunk_source: name({ default: 'raxe' }),
  splunk_sourcetype: name({ default: 'raxe:scan' }),
  splunk_ack: Type.Boolean({ default: false, description: 'Wait for the indexer\'s acknowledgement.' }),
});

const CrowdstrikeSchema = strict({
  type: Type.Literal('crowdstrike'),
  url: httpsUrl(),
  token: SecretSchema,
  ...siemCommon({ events: 1000, bytes: MIB, maxBytes: 5_000_000 }),
});

const SentinelSchema = strict({
  type: Type.Literal('sentinel'),
  url: httpsUrl(),
  token: SecretSchema,
  ...siemCommon({ events: 1000, bytes: 1_000_000, maxBytes: 1_000_000 }),
  dcr_id: nullable(name()),
  stream: nullable(name()),
  tenant_id: nullable(name()),
  client_id: nullable(name()),
  sentinel_workspace_id: nullable(name({ description: 'Legacy: the HTTP Data Collector API, whose documented end was 2026-09-14.' })),
});

export const SiemSchema = Type.Union([CefSchema, ArcsightSchema, SplunkSchema, CrowdstrikeSchema, SentinelSchema], { title: 'a SIEM: { "type", "url", … }' });

const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;

const share = () => Type.Number({ minimum: 0, maximum: 1 });

const ThresholdSchema = Type.Union([
  share(),
  strict({ prompt: nullable(share()), rag_context: nullable(share()), tool_calls: nullable(share()), response: nullable(share()) }),
  Type.Null(),
], { default: null, title: 'a number from 0 to 1, or { "prompt", "rag_context", "tool_calls", "response" } with such numbers', description: 'The probability from which the model is believed; null: its own.' });

const SuppressionsSchema = Type.Array(strict({
  rule: Type.String({ format: 'rule', title: 'a rule id, or its beginning and "*"' }),
  reason: nullable(name()),
  expires: nullable(Type.String({ format: 'timestamp', title: 'a time such as "2026-01-31T00:00:00Z"' })),
}), { default: [], description: 'Rules that are not reported.' });

/** The texts that a customer may allow to be sent. */
export const DATA_FIELD_NAMES = ['prompt', 'matched_text', 'response', 'system_prompt', 'tool_calls', 'rag_context'] as const;

export const CustomerSchema = strict({
  id: id(),
  name: name({ 'x-default-from': 'id' }),
  data_mode: oneOf(['full', 'privacy_safe'], { default: 'privacy_safe' }),
  data_fields: Type.Array(oneOf(DATA_FIELD_NAMES), { default: [], uniqueItems: true, description: 'In data_mode "full": the texts that are sent; empty: all.' }),
  retention_days: count(0, 90, 30, '0: kept only until delivered.'),
  heartbeat_threshold_seconds: count(60, 3600, 300, 'Without a heartbeat for so long an agent is offline.'),
  webhook: nullable(WebhookSchema),
  siem: Type.Array(SiemSchema, { default: [] }),
  threat_at: nullable(oneOf(SEVERITIES, { description: 'null: the scanner\'s.' })),
  block_at: nullable(oneOf([...SEVERITIES, 'never'], { description: 'null: the scanner\'s.' })),
  l2: section({ enabled: nullable(Type.Boolean({ description: 'null: the scanner\'s.' })), threshold: ThresholdSchema }),
  suppressions: SuppressionsSchema,
});

export const MsspSchema = strict({
  id: id(),
  name: name({ 'x-default-from': 'id' }),
  tier: oneOf(['starter', 'professional', 'enterprise'], { default: 'starter', description: 'starter: 10 customers, professional: 50, enterprise: unlimited. In edition "enterprise" the default is enterprise.' }),
  max_customers: nullable(Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'Instead of the tier\'s; 0: unlimited.' })),
  webhook: WebhookSchema,
  customers: Type.Array(CustomerSchema, { default: [] }),
});

const AgentSchema = strict({
  id: id(),
  mssp_id: id(),
  customer_id: id(),
  integration: Type.String({ format: 'label', default: 'raxed', title: 'at most 64 letters, digits, "_", ".", "+" and "-"' }),
  heartbeat_cron: Type.String({ format: 'cron', default: '* * * * *', title: 'a cron expression such as "* * * * *"' }),
});

const ScannerSchema = section({
  rules_dirs: Type.Array(path(), { default: [] }),
  l2: section({ enabled: Type.Boolean({ default: true }), threshold: ThresholdSchema }),
  max_text_bytes: count(1, 32 * MIB, MIB, 'UTF-8 bytes of all texts of one scan.'),
  threat_at: oneOf(SEVERITIES, { default: 'medium', description: 'The severity from which a scan counts as a threat.' }),
  block_at: nullable(oneOf(SEVERITIES, { description: 'The severity from which action_taken is "block".' })),
  scan_responses: Type.Boolean({ default: false }),
  suppressions: SuppressionsSchema,
});

const loopbackListener = (port: number) => ({
  host: Type.String({ format: 'loopback', default: '127.0.0.1', title: 'a loopback address: 127.0.0.1, ::1 or localhost' }),
  port: count(0, 65535, port, '0: any free port.'),
});

const ControlSchema = section({
  socket: nullable(path()),
  scan_socket: nullable(path()),
  scan_tenants: nullable(Type.Array(Type.Tuple([id(), id()], { title: 'a pair [mssp_id, customer_id]' }))),
  http: nullable(strict({ ...loopbackListener(8787), token: SecretSchema, mssp_id: id(), customer_id: id() })),
  metrics: nullable(strict(loopbackListener(9187))),
});

export const ConfigSchema = Type.Object({
  $schema: Type.Optional(Type.String({ description: 'For editors; raxed does not read it.' })),
  edition: oneOf(['community', 'enterprise'], { default: 'community', description: 'community: 1 MSSP. enterprise: unlimited.' }),
  state_dir: nullable(path()),
  agent: nullable(AgentSchema),
  mssps: Type.Array(MsspSchema, { default: [] }),
  scanner: ScannerSchema,
  events: section({ send: oneOf(['threats', 'all'], { default: 'threats' }) }),
  spool: section({
    segment_bytes: count(4 * KIB, GIB, 8 * MIB, 'A segment is sealed at this size.'),
    max_bytes: count(16 * KIB, 16 * TIB, GIB, 'The most that the spool may take.'),
    min_free_bytes: count(0, 16 * TIB, 256 * MIB, 'What the disk must keep free.'),
    when_full: oneOf(['reject', 'drop_oldest'], { default: 'reject' }),
    ack: oneOf(['fsync', 'write'], { default: 'fsync', description: 'What a verdict waits for.' }),
  }),
  control: ControlSchema,
  audit: section({
    max_file_size_mb: count(1, 1024, 10, 'A file of the audit log is closed at this size.'),
    max_bytes: count(MIB, 16 * TIB, GIB, 'The most that the audit log may take.'),
    retention_days: count(1, 3650, 90, 'Older files of the audit log are removed.'),
  }),
  proxy: nullable(Type.String({ format: 'proxy-url', title: 'an http or https URL of a proxy', description: 'Instead of the one that HTTPS_PROXY names; NO_PROXY holds. Without a port 1080, for https 443.' })),
  log: section({ level: oneOf(['debug', 'info', 'warn', 'error'], { default: 'info' }) }),
}, { additionalProperties: false });

/** The parsed file before it is frozen. */
export type ConfigDraft = Static<typeof ConfigSchema>;
