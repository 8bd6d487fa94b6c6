import { parseDateTime } from '@consent-ledger/chaincode/domain';
import { canonicalSystem } from '../labelling/code-systems.js';
import { isObject, lackingAt, listOf, objectsIn, placesAt, type JsonObject, type Place } from './elements.js';
import type { CheckOf } from './quality-table.js';

const LOINC = 'http://loinc.org';
const UCUM = 'http://unitsofmeasure.org';
const DATE = /^\d{4}(?:-\d{2}(?:-\d{2})?)?$/;

export function required(resource: Place, { elements }: CheckOf<'required'>): readonly string[] {
  return elements.flatMap((element) => lackingAt(resource, element));
}

export function form(resource: Place, { elements, form: wanted }: CheckOf<'form'>): readonly string[] {
  return pathsOf(resource, elements, (value) => !FORMS[wanted](value));
}

export function oneOf(resource: Place, { elements, codes }: CheckOf<'one-of'>): readonly string[] {
  return pathsOf(resource, elements, (value) => typeof value !== 'string' || !codes.includes(value));
}

/** Concepts that are only words: no rule about codes sees what they say. */
export function coded(resource: Place, { elements }: CheckOf<'coded'>): readonly string[] {
  const isCoded = (value: unknown): boolean =>
    isObject(value) &&
    listOf(value['coding']).some((one) => isObject(one) && isText(one['system']) && isText(one['code']));
  return pathsOf(resource, elements, (value) => !isCoded(value));
}

export function knownSystems(resource: Place, { systems }: CheckOf<'known-systems'>): readonly string[] {
  const isKnown = (system: string): boolean => {
    const address = canonicalSystem(system);
    return systems.some((one) =>
      one.endsWith('*') ? address.startsWith(one.slice(0, -1)) : address === one,
    );
  };
  const found: string[] = [];
  for (const { value, path } of objectsIn(resource)) {
    for (const [index, coding] of listOf(value['coding']).entries()) {
      if (!isObject(coding) || coding['code'] === undefined) continue;
      const { system } = coding;
      if (!isText(system) || !isKnown(system)) found.push(`${path}.coding[${index}].system`);
    }
  }
  return found;
}

/** A quantity under a LOINC code whose family is known, in a unit that its family is not measured in. */
export function units(resource: Place, { families }: CheckOf<'units'>): readonly string[] {
  const measured = [resource, ...placesAt(resource, 'component')];
  return measured.flatMap(({ value, path }) => {
    if (!isObject(value) || !isObject(value['valueQuantity'])) return [];
    const loinc = codesOf(value['code']);
    const family = families.find((one) => one.loinc.some((code) => loinc.has(code)));
    if (family === undefined) return [];
    const { system, code } = value['valueQuantity'];
    const isFit = system === UCUM && isText(code) && family.ucum.includes(withoutNotes(code));
    return isFit ? [] : [`${path}.valueQuantity.code`];
  });
}

/** UCUM 3.1, curly braces: what stands in them changes no unit. They do not nest, so that each is looked at once however many are not closed. */
function withoutNotes(code: string): string {
  const bare = code.replaceAll(/\{[^{}]*\}/g, '');
  return bare.startsWith('/') || bare !== '' ? bare : '1';
}

function codesOf(concept: unknown): ReadonlySet<string> {
  const codings = isObject(concept) ? listOf(concept['coding']).filter(isObject) : [];
  return new Set(
    codings.flatMap(({ system, code }: JsonObject) =>
      isText(system) && canonicalSystem(system) === LOINC && isText(code) ? [code] : [],
    ),
  );
}

/** FHIR R4 2.24.0.1. */
const FORMS: Readonly<Record<CheckOf<'form'>['form'], (value: unknown) => boolean>> = {
  date: (value) => isText(value) && DATE.test(value) && parseDateTime(value) !== undefined,
  dateTime: (value) => isText(value) && parseDateTime(value) !== undefined,
  instant: (value) => isText(value) && value.includes('T') && parseDateTime(value) !== undefined,
  number: (value) => typeof value === 'number',
  reference: (value) =>
    isObject(value) &&
    (value['reference'] === undefined ||
      (isText(value['reference']) &&
        /^(?:#[A-Za-z0-9.-]*|urn:\S+|https?:\/\/\S+|[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}(?:\/_history\/\S+)?|[A-Z][A-Za-z]+\?\S+)$/.test(
          value['reference'],
        ))),
};

function pathsOf(
  resource: Place,
  elements: readonly string[],
  isWrong: (value: unknown) => boolean,
): readonly string[] {
  return elements
    .flatMap((element) => placesAt(resource, element))
    .filter(({ value }) => value !== null && isWrong(value))
    .map(({ path }) => path);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
