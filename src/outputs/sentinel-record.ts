import type { FilteredEvent } from '../event/privacy.js';
import { flatRecord, type FlatField } from './flat-record.js';

/**
 * The flat record as a row of Azure Monitor Logs: its names in PascalCase. Column names are at most 45 letters, digits
 * and underscores, and none of those that Azure Monitor keeps for itself
 * (https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview).
 */
export type SentinelRecord = Readonly<Record<string, unknown>>;

/** https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits#logs-ingestion-api: what is longer is cut there, in the middle of its JSON. */
const MAX_FIELD_BYTES = 64 * 1024;
/** https://learn.microsoft.com/azure/azure-monitor/logs/data-collector-api#data-limits */
const MAX_LEGACY_FIELD_BYTES = 32 * 1024;
/** Where the legacy API takes the time from: `TimeGenerated` is a name of its own there. */
export const LEGACY_TIME_FIELD = 'EventTime';

/** For the Logs Ingestion API. Arrays and `MsspData` are for columns of type dynamic. */
export function sentinelRecord(event: FilteredEvent): SentinelRecord {
  const { timestamp, _mssp_data: data, ...values } = flatRecord(event);
  const text = fieldText(data, MAX_FIELD_BYTES);
  return { TimeGenerated: timestamp, ...pascalCase(values), ...(text === undefined ? {} : { MsspData: JSON.parse(text) as unknown }) };
}

/** For the legacy Data Collector API, which knows no arrays and objects: they are JSON in a string. Its time has whole seconds. */
export function legacySentinelRecord(event: FilteredEvent): SentinelRecord {
  const { timestamp, _mssp_data: data, ...values } = flatRecord(event);
  const text = fieldText(data, MAX_LEGACY_FIELD_BYTES);
  const flat = Object.entries(pascalCase(values)).map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : value]);
  return {
    [LEGACY_TIME_FIELD]: typeof timestamp === 'string' ? timestamp.replace(/\.\d+Z$/, 'Z') : undefined,
    ...Object.fromEntries(flat),
    ...(text === undefined ? {} : { MsspData: text }),
  };
}

function pascalCase(values: Readonly<Partial<Record<FlatField, unknown>>>): SentinelRecord {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase()), value]));
}

/**
 * JSON of at most `maxBytes`: where it is longer, its longest texts are cut until it fits, so that a long text does not
 * keep an event away. Undefined when there is nothing, or nothing that fits.
 */
function fieldText(data: unknown, maxBytes: number): string | undefined {
  if (data === undefined) return undefined;
  let text = JSON.stringify(data);
  for (let most = maxBytes; Buffer.byteLength(text) > maxBytes; most = Math.floor(most / 2)) {
    if (most === 0) return undefined;
    text = JSON.stringify(data, (_key, value: unknown) => typeof value === 'string' && value.length > most ? `${value.slice(0, most).toWellFormed()}…` : value);
  }
  return text;
}
