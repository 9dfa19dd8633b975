import type { ScanTexts, Source } from './verdict.js';

/** How a text is looked at: every source is one channel, but tool calls are two: what the model asks for, and what came back. */
export const CHANNELS = ['prompt', 'response', 'system_prompt', 'tool_args', 'tool_results', 'rag_context'] as const;
export type Channel = (typeof CHANNELS)[number];

/** What a rule may name: `tool_calls` is short for both channels of it. */
export const CHANNEL_NAMES = [...CHANNELS, 'tool_calls'] as const;
export type ChannelName = (typeof CHANNEL_NAMES)[number];

export function channelsOf(name: ChannelName): readonly Channel[] {
  return name === 'tool_calls' ? ['tool_args', 'tool_results'] : [name];
}

/** The source under which a channel's detections are reported. */
export function sourceOf(channel: Channel): Source {
  return channel === 'tool_args' || channel === 'tool_results' ? 'tool_calls' : channel;
}

/** The texts of a call that has one text in one channel only, for trials and examples. */
export function textsIn(channel: Channel, text: string): ScanTexts {
  if (channel === 'tool_args') return { tool_calls: [{ name: 'tool', args: text }] };
  if (channel === 'tool_results') return { tool_calls: [{ name: 'tool', args: {}, result: text }] };
  return { [channel]: text };
}
