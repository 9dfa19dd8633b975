/**
 * Whether a request goes through a proxy, as curl decides it: the scheme's variable, then ALL_PROXY, the lower-case
 * name of each first, and `http_proxy` in lower case only; NO_PROXY takes names out. Two differences: the
 * configuration's `proxy` wins over the variables that name one, as curl's `-x` does, and this machine itself is
 * never reached through a proxy.
 */
export interface ProxySettings {
  /** The configuration's `proxy`. */
  readonly configured: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Proxy {
  /** TLS to the proxy itself. */
  readonly tls: boolean;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** The value of `Proxy-Authorization`: a secret. */
  readonly authorization?: string;
}

const DEFAULT_PORT = 1080;
const DEFAULT_TLS_PORT = 443;

/** `unusable`: there is to be a proxy, but not one that we can speak to; the request must not go round it. */
export function proxyFor(url: string, { configured, env }: ProxySettings): Proxy | 'direct' | 'unusable' {
  const { protocol, hostname } = new URL(url);
  if (isLoopback(hostname)) return 'direct';
  const first = (...names: string[]): string | undefined => names.map((name) => env[name]).find((value) => value !== undefined && value !== '');
  const text = configured ?? (protocol === 'https:' ? first('https_proxy', 'HTTPS_PROXY') : first('http_proxy')) ?? first('all_proxy', 'ALL_PROXY');
  if (text === undefined || isExempt(hostname, first('no_proxy', 'NO_PROXY') ?? '')) return 'direct';
  return parseProxy(text) ?? 'unusable';
}

/** True for names and addresses that stay on this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

/** `[http[s]://][user[:password]@]host[:port]`, user and password percent-encoded; a path is ignored. Undefined when it is something else. */
export function parseProxy(text: string): Proxy | undefined {
  const found = /^(?:(https?):\/\/)?(?:([^@/]*)@)?(?:\[([\da-f:.]+)\]|([^\s:/?#@[\]]+))(?::(\d{1,5}))?(?:\/[^\s]*)?$/i.exec(text);
  if (found === null) return undefined;
  const [, scheme, user, ipv6, name, digits] = found;
  const tls = scheme?.toLowerCase() === 'https';
  const port = digits === undefined ? (tls ? DEFAULT_TLS_PORT : DEFAULT_PORT) : Number(digits);
  if (port < 1 || port > 65535) return undefined;
  return { tls, host: ipv6 ?? name ?? '', port, ...(user === undefined ? {} : { authorization: basic(user) }) };
}

/** An escape that is none stands for itself. */
function basic(user: string): string {
  const [, name = '', password = ''] = /^([^:]*):?(.*)$/s.exec(user) ?? [];
  const bytes = (part: string): Buffer => Buffer.from(
    Buffer.from(part, 'utf8').toString('latin1').replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))), 'latin1');
  return `Basic ${Buffer.concat([bytes(name), Buffer.from(':'), bytes(password)]).toString('base64')}`;
}

/** NO_PROXY: `*` alone, or names (of a host, or of a domain with all that is in it), addresses and CIDR ranges between commas or blanks. Ports mean nothing in it. */
function isExempt(hostname: string, list: string): boolean {
  if (list === '*') return true;
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const address = addressOf(host);
  return list.split(/[\s,]+/).some((token) => {
    if (token === '') return false;
    if (address !== undefined) return isWithin(address, token);
    const domain = token.toLowerCase().replace(/\.$/, '').replace(/^\./, '');
    return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
  });
}

/** An address of 4 or 16 octets within `address[/bits]`; as curl has it, 0 bits and none at all are the whole address. */
function isWithin(address: readonly number[], token: string): boolean {
  const [text = '', bitsText] = token.split('/', 2);
  const other = addressOf(text);
  const bits = Number.parseInt(bitsText ?? '', 10) || address.length * 8;
  if (other?.length !== address.length || bits < 0 || bits > address.length * 8) return false;
  return address.every((octet, i) => {
    const mask = (0xff00 >> Math.min(8, Math.max(0, bits - i * 8))) & 0xff;
    return (octet & mask) === ((other[i] ?? 0) & mask);
  });
}

/** The octets of an IPv4 or IPv6 address; undefined for anything else. */
function addressOf(text: string): readonly number[] | undefined {
  if (/^(?:(?:0|[1-9]\d{0,2})(?:\.(?!$)|$)){4}$/.test(text)) {
    const octets = text.split('.').map(Number);
    return octets.every((octet) => octet <= 255) ? octets : undefined;
  }
  if (!text.includes(':') || !URL.canParse(`http://[${text}]/`)) return undefined;
  // As the URL parser spells it: hexadecimal groups, at most one run of zeros left out.
  const [head = '', tail] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split('::');
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return [...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]);
}
