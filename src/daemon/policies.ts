import { unwritable } from '../errors.js';
import type { DataField, DataMode } from '../event/event.js';
import { DATA_FIELDS } from '../event/event.js';
import type { FilteredBytes, FilteredEvent, PrivacyPolicy } from '../event/privacy.js';
import { decodeEvent, encodeEvent, isStricter, narrowEvent } from '../event/privacy.js';
import type { TenantPlan } from './generation.js';
import { streamOf } from './generation.js';
import { readJsonFile, writeDurably } from '../platform/durable-file.js';
import type { Logger } from '../ports.js';
import type { Spool } from '../spool/spool.js';

export type StoredPolicy = Pick<PrivacyPolicy, 'dataMode' | 'dataFields'>;

/**
 * The loosest privacy policy that what waits on disk may have been stored under, per customer. It outlives the
 * process, so that a policy made stricter while the daemon was down is noticed at the next start.
 */
export interface PolicyRecord {
  /** Whether the customer has been here before. */
  knows(key: string): boolean;
  /** True when what waits on disk may hold more than `policy` allows. An unknown customer may have stored anything. */
  mustRewrite(key: string, policy: StoredPolicy): boolean;
  /** Durable when it resolves: before anything is stored under a looser policy, after a rewrite for a stricter one. */
  set(policies: ReadonlyMap<string, StoredPolicy>): Promise<void>;
}

/** What the record holds, by `<mssp>/<customer>`; nothing when it is damaged or not there. */
export async function readPolicyRecord(file: string): Promise<ReadonlyMap<string, StoredPolicy>> {
  return parse(await readJsonFile(file).catch(() => undefined));
}

export async function openPolicyRecord(file: string): Promise<PolicyRecord> {
  let known = await readPolicyRecord(file);
  let last: Promise<void> = Promise.resolve();
  const loosest: StoredPolicy = { dataMode: 'full', dataFields: [] };

  async function write(policies: ReadonlyMap<string, StoredPolicy>): Promise<void> {
    const next = new Map(known);
    for (const [key, { dataMode, dataFields }] of policies) next.set(key, { dataMode, dataFields });
    const text = JSON.stringify(Object.fromEntries(next));
    if (text !== JSON.stringify(Object.fromEntries(known))) {
      await writeDurably(file, `${text}\n`).catch((cause: unknown) => { throw unwritable('the record of privacy policies cannot be written', cause); });
    }
    // Only now: what is not on disk must be written the next time.
    known = next;
  }

  return {
    knows: (key) => known.has(key),
    mustRewrite: (key, policy) => isStricter(policy, known.get(key) ?? loosest),
    set(policies) {
      const done = last.then(() => write(policies));
      last = done.catch(() => undefined);
      return done;
    },
  };
}

/** Today's privacy policies, and the duty that what waits on disk obeys them. */
export interface Policies {
  current(key: string): PrivacyPolicy | undefined;
  /** Today's policy applied to an event that was stored earlier; an unknown customer's text goes nowhere. */
  narrow(key: string, event: FilteredEvent): FilteredEvent;
  /**
   * Records what new policies loosen; what it resolves with puts them in force, at once for everything that is made
   * or sent from then on. Rejects when the record cannot be written: then the old ones stay.
   */
  prepare(tenants: readonly TenantPlan[]): Promise<() => void>;
  /** Rewrites what waits on disk and must not stay as it is. False when some could not be: then it must be called again. */
  enforce(): Promise<boolean>;
  /** True while something on disk holds more than today's policies allow. */
  readonly unfinished: boolean;
}

const FORBID_ALL: StoredPolicy = { dataMode: 'privacy_safe', dataFields: [] };

export function createPolicies(deps: {
  readonly record: PolicyRecord;
  readonly spool: Spool<FilteredBytes>;
  readonly logger: Logger;
  /** A policy is stricter than the one before, and what waited obeys it. */
  readonly onRewritten: (tenant: TenantPlan) => void;
}): Policies {
  let current = new Map<string, PrivacyPolicy>();
  let stricter: readonly TenantPlan[] = [];
  let prepared = 0;

  async function rewrite(tenant: TenantPlan): Promise<boolean> {
    const where = { mssp_id: tenant.mssp.id, customer_id: tenant.customer.id };
    const before = prepared;
    try {
      const stream = await deps.spool.openStream(streamOf(tenant));
      // A new customer, of whom nothing waits, had no policy that this one could be stricter than.
      let isNews = deps.record.knows(tenant.key);
      await stream.rewrite((payload) => {
        const narrowed = narrowBytes(tenant.policy, payload);
        isNews ||= narrowed !== payload;
        return narrowed;
      });
      // A policy that came meanwhile may be looser, and is on record already.
      if (prepared === before) await deps.record.set(new Map([[tenant.key, tenant.policy]]));
      if (isNews) deps.onRewritten(tenant);
      return true;
    } catch (error) {
      deps.logger.error({ ...where, error }, 'what waits on disk could not be rewritten for a stricter privacy setting; it is tried again');
      return false;
    }
  }

  return {
    current: (key) => current.get(key),
    narrow: (key, event) => narrowEvent(current.get(key) ?? FORBID_ALL, event),
    async prepare(tenants) {
      prepared++;
      const mustRewrite = tenants.filter(({ key, policy }) => deps.record.mustRewrite(key, policy));
      // A looser policy is on record before anything is stored under it; a stricter one once nothing disobeys it.
      await deps.record.set(new Map(tenants.filter((tenant) => !mustRewrite.includes(tenant)).map(({ key, policy }) => [key, policy])));
      return () => {
        current = new Map(tenants.map(({ key, policy }) => [key, policy]));
        stricter = mustRewrite;
      };
    },
    async enforce() {
      const left: TenantPlan[] = [];
      const asked = stricter;
      for (const tenant of asked) if (!await rewrite(tenant)) left.push(tenant);
      if (stricter === asked) stricter = left;
      return left.length === 0;
    },
    get unfinished() { return stricter.length > 0; },
  };
}

/** Bytes that are no event hold nothing that could be narrowed; delivery sets them aside. */
function narrowBytes(policy: PrivacyPolicy, payload: FilteredBytes): FilteredBytes {
  let event: FilteredEvent;
  try {
    event = decodeEvent(payload);
  } catch {
    return payload;
  }
  const narrowed = narrowEvent(policy, event);
  return narrowed === event ? payload : encodeEvent(narrowed);
}

/** A damaged record counts as none: then everything that waits is rewritten, which is only work. */
function parse(json: unknown): Map<string, StoredPolicy> {
  const known = new Map<string, StoredPolicy>();
  if (typeof json !== 'object' || json === null) return known;
  for (const [key, value] of Object.entries(json as Record<string, unknown>)) {
    if (typeof value !== 'object' || value === null || !('dataMode' in value) || !('dataFields' in value)) continue;
    if (!isDataMode(value.dataMode) || !Array.isArray(value.dataFields) || !value.dataFields.every(isDataField)) continue;
    known.set(key, { dataMode: value.dataMode, dataFields: value.dataFields });
  }
  return known;
}

function isDataMode(value: unknown): value is DataMode {
  return value === 'full' || value === 'privacy_safe';
}

function isDataField(value: unknown): value is DataField {
  return DATA_FIELDS.some((field) => field === value);
}
