import { createHash } from 'node:crypto';
import type { Config, CustomerConfig, MsspConfig, ScannerConfig, SiemConfig, WebhookConfig } from '../config/schema.js';
import { readSecrets } from '../config/secret.js';
import { RaxedError } from '../errors.js';
import type { PrivacyPolicy } from '../event/privacy.js';
import { judgementOf } from './judgement.js';
import type { Output, SiemOutput } from '../outputs/output.js';
import type { ProxySettings } from '../outputs/proxy.js';
import { createWebhookOutput } from '../outputs/webhook.js';
import type { Clock } from '../ports.js';
import type { Signing } from './rotations.js';
import { signingsOf } from './rotations.js';
import { loadBuiltinRules, loadBuiltinTables, loadBuiltinWeights, loadRulesDirs } from '../scanner/builtin.js';
import { loadRe2 } from '../scanner/re2.js';
import type { Ruleset } from '../scanner/ruleset.js';
import { compileRules } from '../scanner/ruleset.js';
import type { ScanPolicy } from '../scanner/scan.js';
import type { Scanner } from '../scanner/worker.js';
import { createScanner } from '../scanner/worker.js';
import { createSiemOutput, tlsOptions } from '../siem-output.js';

/** Where an output leads and how to make it; `fingerprint` changes when the output must be made anew. */
export interface OutputPlan {
  readonly name: string;
  readonly fingerprint: string;
  /** The longest that an event waits for company in a batch. */
  readonly flushIntervalMs: number;
  create(options?: { skipVerify?: boolean }): Output;
}

export interface SiemPlan extends OutputPlan {
  readonly type: SiemConfig['type'];
  create(options?: { skipVerify?: boolean }): SiemOutput;
}

export interface TenantPlan {
  readonly key: string;
  readonly mssp: MsspConfig;
  readonly customer: CustomerConfig;
  readonly policy: PrivacyPolicy;
  /** How its texts are judged, without the suppressions made with `ctl`. */
  readonly judgement: ScanPolicy;
  /** The customer's own webhook, else the MSSP's. */
  readonly webhook: OutputPlan;
  readonly siem: readonly SiemPlan[];
}

/** Everything that is built from one version of the configuration and replaced as a whole. */
export interface Generation {
  readonly config: Config;
  readonly ruleset: Ruleset;
  readonly scanner: Scanner;
  /** How texts are judged that are nobody's. */
  readonly judgement: ScanPolicy;
  /** Throws MSSP_NOT_FOUND. */
  mssp(msspId: string): MsspConfig;
  /** Throws MSSP_NOT_FOUND or CUSTOMER_NOT_FOUND. */
  tenant(msspId: string, customerId: string): TenantPlan;
  readonly tenants: readonly TenantPlan[];
  /** By `TenantPlan.key`. */
  find(key: string): TenantPlan | undefined;
  /** Of the loopback listener, where there is one. */
  readonly httpToken: string | undefined;
  msspWebhook(msspId: string): OutputPlan;
  /** Of every webhook. */
  readonly signings: readonly Signing[];
}

export interface GenerationPorts {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly installationId: string;
  readonly hostname: string;
  readonly skipVerify: boolean;
}

/**
 * Builds a generation; takes over the scanner of `previous` when its settings are the same.
 * Throws ConfigError when a secret is missing or a rule is bad; nothing was started then.
 */
