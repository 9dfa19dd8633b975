import type { ScanPayload } from '../event/event.js';
import type { FilteredEvent } from '../event/privacy.js';

export type Severity = ScanPayload['l1']['highest_severity'];
type Family = ScanPayload['l1']['families'][number];

/**
 * CEF, the Common Event Format (ArcSight CEF Implementation Standard, version 0 of the format, dictionary 27):
 *
 *   CEF:0|vendor|product|version|signature id|name|severity|key=value key=value …
 *
 * Header values escape `\` and `|`; extension values escape `\`, `=`, CR and LF, and never `|`. Everything is one
 * line; a CEF line never carries text that was scanned.
 */
export interface CefOptions {
  /** `strict`: as the standard has it. `compat`: the line that existing RAXE parsers expect (`src=inst_…`, integer `cn2`). */
  readonly mode: 'strict' | 'compat';
  readonly deviceVendor: string;
  readonly deviceProduct: string;
  readonly version: string;
  /** `inst_` and a ULID. */
  readonly installationId: string;
  /** With it the line is ArcSight's: it also says in which direction, which category, and from which host. */
  readonly arcsight?: ArcsightOptions | undefined;
}

export interface ArcsightOptions {
  /** Of this machine. */
  readonly hostname: string;
  readonly smartConnectorId?: string | undefined;
}

/** What of an event goes into a CEF line, worked out once for all formats that build on CEF. */
interface Summary {
  readonly signatureId: string;
  readonly name: string;
  readonly message: string;
  readonly severity: Severity;
  readonly ruleIds: readonly string[];
  readonly families: readonly string[];
  /** ArcSight's category of the first detection. */
  readonly category: string;
  /** 0: towards the model; 1: what it answered. Undefined where nothing was scanned. */
  readonly direction: 0 | 1 | undefined;
}

const CEF_SEVERITY = { none: 0, low: 3, medium: 5, high: 7, critical: 10 } as const satisfies Record<Severity, number>;

const NAME_OF_FAMILY = {
  PI: 'Prompt Injection Detected',
  JB: 'Jailbreak Detected',
  DE: 'Data Exfiltration Detected',
  PII: 'Personal Data Detected',
  AGENT: 'Agent Manipulation Detected',
  TOOL: 'Tool Abuse Detected',
  CMD: 'Command Injection Detected',
  ENC: 'Encoding Evasion Detected',
  HC: 'Harmful Content Detected',
  RAG: 'Retrieval Poisoning Detected',
  MEM: 'Memory Poisoning Detected',
  MULTI: 'Multi-Agent Attack Detected',
  CUSTOM: 'Custom Rule Matched',
} as const satisfies Record<Family, string>;

/** ArcSight's categories; what is not here is suspicious. */
const CATEGORY_OF_FAMILY: ReadonlyMap<string, string> = new Map([
  ['PI', '/Security/Attack/Injection'], ['JB', '/Security/Attack/Evasion'], ['DE', '/Security/Exfiltration'],
  ['PII', '/Security/Privacy/PII'], ['AGENT', '/Security/Attack/Application'],
]);
const OTHER_CATEGORY = '/Security/Suspicious';

/** The classifier's words for families, in the rules' words. */
const FAMILY_OF_PREDICTION: ReadonlyMap<string, Family> = new Map([
  ['prompt_injection', 'PI'], ['jailbreak', 'JB'], ['data_exfiltration', 'DE'], ['agent_manipulation', 'AGENT'],
  ['tool_abuse', 'TOOL'], ['encoding_evasion', 'ENC'], ['rag_poisoning', 'RAG'], ['memory_poisoning', 'MEM'],
]);

const L2_SEVERITY: Severity = 'high';

/** Sizes of the CEF dictionary, in octets of UTF-8 as written: the stricter of the two ways to read "length". */
const HEADER_SIZES = { vendor: 63, product: 63, version: 31, signatureId: 1023, name: 512 } as const;
const SIZES: Readonly<Record<string, number>> = { act: 63, suser: 1023, msg: 1023, deviceExternalId: 255, dvchost: 100 };
const CUSTOM_STRING_SIZE = { strict: 4000, compat: 1023 } as const;
const OTHER_SIZE = 1023;

