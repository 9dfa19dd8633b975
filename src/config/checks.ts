import { syslogTarget } from './address.js';
import { logscaleTarget, splunkAddresses } from './collectors.js';
import { EDITION_LIMITS, customerLimit, customerLimitText } from './limits.js';
import type { ConfigDraft } from './shape.js';

/** The kinds of SIEM output; `cef` is two of them, because a syslog connection and an HTTP request share nothing. */
export type SiemOutput = 'cef-syslog' | 'cef-http' | 'arcsight' | 'splunk' | 'crowdstrike' | 'sentinel';

type MsspDraft = ConfigDraft['mssps'][number];
type CustomerDraft = MsspDraft['customers'][number];
type SiemDraft = CustomerDraft['siem'][number];
type CefDraft = Extract<SiemDraft, { type: 'cef' }>;
type WebhookDraft = MsspDraft['webhook'];
type Report = (pointer: string, message: string) => void;

/** Where a check says what it found: `report` refuses, `warn` does not. */
export interface Notes {
  readonly report: Report;
  readonly warn: Report;
}

export interface Available {
  /** The SIEM outputs that this version has; the others are refused. */
  readonly availableSiem: readonly SiemOutput[];
}

/** What no single value shows: names given twice, limits, options that do not go together. The draft has passed the schema. */
export function checkConfig(draft: ConfigDraft, available: Available, notes: Notes): void {
  const { report } = notes;
  checkMssps(draft, available, notes);
  const { spool, control } = draft;
  if (spool.max_bytes < spool.segment_bytes) report('/spool/max_bytes', `expected at least segment_bytes (${spool.segment_bytes}), found ${spool.max_bytes}`);
  if (control.socket !== null && control.socket === control.scan_socket) report('/control/scan_socket', 'is the same path as /control/socket');
}

/** The output that a SIEM entry needs. */
export function siemOutput(siem: { readonly type: SiemDraft['type']; readonly url: string }): SiemOutput {
  if (siem.type !== 'cef') return siem.type;
  return /^syslog:/i.test(siem.url) ? 'cef-syslog' : 'cef-http';
}

function checkMssps(draft: ConfigDraft, available: Available, notes: Notes): void {
  const allowed = EDITION_LIMITS[draft.edition].mssps;
  draft.mssps.forEach((mssp, index) => {
    if (index >= allowed) notes.report(`/mssps/${index}`, `edition "${draft.edition}" has ${allowed} MSSP; edition "enterprise" has no limit`);
    checkMssp(mssp, `/mssps/${index}`, available, notes);
  });
  checkUnique(draft.mssps.map(({ id }) => id), (index) => `/mssps/${index}/id`, notes.report);
}

/** An MSSP with its customers; `at` is its pointer. */
export function checkMssp(mssp: MsspDraft, at: string, available: Available, notes: Notes): void {
  checkWebhook(mssp.webhook, `${at}/webhook`, notes.report);
  if (mssp.customers.length > customerLimit(mssp)) notes.report(`${at}/customers`, `${customerLimitText(mssp)}, found ${mssp.customers.length}`);
  checkUnique(mssp.customers.map(({ id }) => id), (index) => `${at}/customers/${index}/id`, notes.report);
  mssp.customers.forEach((customer, index) => { checkCustomer(customer, `${at}/customers/${index}`, available, notes); });
}

export function checkCustomer(customer: CustomerDraft, at: string, available: Available, notes: Notes): void {
  if (customer.webhook !== null) checkWebhook(customer.webhook, `${at}/webhook`, notes.report);
  checkUnique(customer.siem.map(({ name }) => name), (index) => `${at}/siem/${index}/name`, notes.report);
  customer.siem.forEach((siem, index) => { checkSiem(siem, `${at}/siem/${index}`, available, notes); });
}

function checkWebhook(webhook: WebhookDraft, pointer: string, report: Report): void {
  if (webhook.previous_secret === null && webhook.previous_secret_until !== null) report(`${pointer}/previous_secret_until`, 'needs previous_secret');
  checkTls(webhook, pointer, report);
}

function checkTls({ url, tls }: { url: string; tls: WebhookDraft['tls'] }, pointer: string, report: Report): void {
  if (tls === false) return;
  if (/^http:/i.test(url)) report(`${pointer}/tls`, 'needs an https URL');
  if (tls === true) return;
  if (tls.cert_file !== null && tls.key_file === null) report(`${pointer}/tls/key_file`, 'is required beside cert_file');
  if (tls.key_file !== null && tls.cert_file === null) report(`${pointer}/tls/cert_file`, 'is required beside key_file');
}

