import type { MatchGrade } from '@consent-ledger/chaincode/wire/http';
import { jaroWinkler } from './jaro-winkler.js';
import type { ComparedPerson } from './normalise.js';

export interface Likeness {
  readonly grade: MatchGrade;
  /** 0 to 1: the weight of what agrees, of the weight of all that both say. */
  readonly score: number;
}

/** Jaro-Winkler from which two names may be one that was written in two ways. */
const FAMILY_ALIKE = 0.92;
const GIVEN_ALIKE = 0.88;
/** Likeness of two persons' given names of which not the first, but another is the same. */
const GIVEN_SHARED = 0.9;

const WEIGHTS = {
  birthDate: 30,
  family: 20,
  given: 15,
  gender: 5,
  identifier: 40,
  postalCode: 10,
  contact: 10,
};

/**
 * How alike two persons are; undefined where they are no match. What one of them does not say speaks neither way.
 * - Genders that contradict each other, names that are not alike, or a date of birth of which more than one part differs: no match.
 * - `certain`: names and date of birth the same, and an identifier, or the gender and either postal code or contact.
 * - `probable`: names alike and the date of birth the same; or an identifier the same, the family name alike, and the date
 *   of birth the same but for one part, or with day and month exchanged.
 */
export function comparePersons(asked: ComparedPerson, held: ComparedPerson): Likeness | undefined {
  const family = Math.max(
    0,
    ...pairs(asked, held).map(([one, other]) => jaroWinkler(one.family, other.family)),
  );
  const given = Math.max(
    0,
    ...pairs(asked, held)
      .filter(([one, other]) => jaroWinkler(one.family, other.family) >= FAMILY_ALIKE)
      .map(([one, other]) => closest(one.given, other.given)),
  );
  const birth = birthLikeness(asked.birthDate, held.birthDate);
  const identifier = agree(asked.identifiers, held.identifiers);
  const postalCode = agree(asked.postalCodes, held.postalCodes);
  const contact = agree(asked.contacts, held.contacts);
  const gender =
    asked.gender === undefined || held.gender === undefined ? undefined : asked.gender === held.gender;
  if (gender === false || family < FAMILY_ALIKE || given < GIVEN_ALIKE || birth === 0) return undefined;

  const isSame = family === 1 && given === 1 && birth === 1;
  const isCorroborated =
    identifier === true || (gender === true && (postalCode === true || contact === true));
  const score = scoreOf([
    [WEIGHTS.birthDate, birth],
    [WEIGHTS.family, family],
    [WEIGHTS.given, given],
    [WEIGHTS.gender, gender],
    [WEIGHTS.identifier, identifier],
    [WEIGHTS.postalCode, postalCode],
    [WEIGHTS.contact, contact],
  ]);
  if (isSame && isCorroborated) return { grade: 'certain', score };
  if (birth === 1 || identifier === true) return { grade: 'probable', score };
  return undefined;
}

function pairs({ names: ours }: ComparedPerson, { names: theirs }: ComparedPerson) {
  return ours.flatMap((one) => theirs.map((other) => [one, other] as const));
}

/** The first given names of both; where another is the same in both, they are alike, but not the same. */
function closest(ours: readonly string[], theirs: readonly string[]): number {
  const [[first = ''], [other = '']] = [ours, theirs];
  const likeness = jaroWinkler(first, other);
  return ours.some((name) => theirs.includes(name)) ? Math.max(likeness, GIVEN_SHARED) : likeness;
}

/** 1: the same; 0.5: day and month exchanged, or one part differs; 0: anything else. */
function birthLikeness(one: string, other: string): number {
  if (one === other) return 1;
  const [ours, theirs] = [one.split('-'), other.split('-')];
  const same = ours.filter((part, index) => part === theirs[index]).length;
  const isExchanged = ours[0] === theirs[0] && ours[1] === theirs[2] && ours[2] === theirs[1];
  return same === 2 || isExchanged ? 0.5 : 0;
}

/** Whether they have one in common; undefined where one of them has none. */
function agree(ours: ReadonlySet<string>, theirs: ReadonlySet<string>): boolean | undefined {
  if (ours.size === 0 || theirs.size === 0) return undefined;
  return [...ours].some((one) => theirs.has(one));
}

function scoreOf(
  parts: readonly (readonly [weight: number, likeness: number | boolean | undefined])[],
): number {
  const said = parts.flatMap(([weight, likeness]) =>
    likeness === undefined ? [] : [{ weight, reached: weight * Number(likeness) }],
  );
  const [reached, most] = [
    said.reduce((sum, one) => sum + one.reached, 0),
    said.reduce((sum, one) => sum + one.weight, 0),
  ];
  return Math.round((reached / most) * 1_000) / 1_000;
}
