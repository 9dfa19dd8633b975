import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { ENTRY_POINTS } from '../../event/event.js';
import type { ScanTexts } from '../../scanner/verdict.js';
import type { CallContext, Method } from '../method.js';
import { defineMethod, paramsParser } from '../method.js';
import { ParamsError } from '../params-error.js';
import { IdSchema, LabelSchema } from './id.js';
import { ScanResultSchema } from './results.js';

const closed = { additionalProperties: false } as const;

export const ScanParamsSchema = Type.Object({
  prompt: Type.Optional(Type.String({ description: 'What the user says.' })),
  response: Type.Optional(Type.String({ description: 'What the model answered.' })),
  system_prompt: Type.Optional(Type.String({ description: 'The operator\'s own words to the model.' })),
  rag_context: Type.Optional(Type.String({ description: 'Documents, web pages, e-mails: what the model reads as data.' })),
  tool_calls: Type.Optional(Type.Array(Type.Object({ name: Type.String(), args: Type.Unknown(), result: Type.Optional(Type.Unknown()) }, closed), { description: 'Tools that are to be called, or were.' })),
  mssp_id: Type.Optional(IdSchema),
  customer_id: Type.Optional(IdSchema),
  agent_id: Type.Optional(IdSchema),
  integration: Type.Optional(LabelSchema),
  entry_point: Type.Optional(Type.Union(ENTRY_POINTS.map((name) => Type.Literal(name)))),
  dry_run: Type.Optional(Type.Boolean({ description: 'Judged, not reported.' })),
  include_matches: Type.Optional(Type.Boolean({ description: 'The result says which texts matched.' })),
  platform: Type.Optional(LabelSchema),
  version: Type.Optional(LabelSchema),
}, closed);

/** The parameters of a scan, as on the wire. */
export type ScanParams = Static<typeof ScanParamsSchema>;

export const TEXT_FIELDS = ['prompt', 'response', 'system_prompt', 'rag_context', 'tool_calls'] as const;

/** unknown → ScanParams; throws BAD_REQUEST naming the field. */
export const parseScanParams = paramsParser(ScanParamsSchema, requireText);

/** The texts of a call, as the scanner takes them. */
export function scanTexts(params: ScanParams): ScanTexts {
  return {
    ...(params.prompt === undefined ? {} : { prompt: params.prompt }),
    ...(params.response === undefined ? {} : { response: params.response }),
    ...(params.system_prompt === undefined ? {} : { system_prompt: params.system_prompt }),
    ...(params.rag_context === undefined ? {} : { rag_context: params.rag_context }),
    ...(params.tool_calls === undefined ? {} : { tool_calls: params.tool_calls }),
  };
}

/** What a scan answers, as far as the sockets care; the verdict is the rest of it. */
export interface ScanReply {
  readonly delivery: 'spooled' | 'none' | 'rejected';
}

export interface ScanActions {
  scan(params: ScanParams, context: CallContext): Promise<ScanReply>;
}

export function createScanMethods(actions: ScanActions): Method[] {
  return [defineMethod({
    name: 'scan',
    summary: 'Judges texts that are said to or by a language model; a threat is reported to the customer\'s SOC.',
    scope: 'scan',
    params: ScanParamsSchema,
    result: ScanResultSchema,
    check: requireText,
    textBytes: scanTextBytes,
    handle: (params, context) => actions.scan(params, context),
    // The event was refused, the verdict stands: the caller gets it with a status that says so.
    http: { statuses: [200, 503], statusOf: (result) => ('delivery' in result && result.delivery === 'rejected' ? 503 : 200) },
  })];
}

/** UTF-8 bytes of all texts; tool calls count as their compact JSON. */
export function scanTextBytes(params: ScanParams): number {
  let bytes = 0;
  for (const text of [params.prompt, params.response, params.system_prompt, params.rag_context]) {
    if (text !== undefined) bytes += Buffer.byteLength(text, 'utf8');
  }
  if (params.tool_calls !== undefined) bytes += Buffer.byteLength(JSON.stringify(params.tool_calls), 'utf8');
  return bytes;
}

function requireText(params: ScanParams): void {
  const present = TEXT_FIELDS.some((field) => params[field] !== undefined && (field !== 'tool_calls' || params.tool_calls?.length !== 0));
  if (!present) throw new ParamsError('', `one of ${TEXT_FIELDS.join(', ')} is required`);
}
