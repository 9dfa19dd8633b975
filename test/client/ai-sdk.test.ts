import t from 'tap';
import type { Test } from 'tap';
import type { LanguageModelV3GenerateResult, LanguageModelV3StreamPart, LanguageModelV3StreamResult } from '@ai-sdk/provider';
import { generateText, simulateReadableStream, stepCountIs, streamText, tool, wrapLanguageModel } from 'ai';
import type { LanguageModel, ModelMessage } from 'ai';
import { MockLanguageModelV3 } from 'ai/test';
import { z } from 'zod';
import { raxedMiddleware } from '../../src/client/ai-sdk.js';
import type { FrameworkOptions } from '../../src/client/ai-sdk.js';
import { ThreatBlockedError } from '../../src/client/raxed.js';
import { absentSocket, protectedSite, recordingClient, SECRET } from '../fixtures/protected-site.js';
import type { RecordingRaxed } from '../fixtures/protected-site.js';

const site = await protectedSite(t);

type Content = LanguageModelV3GenerateResult['content'];

const USAGE = { inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 }, outputTokens: { total: 1, text: 1, reasoning: 0 } };

function generated(content: Content): LanguageModelV3GenerateResult {
  return { content, finishReason: { unified: content.some(({ type }) => type === 'tool-call') ? 'tool-calls' : 'stop', raw: undefined }, usage: USAGE, warnings: [] };
}

function streamed(content: Content): LanguageModelV3StreamResult {
  const parts = content.flatMap((part): LanguageModelV3StreamPart[] => {
    if (part.type === 'text') return [{ type: 'text-start', id: '1' }, ...(part.text.match(/[^]{1,5}/g) ?? []).map((delta) => ({ type: 'text-delta', id: '1', delta }) as const), { type: 'text-end', id: '1' }];
    return part.type === 'tool-call' || part.type === 'tool-result' ? [part] : [];
  });
  const { finishReason, usage } = generated(content);
  return { stream: simulateReadableStream<LanguageModelV3StreamPart>({ chunks: [{ type: 'stream-start', warnings: [] }, ...parts, { type: 'finish', finishReason, usage }], initialDelayInMs: null, chunkDelayInMs: null }) };
}

interface Setup { readonly mock: MockLanguageModelV3; readonly model: LanguageModel; readonly raxed: RecordingRaxed }

/** A model that says one content after the other, and the last one again and again. */
function setup(t: Test, contents: Content[], options: FrameworkOptions = {}): Setup {
  const raxed = recordingClient(t, site);
  let turn = 0;
  const next = (): Content => contents[Math.min(turn++, contents.length - 1)] ?? [];
  const mock = new MockLanguageModelV3({ doGenerate: () => Promise.resolve(generated(next())), doStream: () => Promise.resolve(streamed(next())) });
  return { mock, raxed, model: wrapLanguageModel({ model: mock, middleware: raxedMiddleware({ client: raxed, ...options }) }) };
}

const PARIS: Content = [{ type: 'text', text: 'The capital is Paris.' }];
const LOOKS: Content = [{ type: 'text', text: 'I look.' }, { type: 'tool-call', toolCallId: 'call_1', toolName: 'weather', input: '{"city":"Paris"}' }];
const ASKED = { system: 'Be brief.', prompt: 'What is the capital of France?' };
const JUDGED = { systemPrompt: 'Be brief.', prompt: ASKED.prompt };

function weather(ran: string[], result = '21 degrees'): { weather: ReturnType<typeof tool<{ city: string }, string>> } {
  return { weather: tool({ description: 'The weather', inputSchema: z.object({ city: z.string() }), execute: ({ city }) => { ran.push(city); return result; } }) };
}

/** The text that came, and the error that a reader is told: as a part where the model was not called, else it ends the stream. */
async function read(options: Parameters<typeof streamText>[0]): Promise<{ text: string; error: unknown }> {
  let text = '';
  let error: unknown;
  try {
    for await (const part of streamText({ ...options, onError: () => undefined }).fullStream) {
      if (part.type === 'text-delta') text += part.text;
      if (part.type === 'error') error = part.error;
    }
  } catch (thrown) {
    error = thrown;
  }
  return { text, error };
}

t.test('a harmless exchange passes unchanged, and is judged in two calls: what is asked, what is answered', async (t) => {
  const { mock, model, raxed } = setup(t, [PARIS]);
  t.equal((await generateText({ model, ...ASKED })).text, 'The capital is Paris.');
  t.strictSame(await read({ model, ...ASKED }), { text: 'The capital is Paris.', error: undefined });
  t.strictSame(raxed.scans, [JUDGED, { response: 'The capital is Paris.' }, JUDGED, { response: 'The capital is Paris.' }]);
  await generateText({ model: mock, ...ASKED });
  const [guarded, plain] = [mock.doGenerateCalls[0]?.prompt, mock.doGenerateCalls[1]?.prompt];
  t.strictSame(guarded, plain);
});

