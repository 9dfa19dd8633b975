import { RemoteError } from './connection.js';

/** One JSON-RPC answer, or a notification (no id). */
export interface RpcAnswer {
  readonly id: unknown;
  readonly result?: object;
  readonly error?: RemoteError;
  /** What a notification of a subscription carries. */
  readonly event?: object;
}

/** undefined for what is no JSON-RPC. An error's code is ours, not JSON-RPC's number. */
export function parseAnswer(text: string): RpcAnswer | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { id, result, error, params } = value;
  if (isObject(error)) {
    const { message, data } = error;
    return { id, error: new RemoteError({ message, data, code: isObject(data) ? data['code'] : undefined }) };
  }
  if (isObject(params) && isObject(params['event'])) return { id, event: params['event'] };
  return isObject(result) ? { id, result } : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
