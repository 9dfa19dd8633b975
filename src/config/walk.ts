import { posix } from 'node:path';
import type { ConfigProblem } from '../errors.js';
import { FORMATS } from './format.js';
import type { Path } from './pointer.js';
import { pointerOf, printable } from './pointer.js';
import { nearest } from '../nearest.js';

/** The part of JSON Schema that `shape.ts` speaks. */
export interface Node {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Node[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node | readonly Node[];
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly uniqueItems?: boolean;
  readonly format?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly 'x-secret'?: boolean;
  readonly 'x-default-from'?: string;
}

export interface WalkContext {
  /** Relative paths are resolved from here. */
  readonly folder: string;
  isCron(expression: string): boolean;
  report(problem: ConfigProblem): void;
}

interface Place {
  readonly path: Path | undefined;
  /** Inside a secret nothing of the value is shown, not even the names of its keys. */
  readonly secret: boolean;
}

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A copy of `value` with defaults filled in and paths resolved, every departure from the schema reported.
 * What it returns is complete only if nothing was reported. Never shows a string of the file unless it is
 * nearly one of the words that are allowed there.
 */
export function walk(node: Node, value: unknown, context: WalkContext, place: Place = { path: undefined, secret: false }): unknown {
  if (node['x-secret'] === true && !place.secret) return walk(node, value, context, { ...place, secret: true });
  const report = (message: string): undefined => { context.report({ pointer: pointerOf(place.path), message }); return undefined; };
  const mismatch = (): undefined => report(`expected ${expected(node)}, found ${kindOf(value)}`);

  if (node.anyOf !== undefined) return walkUnion(node, node.anyOf, value, context, place);
  if (!fits(node, value)) return mismatch();
  if (node.const !== undefined) return value === node.const ? value : report(wrongWord(node, value, place));
  if (node.enum !== undefined) return node.enum.includes(value) ? value : report(wrongWord(node, value, place));
  if (isObject(value)) return walkObject(node, value, context, place);
  if (Array.isArray(value)) return walkArray(node, value, context, place);
  if (typeof value === 'number') return walkNumber(node, value, place, report);
  if (typeof value === 'string') {
    if (value.length < (node.minLength ?? 0)) return report(`expected ${expected(node)}, found an empty string`);
    return node.format === undefined ? value : walkFormat(node, node.format, value, context, report);
  }
  return value;
}

/** The branch of a union that `value` was meant for, judged by its JSON type, its `type` and its keys. */
export function branchFor(branches: readonly Node[], value: unknown): Node | undefined {
  const fitting = branches.filter((branch) => fits(branch, value));
  if (fitting.length < 2 || !isObject(value)) return fitting[0];
  const byType = fitting.find((branch) => branch.properties?.['type']?.const !== undefined && branch.properties['type'].const === value['type']);
  if (byType !== undefined || isDiscriminated(fitting)) return byType;
  const byKey = fitting.filter((branch) => Object.keys(branch.properties ?? {}).some((key) => Object.hasOwn(value, key)));
  return byKey.length === 1 ? byKey[0] : undefined;
}

function walkUnion(node: Node, branches: readonly Node[], value: unknown, context: WalkContext, place: Place): unknown {
  const branch = branchFor(branches, value);
  if (branch !== undefined) {
    const titled = branch.title === undefined && node.title !== undefined && branch.type !== 'object' ? { ...branch, title: node.title } : branch;
    return walk(titled, value, context, place);
  }
  if (isObject(value) && isDiscriminated(branches)) {
    const types: Node = { type: 'string', enum: branches.map((b) => b.properties?.['type']?.const) };
    const below = under(place, 'type');
    if (!Object.hasOwn(value, 'type')) context.report({ pointer: pointerOf(below.path), message: `is required: ${expected(types)}` });
    else walk(types, value['type'], context, below);
    return undefined;
  }
  context.report({ pointer: pointerOf(place.path), message: `expected ${expected(node)}, found ${kindOf(value)}` });
  return undefined;
}

function walkObject(node: Node, value: JsonObject, context: WalkContext, place: Place): unknown {
  const properties = node.properties ?? {};
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(properties, key)) continue;
    if (place.secret) context.report({ pointer: pointerOf(place.path), message: `has a key that is unknown here; allowed: ${Object.keys(properties).join(', ')}` });
    else context.report({ pointer: pointerOf(under(place, key).path), message: unknownKey(key, properties, value) });
  }
  const result: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(properties)) {
    const below = under(place, key);
    if (Object.hasOwn(value, key)) result[key] = walk(property, value[key], context, below);
    else if (property['x-default-from'] !== undefined) result[key] = result[property['x-default-from']] ?? value[property['x-default-from']];
    else if (property.default !== undefined) result[key] = walk(property, property.default, context, below);
    else if (node.required?.includes(key) === true) context.report({ pointer: pointerOf(below.path), message: `is required: ${expected(property)}` });
  }
  return result;
}

