import { posix } from 'node:path';
import type { Env } from './paths.js';
import type { Path } from './pointer.js';
import { pointerOf } from './pointer.js';
import type { Config, SecretRef } from './schema.js';
import { ConfigSchema } from './shape.js';
import type { Node } from './walk.js';
import { branchFor, isObject } from './walk.js';

export interface SecretPlace {
  readonly pointer: string;
  readonly ref: SecretRef;
}

/** Every secret of a configuration, with its JSON pointer. */
export function secretPlaces(config: Config): SecretPlace[] {
  const places: SecretPlace[] = [];
  visit(ConfigSchema, config, undefined, (node, value, path) => {
    if (node['x-secret'] === true && value !== null) places.push({ pointer: pointerOf(path), ref: value as SecretRef });
  });
  return places;
}

/** The file that a secret is in; undefined when it is in none, or its place cannot be known from `env`. */
export function secretFile(ref: SecretRef, env: Env): string | undefined {
  if (typeof ref === 'string' || 'env' in ref) return undefined;
  if ('file' in ref) return ref.file;
  const folder = env['CREDENTIALS_DIRECTORY'];
  return folder === undefined || folder === '' ? undefined : posix.join(folder, ref.credential);
}

/** The files beside the configuration whose content matters to it: secrets, CAs, certificates and keys. */
export function referencedFiles(config: Config, env: Env): string[] {
  const files = new Set<string>();
  for (const { ref } of secretPlaces(config)) {
    const file = secretFile(ref, env);
    if (file !== undefined) files.add(file);
  }
  visit(ConfigSchema, config, undefined, (_node, value) => {
    if (!isObject(value)) return;
    for (const key of ['ca_file', 'cert_file', 'key_file']) {
      const file = value[key];
      if (typeof file === 'string') files.add(file);
    }
  });
  return [...files];
}

/** True when a secret stands in the file itself. */
export function holdsSecret(config: Config): boolean {
  return secretPlaces(config).some(({ ref }) => typeof ref === 'string') || config.proxy?.includes('@') === true;
}

/** A copy of what fits the schema in which `replace` has the last word on every value (secrets are not entered). */
export function rewrite(node: Node, value: unknown, replace: (node: Node, value: unknown) => unknown): unknown {
  if (node['x-secret'] === true || value === null) return replace(node, value);
  if (node.anyOf !== undefined) {
    const branch = branchFor(node.anyOf, value);
    return branch === undefined ? replace(node, value) : rewrite(branch, value, replace);
  }
  if (Array.isArray(value)) return value.map((item: unknown, index) => { const below = itemNode(node, index); return below === undefined ? item : rewrite(below, item, replace); });
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => { const below = node.properties?.[key]; return [key, below === undefined ? inner : rewrite(below, inner, replace)]; }));
  }
  return replace(node, value);
}

function visit(node: Node, value: unknown, path: Path | undefined, see: (node: Node, value: unknown, path: Path | undefined) => void): void {
  if (node['x-secret'] === true) { see(node, value, path); return; }
  if (node.anyOf !== undefined) {
    const branch = branchFor(node.anyOf, value);
    if (branch !== undefined) visit(branch, value, path, see);
    return;
  }
  see(node, value, path);
  if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => { const below = itemNode(node, index); if (below !== undefined) visit(below, item, { parent: path, key: index }, see); });
  } else if (isObject(value)) {
    for (const [key, inner] of Object.entries(value)) { const below = node.properties?.[key]; if (below !== undefined) visit(below, inner, { parent: path, key }, see); }
  }
}

function itemNode({ items }: Node, index: number): Node | undefined {
  return Array.isArray(items) ? (items as readonly Node[])[index] : items as Node | undefined;
}
