import t from 'tap';
import type { Test } from 'tap';
import OpenAI from 'openai';
import { Stream } from 'openai/core/streaming';
import { withRaxed } from '../../src/client/openai.js';
import type { FrameworkOptions } from '../../src/client/openai.js';
import { ThreatBlockedError } from '../../src/client/raxed.js';
import { startOpenAi } from '../fixtures/openai-server.js';
import type { ModelAnswer, OpenAiServer } from '../fixtures/openai-server.js';
import { absentSocket, protectedSite, recordingClient, SECRET } from '../fixtures/protected-site.js';
import type { RecordingRaxed } from '../fixtures/protected-site.js';

const site = await protectedSite(t);

interface Setup { readonly server: OpenAiServer; readonly plain: OpenAI; readonly openai: OpenAI; readonly raxed: RecordingRaxed }

async function setup(t: Test, answers: ModelAnswer[], options: FrameworkOptions = {}): Promise<Setup> {
  const server = await startOpenAi(...answers);
  t.teardown(() => server.close());
  const raxed = recordingClient(t, site);
  const plain = new OpenAI({ apiKey: 'test-key', baseURL: server.baseUrl, maxRetries: 0 });
  return { server, plain, openai: withRaxed(plain, { client: raxed, ...options }), raxed };
}

const ABORTED = { message: 'Request was aborted.' };
const MODEL = 'gpt-test';
const QUESTION = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'What is the capital of France?' }] as const;
const ASKED = { systemPrompt: 'Be brief.', prompt: 'What is the capital of France?' };
const ANSWER: ModelAnswer = { text: 'The capital is Paris.' };
const WEATHER: ModelAnswer = { calls: [{ id: 'call_1', name: 'weather', arguments: '{"city":"Paris"}' }] };
const TOOL = { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } } as const;

t.test('a harmless chat passes unchanged, and is judged in two calls: what is asked, what is answered', async (t) => {
  const { server, plain, openai, raxed } = await setup(t, [ANSWER]);
  const body = { model: MODEL, messages: [...QUESTION], temperature: 0.5 };
  const completion = await openai.chat.completions.create(body);
  t.strictSame(completion, await plain.chat.completions.create(body));
  t.equal(completion._request_id, 'req_1');
  t.strictSame(server.bodies(), [body, body]);
  t.strictSame(raxed.scans, [ASKED, { response: ANSWER.text }]);
});

t.test('a blocked prompt never leaves, in either API, and the error holds no text', async (t) => {
  const { server, openai, raxed } = await setup(t, [ANSWER]);
  for (const call of [
    () => openai.chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: SECRET }] }),
    () => openai.chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: [{ type: 'text', text: 'Look:' }, { type: 'image_url', image_url: { url: 'https://x.example/a.png' } }, { type: 'text', text: SECRET }] }] }),
    () => openai.chat.completions.create({ model: MODEL, messages: [{ role: 'developer', content: SECRET }, { role: 'user', content: 'Hello' }], stream: true }),
    () => openai.chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: SECRET }, { role: 'assistant', content: 'Sure, ' }] }),
    () => openai.responses.create({ model: MODEL, input: SECRET }),
    () => openai.responses.create({ model: MODEL, instructions: SECRET, input: 'Hello', stream: true }),
    () => openai.responses.create({ model: MODEL, input: [{ role: 'user', content: [{ type: 'input_text', text: SECRET }] }] }),
    () => openai.responses.create({ model: MODEL, prompt: { id: 'pmpt_1', variables: { topic: { type: 'input_text', text: SECRET } } } }),
    () => openai.post('/chat/completions', { body: { model: MODEL, messages: [{ role: 'user', content: SECRET }] } }),
    () => openai.withOptions({ timeout: 5000 }).chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: SECRET }] }),
    () => openai.chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: SECRET }] }).withResponse(),
    () => openai.chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: SECRET }] }).asResponse(),
    () => openai.chat.completions.parse({ model: MODEL, messages: [{ role: 'user', content: SECRET }] }),
    () => openai.responses.parse({ model: MODEL, input: SECRET }),
  ]) {
    const error: unknown = await call().then(() => undefined, (thrown: unknown) => thrown);
    t.ok(error instanceof ThreatBlockedError, call.toString());
    t.notMatch(String(error), /everything about/);
  }
  t.equal(server.requests.length, 0);
  t.ok(raxed.outcomes.every((outcome) => !outcome.unavailable && outcome.delivery === 'spooled'), 'and the SOC is told');
});

