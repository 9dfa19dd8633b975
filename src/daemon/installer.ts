import type { Config } from '../config/schema.js';
import type { AuditSink } from '../delivery/outcome.js';
import { createDeliveryLoop } from '../delivery/loop.js';
import type { DestinationPlan, Destinations } from './destinations.js';
import type { FilteredBytes } from '../event/privacy.js';
import type { Generation, GenerationPorts, TenantPlan } from './generation.js';
import { buildGeneration, streamOf, tenantKey } from './generation.js';
import type { Policies } from './policies.js';
import type { Clock, Logger, Random } from '../ports.js';
import { retentionMs, sealAgeMs } from './settings.js';
import type { Spool, Stream, StreamId } from '../spool/spool.js';

/** Puts generations in force, and keeps what runs in line with the one that is. */
export interface Installer {
  /** The one in force. Throws before the first. */
  generation(): Generation;
  inForce(id: StreamId): boolean;
  /**
   * Does all that may fail for want of a secret, a rule or a disk, and rejects before anything has changed. What it
   * resolves with puts the generation in force: what that resolves with, obeys its privacy policies on disk too.
   */
  prepare(config: Config): Promise<() => Promise<void>>;
  /** Brings what runs in line with the generation in force. What cannot be, is tried again at the next call. */
  settle(): Promise<void>;
  /** False while not everything could be brought in line. */
  readonly settled: boolean;
}

export interface InstallerDeps {
  readonly spool: Spool<FilteredBytes>;
  readonly policies: Policies;
  readonly destinations: Destinations;
  readonly audit: AuditSink;
  readonly build: GenerationPorts;
  /** Settings that need no new parts: limits, levels, the own agent. */
  readonly reconfigure: (generation: Generation) => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export function createInstaller(deps: InstallerDeps): Installer {
  const { spool, policies, destinations, logger } = deps;
  let current: Generation | undefined;
  let settled = true;

  function generation(): Generation {
    if (current === undefined) throw new TypeError('no generation is in force yet');
    return current;
  }

  async function prepare(config: Config): Promise<() => Promise<void>> {
    const next = await buildGeneration(config, current, deps.build);
    try {
      for (const tenant of next.tenants) await openStream(tenant).catch(noted(tenant));
      const putInForce = await policies.prepare(next.tenants);
      return async () => {
        const previous = current;
        current = next;
        if (previous !== undefined && previous.scanner !== next.scanner) previous.scanner.retire();
        putInForce();
        await policies.enforce();
        await settle();
      };
    } catch (error) {
      if (current?.scanner !== next.scanner) await next.scanner.close();
      throw error;
    }
  }

  async function settle(): Promise<void> {
    const now = generation();
    let unopened = 0;
    try {
      for (const tenant of now.tenants) {
        await openStream(tenant).then((stream) => { stream.configure({ sealAgeMs: sealAgeMs(tenant) }); }, (error: unknown) => { unopened++; noted(tenant)(error); });
      }
      try {
        await destinations.apply(now.tenants.flatMap(plansOf));
      } finally {
        await deps.reconfigure(now);
      }
      settled = unopened === 0;
    } catch (error) {
      settled = false;
      logger.error({ error }, 'not everything of the new configuration could be started; it is tried again');
    }
  }

  function openStream(tenant: TenantPlan): Promise<Stream<FilteredBytes>> {
    return spool.openStream(streamOf(tenant));
  }

  /** One customer's folder that the disk does not list holds up no other customer. */
  function noted(tenant: TenantPlan): (error: unknown) => void {
    return (error) => { logger.error({ mssp_id: tenant.mssp.id, customer_id: tenant.customer.id, error }, 'a customer\'s spool cannot be opened; it is tried again'); };
  }

  function plansOf(tenant: TenantPlan): DestinationPlan[] {
    const stream = streamOf(tenant);
    const today = (): TenantPlan => current?.find(tenant.key) ?? tenant;
    return [tenant.webhook, ...tenant.siem].map((output) => ({
      stream, name: output.name, fingerprint: output.fingerprint,
      start: async () => {
        const opened = await spool.openStream(stream);
        const deadLetters = await opened.deadLetters(output.name);
        const sender = output.create();
        const cursor = await opened.attach(output.name);
        const loop = createDeliveryLoop({
          stream, cursor, deadLetters, output: sender, audit: deps.audit, flushIntervalMs: output.flushIntervalMs,
          narrow: (event) => policies.narrow(tenant.key, event),
          retentionMs: () => retentionMs(today()),
        }, deps);
        return { loop, release: async () => { cursor.detach(); await sender.close(); } };
      },
    }));
  }

  return { generation, inForce: ({ msspId, customerId }) => current?.find(tenantKey(msspId, customerId)) !== undefined, prepare, settle, get settled() { return settled; } };
}
