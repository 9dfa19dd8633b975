import t from 'tap';
import { requestTexts } from '../../src/client/conversation.js';
import type { ExchangeTexts } from '../../src/client/conversation.js';
import { ENDPOINTS } from '../../src/client/openai-messages.js';
import type { Endpoint } from '../../src/client/openai-messages.js';

const chat = endpoint('/chat/completions');
const responses = endpoint('/responses');

function endpoint(path: string): Endpoint {
  const found = ENDPOINTS.get(path);
  if (found === undefined) throw new Error(path);
  return found;
}

function asked(at: Endpoint, body: unknown): ExchangeTexts {
  return requestTexts(at.turns(body), { history: false });
}

function streamed(at: Endpoint, chunks: unknown[]): ExchangeTexts {
  const collector = at.collector();
  for (const chunk of chunks) collector.add(chunk);
  return collector.texts();
}

t.test('chat: all kinds of calls and answers, whole and in pieces', (t) => {
  const call = { id: 'c', type: 'custom', custom: { name: 'sql', input: 'select 1' } };
  t.strictSame(chat.answer({ choices: [{ message: { content: 'One', refusal: null, tool_calls: [call] } }, { message: { content: null, refusal: 'No.', function_call: { name: 'old', arguments: '{"a":1}' } } }] }), {
    response: 'One\n\nNo.', toolCalls: [{ id: 'c', name: 'sql', args: 'select 1' }, { id: '', name: 'old', args: { a: 1 } }],
  });
  const delta = (index: number, what: object): object => ({ choices: [{ index, delta: what }] });
  t.strictSame(streamed(chat, [
    delta(0, { content: 'On' }), delta(1, { refusal: 'N' }), delta(0, { content: 'e' }), delta(1, { refusal: 'o.' }), { choices: [] }, {}, null,
    delta(0, { tool_calls: [{ index: 0, id: 'c', custom: { name: 'sql', input: 'select' } }, { index: 1, id: 'd', function: { name: 'f', arguments: '' } }] }),
    delta(0, { tool_calls: [{ index: 0, custom: { input: ' 1' } }, { index: 1, function: { arguments: '{"b":' } }] }),
    delta(0, { tool_calls: [{ index: 1, function: { arguments: '2}' } }] }),
    delta(1, { function_call: { name: 'old', arguments: '{"a":' } }), delta(1, { function_call: { arguments: '1}' } }),
  ]), {
    response: 'One\n\nNo.', toolCalls: [{ id: 'c', name: 'sql', args: 'select 1' }, { id: 'd', name: 'f', args: { b: 2 } }, { id: '', name: 'old', args: { a: 1 } }],
  });
  t.match(asked(chat, { messages: [{ role: 'user', content: 'Hello' }, { role: 'assistant', function_call: { name: 'old', arguments: '{}' } }, { role: 'function', name: 'old', content: 'result' }] }), {
    prompt: '', toolCalls: [{ name: 'old', args: {}, result: 'result' }],
  });
  t.end();
});

t.test('responses: all kinds of items, whole and in pieces', (t) => {
  const output = [
    { type: 'reasoning', summary: [] },
    { type: 'message', content: [{ type: 'output_text', text: 'One' }, { type: 'refusal', refusal: 'No.' }] },
    { type: 'custom_tool_call', call_id: 'c', name: 'sql', input: 'select 1' },
    { type: 'mcp_call', id: 'm', name: 'fetch', arguments: '{"url":"x"}', output: 'A page' },
  ];
  const texts = { response: 'One\n\nNo.', toolCalls: [{ id: 'c', name: 'sql', args: 'select 1' }, { id: 'm', name: 'fetch', args: { url: 'x' }, result: 'A page' }] };
  t.strictSame(responses.answer({ output }), texts);
  t.strictSame(streamed(responses, [
    { type: 'response.output_text.delta', output_index: 1, delta: 'On' },
    ...output.map((item, output_index) => ({ type: 'response.output_item.done', output_index, item })), { type: 'response.completed', response: { output } },
  ]), texts);
  t.strictSame(streamed(responses, [{ type: 'response.output_text.delta', output_index: 0, delta: 'Be' }, { type: 'response.refusal.delta', output_index: 0, delta: 'gun' }, null]), { response: 'Begun', toolCalls: [] });
  t.match(asked(responses, {
    instructions: 'Be brief.', prompt: { id: 'p', variables: { city: 'Paris', page: { type: 'input_text', text: 'A page' }, image: { type: 'input_image', image_url: 'x' } } },
    input: [
      { role: 'developer', content: 'And kind.' }, { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }, { type: 'input_image', image_url: 'x' }] },
      { type: 'computer_call_output', call_id: 's', output: { type: 'computer_screenshot', image_url: 'x' } },
      { type: 'function_call_output', call_id: 'f', output: [{ type: 'input_image', image_url: 'x' }] },
      { type: 'function_call_output', call_id: 'g', output: [{ type: 'input_text', text: 'Result' }] },
    ],
  }), {
    systemPrompt: 'Be brief.\n\nAnd kind.', prompt: 'Hello\n\nParis\n\nA page', toolCalls: [{ id: 'f', result: [] }, { id: 'g', name: 'tool', args: {}, result: 'Result' }],
  });
  t.end();
});

t.test('what is no request and no answer has no texts', (t) => {
  for (const at of [chat, responses]) {
    for (const odd of [undefined, null, 5, 'text', [], {}, { messages: 5, input: 5, output: 'x', choices: {} }, { choices: [null, {}], output: [null, 5], messages: [null], input: [null] }]) {
      t.strictSame([at.answer(odd), asked(at, odd), streamed(at, [odd])].flatMap(({ prompt = '', response = '', toolCalls = [] }) => [prompt, response, ...toolCalls].filter((text) => text !== '')), []);
    }
  }
  t.end();
});
