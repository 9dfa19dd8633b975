/**
 * A SIEM as the configuration file has it: the keys, defaults and refusals are the same (README, "SIEMs"). Relative
 * paths are resolved from the working directory.
 */
export type SiemSettings = CefSettings | ArcsightSettings | SplunkSettings | CrowdstrikeSettings | SentinelSettings;

/** The secret itself, or where it is; it is read once, when the adapter is made. */
export type SecretSetting = string | { readonly file: string } | { readonly env: string } | { readonly credential: string };

export interface TlsSettings {
  /** Instead of the built-in authorities. */
  readonly ca_file?: string | null;
  readonly cert_file?: string | null;
  readonly key_file?: string | null;
  readonly server_name?: string | null;
}

interface CommonSettings {
  readonly url: string;
  /** Its type unless named. */
  readonly name?: string;
  readonly batch_events?: number;
  readonly batch_bytes?: number;
  /** For the daemon: an adapter sends what it is given at once. */
  readonly flush_interval_seconds?: number;
  readonly timeout_seconds?: number;
  readonly tls?: boolean | TlsSettings;
}

export interface CefSettings extends CommonSettings {
  readonly type: 'cef';
  /** For https only. */
  readonly token?: SecretSetting | null;
  readonly transport?: 'udp' | 'tcp' | 'http' | null;
  readonly port?: number | null;
  readonly facility?: number;
  readonly format?: 'rfc5424' | 'rfc3164';
  readonly framing?: 'octet-counting' | 'lf';
  readonly confirm?: 'fin' | 'write';
  readonly cef_mode?: 'strict' | 'compat';
}

export interface ArcsightSettings extends CommonSettings {
  readonly type: 'arcsight';
  readonly token?: SecretSetting | null;
  readonly smart_connector_id?: string | null;
  readonly device_vendor?: string | null;
  readonly device_product?: string | null;
  readonly cef_mode?: 'strict' | 'compat';
}

export interface SplunkSettings extends CommonSettings {
  readonly type: 'splunk';
  readonly token: SecretSetting;
  readonly splunk_index?: string | null;
  readonly splunk_source?: string;
  readonly splunk_sourcetype?: string;
  readonly splunk_ack?: boolean;
}

export interface CrowdstrikeSettings extends CommonSettings {
  readonly type: 'crowdstrike';
  readonly token: SecretSetting;
}

export interface SentinelSettings extends CommonSettings {
  readonly type: 'sentinel';
  /** The client's secret; with `sentinel_workspace_id` the workspace's key. */
  readonly token: SecretSetting;
  readonly dcr_id?: string | null;
  readonly stream?: string | null;
  readonly tenant_id?: string | null;
  readonly client_id?: string | null;
  readonly sentinel_workspace_id?: string | null;
}
