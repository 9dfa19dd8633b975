import type { Argv, Options } from 'yargs';
import { resolve } from 'node:path';
import { RaxedError } from '../../errors.js';

/**
 * Every option of every SIEM beside its type, URL, token and TLS, by its key in the configuration; the flag is the same
 * with dashes. Which ones go with which type, and what may stand in them, the daemon knows.
 */
export const SIEM_OPTIONS: Readonly<Record<string, Options & { readonly describe: string }>> = {
  name: { type: 'string', describe: 'What this destination is called (its type)' },
  batch_events: { type: 'number', describe: 'The most events in one request' },
  batch_bytes: { type: 'number', describe: 'The most bytes in one request' },
  flush_interval_seconds: { type: 'number', describe: 'The longest that an event waits for company' },
  timeout_seconds: { type: 'number', describe: 'The longest that one attempt may take' },
  transport: { choices: ['udp', 'tcp', 'http'], describe: 'cef: for syslog:// udp (with TLS tcp) or tcp, for https:// http' },
  port: { type: 'number', describe: 'cef: of syslog (514, with TLS 6514); a port in the URL wins' },
  facility: { type: 'number', describe: 'cef: the syslog facility (16, local0)' },
  format: { choices: ['rfc5424', 'rfc3164'], describe: 'cef: the form of syslog messages (rfc5424)' },
  framing: { choices: ['octet-counting', 'lf'], describe: 'cef: how messages are told apart on TCP (octet-counting)' },
  confirm: { choices: ['fin', 'write'], describe: 'cef: fin: the receiver has read everything; write: lossy' },
  cef_mode: { choices: ['strict', 'compat'], describe: 'cef, arcsight: the standard\'s line, or the guide\'s' },
  smart_connector_id: { type: 'string', describe: 'arcsight: the SmartConnector' },
  device_vendor: { type: 'string', describe: 'arcsight: the device vendor' },
  device_product: { type: 'string', describe: 'arcsight: the device product' },
  splunk_index: { type: 'string', alias: 'index', describe: 'splunk: the index' },
  splunk_source: { type: 'string', alias: 'source', describe: 'splunk: the source (raxe)' },
  splunk_sourcetype: { type: 'string', describe: 'splunk: the source type (raxe:scan)' },
  splunk_ack: { type: 'boolean', describe: 'splunk: wait for the indexer\'s acknowledgement' },
  dcr_id: { type: 'string', describe: 'sentinel: the data collection rule' },
  stream: { type: 'string', describe: 'sentinel: its stream' },
  tenant_id: { type: 'string', describe: 'sentinel: the directory (tenant) of the client' },
  client_id: { type: 'string', describe: 'sentinel: the client; its secret is the token' },
  sentinel_workspace_id: { type: 'string', alias: 'workspace-id', describe: 'sentinel: the workspace, for the older Data Collector API' },
};

const TLS_FILES = ['ca_file', 'cert_file', 'key_file'] as const;

export function siemOptions<T>(parser: Argv<T>) {
  for (const [key, option] of Object.entries(SIEM_OPTIONS)) parser.option(flagOf(key), { ...option, ...(option.type === 'boolean' ? {} : { requiresArg: true }) });
  return parser
    .option('tls', { type: 'boolean', describe: 'cef: syslog over TLS' })
    .option('ca-file', { type: 'string', requiresArg: true, describe: 'Trust the receiver\'s certificate by this file' })
    .option('cert-file', { type: 'string', requiresArg: true, describe: 'Our own certificate, where the receiver asks for one' })
    .option('key-file', { type: 'string', requiresArg: true, describe: 'Its key' })
    .option('server-name', { type: 'string', requiresArg: true, describe: 'The name that the receiver\'s certificate must have' });
}

/** What `siemOptions` were given, by key; paths absolute, because the daemon lives in another folder. Throws USAGE. */
export function siemParams(args: Readonly<Record<string, unknown>>, cwd: string): object {
  return { ...Object.fromEntries(Object.keys(SIEM_OPTIONS).map((key) => [key, args[flagOf(key)]])), tls: tlsParam(args, cwd) };
}

function tlsParam(args: Readonly<Record<string, unknown>>, cwd: string): unknown {
  const files = TLS_FILES.flatMap((key): [string, string][] => {
    const path = args[flagOf(key)];
    if (path === '') throw new RaxedError('USAGE', `--${flagOf(key)} takes a path`);
    return typeof path === 'string' ? [[key, resolve(cwd, path)]] : [];
  });
  const settings = { ...Object.fromEntries(files), ...(args['server-name'] === undefined ? {} : { server_name: args['server-name'] }) };
  if (Object.keys(settings).length === 0) return args['tls'];
  if (args['tls'] === false) throw new RaxedError('USAGE', '--no-tls goes without the files and the server name of TLS');
  return settings;
}

function flagOf(key: string): string {
  return key.replaceAll('_', '-');
}