/** One line, without a line end. Heartbeats have no CEF form; they never reach this. */
export function formatCef(event: FilteredEvent, options: CefOptions): string {
  const summary = summarise(event);
  const header = [
    cutEscaped(escapeHeader(options.deviceVendor), HEADER_SIZES.vendor),
    cutEscaped(escapeHeader(options.deviceProduct), HEADER_SIZES.product),
    cutEscaped(escapeHeader(options.version), HEADER_SIZES.version),
    cutEscaped(escapeHeader(summary.signatureId), HEADER_SIZES.signatureId),
    cutEscaped(escapeHeader(summary.name), HEADER_SIZES.name),
    String(CEF_SEVERITY[summary.severity]),
  ];
  return `CEF:0|${header.join('|')}|${extension(event, summary, options)}`;
}

/** The highest severity of L1 and L2, in lower case whatever the case it came in. */
export function eventSeverity(event: FilteredEvent): Severity {
  if (event.event_type !== 'scan') return 'none';
  const l1 = knownSeverity(event.payload.l1.highest_severity);
  return event.payload.l2.hit && CEF_SEVERITY[L2_SEVERITY] > CEF_SEVERITY[l1] ? L2_SEVERITY : l1;
}

/** `\` and `|` escaped; a header is one line of printable characters, so control characters become spaces. */
export function escapeHeader(value: string): string {
  return printable(value.replace(/\r\n?|\n/g, ' ')).trim().replace(/[\\|]/g, '\\$&');
}

/** `\` and `=` escaped, line ends as `\r` and `\n`; other control characters become spaces. */
export function escapeExtension(value: string): string {
  return printable(value, /[\r\n]/).trim().replace(/[\\=]/g, '\\$&').replace(/\r/g, '\\r').replace(/\n/g, '\\n');
}

/** At most `maxBytes` octets of an escaped value; never ends within an escape or a character. */
export function cutEscaped(escaped: string, maxBytes: number): string {
  if (Buffer.byteLength(escaped, 'utf8') <= maxBytes) return escaped;
  let bytes = 0;
  let end = 0;
  for (const [unit] of escaped.matchAll(/\\.|./gsu)) {
    bytes += Buffer.byteLength(unit, 'utf8');
    if (bytes > maxBytes) break;
    end += unit.length;
  }
  return escaped.slice(0, end).trimEnd();
}

function extension(event: FilteredEvent, summary: Summary, options: CefOptions): string {
  const strict = options.mode === 'strict';
  const { arcsight } = options;
  const { payload } = event;
  const scan = event.event_type === 'scan' ? event.payload : undefined;
  const sourceAddress = strict && !isIpv4(options.installationId) ? undefined : options.installationId;
  const duration = scan?.scan_duration_ms;
  const time = Date.parse(event.timestamp);
  const fields: (readonly [key: string, value: string | number | undefined, label?: string])[] = [
    ['rt', Number.isNaN(time) ? undefined : time],
    ['src', sourceAddress],
    ['suser', 'agent_id' in payload ? payload.agent_id : undefined],
    ['msg', summary.message],
    ['act', scan?.action_taken],
    ['cs1', scan?.prompt_hash, 'PromptHash'],
    ['cs2', summary.ruleIds.join(','), 'RuleIDs'],
    ['cs3', summary.families.join(','), 'ThreatFamilies'],
    ['cs4', event.event_id, 'EventID'],
    ['cs5', payload.mssp_id, 'MSSPId'],
    ['cs6', payload.customer_id, 'CustomerId'],
    ['cn1', scan?.prompt_length, 'PromptLength'],
    // cn* are integers by the standard; a duration has a fraction.
    strict ? ['cfp1', duration, 'ScanDurationMs'] : ['cn2', duration === undefined ? undefined : Math.round(duration), 'ScanDurationMs'],
    ...(arcsight === undefined ? [] : [
      ['deviceDirection', summary.direction], ['cat', summary.category], ['dvchost', arcsight.hostname],
    ] as const),
    ['deviceExternalId', arcsight?.smartConnectorId ?? (sourceAddress === undefined ? options.installationId : undefined)],
  ];
  const parts: string[] = [];
  for (const [key, value, label] of fields) {
    if (value === undefined) continue;
    const size = SIZES[key] ?? (key.startsWith('cs') ? CUSTOM_STRING_SIZE[options.mode] : OTHER_SIZE);
    const text = cutEscaped(escapeExtension(String(value)), size);
    if (text === '') continue;
    parts.push(`${key}=${text}`);
    if (label !== undefined) parts.push(`${key}Label=${label}`);
  }
  return parts.join(' ');
}

