import t from 'tap';
import type { Test } from 'tap';
import { CallbackManager } from '@langchain/core/callbacks/manager';
import { Document } from '@langchain/core/documents';
import { AIMessage, AIMessageChunk, ChatMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import { StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { DynamicTool, tool } from '@langchain/core/tools';
import { FakeListChatModel, FakeLLM, FakeRetriever, FakeStreamingChatModel } from '@langchain/core/utils/testing';
import { z } from 'zod';
import { createLangChainHandler } from '../../src/client/langchain.js';
import type { FrameworkOptions, LangChainHandler } from '../../src/client/langchain.js';
import { ThreatBlockedError } from '../../src/client/raxed.js';
import { absentSocket, protectedSite, recordingClient, SECRET } from '../fixtures/protected-site.js';
import type { RecordingRaxed } from '../fixtures/protected-site.js';

const site = await protectedSite(t);

function setup(t: Test, options: FrameworkOptions = {}): { raxed: RecordingRaxed; handler: LangChainHandler } {
  const raxed = recordingClient(t, site);
  return { raxed, handler: createLangChainHandler({ client: raxed, ...options }) };
}

/** LangChain prints what a handler throws. */
function printed(t: Test): () => string {
  const said = t.capture(console, 'error');
  return () => said().flatMap(({ args }) => args.map(String)).join('\n');
}

async function drain(stream: AsyncIterable<AIMessageChunk>): Promise<string> {
  let text = '';
  for await (const { content } of stream) text += String(content);
  return text;
}

class CountingModel extends FakeListChatModel {
  calls = 0;

  override async _generate(...args: Parameters<FakeListChatModel['_generate']>): ReturnType<FakeListChatModel['_generate']> {
    this.calls++;
    return await super._generate(...args);
  }

  override async* _streamResponseChunks(...args: Parameters<FakeListChatModel['_streamResponseChunks']>): ReturnType<FakeListChatModel['_streamResponseChunks']> {
    this.calls++;
    yield* super._streamResponseChunks(...args);
  }
}

t.test('a chain runs unchanged, and each text is judged as what it is', async (t) => {
  const { raxed, handler } = setup(t);
  const chain = ChatPromptTemplate.fromMessages([['system', 'Be brief.'], ['human', '{question}']])
    .pipe(new CountingModel({ responses: ['The capital is Paris.'] })).pipe(new StringOutputParser());
  t.equal(await chain.invoke({ question: 'What is the capital of France?' }, { callbacks: [handler] }), 'The capital is Paris.');
  t.strictSame(raxed.scans, [{ systemPrompt: 'Be brief.', prompt: 'What is the capital of France?' }, { response: 'The capital is Paris.' }]);
});

t.test('a blocked prompt never reaches the model: invoke, stream, batch, a plain LLM, a handler of the model or of the call', async (t) => {
  const { raxed, handler } = setup(t);
  const said = printed(t);
  const model = new CountingModel({ responses: ['Yes'] });
  const guarded = new CountingModel({ responses: ['Yes'], callbacks: [handler] });
  const config = { callbacks: [handler] };
  await t.rejects(model.invoke(SECRET, config), ThreatBlockedError);
  await t.rejects(guarded.invoke([new SystemMessage('Be brief.'), new HumanMessage([{ type: 'text', text: SECRET }])]), ThreatBlockedError);
  await t.rejects(guarded.invoke([new SystemMessage(SECRET), new HumanMessage('Hello')]), ThreatBlockedError);
  await t.rejects(guarded.invoke([new ChatMessage({ role: 'user', content: SECRET })]), ThreatBlockedError);
  await t.rejects(model.stream(SECRET, config).then(drain), ThreatBlockedError);
  await t.rejects(model.invoke(SECRET, { callbacks: CallbackManager.configure([handler]) ?? [] }), ThreatBlockedError);
  t.equal(model.calls + guarded.calls, 0);
  const batch = await model.batch(['Hello', SECRET], config, { returnExceptions: true });
  t.ok(batch[0] instanceof AIMessage && batch[1] instanceof ThreatBlockedError);
  t.equal(model.calls, 1);
  const generate = t.capture(FakeLLM.prototype, '_call', () => Promise.resolve('Yes'));
  await t.rejects(new FakeLLM({ callbacks: [handler] }).invoke(SECRET), ThreatBlockedError);
  t.equal(generate().length, 0);
  t.match(said(), /raxed blocked it/);
  t.notMatch(said(), /everything about/, 'and no text is printed');
  t.ok(raxed.outcomes.some((outcome) => !outcome.unavailable && outcome.delivery === 'spooled'));
});

t.test('of a history only what is new is judged, unless all of it is wanted', async (t) => {
  const { raxed, handler } = setup(t);
  printed(t);
  const messages = [
    new SystemMessage('Be brief.'), new HumanMessage(SECRET), new AIMessage({ content: '', tool_calls: [{ id: 'call_1', name: 'web', args: { url: 'x' } }] }),
    new ToolMessage({ tool_call_id: 'call_1', content: '21 degrees' }),
  ];
  const model = new CountingModel({ responses: ['Fine'] });
  await model.invoke(messages, { callbacks: [handler] });
  t.strictSame(raxed.scans, [{ systemPrompt: 'Be brief.', toolCalls: [{ name: 'web', args: {}, result: '21 degrees' }] }, { response: 'Fine' }]);
  await t.rejects(model.invoke(messages, { callbacks: [createLangChainHandler({ client: raxed, history: true })] }), ThreatBlockedError);
  t.strictSame(raxed.scans[2], { systemPrompt: 'Be brief.', prompt: SECRET, toolCalls: [{ name: 'web', args: { url: 'x' } }, { name: 'web', args: {}, result: '21 degrees' }] });
});

t.test('a blocked answer does not come back, and ends a stream', async (t) => {
  const { handler } = setup(t);
  printed(t);
  const model = new CountingModel({ responses: [SECRET] });
  await t.rejects(model.invoke('Hello', { callbacks: [handler] }), ThreatBlockedError);
  const seen: string[] = [];
  await t.rejects(async () => {
    for await (const { content } of await model.stream('Hello', { callbacks: [handler] })) seen.push(String(content));
  }, ThreatBlockedError);
  t.equal(seen.join(''), SECRET);
  const calling = new FakeStreamingChatModel({ sleep: 0, chunks: [new AIMessageChunk({ content: '', tool_calls: [{ id: 'call_1', name: 'mail', args: { body: SECRET } }] })] });
  await t.rejects(calling.invoke('Hello', { callbacks: [handler] }), ThreatBlockedError);
  await t.rejects(calling.stream('Hello', { callbacks: [handler] }).then(drain), ThreatBlockedError);
});

t.test('tools: a blocked call does not run, a blocked result does not come back, and each is judged once on its way through an agent', async (t) => {
  const { raxed, handler } = setup(t);
  printed(t);
  const ran: string[] = [];
  const weather = tool(({ city }) => { ran.push(city); return city === 'Bielefeld' ? SECRET : '21 degrees'; }, { name: 'weather', description: 'The weather', schema: z.object({ city: z.string() }) });
  const config = { callbacks: [handler] };
  await t.rejects(weather.invoke({ city: SECRET }, config), ThreatBlockedError);
  t.strictSame(ran, []);
  await t.rejects(weather.invoke({ city: 'Bielefeld' }, config), ThreatBlockedError);
  t.strictSame(ran, ['Bielefeld']);
  const old = new DynamicTool({ name: 'shell', description: 'A shell', func: (input) => { ran.push(input); return Promise.resolve('done'); } });
  await t.rejects(old.invoke(SECRET, config), ThreatBlockedError);
  t.equal(ran.length, 1);

  raxed.scans.length = 0;
  const call = { id: 'call_1', name: 'weather', args: { city: 'Paris' } };
  const model = new FakeStreamingChatModel({ sleep: 0, responses: [new AIMessage('I look.')], chunks: [new AIMessageChunk({ content: '', tool_calls: [call] })] });
  const question = new HumanMessage('How warm is it in Paris?');
  const answer = await model.invoke([question], config);
  const result: unknown = await weather.invoke({ ...call, type: 'tool_call' }, config);
  t.ok(result instanceof ToolMessage);
  await new CountingModel({ responses: ['21 degrees'] }).invoke([question, answer, result as ToolMessage], config);
  t.strictSame(raxed.scans, [
    { prompt: 'How warm is it in Paris?' }, { response: 'I look.', toolCalls: [{ name: 'weather', args: { city: 'Paris' } }] },
    { toolCalls: [{ name: 'weather', args: {}, result: '21 degrees' }] }, { response: '21 degrees' },
  ]);
});

t.test('a tool that fails is forgotten', async (t) => {
  const { handler, raxed } = setup(t);
  const broken = new DynamicTool({ name: 'broken', description: 'Fails', func: () => Promise.reject(new Error('no such host')) });
  await t.rejects(broken.invoke('x', { callbacks: [handler] }), /no such host/);
  t.strictSame(raxed.scans, [{ toolCalls: [{ name: 'broken', args: { input: 'x' } }] }]);
  await handler.handleToolEnd('late', 'another run');
  t.strictSame(raxed.scans[1], { toolCalls: [{ name: 'tool', args: {}, result: 'late' }] });
});

t.test('a tool that is not called is forgotten: LangChain never says that it ended', async (t) => {
  const { handler, raxed } = setup(t);
  await t.rejects(handler.handleToolStart({}, SECRET, 'run', undefined, undefined, undefined, 'mail', 'call_1'), ThreatBlockedError);
  await handler.handleToolEnd('late', 'run');
  t.strictSame(raxed.scans[1], { toolCalls: [{ name: 'tool', args: {}, result: 'late' }] });
});

t.test('retrieved documents are judged as data, together', async (t) => {
  const { raxed, handler } = setup(t);
  printed(t);
  const documents = ['The sun shines.', 'It rains.'].map((pageContent) => new Document({ pageContent }));
  t.strictSame(await new FakeRetriever({ output: documents }).invoke('weather', { callbacks: [handler] }), documents);
  t.strictSame(raxed.scans, [{ ragContext: 'The sun shines.\n\nIt rains.' }]);
  await t.rejects(new FakeRetriever({ output: [...documents, new Document({ pageContent: SECRET })] }).invoke('weather', { callbacks: [handler] }), ThreatBlockedError);
});

t.test('no daemon: the chain goes on, unless it wants to be stopped', async (t) => {
  printed(t);
  const socketPath = absentSocket(t);
  const model = new CountingModel({ responses: ['Yes'] });
  t.equal((await model.invoke(SECRET, { callbacks: [createLangChainHandler({ socketPath })] })).content, 'Yes');
  await t.rejects(model.invoke(SECRET, { callbacks: [createLangChainHandler({ socketPath, failOpen: false })] }), { code: 'DAEMON_UNREACHABLE' });
  t.equal(model.calls, 1);
});

t.test('with block "never" threats are reported and nothing is stopped', async (t) => {
  const errors: unknown[] = [];
  const { raxed, handler } = setup(t, { block: 'never', onError: (error) => { errors.push(error); } });
  t.equal((await new CountingModel({ responses: [SECRET] }).invoke(SECRET, { callbacks: [handler] })).content, SECRET);
  t.strictSame(raxed.outcomes.map(({ action_taken }) => action_taken), ['block', 'block']);
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  await handler.handleToolEnd(circle, 'run');
  t.match(errors, [{ code: 'BAD_REQUEST' }]);
});

t.test('messages of no known shape hold no text, and harm nothing', async (t) => {
  const { handler, raxed } = setup(t);
  await handler.handleChatModelStart({}, [[{}, { type: 5 }, { type: 'human', content: [null, 5, 'Hello', { type: 'reasoning', text: 'to you' }] }]]);
  await handler.handleLLMEnd({ generations: [[undefined, { text: 'Plain' }, { message: { content: [{ type: 'reasoning', text: SECRET }] } }]] });
  await handler.handleLLMEnd({});
  t.strictSame(raxed.scans, [{ prompt: 'Hello\n\nto you' }, { response: 'Plain' }]);
});