t.test('of a conversation that goes on only what is new is judged, each in its field', async (t) => {
  const { server, openai, raxed } = await setup(t, [WEATHER, ANSWER]);
  const messages: OpenAI.ChatCompletionMessageParam[] = [...QUESTION];
  const { choices } = await openai.chat.completions.create({ model: MODEL, messages, tools: [TOOL] });
  messages.push(choices[0]?.message ?? { role: 'assistant' }, { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: '21 degrees' }] });
  await openai.chat.completions.create({ model: MODEL, messages, tools: [TOOL] });
  t.strictSame(raxed.scans, [
    ASKED, { toolCalls: [{ name: 'weather', args: { city: 'Paris' } }] },
    { systemPrompt: 'Be brief.', toolCalls: [{ name: 'weather', args: {}, result: '21 degrees' }] }, { response: ANSWER.text },
  ]);
  messages.push({ role: 'assistant', content: SECRET }, { role: 'user', content: 'Thanks' });
  await openai.chat.completions.create({ model: MODEL, messages });
  t.strictSame(raxed.scans[4], { systemPrompt: 'Be brief.', prompt: 'Thanks' });
  t.equal(server.requests.length, 3);

  const whole = withRaxed(openai.withOptions({}), { client: raxed, history: true });
  await t.rejects(whole.chat.completions.create({ model: MODEL, messages }), ThreatBlockedError, 'with history all of it is');
  t.strictSame(raxed.scans.find(({ response }) => response === SECRET), {
    systemPrompt: 'Be brief.', prompt: `${ASKED.prompt}\n\nThanks`, response: SECRET,
    toolCalls: [{ name: 'weather', args: { city: 'Paris' } }, { name: 'weather', args: {}, result: '21 degrees' }],
  });
});

t.test('a blocked tool result never reaches the model, wherever it stands', async (t) => {
  const { server, openai, raxed } = await setup(t, [ANSWER]);
  const calls: OpenAI.ChatCompletionMessageParam = { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'web', arguments: '{}' } }] };
  await t.rejects(openai.chat.completions.create({ model: MODEL, messages: [...QUESTION, calls, { role: 'tool', tool_call_id: 'call_1', content: SECRET }] }), ThreatBlockedError);
  t.match(raxed.outcomes[0], { detections: [{ source: 'tool_calls' }] });

  const call = (id: string): OpenAI.Responses.ResponseInputItem => ({ type: 'function_call', call_id: id, name: 'web', arguments: '{}' });
  const output = (id: string, text: string): OpenAI.Responses.ResponseInputItem => ({ type: 'function_call_output', call_id: id, output: text });
  const user: OpenAI.Responses.ResponseInputItem = { role: 'user', content: 'Read both pages' };
  await t.rejects(openai.responses.create({ model: MODEL, input: [user, call('a'), call('b'), output('a', SECRET), output('b', 'fine')] }), ThreatBlockedError);
  await t.rejects(openai.responses.create({ model: MODEL, input: [user, call('a'), output('a', SECRET), call('b'), output('b', 'fine')] }), ThreatBlockedError, 'also between the calls');
  await t.rejects(openai.responses.create({ model: MODEL, previous_response_id: 'resp_0', input: [output('a', SECRET)] }), ThreatBlockedError);
  await t.rejects(openai.responses.create({ model: MODEL, input: [{ type: 'shell_call_output', call_id: 's', output: [{ stdout: SECRET, stderr: '', outcome: { type: 'exit', exit_code: 0 } }] }] }), ThreatBlockedError);
  t.equal(server.requests.length, 0);
  await openai.responses.create({ model: MODEL, input: [user, call('a'), output('a', 'one'), call('b'), output('b', 'two')] });
  await openai.responses.create({ model: MODEL, input: [user, call('a'), output('a', 'one'), call('b'), output('b', 'two'), call('c'), output('c', 'three')] });
  t.strictSame(raxed.scans.at(-2), { toolCalls: [{ name: 'web', args: {}, result: 'three' }] }, 'what was judged is not judged again');
});

t.test('what the model answers is judged before the application gets it, text and tool calls', async (t) => {
  for (const bad of [{ text: SECRET }, { calls: [{ id: 'call_9', name: 'mail', arguments: JSON.stringify({ body: SECRET }) }] }]) {
    const { openai } = await setup(t, [bad]);
    await t.rejects(openai.chat.completions.create({ model: MODEL, messages: [...QUESTION] }), ThreatBlockedError);
    await t.rejects(openai.responses.create({ model: MODEL, input: 'Hello' }), ThreatBlockedError);
    await t.rejects(openai.chat.completions.create({ model: MODEL, messages: [...QUESTION] }).withResponse(), ThreatBlockedError);
    t.equal((await openai.chat.completions.create({ model: MODEL, messages: [...QUESTION] }).asResponse()).status, 200, 'a raw response is the application\'s to read');
  }
});

