import type { Static, TObject, TSchema } from '@sinclair/typebox';
import type { TypeCheck, ValueError } from '@sinclair/typebox/compiler';
import { TypeCompiler, ValueErrorType } from '@sinclair/typebox/compiler';
import { RaxedError } from '../errors.js';
import { nearest } from '../nearest.js';
import { ParamsError } from './params-error.js';

/** What a socket serves: `scan` methods on both sockets, `control` methods on the control socket only. */
export type Scope = 'scan' | 'control';

/** Who calls, as far as it is known: for the audit log. */
export interface Caller {
  readonly socket: 'control' | 'scan' | 'http';
  /** The user on the other end of a unix socket; undefined when it cannot be known. Looked up when asked for. */
  uid(): Promise<number | undefined>;
}

export interface Tenant {
  readonly msspId: string;
  readonly customerId: string;
}

/** What a connection says of its calls. */
export interface Origin {
  /** What is served to the caller. */
  readonly scope: Scope;
  readonly caller: Caller;
  /** The one customer that the caller's token is for; absent on the unix sockets. */
  readonly tenant?: Tenant;
}

export interface CallContext extends Origin {
  /** Aborts when the caller has gone or the server stops waiting. */
  readonly signal: AbortSignal;
}

/** A call with one answer. `call` checks the parameters itself and throws BAD_REQUEST naming the field. */
export interface Method {
  readonly kind: 'call';
  /** The path of the `ctl` command with dots: `mssp.test-webhook`. */
  readonly name: string;
  /** One sentence, for the OpenAPI document. */
  readonly summary: string;
  readonly scope: Scope;
  readonly params: TObject;
  /** Described, not enforced. */
  readonly result: TSchema | undefined;
  /** UTF-8 bytes of the texts in parameters that `parse` accepted; counted against `max_text_bytes`. */
  textBytes(params: unknown): number;
  /** Checks parameters; throws BAD_REQUEST. */
  parse(params: unknown): unknown;
  /** Runs the method with what `parse` returned. */
  run(parsed: unknown, context: CallContext): Promise<object>;
  /** The HTTP status of a result; 200 for most. */
  httpStatus(result: object): number;
  /** Those that `httpStatus` may say. */
  readonly resultStatuses: readonly number[];
}

/** A stream of notifications, over the WebSocket only. */
export interface Subscription {
  readonly kind: 'subscription';
  readonly name: string;
  readonly summary: string;
  readonly scope: Scope;
  readonly params: TObject;
  parse(params: unknown): unknown;
  /** Calls `emit` for each event until the returned function is called. */
  start(parsed: unknown, emit: (event: object) => void): () => void;
}

export type MethodEntry = Method | Subscription;

/** The parameters that name a tenant. */
const TENANT_FIELDS = { mssp_id: 'msspId', mssp: 'msspId', customer_id: 'customerId', customer: 'customerId' } as const satisfies Record<string, keyof Tenant>;

/**
 * Checks parameters; throws BAD_REQUEST. For a caller that is bound to a customer, what names a tenant is filled in, and
 * FORBIDDEN is thrown when it names another.
 */
export function paramsFor({ tenant }: Origin, entry: MethodEntry, params: unknown): unknown {
  const parsed = entry.parse(params);
  if (tenant === undefined) return parsed;
  const bound: Record<string, unknown> = { ...(parsed as object) };
  for (const [field, key] of Object.entries(TENANT_FIELDS)) {
    if (!Object.hasOwn(entry.params.properties, field)) continue;
    if (Object.hasOwn(bound, field) && bound[field] !== tenant[key]) throw new RaxedError('FORBIDDEN', 'the token is for another customer');
    bound[field] = tenant[key];
  }
  return bound;
}

export interface MethodDefinition<P extends TObject> {
  readonly name: string;
  readonly summary: string;
  readonly scope: Scope;
  readonly params: P;
  readonly result?: TSchema;
  handle(params: Static<P>, context: CallContext): Promise<object>;
  /** What the schema cannot say; throws BAD_REQUEST. */
  check?(params: Static<P>): void;
  textBytes?(params: Static<P>): number;
  /** For methods whose results are not all sent with 200. */
  readonly http?: { readonly statuses: readonly number[]; statusOf(result: object): number };
}

