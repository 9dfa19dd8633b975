import type { Clock } from '../ports.js';
import { jsonReply, receiptOf, type VendorMeaning } from './answer.js';
import { createCollector, type CollectorOptions } from './collector.js';
import { createEntraTokens } from './entra.js';
import { createHttpClient, type HttpAnswer } from './http.js';
import type { FilteredEvent } from '../event/privacy.js';
import type { SiemOutput } from './output.js';
import { compress, JSON_ARRAY } from './requests.js';
import { sentinelRecord } from './sentinel-record.js';

/**
 * Microsoft Sentinel by the Logs Ingestion API of Azure Monitor:
 * https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview
 */
export interface SentinelOptions extends CollectorOptions {
  /** The logs ingestion endpoint of a data collection endpoint or rule. */
  readonly url: string;
  /** The rule's immutable id. */
  readonly dcrId: string;
  readonly stream: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where tokens come from; that of the cloud which the URL is in unless told. */
  readonly authority?: string | undefined;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

/** https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits#logs-ingestion-api; counted before compression, which makes it hold after, too. */
const MAX_BYTES = 1_000_000;

/** Authorities: https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud */
const PUBLIC_CLOUD = { authority: 'https://login.microsoftonline.com', scope: 'https://monitor.azure.com/.default' } as const;
const OTHER_CLOUDS = [
  { domain: '.azure.us', authority: 'https://login.microsoftonline.us', scope: 'https://monitor.azure.us/.default' },
  { domain: '.azure.cn', authority: 'https://login.partner.microsoftonline.cn', scope: 'https://monitor.azure.cn/.default' },
] as const;

/** Arrays of rows for the stream of a data collection rule, compressed, with a token of Microsoft Entra. */
export function createSentinelOutput(options: SentinelOptions): SiemOutput {
  const { clock, tls, proxy, skipVerify, timeoutMs } = options;
  const { client, userAgent, described, sendInRequests } = createCollector(options, { bytes: MAX_BYTES });
  // Another host: our certificate and the receiver's name are not for it.
  const entraClient = createHttpClient({ tls: tls?.caFile === undefined ? undefined : { caFile: tls.caFile }, proxy, skipVerify, timeoutMs, maxSockets: 1 });
  const cloud = cloudOf(options.url);
  const tokens = createEntraTokens({
    authority: options.authority ?? cloud.authority, scope: cloud.scope, tenantId: options.tenantId, clientId: options.clientId,
    clientSecret: options.clientSecret, client: entraClient, clock, version: options.version,
  });
  const url = `${options.url.replace(/[?].*$/, '').replace(/\/+$/, '')}/dataCollectionRules/${encodeURIComponent(options.dcrId)}/streams/${encodeURIComponent(options.stream)}?api-version=2023-01-01`;

  async function post(rows: Buffer, signal: AbortSignal): Promise<HttpAnswer> {
    const body = await compress(rows);
    const once = async (): Promise<{ token: string; answer: HttpAnswer }> => {
      const token = await tokens.token(signal);
      const headers = { 'Authorization': `Bearer ${token}`, 'Content-Type': 'application/json', 'Content-Encoding': 'gzip', 'User-Agent': userAgent };
      return { token, answer: await client.post({ url, headers, body, signal }) };
    };
    const { token, answer } = await once();
    if (answer.status !== 401) return answer;
    // Ended or withdrawn before its time: a second one that is not taken either is a setting.
    tokens.reject(token);
    return (await once()).answer;
  }

  return {
    ...described,
    type: 'sentinel',
    format,
    send: async (batch, signal) => sendInRequests(batch.map(({ event }) => format(event)), JSON_ARRAY,
      async (rows) => receiptOf(await post(rows, signal), clock.now(), meaningOf)),
    /** There is no address for it: a token is asked for, and an array without rows is sent; that it holds no row is all that may be wrong with it. */
    async healthCheck(signal) {
      const receipt = receiptOf(await post(Buffer.from('[]'), signal), clock.now(), (answer) => meaningOf(answer) ?? (answer.status === 400 ? 'success' : undefined));
      return { ...receipt, checked: 'Entra gives a token, and the rule\'s stream takes it; an array without rows was sent. That the rule has our columns, only a test event shows' };
    },
    async close() {
      tokens.close();
      entraClient.close();
      await described.close();
    },
  };
}

/** Where tokens for a data collection endpoint come from, unless told. */
export function entraAuthority(url: string): string {
  return cloudOf(url).authority;
}

function cloudOf(url: string): { readonly authority: string; readonly scope: string } {
  const { hostname } = new URL(url);
  return OTHER_CLOUDS.find(({ domain }) => hostname.endsWith(domain)) ?? PUBLIC_CLOUD;
}

function format(event: FilteredEvent): string {
  return JSON.stringify(sentinelRecord(event));
}

/** Its statuses: https://github.com/Azure/azure-sdk-for-net/blob/main/sdk/monitor/Azure.Monitor.Ingestion/TROUBLESHOOTING.md */
const meaningOf: VendorMeaning = (answer) => {
  const { status } = answer;
  if (status === 401) return { kind: 'misconfigured', says: 'the token is not for this endpoint: see tenant_id, client_id and url' };
  if (status === 403) return { kind: 'misconfigured', says: 'the client lacks the role Monitoring Metrics Publisher on the data collection rule: see client_id and dcr_id' };
  if (status === 404 || (status === 400 && isAboutTheAddress(answer))) return { kind: 'misconfigured', says: 'there is no such rule or stream: see url, dcr_id and stream' };
  return undefined;
};

/** Azure's own word for a 400 is `{ "error": { "code" } }`: `InvalidStream` and the like are no event's fault. */
function isAboutTheAddress(answer: HttpAnswer): boolean {
  const { error } = jsonReply(answer);
  return typeof error === 'object' && error !== null && 'code' in error && /Stream|Rule|ApiVersion/.test(String(error.code));
}