function walkArray(node: Node, value: readonly unknown[], context: WalkContext, place: Place): unknown {
  const { items } = node;
  if (items === undefined) return value;
  const tuple = Array.isArray(items) ? items as readonly Node[] : undefined;
  if (tuple !== undefined && tuple.length !== value.length) {
    context.report({ pointer: pointerOf(place.path), message: `expected ${expected(node)}, found a list of ${value.length}` });
    return undefined;
  }
  const seen = new Set<unknown>();
  return value.map((item, index) => {
    const below = under(place, index);
    const itemNode = tuple === undefined ? items as Node : tuple[index];
    if (node.uniqueItems === true && seen.has(item)) context.report({ pointer: pointerOf(below.path), message: 'stands in the list twice' });
    seen.add(item);
    return itemNode === undefined ? undefined : walk(itemNode, item, context, below);
  });
}

function walkNumber(node: Node, value: number, place: Place, report: (message: string) => undefined): unknown {
  const inRange = value >= (node.minimum ?? -Infinity) && value <= (node.maximum ?? Infinity);
  if (inRange && (node.type !== 'integer' || Number.isInteger(value))) return value;
  return report(`expected ${expected(node)}, found ${place.secret ? 'another number' : String(value)}`);
}

function walkFormat(node: Node, format: string, value: string, context: WalkContext, report: (message: string) => undefined): unknown {
  const resolved = format === 'path' ? posix.resolve(context.folder, value) : value;
  const problem = value === '' ? 'found an empty string' : FORMATS[format]?.(resolved, context);
  if (problem !== undefined) return report(`expected ${expected(node)}; ${problem}`);
  return resolved;
}

function under({ path, secret }: Place, key: string | number): Place {
  return { path: { parent: path, key }, secret };
}

function fits(node: Node, value: unknown): boolean {
  if (node.anyOf !== undefined) return node.anyOf.some((branch) => fits(branch, value));
  switch (node.type) {
    case 'null': return value === null;
    case 'object': return isObject(value);
    case 'array': return Array.isArray(value);
    case 'integer': return typeof value === 'number';
    case undefined: return true;
    default: return typeof value === node.type;
  }
}

function isDiscriminated(branches: readonly Node[]): boolean {
  return branches.length > 1 && branches.every((branch) => branch.properties?.['type']?.const !== undefined);
}

function unknownKey(key: string, properties: Readonly<Record<string, Node>>, value: JsonObject): string {
  const names = Object.keys(properties);
  const free = names.filter((name) => !Object.hasOwn(value, name));
  const suggestion = nearest(key, free) ?? nearest(key, names);
  const type = properties['type']?.const;
  const where = typeof type === 'string' ? ` for type "${type}"` : '';
  return suggestion === undefined ? `unknown key${where}; allowed: ${names.join(', ')}` : `unknown key${where}; did you mean "${suggestion}"?`;
}

function wrongWord(node: Node, value: unknown, place: Place): string {
  const words = (node.enum ?? [node.const]).filter((word) => typeof word === 'string');
  // A string is shown only when it is nearly an allowed word: anything else might be a secret in the wrong place.
  const suggestion = typeof value === 'string' && !place.secret ? nearest(value, words) : undefined;
  if (suggestion === undefined || typeof value !== 'string') return `expected ${expected(node)}, found another ${typeof value}`;
  return `expected ${expected(node)}, found "${printable(value)}"; did you mean "${suggestion}"?`;
}

/** What a schema wants, in words that follow "expected". */
function expected(node: Node): string {
  if (node.anyOf !== undefined) return either([...new Set([...(node.title === undefined ? node.anyOf.filter((b) => b.type !== 'null').map(expected) : [node.title]), ...(node.anyOf.some((b) => b.type === 'null') ? ['null'] : [])])]);
  if (node.enum !== undefined) return either(node.enum.map((word) => JSON.stringify(word)));
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.title !== undefined) return node.title;
  switch (node.type) {
    case 'boolean': return 'true or false';
    case 'integer': return `an integer ${range(node)}`;
    case 'number': return `a number ${range(node)}`;
    case 'array': return 'a list';
    case 'object': return 'an object';
    case 'null': return 'null';
    case undefined:
    default: return 'a string';
  }
}

function range({ minimum, maximum }: Node): string {
  return `from ${minimum ?? '-∞'} to ${maximum ?? '∞'}`;
}

function either(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'undefined' ? 'nothing' : `a ${typeof value}`;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
