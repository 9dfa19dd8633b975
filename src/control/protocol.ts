import { ConfigError, ERROR_CODES, RaxedError } from '../errors.js';
import type { ErrorCode } from '../errors.js';
import { ParamsError } from './params-error.js';

/**
 * The shapes on the sockets: bytes in, bytes out.
 *
 *   HTTP      POST /v1/<method with dots as slashes>   body: parameters   → 200 result | { "error": { code, message, data? } }
 *   JSON-RPC  { jsonrpc: "2.0", id, method, params }   → { jsonrpc, id, result } | { jsonrpc, id, error: { code, message, data: { code, … } } }
 *
 * A JSON-RPC error has the specification's number where it defines one, else -32000; `data.code` is always ours.
 */

/** The version of the methods' parameters and results: a client that speaks another one says so instead of misreading them. */
export const PROTOCOL = 1;

export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data?: object;
}

/** What an error looks like to the caller. Anything but a RaxedError is INTERNAL, and its message stays here. */
export function errorBody(error: unknown): ErrorBody {
  if (error instanceof ParamsError) return { code: error.code, message: error.message, ...(error.field === '' ? {} : { data: { field: error.field } }) };
  if (error instanceof ConfigError) return { code: error.code, message: error.message, data: { problems: error.problems } };
  if (error instanceof RaxedError) return { code: error.code, message: error.message };
  return { code: 'INTERNAL', message: 'an unexpected error' };
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

/** `/v1/mssp/test-webhook` → `mssp.test-webhook`; undefined when the path is no method's. */
export function methodOfPath(path: string): string | undefined {
  return /^\/v1\/[a-z0-9-]{1,40}(?:\/[a-z0-9-]{1,40}){0,3}$/.test(path) ? path.slice('/v1/'.length).replaceAll('/', '.') : undefined;
}

export function pathOfMethod(method: string): string {
  return `/v1/${method.replaceAll('.', '/')}`;
}

/** Deeper nesting has no honest use, and would break recursive readers of the values. */
const MAX_DEPTH = 64;

/** A request body as JSON; an empty one counts as `{}`. Throws BAD_REQUEST without a word of the content. */
export function parseBody(bytes: Uint8Array): unknown {
  if (bytes.byteLength === 0) return {};
  return parseJson(decodeUtf8(bytes));
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new RaxedError('BAD_REQUEST', 'the body is not valid UTF-8');
  }
}

export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The engine's message quotes the text.
    throw new RaxedError('BAD_REQUEST', 'the body is not valid JSON');
  }
  if (deeperThan(value, MAX_DEPTH)) throw new RaxedError('BAD_REQUEST', `the JSON is nested more than ${MAX_DEPTH} levels deep`);
  return value;
}

/** Without recursion, so that no nesting overflows the stack. */
function deeperThan(value: unknown, limit: number): boolean {
  let level: object[] = typeof value === 'object' && value !== null ? [value] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > limit) return true;
    const next: object[] = [];
    for (const node of level) {
      for (const child of Object.values(node) as unknown[]) if (typeof child === 'object' && child !== null) next.push(child);
    }
    level = next;
  }
  return false;
}

export type RpcId = string | number | null;

export interface RpcRequest {
  /** undefined: a notification, which gets no answer. */
  readonly id: RpcId | undefined;
  readonly method: string;
  readonly params: unknown;
}

/** A message that was understood as far as its id. */
export type RpcItem = RpcRequest | { readonly id: RpcId; readonly error: RpcError };

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data: object;
}

export interface RpcMessage {
  readonly batch: boolean;
  readonly items: readonly RpcItem[];
}

const MAX_BATCH = 256;
const MAX_ID_LENGTH = 256;

/** One WebSocket message → its calls. Never throws: what is wrong with it is an item with an error. */
export function parseRpc(text: string): RpcMessage {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    return { batch: false, items: [{ id: null, error: { ...rpcError(error), code: -32700 } }] };
  }
  if (!Array.isArray(value)) return { batch: false, items: [parseItem(value)] };
  if (value.length === 0) return { batch: false, items: [invalid('an empty batch')] };
  if (value.length > MAX_BATCH) return { batch: false, items: [invalid(`a batch of more than ${MAX_BATCH} calls`)] };
  return { batch: true, items: value.map(parseItem) };
}

function parseItem(value: unknown): RpcItem {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return invalid('a call must be an object');
  const { jsonrpc, id, method, params } = value as { jsonrpc?: unknown; id?: unknown; method?: unknown; params?: unknown };
  if (id !== undefined && !isRpcId(id)) return invalid(`id must be a number, null or a string of at most ${MAX_ID_LENGTH} characters`);
  const answerTo = id ?? null;
  if (jsonrpc !== '2.0') return invalid('jsonrpc must be "2.0"', answerTo);
  if (typeof method !== 'string') return invalid('method must be a string', answerTo);
  return { id, method, params };
}

function invalid(message: string, id: RpcId = null): RpcItem {
  return { id, error: { code: -32600, message, data: { code: 'BAD_REQUEST' } } };
}

function isRpcId(id: unknown): id is RpcId {
  return id === null || (typeof id === 'number' && Number.isFinite(id)) || (typeof id === 'string' && id.length <= MAX_ID_LENGTH);
}

export function rpcError(error: unknown): RpcError {
  const { code, message, data } = errorBody(error);
  return { code: rpcCode(code), message, data: { code, ...data } };
}

function rpcCode(code: ErrorCode): number {
  if (code === 'UNKNOWN_METHOD') return -32601;
  if (code === 'BAD_REQUEST') return -32602;
  if (code === 'INTERNAL') return -32603;
  return -32000;
}

export function rpcResult(id: RpcId, result: object): object {
  return { jsonrpc: '2.0', id, result };
}

export function rpcFailure(id: RpcId, error: RpcError): object {
  return { jsonrpc: '2.0', id, error };
}

/** One event of a subscription. */
export function rpcNotification(method: string, event: object): object {
  return { jsonrpc: '2.0', method, params: { event } };
}
