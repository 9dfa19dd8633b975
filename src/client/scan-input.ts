import type { ScanParams } from '../control/methods/scan.js';
import { RaxedError } from '../errors.js';
import { nearest } from '../nearest.js';

/** A call of a tool. */
export interface ToolCallInput {
  readonly name: string;
  readonly args: unknown;
  readonly result?: unknown;
}

/** The texts of one exchange with a model, each judged for what it is, and whose they are. At least one text. */
export interface ScanInput {
  /** What the user says. */
  readonly prompt?: string;
  readonly response?: string;
  /** The operator's own words. */
  readonly systemPrompt?: string;
  /** Documents, web pages, e-mails: what the model reads as data. */
  readonly ragContext?: string;
  readonly toolCalls?: readonly ToolCallInput[];
  /** Instead of the client's. */
  readonly msspId?: string;
  readonly customerId?: string;
  readonly agentId?: string;
  readonly integration?: string;
  /** Judged, not reported to the SOC. */
  readonly dryRun?: boolean;
  /** The result says which texts matched. */
  readonly includeMatches?: boolean;
}

const WIRE_NAMES = {
  prompt: 'prompt', response: 'response', systemPrompt: 'system_prompt', ragContext: 'rag_context', toolCalls: 'tool_calls',
  msspId: 'mssp_id', customerId: 'customer_id', agentId: 'agent_id', integration: 'integration', dryRun: 'dry_run', includeMatches: 'include_matches',
} as const satisfies Record<keyof ScanInput, keyof ScanParams>;

/**
 * The input in the words of the wire; what is undefined is left out. Throws BAD_REQUEST for a name that is not known:
 * a text under a misspelt name would not be looked at.
 */
export function scanParams(input: { readonly [Name in keyof ScanInput]: ScanInput[Name] | undefined }): Record<string, unknown> {
  const params: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(input)) {
    if (!isInputName(name)) {
      const suggestion = nearest(name, Object.keys(WIRE_NAMES));
      throw new RaxedError('BAD_REQUEST', suggestion === undefined ? `unknown field; known are ${Object.keys(WIRE_NAMES).join(', ')}` : `unknown field; did you mean "${suggestion}"?`);
    }
    if (value !== undefined) params[WIRE_NAMES[name]] = value;
  }
  return params;
}

function isInputName(name: string): name is keyof ScanInput {
  return Object.hasOwn(WIRE_NAMES, name);
}

const TEXTS = ['prompt', 'response', 'system_prompt', 'rag_context'];

/** UTF-8 bytes as the daemon counts them, of parameters that JSON can say. */
export function textBytesOf(params: Readonly<Record<string, unknown>>): number {
  const texts = TEXTS.map((name) => params[name]).filter((text) => typeof text === 'string');
  if (Array.isArray(params['tool_calls'])) texts.push(JSON.stringify(params['tool_calls']));
  return texts.reduce((bytes, text) => bytes + Buffer.byteLength(text, 'utf8'), 0);
}
