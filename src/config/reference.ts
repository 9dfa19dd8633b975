import { ConfigSchema, SiemSchema } from './shape.js';
import type { Node } from './walk.js';

/** One key of the configuration, for people. */
export interface ConfigKey {
  /** From the top of the file, with `[]` for each list: `mssps[].webhook.url`; of a SIEM from the SIEM: `splunk_ack`. */
  readonly path: string;
  /** The values it takes, in a few words. */
  readonly values: string;
  /** As JSON; undefined: the key is required. A word where the default depends on something. */
  readonly byDefault: string | undefined;
  readonly meaning: string;
}

export interface SiemKey extends ConfigKey {
  /** The types of SIEM that have it. */
  readonly types: readonly string[];
}

/** The formats of `format.ts` whose names are no words. */
const WORDS: Readonly<Record<string, string>> = { url: 'URL', 'cef-url': 'URL', 'proxy-url': 'URL', timestamp: 'time', loopback: 'host', cron: 'cron expression' };

/** Every key of the file in the order of the schema, without the SIEMs' own; what stands at two places is told at the first. */
export function configKeys(): readonly ConfigKey[] {
  return keysOf(ConfigSchema, '', new Set([SiemSchema]));
}

/** Every key of a SIEM, those of all types first. Where a default differs, each is given with its type. */
export function siemKeys(): readonly SiemKey[] {
  const variants = (SiemSchema.anyOf as readonly Node[]).map((node) => ({ type: String(node.properties?.['type']?.const), keys: keysOf(node, '', new Set()) }));
  const paths = [...new Set(variants.flatMap(({ keys }) => keys.map(({ path }) => path)))];
  return paths
    .map((path): SiemKey => {
      const found = variants.flatMap(({ type, keys }) => keys.filter((key) => key.path === path).map((key) => ({ ...key, type })));
      const together = (of: (key: ConfigKey) => string): string => grouped(found.map((key) => [key.type, of(key)]));
      return {
        path,
        types: found.map(({ type }) => type),
        values: path === 'type' ? found.map(({ type }) => type).join(', ') : together(({ values }) => values),
        byDefault: found.every(({ byDefault }) => byDefault === undefined) ? undefined : together(({ byDefault }) => byDefault ?? 'required'),
        meaning: together(({ meaning }) => meaning),
      };
    })
    .sort((a, b) => b.types.length - a.types.length);
}

/** What is the same for all types, or what it is for which. */
function grouped(byType: readonly (readonly [type: string, told: string])[]): string {
  const groups = new Map<string, string[]>();
  for (const [type, told] of byType) groups.set(told, [...groups.get(told) ?? [], type]);
  return groups.size === 1 ? [...groups.keys()].join('') : [...groups].map(([told, types]) => `${types.join(', ')}: ${told}`).join(' · ');
}

function keysOf(node: Node, prefix: string, told: Set<Node>): ConfigKey[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, property]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const inner = innerOf(property);
    const key = { path, values: valuesOf(property), byDefault: defaultOf(property, node.required?.includes(name) !== true), meaning: property.description ?? '' };
    const own = property.description === undefined && inner !== undefined ? [] : [key];
    if (inner === undefined || told.has(inner.node)) return own;
    told.add(inner.node);
    return [...own, ...keysOf(inner.node, inner.list ? `${path}[]` : path, told)];
  });
}

/** The object that a key holds, alone, in a list or beside other kinds of values. A secret's inside is told once, in words. */
function innerOf(node: Node): { node: Node; list: boolean } | undefined {
  if (node['x-secret'] === true) return undefined;
  if (node.properties !== undefined) return { node, list: false };
  if (node.items !== undefined && !isList(node.items)) {
    const item = innerOf(node.items);
    return item === undefined ? undefined : { node: item.node, list: true };
  }
  const branches = (node.anyOf ?? []).flatMap((branch) => innerOf(branch) ?? []);
  return branches.length === 1 ? branches[0] : undefined;
}

function valuesOf(node: Node): string {
  if (node['x-secret'] === true) return 'secret';
  if (node.const !== undefined) return String(node.const);
  if (node.enum !== undefined) return node.enum.map(String).join(', ');
  if (node.anyOf !== undefined) return [...new Set(node.anyOf.map(valuesOf))].filter((values) => values !== 'null').join(' or ');
  if (node.type === 'array') return 'list';
  if (node.type === 'integer' || node.type === 'number') return `${node.minimum ?? ''} to ${node.maximum ?? ''}`;
  if (node.type === 'boolean') return 'true, false';
  if (node.format !== undefined) return WORDS[node.format] ?? node.format;
  return node.type ?? '';
}

function defaultOf(node: Node, optional: boolean): string | undefined {
  if (node['x-default-from'] !== undefined) return `as ${node['x-default-from']}`;
  if (node.default !== undefined) return JSON.stringify(node.default);
  return optional ? '–' : undefined;
}

function isList(items: Node | readonly Node[]): items is readonly Node[] {
  return Array.isArray(items);
}
