import type { Static } from '@sinclair/typebox';
import type { ConfigProblem } from '../errors.js';
import { ConfigError } from '../errors.js';
import { AVAILABLE_OPTIONS } from './available.js';
import type { CheckContext } from './checks.js';
import { checkConfig } from './checks.js';
import { socketPathProblem } from './paths.js';
import type { ConfigDraft, SecretSchema } from './shape.js';
import { ConfigSchema } from './shape.js';
import type { Node } from './walk.js';
import { isObject, walk } from './walk.js';

/** The effective configuration of one file: the file's own keys, every default filled in, paths absolute, frozen. */
export type Config = DeepReadonly<ConfigDraft>;
export type AgentConfig = NonNullable<Config['agent']>;
export type MsspConfig = Config['mssps'][number];
export type CustomerConfig = MsspConfig['customers'][number];
export type WebhookConfig = MsspConfig['webhook'];
export type TlsConfig = WebhookConfig['tls'];
export type SiemConfig = CustomerConfig['siem'][number];
export type CefConfig = Extract<SiemConfig, { type: 'cef' }>;
export type ScannerConfig = Config['scanner'];
export type SpoolConfig = Config['spool'];
export type ControlConfig = Config['control'];
/** Where a secret is: the string itself, or the file, environment variable or systemd credential that holds it. */
export type SecretRef = DeepReadonly<Static<typeof SecretSchema>>;

export interface ParseContext extends Partial<CheckContext> {
  /** The folder of the file, absolute: relative paths are resolved from here. */
  readonly folder: string;
  /** Passed in, so that node-cron is loaded only where it is used. */
  isCron(expression: string): boolean;
  /** The SIEM outputs that this version has; all others are refused. */
  readonly availableSiem: CheckContext['availableSiem'];
  /** The same for other options; `AVAILABLE_OPTIONS` unless told. */
  readonly availableOptions?: CheckContext['availableOptions'];
}

export interface ParsedConfig {
  readonly config: Config;
  /** What does not keep the daemon down, but somebody should know. */
  readonly warnings: readonly ConfigProblem[];
}

const MAX_PROBLEMS = 100;
const MAX_DEPTH = 32;

/**
 * The configuration that `json`, the content of a file, stands for. Throws ConfigError with every problem found;
 * messages hold nothing of the file but numbers and misspelt words.
 */
export function parseConfig(json: unknown, context: ParseContext): ParsedConfig {
  const problems: ConfigProblem[] = [];
  const walked = walk(ConfigSchema, json, { folder: context.folder, isCron: (expression) => context.isCron(expression), report: (problem) => { problems.push(problem); } });
  if (problems.length > 0) throw refusal(problems);

  const draft = walked as ConfigDraft;
  if (draft.edition === 'enterprise') setEnterpriseTiers(draft, json);
  const checked = checkConfig(draft, {
    mode: context.mode ?? 'start',
    availableSiem: context.availableSiem,
    availableOptions: context.availableOptions ?? AVAILABLE_OPTIONS,
    knowsTenant: (msspId, customerId) => context.knowsTenant?.(msspId, customerId) ?? false,
  });
  if (checked.problems.length > 0) throw refusal(checked.problems);
  const sockets = (['socket', 'scan_socket'] as const).flatMap((key) => socketPathProblem(`/control/${key}`, draft.control[key]) ?? []);
  if (sockets.length > 0) throw new ConfigError('SOCKET_PATH_TOO_LONG', sockets);
  return { config: freeze(draft), warnings: checked.warnings };
}

/** The file's schema as plain JSON Schema, for editors: a key with a default is not required. */
export function configJsonSchema(): Record<string, unknown> {
  const plain = (node: Node): Record<string, unknown> => ({
    ...Object.fromEntries(Object.entries(node).filter(([key]) => !key.startsWith('x-') && key !== 'format')),
    ...(node.anyOf === undefined ? {} : { anyOf: node.anyOf.map(plain) }),
    ...(node.items === undefined ? {} : { items: isList(node.items) ? node.items.map(plain) : plain(node.items) }),
    ...(node.properties === undefined ? {} : { properties: Object.fromEntries(Object.entries(node.properties).map(([key, property]) => [key, plain(property)])) }),
    ...(node.required === undefined ? {} : { required: node.required.filter((key) => isRequired(node.properties?.[key])) }),
  });
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'raxed configuration', ...plain(ConfigSchema) };
}

function isRequired(property: Node | undefined): boolean {
  return property !== undefined && property.default === undefined && property['x-default-from'] === undefined;
}

function isList(items: Node | readonly Node[]): items is readonly Node[] {
  return Array.isArray(items);
}

/** Edition "enterprise" is unlimited, unless the MSSP itself names a tier. */
function setEnterpriseTiers(draft: ConfigDraft, json: unknown): void {
  const given = isObject(json) && Array.isArray(json['mssps']) ? json['mssps'] as readonly unknown[] : [];
  draft.mssps.forEach((mssp, index) => {
    const raw = given[index];
    if (!isObject(raw) || raw['tier'] === undefined) mssp.tier = 'enterprise';
  });
}

function refusal(problems: readonly ConfigProblem[]): ConfigError {
  const shown = problems.slice(0, MAX_PROBLEMS);
  if (problems.length > MAX_PROBLEMS) shown.push({ pointer: '', message: `and ${problems.length - MAX_PROBLEMS} more problems` });
  return new ConfigError('CONFIG_INVALID', shown);
}

type DeepReadonly<T> = T extends readonly unknown[] | object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

function freeze(draft: ConfigDraft): Config {
  const deep = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return;
    for (const inner of Object.values(value)) deep(inner, depth + 1);
    Object.freeze(value);
  };
  deep(draft, 0);
  return draft;
}
