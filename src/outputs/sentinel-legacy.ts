import { createHmac } from 'node:crypto';
import { receiptOf, type VendorMeaning } from './answer.js';
import { createCollector, type CollectorOptions } from './collector.js';
import type { HttpAnswer } from './http.js';
import type { FilteredEvent } from '../event/privacy.js';
import type { SiemOutput } from './output.js';
import { JSON_ARRAY } from './requests.js';
import { LEGACY_TIME_FIELD, legacySentinelRecord } from './sentinel-record.js';

/**
 * The HTTP Data Collector API of Azure Monitor, whose documented end was 2026-09-14:
 * https://learn.microsoft.com/azure/azure-monitor/logs/data-collector-api
 */
export interface LegacySentinelOptions extends CollectorOptions {
  /** Of the workspace; whatever its path, requests go to `/api/logs`, which is what is signed. */
  readonly url: string;
  readonly workspaceId: string;
  /** The workspace's primary or secondary key, in base64. */
  readonly sharedKey: string;
}

export interface SharedKeyRequest {
  readonly workspaceId: string;
  readonly sharedKey: string;
  /** As in `x-ms-date`: RFC 1123, GMT. */
  readonly date: string;
  /** Octets, not characters. */
  readonly contentLength: number;
}

const RESOURCE = '/api/logs';
const LOG_TYPE = 'RaxeThreatDetection';

/** The value of `Authorization`: HMAC-SHA256, with the decoded key, of verb, length, type, date and resource, each on a line. */
export function signSharedKey({ workspaceId, sharedKey, date, contentLength }: SharedKeyRequest): string {
  const text = `POST\n${contentLength}\napplication/json\nx-ms-date:${date}\n${RESOURCE}`;
  return `SharedKey ${workspaceId}:${createHmac('sha256', Buffer.from(sharedKey, 'base64')).update(text, 'utf8').digest('base64')}`;
}

/** Arrays of rows for a table that makes its columns by itself (`RaxeThreatDetection_CL`). */
export function createLegacySentinelOutput(options: LegacySentinelOptions): SiemOutput {
  const { workspaceId, sharedKey, clock } = options;
  const { client, userAgent, described, sendInRequests } = createCollector(options);

  function post(body: Buffer, signal: AbortSignal): Promise<HttpAnswer> {
    const date = new Date(clock.now()).toUTCString();
    return client.post({
      url: `${described.url}${RESOURCE}?api-version=2016-04-01`,
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': userAgent,
        'Authorization': signSharedKey({ workspaceId, sharedKey, date, contentLength: body.length }),
        'Log-Type': LOG_TYPE,
        'x-ms-date': date,
        'time-generated-field': LEGACY_TIME_FIELD,
      },
      body, signal,
    });
  }

  return {
    ...described,
    type: 'sentinel',
    format,
    send: async (batch, signal) => sendInRequests(batch.map(({ event }) => format(event)), JSON_ARRAY,
      async (body) => receiptOf(await post(body, signal), clock.now(), meaningOf)),
    /** There is no address for it: an array without rows is signed and sent, and that it holds no row is all that may be wrong with it. */
    async healthCheck(signal) {
      const receipt = receiptOf(await post(Buffer.from('[]'), signal), clock.now(), (answer) => errorOf(answer) === 'InvalidDataFormat' ? 'success' : meaningOf(answer));
      return { ...receipt, checked: 'the workspace accepts the signature; an array without rows was sent' };
    },
  };
}

function format(event: FilteredEvent): string {
  return JSON.stringify(legacySentinelRecord(event));
}

/** Of the reasons for a 400 only one is about the rows; the others are settings. */
const meaningOf: VendorMeaning = (answer) => {
  const error = errorOf(answer);
  if (answer.status === 403) return { kind: 'misconfigured', says: 'the signature is not accepted: see sentinel_workspace_id, token, and the clock of this machine' };
  if (answer.status === 400 && error !== undefined && error !== 'InvalidDataFormat') return { kind: 'misconfigured', says: `${error}: see url and sentinel_workspace_id` };
  return undefined;
};

/** The API's own word for what went wrong: `{ "Error": "InvalidAuthorization", … }`. */
function errorOf({ body }: HttpAnswer): string | undefined {
  return /"Error"\s*:\s*"([A-Za-z]{1,40})"/i.exec(body.toString('utf8'))?.[1];
}
