import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { CallContext, Method } from '../method.js';
import { defineMethod } from '../method.js';
import { closed, oneOf, OneCustomer, SecretSchema, UrlSchema } from './fields.js';
import { IdSchema } from './id.js';

export const SIEM_TYPES = ['splunk', 'crowdstrike', 'sentinel', 'cef', 'arcsight'] as const;

const text = () => Type.Optional(Type.String({ maxLength: 1024 }));
const path = () => Type.Optional(Type.String({ maxLength: 4096 }));
const number = () => Type.Optional(Type.Number());

/**
 * The options of every kind of SIEM under the keys of the configuration file. Only their types are checked here:
 * which kind takes which, and in which bounds, is known where the configuration is.
 */
const siemOptions = {
  batch_events: number(),
  batch_bytes: number(),
  flush_interval_seconds: number(),
  timeout_seconds: number(),
  tls: Type.Optional(Type.Union([
    Type.Boolean(),
    Type.Object({ ca_file: path(), cert_file: path(), key_file: path(), server_name: text() }, closed),
  ], { title: 'true, false or { ca_file, cert_file, key_file, server_name }' })),
  transport: text(),
  port: number(),
  facility: number(),
  format: text(),
  framing: text(),
  confirm: text(),
  cef_mode: text(),
  smart_connector_id: text(),
  device_vendor: text(),
  device_product: text(),
  splunk_index: text(),
  splunk_source: text(),
  splunk_sourcetype: text(),
  splunk_ack: Type.Optional(Type.Boolean()),
  dcr_id: text(),
  stream: text(),
  tenant_id: text(),
  client_id: text(),
  sentinel_workspace_id: text(),
};

const ConfigureParams = Type.Object({
  mssp: IdSchema,
  id: IdSchema,
  type: oneOf(SIEM_TYPES),
  url: UrlSchema,
  token: Type.Optional(SecretSchema),
  name: Type.Optional(IdSchema),
  ...siemOptions,
}, closed);
const TestParams = Type.Object({
  mssp: IdSchema,
  id: IdSchema,
  /** Absent: all of the customer's. */
  name: Type.Optional(IdSchema),
  /** For this test only: the receiver's certificate is not checked. */
  skip_ssl_verify: Type.Optional(Type.Boolean()),
  /** Sends no event: asks only whether the SIEM would take one. */
  check_only: Type.Optional(Type.Boolean()),
}, closed);
const DisableParams = Type.Object({
  mssp: IdSchema,
  id: IdSchema,
  /** Needed when there are several. */
  name: Type.Optional(IdSchema),
  /** Says what would go, and disables nothing. */
  dry_run: Type.Optional(Type.Boolean()),
}, closed);

export type ConfigureSiem = Static<typeof ConfigureParams>;

/** A SIEM as it is shown: all its options, the URL as scheme, host and port, `token: "set"` where there is one. */
export interface SiemView {
  readonly name: string;
  readonly type: string;
  readonly url: string;
  readonly [option: string]: unknown;
}

export interface SiemTest {
  readonly name: string;
  readonly type: string;
  readonly url: string;
  /** False where no event was sent, because only the health was asked for. */
  readonly delivered: boolean;
  /** Of the test event, to look for it in the SIEM. */
  readonly event_id?: string;
  /** What the answer about its health proves, and what it does not. */
  readonly checked?: string;
  readonly http_status?: number;
  /** What the receiver said beside a status. */
  readonly says?: string;
  readonly duration_ms: number;
  /** What the receiver showed, trusted or not; absent without TLS. */
  readonly certificate?: SiemCertificate;
}

export interface SiemCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** ISO 8601. */
  readonly valid_to: string;
  readonly sha256: string;
}

export interface DisabledSiem {
  readonly mssp_id: string;
  readonly customer_id: string;
  readonly name: string;
  /** False for a dry run. */
  readonly disabled: boolean;
  readonly pending_events: number;
}

/** One customer, and one of its SIEMs where a name is given. */
export interface SiemChoice {
  readonly msspId: string;
  readonly customerId: string;
  readonly name: string | undefined;
}

/** All throw MSSP_NOT_FOUND and CUSTOMER_NOT_FOUND; those that change something throw MANAGED_BY_FILE. */
export interface SiemActions {
  /** Replaces the SIEM of this name, or adds it. Throws BAD_REQUEST or CONFIG_INVALID. */
  configure(params: ConfigureSiem, context: CallContext): Promise<{ readonly mssp_id: string; readonly customer_id: string; readonly siem: SiemView; readonly warnings: readonly string[] }>;
  show(msspId: string, customerId: string): Promise<{ readonly mssp_id: string; readonly customer_id: string; readonly siem: readonly SiemView[] }>;
  /** Sends a `test` event now, outside of the spool, or only asks for their health. Throws SIEM_NOT_FOUND, and DELIVERY_FAILED naming those that failed. */
  test(siem: SiemChoice, options: { readonly skipSslVerify: boolean; readonly checkOnly: boolean }, context: CallContext): Promise<{ readonly results: readonly SiemTest[] }>;
  /** Throws SIEM_NOT_FOUND, and BAD_REQUEST when there are several and none is named. */
  disable(siem: SiemChoice, options: { readonly dryRun: boolean }, context: CallContext): Promise<DisabledSiem>;
}

export function createSiemMethods(actions: SiemActions): Method[] {
  return [
    defineMethod({ name: 'customer.siem.configure', summary: 'Adds a SIEM to a customer, or replaces the one of this name.', scope: 'control', params: ConfigureParams, handle: (params, context) => actions.configure(params, context) }),
    defineMethod({ name: 'customer.siem.show', summary: 'The SIEMs of a customer.', scope: 'control', params: OneCustomer, handle: ({ mssp, id }) => actions.show(mssp, id) }),
    defineMethod({
      name: 'customer.siem.test',
      summary: 'Sends a test event to a customer\'s SIEMs now, or asks only for their health.',
      scope: 'control',
      params: TestParams,
      handle: ({ mssp, id, name, skip_ssl_verify, check_only }, context) =>
        actions.test({ msspId: mssp, customerId: id, name }, { skipSslVerify: skip_ssl_verify === true, checkOnly: check_only === true }, context),
    }),
    defineMethod({
      name: 'customer.siem.disable',
      summary: 'Takes a SIEM away from a customer.',
      scope: 'control',
      params: DisableParams,
      handle: ({ mssp, id, name, dry_run }, context) => actions.disable({ msspId: mssp, customerId: id, name }, { dryRun: dry_run === true }, context),
    }),
  ];
}