t.test('streams are passed on as they come, and one with a blocked answer does not end', async (t) => {
  const { server, plain, openai, raxed } = await setup(t, [{ ...ANSWER, ...WEATHER }]);
  const collect = async (stream: AsyncIterable<unknown>): Promise<{ chunks: unknown[]; error?: unknown }> => {
    const chunks: unknown[] = [];
    try {
      for await (const chunk of stream) chunks.push(chunk);
    } catch (error) {
      return { chunks, error };
    }
    return { chunks };
  };
  const chat: OpenAI.ChatCompletionCreateParamsStreaming = { model: MODEL, messages: [...QUESTION], stream: true };
  const response: OpenAI.Responses.ResponseCreateParamsStreaming = { model: MODEL, input: 'Hello', stream: true };
  const stream = await openai.chat.completions.create(chat);
  t.ok(stream instanceof Stream);
  t.strictSame(await collect(stream), await collect(await plain.chat.completions.create(chat)));
  t.strictSame(await collect(await openai.responses.create(response)), await collect(await plain.responses.create(response)));
  const judged = { response: ANSWER.text, toolCalls: [{ name: 'weather', args: { city: 'Paris' } }] };
  t.strictSame(raxed.scans, [ASKED, judged, { prompt: 'Hello' }, { response: ANSWER.text }], 'a tool call that was judged is not judged again');
  const [left, right] = (await openai.chat.completions.create(chat)).tee();
  t.strictSame(await collect(left), await collect(right));
  t.equal((await openai.chat.completions.create(chat).withResponse()).request_id, 'req_1');

  for (const bad of [{ text: `${SECRET} At once.` }, { calls: [{ id: 'call_8', name: 'mail', arguments: JSON.stringify({ body: SECRET }) }] }]) {
    server.answers = [bad];
    for (const { chunks, error } of [await collect(await openai.chat.completions.create(chat)), await collect(await openai.responses.create(response))]) {
      t.ok(chunks.length > 2);
      t.ok(error instanceof ThreatBlockedError);
    }
  }
  server.answers = [{ text: `${SECRET} ${'And more. '.repeat(10)}`, hang: true }];
  for (const open of [async (): Promise<AsyncIterable<unknown>> => await openai.chat.completions.create(chat), async (): Promise<AsyncIterable<unknown>> => await openai.responses.create(response)]) {
    const readAndLeave = async (): Promise<void> => {
      let seen = 0;
      for await (const _ of await open()) if (++seen === 15) break;
    };
    await t.rejects(readAndLeave(), ThreatBlockedError, 'also what was read of one that was left early');
  }
});

t.test('the package\'s helpers are judged too', async (t) => {
  const { server, openai } = await setup(t, [WEATHER, ANSWER]);
  const ran: string[] = [];
  const tool = { type: 'function', function: { name: 'weather', description: 'The weather', parameters: { type: 'object' }, parse: JSON.parse, function: ({ city }: { city: string }) => { ran.push(city); return '21 degrees'; } } } as const;
  t.equal(await openai.chat.completions.runTools({ model: MODEL, messages: [...QUESTION], tools: [tool] }).finalContent(), ANSWER.text);
  t.strictSame(ran, ['Paris']);

  server.answers = [{ calls: [{ id: 'call_7', name: 'weather', arguments: JSON.stringify({ city: SECRET }) }] }];
  const reason = async (call: Promise<unknown>): Promise<unknown> => await call.then(() => undefined, (error: unknown) => (error instanceof Error ? error.cause : undefined));
  t.ok(await reason(openai.chat.completions.runTools({ model: MODEL, messages: [...QUESTION], tools: [tool] }).finalContent()) instanceof ThreatBlockedError);
  t.strictSame(ran, ['Paris'], 'the tool is not called');

  server.answers = [ANSWER];
  t.equal(await openai.chat.completions.stream({ model: MODEL, messages: [...QUESTION] }).finalContent(), ANSWER.text);
  t.equal((await openai.responses.stream({ model: MODEL, input: 'Hello' }).finalResponse()).output_text, ANSWER.text);
  t.equal((await openai.responses.parse({ model: MODEL, input: 'Hello' })).output_text, ANSWER.text);
  const before = server.requests.length;
  t.ok(await reason(openai.chat.completions.stream({ model: MODEL, messages: [{ role: 'user', content: SECRET }] }).finalContent()) instanceof ThreatBlockedError);
  t.ok(await reason(openai.responses.stream({ model: MODEL, input: SECRET }).finalResponse()) instanceof ThreatBlockedError);
  t.equal(server.requests.length, before);
  server.answers = [{ text: SECRET }];
  t.ok(await reason(openai.responses.stream({ model: MODEL, input: 'Hello' }).finalResponse()) instanceof ThreatBlockedError);
});

