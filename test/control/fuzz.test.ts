import assert from 'node:assert';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import fc from 'fast-check';
import t from 'tap';
import type { Dispatcher } from '../../src/control/dispatcher.js';
import { createDispatcher } from '../../src/control/dispatcher.js';
import type { CallContext, MethodEntry } from '../../src/control/method.js';
import { paramsFor } from '../../src/control/method.js';
import { errorBody, pathOfMethod, rpcError } from '../../src/control/protocol.js';
import { createControlServer } from '../../src/control/server.js';
import { ERROR_CODES, RaxedError } from '../../src/errors.js';
import { nodeClock } from '../../src/platform/node.js';
import { recordingLogger } from '../fixtures/logger.js';
import { shortFolder } from '../fixtures/short-folder.js';
import { controlContext } from './actions.js';
import { paramsOf } from './params-arbitrary.js';
import { http, rpc } from './raw-client.js';
import { recordingActions } from './recording-actions.js';

/** Every method that a file of src/control/methods makes, so that those added later are covered too. */
async function allMethods(actions: never): Promise<MethodEntry[]> {
  const folder = resolve(import.meta.dirname, '../../src/control/methods');
  const methods: MethodEntry[] = [];
  for (const file of readdirSync(folder).sort()) {
    const module = await import(pathToFileURL(join(folder, file)).href) as Record<string, unknown>;
    for (const [name, make] of Object.entries(module)) {
      if (/^create\w+Methods$/.test(name) && typeof make === 'function') methods.push(...(make as (actions: never) => MethodEntry[])(actions));
    }
  }
  return methods;
}

const { actions, calls } = recordingActions();
const methods = await allMethods(actions);
const httpContext: CallContext = { ...controlContext, scope: 'scan', caller: { ...controlContext.caller, socket: 'http' }, tenant: { msspId: 'mssp_a', customerId: 'cust_a' } };
const ofMethods = methods.map((entry) => ({ entry: fc.constant(entry), params: paramsOf(entry.params) }));
const anyCall = fc.oneof(...ofMethods.map((of) => fc.record({ ...of, context: fc.constantFrom(controlContext, controlContext, httpContext) })));

interface Bounds {
  readonly type?: string;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly additionalProperties?: boolean;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly items?: TSchema;
  readonly anyOf?: readonly TSchema[];
}

/** Whether what a pattern matches is bounded: no `*`, `+` or `{n,}` outside of character classes. */
function hasEnd(pattern = ''): boolean {
  return /^\^.*\$$/.test(pattern) && !/[*+]|,\}/.test(pattern.replace(/\[(?:\\.|[^\]\\])*\]/g, '.'));
}

function takes(entry: MethodEntry, params: unknown): boolean {
  try {
    entry.parse(params);
    return true;
  } catch {
    return false;
  }
}

/** Subscriptions have no answer of their own: to be subscribed is theirs. */
async function call(dispatcher: Dispatcher, { entry, params, context }: { readonly entry: MethodEntry; readonly params: unknown; readonly context: CallContext }): Promise<object> {
  if (entry.kind === 'call') return (await dispatcher.call(entry.name, params, context)).result;
  const subscription = dispatcher.subscription(entry.name, context.scope);
  assert.ok(subscription !== undefined);
  subscription.start(paramsFor(context, subscription, params), () => undefined);
  return {};
}

t.test('whatever the parameters of a method, they are refused with a typed error, or its action is called once', async (t) => {
  t.ok(methods.length >= 30, `${methods.length} methods`);
  const logger = recordingLogger();
  const dispatcher = createDispatcher({ methods, limits: () => ({ maxTextBytes: 1_000_000 }), logger });
  await fc.assert(fc.asyncProperty(anyCall, async ({ entry, params, context }) => {
    calls.length = 0;
    const fits = Value.Check(entry.params, params ?? {});
    const given = JSON.stringify(params);
    try {
      await call(dispatcher, { entry, params, context });
      assert.ok(fits, 'what does not fit the schema is refused');
      assert.ok(context.scope === 'control' || entry.scope === 'scan', 'what is not served there is refused');
      assert.equal(calls.length, 1, 'the action is called once');
    } catch (error) {
      if (!(error instanceof RaxedError)) throw error;
      const { code, message } = errorBody(error);
      assert.ok(code === 'BAD_REQUEST' || (code === 'FORBIDDEN' && context === httpContext), code);
      assert.ok(message.length > 0 && message.length < 800);
      assert.doesNotMatch(JSON.stringify([errorBody(error), rpcError(error)]), /\n? {2,}at |node:|\.ts|\.js|node_modules/);
      assert.equal(calls.length, 0, 'the action of a refused call is not called');
    }
    assert.equal(JSON.stringify(params), given, 'the parameters are left as they were');
  }), { numRuns: 6000 });
  t.same(logger.lines, [], 'none of that was unexpected');
});

