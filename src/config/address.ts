const SYSLOG_PORT = 514;
const SYSLOG_TLS_PORT = 6514;
const MAX_URL_LENGTH = 2048;

/** What is wrong with a URL that events are sent to, or undefined. The URL itself is never shown: it may hold a token. */
export function urlProblem(text: string): string | undefined {
  const url = parseUrl(text);
  if (typeof url === 'string') return url;
  if (url.protocol === 'https:') return undefined;
  if (url.protocol !== 'http:') return 'its scheme is another';
  return isLoopback(url.hostname) ? undefined : 'http is accepted only to localhost, 127.0.0.0/8 and [::1]';
}

/** The same for CEF, which may also go to `syslog://host[:port]`. */
export function cefUrlProblem(text: string): string | undefined {
  if (!/^syslog:/i.test(text)) return urlProblem(text);
  const common = textProblem(text);
  if (common !== undefined) return common;
  return syslogAuthority(text) === undefined ? 'syslog:// takes a host and perhaps a port from 1 to 65535, nothing else' : undefined;
}

/** The same for a proxy, whose URL may hold a user name and a password. */
export function proxyUrlProblem(text: string): string | undefined {
  const url = charactersProblem(text) ?? parseUrl(text.replace(/^([a-z]+:\/\/)[^@/?]*@/i, '$1'));
  if (typeof url === 'string') return url;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'its scheme is another';
  return url.pathname === '/' && url.search === '' ? undefined : 'it takes a host and perhaps a port, nothing else';
}

/** Exactly `localhost`, 127.0.0.0/8 or `[::1]`; a host as `URL` spells it. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

export interface SyslogTarget {
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp';
}

/**
 * Where a CEF destination's datagrams or connections go; undefined when it is delivered over HTTP.
 * A port in the URL wins over `port`, that over the default: 514, with TLS 6514. UDP unless told, with TLS TCP.
 */
export function syslogTarget(siem: { readonly url: string; readonly transport: 'udp' | 'tcp' | 'http' | null; readonly port: number | null; readonly tls: unknown }): SyslogTarget | undefined {
  const authority = syslogAuthority(siem.url);
  if (authority === undefined) return undefined;
  const port = authority.port ?? siem.port ?? (siem.tls === false ? SYSLOG_PORT : SYSLOG_TLS_PORT);
  return { host: authority.host, port, transport: siem.transport === 'udp' || siem.transport === 'tcp' ? siem.transport : siem.tls === false ? 'udp' : 'tcp' };
}

function syslogAuthority(text: string): { host: string; port: number | undefined } | undefined {
  const found = /^syslog:\/\/(?:\[([0-9a-f:.]+)\]|([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?))(?::(\d{1,5}))?\/?$/i.exec(text);
  if (found === null) return undefined;
  const [, ipv6, hostname, digits] = found;
  const host = ipv6 ?? hostname ?? '';
  // The URL parser knows what an address is: an impossible one is refused, 127.1 is spelled out.
  if (host.length > 253 || !URL.canParse(`http://${ipv6 === undefined ? host : `[${ipv6}]`}/`)) return undefined;
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port < 1 || port > 65535)) return undefined;
  return { host, port };
}

function parseUrl(text: string): URL | string {
  const problem = textProblem(text);
  if (problem !== undefined) return problem;
  if (!/^[a-z]+:\/\/[^/]/i.test(text) || !URL.canParse(text)) return 'it is not an absolute URL';
  const url = new URL(text);
  return url.port === '0' ? 'its port is 0' : url;
}

/** Judged on the text itself, because the URL parser silently drops or rewrites some of this. */
function textProblem(text: string): string | undefined {
  return charactersProblem(text) ?? (/^[^/]*\/\/[^/?]*@/.test(text) ? 'it holds a user name or password' : undefined);
}

function charactersProblem(text: string): string | undefined {
  if (text.length > MAX_URL_LENGTH) return `it is longer than ${MAX_URL_LENGTH} characters`;
  if (/[\u0000-\u0020\u007f-\u00a0\\\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/u.test(text)) return 'it holds a space, a backslash or a control character';
  return text.includes('#') ? 'it holds a fragment (#)' : undefined;
}
