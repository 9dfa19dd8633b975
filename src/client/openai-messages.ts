import type { ExchangeTexts, ToolCall, Turn } from './conversation.js';
import { answerText, argumentsOf, contentText, joinTexts, listOf, recordOf, stringOf } from './message-content.js';

/** Puts an answer that is streamed together. */
export interface AnswerCollector {
  add(chunk: unknown): void;
  /** What has come until now. */
  texts(): ExchangeTexts;
}

/** How one of OpenAI's endpoints says what is asked and answered. */
export interface Endpoint {
  turns(body: unknown): Turn[];
  answer(answer: unknown): ExchangeTexts;
  collector(): AnswerCollector;
}

/** https://platform.openai.com/docs/api-reference/chat */
const CHAT: Endpoint = {
  turns: (body) => listOf(recordOf(body)['messages']).map(chatTurn),
  answer: (answer) => textsOf(listOf(recordOf(answer)['choices']).map((choice) => recordOf(choice)['message']).map(chatAnswer)),
  collector: chatCollector,
};

/** https://platform.openai.com/docs/api-reference/responses */
const RESPONSES: Endpoint = {
  turns: (body) => {
    const { instructions, input, prompt } = recordOf(body);
    // What a prompt that is stored at OpenAI is filled with.
    const filled = Object.values(recordOf(recordOf(prompt)['variables'])).map((value) => contentText(typeof value === 'string' ? value : [value]));
    return [
      { by: 'operator', text: stringOf(instructions) },
      ...(typeof input === 'string' ? [input] : []).map((text): Turn => ({ by: 'user', text })),
      ...listOf(input).flatMap(itemTurns),
      ...filled.map((text): Turn => ({ by: 'user', text })),
    ];
  },
  answer: (answer) => itemTexts(listOf(recordOf(answer)['output'])),
  collector: responseCollector,
};

/** By path, without its query. */
export const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map([['/chat/completions', CHAT], ['/responses', RESPONSES]]);

function chatTurn(message: unknown): Turn {
  const { role, content, tool_call_id, name } = recordOf(message);
  const text = contentText(content);
  if (role === 'system' || role === 'developer') return { by: 'operator', text };
  if (role === 'tool' || role === 'function') return { by: 'tool', id: stringOf(tool_call_id), name: stringOf(name) || undefined, result: text };
  return role === 'assistant' ? chatAnswer(message) : { by: 'user', text };
}

function chatAnswer(message: unknown): Turn & { by: 'model' } {
  const { content, refusal, tool_calls, function_call } = recordOf(message);
  const functions = function_call === undefined || function_call === null ? [] : [{ function: function_call }];
  return { by: 'model', text: joinTexts([answerText(content), stringOf(refusal)]), calls: [...listOf(tool_calls), ...functions].map(chatCall) };
}

function chatCall(call: unknown): ToolCall {
  const { id, function: named, custom } = recordOf(call);
  const { name, arguments: args, input } = recordOf(named ?? custom);
  return { id: stringOf(id), name: stringOf(name), args: argumentsOf(args ?? input) };
}

function chatCollector(): AnswerCollector {
  const choices = new Map<unknown, { content: string; refusal: string; calls: Map<unknown, { id: string; name: string; arguments: string }> }>();
  return {
    add: (chunk) => {
      for (const choice of listOf(recordOf(chunk)['choices']).map(recordOf)) {
        const { content, refusal, tool_calls, function_call } = recordOf(choice['delta']);
        const answer = choices.get(choice['index']) ?? { content: '', refusal: '', calls: new Map() };
        choices.set(choice['index'], answer);
        answer.content += stringOf(content);
        answer.refusal += stringOf(refusal);
        for (const part of [...listOf(tool_calls), { function: function_call }].map(recordOf)) {
          const piece = recordOf(part['function'] ?? part['custom']);
          if (Object.keys(piece).length === 0) continue;
          const call = answer.calls.get(part['index']) ?? { id: '', name: '', arguments: '' };
          answer.calls.set(part['index'], call);
          call.id ||= stringOf(part['id']);
          call.name += stringOf(piece['name']);
          call.arguments += stringOf(piece['arguments'] ?? piece['input']);
        }
      }
    },
    texts: () => textsOf([...choices.values()].map(({ content, refusal, calls }) => chatAnswer({
      content, refusal, tool_calls: [...calls.values()].map(({ id, ...call }) => ({ id, function: call })),
    }))),
  };
}

/** An item of the input: a message, a call of a tool, what it gave back, or both in one. */
function itemTurns(item: unknown): Turn[] {
  const { type, role, content, output, call_id, id } = recordOf(item);
  if (type === undefined || type === 'message') {
    if (role === 'assistant') return [{ by: 'model', text: answerText(content), calls: [] }];
    return [{ by: role === 'system' || role === 'developer' ? 'operator' : 'user', text: contentText(content) }];
  }
  const calls = callOf(item).map((call): Turn => ({ by: 'model', text: '', calls: [call] }));
  const results = output === undefined || output === null ? [] : [{ by: 'tool', id: stringOf(call_id ?? id), result: resultOf(output) } as const];
  return [...calls, ...results];
}

function callOf(item: unknown): ToolCall[] {
  const { name, arguments: args, input, call_id, id } = recordOf(item);
  return typeof name === 'string' && (args !== undefined || input !== undefined) ? [{ id: stringOf(call_id ?? id), name, args: argumentsOf(args ?? input) }] : [];
}

/** Text where it is text or a list of parts with text; of images and the like nothing; else (what a shell or a patch says) as it is. */
function resultOf(output: unknown): unknown {
  if (Array.isArray(output)) return contentText(output) || output.filter((part) => !stringOf(recordOf(part)['type']).startsWith('input_'));
  return stringOf(recordOf(output)['type']).includes('screenshot') ? '' : output;
}

function itemTexts(items: readonly unknown[]): ExchangeTexts {
  return textsOf(items.flatMap((item) => {
    const { type, content } = recordOf(item);
    if (type === 'message') return [{ text: answerText(content), calls: [] }];
    const { output } = recordOf(item);
    return callOf(item).map((call) => ({ text: '', calls: [output === undefined || output === null ? call : { ...call, result: resultOf(output) }] }));
  }));
}

function responseCollector(): AnswerCollector {
  const items: unknown[] = [];
  /** Of items that are not done. */
  const begun = new Map<unknown, string>();
  return {
    add: (event) => {
      const { type, item, output_index, delta } = recordOf(event);
      if (type === 'response.output_text.delta' || type === 'response.refusal.delta') begun.set(output_index, (begun.get(output_index) ?? '') + stringOf(delta));
      if (type !== 'response.output_item.done') return;
      begun.delete(output_index);
      items.push(item);
    },
    texts: () => itemTexts([...items, ...[...begun.values()].map((content) => ({ type: 'message', content }))]),
  };
}

function textsOf(answers: readonly { readonly text: string; readonly calls: readonly ToolCall[] }[]): ExchangeTexts {
  return { response: joinTexts(answers.map(({ text }) => text)), toolCalls: answers.flatMap(({ calls }) => calls) };
}
