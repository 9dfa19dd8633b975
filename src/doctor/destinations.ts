import { ahead, dateOf, SOON_MS } from './certificates.js';
import type { Finding } from './finding.js';
import { judgeOf } from './finding.js';
import type { Failure, Handshake, Reach } from './reach.js';
import { NO_SECRET, TIMEOUT } from './reach.js';
import type { Target } from './targets.js';

export interface DestinationFacts {
  readonly target: Target;
  /** Undefined with --offline. */
  readonly reach: Reach | undefined;
  readonly timeoutMs: number;
  /** The `nameserver` lines of resolv.conf. */
  readonly nameservers: readonly string[];
  /** RAXE_SKIP_SSL_VERIFY=true in the daemon's environment. */
  readonly skipVerify: boolean;
  readonly now: number;
}

const { ok, warning, problem, notChecked } = judgeOf('destinations');
const SLOW_LOOKUP_MS = 1000;

export function judgeDestinations(destinations: readonly DestinationFacts[]): Finding[] {
  if (destinations.length === 0) return [notChecked('reach', 'whether events can be delivered: the configuration names no destination, or cannot be read (see "Configuration")')];
  return destinations.flatMap(judgeDestination);
}

export function judgeDestination(facts: DestinationFacts): Finding[] {
  const { target, reach, skipVerify } = facts;
  if (reach === undefined) return [notChecked('reach', `${target.name} (${target.address}): --offline`)];
  const { failure, tls, lookup } = reach;
  const slow = lookup !== undefined && lookup.ms > SLOW_LOOKUP_MS && failure?.stage !== 'lookup'
    ? [warning('lookup', `looking ${lookup.host} up took ${Math.round(lookup.ms)} ms`, `The first server in /etc/resolv.conf (${servers(facts)}) may be dead: test it with \`getent hosts ${lookup.host}\`, and take it out.`, data(facts))] : [];
  const distrust = tls?.distrusted === undefined ? [] : [judgeDistrust(facts, tls, tls.distrusted)];
  const expiry = tls === undefined ? [] : judgeExpiry(facts, tls);
  if (failure !== undefined) return [...slow, ...distrust, ...expiry, judgeFailure(facts, failure)];
  if (distrust.length > 0 && !skipVerify) return [...slow, ...distrust];
  return [...slow, ...distrust, ...expiry, judgeAnswer(facts, reach)];
}

function judgeFailure(facts: DestinationFacts, failure: Failure): Finding {
  switch (failure.stage) {
    case 'files': return notChecked('files', `${who(facts)}: ${failure.says ?? failure.code}`, 'See "Files" and "Certificates" above.');
    case 'lookup': return judgeLookup(facts, failure);
    case 'connect': return judgeConnect(facts, failure);
    case 'proxy': return judgeProxy(facts, failure);
    case 'tls': return judgeTls(facts, failure);
    case 'answer': return failure.code === NO_SECRET ? notChecked('answer', `${who(facts)} can be reached, but its secret cannot be read here, and without it its health cannot be asked for`, 'See "Files" above.') : problem('answer', `${who(facts)}: ${inWords(failure, facts)}`, answerAdvice(facts, failure), data(facts));
  }
}

function judgeLookup(facts: DestinationFacts, { code }: Failure): Finding {
  const { target, reach, nameservers } = facts;
  const host = reach?.lookup?.host ?? target.host;
  const setting = reach?.proxy === undefined ? `url at ${target.place}` : '`proxy` (or HTTPS_PROXY)';
  if (nameservers.length === 0) return problem('lookup', `${who(facts)}: the name ${host} cannot be looked up, because /etc/resolv.conf names no server`, `Add a line \`nameserver ADDRESS\` to /etc/resolv.conf (or where the machine's network is set up), or a line for ${host} to /etc/hosts.`, data(facts));
  if (code === 'ENOTFOUND' || code === 'ENODATA') return problem('lookup', `${who(facts)}: the name ${host} does not exist (asked: ${servers(facts)})`, `Correct ${setting} if the name is misspelt; else ask who runs DNS here for it, or add a line for it to /etc/hosts. \`getent hosts ${host}\` must print an address.`, data(facts));
  return problem('lookup', `${who(facts)}: no name server answered for ${host} (asked: ${servers(facts)}; ${code === TIMEOUT ? `nothing within ${facts.timeoutMs} ms` : code})`, `Look at the \`nameserver\` lines of /etc/resolv.conf, and let the firewall pass port 53 (UDP and TCP) to them; \`getent hosts ${host}\` must print an address.`, data(facts));
}

