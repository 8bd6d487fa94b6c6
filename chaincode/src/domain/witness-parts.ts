import { confidentialityCodes, sensitivityCodes } from './labels.js';
import type { Criteria, DataCriteria } from './policy.js';
import { BREAK_GLASS, isResearch, purposes as allPurposes } from './purposes.js';
import type { Action, Coding, Question, RecordFacts } from './question.js';
import { formatInstant } from './time.js';

/** A member and a record that no consent names. */
export const ANOTHER_MEMBER = 'Organization/another';
export const ANOTHER_RECORD = 'Basic/another';

/** A part of a question that can be chosen apart from the others. */
export type Part = (question: Question) => Question;

/** Ways tried to take one of each of several lists. */
const MAX_SETS = 12;

/** Values of one kind that are tried. */
const MAX_VALUES = 64;

const ACTIONS: readonly Action[] = ['access', 'disclose', 'use', 'collect', 'correct'];

export function purposes(onWays: readonly Criteria[], researchOnly: boolean): readonly Part[] {
  const named = onWays.flatMap((criteria) => criteria.purposes ?? []);
  // No permit permits break-glass, and so none is defeated there.
  return unique([...named, 'TREAT', ...allPurposes])
    .filter((purpose) => purpose !== BREAK_GLASS && (!researchOnly || isResearch(purpose)))
    .map((purpose) => (question) => ({ ...question, purpose: [purpose] }));
}

export function actions(): readonly Part[] {
  return ACTIONS.map((action) => (question) => ({ ...question, actions: [action] }));
}

/**
 * Nothing, each level, each sensitivity that is named, and one that is on the ways with any other, with each level;
 * unknown.
 */
export function labels(onWays: readonly Criteria[], named: readonly Criteria[]): readonly Part[] {
  const codesOf = (criteria: readonly Criteria[]): readonly string[] =>
    unique(criteria.flatMap((one) => one.labels?.sensitivity ?? []));
  const first = codesOf(onWays);
  const codes = codesOf([...onWays, ...named]);
  const pairs = first.flatMap((one, index) => codes.slice(index + 1).map((other) => [one, other]));
  const sensitivities = [[], ...codes.map((one) => [one]), ...pairs];
  if (codes.length > 0) sensitivities.push(...sensitivityCodes.map((one) => [one]));
  const levels = [[], ...[...confidentialityCodes].reverse().map((level) => [level])];
  return [
    ...sensitivities.flatMap((sensitive) =>
      levels.map((level) => known({ labels: [...level, ...sensitive] })),
    ),
    unknown('labels'),
  ];
}

/** For each provision on the ways that names recipients one of them, as the member or as a reference of it. */
export function recipients(onWays: readonly Criteria[], named: readonly Criteria[]): readonly Part[] {
  const lists = onWays.flatMap(({ actor }) => {
    const { organizations = [], others = [] } = actor?.recipients ?? {};
    return organizations.length + others.length === 0 ? [] : [[...organizations, ...others]];
  });
  const members = few([
    ANOTHER_MEMBER,
    ...[...onWays, ...named].flatMap(({ actor }) => actor?.recipients?.organizations ?? []),
  ]);
  const others = few(named.flatMap(({ actor }) => actor?.recipients?.others ?? [])).map((one) => [one]);
  const sets = [...hitting(lists), ...others];
  return [
    ...sets.flatMap((references) =>
      members.map((member): Part => {
        return (question) => ({ ...question, requester: { member, references, roles: [] } });
      }),
    ),
    ...members.map((member): Part => (question) => ({ ...question, requester: { member } })),
  ];
}

export function custodians(named: readonly Criteria[]): readonly Part[] {
  const all = few([ANOTHER_MEMBER, ...named.flatMap(({ actor }) => actor?.custodians ?? [])]);
  return [
    ...all.map((custodian): Part => (question) => ({ ...question, custodian })),
    (question) => without(question, 'custodian'),
  ];
}

