import { readAsked, readFacts } from './facts.js';
import { matchCriteria, matchPurpose, NO, YES } from './match.js';
import type { ActorCriteria, CompiledPolicy, Criteria } from './policy.js';
import type { Question } from './question.js';
import { formatInstant } from './time.js';
import { criteriaOf, type Way } from './ways.js';
import * as choose from './witness-parts.js';

/** Values tried for one part of a question: the simplest, and those where something is unknown. */
const SIMPLEST = 8;
const LAST = 4;

type Aspect = keyof Criteria | keyof ActorCriteria;

/**
 * Questions that everything on these ways matches. Each part of a question is chosen by itself from what the
 * policies name: first the simplest of each, then with one part, then with two parts otherwise, in case another
 * provision stands in the way. Some thousands at most.
 */
export function* witnesses(
  policies: readonly CompiledPolicy[],
  ways: readonly Way[],
  at: number,
): Generator<Question, void, undefined> {
  const start = plainQuestion(at, policies[0]?.subject ?? '');
  const named = policies.flatMap(criteriaOf);
  // What is on the ways comes first, so that it is among the few values that are tried.
  const onWays = ways.flatMap(({ steps }) => steps.map(({ criteria }) => criteria));
  const research = policies.some(({ scope }) => scope === 'research');
  const fit = (parts: readonly choose.Part[], ...aspects: readonly Aspect[]): readonly choose.Part[] =>
    some(parts.filter((part) => fits(part(start), ways, aspects)));
  const choices = [
    fit(choose.purposes(onWays, research), 'purposes'),
    fit(choose.actions(), 'actions'),
    fit(choose.labels([...onWays, ...named]), 'labels'),
    fit(choose.recipients(onWays, named), 'recipients'),
    fit(choose.custodians([...onWays, ...named]), 'custodians'),
    fit(choose.contents(onWays, named), 'contents'),
    fit(choose.codes(onWays, named), 'codes'),
    fit(choose.authored([...onWays, ...named]), 'dataPeriod'),
    fit(choose.about(onWays, named), 'data', 'authors'),
  ];
  for (const parts of nearest(choices)) {
    yield parts.reduce((question, part) => part(question), start);
  }
}

function some<T>(values: readonly T[]): readonly T[] {
  if (values.length <= SIMPLEST + LAST) return values;
  return [...values.slice(0, SIMPLEST), ...values.slice(-LAST)];
}

/** Nothing in it is named by anybody, and everything in it is known. */
function plainQuestion(at: number, subject: string): Question {
  return {
    at: formatInstant(at),
    custodian: choose.ANOTHER_MEMBER,
    requester: { member: choose.ANOTHER_MEMBER, references: [], roles: [] },
    purpose: ['TREAT'],
    actions: ['access'],
    subjects: [subject],
    record: {
      reference: choose.ANOTHER_RECORD,
      resourceType: 'Basic',
      classes: [],
      codes: [],
      labels: [],
      authored: '2000-01-01T00:00:00Z',
      author: [],
      refersTo: [],
      referredToBy: [],
    },
  };
}

/** Do these aspects of every step match, as far as the way that it is on needs them to? */
function fits(question: Question, ways: readonly Way[], aspects: readonly Aspect[]): boolean {
  const facts = readFacts(question);
  return readAsked(question).every((asked) =>
    ways.every(({ to, steps }) =>
      steps.every(({ kind, criteria }) => {
        if (aspects.includes('purposes')) return matchPurpose(criteria.purposes, kind, asked);
        const match = matchCriteria(aspectsOf(criteria, aspects), asked, facts);
        return to === 'deny' ? match !== NO : match === YES;
      }),
    ),
  );
}

function aspectsOf({ actor, ...criteria }: Criteria, aspects: readonly Aspect[]): Criteria {
  const pick = <T extends object>(from: T): Partial<T> =>
    Object.fromEntries(
      Object.entries(from).filter(([key]) => aspects.some((aspect) => aspect === key)),
    ) as Partial<T>;
  const picked: Partial<Criteria> = pick(criteria);
  const roles = actor === undefined ? {} : pick(actor);
  return Object.keys(roles).length === 0 ? picked : { ...picked, actor: roles };
}

/** One of each list: all firsts, then one other than the first, then two; none if a list is empty. */
function* nearest<T>(lists: readonly (readonly T[])[]): Generator<readonly T[], void, undefined> {
  const firsts = lists.flatMap((list) => list.slice(0, 1));
  if (firsts.length < lists.length) return;
  yield firsts;
  const others = lists.map((list, index) => list.slice(1).map((value) => ({ index, value })));
  for (const { index, value } of others.flat()) yield firsts.with(index, value);
  for (const [low, some] of others.entries()) {
    for (const one of some) {
      for (const other of others.slice(low + 1).flat()) {
        yield firsts.with(one.index, one.value).with(other.index, other.value);
      }
    }
  }
}
