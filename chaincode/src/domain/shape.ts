import type { Problem } from './problem.js';

/** Reads one value at a JSON path and reports what is wrong with it. */
export type Check = (value: unknown, path: string, problems: Problem[]) => void;

interface Field {
  readonly check: Check;
  readonly required: boolean;
}

export function required(check: Check): Field {
  return { check, required: true };
}

export function optional(check: Check): Field {
  return { check, required: false };
}

/** An object with these fields and no others. */
export function object(fields: Readonly<Record<string, Field>>): Check {
  const known = new Map(Object.entries(fields));
  return (value, path, problems) => {
    if (!isObject(value)) {
      problems.push({ path, message: 'must be an object' });
      return;
    }
    for (const key of Object.keys(value)) {
      if (!known.has(key)) problems.push({ path: under(path, key), message: 'is not known here' });
    }
    for (const [key, { check, required: needed }] of known) {
      const field = Object.hasOwn(value, key) ? value[key] : undefined;
      if (field !== undefined) check(field, under(path, key), problems);
      else if (needed) problems.push({ path: under(path, key), message: 'is missing' });
    }
  };
}

/** A list of which each entry passes, with at least this many of them. */
export function list(check: Check, atLeast = 0): Check {
  return (value, path, problems) => {
    if (!Array.isArray(value)) {
      problems.push({ path, message: 'must be a list' });
      return;
    }
    if (value.length < atLeast) {
      problems.push({ path, message: `must have ${atLeast} or more entries` });
    }
    value.forEach((entry: unknown, index) => {
      check(entry, `${path}[${index}]`, problems);
    });
  };
}

/** Text that is not empty and of which the test says nothing, or else what is wrong with it. */
export function text(wrong: (value: string) => string | undefined = () => undefined): Check {
  return (value, path, problems) => {
    if (typeof value !== 'string') problems.push({ path, message: 'must be text' });
    else if (value === '') problems.push({ path, message: 'must not be empty' });
    else {
      const message = wrong(value);
      if (message !== undefined) problems.push({ path, message });
    }
  };
}

export function oneOf(values: readonly string[]): Check {
  return text((value) => (values.includes(value) ? undefined : `must be one of ${values.join(', ')}`));
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function under(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
