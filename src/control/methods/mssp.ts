import { Type } from '@sinclair/typebox';
import type { CallContext, Method } from '../method.js';
import { defineMethod } from '../method.js';
import { IdSchema } from './id.js';

const NoParams = Type.Object({}, { additionalProperties: false });
const OneMssp = Type.Object({ id: IdSchema }, { additionalProperties: false });
const TestWebhookParams = Type.Object({
  id: IdSchema,
  /** For this test only: the receiver's certificate is not checked. */
  skip_ssl_verify: Type.Optional(Type.Boolean()),
}, { additionalProperties: false });

export interface MsspActions {
  /** `{ mssps: [...] }`, secrets left out. */
  list(): Promise<object>;
  /** Throws MSSP_NOT_FOUND. */
  show(id: string): Promise<object>;
  /** Sends a `test` event now, outside of the spool. Throws MSSP_NOT_FOUND or DELIVERY_FAILED. */
  testWebhook(id: string, options: { readonly skipSslVerify: boolean }, context: CallContext): Promise<object>;
}

export function createMsspMethods(actions: MsspActions): Method[] {
  return [
    defineMethod({ name: 'mssp.list', scope: 'control', params: NoParams, handle: () => actions.list() }),
    defineMethod({ name: 'mssp.show', scope: 'control', params: OneMssp, handle: ({ id }) => actions.show(id) }),
    defineMethod({
      name: 'mssp.test-webhook',
      scope: 'control',
      params: TestWebhookParams,
      handle: ({ id, skip_ssl_verify }, context) => actions.testWebhook(id, { skipSslVerify: skip_ssl_verify === true }, context),
    }),
  ];
}