export async function buildGeneration(config: Config, previous: Generation | undefined, ports: GenerationPorts): Promise<Generation> {
  const secretOf = readSecrets(config, ports.env);
  const plans = createOutputPlans({ secretOf, proxy: { configured: config.proxy, env: ports.env } }, ports);
  // The same object: the file was not read again, so that the rules beside it are not either.
  const sameScanner = previous !== undefined && (config.scanner === previous.config.scanner || (config.scanner.rules_dirs.length === 0 && previous.config.scanner.rules_dirs.length === 0));
  const reused = sameScanner ? previous : undefined;
  const { ruleset, scanner } = reused ?? await buildScanner(config.scanner, ports);
  // The first scan after a reload shall not wait for the matchers; a daemon that starts is ready sooner without them.
  if (previous !== undefined && reused === undefined) ruleset.prepare();

  const tenants = new Map<string, TenantPlan>();
  for (const mssp of config.mssps) {
    for (const customer of mssp.customers) {
      const webhook = plans.webhook(customer.webhook ?? mssp.webhook);
      const key = tenantKey(mssp.id, customer.id);
      tenants.set(key, { key, mssp, customer, policy: policyOf(customer, config.scanner), judgement: judgementOf(config, customer), webhook, siem: customer.siem.map((siem) => plans.siem(siem)) });
    }
  }

  const msspOf = (msspId: string): MsspConfig => {
    const mssp = config.mssps.find(({ id }) => id === msspId);
    if (mssp === undefined) throw new RaxedError('MSSP_NOT_FOUND', 'there is no MSSP with this mssp_id');
    return mssp;
  };
  return {
    config, ruleset, scanner,
    judgement: judgementOf(config),
    mssp: msspOf,
    tenant(msspId, customerId) {
      const tenant = tenants.get(tenantKey(msspId, customerId));
      if (tenant !== undefined) return tenant;
      msspOf(msspId);
      throw new RaxedError('CUSTOMER_NOT_FOUND', 'this MSSP has no customer with this customer_id');
    },
    tenants: [...tenants.values()],
    find: (key) => tenants.get(key),
    httpToken: config.control.http === null ? undefined : secretOf(config.control.http.token),
    msspWebhook: (msspId) => plans.webhook(msspOf(msspId).webhook),
    signings: signingsOf(config, (secret) => fingerprint({ secret: secretOf(secret) })),
  };
}

export function streamOf(tenant: TenantPlan): { msspId: string; customerId: string } {
  return { msspId: tenant.mssp.id, customerId: tenant.customer.id };
}

export function tenantKey(msspId: string, customerId: string): string {
  return `${msspId}/${customerId}`;
}

function policyOf(customer: CustomerConfig, scanner: ScannerConfig): PrivacyPolicy {
  return { customerName: customer.name, dataMode: customer.data_mode, dataFields: customer.data_fields, scanResponses: scanner.scan_responses };
}

async function buildScanner(config: ScannerConfig, ports: GenerationPorts): Promise<{ ruleset: Ruleset; scanner: Scanner }> {
  const rules = [...loadBuiltinRules(), ...await loadRulesDirs(config.rules_dirs)];
  const re2 = await loadRe2();
  const ruleset = compileRules(rules, { engine: re2 === undefined ? 'js' : 're2', tables: loadBuiltinTables() }, re2);
  const scanner = createScanner(ruleset, {
    weights: loadBuiltinWeights(),
    now: () => ports.clock.monotonic(),
    epochNow: () => ports.clock.now(),
  });
  return { ruleset, scanner };
}

function createOutputPlans({ secretOf, proxy }: { secretOf: ReturnType<typeof readSecrets>; proxy: ProxySettings }, ports: GenerationPorts) {
  return {
    webhook(webhook: WebhookConfig): OutputPlan {
      const secret = secretOf(webhook.secret);
      const previous = webhook.previous_secret === null ? undefined : {
        secret: secretOf(webhook.previous_secret),
        until: webhook.previous_secret_until === null ? Number.POSITIVE_INFINITY : Date.parse(webhook.previous_secret_until),
      };
      return {
        name: 'webhook',
        fingerprint: fingerprint({ ...webhook, secret, previous, proxy: proxy.configured }),
        flushIntervalMs: 0,
        create: ({ skipVerify = ports.skipVerify } = {}) => createWebhookOutput({
          name: 'webhook', url: webhook.url, secret: () => secret, previousSecret: () => previous,
          timeoutMs: webhook.timeout_seconds * 1000, maxInFlight: webhook.max_in_flight,
          tls: tlsOptions(webhook.tls), proxy, skipVerify, clock: ports.clock, version: ports.version,
        }),
      };
    },
    siem(siem: SiemConfig): SiemPlan {
      const token = siem.token === null ? undefined : secretOf(siem.token);
      return {
        name: siem.name,
        type: siem.type,
        fingerprint: fingerprint({ ...siem, token, proxy: proxy.configured }),
        // A datagram carries one event, and gains nothing by company.
        flushIntervalMs: siem.type === 'cef' && siem.transport === 'udp' ? 0 : siem.flush_interval_seconds * 1000,
        create: ({ skipVerify = ports.skipVerify } = {}) => createSiemOutput(siem, { ...ports, token, proxy, skipVerify }),
      };
    },
  };
}

function fingerprint(settings: object): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex');
}
