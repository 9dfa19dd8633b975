import type { AuditFields } from '../audit/record.js';
import type { Config, SecretRef, WebhookConfig } from '../config/schema.js';
import type { Clock, Logger } from '../ports.js';
import type { EndedOverlap } from '../tenants/overlaps.js';
import { endOverlaps } from '../tenants/overlaps.js';
import type { Tenants } from '../tenants/tenants.js';
import type { Configuration } from './configuration.js';

/** What a webhook is signed with, as fingerprints: an MSSP's, or a customer's own. */
export interface Signing extends EndedOverlap {
  readonly secret: string;
  readonly previous: string | undefined;
  /** ISO 8601; null: for good. */
  readonly until: string | null;
}

/** Audits the rotations of secrets that the operator's file brings, and ends those of both kinds whose time is over. */
export interface Rotations {
  /** To be called with each configuration that is in force. */
  inForce(signings: readonly Signing[]): void;
  /** To be called every few seconds. Never rejects. */
  tick(): Promise<void>;
}

/** How long a store that refuses is left alone. */
const RETRY_MS = 600_000;

export function signingsOf(config: Config, fingerprint: (secret: SecretRef) => string): Signing[] {
  const signing = (webhook: WebhookConfig, of: EndedOverlap): Signing => ({
    ...of, secret: fingerprint(webhook.secret),
    previous: webhook.previous_secret === null ? undefined : fingerprint(webhook.previous_secret), until: webhook.previous_secret_until,
  });
  return config.mssps.flatMap((mssp) => [
    signing(mssp.webhook, { mssp_id: mssp.id }),
    ...mssp.customers.flatMap(({ id, webhook }) => (webhook === null ? [] : [signing(webhook, { mssp_id: mssp.id, customer_id: id })])),
  ]);
}

export function createRotations(deps: {
  readonly configuration: Pick<Configuration, 'file' | 'tenants' | 'record'>;
  readonly note: (fields: AuditFields) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}): Rotations {
  const { configuration, note, clock, logger } = deps;
  let known: ReadonlyMap<string, Signing> | undefined;
  /** Of the file: those that sign now and will not for good. */
  let overlaps: Signing[] = [];
  let retryAtMs = -Infinity;

  function isOfFile({ mssp_id, customer_id }: EndedOverlap): boolean {
    const mssp = configuration.file().mssps.find(({ id }) => id === mssp_id);
    return mssp !== undefined && (customer_id === undefined || mssp.customers.some(({ id }) => id === customer_id));
  }

  function compare(before: Signing | undefined, now: Signing): void {
    if (before === undefined) return;
    const { mssp_id, customer_id, previous, until } = now;
    const place = { mssp_id, customer_id, managed_by: 'file' };
    if (now.secret !== before.secret || (previous !== undefined && (previous !== before.previous || until !== before.until))) {
      note({ event: 'secret_rotated', ...place, overlap: previous === undefined ? 'none' : until ?? 'without end' });
    } else if (previous === undefined && overlaps.some((one) => keyOf(one) === keyOf(now))) note({ event: 'secret_overlap_ended', ...place });
  }

  async function endStored(): Promise<void> {
    let ended: readonly EndedOverlap[] = [];
    const end = (tenants: Tenants): Tenants => {
      const after = endOverlaps(tenants, clock.now());
      ({ ended } = after);
      return after.tenants;
    };
    end(configuration.tenants());
    if (ended.length === 0 || clock.monotonic() < retryAtMs) return;
    try {
      await configuration.record(end);
      for (const place of ended) note({ event: 'secret_overlap_ended', ...place, managed_by: 'ctl' });
    } catch (error) {
      retryAtMs = clock.monotonic() + RETRY_MS;
      logger.warn({ error }, 'a previous secret that signs no more could not be removed from the tenants\' file; it is tried again');
    }
  }

  return {
    inForce(signings) {
      const ofFile = signings.filter(isOfFile);
      for (const now of ofFile) compare(known?.get(keyOf(now)), now);
      known = new Map(ofFile.map((signing) => [keyOf(signing), signing]));
      overlaps = ofFile.filter(({ previous, until }) => previous !== undefined && (until === null || Date.parse(until) > clock.now()));
    },
    async tick() {
      const over = overlaps.filter(({ until }) => until !== null && Date.parse(until) <= clock.now());
      overlaps = overlaps.filter((one) => !over.includes(one));
      for (const { mssp_id, customer_id } of over) note({ event: 'secret_overlap_ended', mssp_id, customer_id, managed_by: 'file' });
      await endStored();
    },
  };
}

function keyOf({ mssp_id, customer_id }: EndedOverlap): string {
  return `${mssp_id}/${customer_id ?? ''}`;
}
