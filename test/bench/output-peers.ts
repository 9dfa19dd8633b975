import { logscaleTarget, splunkAddresses } from '../../src/config/collectors.js';
import { createCefHttpOutput } from '../../src/outputs/cef-http.js';
import type { CefOptions } from '../../src/outputs/cef.js';
import { createLogscaleOutput } from '../../src/outputs/logscale.js';
import type { Output } from '../../src/outputs/output.js';
import { createSentinelOutput } from '../../src/outputs/sentinel.js';
import { createSplunkOutput } from '../../src/outputs/splunk.js';
import { createSyslogOutput } from '../../src/outputs/syslog.js';
import { nodeClock } from '../../src/platform/node.js';
import { cefCollector } from '../fixtures/arcsight.js';
import { hasOpenssl, makeCertificates } from '../fixtures/certificates.js';
import { entraDouble } from '../fixtures/entra.js';
import { logsIngestion, RAXE_COLUMNS } from '../fixtures/logs-ingestion.js';
import { startLogscale } from '../fixtures/logscale.js';
import { tcpReceiver } from '../fixtures/receivers.js';
import { startSplunk } from '../fixtures/splunk-hec.js';

/** The outputs that are measured, with the batches of the configuration's defaults, and a local peer for each. */

export const KINDS = ['splunk', 'crowdstrike', 'sentinel', 'cef-http', 'arcsight', 'syslog-tcp', 'syslog-tls'] as const;
export type Kind = (typeof KINDS)[number];

export type Peers = Readonly<Record<Kind, { readonly url: string; readonly port: number }>> & { readonly authority: string; readonly ca: string; readonly caFile: string };

const TOKEN = 'a-token';
const APP = { tenantId: 'contoso.onmicrosoft.com', clientId: '00001111-aaaa-2222-bbbb-3333cccc4444', clientSecret: 'app secret' };
const RULE = { dcrId: 'dcr-000a00a000a00000a000000aa000a0aa', stream: 'Custom-RaxeThreats' };
const CEF: CefOptions = { mode: 'strict', deviceVendor: 'RAXE', deviceProduct: 'ThreatDetection', version: '0.0.0', installationId: 'inst_bench' };

/** As strict as the vendors; `folder` is for certificates. */
export async function startPeers(folder: string): Promise<Peers> {
  if (!hasOpenssl()) throw new Error('openssl is needed for certificates');
  const { cert, key, ca, caFile } = makeCertificates(folder, 'bench');
  const entra = await entraDouble({ ...APP, now: () => Date.now() });
  const splunk = await startSplunk({ [TOKEN]: { indexes: ['main'] } });
  const logscale = await startLogscale(TOKEN);
  const sentinel = await logsIngestion({ entra, ...RULE, columns: RAXE_COLUMNS, clientId: APP.clientId });
  sentinel.quota = Infinity;
  const cef = await cefCollector({ token: TOKEN });
  const reader = (tls?: { readonly cert: Buffer; readonly key: Buffer }): ReturnType<typeof tcpReceiver> => tcpReceiver((socket) => { socket.resume(); }, tls === undefined ? {} : { tls });
  const [tcp, tls] = await Promise.all([reader(), reader({ cert, key })]);
  return {
    'splunk': { url: splunk.url, port: splunk.port },
    'crowdstrike': { url: `http://127.0.0.1:${logscale.port}/api/v1/ingest/hec`, port: logscale.port },
    'sentinel': sentinel, 'cef-http': cef, 'arcsight': cef,
    'syslog-tcp': { url: '', port: tcp.port }, 'syslog-tls': { url: '', port: tls.port },
    'authority': entra.url, 'ca': ca.toString(), caFile,
  };
}

export function createOutput(kind: Kind, peers: Peers): Output {
  const { url, port } = peers[kind];
  const common = { name: kind, url, token: TOKEN, batchEvents: 1000, batchBytes: 1024 * 1024, timeoutMs: 60_000, skipVerify: false, clock: nodeClock, version: '0.0.0' };
  switch (kind) {
    case 'splunk': return createSplunkOutput({ ...common, ...required(splunkAddresses(url)), channel: undefined, metadata: { host: 'bench', source: 'raxe', sourcetype: 'raxe:scan' } });
    case 'crowdstrike': return createLogscaleOutput({ ...common, ...required(logscaleTarget(url)), host: 'bench' });
    case 'sentinel': return createSentinelOutput({ ...common, ...RULE, ...APP, authority: peers.authority, batchBytes: 1_000_000 });
    case 'cef-http': return createCefHttpOutput({ ...common, type: 'cef', batchEvents: 2000, cef: CEF });
    case 'arcsight': return createCefHttpOutput({ ...common, type: 'arcsight', cef: { ...CEF, arcsight: { hostname: 'bench', smartConnectorId: 'sc-001' } } });
    case 'syslog-tcp':
    case 'syslog-tls': return createSyslogOutput({
      ...common, host: '127.0.0.1', port, transport: 'tcp', tls: kind === 'syslog-tls' ? { caFile: peers.caFile } : undefined,
      facility: 16, hostname: 'bench', appName: 'RAXE', confirm: 'fin', batchEvents: 2000, cef: CEF,
    });
  }
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not the address of a collector');
  return value;
}
