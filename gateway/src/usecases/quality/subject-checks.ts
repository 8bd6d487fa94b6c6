import { codeOf } from '../matching/normalise.js';
import { isObject, listOf, placesAt, type Place } from './elements.js';
import { personOf, type KnownSubject, type Person } from './known-subject.js';
import type { CheckOf } from './quality-table.js';

const PATIENT = /^(?:.*\/)?Patient\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/;

/**
 * References to somebody else than the one whom the record is registered for: another id than their Patient resources have, another
 * value of an identifier of the same system; or, where no Patient is kept, another one than the record names first.
 */
export function subjectReferences(
  resource: Place,
  { elements }: CheckOf<'subject'>,
  { patients, persons }: KnownSubject,
  subjects: readonly string[],
): readonly string[] {
  const places = elements.flatMap((element) => placesAt(resource, element));
  const named = places.flatMap(({ value, path }) => {
    const reference = isObject(value) ? value['reference'] : undefined;
    const id = typeof reference === 'string' ? PATIENT.exec(reference)?.[1] : undefined;
    return id === undefined ? [] : [{ id, path: `${path}.reference` }];
  });
  const alone = subjects.length === 1 ? named.slice(0, 1).map(({ id }) => id) : named.map(({ id }) => id);
  const expected = new Set([...subjects, ...(patients.size > 0 ? patients : alone)]);
  const strangers = named.filter(({ id }) => !expected.has(id)).map(({ path }) => path);
  const contradicting = places.flatMap(({ value, path }) => {
    const identifier = isObject(value) ? value['identifier'] : undefined;
    const stated = personOf({ identifier });
    return isObject(identifier) && persons.some((person) => differ(stated, person).includes('identifier'))
      ? [`${path}.identifier`]
      : [];
  });
  return [...strangers, ...contradicting];
}

/** Where a Patient, the record itself or contained in it, says something else of the person than is known. */
export function demographics(
  resource: Place,
  { fields }: CheckOf<'demographics'>,
  { persons }: KnownSubject,
): readonly string[] {
  const { value, path } = resource;
  const contained = isObject(value) ? listOf(value['contained']) : [];
  const patients = [
    resource,
    ...contained.map((one, index) => ({ value: one, path: `${path}.contained[${index}]` })),
  ];
  return patients.flatMap((patient) => {
    if (!isObject(patient.value) || patient.value['resourceType'] !== 'Patient') return [];
    const stated = personOf(patient.value);
    const different = new Set(persons.flatMap((person) => differ(stated, person)));
    return fields.filter((field) => different.has(field)).map((field) => `${patient.path}.${field}`);
  });
}

type Field = CheckOf<'demographics'>['fields'][number];

/** What two say of one person and cannot both be right about; what one of them does not say is no difference. */
function differ(one: Person, other: Person): readonly Field[] {
  const found: Field[] = [];
  if (one.birth !== undefined && other.birth !== undefined) {
    if (one.birth.until <= other.birth.from || other.birth.until <= one.birth.from) found.push('birthDate');
  }
  if (one.gender !== undefined && other.gender !== undefined && one.gender !== other.gender)
    found.push('gender');
  if (isApart(one.families, other.families) || isApart(one.given, other.given)) found.push('name');
  for (const [system, values] of one.identifiers) {
    const others = other.identifiers.get(system);
    if (others !== undefined && isApart([...values].map(codeOf), [...others])) found.push('identifier');
  }
  return found;
}

function isApart(ours: readonly string[], theirs: readonly string[]): boolean {
  return ours.length > 0 && theirs.length > 0 && !ours.some((name) => theirs.includes(name));
}
