import type { Static, TObject } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { DATA_FIELDS } from '../../event/event.js';
import { SEVERITIES } from '../../scanner/verdict.js';
import { ParamsError } from '../params-error.js';
import { IdSchema } from './id.js';

/** The fields that the methods for tenants share. What no single field shows is checked where the tenants are kept. */

export const closed = { additionalProperties: false } as const;

export const NoParams = Type.Object({}, closed);
/** One MSSP, by the positional word. */
export const OneMssp = Type.Object({ id: IdSchema }, closed);
/** One customer: the positional word and its MSSP. */
export const OneCustomer = Type.Object({ mssp: IdSchema, id: IdSchema }, closed);

export const NameSchema = Type.String({
  minLength: 1, maxLength: 256, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$', title: 'a name of 1 to 256 characters, none of them a control character',
});
export const UrlSchema = Type.String({ minLength: 1, maxLength: 2048 });
export const SecretSchema = Type.String({ minLength: 1, maxLength: 4096 });

export const TIERS = ['starter', 'professional', 'enterprise'] as const;
export const DATA_MODES = ['full', 'privacy_safe'] as const;

/** A check for methods that change what is named: something must be, beside the ids. */
export function requireChange({ properties }: TObject): (params: object) => void {
  const settings = Object.keys(properties).filter((name) => name !== 'id' && name !== 'mssp');
  return (params) => {
    if (!settings.some((name) => Object.hasOwn(params, name))) throw new ParamsError('', `there is nothing to change: give one of ${settings.join(', ')}`);
  };
}

/** One of these words; an error lists them. */
export function oneOf<const T extends readonly string[]>(words: T) {
  return Type.Union(words.map((word: T[number]) => Type.Literal(word)));
}

const Severities = SEVERITIES.filter((severity) => severity !== 'none').map((severity) => Type.Literal(severity));
const share = () => Type.Number({ minimum: 0, maximum: 1 });

/** The settings of a customer that `create` and `configure` share; all may be left out. */
export const customerSettings = {
  data_mode: Type.Optional(oneOf(DATA_MODES)),
  /** Empty: all. */
  data_fields: Type.Optional(Type.Array(oneOf(DATA_FIELDS), { maxItems: DATA_FIELDS.length, uniqueItems: true, title: `an array of different names of ${DATA_FIELDS.join(', ')}` })),
  retention_days: Type.Optional(Type.Integer({ minimum: 0, maximum: 90 })),
  /** Seconds. */
  heartbeat_threshold: Type.Optional(Type.Integer({ minimum: 60, maximum: 3600 })),
  webhook_secret: Type.Optional(SecretSchema),
  /** These four, null: the scanner's. */
  threat_at: Type.Optional(Type.Union([...Severities, Type.Null()])),
  block_at: Type.Optional(Type.Union([...Severities, Type.Literal('never'), Type.Null()])),
  l2_enabled: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  l2_threshold: Type.Optional(Type.Union([
    share(),
    Type.Object({ prompt: Type.Optional(share()), rag_context: Type.Optional(share()), tool_calls: Type.Optional(share()), response: Type.Optional(share()) }, closed),
    Type.Null(),
  ], { title: 'a number from 0 to 1, { prompt, rag_context, tool_calls, response } with such numbers, or null' })),
};

/** What a method that deletes takes beside ids. */
export const removalFields = {
  /** Says what would go, and deletes nothing. */
  dry_run: Type.Optional(Type.Boolean()),
  /** Lets pending events be delivered first. */
  drain: Type.Optional(Type.Boolean()),
  drain_timeout_seconds: Type.Optional(Type.Number({ minimum: 0, maximum: 3600 })),
};
export interface Removal {
  readonly dryRun: boolean;
  /** How long pending events may take to be delivered before the removal; undefined: they go with it. */
  readonly drainMs: number | undefined;
}

const DRAIN_SECONDS = 60;

export function removalOf({ dry_run, drain, drain_timeout_seconds }: Static<TObject<typeof removalFields>>): Removal {
  return { dryRun: dry_run === true, drainMs: drain === true ? (drain_timeout_seconds ?? DRAIN_SECONDS) * 1000 : undefined };
}
