import { parseDateTime } from '@consent-ledger/chaincode/domain';
import type { Demographics } from '@consent-ledger/chaincode/wire/http';
import { codeOf, givenNamesOf, nameOf } from '../matching/normalise.js';
import { isObject, listOf, type JsonObject } from './elements.js';

/** The span of time that a FHIR date means, in epoch milliseconds; `until` is outside. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/** What demographics say of a person, as it is compared; absent where they do not say it. */
export interface Person {
  readonly birth?: Span;
  readonly gender?: 'male' | 'female';
  readonly families: readonly string[];
  readonly given: readonly string[];
  /** Value by system. */
  readonly identifiers: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What a custodian knows of whom a record is about, beside the record. */
export interface KnownSubject {
  /** Ids of their Patient resources. */
  readonly patients: ReadonlySet<string>;
  /** From the demographics that the subject is found by and from Patient resources, best known first. */
  readonly persons: readonly Person[];
  readonly death?: Span;
}

export const NOBODY_KNOWN: KnownSubject = { patients: new Set(), persons: [] };

/** @param patients Patient resources that are kept as records about the subject, newest first */
export function knownSubject(
  demographics: Demographics | undefined,
  patients: readonly JsonObject[],
): KnownSubject {
  const death = patients
    .map(({ deceasedDateTime }) => spanOf(deceasedDateTime))
    .find((one) => one !== undefined);
  return {
    patients: new Set(patients.map(({ id }) => id).filter((id) => typeof id === 'string')),
    persons: [...(demographics === undefined ? [] : [demographics as JsonObject]), ...patients].map(personOf),
    ...(death === undefined ? {} : { death }),
  };
}

/** Of a Patient resource, or of demographics, which are one. */
export function personOf({ birthDate, gender, name, identifier }: JsonObject): Person {
  const birth = spanOf(birthDate);
  const names = listOf(name).filter(isObject);
  const identifiers = new Map<string, Set<string>>();
  for (const one of listOf(identifier).filter(isObject)) {
    const { system, value } = one;
    if (typeof system !== 'string' || typeof value !== 'string') continue;
    const values = identifiers.get(system) ?? new Set();
    identifiers.set(system, values.add(codeOf(value)));
  }
  return {
    ...(birth === undefined ? {} : { birth }),
    ...(gender === 'male' || gender === 'female' ? { gender } : {}),
    families: textsOf(names.map(({ family }) => family)).map(nameOf),
    given: givenNamesOf(textsOf(names.flatMap(({ given }) => listOf(given)))),
    identifiers,
  };
}

export function spanOf(value: unknown): Span | undefined {
  return typeof value === 'string' ? parseDateTime(value) : undefined;
}

function textsOf(values: readonly unknown[]): string[] {
  return values.filter((value) => typeof value === 'string' && value !== '') as string[];
}
