import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import t from 'tap';
import { checkWebhook, verifyWebhook } from '../../src/client/webhook.js';
import { signPayload } from '../../src/outputs/signature.js';
import { makeProject, readmeBlocks } from '../fixtures/readme.js';
import { freePorts } from '../fixtures/syslog-peer.js';
import { eventually } from '../fixtures/daemon.js';

const NOW = 1_769_769_000;
const BODY = '{"event_id":"evt_1"}';

function signed(secret: string, { body = BODY, at = NOW }: { body?: string; at?: number } = {}): Record<string, string> {
  return { 'x-raxe-timestamp': String(at), 'x-raxe-signature': signPayload(secret, at, Buffer.from(body)) };
}

t.test('a webhook that is signed with the secret is verified, whatever form body and headers have', (t) => {
  const headers = signed('my_secret');
  const { 'x-raxe-timestamp': timestamp = '', 'x-raxe-signature': signature = '' } = headers;
  const at = { nowSeconds: NOW };
  t.ok(verifyWebhook(BODY, headers, 'my_secret', at));
  t.ok(verifyWebhook(Buffer.from(BODY), { 'X-Raxe-Timestamp': timestamp, 'X-Raxe-Signature': signature }, 'my_secret', at));
  t.ok(verifyWebhook(new TextEncoder().encode(BODY), new Headers(headers), 'my_secret', at));
  t.ok(verifyWebhook(BODY, { 'X-Raxe-Timestamp': [timestamp], 'X-Raxe-Signature': [signature] }, 'my_secret', at));
  t.end();
});

t.test('what was changed, is stale, unsigned or signed with another secret is refused, and the reason can be had', (t) => {
  const at = { nowSeconds: NOW };
  t.equal(checkWebhook(`${BODY}\n`, signed('my_secret'), 'my_secret', at), 'mismatch');
  t.equal(checkWebhook(BODY, signed('other'), 'my_secret', at), 'mismatch');
  t.equal(checkWebhook(BODY, { ...signed('my_secret'), 'x-raxe-timestamp': String(NOW + 1) }, 'my_secret', at), 'mismatch', 'the timestamp is signed too');
  t.equal(checkWebhook(BODY, {}, 'my_secret', at), 'missing');
  t.equal(checkWebhook(BODY, { 'x-raxe-signature': 'sha256=00' }, 'my_secret', at), 'missing');
  const twice = { 'X-Raxe-Timestamp': String(NOW), ...signed('my_secret') };
  t.equal(checkWebhook(BODY, twice, 'my_secret', at), 'missing', 'a header that came twice is none');
  t.equal(checkWebhook(BODY, { ...signed('my_secret'), 'x-raxe-timestamp': 'soon' }, 'my_secret', at), 'bad_timestamp');
  for (const [age, verdict] of [[300, 'valid'], [301, 'expired'], [-60, 'valid'], [-61, 'expired']] as const) {
    t.equal(checkWebhook(BODY, signed('my_secret', { at: NOW - age }), 'my_secret', at), verdict, `${age} s old`);
  }
  t.equal(checkWebhook(BODY, signed('my_secret', { at: NOW - 20 }), 'my_secret', { ...at, toleranceSeconds: 10 }), 'expired');
  t.notOk(verifyWebhook(BODY, signed('my_secret'), 'my_secret'), 'without a time it is today, and this one is old');
  t.end();
});

t.test('during a rotation both sides may know two secrets', (t) => {
  const at = { nowSeconds: NOW };
  const both = { ...signed('new'), 'x-raxe-signature-previous': signed('old')['x-raxe-signature'] };
  t.ok(verifyWebhook(BODY, both, 'old', at), 'a receiver that has only the old one');
  t.ok(verifyWebhook(BODY, both, 'new', at));
  t.ok(verifyWebhook(BODY, signed('old'), ['new', 'old'], at), 'a sender that has only the old one');
  t.notOk(verifyWebhook(BODY, signed('older'), ['new', 'old'], at));
  t.end();
});

t.test('misuse throws: a parsed body and a missing secret cannot be told from an attack otherwise', (t) => {
  const parsed = JSON.parse(BODY) as Uint8Array;
  t.throws(() => verifyWebhook(parsed, signed('s'), 's'), { name: 'TypeError', message: /JSON parser/ });
  for (const secret of ['', [], ['s', ''], undefined as unknown as string]) t.throws(() => verifyWebhook(BODY, signed(''), secret), { name: 'TypeError', message: /secret is empty/ });
  t.end();
});

t.test('no request without the secret is ever verified, and none makes it throw', (t) => {
  fc.assert(fc.property(fc.uint8Array(), fc.dictionary(fc.constantFrom('X-Raxe-Timestamp', 'x-raxe-signature', 'X-RAXE-SIGNATURE-PREVIOUS', 'a'), fc.oneof(fc.string(), fc.constant(String(NOW)), fc.array(fc.string()))), (body, headers) => {
    assert.equal(verifyWebhook(body, headers, 'my_secret', { nowSeconds: NOW }), false);
  }));
  t.end();
});

for (const [framework, index] of [['express', 0], ['fastify', 1]] as const) {
  t.test(`the README's receiver with ${framework} takes what is signed, once, and refuses the rest`, async (t) => {
    const project = makeProject([framework]);
    const { app: port } = await freePorts(['app']);
    const code = readmeBlocks('Receive webhooks', 'js')[index] ?? '';
    t.match(code, `from '${framework}'`);
    const app = spawn(process.execPath, [project.write('app.mjs', code)], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, PORT: String(port), RAXE_WEBHOOK_SECRET: 'my_secret' } });
    t.teardown(async () => {
      const ended = once(app, 'exit');
      if (app.kill()) await ended;
      project.remove();
    });
    let output = '';
    app.stdout.on('data', (chunk: Buffer) => { output += chunk.toString(); });
    const send = async (body: string, headers: Record<string, string>): Promise<number> => {
      const response = await fetch(`http://127.0.0.1:${port}/raxe/alerts`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
      await response.arrayBuffer();
      return response.status;
    };
    await eventually('the receiver listens', () => send('{}', {}).then((status) => status === 401, () => false));
    const at = Math.floor(Date.now() / 1000);
    const event = JSON.stringify({ event_type: 'scan', event_id: 'evt_01', payload: { text: 'ä'.repeat(300_000) } });
    t.equal(await send(event, signed('my_secret', { body: event, at })), 200, 'a large one');
    t.equal(await send(event, signed('my_secret', { body: event, at })), 200, 'again: answered, and not handled twice');
    t.equal(await send(event.replace('evt_01', 'evt_02'), signed('my_secret', { body: event, at })), 401);
    t.equal(await send(event, signed('other', { body: event, at })), 401);
    t.equal(await send('not JSON', {}), 401);
    t.equal((await fetch(`http://127.0.0.1:${port}/raxe/alerts`, { method: 'POST' })).status, 401, 'nothing at all');
    await eventually('the event is shown', () => output.includes('evt_01'));
    t.equal(output.split('evt_01').length - 1, 1);
    t.notMatch(output, 'evt_02');
  });
}
