import { randomUUID } from 'node:crypto';
import { syslogTarget } from './config/address.js';
import { logscaleTarget, splunkAddresses } from './config/collectors.js';
import type { CefConfig, SiemConfig, TlsConfig } from './config/schema.js';
import { RaxedError } from './errors.js';
import { createCefHttpOutput } from './outputs/cef-http.js';
import type { CefOptions } from './outputs/cef.js';
import { createLogscaleOutput } from './outputs/logscale.js';
import type { SiemOutput } from './outputs/output.js';
import type { ProxySettings } from './outputs/proxy.js';
import { createLegacySentinelOutput } from './outputs/sentinel-legacy.js';
import { createSentinelOutput } from './outputs/sentinel.js';
import { createSplunkOutput } from './outputs/splunk.js';
import { createSyslogOutput } from './outputs/syslog.js';
import type { TlsOptions } from './outputs/tls-files.js';
import type { Clock } from './ports.js';

/** What a SIEM's output needs beside its configuration. */
export interface SiemPorts {
  /** Resolved. */
  readonly token: string | undefined;
  readonly proxy: ProxySettings;
  readonly skipVerify: boolean;
  readonly clock: Clock;
  readonly version: string;
  readonly installationId: string;
  /** Of this machine. */
  readonly hostname: string;
}

/** The output that a SIEM's configuration, which was checked, asks for. */
export function createSiemOutput(siem: SiemConfig, ports: SiemPorts): SiemOutput {
  const { token, hostname } = ports;
  const common = {
    name: siem.name, url: siem.url, batchEvents: siem.batch_events, batchBytes: siem.batch_bytes, timeoutMs: siem.timeout_seconds * 1000,
    tls: tlsOptions(siem.tls), proxy: ports.proxy, skipVerify: ports.skipVerify, clock: ports.clock, version: ports.version,
  };
  switch (siem.type) {
    case 'cef': {
      const target = syslogTarget(siem);
      const cef = cefOptions(siem, ports);
      if (target === undefined) return createCefHttpOutput({ ...common, type: 'cef', token, cef });
      return createSyslogOutput({
        ...common, ...target, facility: siem.facility, hostname, appName: 'RAXE', format: siem.format, framing: siem.framing, confirm: siem.confirm, cef,
      });
    }
    case 'arcsight': {
      const arcsight = { hostname, smartConnectorId: siem.smart_connector_id ?? undefined };
      const cef = { ...cefOptions(siem, ports), deviceVendor: siem.device_vendor ?? DEVICE_VENDOR, deviceProduct: siem.device_product ?? DEVICE_PRODUCT, arcsight };
      return createCefHttpOutput({ ...common, type: 'arcsight', token, cef });
    }
    case 'sentinel': {
      const { sentinel_workspace_id: workspaceId, dcr_id: dcrId, stream, tenant_id: tenantId, client_id: clientId } = siem;
      if (token === undefined) break;
      if (workspaceId !== null) return createLegacySentinelOutput({ ...common, workspaceId, sharedKey: token });
      if (dcrId === null || stream === null || tenantId === null || clientId === null) break;
      return createSentinelOutput({ ...common, dcrId, stream, tenantId, clientId, clientSecret: token });
    }
    case 'splunk': {
      const addresses = splunkAddresses(siem.url);
      if (token === undefined || addresses === undefined) break;
      const metadata = { host: hostname, source: siem.splunk_source, sourcetype: siem.splunk_sourcetype, index: siem.splunk_index ?? undefined };
      return createSplunkOutput({ ...common, ...addresses, token, metadata, channel: siem.splunk_ack ? randomUUID() : undefined });
    }
    case 'crowdstrike': {
      const target = logscaleTarget(siem.url);
      if (token === undefined || target === undefined) break;
      return createLogscaleOutput({ ...common, ...target, token, host: hostname });
    }
  }
  throw new RaxedError('INTERNAL', `there is no output for SIEM type ${siem.type} as it is configured`);
}

const DEVICE_VENDOR = 'RAXE';
const DEVICE_PRODUCT = 'ThreatDetection';

function cefOptions(siem: Pick<CefConfig, 'cef_mode'>, { version, installationId }: SiemPorts): CefOptions {
  return { mode: siem.cef_mode, deviceVendor: DEVICE_VENDOR, deviceProduct: DEVICE_PRODUCT, version, installationId };
}

/** Undefined without TLS options; what an https URL needs no further ones for, it has anyway. */
export function tlsOptions(tls: TlsConfig): TlsOptions | undefined {
  if (tls === false) return undefined;
  if (tls === true) return {};
  return {
    ...(tls.ca_file === null ? {} : { caFile: tls.ca_file }),
    ...(tls.cert_file === null ? {} : { certFile: tls.cert_file }),
    ...(tls.key_file === null ? {} : { keyFile: tls.key_file }),
    ...(tls.server_name === null ? {} : { serverName: tls.server_name }),
  };
}
