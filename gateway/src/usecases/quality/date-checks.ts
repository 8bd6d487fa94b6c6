import { isObject, objectsIn, placesAt, type Place } from './elements.js';
import { spanOf, type KnownSubject, type Span } from './known-subject.js';
import type { CheckOf } from './quality-table.js';

/** A period whose end is wholly before its start; what cannot be read is for the rules about form. */
export function periodOrder(resource: Place): readonly string[] {
  const found: string[] = [];
  for (const { value, path } of objectsIn(resource)) {
    const [start, end] = [spanOf(value['start']), spanOf(value['end'])];
    if (start !== undefined && end !== undefined && end.until <= start.from) found.push(path);
  }
  return found;
}

export function order(resource: Place, { first, second }: CheckOf<'order'>): readonly string[] {
  let latest = -Infinity;
  for (const { span } of spansAt(resource, [first])) latest = Math.max(latest, span.from);
  return spansAt(resource, [second])
    .filter(({ span }) => span.until <= latest)
    .map(({ path }) => path);
}

/** Something that began before its subject was born, by whichever known date of birth is the latest. */
export function notBeforeBirth(
  resource: Place,
  { elements }: CheckOf<'not-before-birth'>,
  { persons }: KnownSubject,
): readonly string[] {
  const births = persons.flatMap(({ birth }) => (birth === undefined ? [] : [birth]));
  if (births.length === 0) return [];
  return spansAt(resource, elements)
    .filter(({ span }) => births.every(({ from }) => span.until <= from))
    .map(({ path }) => path);
}

export function notAfter(
  resource: Place,
  { elements, instant }: CheckOf<'not-after'>,
  { death }: KnownSubject,
  now: number,
): readonly string[] {
  const last = instant === 'now' ? now : death?.until;
  if (last === undefined) return [];
  return spansAt(resource, elements)
    .filter(({ span }) => span.from >= last)
    .map(({ path }) => path);
}

/** Dates, and where a Period stands its start. */
function spansAt(
  resource: Place,
  elements: readonly string[],
): { readonly span: Span; readonly path: string }[] {
  return elements
    .flatMap((element) => placesAt(resource, element))
    .flatMap(({ value, path }) => {
      const [stated, at] = isObject(value) ? [value['start'], `${path}.start`] : [value, path];
      const span = spanOf(stated);
      return span === undefined ? [] : [{ span, path: at }];
    });
}
