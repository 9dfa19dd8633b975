import type { DataField, DataMode } from './event/event.js';
import { DATA_FIELDS } from './event/event.js';
import type { PrivacyPolicy } from './event/privacy.js';
import { isStricter } from './event/privacy.js';
import { readJsonFile, writeDurably } from './platform/durable-file.js';

export type StoredPolicy = Pick<PrivacyPolicy, 'dataMode' | 'dataFields'>;

/**
 * The loosest privacy policy that what waits on disk may have been stored under, per customer. It outlives the
 * process, so that a policy made stricter while the daemon was down is noticed at the next start.
 */
export interface PolicyRecord {
  /** True when what waits on disk may hold more than `policy` allows. An unknown customer may have stored anything. */
  mustRewrite(key: string, policy: StoredPolicy): boolean;
  /** Durable when it resolves: before anything is stored under a looser policy, after a rewrite for a stricter one. */
  set(policies: ReadonlyMap<string, StoredPolicy>): Promise<void>;
}

export async function openPolicyRecord(file: string): Promise<PolicyRecord> {
  const known = parse(await readJsonFile(file).catch(() => undefined));
  const loosest: StoredPolicy = { dataMode: 'full', dataFields: [] };
  return {
    mustRewrite: (key, policy) => isStricter(policy, known.get(key) ?? loosest),
    async set(policies) {
      let changed = false;
      for (const [key, { dataMode, dataFields }] of policies) {
        const before = known.get(key);
        if (before?.dataMode === dataMode && before.dataFields.join() === dataFields.join()) continue;
        known.set(key, { dataMode, dataFields });
        changed = true;
      }
      if (changed) await writeDurably(file, `${JSON.stringify(Object.fromEntries(known))}\n`);
    },
  };
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
