import { ERROR_CODES } from '../errors.js';
import type { ErrorCode } from '../errors.js';
import type { Method, MethodEntry } from './method.js';
import { PROTOCOL, pathOfMethod } from './protocol.js';

export const OPENAPI_PATH = '/v1/openapi.json';

/**
 * The OpenAPI 3.1 document of these methods. Schemas of parameters are the very ones that are enforced; those of results
 * stand where a method has one. Subscriptions, which HTTP does not serve, are listed under `x-subscriptions`.
 */
export function openApi(methods: readonly MethodEntry[], { tokenNeeded }: { readonly tokenNeeded: boolean }): object {
  const calls = methods.filter((method) => method.kind === 'call');
  const subscriptions = methods.filter((method) => method.kind === 'subscription');
  return {
    openapi: '3.1.0',
    info: {
      title: 'raxed',
      version: String(PROTOCOL),
      description: 'A call is a POST of its parameters as JSON. The daemon listens on unix sockets, where no token is needed, and on a loopback port if the operator wants it. JSON-RPC 2.0 with the same methods is spoken over WebSocket at /v1/rpc.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: tokenNeeded ? [{ token: [] }] : [{}],
    paths: Object.fromEntries(calls.map((method) => [pathOfMethod(method.name), { post: operation(method) }])),
    components: {
      schemas: { Error: ERROR_SCHEMA },
      responses: { Error: { description: 'What is wrong; the status is that of the code.', content: json({ $ref: '#/components/schemas/Error' }) } },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'Of the loopback port: control.http.token in the configuration.' } },
    },
    ...(subscriptions.length === 0 ? {} : { 'x-subscriptions': Object.fromEntries(subscriptions.map(({ name, summary, params }) => [name, { summary, params }])) }),
  };
}

function operation({ name, summary, params, result, resultStatuses }: Method): object {
  const answer = { description: 'The result.', content: json(result ?? { type: 'object' }) };
  const withError = { description: 'The result, or an error.', content: json({ anyOf: [result ?? { type: 'object' }, { $ref: '#/components/schemas/Error' }] }) };
  return {
    operationId: name.replace(/[.-](.)/g, (_, letter: string) => letter.toUpperCase()),
    summary,
    tags: [name.split('.')[0]],
    requestBody: { required: (params.required ?? []).length > 0, content: json(params) },
    responses: {
      ...Object.fromEntries(resultStatuses.map((status) => [status, status === 200 ? answer : withError])),
      default: { $ref: '#/components/responses/Error' },
    },
  };
}

function json(schema: object): object {
  return { 'application/json': { schema } };
}

// `Object.entries` forgets that the keys are codes; the table has no others.
const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

const ERROR_SCHEMA = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string', enum: CODES, description: CODES.map((code) => `- ${code} (${ERROR_CODES[code].http}): ${ERROR_CODES[code].advice}`).join('\n') },
        message: { type: 'string', description: 'For people. It never holds a text that was scanned.' },
        data: {
          type: 'object',
          properties: {
            field: { type: 'string', description: 'JSON pointer of the parameter that is wrong.' },
            problems: { type: 'array', description: 'Of a configuration that is not valid.' },
          },
        },
      },
    },
  },
};
