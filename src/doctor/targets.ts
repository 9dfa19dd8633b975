import { syslogTarget } from '../config/address.js';
import type { Config, SecretRef, SiemConfig, TlsConfig } from '../config/schema.js';
import { entraAuthority } from '../outputs/sentinel.js';

/** One place that events or questions are sent to, each once: customers of one MSSP share its webhook. */
export interface Target {
  /** `mssp/webhook`, `mssp/customer/webhook`, `mssp/customer/NAME`. */
  readonly name: string;
  /** scheme://host:port. */
  readonly address: string;
  /** As it is requested: its path may hold a token, and is never shown. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly transport: 'https' | 'http' | 'tls' | 'tcp' | 'udp';
  readonly tls: TlsConfig;
  /** Where its settings are, for people. */
  readonly place: string;
  /** How its health is asked for: a SIEM by its output, anything else by a HEAD. */
  readonly siem: { readonly config: SiemConfig; readonly token: SecretRef | null } | undefined;
}

export interface TargetContext {
  readonly configFile: string;
  managedBy(msspId: string, customerId?: string): 'file' | 'ctl';
}

export function targetsOf(config: Config, { configFile, managedBy }: TargetContext): Target[] {
  const targets: Target[] = [];
  const inFile = (pointer: string): string => `${pointer} in ${configFile}`;
  config.mssps.forEach((mssp, m) => {
    const ofFile = managedBy(mssp.id) === 'file';
    // Nobody is sent to an MSSP's webhook when each customer has its own; then it is still where tests go.
    targets.push(httpTarget(`${mssp.id}/webhook`, mssp.webhook, ofFile ? inFile(`/mssps/${m}/webhook`) : `the MSSP ${mssp.id} (made with ctl: \`raxed ctl mssp configure ${mssp.id}\`)`));
    mssp.customers.forEach((customer, c) => {
      const customerInFile = managedBy(mssp.id, customer.id) === 'file';
      const pointer = `/mssps/${m}/customers/${c}`;
      const own = (command: string): string => `the customer ${customer.id} (made with ctl: \`raxed ctl customer ${command} ${customer.id} --mssp ${mssp.id}\`)`;
      if (customer.webhook !== null) targets.push(httpTarget(`${mssp.id}/${customer.id}/webhook`, customer.webhook, customerInFile ? inFile(`${pointer}/webhook`) : own('configure')));
      customer.siem.forEach((siem, s) => {
        targets.push(...siemTargets(`${mssp.id}/${customer.id}/${siem.name}`, siem, customerInFile ? inFile(`${pointer}/siem/${s}`) : own('siem configure')));
      });
    });
  });
  return targets;
}

function siemTargets(name: string, config: SiemConfig, place: string): Target[] {
  const siem = { config, token: config.token };
  const syslog = config.type === 'cef' ? syslogTarget(config) : undefined;
  if (syslog !== undefined) {
    const { host, port } = syslog;
    const transport = syslog.transport === 'udp' ? 'udp' : config.tls === false ? 'tcp' : 'tls';
    return [{ name, address: `syslog://${host.includes(':') ? `[${host}]` : host}:${port}`, url: config.url, host, port, transport, tls: config.tls, place, siem }];
  }
  const target = { ...httpTarget(name, config, place), siem };
  if (config.type !== 'sentinel' || config.sentinel_workspace_id !== null) return [target];
  // Another host: neither our certificate nor the receiver's name are for it.
  const tls = typeof config.tls === 'boolean' || config.tls.ca_file === null ? false : { ca_file: config.tls.ca_file, cert_file: null, key_file: null, server_name: null };
  return [httpTarget(`${name} (token endpoint)`, { url: `${entraAuthority(config.url)}/`, tls }, place), target];
}

function httpTarget(name: string, { url, tls }: { readonly url: string; readonly tls: TlsConfig }, place: string): Target {
  const { protocol, hostname, port, origin } = new URL(url);
  const secure = protocol === 'https:';
  return {
    name, url, tls, place, siem: undefined,
    address: `${origin}${port === '' ? `:${secure ? 443 : 80}` : ''}`,
    host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? (secure ? 443 : 80) : Number(port),
    transport: secure ? 'https' : 'http',
  };
}
