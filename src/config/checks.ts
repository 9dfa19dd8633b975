import type { ConfigProblem } from '../errors.js';
import { syslogTarget } from './address.js';
import { EDITION_LIMITS, customerLimit } from './limits.js';
import { step } from './pointer.js';
import type { ConfigDraft } from './shape.js';

/** The kinds of SIEM output; `cef` is two of them, because a syslog connection and an HTTP request share nothing. */
export type SiemOutput = 'cef-syslog' | 'cef-http' | 'arcsight' | 'splunk' | 'crowdstrike' | 'sentinel';

/** Options that the schema knows and that a version may not have yet. */
export type LaterOption = '/control/http' | '/control/metrics' | '/proxy';

type MsspDraft = ConfigDraft['mssps'][number];
type SiemDraft = MsspDraft['customers'][number]['siem'][number];
type CefDraft = Extract<SiemDraft, { type: 'cef' }>;
type WebhookDraft = MsspDraft['webhook'];
type Report = (pointer: string, message: string) => void;

export interface CheckContext {
  readonly mode: 'start' | 'reload';
  readonly availableSiem: readonly SiemOutput[];
  readonly availableOptions: readonly LaterOption[];
  /** Whether a tenant exists that is not in this file. */
  knowsTenant(msspId: string, customerId: string): boolean;
}

/** What no single value shows: names given twice, limits, options that do not go together. The draft has passed the schema. */
export function checkConfig(draft: ConfigDraft, context: CheckContext): { problems: ConfigProblem[]; warnings: ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const warnings: ConfigProblem[] = [];
  const report: Report = (pointer, message) => { problems.push({ pointer, message }); };
  const warn: Report = (pointer, message) => { warnings.push({ pointer, message }); };

  checkMssps(draft, context, report, warn);
  checkTenantNames(draft, context, report, warn);
  const { spool, control } = draft;
  if (spool.max_bytes < spool.segment_bytes) report('/spool/max_bytes', `expected at least segment_bytes (${spool.segment_bytes}), found ${spool.max_bytes}`);
  for (const [pointer, value] of [['/control/http', control.http], ['/control/metrics', control.metrics], ['/proxy', draft.proxy]] as const) {
    if (value !== null && !context.availableOptions.includes(pointer)) report(pointer, 'is not available in this version; leave it out, or say null');
  }
  if (control.socket !== null && control.socket === control.scan_socket) report('/control/scan_socket', 'is the same path as /control/socket');
  return { problems, warnings };
}

/** The output that a SIEM entry needs. */
export function siemOutput(siem: { readonly type: SiemDraft['type']; readonly url: string }): SiemOutput {
  if (siem.type !== 'cef') return siem.type;
  return /^syslog:/i.test(siem.url) ? 'cef-syslog' : 'cef-http';
}

function checkMssps(draft: ConfigDraft, context: CheckContext, report: Report, warn: Report): void {
  const allowed = EDITION_LIMITS[draft.edition].mssps;
  draft.mssps.forEach((mssp, index) => {
    const pointer = `/mssps/${index}`;
    if (index >= allowed) report(pointer, `edition "${draft.edition}" has ${allowed} MSSP; edition "enterprise" has no limit`);
    checkWebhook(mssp.webhook, `${pointer}/webhook`, report);
    checkCustomers(mssp, pointer, context, report, warn);
  });
  checkUnique(draft.mssps.map(({ id }) => id), (index) => `/mssps/${index}/id`, report);
}

