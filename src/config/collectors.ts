/** What the path of a collector's URL says. A URL of a host alone leads to the path that most have. */

export interface SplunkAddresses {
  /** Events go there. */
  readonly url: string;
  readonly ackUrl: string;
  readonly healthUrl: string;
}

const SPLUNK_PATH = /^(.*\/services\/collector)(?:\/event(?:\/1\.0)?)?\/?$/;

/**
 * The addresses of an HTTP Event Collector, behind whatever prefix a proxy gives it; undefined when the path is another,
 * `/raw` for instance, which takes no envelopes.
 * https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/http-event-collector-rest-api-endpoints
 */
export function splunkAddresses(url: string): SplunkAddresses | undefined {
  const { origin, pathname, search } = new URL(url);
  if (isBare(pathname, search)) return splunkAddresses(`${origin}/services/collector/event`);
  const collector = SPLUNK_PATH.exec(pathname)?.[1];
  if (collector === undefined) return undefined;
  return { url, ackUrl: `${origin}${collector}/ack`, healthUrl: `${origin}${collector}/health` };
}

export interface LogscaleTarget {
  readonly url: string;
  /** `hec`: envelopes one after another. `json`: an array of flat objects. */
  readonly body: 'hec' | 'json';
  readonly healthUrl: string;
}

const LOGSCALE_PATHS = [
  ['hec', /^(.*)\/(?:api\/v1\/ingest\/hec|services\/collector)(?:\/event)?\/?$/],
  ['json', /^(.*)\/api\/v1\/ingest\/json\/?$/],
] as const;

/**
 * Undefined when LogScale has another use for the path, or none.
 * https://library.humio.com/logscale-api/log-shippers-hec.html, api-ingest-json-raw-data.html and api-health-check.html
 */
export function logscaleTarget(url: string): LogscaleTarget | undefined {
  const { origin, pathname, search } = new URL(url);
  if (isBare(pathname, search)) return logscaleTarget(`${origin}/api/v1/ingest/hec`);
  for (const [body, path] of LOGSCALE_PATHS) {
    const prefix = path.exec(pathname)?.[1];
    if (prefix !== undefined) return { url, body, healthUrl: `${origin}${prefix}/api/v1/status` };
  }
  return undefined;
}

function isBare(pathname: string, search: string): boolean {
  return pathname === '/' && search === '';
}
