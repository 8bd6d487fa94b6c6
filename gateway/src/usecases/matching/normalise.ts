import type { Demographics } from '@consent-ledger/chaincode/wire/http';

/** Letters that no decomposition takes apart. */
const SPELLED: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
};

/** A name without case, accents, spaces and marks: `O’Brien-Müller` is `obrienmuller`. */
export function nameOf(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[ßæœøłđðþ]/g, (letter) => SPELLED[letter] ?? letter)
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** The words of a given name: `Anna-Maria` is `anna` and `maria`. */
export function givenNamesOf(texts: readonly string[]): string[] {
  return texts
    .flatMap((text) => text.split(/[\s-]+/))
    .map(nameOf)
    .filter((name) => name !== '');
}

/** Letters and digits, upper case: `sw1a 2aa` is `SW1A2AA`. */
export function codeOf(text: string): string {
  return text
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** Of a phone number the last nine digits, so that country codes and leading zeros make no difference; of an email lower case. */
export function contactOf({ system, value }: NonNullable<Demographics['telecom']>[number]): string {
  if (system === 'email') return value.trim().toLowerCase();
  return value.replaceAll(/\D/g, '').slice(-9);
}

/** What is compared of a person, each value as it is compared. */
export interface ComparedPerson {
  readonly names: readonly { readonly family: string; readonly given: readonly string[] }[];
  readonly birthDate: string;
  readonly gender: 'male' | 'female' | undefined;
  readonly identifiers: ReadonlySet<string>;
  readonly postalCodes: ReadonlySet<string>;
  readonly contacts: ReadonlySet<string>;
}

export function comparedOf(patient: Demographics): ComparedPerson {
  const { gender } = patient;
  return {
    names: patient.name
      .map(({ family, given }) => ({ family: nameOf(family), given: givenNamesOf(given) }))
      .filter(({ family, given }) => family !== '' && given.length > 0),
    birthDate: patient.birthDate,
    gender: gender === 'male' || gender === 'female' ? gender : undefined,
    identifiers: new Set(patient.identifier?.map(({ system, value }) => `${system}|${codeOf(value)}`)),
    postalCodes: new Set(
      patient.address?.flatMap(({ postalCode }) => (postalCode === undefined ? [] : [codeOf(postalCode)])),
    ),
    contacts: new Set(patient.telecom?.map(contactOf).filter((contact) => contact.length >= 6)),
  };
}