/** One row of the method table, from a schema and a typed handler. */
export function defineMethod<P extends TObject>(definition: MethodDefinition<P>): Method {
  const parse = paramsParser(definition.params, definition.check);
  return {
    kind: 'call',
    name: definition.name,
    summary: definition.summary,
    scope: definition.scope,
    params: definition.params,
    result: definition.result,
    parse,
    // What reaches these two went through `parse`.
    textBytes: (parsed) => definition.textBytes?.(parsed as Static<P>) ?? 0,
    run: (parsed, context) => definition.handle(parsed as Static<P>, context),
    httpStatus: (result) => definition.http?.statusOf(result) ?? 200,
    resultStatuses: definition.http?.statuses ?? [200],
  };
}

export function defineSubscription<P extends TObject>(definition: {
  readonly name: string;
  readonly summary: string;
  readonly scope: Scope;
  readonly params: P;
  start(params: Static<P>, emit: (event: object) => void): () => void;
}): Subscription {
  return {
    kind: 'subscription',
    name: definition.name,
    summary: definition.summary,
    scope: definition.scope,
    params: definition.params,
    parse: paramsParser(definition.params),
    start: (parsed, emit) => definition.start(parsed as Static<P>, emit),
  };
}

/** A function unknown → Static<P> that throws ParamsError. The schema is compiled at the first call. */
export function paramsParser<P extends TObject>(schema: P, check?: (params: Static<P>) => void): (params: unknown) => Static<P> {
  let compiled: TypeCheck<P> | undefined;
  return (params) => {
    compiled ??= TypeCompiler.Compile(schema);
    const given = params ?? {};
    if (!compiled.Check(given)) throw paramsError(schema, compiled.Errors(given).First());
    check?.(given);
    return given;
  };
}

function paramsError(schema: TObject, error: ValueError | undefined): ParamsError {
  if (error === undefined) return new ParamsError('', 'bad parameters');
  if (error.type === ValueErrorType.ObjectAdditionalProperties) {
    // The unknown name is the caller's own and may be anything: only names that the schema knows are said.
    const cut = error.path.lastIndexOf('/');
    const given = error.path.slice(cut + 1).replaceAll('~1', '/').replaceAll('~0', '~');
    const known = propertyNames(error.schema);
    const suggestion = nearest(given, known);
    const hint = suggestion !== undefined ? `did you mean "${suggestion}"?` : known.length === 0 ? 'none is known here' : `known are ${known.join(', ')}`;
    return new ParamsError(error.path.slice(0, cut), `unknown field; ${hint}`);
  }
  if (error.type === ValueErrorType.ObjectRequiredProperty) return new ParamsError(error.path, 'is required');
  if (error.path === '') return new ParamsError('', `parameters must be a JSON object with the fields ${Object.keys(schema.properties).join(', ') || '(none)'}`);
  return new ParamsError(error.path, expectation(error.schema));
}

function propertyNames(schema: object): string[] {
  return 'properties' in schema && typeof schema.properties === 'object' && schema.properties !== null ? Object.keys(schema.properties) : [];
}

/** What a schema wants, in words: its title where it has one. */
function expectation(schema: object): string {
  if ('title' in schema && typeof schema.title === 'string') return `must be ${schema.title}`;
  const literals = literalsOf(schema);
  if (literals.length > 0) return `must be one of ${literals.join(', ')}`;
  if ('pattern' in schema && typeof schema.pattern === 'string') return `must be a string that matches ${schema.pattern}`;
  const type = 'type' in schema && typeof schema.type === 'string' ? schema.type : 'of another type';
  const bounds = [
    'minimum' in schema ? `at least ${String(schema.minimum)}` : '',
    'maximum' in schema ? `at most ${String(schema.maximum)}` : '',
    'minLength' in schema ? `at least ${String(schema.minLength)}` : '',
    'maxLength' in schema ? `at most ${String(schema.maxLength)} characters` : '',
  ].filter((bound) => bound !== '').join(' and ');
  return `must be ${/^[aeio]/.test(type) ? 'an' : 'a'} ${type}${bounds === '' ? '' : ` of ${bounds}`}`;
}

function literalsOf(schema: object): string[] {
  if (!('anyOf' in schema) || !Array.isArray(schema.anyOf)) return [];
  return schema.anyOf.flatMap((option: unknown) => typeof option === 'object' && option !== null && 'const' in option ? [String(option.const)] : []);
}