t.test('a blocked prompt never reaches the model, and the error holds no text', async (t) => {
  const { mock, model, raxed } = setup(t, [PARIS]);
  const file = (data: string | Uint8Array): ModelMessage[] => [{ role: 'user', content: [{ type: 'text', text: 'Summarise it' }, { type: 'file', mediaType: 'text/plain', data }] }];
  for (const asked of [
    { prompt: SECRET },
    { system: SECRET, prompt: 'Hello' },
    { messages: [{ role: 'user', content: [{ type: 'text', text: 'Look:' }, { type: 'text', text: SECRET }] }] satisfies ModelMessage[] },
    { messages: file(Buffer.from(SECRET).toString('base64')) },
    { messages: file(new TextEncoder().encode(SECRET)) },
  ]) {
    const error: unknown = await generateText({ model, ...asked }).then(() => undefined, (thrown: unknown) => thrown);
    t.ok(error instanceof ThreatBlockedError);
    t.notMatch(String(error), /everything about/);
    t.ok((await read({ model, ...asked })).error instanceof ThreatBlockedError);
  }
  t.equal(mock.doGenerateCalls.length + mock.doStreamCalls.length, 0);
  t.ok(raxed.outcomes.every((outcome) => !outcome.unavailable && outcome.delivery === 'spooled'), 'and the SOC is told');
  t.strictSame(raxed.scans.at(-1), { prompt: 'Summarise it', ragContext: SECRET }, 'a file is data');
});

t.test('tools: each call and each result is judged once', async (t) => {
  for (const run of [
    async (model: LanguageModel, ran: string[]): Promise<string> => (await generateText({ model, ...ASKED, tools: weather(ran), stopWhen: stepCountIs(3) })).text,
    async (model: LanguageModel, ran: string[]): Promise<string> => (await read({ model, ...ASKED, tools: weather(ran), stopWhen: stepCountIs(3) })).text.replace('I look.', ''),
  ]) {
    const ran: string[] = [];
    const { model, raxed } = setup(t, [LOOKS, PARIS]);
    t.equal(await run(model, ran), 'The capital is Paris.');
    t.strictSame(ran, ['Paris']);
    t.strictSame(raxed.scans, [
      JUDGED, { response: 'I look.', toolCalls: [{ name: 'weather', args: { city: 'Paris' } }] },
      { systemPrompt: 'Be brief.', toolCalls: [{ name: 'weather', args: {}, result: '21 degrees' }] }, { response: 'The capital is Paris.' },
    ]);
  }
});

t.test('a blocked tool call does not run, and a blocked result does not reach the model', async (t) => {
  const bad: Content = [{ type: 'tool-call', toolCallId: 'call_1', toolName: 'weather', input: JSON.stringify({ city: SECRET }) }];
  const ran: string[] = [];
  for (const again of [1, 2]) {
    const { model } = setup(t, [bad]);
    if (again === 1) await t.rejects(generateText({ model, ...ASKED, tools: weather(ran) }), ThreatBlockedError);
    else t.ok((await read({ model, ...ASKED, tools: weather(ran) })).error instanceof ThreatBlockedError);
    t.strictSame(ran, []);
  }
  const { mock, model } = setup(t, [LOOKS, PARIS]);
  await t.rejects(generateText({ model, ...ASKED, tools: weather(ran, SECRET), stopWhen: stepCountIs(3) }), ThreatBlockedError);
  t.equal(mock.doGenerateCalls.length, 1);
  const streaming = setup(t, [LOOKS, PARIS]);
  t.ok((await read({ model: streaming.model, ...ASKED, tools: weather(ran, SECRET), stopWhen: stepCountIs(3) })).error instanceof ThreatBlockedError);
  t.equal(streaming.mock.doStreamCalls.length, 1);
});

