import { readAsked, readFacts, type Asked, type Facts } from './facts.js';
import { matchCriteria, matchPurpose, NO, YES } from './match.js';
import type { ActorCriteria, CompiledPolicy, Criteria } from './policy.js';
import type { Question } from './question.js';
import { formatInstant } from './time.js';
import { criteriaOf, type Way } from './ways.js';
import * as choose from './witness-parts.js';

/** Values tried for one part of a question: the simplest, and those where something is unknown. */
const SIMPLEST = 8;
const LAST = 4;

/** Provisions of which the values are tried, those on the ways among them. */
const MAX_NAMED = 64;

type Aspect = keyof Criteria | keyof ActorCriteria;

/** How much more a search may do. It counts, and does not look at a clock: every endorser stops at the same place. */
export class Budget {
  constructor(public left: number) {}

  /** Whether there was so much left; what is spent is spent. */
  spend(amount: number): boolean {
    this.left -= amount;
    return this.left >= 0;
  }
}

/** Looks for questions on which two policies may differ. */
export class Search {
  /** What every provision of both constrains. */
  readonly named: readonly Criteria[];
  readonly #tried: readonly Criteria[];
  readonly #start: Question;
  readonly #research: boolean;

  constructor(
    policies: readonly CompiledPolicy[],
    private readonly budget: Budget,
  ) {
    this.named = policies.flatMap(criteriaOf);
    this.#tried = this.named.slice(0, MAX_NAMED);
    this.#start = plainQuestion(policies[0]);
    this.#research = policies.some(({ scope }) => scope === 'research');
  }

  /**
   * Questions that everything on these ways matches. Each part of a question is chosen by itself from what the
   * policies name: first the simplest of each, then with one part, then with two parts otherwise, in case another
   * provision stands in the way. None where a part cannot be chosen, or the budget is spent.
   */
  *witnesses(ways: readonly Way[], at: number): Generator<Question, void, undefined> {
    const start = { ...this.#start, at: formatInstant(at) };
    const ask = (parts: readonly choose.Part[]): Question =>
      parts.reduce((question, part) => part(question), start);
    const choices = this.#choices(ways);
    const lists: (readonly choose.Part[])[] = [];
    for (const { parts, aspects } of choices) {
      const first = this.#fitting(parts(), ways, aspects, 1);
      if (first.length === 0) return;
      lists.push(first);
    }
    yield ask(lists.flat());
    const all = choices.map(({ parts, aspects }) => some(this.#fitting(parts(), ways, aspects)));
    if (this.budget.left < 0) return;
    for (const parts of nearest(all)) yield ask(parts);
  }

  /** What can be chosen for each part of a question, those first of which there are few. */
  #choices(ways: readonly Way[]): readonly Choice[] {
    // What is on the ways comes first, so that it is among the few values that are tried.
    const onWays = ways.flatMap(({ steps }) => steps.map(({ criteria }) => criteria));
    const named = [...new Set([...onWays, ...this.#tried])].slice(0, MAX_NAMED);
    return [
      { parts: () => choose.actions(), aspects: ['actions'] },
      { parts: () => choose.purposes(onWays, this.#research), aspects: ['purposes'] },
      { parts: () => choose.custodians(named), aspects: ['custodians'] },
      { parts: () => choose.codes(onWays, named), aspects: ['codes'] },
      { parts: () => choose.authored(named), aspects: ['dataPeriod'] },
      { parts: () => choose.about(onWays, named), aspects: ['data', 'authors'] },
      { parts: () => choose.recipients(onWays, named), aspects: ['recipients'] },
      { parts: () => choose.contents(onWays, named), aspects: ['contents'] },
      { parts: () => choose.labels(onWays, named), aspects: ['labels'] },
    ];
  }

  /** The parts with which these aspects of every step match, as far as the way that it is on needs them to. */
  #fitting(
    parts: readonly choose.Part[],
    ways: readonly Way[],
    aspects: readonly Aspect[],
    atMost = Infinity,
  ): readonly choose.Part[] {
    const tests = testsOf(ways, aspects);
    const found: choose.Part[] = [];
    for (const part of parts) {
      if (found.length === atMost || !this.budget.spend(1)) break;
      if (tests.length === 0 || fits(part(this.#start), tests)) found.push(part);
    }
    return found;
  }
}

interface Choice {
  readonly parts: () => readonly choose.Part[];
  readonly aspects: readonly Aspect[];
}

function some<T>(values: readonly T[]): readonly T[] {
  if (values.length <= SIMPLEST + LAST) return values;
  return [...values.slice(0, SIMPLEST), ...values.slice(-LAST)];
}

/** Nothing in it is named by anybody, and everything in it is known. */
function plainQuestion(filed: CompiledPolicy | undefined): Question {
  return {
    at: formatInstant(0),
    custodian: choose.ANOTHER_MEMBER,
    requester: { member: choose.ANOTHER_MEMBER, references: [], roles: [] },
    purpose: ['TREAT'],
    actions: ['access'],
    subjects: [filed?.subject ?? ''],
    // A study's consent speaks about that study alone, and only another one of it, or one of none, stands in its way.
    ...(filed?.study === undefined ? {} : { study: filed.study.study }),
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

type Test = (asked: Asked, facts: Facts) => boolean;

/** What these aspects of the steps ask for; nothing where none of them constrains. */
function testsOf(ways: readonly Way[], aspects: readonly Aspect[]): readonly Test[] {
  return ways.flatMap(({ to, steps }) =>
    steps.flatMap(({ kind, criteria }): Test[] => {
      if (aspects.includes('purposes')) {
        // A permit on the way to a deny lets through what it does not cover; whether it does, the question shows.
        const reading = to === 'deny' ? to : kind;
        return [(asked) => matchPurpose(criteria.purposes, reading, asked)];
      }
      const some = aspectsOf(criteria, aspects);
      if (Object.keys(some).length === 0) return [];
      return [
        (asked, facts) => {
          const match = matchCriteria(some, asked, facts);
          return to === 'deny' ? match !== NO : match === YES;
        },
      ];
    }),
  );
}

function fits(question: Question, tests: readonly Test[]): boolean {
  const facts = readFacts(question);
  return readAsked(question).every((asked) => tests.every((test) => test(asked, facts)));
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
