import { posix } from 'node:path';
import type { SiemOutput } from '../config/checks.js';
import type { Part } from '../config/part.js';
import type { Config, CustomerConfig, MsspConfig, TenantContext } from '../config/schema.js';
import { RaxedError } from '../errors.js';

/** The tenants made with `ctl`. Changes are functions that return new ones, or throw RaxedError. */
export interface Tenants {
  /** Their `customers` are empty: those stand below, because one may belong to an MSSP of the file. */
  readonly mssps: readonly MsspConfig[];
  readonly customers: readonly OwnedCustomer[];
  /** Deleted customers whose data is still to be removed from the disk, before a customer of the same id is put in force. */
  readonly removed: readonly CustomerId[];
}

export interface OwnedCustomer {
  readonly mssp_id: string;
  readonly customer: CustomerConfig;
}

export interface CustomerId {
  readonly mssp_id: string;
  readonly customer_id: string;
}

/** A customer as the parameters of `ctl` name it. */
export interface CustomerRef {
  readonly mssp: string;
  readonly id: string;
}

/** What a change must know beside the tenants. */
export interface ChangeContext {
  /** The operator's file as it is in force: it wins. */
  readonly file: Config;
  /** Its path, absolute: for messages, and relative paths are resolved from its folder. */
  readonly configFile: string;
  readonly availableSiem: readonly SiemOutput[];
}

export const NO_TENANTS: Tenants = { mssps: [], customers: [], removed: [] };

/** The MSSP in force, of the file or not. Throws MSSP_NOT_FOUND. */
export function findMssp(tenants: Tenants, id: string, { file }: ChangeContext): MsspConfig {
  const found = byId(file.mssps, id) ?? byId(tenants.mssps, id);
  if (found === undefined) throw new RaxedError('MSSP_NOT_FOUND', 'there is no MSSP with this id');
  return found;
}

/** The MSSP if it may be changed. Throws MSSP_NOT_FOUND or MANAGED_BY_FILE. */
export function changeableMssp(tenants: Tenants, id: string, context: ChangeContext): MsspConfig {
  const found = findMssp(tenants, id, context);
  if (byId(context.file.mssps, id) !== undefined) throw managedByFile('MSSP', context);
  return found;
}

/** The customer if it may be changed. Throws MSSP_NOT_FOUND, CUSTOMER_NOT_FOUND or MANAGED_BY_FILE. */
export function changeableCustomer(tenants: Tenants, { mssp, id }: CustomerRef, context: ChangeContext): CustomerConfig {
  if (fileHasCustomer(context.file, mssp, id)) throw managedByFile('customer', context);
  const own = tenants.customers.find((one) => one.mssp_id === mssp && one.customer.id === id);
  if (own !== undefined) return own.customer;
  findMssp(tenants, mssp, context);
  throw new RaxedError('CUSTOMER_NOT_FOUND', 'this MSSP has no customer with this id');
}

export function fileHasCustomer(file: Config, msspId: string, customerId: string): boolean {
  return byId(byId(file.mssps, msspId)?.customers ?? [], customerId) !== undefined;
}

/** How many customers an MSSP has, those of the file and those made with `ctl` together. */
export function countCustomers(tenants: Tenants, msspId: string, file: Config): number {
  const own = tenants.customers.filter(({ mssp_id, customer }) => mssp_id === msspId && !fileHasCustomer(file, msspId, customer.id));
  return (byId(file.mssps, msspId)?.customers.length ?? 0) + own.length;
}

export function byId<T extends { readonly id: string }>(items: readonly T[], id: string): T | undefined {
  return items.find((item) => item.id === id);
}

export function tenantContext({ configFile, availableSiem }: ChangeContext): TenantContext {
  return { folder: posix.dirname(configFile), availableSiem };
}

/** Parameters whose name differs from the configuration's key. */
const PARAMETERS: Readonly<Record<string, string>> = {
  '/webhook/url': '/webhook_url', '/webhook/secret': '/webhook_secret', '/heartbeat_threshold_seconds': '/heartbeat_threshold', '/l2/threshold': '/l2_threshold',
};

/** The value of what was parsed. Throws BAD_REQUEST naming the parameters. */
export function accepted<T>(part: Part<T>): T {
  if ('value' in part) return part.value;
  throw badRequest(part.problems.map(({ pointer, message }) => `${PARAMETERS[pointer] ?? pointer}: ${message}`).join('; '));
}

export function badRequest(message: string): RaxedError {
  return new RaxedError('BAD_REQUEST', message);
}

/** The fields that were given. */
export function named<T extends object>(fields: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [Key in keyof T]?: Exclude<T[Key], undefined> };
}

function managedByFile(what: string, { configFile }: ChangeContext): RaxedError {
  return new RaxedError('MANAGED_BY_FILE', `this ${what} is managed by ${configFile}`);
}