/** Also fills in what follows from other options, so that the effective configuration says what is used. */
export function checkSiem(siem: SiemDraft, at: string, { availableSiem }: Available, { report, warn }: Notes): void {
  if (siem.name === 'webhook') report(`${at}/name`, 'the name "webhook" is taken by the webhook');
  checkTls(siem, at, report);
  if (siem.type === 'cef') checkCef(siem, at, report);
  if (siem.type === 'sentinel') checkSentinel(siem, at, report, warn);
  if (siem.type === 'splunk' && splunkAddresses(siem.url) === undefined) report(`${at}/url`, 'expected a path that ends in /services/collector or /services/collector/event');
  if (siem.type === 'crowdstrike' && logscaleTarget(siem.url) === undefined) report(`${at}/url`, 'expected a path that ends in /api/v1/ingest/hec, /services/collector or /api/v1/ingest/json');
  const output = siemOutput(siem);
  if (!availableSiem.includes(output)) report(`${at}/type`, `${OUTPUT_NAMES[output]} is not available in this version; available: ${availableSiem.map((one) => OUTPUT_NAMES[one]).join(', ') || 'none'}`);
}

const OUTPUT_NAMES: Readonly<Record<SiemOutput, string>> = {
  'cef-syslog': '"cef" over syslog', 'cef-http': '"cef" over HTTP', arcsight: '"arcsight"', splunk: '"splunk"', crowdstrike: '"crowdstrike"', sentinel: '"sentinel"',
};

function checkCef(siem: CefDraft, pointer: string, report: Report): void {
  const isSyslog = siemOutput(siem) === 'cef-syslog';
  if (isSyslog && siem.transport === 'http') report(`${pointer}/transport`, 'expected "udp" or "tcp" for a syslog:// URL, found "http"; for HTTP give an https:// URL');
  if (!isSyslog && siem.transport !== null && siem.transport !== 'http') report(`${pointer}/transport`, `expected "http" for an https:// URL, found "${siem.transport}"; for syslog give syslog://HOST`);
  if (!isSyslog && siem.port !== null) report(`${pointer}/port`, 'is an option of syslog://; put the port into the URL');
  if (isSyslog && siem.transport === 'udp' && siem.tls !== false) report(`${pointer}/tls`, 'UDP has no TLS: say transport "tcp", or leave tls out');
  if (isSyslog && siem.token !== null) report(`${pointer}/token`, 'syslog carries no token');
  const target = syslogTarget(siem);
  siem.transport ??= target?.transport ?? 'http';
  siem.port = target?.port ?? null;
  for (const key of ['facility', 'format', 'framing', 'confirm'] as const) {
    if (siem[key] === SYSLOG_DEFAULTS[key]) continue;
    if (!isSyslog) report(`${pointer}/${key}`, 'is an option of syslog://; leave it out');
    else if (siem.transport === 'udp' && (key === 'framing' || key === 'confirm')) report(`${pointer}/${key}`, 'is an option of transport "tcp": a datagram is one message, and nobody confirms it');
  }
}

/** Options of syslog alone, which are told from those that were not given by their values. */
const SYSLOG_DEFAULTS = { facility: 16, format: 'rfc5424', framing: 'octet-counting', confirm: 'fin' } as const;

function checkSentinel(siem: Extract<SiemDraft, { type: 'sentinel' }>, pointer: string, report: Report, warn: Report): void {
  const current = ['dcr_id', 'stream', 'tenant_id', 'client_id'] as const;
  if (siem.sentinel_workspace_id !== null) {
    warn(`${pointer}/sentinel_workspace_id`, 'legacy: the documented end of the HTTP Data Collector API was 2026-09-14');
    for (const key of current) if (siem[key] !== null) report(`${pointer}/${key}`, 'does not go together with sentinel_workspace_id, which selects the legacy API');
    return;
  }
  for (const key of current) if (siem[key] === null) report(`${pointer}/${key}`, 'is required for the Logs Ingestion API');
}

/** Reports each of `names` that stood there before. */
export function checkUnique(names: readonly string[], pointerOf: (index: number) => string, report: Report): void {
  const first = new Map<string, number>();
  names.forEach((name, index) => {
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, index);
    else report(pointerOf(index), `is the same as ${pointerOf(earlier)}`);
  });
}
