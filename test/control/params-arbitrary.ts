import type { TSchema } from '@sinclair/typebox';
import fc from 'fast-check';

/** The keywords that the methods' schemas use. */
interface Keywords {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly TSchema[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: TSchema;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
}

/** JSON values that a schema takes. Throws for a keyword that it does not know how to fill. */
export function fitting(schema: TSchema): fc.Arbitrary<unknown> {
  const { type, anyOf, items, properties, ...of } = schema as Keywords;
  if ('const' in of) return fc.constant(of.const);
  if (anyOf !== undefined) return fc.oneof(...anyOf.map(fitting));
  switch (type) {
    case undefined: return fc.jsonValue();
    case 'null': return fc.constant(null);
    case 'boolean': return fc.boolean();
    case 'integer': return fc.integer({ min: of.minimum ?? -1000, max: of.maximum ?? 1000 });
    case 'number': return fc.double({ min: of.minimum ?? -1e6, max: of.maximum ?? 1e6, noNaN: true });
    case 'string': return text(of);
    case 'array': {
      const item = fitting(items ?? {} as TSchema);
      const maxLength = Math.min(of.maxItems ?? 5, 10);
      return of.uniqueItems === true ? fc.uniqueArray(item, { maxLength }) : fc.array(item, { maxLength });
    }
    case 'object': return fc.record(Object.fromEntries(Object.entries(properties ?? {}).map(([name, inner]) => [name, fitting(inner)])), { requiredKeys: [...of.required ?? []] });
    default: throw new Error(`no values for a schema of type ${type}`);
  }
}

function text({ pattern, minLength = 0, maxLength = 100 }: Keywords): fc.Arbitrary<string> {
  const fits = (value: string): boolean => value.length >= minLength && value.length <= maxLength;
  return pattern === undefined
    ? fc.string({ minLength, maxLength: Math.min(maxLength, 100), unit: 'binary' }).filter(fits)
    : fc.stringMatching(new RegExp(pattern), { size: 'small' }).filter(fits);
}

/** What no field expects: other types, bounds that are passed, names that mean something to JavaScript, attacks on who prints it. */
const strange = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e308, -1e308, 2 ** 53, '', ' ', '0', 'null', '__proto__', '../../etc/passwd', 'a\u0000b', '\u001b[2J\u202e', '\ud800', 'x'.repeat(5000), [], [[]], {}, { __proto__: null }, { toString: 1 }, ['prompt', 'prompt'], [null]),
  fc.jsonValue(),
  fc.string({ unit: 'binary' }),
);

const strangeName = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', '', 'ID', 'mssp_ID', 'nmae', 'webhook-url', '/', '~0', 'a'.repeat(3000)), fc.string());

/** Parameters as a JSON text holds them: those that fit, those with one or two things wrong, and those that are nothing like it. */
export function paramsOf(schema: TSchema): fc.Arbitrary<unknown> {
  const { properties = {} } = schema as Keywords;
  const good = fitting(schema).map((value) => value as Record<string, unknown>);
  const names = Object.keys(properties);
  const without = (params: Record<string, unknown>, name: string): Record<string, unknown> => Object.fromEntries(Object.entries(params).filter(([key]) => key !== name));
  // defineProperty, because `__proto__` as JSON.parse makes it is a property like any other.
  const set = (params: Record<string, unknown>, name: string, value: unknown): Record<string, unknown> => Object.defineProperty({ ...params }, name, { value, enumerable: true, writable: true, configurable: true });
  const known = names.length === 0 ? strangeName : fc.constantFrom(...names);
  const wrong = fc.tuple(good, fc.array(fc.oneof(
    known.map((name) => (params: Record<string, unknown>) => without(params, name)),
    fc.tuple(known, strange).map(([name, value]) => (params: Record<string, unknown>) => set(params, name, value)),
    fc.tuple(strangeName, strange).map(([name, value]) => (params: Record<string, unknown>) => set(params, name, value)),
  ), { minLength: 1, maxLength: 2 })).map(([params, steps]) => steps.reduce((changed, step) => step(changed), params));
  return fc.oneof({ weight: 4, arbitrary: good }, { weight: 5, arbitrary: wrong }, { weight: 1, arbitrary: strange });
}