export function contents(onWays: readonly Criteria[], named: readonly Criteria[]): readonly Part[] {
  const all = (criteria: readonly Criteria[]): Criteria['contents'] & {} =>
    criteria.flatMap((one) => one.contents ?? []);
  const types = few(['Basic', ...all([...onWays, ...named]).flatMap(({ resourceTypes }) => resourceTypes)]);
  const listed = all(onWays).flatMap(({ classes }) => (classes.length > 0 ? [classes] : []));
  const classSets = few([[], ...hitting(listed), ...all(named).map(({ classes }) => classes)]);
  return [
    ...types.flatMap((resourceType) => classSets.map((classes) => known({ resourceType, classes }))),
    ...types.map((resourceType): Part => {
      return (question) => unknown('classes')(known({ resourceType })(question));
    }),
    ...classSets.map((classes): Part => {
      return (question) => unknown('resourceType')(known({ classes })(question));
    }),
    (question) => unknown('classes')(unknown('resourceType')(question)),
  ];
}

export function codes(onWays: readonly Criteria[], named: readonly Criteria[]): readonly Part[] {
  const listed: (readonly Coding[])[] = onWays.flatMap((one) => (one.codes === undefined ? [] : [one.codes]));
  const others = few(named.flatMap((one) => one.codes ?? [])).map((coding) => [coding]);
  return [...[...hitting(listed), ...others].map((some) => known({ codes: some })), unknown('codes')];
}

/** Just inside and just outside of every end that is named; unknown. */
export function authored(named: readonly Criteria[]): readonly Part[] {
  const instants = named.flatMap(({ dataPeriod }) => {
    const { from, until } = dataPeriod?.interval ?? {};
    return [
      ...(from === undefined ? [] : [Math.ceil(from), Math.ceil(from) - 1]),
      ...(until === undefined ? [] : [Math.ceil(until), Math.ceil(until) - 1]),
    ];
  });
  const texts = few(instants).map((instant) => {
    const text = formatInstant(instant);
    return text.includes('.') ? text : text.replace('Z', '.000Z');
  });
  return [
    ...['2000-01-01T00:00:00Z', ...texts].map((text) => known({ authored: text })),
    known({ authored: {} }),
    unknown('authored'),
  ];
}

/** For each provision on the ways that names data, or authors, one of them: what the record is, refers to, or is by. */
export function about(onWays: readonly Criteria[], named: readonly Criteria[]): readonly Part[] {
  const listed = (criteria: readonly Criteria[]): (readonly DataCriteria[])[] =>
    criteria.flatMap(({ data, actor }) => [
      ...(data === undefined ? [] : [data]),
      ...(actor?.authors === undefined
        ? []
        : [actor.authors.map((reference): DataCriteria => ({ meaning: 'authoredby', reference }))]),
    ]);
  const others = few(listed(named).flat()).map((one) => [one]);
  return [
    ...[...hitting(listed(onWays)), ...others].flatMap(recordsAbout),
    ...(['author', 'refersTo', 'referredToBy', 'reference'] as const).map(unknown),
  ];
}

function recordsAbout(data: readonly DataCriteria[]): readonly Part[] {
  const of = (...meanings: readonly DataCriteria['meaning'][]): string[] =>
    data.filter(({ meaning }) => meanings.includes(meaning)).map(({ reference }) => reference);
  const [reference = ANOTHER_RECORD] = of('instance');
  const around = of('related', 'dependents');
  const author = of('authoredby');
  return [
    known({ reference, author, refersTo: around }),
    ...around.map((itself) => known({ reference: itself, author })),
  ];
}

function known(facts: RecordFacts): Part {
  return (question) => ({ ...question, record: { ...question.record, ...facts } });
}

function unknown(fact: keyof RecordFacts): Part {
  return (question) => ({ ...question, record: without(question.record ?? {}, fact) });
}

function without<T extends object>(from: T, key: keyof T): T {
  const kept = { ...from };
  Reflect.deleteProperty(kept, key);
  return kept;
}

/** One of each list, in every way (the first few); the same one may do for several. */
function hitting<T>(lists: readonly (readonly T[])[]): readonly (readonly T[])[] {
  const found: (readonly T[])[] = [];
  for (const chosen of product(lists)) {
    found.push(unique(chosen));
    if (found.length === MAX_SETS) break;
  }
  return found;
}

/** Every way to take one of each list, the first of each first. */
function* product<T>(lists: readonly (readonly T[])[]): Generator<readonly T[], void, undefined> {
  const [first, ...rest] = lists;
  if (first === undefined) yield [];
  else for (const others of product(rest)) for (const one of first) yield [one, ...others];
}

/** The first of them, once each. */
function few<T>(values: readonly T[]): readonly T[] {
  return unique(values).slice(0, MAX_VALUES);
}

function unique<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)];
}
