import { RaxedError } from '../errors.js';
import type { ToolCall, Turn } from './conversation.js';
import { requestTexts } from './conversation.js';
import { answerText, argumentsOf, contentText, joinTexts, listOf, recordOf, stringOf } from './message-content.js';
import { Screen } from './screen.js';
import type { FrameworkOptions } from './screen.js';

export type { FrameworkOptions };

/** A call of a model, as far as it is looked at. */
export interface ModelCall {
  readonly prompt: readonly object[];
  readonly abortSignal?: AbortSignal | undefined;
}

/** For `wrapLanguageModel({ model, middleware })`: a `LanguageModelV3Middleware`. */
export interface RaxedMiddleware {
  readonly specificationVersion: 'v3';
  wrapGenerate<Result extends { readonly content: readonly object[] }>(call: { doGenerate(): PromiseLike<Result>; readonly params: ModelCall }): Promise<Result>;
  wrapStream<Result extends { readonly stream: object }>(call: { doStream(): PromiseLike<Result>; readonly params: ModelCall }): Promise<Result>;
}

/**
 * A middleware for models of the AI SDK (`ai` 6): judges what a model is asked and answers. What is blocked ends in
 * ThreatBlockedError: a prompt before the model is called, a tool call before the tool is, a streamed text before its end.
 */
export function raxedMiddleware(options: FrameworkOptions = {}): RaxedMiddleware {
  const screen = new Screen(options, 'ai-sdk');

  async function checkRequest({ prompt, abortSignal }: ModelCall): Promise<void> {
    await screen.check(requestTexts(prompt.flatMap(turnsOf), screen), { ...(abortSignal !== undefined && { signal: abortSignal }) });
  }

  return {
    specificationVersion: 'v3',
    wrapGenerate: async ({ doGenerate, params }) => {
      await checkRequest(params);
      const result = await doGenerate();
      await screen.check({ response: joinTexts(result.content.map(textOf)), toolCalls: result.content.flatMap(callsOf) });
      return result;
    },
    wrapStream: async ({ doStream, params }) => {
      await checkRequest(params);
      const result = await doStream();
      if (!isAsyncIterable(result.stream)) throw new RaxedError('BAD_REQUEST', 'the model\'s stream cannot be read');
      return { ...result, stream: ReadableStream.from(checkedParts(result.stream, screen)) };
    },
  };
}

/** Parts as they come; what was passed on is judged also where the reader stops early. */
async function* checkedParts(parts: AsyncIterable<unknown>, screen: Screen): AsyncGenerator<unknown> {
  let text = '';
  const check = async (toolCalls: readonly ToolCall[]): Promise<void> => {
    const response = text;
    text = '';
    await screen.check({ response, toolCalls });
  };
  try {
    for await (const part of parts) {
      const { type, delta } = recordOf(part);
      const calls = callsOf(part);
      if (type === 'text-delta') text += stringOf(delta);
      // A tool is called as soon as the call is seen, and an answer has ended when its reader is told so.
      else if (calls.length > 0 || type === 'finish') await check(calls);
      yield part;
    }
  } finally {
    await check([]);
  }
}

function turnsOf(message: object): Turn[] {
  const { role, content } = recordOf(message);
  if (role === 'system') return [{ by: 'operator', text: contentText(content) }];
  if (role === 'tool') return listOf(content).flatMap(resultTurns);
  if (role === 'assistant') return [{ by: 'model', text: answerText(content), calls: listOf(content).flatMap(callsOf) }, ...listOf(content).flatMap(resultTurns)];
  return [{ by: 'user', text: contentText(content) }, ...listOf(content).map((part): Turn => ({ by: 'document', text: fileText(part) }))];
}

function resultTurns(part: unknown): Turn[] {
  const { type, toolCallId, toolName, output } = recordOf(part);
  const { type: kind, value, reason } = recordOf(output);
  return type !== 'tool-result' ? [] : [{ by: 'tool', id: stringOf(toolCallId), name: stringOf(toolName), result: kind === 'content' ? contentText(value) : value ?? stringOf(reason) }];
}

/** A text file that the user gives along. */
function fileText(part: unknown): string {
  const { type, mediaType, data } = recordOf(part);
  if (type !== 'file' || !stringOf(mediaType).startsWith('text/')) return '';
  return typeof data === 'string' ? Buffer.from(data, 'base64').toString('utf8') : data instanceof Uint8Array ? new TextDecoder().decode(data) : '';
}

function textOf(part: unknown): string {
  return answerText([part]);
}

/** A call, or what a tool at the model's provider gave back. */
function callsOf(part: unknown): ToolCall[] {
  const { type, toolCallId, toolName, input, result } = recordOf(part);
  if (type === 'tool-call') return [{ id: stringOf(toolCallId), name: stringOf(toolName), args: argumentsOf(input) }];
  return type === 'tool-result' && result !== undefined ? [{ id: stringOf(toolCallId), name: stringOf(toolName), args: {}, result }] : [];
}

function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return Symbol.asyncIterator in value;
}
