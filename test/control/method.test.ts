import fc from 'fast-check';
import t from 'tap';
import { createDispatcher } from '../../src/control/dispatcher.js';
import { nearest } from '../../src/nearest.js';
import { errorBody, methodOfPath, parseBody, parseRpc, pathOfMethod, rpcError } from '../../src/control/protocol.js';
import { parseScanParams, scanTextBytes } from '../../src/control/methods/scan.js';
import { ConfigError, RaxedError } from '../../src/errors.js';
import { silentLogger } from '../fixtures/logger.js';
import { controlContext as context, fakeMethods } from './actions.js';

const dispatcher = createDispatcher({ methods: fakeMethods(), limits: () => ({ maxTextBytes: 10_000 }), logger: silentLogger });


t.test('no error holds a value, or an unknown name, of the caller', async () => {
  const canary = fc.string({ minLength: 8, maxLength: 40, unit: fc.constantFrom('Q', 'Z', '~', '/', '\u0007', '€') });
  await fc.assert(fc.asyncProperty(canary, fc.constantFrom('prompt', 'mssp_id', 'entry_point', 'dry_run', 'tool_calls', 'unknown'), async (secret, place) => {
    const params = place === 'unknown' ? { prompt: 'x', [secret]: 1 } : place === 'tool_calls' ? { tool_calls: [{ name: 'x', args: 1, [secret]: secret }] } : place === 'prompt' ? { prompt: [secret] } : { prompt: 'x', [place]: secret };
    const error: unknown = await dispatcher.call('scan', params, context).catch((caught: unknown) => caught);
    const text = JSON.stringify([errorBody(error), rpcError(error)]);
    return error instanceof RaxedError && error.code === 'BAD_REQUEST' && !text.includes(secret) && !text.includes(JSON.stringify(secret).slice(1, -1));
  }), { numRuns: 1000 });
});

t.test('any bytes are a body or a typed error; any text is a JSON-RPC message', (t) => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    try { parseBody(bytes); return true; } catch (error) { return error instanceof RaxedError && error.code === 'BAD_REQUEST'; }
  }));
  fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.anything().map((value) => { try { return JSON.stringify(value) ?? ''; } catch { return ''; } })), (text) => {
    const { items } = parseRpc(text);
    return items.length >= 1 && items.every((item) => 'error' in item ? item.error.code <= -32600 : typeof item.method === 'string');
  }));
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (prompt) => {
    const parsed = parseBody(Buffer.from(JSON.stringify({ prompt })));
    const params = parseScanParams(parsed);
    return params.prompt === prompt && scanTextBytes(params) === Buffer.byteLength(prompt);
  }));
  t.end();
});

t.test('nesting: 64 levels are taken, more are refused without a stack overflow', (t) => {
  const nested = (levels: number): Buffer => Buffer.from('['.repeat(levels) + ']'.repeat(levels));
  t.ok(parseBody(nested(64)));
  t.throws(() => parseBody(nested(65)), { code: 'BAD_REQUEST', message: /nested/ });
  t.throws(() => parseBody(nested(1_000_000)), { code: 'BAD_REQUEST' });
  t.throws(() => parseBody(Buffer.from('{"a":'.repeat(500_000))), { code: 'BAD_REQUEST' });
  t.match(parseRpc('['.repeat(100_000) + ']'.repeat(100_000)), { items: [{ id: null, error: { code: -32700 } }] });
  t.end();
});

t.test('method names and paths are each other\'s inverse, and nothing else is a path', (t) => {
  for (const { name } of fakeMethods()) t.equal(methodOfPath(pathOfMethod(name)), name);
  for (const path of ['/', '/v1', '/v1/', '/v1//', '/v1/a/', '/v1/A', '/v1/a.b', '/v1/a/../b', '/v2/scan', '/v1/%73can', '/v1/a/b/c/d/e', `/v1/${'a'.repeat(41)}`]) t.equal(methodOfPath(path), undefined, path);
  t.end();
});

t.test('errors on the wire: code, message, and data where it helps', (t) => {
  t.same(errorBody(new RaxedError('BUSY', 'busy')), { code: 'BUSY', message: 'busy' });
  t.same(errorBody(new ConfigError('CONFIG_INVALID', [{ pointer: '/a', message: 'is bad' }])), { code: 'CONFIG_INVALID', message: '/a: is bad', data: { problems: [{ pointer: '/a', message: 'is bad' }] } });
  t.same(errorBody(new Error('secret')), { code: 'INTERNAL', message: 'an unexpected error' });
  t.same(errorBody('secret'), { code: 'INTERNAL', message: 'an unexpected error' });
  t.same(rpcError(new RaxedError('BUSY', 'busy')), { code: -32000, message: 'busy', data: { code: 'BUSY' } });
  t.equal(rpcError(new TypeError('x')).code, -32603);
  t.end();
});

t.test('a limit that changes holds for the next call', async (t) => {
  let maxTextBytes = 3;
  const live = createDispatcher({ methods: fakeMethods(), limits: () => ({ maxTextBytes }), logger: silentLogger });
  await t.rejects(live.call('scan', { prompt: 'four' }, context), { code: 'TOO_LARGE' });
  maxTextBytes = 4;
  t.ok(await live.call('scan', { prompt: 'four' }, context));
  t.throws(() => createDispatcher({ methods: [...fakeMethods(), ...fakeMethods()], limits: () => ({ maxTextBytes }), logger: silentLogger }), TypeError);
});

t.test('the nearest name is near', (t) => {
  const names = ['prompt', 'response', 'system_prompt', 'mssp_id', 'dry_run'];
  for (const [given, found] of [['promt', 'prompt'], ['prmopt', 'prompt'], ['dryRun', 'dry_run'], ['dry-run', 'dry_run'], ['systemprompt', 'system_prompt'], ['zzz', undefined], ['', undefined], ['x'.repeat(1000), undefined]] as const) t.equal(nearest(given, names), found, given);
  t.end();
});