t.test('parameters are closed and bounded: no unknown field, no text or list without an end', (t) => {
  const look = (schema: TSchema, where: string): void => {
    const { type, pattern, maxLength, maxItems, additionalProperties, properties = {}, items, anyOf = [] } = schema as Bounds;
    // What is scanned is bounded in all, by max_text_bytes.
    const bounded = where.startsWith('scan/');
    if (type === 'object') t.equal(additionalProperties, false, `${where} is closed`);
    if (type === 'string' && !bounded && !('const' in schema)) t.ok(maxLength !== undefined || hasEnd(pattern), `${where} has an end`);
    if (type === 'array' && !bounded) t.ok(maxItems !== undefined, `${where} has an end`);
    for (const [name, inner] of Object.entries(properties)) look(inner, `${where}/${name}`);
    for (const inner of [...anyOf, ...(items === undefined ? [] : [items])]) look(inner, where);
  };
  for (const { name, params } of methods) look(params, name);
  t.end();
});

t.test('of what is tried on a method, some is taken and some refused', (t) => {
  for (const entry of methods) {
    const seen = new Set<boolean>();
    for (let tries = 0; seen.size < 2 && tries < 100; tries++) for (const params of fc.sample(paramsOf(entry.params), 50)) seen.add(takes(entry, params));
    t.equal(seen.size, 2, entry.name);
  }
  t.end();
});

t.test('a caller that is bound to a customer reaches no other, whatever it says', async () => {
  const dispatcher = createDispatcher({ methods, limits: () => ({ maxTextBytes: 1_000_000 }), logger: recordingLogger() });
  const tenants = fc.dictionary(fc.constantFrom('mssp', 'customer', 'mssp_id', 'customer_id'), fc.constantFrom('mssp_a', 'cust_a', 'mssp_b', 'cust_b', 'MSSP_A', ''), { maxKeys: 4 });
  await fc.assert(fc.asyncProperty(fc.oneof(...ofMethods.filter((_, index) => methods[index]?.scope === 'scan').map((of) => fc.record({ ...of, tenants }))), async ({ entry, params, tenants }) => {
    calls.length = 0;
    await call(dispatcher, { entry, params: { ...params as object, ...tenants }, context: httpContext }).catch((error: unknown) => { assert.ok(error instanceof RaxedError); });
    for (const { args } of calls) {
      const [given = {}] = args as readonly Record<string, unknown>[];
      for (const name of Object.keys(entry.params.properties)) {
        if (/^mssp(?:_id)?$/.test(name)) assert.equal(given[name], 'mssp_a');
        if (/^customer(?:_id)?$/.test(name)) assert.equal(given[name], 'cust_a');
      }
    }
  }), { numRuns: 1000 });
});

t.test('over the sockets too every call is answered, and the daemon goes on', async (t) => {
  const path = join(shortFolder(t), 'c');
  const logger = recordingLogger();
  const server = await createControlServer({
    listeners: [{ path, scope: 'control', mode: 0o600 }], methods,
    probes: { ready: () => Promise.resolve({ ready: true }) }, limits: () => ({ maxTextBytes: 1_000_000 }),
  }, { clock: nodeClock, logger });
  t.teardown(() => server.close(0));
  const connection = await rpc(t, path);
  let id = 0;
  await fc.assert(fc.asyncProperty(anyCall, async ({ entry, params }) => {
    const answer = await connection.call(JSON.stringify({ jsonrpc: '2.0', id: ++id, method: entry.name, params }));
    assert.equal(answer['id'], id);
    assert.ok(('result' in answer) !== ('error' in answer));
    assert.doesNotMatch(JSON.stringify(answer), / {2,}at |node_modules/);
    // Of subscriptions a connection may have few; each HTTP call has a connection of its own.
    const { status, body } = await http(path, pathOfMethod(entry.name), { body: JSON.stringify(params) });
    if (status === 200) assert.deepEqual(body, {});
    else assert.ok((body as { error: { code: string } }).error.code in ERROR_CODES);
  }), { numRuns: 500 });
  t.same(logger.lines, []);
  t.match(await connection.call({ jsonrpc: '2.0', id: 'last', method: 'health' }), { id: 'last', result: {} });
});