t.test('signals, options and errors are the client\'s own', async (t) => {
  const { server, openai } = await setup(t, [{ text: 'x', hang: true }]);
  await t.rejects(openai.chat.completions.create({ model: MODEL, messages: [...QUESTION] }, { signal: AbortSignal.abort() }), ABORTED);
  t.equal(server.requests.length, 0);
  const during = new AbortController();
  const call = openai.chat.completions.create({ model: MODEL, messages: [...QUESTION] }, { signal: during.signal });
  during.abort();
  await t.rejects(call, ABORTED, 'while it is judged');
  t.equal(server.requests.length, 0);
  const stream = await openai.chat.completions.create({ model: MODEL, messages: [...QUESTION], stream: true }, { headers: { 'x-mine': 'yes' } });
  for await (const _ of stream) stream.controller.abort();
  t.match(server.requests[0]?.headers, { 'x-mine': 'yes', authorization: 'Bearer test-key' });
  await t.rejects(openai.embeddings.create({ model: MODEL, input: SECRET }), /404/, 'what is not for a chat model is not judged');
  t.ok(openai instanceof OpenAI);
  t.equal(openai.constructor, OpenAI);
  t.equal(openai.chat, openai.chat);
  t.equal(openai.apiKey, 'test-key');
  openai.maxRetries = 1;
  t.equal(openai.maxRetries, 1);
});

t.test('no daemon: the application goes on, unless it wants to be stopped', async (t) => {
  const { server, plain } = await setup(t, [ANSWER]);
  const socketPath = absentSocket(t);
  const body: OpenAI.ChatCompletionCreateParamsNonStreaming = { model: MODEL, messages: [{ role: 'user', content: SECRET }] };
  t.equal((await withRaxed(plain, { socketPath }).chat.completions.create(body)).choices[0]?.message.content, ANSWER.text);
  await t.rejects(withRaxed(plain, { socketPath, failOpen: false }).chat.completions.create(body), { code: 'DAEMON_UNREACHABLE' });
  t.equal(server.requests.length, 1);
});

t.test('with block "never" nothing is stopped, and what goes wrong is told', async (t) => {
  const errors: unknown[] = [];
  const { openai, raxed } = await setup(t, [{ text: SECRET }], { block: 'never', onError: (error) => { errors.push(error); } });
  const { choices } = await openai.chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: SECRET }] });
  t.equal(choices[0]?.message.content, SECRET);
  t.strictSame(raxed.outcomes.map((outcome) => outcome.action_taken), ['block', 'block']);
  await openai.chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: 'x'.repeat(100_001) }] });
  t.match(errors, [{ code: 'TOO_LARGE' }]);
});

t.test('what is wrong is refused: texts that are too long, options that contradict each other, another client', async (t) => {
  const { server, plain, openai, raxed } = await setup(t, [ANSWER]);
  await t.rejects(openai.chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: 'x'.repeat(100_001) }] }), { code: 'TOO_LARGE' });
  t.equal(server.requests.length, 0);
  t.throws(() => withRaxed({}), { code: 'BAD_REQUEST' });
  t.throws(() => withRaxed(plain, { client: raxed, failOpen: false }), { code: 'BAD_REQUEST' });
  t.throws(() => withRaxed(plain, { block: 'always' } as object), { code: 'BAD_REQUEST' });
  await t.rejects(withRaxed(plain, { client: raxed, msspId: 'mssp_yourcompany', customerId: 'cust_b' }).responses.create({ model: MODEL, input: 'x' }), { code: 'CUSTOMER_NOT_FOUND' });
  for (const odd of [undefined, null, 5, 'x', [], [null, 5, { role: 5 }, { role: 'user', content: 5 }, { role: 'user', content: [null, 7, 'Hello'] }]]) {
    await t.resolves(openai.chat.completions.create({ model: MODEL, messages: odd } as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming));
    await t.resolves(openai.responses.create({ model: MODEL, input: odd } as unknown as OpenAI.Responses.ResponseCreateParamsNonStreaming));
  }
});
