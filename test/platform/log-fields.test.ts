import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { ConfigError, RaxedError } from '../../src/errors.js';
import { loggableError, loggableFields } from '../../src/platform/log-fields.js';

const CANARY = 'canary-7f3a';

t.test('a value whose key names a secret or a text is not shown, at any depth and in any spelling', (t) => {
  for (const key of [
    'secret', 'webhook_secret', 'clientSecret', 'TOKEN', 'access-token', 'authorization', 'Proxy-Authorization', 'password', 'passphrase', 'cookie', 'api_key', 'apiKey', 'credential',
    'prompt', 'system_prompt', 'prompt_text', 'response', 'text', 'texts', 'matched', 'matched_text', 'content', 'body', 'payload', 'args', 'result',
  ]) {
    t.same(loggableFields({ [key]: CANARY }), { [key]: '[redacted]' }, key);
    t.same(loggableFields({ a: [{ [key]: { b: CANARY } }] }), { a: [{ [key]: '[redacted]' }] }, key);
  }
  t.same(loggableFields({ code: 'x', destination: 'webhook', http_status: 401, count: 3, file: 'a.log', context: 'y' }), { code: 'x', destination: 'webhook', http_status: 401, count: 3, file: 'a.log', context: 'y' });
  t.end();
});

t.test('an error is its code and message; of its own fields, its cause and its stack nothing is shown', (t) => {
  const refused = Object.assign(new RaxedError('DELIVERY_FAILED', 'the receiver answered 503', { cause: new Error(CANARY) }), { detail: CANARY, response: { body: CANARY } });
  t.same(loggableFields({ error: refused }), { error: { code: 'DELIVERY_FAILED', message: 'the receiver answered 503' } });
  t.same(loggableFields({ error: new ConfigError('CONFIG_INVALID', [{ pointer: '/mssps', message: 'must be a list' }]) }), { error: { code: 'CONFIG_INVALID', message: '/mssps: must be a list' } });
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', path: CANARY });
  t.same(loggableError(full), { code: 'ENOSPC', message: 'ENOSPC: no space left on device, write' });
  t.end();
});

t.test('an error that nobody foresaw says where it was thrown, and not its message, which may quote a text', (t) => {
  const errors = [
    () => { JSON.parse(`${CANARY}\n    at ${CANARY} (${CANARY})`); },
    () => { Buffer.alloc(3).write(JSON.parse('17') as string, 'utf8'); },
    () => { new URL(CANARY); },
    () => { throw new RangeError(`${CANARY}\n    at ${CANARY}`); },
  ];
  for (const broken of errors) {
    try {
      broken();
      t.fail('it throws');
    } catch (error) {
      const shown = loggableError(error);
      t.notMatch(JSON.stringify(shown), CANARY);
      t.equal(shown.message, undefined);
      t.match(shown.at?.join('\n'), /log-fields\.test\.ts:\d+:\d+/, shown.code);
    }
  }
  t.same(loggableError(CANARY), { code: 'not an Error' });
  t.end();
});

t.test('URLs have neither user nor query, also where they stand in a sentence or are none', (t) => {
  for (const [url, shown] of [
    ['https://soc.example/hook', 'https://soc.example/hook'],
    [`https://user:${CANARY}@soc.example:8443/hook`, 'https://[redacted]@soc.example:8443/hook'],
    [`https://soc.example/hook?sig=${CANARY}&v=1`, 'https://soc.example/hook?[redacted]'],
    [`https://soc.example/#${CANARY}`, 'https://soc.example/?[redacted]'],
    [`http://user:${CANARY}/${CANARY}?${CANARY}#${CANARY}@proxy:3128`, 'http://[redacted]@proxy:3128'],
    [`connect to http://:${CANARY}@proxy:3128/ failed, also http://b?${CANARY}`, 'connect to http://[redacted]@proxy:3128/ failed, also http://b?[redacted]'],
  ] as const) {
    t.same(loggableFields({ url }), { url: shown });
    t.same(loggableFields({ error: new RaxedError('DELIVERY_FAILED', url) }), { error: { code: 'DELIVERY_FAILED', message: shown } });
  }
  t.end();
});

t.test('what has methods of its own shows nothing of itself', (t) => {
  class Request { readonly header = CANARY; toJSON(): string { return CANARY; } }
  t.same(
    loggableFields({ bytes: Buffer.from(CANARY), map: new Map([[CANARY, CANARY]]), request: new Request(), call: () => CANARY, at: new Date(0), big: 3n, never: undefined }),
    { bytes: '[object]', map: '[object]', request: '[object]', call: '[function]', at: '1970-01-01T00:00:00.000Z', big: '3' },
  );
  t.same(loggableFields({ get prompted(): string { throw new Error(CANARY); } }), { fields: '[unreadable]' });
  t.end();
});

t.test('the log\'s own words are not replaced by a field', (t) => {
  t.same(loggableFields({ level: 1, time: 2, msg: 3, a: { level: 4 } }), { level_: 1, time_: 2, msg_: 3, a: { level: 4 } });
  t.end();
});

t.test('whatever is given, what comes out is small, and hides what is to be hidden', (t) => {
  const secret = fc.constantFrom('secret', 'token', 'prompt', 'matched_text', 'apiKey');
  const hidden = fc.oneof(fc.constant(CANARY), fc.constant([CANARY]), fc.constant({ [CANARY]: CANARY }), fc.constant(new Error(CANARY)));
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof({ maxDepth: 8 }, fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true, withObjectString: true, withNullPrototype: true }), fc.string({ unit: 'binary', minLength: 500, maxLength: 3000 }),
      fc.array(tie('tree'), { maxLength: 300 }), fc.dictionary(fc.string(), tie('tree'), { maxKeys: 300 }), fc.dictionary(secret, hidden)),
  }));
  fc.assert(fc.property(fc.dictionary(fc.string(), tree), secret, hidden, (fields, key, value) => {
    const line = JSON.stringify(loggableFields({ ...fields, [key]: value, url: `https://a:${CANARY}@b/?${CANARY}` }));
    assert.ok(!line.includes(CANARY), line);
    assert.ok(Buffer.byteLength(line) < 48 * 1024, `${Buffer.byteLength(line)} bytes`);
  }), { numRuns: 300 });
  t.end();
});

t.test('what turns back on itself comes to an end', (t) => {
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  loop['list'] = Array.from({ length: 1000 }, () => loop);
  t.ok(JSON.stringify(loggableFields(loop)).length < 10_000);
  t.end();
});
