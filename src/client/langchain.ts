import type { ToolCall, Turn } from './conversation.js';
import { requestTexts } from './conversation.js';
import { answerText, argumentsOf, contentText, joinTexts, listOf, recordOf, stringOf } from './message-content.js';
import { Screen } from './screen.js';
import type { FrameworkOptions } from './screen.js';

export type { FrameworkOptions };

/** What LangChain calls; for `callbacks: [handler]`. */
export interface LangChainHandler {
  readonly name: string;
  /** Without both LangChain goes on whatever a handler says. */
  readonly raiseError: boolean;
  readonly awaitHandlers: boolean;
  copy(): LangChainHandler;
  handleLLMStart(llm: unknown, prompts: readonly string[]): Promise<void>;
  handleChatModelStart(llm: unknown, messages: readonly (readonly object[])[]): Promise<void>;
  handleLLMEnd(output: object): Promise<void>;
  handleToolStart(tool: unknown, input: string, runId: string, parentRunId?: string, tags?: readonly string[], metadata?: object, runName?: string, toolCallId?: string): Promise<void>;
  handleToolEnd(output: unknown, runId: string): Promise<void>;
  handleToolError(error: unknown, runId: string): void;
  handleRetrieverEnd(documents: readonly object[]): Promise<void>;
}

/**
 * A callback handler for LangChain.js (`@langchain/core` 1): judges what models are asked and answer, what tools are called with
 * and give back, and what retrievers find. What is blocked ends the run with ThreatBlockedError before the model or tool is called.
 */
export function createLangChainHandler(options: FrameworkOptions = {}): LangChainHandler {
  return new RaxedHandler(new Screen(options, 'langchain'));
}

/** LangChain takes what has these members; its base class would have to be loaded, and adds nothing that is used. */
class RaxedHandler implements LangChainHandler {
  readonly name = 'raxed';
  readonly raiseError = true;
  readonly awaitHandlers = true;
  /** Of the tools that are running, by run. */
  private readonly running = new Map<string, { readonly id: string | undefined; readonly name: string }>();

  constructor(private readonly screen: Screen) {}

  copy(): this {
    return this;
  }

  async handleLLMStart(_llm: unknown, prompts: readonly string[]): Promise<void> {
    await Promise.all(prompts.map((prompt) => this.screen.check({ prompt })));
  }

  async handleChatModelStart(_llm: unknown, messages: readonly (readonly object[])[]): Promise<void> {
    await Promise.all(messages.map((group) => this.screen.check(requestTexts(group.map(turnOf), this.screen))));
  }

  async handleLLMEnd(output: object): Promise<void> {
    const answers = listOf(recordOf(output)['generations']).flatMap(listOf).map(answerOf);
    await this.screen.check({ response: joinTexts(answers.map(({ text }) => text)), toolCalls: answers.flatMap(({ calls }) => calls) });
  }

  async handleToolStart(tool: unknown, input: string, runId: string, _parentRunId?: string, _tags?: readonly string[], _metadata?: object, runName?: string, id?: string): Promise<void> {
    const name = runName ?? (stringOf(listOf(recordOf(tool)['id']).at(-1)) || 'tool');
    await this.screen.check({ toolCalls: [{ id, name, args: argumentsOf(input) }] });
    // Of a call that is stopped nobody says that it ended.
    this.running.set(runId, { id, name });
  }

  async handleToolEnd(output: unknown, runId: string): Promise<void> {
    const { id, name = 'tool' } = this.running.get(runId) ?? {};
    this.running.delete(runId);
    // As its message would come to the model, so that it is known when it does.
    const message = recordOf(output);
    const result = 'tool_call_id' in message ? contentText(message['content']) : output;
    await this.screen.check({ toolCalls: [{ id, name, args: {}, result }] });
  }

  handleToolError(_error: unknown, runId: string): void {
    this.running.delete(runId);
  }

  async handleRetrieverEnd(documents: readonly object[]): Promise<void> {
    await this.screen.check({ ragContext: joinTexts(documents.map((document) => stringOf(recordOf(document)['pageContent']))) });
  }
}

function turnOf(message: object): Turn {
  const { content, role, name, tool_call_id } = recordOf(message);
  const text = contentText(content);
  switch (typeOf(message)) {
    case 'system': case 'developer': return { by: 'operator', text };
    case 'ai': return answerOf({ message });
    case 'tool': case 'function': return { by: 'tool', id: stringOf(tool_call_id), name: stringOf(name) || undefined, result: text };
    case 'generic': return role === 'system' || role === 'developer' ? { by: 'operator', text } : role === 'assistant' ? { by: 'model', text: answerText(content), calls: [] } : { by: 'user', text };
    default: return { by: 'user', text };
  }
}

function typeOf(message: object): string {
  if ('type' in message && typeof message.type === 'string') return message.type;
  return 'getType' in message && typeof message.getType === 'function' ? stringOf(message.getType()) : '';
}

/** A generation of a model's, with or without a message. */
function answerOf(generation: unknown): Turn & { by: 'model' } {
  const { message, text } = recordOf(generation);
  const { content, tool_calls } = recordOf(message);
  const calls = listOf(tool_calls).map((call): ToolCall => {
    const { id, name, args } = recordOf(call);
    return { id: stringOf(id), name: stringOf(name), args: argumentsOf(args) };
  });
  return { by: 'model', text: message === undefined ? stringOf(text) : answerText(content), calls };
}
