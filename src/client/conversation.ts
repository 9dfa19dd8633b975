import { joinTexts } from './message-content.js';
import type { ToolCallInput } from './scan-input.js';

/** With an id of the framework's, by which it is known when it comes again. */
export interface ToolCall extends ToolCallInput {
  readonly id?: string | undefined;
}

/** What one side says in a conversation with a model. `document`: what the model reads as data. */
export type Turn =
  | { readonly by: 'operator' | 'user' | 'document'; readonly text: string }
  | { readonly by: 'model'; readonly text: string; readonly calls: readonly ToolCall[] }
  | { readonly by: 'tool'; readonly id?: string | undefined; readonly name?: string | undefined; readonly result: unknown };

/** The texts of one exchange, each in its field; an empty one is none. */
export interface ExchangeTexts {
  readonly systemPrompt?: string;
  readonly prompt?: string;
  readonly ragContext?: string;
  readonly response?: string;
  readonly toolCalls?: readonly ToolCall[];
}

/**
 * What a request says that the model has not heard: the operator's words, what the user says after the model's last answer, and
 * what tools gave back after its last answer that called none. With `history` all of it, also what the model is said to have answered.
 */
export function requestTexts(turns: readonly Turn[], { history }: { readonly history: boolean }): ExchangeTexts {
  // An answer at the end is one that the model shall go on with: what stands before it has not been heard.
  const earlier = turns.slice(0, Math.max(0, turns.findLastIndex(({ by }) => by !== 'model')));
  const answered = history ? -1 : earlier.findLastIndex(({ by }) => by === 'model');
  // Results may stand between the calls of one answer, and then an earlier one is not yet heard either.
  const settled = history ? -1 : earlier.findLastIndex((turn) => turn.by === 'model' && turn.calls.length === 0);
  const calls = turns.flatMap((turn) => (turn.by === 'model' ? turn.calls : []));
  const said = (by: 'operator' | 'user' | 'document', after: number): string => joinTexts(turns.flatMap((turn, index) => (turn.by === by && index > after ? [turn.text] : [])));

  const results = turns.slice(settled + 1).flatMap((turn) => (turn.by !== 'tool' || turn.result === '' ? [] : [{
    id: turn.id, name: turn.name ?? calls.find(({ id }) => id !== undefined && id === turn.id)?.name ?? 'tool', args: {}, result: turn.result,
  }]));
  return {
    systemPrompt: said('operator', -1),
    prompt: said('user', answered),
    ragContext: said('document', answered),
    response: history ? joinTexts(turns.flatMap((turn) => (turn.by === 'model' ? [turn.text] : []))) : '',
    toolCalls: history ? [...calls, ...results] : results,
  };
}
