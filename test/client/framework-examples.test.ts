import { spawn } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import t from 'tap';
import ts from 'typescript';
import { startOpenAi } from '../fixtures/openai-server.js';
import { protectedSite } from '../fixtures/protected-site.js';
import { makeProject, readmeBlocks } from '../fixtures/readme.js';

/** The README's programs as they are written, in a project with the real packages, and with stand-ins for the providers' that ask this server. */
const ASK = `async function ask(content) {
  const answer = await fetch(process.env.OPENAI_BASE_URL + '/chat/completions', { method: 'POST', body: JSON.stringify({ messages: [{ role: 'user', content }] }) });
  return (await answer.json()).choices[0].message.content;
}
`;
const STAND_INS = {
  '@langchain/openai': `import { SimpleChatModel } from '@langchain/core/language_models/chat_models';
    ${ASK}
    export class ChatOpenAI extends SimpleChatModel {
      constructor() { super({}); }
      _llmType() { return 'stand-in'; }
      _call(messages) { return ask(messages.at(-1).content); }
    }`,
  '@ai-sdk/openai': `${ASK}
    const finishReason = { unified: 'stop' }, usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
    const answer = ({ prompt }) => ask(prompt.at(-1).content[0].text);
    export const openai = (modelId) => ({
      specificationVersion: 'v3', provider: 'stand-in', modelId, supportedUrls: {},
      doGenerate: async (options) => ({ content: [{ type: 'text', text: await answer(options) }], finishReason, usage, warnings: [] }),
      doStream: async (options) => ({ stream: ReadableStream.from([
        { type: 'stream-start', warnings: [] }, { type: 'text-start', id: '1' }, { type: 'text-delta', id: '1', delta: await answer(options) }, { type: 'text-end', id: '1' },
        { type: 'finish', finishReason, usage },
      ]) }),
    });`,
};

const root = resolve(import.meta.dirname, '../..');
const site = await protectedSite(t);
const project = makeProject(['@langchain/core', 'openai', 'ai', 'zod', '@ai-sdk/provider']);
t.teardown(() => { project.remove(); });
for (const [name, text] of Object.entries(STAND_INS)) {
  mkdirSync(join(project.folder, 'node_modules', name), { recursive: true });
  project.write(`node_modules/${name}/index.mjs`, text);
  project.write(`node_modules/${name}/package.json`, JSON.stringify({ name, exports: './index.mjs' }));
}

for (const framework of ['LangChain.js', 'OpenAI', 'Vercel AI SDK']) {
  t.test(`the README's example for ${framework} gets its answer, and the attack stays here`, async (t) => {
    const server = await startOpenAi({ text: 'The capital is Paris.' });
    t.teardown(() => server.close());
    const { code, stdout, stderr } = await run([project.write('app.mjs', readmeBlocks(framework, 'js')[0] ?? '')], {
      RAXED_SOCKET: site.controlSocket, OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: server.baseUrl,
    });
    t.equal(code, 0, stderr);
    t.match(stdout, /^The capital is Paris\.\n.*blocked.*\n$/);
    t.equal(server.requests.length, 1);
    t.notMatch(stdout + stderr, /previous instructions/);
  });
}

async function run(args: readonly string[], env: Record<string, string>): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000, env: { ...process.env, ...env } });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk: Buffer) => { output[name] += chunk.toString(); });
  return await new Promise((done) => { child.on('close', (code) => { done({ code, ...output }); }); });
}

const USER = `
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { wrapLanguageModel } from 'ai';
import type { LanguageModel, LanguageModelMiddleware } from 'ai';
import type { LanguageModelV3 } from '@ai-sdk/provider';
import OpenAI, { AzureOpenAI } from 'openai';
import { Raxed } from 'raxed';
import { createLangChainHandler } from 'raxed/langchain';
import { raxedMiddleware } from 'raxed/ai-sdk';
import { withRaxed } from 'raxed/openai';

const client = new Raxed();
const handler = createLangChainHandler({ client, block: 'never', history: true });
export const model = new FakeListChatModel({ responses: ['x'], callbacks: [handler] });
export const answer = ChatPromptTemplate.fromTemplate('{x}').pipe(model).invoke({ x: '' }, { callbacks: [handler] });
// @ts-expect-error -- not a way to block
createLangChainHandler({ block: 'always' });

export const middleware: LanguageModelMiddleware = raxedMiddleware({ client });
export const wrapped = (inner: LanguageModelV3): LanguageModel => wrapLanguageModel({ model: inner, middleware: [raxedMiddleware({ client })] });

const openai: OpenAI = withRaxed(new OpenAI(), { client });
export const azure: AzureOpenAI = withRaxed(new AzureOpenAI(), { client });
export const text: Promise<string | null | undefined> = openai.chat.completions.create({ model: 'm', messages: [] }).then(({ choices }) => choices[0]?.message.content);
// @ts-expect-error -- the client's types hold
openai.chat.completions.create({ messages: [] });
`;

t.test('the types fit the frameworks\' own', (t) => {
  const file = project.write('user.mts', USER);
  for (const name of ['@types/node', 'undici-types']) {
    mkdirSync(dirname(join(project.folder, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(project.folder, 'node_modules', name));
  }
  const program = ts.createProgram([file], {
    strict: true, exactOptionalPropertyTypes: true, skipLibCheck: true, noEmit: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'], typeRoots: [join(project.folder, 'node_modules/@types')], types: ['node'],
  });
  t.same(ts.getPreEmitDiagnostics(program).map(({ messageText, file: at }) => `${at?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`), []);
  t.end();
});