t.test('a blocked answer does not come back, and a stream of one does not end', async (t) => {
  const { model } = setup(t, [[{ type: 'text', text: SECRET }]]);
  await t.rejects(generateText({ model, ...ASKED }), ThreatBlockedError);
  const { text, error } = await read({ model, ...ASKED });
  t.equal(text, SECRET);
  t.ok(error instanceof ThreatBlockedError);
  await t.rejects(async () => await streamText({ model, ...ASKED }).text, ThreatBlockedError);
  const searched = setup(t, [[{ type: 'tool-call', toolCallId: 's', toolName: 'search', input: '{}', providerExecuted: true }, { type: 'tool-result', toolCallId: 's', toolName: 'search', result: { page: SECRET } }]]);
  await t.rejects(generateText({ model: searched.model, ...ASKED }), ThreatBlockedError, 'also what a tool at the provider found');
  t.strictSame(searched.raxed.scans[1], { toolCalls: [{ name: 'search', args: {} }, { name: 'search', args: {}, result: { page: SECRET } }] });
});

t.test('what was read of a stream that is left early is judged', async (t) => {
  const { mock, raxed } = setup(t, [[{ type: 'text', text: SECRET }]]);
  const { stream } = await raxedMiddleware({ client: raxed }).wrapStream({ doStream: () => mock.doStream({ prompt: [] }), params: { prompt: [] } });
  const reader = stream.getReader();
  for (let parts = 0; parts < 11; parts++) await reader.read();
  await t.rejects(reader.cancel(), ThreatBlockedError);
  t.strictSame(raxed.scans, [{ response: SECRET }]);
});

t.test('a stream that cannot be read is refused, not passed on unjudged', async (t) => {
  const { raxed } = setup(t, [PARIS]);
  await t.rejects(raxedMiddleware({ client: raxed }).wrapStream({ doStream: () => Promise.resolve({ stream: {} }), params: { prompt: [] } }), { code: 'BAD_REQUEST' });
});

t.test('of a history only what is new is judged, unless all of it is wanted', async (t) => {
  const { mock, model, raxed } = setup(t, [PARIS]);
  const messages: ModelMessage[] = [
    { role: 'user', content: SECRET }, { role: 'assistant', content: [{ type: 'text', text: 'I look.' }, { type: 'tool-call', toolCallId: 'call_1', toolName: 'web', input: { url: 'x' } }] },
    { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'call_1', toolName: 'web', output: { type: 'content', value: [{ type: 'text', text: 'A page' }] } }] },
    { role: 'assistant', content: 'It is a page.' }, { role: 'user', content: 'Thanks' },
  ];
  await generateText({ model, messages });
  t.strictSame(raxed.scans[0], { prompt: 'Thanks' });
  const whole = wrapLanguageModel({ model: mock, middleware: raxedMiddleware({ client: raxed, history: true }) });
  await t.rejects(generateText({ model: whole, messages }), ThreatBlockedError);
  t.strictSame(raxed.scans.at(-1), {
    prompt: `${SECRET}\n\nThanks`, response: 'I look.\n\nIt is a page.', toolCalls: [{ name: 'web', args: { url: 'x' } }, { name: 'web', args: {}, result: 'A page' }],
  });
});

t.test('an aborted call ends with its reason, and the model is not asked', async (t) => {
  const { mock, model } = setup(t, [PARIS]);
  const stop = new AbortController();
  const call = generateText({ model, ...ASKED, abortSignal: stop.signal });
  stop.abort();
  await t.rejects(call, { name: 'AbortError' });
  t.equal(mock.doGenerateCalls.length, 0);
});

t.test('no daemon: the application goes on, unless it wants to be stopped', async (t) => {
  const { mock } = setup(t, [PARIS]);
  const socketPath = absentSocket(t);
  const guarded = (options: FrameworkOptions): LanguageModel => wrapLanguageModel({ model: mock, middleware: raxedMiddleware({ socketPath, ...options }) });
  t.equal((await generateText({ model: guarded({}), prompt: SECRET })).text, 'The capital is Paris.');
  t.equal((await read({ model: guarded({}), prompt: SECRET })).text, 'The capital is Paris.');
  await t.rejects(generateText({ model: guarded({ failOpen: false }), prompt: SECRET }), { code: 'DAEMON_UNREACHABLE' });
  t.match((await read({ model: guarded({ failOpen: false }), prompt: SECRET })).error, { code: 'DAEMON_UNREACHABLE' });
  t.equal(mock.doGenerateCalls.length + mock.doStreamCalls.length, 2);
});

t.test('with block "never" threats are reported and nothing is stopped', async (t) => {
  const { model, raxed } = setup(t, [[{ type: 'text', text: SECRET }]], { block: 'never' });
  t.equal((await generateText({ model, prompt: SECRET })).text, SECRET);
  t.strictSame(await read({ model, prompt: SECRET }), { text: SECRET, error: undefined });
  t.strictSame(raxed.outcomes.map(({ action_taken }) => action_taken), ['block', 'block', 'block', 'block']);
});
