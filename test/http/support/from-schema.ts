import fc from 'fast-check';

/** JSON Schema as OpenAPI 3.1 has it, as far as ours goes. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
}

const MOST = 3;

/** Values of a schema, small ones. */
export function valuesOf(
  schema: Schema,
  components: Readonly<Record<string, Schema>>,
  depth = 0,
): fc.Arbitrary<unknown> {
  const inner = (one: Schema): fc.Arbitrary<unknown> => valuesOf(one, components, depth + 1);
  if (schema.$ref !== undefined) {
    const target = components[schema.$ref.replace('#/components/schemas/', '')];
    if (target === undefined || depth > 8) return fc.constant(null);
    return inner(target);
  }
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return fc.oneof(...alternatives.map(inner));
  switch (schema.type) {
    case 'string':
      return textOf(schema);
    case 'integer':
    case 'number':
      return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 1_000, 2 ** 31 - 1) });
    case 'boolean':
      return fc.boolean();
    case 'array': {
      const minLength = schema.minItems ?? 0;
      return fc.array(inner(schema.items ?? {}), {
        minLength,
        maxLength: Math.max(minLength, Math.min(schema.maxItems ?? MOST, MOST)),
      });
    }
    case 'object':
      return objectOf(schema, inner);
    case undefined:
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function textOf({ pattern, minLength = 0, maxLength = 64 }: Schema): fc.Arbitrary<string> {
  if (pattern === undefined) return fc.string({ minLength, maxLength: Math.min(maxLength, 64) });
  return fc.stringMatching(new RegExp(pattern));
}

function objectOf(
  { properties = {}, required = [], additionalProperties }: Schema,
  inner: (schema: Schema) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  const model = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, inner(one)]));
  const known = fc.record(model, { requiredKeys: [...required] as never[] });
  if (typeof additionalProperties !== 'object') return known;
  const more = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), inner(additionalProperties), {
    maxKeys: MOST,
  });
  return fc.tuple(known, more).map(([one, other]) => ({ ...other, ...one }));
}

/** A value with one thing in it changed: left out, of another type, doubled, or too much. */
export function spoiled(value: unknown): fc.Arbitrary<unknown> {
  const places = placesOf(value);
  return fc
    .tuple(
      fc.constantFrom(...places),
      fc.constantFrom('drop', 'replace', 'wrap', 'add'),
      fc.jsonValue({ maxDepth: 1 }),
      hostile,
    )
    .map(([place, how, other, text]) => changed(value, place, how, other, text));
}

/** Texts that break what is written by hand. */
const hostile = fc.constantFrom(
  '',
  ' ',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '%00',
  '\u0000',
  '\ud800',
  "' OR 1=1 --",
  '1e999',
  '-1',
  '9'.repeat(40),
  'a'.repeat(5_000),
  '9999-99-99',
  '𝒳'.repeat(40),
);

type Place = readonly (string | number)[];

function placesOf(value: unknown, at: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, one]) => placesOf(one, [...at, key]))].slice(0, 200);
}

function changed(value: unknown, place: Place, how: string, other: unknown, text: string): unknown {
  const [step, ...rest] = place;
  if (step === undefined) return how === 'wrap' ? [value] : how === 'add' ? text : other;
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = { ...(value as Record<string, unknown>) };
  if (rest.length > 0) copy[step] = changed(copy[step], rest, how, other, text);
  else if (how === 'drop') Reflect.deleteProperty(copy, step);
  else if (how === 'replace') copy[step] = text;
  else if (how === 'wrap') copy[step] = [copy[step], copy[step]];
  else copy['unknown'] = other;
  return Array.isArray(value) ? Object.values(copy) : copy;
}
