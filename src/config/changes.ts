/**
 * Where two configurations differ, as paths such as `/spool/max_bytes` or `/mssps/mssp_a/customers/cust_b`: the names of
 * what was changed, added or removed, never a value. Entries of a list go by their `id` or `name`.
 */
export function changedPaths(before: unknown, after: unknown, path = ''): string[] {
  if (before === after) return [];
  const [old, now] = [entriesOf(before), entriesOf(after)];
  if (old === undefined || now === undefined) return JSON.stringify(before) === JSON.stringify(after) ? [] : [path];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => changedPaths(old.get(key), now.get(key), `${path}/${key}`));
}

/** The parts of an object, or of a list whose entries have names; undefined of anything else, which is compared as a whole. */
function entriesOf(value: unknown): Map<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const named = value.map((entry: unknown): [string | undefined, unknown] => [nameOf(entry), entry]);
  const entries = named.filter((entry): entry is [string, unknown] => entry[0] !== undefined);
  return entries.length === named.length ? new Map(entries) : undefined;
}

function nameOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  if ('id' in entry && typeof entry.id === 'string') return entry.id;
  if ('name' in entry && typeof entry.name === 'string') return entry.name;
  return undefined;
}
