import type { Paths } from '../config/paths.js';
import type { Config } from '../config/schema.js';
import { createMetricsListener } from '../control/metrics-listener.js';
import type { MethodEntry } from '../control/method.js';
import type { SocketStats } from '../control/server.js';
import { createControlServer } from '../control/server.js';
import type { Generation } from './generation.js';
import { peerUid } from '../platform/peer.js';
import type { Clock, Logger } from '../ports.js';

/** What the daemon listens on, for as long as it lives: a reload moves none of it. */
export interface Listening {
  readonly addresses: readonly string[];
  /** Stops accepting, answers what runs (for at most `drainMs`), closes. Safe to call twice. */
  close(drainMs: number): Promise<void>;
}

export interface ListeningDeps {
  readonly paths: Paths;
  /** The one that the daemon was started with. */
  readonly config: Config;
  readonly generation: () => Generation;
  readonly methods: readonly MethodEntry[];
  readonly ready: () => Promise<boolean>;
  readonly metrics: (sockets: SocketStats) => Buffer;
}

/** Throws what the listeners throw; then nothing listens. */
export async function listen({ paths, config, generation, methods, ready, metrics }: ListeningDeps, ports: { readonly clock: Clock; readonly logger: Logger }): Promise<Listening> {
  const { http, metrics: scrapedAt } = config.control;
  const server = await createControlServer({
    listeners: [
      { path: paths.controlSocket, scope: 'control', mode: 0o600 },
      { path: paths.scanSocket, scope: 'scan', mode: 0o660 },
      ...(http === null ? [] : [{ host: http.host, port: http.port, token: () => generation().httpToken, tenant: { msspId: http.mssp_id, customerId: http.customer_id } }]),
    ],
    methods,
    probes: { ready: async () => ({ ready: await ready() }) },
    metrics,
    limits: () => ({ maxTextBytes: generation().config.scanner.max_text_bytes }),
    peerUid,
  }, ports);
  try {
    const scraped = scrapedAt === null ? undefined : await createMetricsListener({ ...scrapedAt, metrics: () => metrics(server.stats()) }, ports);
    return {
      addresses: [...server.addresses, ...(scraped === undefined ? [] : [scraped.address])],
      async close(drainMs) {
        await server.close(drainMs);
        await scraped?.close();
      },
    };
  } catch (error) {
    await server.close(0);
    throw error;
  }
}

export interface Places {
  readonly paths: Pick<Paths, 'stateDir' | 'controlSocket' | 'scanSocket'>;
  readonly control: Pick<Config['control'], 'http' | 'metrics'>;
}

/** Whether a daemon that is started again would have its state or its listeners elsewhere, or listen for somebody else. */
export function wouldMove(before: Places, now: Places): boolean {
  return now.paths.stateDir !== before.paths.stateDir || now.paths.controlSocket !== before.paths.controlSocket || now.paths.scanSocket !== before.paths.scanSocket
    || placeOf(now.control.http) !== placeOf(before.control.http) || JSON.stringify(now.control.metrics) !== JSON.stringify(before.control.metrics);
}

function placeOf(http: Config['control']['http']): string {
  return http === null ? '' : JSON.stringify([http.host, http.port, http.mssp_id, http.customer_id]);
}
