import { RaxedError } from '../errors.js';
import type { Logger } from '../ports.js';
import type { Budget } from './budget.js';
import { createBudget } from './budget.js';
import type { CallContext, MethodEntry, Scope, Subscription } from './method.js';
import { paramsFor } from './method.js';

/** Bounds that hold for every listener of a server. */
export interface ControlLimits {
  /** UTF-8 bytes of all texts of one call. */
  readonly maxTextBytes: number;
}

export interface CallResult {
  readonly result: object;
  readonly httpStatus: number;
}

/** Runs calls against the method table, within the limits. Knows nothing of HTTP or WebSockets. */
export interface Dispatcher {
  /** Throws UNKNOWN_METHOD, FORBIDDEN, BAD_REQUEST, TOO_LARGE, BUSY, STOPPING, or what the method throws. */
  call(name: string, params: unknown, context: CallContext): Promise<CallResult>;
  /** The subscription of this name, if the name is one; throws FORBIDDEN where it is not served, and STOPPING. */
  subscription(name: string, scope: Scope): Subscription | undefined;
  /** The table's entry for an HTTP path; throws UNKNOWN_METHOD or FORBIDDEN. */
  entry(name: string, scope: Scope): MethodEntry;
  /** What is served to a scope. */
  entries(scope: Scope): readonly MethodEntry[];
  /** Bytes that all connections may hold of requests that are not yet complete. */
  readonly reading: Budget;
  /** The same for the texts of calls that run. */
  readonly texts: Pick<Budget, 'refused'>;
  /** The most bytes of JSON that a call may have: every text byte escaped, and the rest of the request. */
  maxBodyBytes(): number;
  /** From now on new calls are refused. Resolves when none runs, or at the end of `signal`. */
  drain(signal: AbortSignal): Promise<void>;
}

/** A byte of text takes at most six of JSON (`\u0000`). */
const JSON_BYTES_PER_TEXT_BYTE = 6;
const BODY_OVERHEAD_BYTES = 65_536;
const MAX_TEXTS_IN_WORK_BYTES = 32 * 1024 * 1024;
const MAX_READING_BYTES = 64 * 1024 * 1024;

export function createDispatcher(options: {
  readonly methods: readonly MethodEntry[];
  /** Asked for each call, so that a reload holds at once. */
  readonly limits: () => ControlLimits;
  readonly logger: Logger;
}): Dispatcher {
  const table = new Map(options.methods.map((method) => [method.name, method]));
  if (table.size !== options.methods.length) throw new TypeError('two methods have the same name');
  const texts = createBudget(MAX_TEXTS_IN_WORK_BYTES);
  const reading = createBudget(MAX_READING_BYTES);
  const running = new Set<Promise<unknown>>();
  let stopping = false;

  function entry(name: string, scope: Scope): MethodEntry {
    const method = table.get(name);
    if (method === undefined) throw new RaxedError('UNKNOWN_METHOD', 'there is no such method');
    if (scope === 'scan' && method.scope !== 'scan') throw new RaxedError('FORBIDDEN', 'this method is served on the control socket only');
    return method;
  }

  function refuseWhenStopping(): void {
    if (stopping) throw new RaxedError('STOPPING', 'the daemon is stopping');
  }

  async function call(name: string, params: unknown, context: CallContext): Promise<CallResult> {
    refuseWhenStopping();
    const method = entry(name, context.scope);
    if (method.kind === 'subscription') throw new RaxedError('BAD_REQUEST', 'this method is a subscription: call it over the WebSocket /v1/rpc');
    const parsed = paramsFor(context, method, params);
    const textBytes = method.textBytes(parsed);
    const { maxTextBytes } = options.limits();
    if (textBytes > maxTextBytes) throw new RaxedError('TOO_LARGE', `the texts of a call may have ${maxTextBytes} bytes in all`);
    if (!texts.take(textBytes)) throw new RaxedError('BUSY', 'too much text is being scanned at once');
    try {
      const result = await method.run(parsed, context);
      return { result, httpStatus: method.httpStatus(result) };
    } catch (error) {
      if (!(error instanceof RaxedError)) options.logger.error({ method: name, error }, 'a method failed unexpectedly');
      throw error;
    } finally {
      texts.give(textBytes);
    }
  }

  return {
    reading,
    texts,
    entry,
    entries: (scope) => options.methods.filter((method) => scope === 'control' || method.scope === scope),
    maxBodyBytes: () => options.limits().maxTextBytes * JSON_BYTES_PER_TEXT_BYTE + BODY_OVERHEAD_BYTES,
    call(name, params, context) {
      const running1 = call(name, params, context);
      const settled = running1.then(() => undefined, () => undefined);
      running.add(settled);
      void settled.then(() => running.delete(settled));
      return running1;
    },
    subscription(name, scope) {
      if (table.get(name)?.kind !== 'subscription') return undefined;
      refuseWhenStopping();
      const found = entry(name, scope);
      return found.kind === 'subscription' ? found : undefined;
    },
    async drain(signal) {
      stopping = true;
      await Promise.race([Promise.all(running), aborted(signal)]);
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => { resolve(); }, { once: true });
  });
}