function summarise(event: FilteredEvent): Summary {
  const common = { signatureId: event.event_type, severity: eventSeverity(event), ruleIds: [], families: [], category: OTHER_CATEGORY, direction: undefined };
  switch (event.event_type) {
    case 'scan': return { ...common, ...summariseScan(event.payload) };
    case 'test': return { ...common, name: 'Test Event', message: event.payload.message };
    case 'delivery_gap': {
      const { count, reason, since } = event.payload;
      return { ...common, name: 'Delivery Gap', message: `${count} events will not arrive (${reason}) since ${since}` };
    }
    case 'agent_status_change': {
      const { previous_status: before, new_status: after, reason } = event.payload;
      return { ...common, name: 'Agent Status Change', message: `agent went from ${before} to ${after} (${reason})` };
    }
    case 'heartbeat': return { ...common, name: 'Heartbeat', message: event.payload.status };
  }
}

/** L1 and L2 together, in the order of a verdict's detections. */
export function summariseScan(scan: ScanPayload): Omit<Summary, 'severity'> {
  const detections: { ruleId: string; family: string; rank: number; confidence: number; source?: 'response' | undefined }[] =
    scan.l1.detections.map((d) => ({ ruleId: d.rule_id, family: d.family, rank: CEF_SEVERITY[knownSeverity(d.severity)], confidence: d.confidence, source: d.source }));
  const families: string[] = [...scan.l1.families];
  if (scan.l2.hit) {
    const prediction = scan.l2.family?.prediction ?? 'threat';
    const family = FAMILY_OF_PREDICTION.get(prediction);
    const confidence = scan.l2.family?.confidence ?? scan.l2.binary?.threat_probability ?? 0;
    detections.push({ ruleId: `l2-${prediction}`, family: family ?? '', rank: CEF_SEVERITY[L2_SEVERITY], confidence });
    if (family !== undefined) families.push(family);
  }
  // The order of a verdict's detections; the sort is stable, so equal ones keep their position in the text.
  detections.sort((a, b) => b.rank - a.rank || b.confidence - a.confidence);
  const first = detections[0];
  const name = first === undefined ? 'Scan Completed' : nameOfFamily(first.family);
  return {
    signatureId: first?.ruleId ?? 'scan',
    name,
    message: name,
    ruleIds: [...new Set(detections.map((d) => d.ruleId))],
    families: [...new Set(families)],
    category: CATEGORY_OF_FAMILY.get(first?.family ?? '') ?? OTHER_CATEGORY,
    direction: first?.source === 'response' ? 1 : 0,
  };
}

function nameOfFamily(family: string): string {
  return Object.hasOwn(NAME_OF_FAMILY, family) ? NAME_OF_FAMILY[family as Family] : 'Threat Detected';
}

/** Spooled bytes may come from an older version or a careless hand: any case, and never a wrong key. */
function knownSeverity(value: string): Severity {
  const lower = value.toLowerCase();
  return Object.hasOwn(CEF_SEVERITY, lower) ? (lower as Severity) : 'none';
}

/** Control characters (C0, DEL, C1) and Unicode's line and paragraph separators become spaces, lone surrogates U+FFFD. */
function printable(value: string, except?: RegExp): string {
  // Nearly every value, and most of the time that an event takes.
  if (/^[\x20-\x7e]*$/.test(value)) return value;
  return value
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => (except?.test(character) === true ? character : ' '))
    .replace(/\p{Surrogate}/gu, '\ufffd');
}

function isIpv4(value: string): boolean {
  const parts = value.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}