function checkCustomers(mssp: MsspDraft, msspPointer: string, context: CheckContext, report: Report, warn: Report): void {
  const limit = customerLimit(mssp);
  if (mssp.customers.length > limit) {
    const source = mssp.max_customers === null ? `tier "${mssp.tier}" allows` : 'max_customers allows';
    report(`${msspPointer}/customers`, `${source} ${limit} customers, found ${mssp.customers.length}`);
  }
  checkUnique(mssp.customers.map(({ id }) => id), (index) => `${msspPointer}/customers/${index}/id`, report);
  mssp.customers.forEach((customer, index) => {
    const pointer = `${msspPointer}/customers/${index}`;
    if (customer.webhook !== null) checkWebhook(customer.webhook, `${pointer}/webhook`, report);
    checkUnique(customer.siem.map(({ name }) => name), (i) => `${pointer}/siem/${i}/name`, report);
    customer.siem.forEach((siem, i) => { checkSiem(siem, `${pointer}/siem/${i}`, context, report, warn); });
  });
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

function checkSiem(siem: SiemDraft, pointer: string, context: CheckContext, report: Report, warn: Report): void {
  if (siem.name === 'webhook') report(`${pointer}/name`, 'the name "webhook" is taken by the webhook');
  checkTls(siem, pointer, report);
  if (siem.type === 'cef') checkCef(siem, pointer, report);
  if (siem.type === 'sentinel') checkSentinel(siem, pointer, report, warn);
  const output = siemOutput(siem);
  if (!context.availableSiem.includes(output)) report(`${pointer}/type`, `${OUTPUT_NAMES[output]} is not available in this version; available: ${context.availableSiem.map((one) => OUTPUT_NAMES[one]).join(', ') || 'none'}`);
}

const OUTPUT_NAMES: Readonly<Record<SiemOutput, string>> = {
  'cef-syslog': '"cef" over syslog', 'cef-http': '"cef" over HTTP', arcsight: '"arcsight"', splunk: '"splunk"', crowdstrike: '"crowdstrike"', sentinel: '"sentinel"',
};

/** Also fills in transport and port, so that the effective configuration says what is used. */
function checkCef(siem: CefDraft, pointer: string, report: Report): void {
  const isSyslog = siemOutput(siem) === 'cef-syslog';
  if (isSyslog && siem.transport === 'http') report(`${pointer}/transport`, 'expected "udp" or "tcp" for a syslog:// URL, found "http"');
  if (!isSyslog && siem.transport !== null && siem.transport !== 'http') report(`${pointer}/transport`, `expected "http" for an https:// URL, found "${siem.transport}"`);
  if (!isSyslog && siem.port !== null) report(`${pointer}/port`, 'is an option of syslog://; put the port into the URL');
  if (isSyslog && siem.transport === 'udp' && siem.tls !== false) report(`${pointer}/tls`, 'needs transport "tcp"; UDP has no TLS');
  if (isSyslog && siem.token !== null) report(`${pointer}/token`, 'syslog carries no token');
  const target = syslogTarget(siem);
  siem.transport ??= target?.transport ?? 'http';
  siem.port = target?.port ?? null;
}

function checkSentinel(siem: Extract<SiemDraft, { type: 'sentinel' }>, pointer: string, report: Report, warn: Report): void {
  const current = ['dcr_id', 'stream', 'tenant_id', 'client_id'] as const;
  if (siem.sentinel_workspace_id !== null) {
    warn(`${pointer}/sentinel_workspace_id`, 'legacy: the documented end of the HTTP Data Collector API was 2026-09-14');
    for (const key of current) if (siem[key] !== null) report(`${pointer}/${key}`, 'does not go together with sentinel_workspace_id, which selects the legacy API');
    return;
  }
  for (const key of current) if (siem[key] === null) report(`${pointer}/${key}`, 'is required for the Logs Ingestion API');
}

/** Tenants that are named from elsewhere. An agent without a tenant idles at start; on a live reload it is refused. */
function checkTenantNames(draft: ConfigDraft, context: CheckContext, report: Report, warn: Report): void {
  const exists = (msspId: string, customerId: string): boolean =>
    draft.mssps.some((mssp) => mssp.id === msspId && mssp.customers.some((customer) => customer.id === customerId)) || context.knowsTenant(msspId, customerId);
  const check = (named: { mssp_id: string; customer_id: string }, pointer: string, tell: Report): void => {
    if (exists(named.mssp_id, named.customer_id)) return;
    const msspExists = draft.mssps.some(({ id }) => id === named.mssp_id);
    tell(step(pointer, msspExists ? 'customer_id' : 'mssp_id'), msspExists ? 'names no customer of this MSSP' : 'names no MSSP');
  };
  if (draft.agent !== null) check(draft.agent, '/agent', context.mode === 'reload' ? report : warn);
  if (draft.control.http !== null) check(draft.control.http, '/control/http', warn);
  draft.control.scan_tenants?.forEach(([msspId, customerId], index) => {
    if (!exists(msspId, customerId)) warn(`/control/scan_tenants/${index}`, 'names no customer');
  });
}

function checkUnique(names: readonly string[], pointerOf: (index: number) => string, report: Report): void {
  const first = new Map<string, number>();
  names.forEach((name, index) => {
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, index);
    else report(pointerOf(index), `is the same as ${pointerOf(earlier)}`);
  });
}