function judgeConnect(facts: DestinationFacts, failure: Failure): Finding {
  const { target, reach, timeoutMs } = facts;
  const proxy = reach?.proxy;
  const [peer, setting] = proxy === undefined ? [`${target.host} port ${target.port}`, `url at ${target.place}`] : [`the proxy ${proxy}`, '`proxy` (or HTTPS_PROXY)'];
  const through = proxy === undefined && (target.transport === 'https') ? '; if this network is left only through a proxy, set `proxy`' : '';
  switch (failure.code) {
    case 'ECONNREFUSED': return problem('connect', `${who(facts)}: nothing listens on ${peer}, or a firewall refuses it`, `Correct the port in ${setting}, or ask who runs it to start it.`, data(facts));
    case TIMEOUT: case 'ETIMEDOUT': return problem('connect', `${who(facts)}: no connection to ${peer} within ${timeoutMs} ms: most likely a firewall drops it`, `Ask who runs the firewall to let TCP pass from this machine to ${peer}${addressesOf(facts)}${through}.`, data(facts));
    case 'EHOSTUNREACH': case 'ENETUNREACH': case 'EADDRNOTAVAIL': return problem('connect', `${who(facts)}: there is no way to ${peer} (${failure.code})`, `Look at \`ip route\` and \`ip addr\`: this machine has no network to there${through}.`, data(facts));
    default: return problem('connect', `${who(facts)}: ${inWords(failure, facts)}`, `Look at ${setting}, and at the network between.`, data(facts));
  }
}

function judgeProxy(facts: DestinationFacts, failure: Failure): Finding {
  return problem('proxy', `${who(facts)}: ${inWords(failure, facts)}`, `Ask who runs the proxy${facts.reach?.proxy === undefined ? '' : ` ${facts.reach.proxy}`} to allow CONNECT to ${facts.target.host}:${facts.target.port}; or correct \`proxy\` (or HTTPS_PROXY), or exempt the host with NO_PROXY.`, data(facts));
}

function judgeTls(facts: DestinationFacts, failure: Failure): Finding {
  const { target } = facts;
  if (failure.code === TIMEOUT) return problem('tls', `${who(facts)}: a connection was made, but no TLS within ${facts.timeoutMs} ms`, 'Either nothing there speaks TLS (then correct the port), or a firewall looks into TLS and stops it: ask who runs it to let it pass.', data(facts));
  if (isAboutOurCertificate(failure)) return problem('tls', `${who(facts)}: ${inWords(failure, facts)}`, clientCertificate(target), data(facts));
  return problem('tls', `${who(facts)}: ${inWords(failure, facts)}`, `See whether ${target.address} is the right address: \`openssl s_client -connect ${target.host}:${target.port}\` shows what answers. Correct url or tls at ${target.place}.`, data(facts));
}

function answerAdvice({ target, reach }: DestinationFacts, failure: Failure): string {
  // In TLS 1.3 a certificate is refused after the handshake, and some receivers do that without a word.
  if (isAboutOurCertificate(failure) || (failure.code === 'ECONNRESET' && reach?.tls !== undefined)) return clientCertificate(target);
  if (failure.code === TIMEOUT) return 'The receiver takes the connection and says nothing: ask who runs it, or raise timeout_seconds where it is slow.';
  return `Correct what is named at ${target.place}; ${target.siem === undefined ? 'ask who runs the receiver for its log of this minute' : '`raxed ctl customer siem test` tries it again'}.`;
}

function isAboutOurCertificate({ code, says = '' }: Failure): boolean {
  return /ALERT_(?:\w*CERTIFICATE\w*|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)/.test(`${code} ${says}`);
}

function clientCertificate({ tls, place }: Target): string {
  const has = typeof tls !== 'boolean' && tls.cert_file !== null;
  return has ? `It most likely does not take the certificate in tls.cert_file: ask who runs the receiver which authority it wants, and whether ours has expired (see "Certificates").`
    : `It most likely wants a client certificate: ask who runs it for one, and set tls.cert_file and tls.key_file at ${place}.`;
}

/** In the order in which a person would look. */
function judgeDistrust(facts: DestinationFacts, { certificate, names }: Handshake, code: string): Finding {
  const { target, skipVerify } = facts;
  const issuer = certificate?.issuer ?? 'unknown';
  const authority = `Get the certificate of the authority "${issuer}" from who runs the receiver, put it into a file (0644), and name it as tls.ca_file at ${target.place}.`;
  const [says, advice] = ((): [string, string] => {
    switch (code) {
      case 'CERT_HAS_EXPIRED': return [`its certificate has expired${certificate === undefined ? '' : ` on ${certificate.validTo.slice(0, 10)}`}`, 'Ask who runs the receiver to renew it (or see whether this machine\'s clock is wrong); nothing has to be changed here, what waits is delivered then.'];
      case 'CERT_NOT_YET_VALID': return ['its certificate is not valid yet', 'See whether this machine\'s clock is right ("Clock"); else ask who runs the receiver.'];
      case 'DEPTH_ZERO_SELF_SIGNED_CERT': return ['its certificate is self-signed, and not trusted here', `Get it from who runs the receiver, put it into a file (0644), and name it as tls.ca_file at ${target.place}.`];
      case 'ERR_TLS_CERT_ALTNAME_INVALID': case 'HOSTNAME_MISMATCH': return [`its certificate is for ${names.length === 0 ? 'another name' : names.slice(0, 5).join(', ')}, not for ${serverName(target)}`, `Use one of those names in url at ${target.place}; or, if it is the right machine, set tls.server_name there to one of them.`];
      case 'SELF_SIGNED_CERT_IN_CHAIN': case 'UNABLE_TO_GET_ISSUER_CERT': case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY': case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
        return [`its certificate is of an authority that is not trusted here ("${issuer}")`, `${authority} A firewall that looks into TLS shows an authority of its own: then either that one, or an exception in the firewall.`];
      default: return [`its certificate is not trusted (${code})`, authority];
    }
  })();
  if (skipVerify) return warning('certificate', `${who(facts)}: ${says}; RAXE_SKIP_SSL_VERIFY=true accepts it all the same`, `${advice} Then take RAXE_SKIP_SSL_VERIFY away.`, data(facts));
  return problem('certificate', `${who(facts)}: ${says}`, advice, data(facts));
}

