/** A FHIR resource, or an element in it. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Something in a resource, and where it stands, in FHIRPath by the names that JSON has: `Observation.component[0].code`. */
export interface Place {
  readonly value: unknown;
  readonly path: string;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

/** All that stands at an element: `component.code` of each component; `effective[x]` whatever type it has. */
export function placesAt(root: Place, element: string): readonly Place[] {
  return element
    .split('.')
    .reduce<readonly Place[]>((places, step) => places.flatMap(stepInto(step)), [root]);
}

/** Where an element is asked for and nothing is: its path below each parent that lacks it. */
export function lackingAt(root: Place, element: string): readonly string[] {
  const steps = element.split('.');
  const last = steps.pop() ?? '';
  const parents = steps.length === 0 ? [root] : placesAt(root, steps.join('.'));
  return parents
    .filter(({ value }) => isObject(value) && !isThere(value, last))
    .map(({ path }) => `${path}.${last}`);
}

/** Everything in a resource that is an object, itself included, contained resources too. */
export function* objectsIn({
  value,
  path,
}: Place): Generator<{ readonly value: JsonObject; readonly path: string }> {
  if (Array.isArray(value)) {
    for (const [index, one] of (value as unknown[]).entries())
      yield* objectsIn({ value: one, path: `${path}[${index}]` });
  } else if (isObject(value)) {
    yield { value, path };
    for (const [name, inner] of Object.entries(value))
      yield* objectsIn({ value: inner, path: `${path}.${segmentOf(name)}` });
  }
}

/** A name that FHIR could not have given says who knows what, and does not go into a path. */
function segmentOf(name: string): string {
  return /^_?[a-z][A-Za-z]{0,63}$/.test(name) ? name : '*';
}

function stepInto(step: string): (parent: Place) => readonly Place[] {
  return ({ value, path }) =>
    isObject(value)
      ? namesOf(value, step).flatMap((name) => {
          const inner = value[name];
          return Array.isArray(inner)
            ? (inner as unknown[]).map((one, index) => ({ value: one, path: `${path}.${name}[${index}]` }))
            : [{ value: inner, path: `${path}.${name}` }];
        })
      : [];
}

function namesOf(value: JsonObject, step: string): readonly string[] {
  if (!step.endsWith('[x]')) return Object.hasOwn(value, step) ? [step] : [];
  const stem = step.slice(0, -3);
  const form = new RegExp(`^${stem}[A-Z][A-Za-z]{0,40}$`);
  return Object.keys(value).filter((name) => form.test(name));
}

/** A primitive may be absent and say why in an extension (FHIR R4 2.6.2, `_status`). */
function isThere(value: JsonObject, step: string): boolean {
  if (namesOf(value, step).some((name) => isFilled(value[name]))) return true;
  return namesOf(value, `_${step}`).some((name) => isObject(value[name]));
}

function isFilled(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isObject(value)) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== '';
}
