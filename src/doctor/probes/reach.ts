import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { SecretRef } from '../../config/schema.js';
import { ConfigError } from '../../errors.js';
import { DeliveryError } from '../../outputs/output.js';
import { openTunnel } from '../../outputs/agents.js';
import type { Proxy, ProxySettings } from '../../outputs/proxy.js';
import { proxyFor } from '../../outputs/proxy.js';
import { meaningOfCode } from '../../outputs/status.js';
import { createTlsFiles } from '../../outputs/tls-files.js';
import type { Clock } from '../../ports.js';
import { createSiemOutput, tlsOptions } from '../../siem-output.js';
import type { Failure, Reach } from '../reach.js';
import { NO_SECRET, TIMEOUT } from '../reach.js';
import type { Target } from '../targets.js';
import { connect, handshake, head, StepError } from './connection.js';
import type { LookedUp } from './names.js';

export interface ReachPorts {
  readonly clock: Clock;
  readonly proxy: ProxySettings;
  readonly skipVerify: boolean;
  readonly version: string;
  readonly hostname: string;
  /** For everything about one target together. */
  readonly timeoutMs: number;
  readonly lookUp: (host: string) => Promise<LookedUp>;
  /** Throws ConfigError. */
  readonly secretOf: (ref: SecretRef) => string;
}

type Progress = { -readonly [K in keyof Reach]: Reach[K] };

/** Goes to a target step by step, as a delivery would, and sends no event. What goes wrong on the way is in the result. */
export async function reach(target: Target, ports: ReachPorts): Promise<Reach> {
  const found: Progress = {};
  const deadline = new AbortController();
  const over = new AbortController();
  void ports.clock.sleep(ports.timeoutMs, over.signal).then(() => { deadline.abort(); });
  let stage: Failure['stage'] = 'lookup';
  let socket: Socket | undefined;
  const opening = new Set<ClientRequest>();
  const { signal } = deadline;
  signal.addEventListener('abort', () => { for (const request of opening) request.destroy(); }, { once: true });

  async function go(): Promise<void> {
    const proxy = target.transport === 'https' ? proxyFor(target.url, ports.proxy) : 'direct';
    if (proxy === 'unusable') { stage = 'proxy'; throw new DeliveryError('misconfigured', 'the proxy setting is not the URL of an http or https proxy'); }
    const peer = proxy === 'direct' ? target : proxy;
    if (proxy !== 'direct') found.proxy = `${proxy.host}:${proxy.port}`;

    const { code, ...lookup } = await ports.lookUp(peer.host);
    found.lookup = lookup;
    if (code !== undefined) throw new StepError(code);
    if (target.transport === 'udp') return;

    stage = 'connect';
    const startedAt = ports.clock.monotonic();
    socket = await connect(lookup.addresses, peer.port, signal);
    found.connectMs = ports.clock.monotonic() - startedAt;
    if (proxy !== 'direct') {
      stage = 'proxy';
      socket.destroy();
      socket = await tunnel(proxy);
    }
    if (target.transport === 'https' || target.transport === 'tls') {
      stage = 'files';
      const files = createTlsFiles(tlsOptions(target.tls), ports.skipVerify);
      files.current();
      stage = 'tls';
      const { stream, seen } = await handshake(socket, { host: target.host, files, signal, http: target.transport === 'https' });
      socket = stream;
      found.tls = seen;
      // Whoever shows a certificate that is not trusted gets neither a path nor a token.
      if (seen.distrusted !== undefined && !ports.skipVerify) return;
    }
    stage = 'answer';
    if (target.siem === undefined) found.answer = await head(socket, { url: target.url, userAgent: `raxed/${ports.version}`, now: () => ports.clock.now(), signal });
    else await askForHealth(target.siem);
  }

  function tunnel(proxy: Proxy): Promise<Socket> {
    const files = createTlsFiles(tlsOptions(target.tls), ports.skipVerify);
    return openTunnel(`${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`, { proxy, timeoutMs: ports.timeoutMs }, { tls: () => files.forProxy(), opening });
  }

  async function askForHealth({ config, token }: NonNullable<Target['siem']>): Promise<void> {
    socket?.destroy();
    const output = createSiemOutput(config, { ...ports, token: token === null ? undefined : ports.secretOf(token), installationId: 'inst_00000000000000000000000000' });
    try {
      const { httpStatus, serverDate, checked } = await output.healthCheck(signal);
      found.answer = { checked, at: ports.clock.now(), ...(httpStatus === undefined ? {} : { status: httpStatus }), ...(serverDate === undefined ? {} : { serverDate }) };
    } finally {
      await output.close();
    }
  }

  try {
    await go();
  } catch (error) {
    found.failure = failureOf(stage, error, { timedOut: signal.aborted, at: ports.clock.now() });
  } finally {
    over.abort();
    socket?.destroy();
    for (const request of opening) request.destroy();
  }
  return found;
}

/** Only codes and words of our own: a library's message may hold anything. */
function failureOf(stage: Failure['stage'], error: unknown, { timedOut, at }: { readonly timedOut: boolean; readonly at: number }): Failure {
  if (error instanceof DeliveryError) {
    if (timedOut) return { stage, code: TIMEOUT };
    return { stage, code: error.kind, says: error.message, ...(error.serverDate === undefined ? {} : { serverDate: error.serverDate, at }) };
  }
  if (error instanceof ConfigError) return { stage, code: NO_SECRET };
  if (!(error instanceof StepError)) throw error;
  const { says } = meaningOfCode(error.code);
  return { stage, code: error.code, ...(says === undefined ? {} : { says: `${says} (${error.code})` }) };
}