function judgeExpiry(facts: DestinationFacts, { certificate }: Handshake): Finding[] {
  const end = certificate === undefined ? Number.NaN : Date.parse(certificate.validTo);
  const left = end - facts.now;
  if (Number.isNaN(end) || left <= 0 || left >= SOON_MS) return [];
  return [warning('expiry', `${who(facts)}: its certificate expires ${ahead(left)}, on ${dateOf(end)}`, 'Tell who runs the receiver.', data(facts))];
}

function judgeAnswer(facts: DestinationFacts, { answer, tls, proxy, connectMs }: Reach): Finding {
  const { target, skipVerify } = facts;
  if (target.transport === 'udp') return notChecked('udp', `${who(facts)}: the name is known; whether anything arrives over UDP, nobody says`, 'Look for the events at the receiver; with transport "tcp" an arrival can be confirmed.');
  const how = [
    proxy === undefined ? undefined : `through the proxy ${proxy}`,
    tls === undefined ? undefined : `${tls.protocol}${skipVerify || tls.certificate === undefined ? '' : `, certificate until ${tls.certificate.validTo.slice(0, 10)}`}`,
    connectMs === undefined ? undefined : `connected in ${Math.round(connectMs)} ms`,
  ].filter((part) => part !== undefined).join(', ');
  const status = answer?.status;
  if (target.siem === undefined && status !== undefined) {
    if (status >= 300 && status <= 399) return warning('answer', `${who(facts)} answers with a redirect (${status}), and raxed follows none`, `Name the final address in url at ${target.place}.`, data(facts));
    if (status >= 500) return warning('answer', `${who(facts)} can be reached (${how}), but answers ${status}`, 'Ask who runs the receiver; a test event shows whether it takes events all the same: `raxed ctl mssp test-webhook ID`.', data(facts));
  }
  const proves = answer?.checked ?? (status === undefined ? 'a connection was made' : `it answers a HEAD with ${status}; that it takes events, only a test event shows`);
  return ok('reach', `${who(facts)} can be reached (${how}): ${proves}`, data(facts));
}

/** The failure in words that are already there, or its code. */
function inWords({ code, says }: Failure, { timeoutMs }: DestinationFacts): string {
  if (says !== undefined) return says;
  return code === TIMEOUT ? `no answer within ${timeoutMs} ms` : code;
}

function who({ target }: DestinationFacts): string {
  return `${target.name} (${target.address})`;
}

function serverName({ tls, host }: Target): string {
  return typeof tls === 'boolean' ? host : tls.server_name ?? host;
}

function servers({ nameservers }: DestinationFacts): string {
  return nameservers.join(', ');
}

function addressesOf({ reach }: DestinationFacts): string {
  const addresses = reach?.lookup?.addresses ?? [];
  return addresses.length === 0 || addresses[0] === reach?.lookup?.host ? '' : ` (${addresses.slice(0, 4).join(', ')})`;
}

/** For programs: how far it came. */
function data({ target, reach = {} }: DestinationFacts): Record<string, unknown> {
  const { lookup, tls, answer, failure } = reach;
  return {
    destination: target.name, address: target.address,
    ...(reach.proxy === undefined ? {} : { proxy: reach.proxy }),
    ...(lookup === undefined ? {} : { addresses: lookup.addresses, lookup_ms: Math.round(lookup.ms) }),
    ...(reach.connectMs === undefined ? {} : { connect_ms: Math.round(reach.connectMs) }),
    ...(tls === undefined ? {} : { tls: { protocol: tls.protocol, trusted: tls.distrusted === undefined, ...(tls.certificate === undefined ? {} : { subject: tls.certificate.subject, issuer: tls.certificate.issuer, valid_to: tls.certificate.validTo, sha256: tls.certificate.sha256 }) } }),
    ...(answer?.status === undefined ? {} : { http_status: answer.status }),
    ...(failure === undefined ? {} : { stage: failure.stage, code: failure.code }),
  };
}
