import type { Static } from '@sinclair/typebox';
import type { ConfigProblem } from '../errors.js';
import { ConfigError } from '../errors.js';
import type { Available } from './checks.js';
import { checkConfig, checkCustomer, checkMssp, checkSiem } from './checks.js';
import type { DeepReadonly, Part, PartContext } from './part.js';
import { parsePart } from './part.js';
import { socketPathProblem } from './paths.js';
import type { ConfigDraft, SecretSchema } from './shape.js';
import { ConfigSchema, CustomerSchema, MsspSchema, SiemSchema } from './shape.js';
import type { Node } from './walk.js';
import { isObject } from './walk.js';

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

export interface ParseContext extends PartContext, Available {}

export interface ParsedConfig {
  readonly config: Config;
  /** What does not keep the daemon down, but somebody should know. */
  readonly warnings: readonly ConfigProblem[];
}

const MAX_PROBLEMS = 100;

/**
 * The configuration that `json`, the content of a file, stands for. Throws ConfigError with every problem found;
 * messages hold nothing of the file but numbers and misspelt words. Whether the tenants exist that `agent` and
 * `control` name is not asked here (`unknownTenants`).
 */
export function parseConfig(json: unknown, context: ParseContext): ParsedConfig {
  const parsed = parsePart(ConfigSchema, json, context, (draft, notes) => {
    if (draft.edition === 'enterprise') setEnterpriseTiers(draft, json);
    checkConfig(draft, context, notes);
  });
  if ('problems' in parsed) throw refusal(parsed.problems);
  const { value: config, warnings } = parsed;
  const sockets = (['socket', 'scan_socket'] as const).flatMap((key) => socketPathProblem(`/control/${key}`, config.control[key]) ?? []);
  if (sockets.length > 0) throw new ConfigError('SOCKET_PATH_TOO_LONG', sockets);
  return { config, warnings };
}

/** What a tenant from elsewhere is read with: relative paths are resolved from `folder`. */
export interface TenantContext extends Available {
  readonly folder: string;
}

/** An MSSP, with all that the file would check of it; likewise the two below. */
export function parseMssp(json: unknown, context: TenantContext): Part<MsspConfig> {
  return parsePart(MsspSchema, json, withoutCron(context), (draft, notes) => { checkMssp(draft, '', context, notes); });
}

export function parseCustomer(json: unknown, context: TenantContext): Part<CustomerConfig> {
  return parsePart(CustomerSchema, json, withoutCron(context), (draft, notes) => { checkCustomer(draft, '', context, notes); });
}

export function parseSiem(json: unknown, context: TenantContext): Part<SiemConfig> {
  return parsePart(SiemSchema, json, withoutCron(context), (draft, notes) => { checkSiem(draft, '', context, notes); });
}

/** No tenant has a cron expression. */
function withoutCron({ folder }: TenantContext): PartContext {
  return { folder, isCron: () => false };
}

/** The file's schema for editors. */
export function configJsonSchema(): Record<string, unknown> {
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'raxed configuration', ...plainSchema(ConfigSchema) };
}

/** A schema as plain JSON Schema, without what only `walk` understands: a key with a default is not required. */
export function plainSchema(node: Node): Record<string, unknown> {
  return {
    ...Object.fromEntries(Object.entries(node).filter(([key]) => !key.startsWith('x-') && key !== 'format')),
    ...(node.anyOf === undefined ? {} : { anyOf: node.anyOf.map(plainSchema) }),
    ...(node.items === undefined ? {} : { items: isList(node.items) ? node.items.map(plainSchema) : plainSchema(node.items) }),
    ...(node.properties === undefined ? {} : { properties: Object.fromEntries(Object.entries(node.properties).map(([key, property]) => [key, plainSchema(property)])) }),
    ...(node.required === undefined ? {} : { required: node.required.filter((key) => isRequired(node.properties?.[key])) }),
  };
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
