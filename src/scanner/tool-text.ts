import type { ToolCall } from './verdict.js';
import type { View } from './view.js';
import { givenView, ViewBuilder } from './view.js';

/** The two halves of tool calls, as views of their compact JSON. */
export interface ToolTexts {
  /** Names and arguments, a call a line. */
  readonly args: View;
  /** Results, one a line; those that are texts without their quotes. */
  readonly results: View;
}

/** What the model asked of its tools, and what they gave back. Both are JSON, with the escapes of their strings. */
export function toolTexts(calls: readonly ToolCall[]): ToolTexts {
  const args = new ViewBuilder();
  const results = new ViewBuilder();
  let json = '[';
  let hasResults = false;
  for (const call of calls) {
    if (json !== '[') {
      args.add('\n', json.length, json.length);
      json += ',';
    }
    let separator = '{';
    for (const [key, value] of Object.entries(call)) {
      const valueJson = asJson(value);
      if (valueJson === undefined) continue;
      const label = `${separator}${JSON.stringify(key)}:`;
      separator = ',';
      const from = json.length + label.length;
      const to = from + valueJson.length;
      if (key === 'result') {
        const quote = typeof value === 'string' ? 1 : 0;
        if (hasResults) results.add('\n', from, from);
        hasResults = true;
        results.add(valueJson.slice(quote, valueJson.length - quote), from + quote, to - quote);
      } else {
        args.add(label + valueJson, json.length, to);
      }
      json += label + valueJson;
    }
    const end = separator === '{' ? '{}' : '}';
    args.add(end, json.length, json.length + end.length);
    json += end;
  }
  const base = givenView(`${json}]`);
  return { args: args.view('given', base), results: results.view('given', base) };
}

/** Undefined for what JSON leaves out. */
function asJson(value: unknown): string | undefined {
  return JSON.stringify(value) as string | undefined;
}
