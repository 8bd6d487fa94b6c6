import type { ReasonCode } from './answer.js';
import type { DecisionContext } from './context.js';
import { decide } from './decide.js';
import { readAsked, readFacts, type Asked, type Facts } from './facts.js';
import { matchCriteria, matchPurpose, NO, UNKNOWN, YES, type Match } from './match.js';
import type { ActorCriteria, CompiledPolicy, CompiledProvision, Criteria, PolicyInForce } from './policy.js';
import type { Action, Question } from './question.js';
import { withoutVersion } from './references.js';
import { say } from './say.js';
import { standings, type Standing } from './standing.js';
import { contains } from './time.js';

/** How one element of a provision compares with the question. */
export interface TracedElement {
  readonly element: keyof Criteria | keyof ActorCriteria | 'period';
  readonly match: 'yes' | 'no' | 'unknown';
}

/** A provision, or the base with the coverage, with everything that it constrains. */
export interface TracedProvision {
  /** FHIRPath. */
  readonly path: string;
  readonly kind: 'permit' | 'deny';
  /** 0 for the base, 1 for its exceptions, and so on. */
  readonly depth: number;
  readonly elements: readonly TracedElement[];
  /** All of them together; unknown counts as a match on the way to a deny and as none on the way to a permit. */
  readonly match: TracedElement['match'];
  /** This is what speaks for the consent. */
  readonly speaks: boolean;
}

export interface TracedConsent {
  readonly consent: string;
  readonly version: number;
  readonly standing: 'in force' | 'withdrawn' | 'expired' | 'superseded' | 'not yet' | 'never active';
  /** What it says to this part, in force or not. */
  readonly says: 'permit' | 'deny' | 'nothing';
  /** Speaks about research alone, and this is none. */
  readonly isOfOtherScope: boolean;
  readonly provisions: readonly TracedProvision[];
}

/** One purpose, one action and one subject: each is decided on its own, and all must permit. */
export interface TracedPart {
  readonly purpose: string;
  readonly action: Action;
  readonly subject: string | undefined;
  readonly outcome: 'permit' | 'deny';
  readonly reason: ReasonCode;
  readonly consents: readonly TracedConsent[];
}

/**
 * How a decision comes about: for each part what the evaluator decides of it alone, how each consent stands, what it says and by
 * which element of which provision. Made by the evaluator's own functions; it judges nothing itself.
 */
export function trace(
  question: Question,
  consents: readonly PolicyInForce[],
  context: DecisionContext,
): readonly TracedPart[] {
  const facts = readFacts(question);
  const subjects: (string | undefined)[] = [
    ...new Set((question.subjects ?? consents.map(({ policy }) => policy.subject)).map(withoutVersion)),
  ].sort();
  if (subjects.length === 0) subjects.push(undefined);
  return readAsked(question).flatMap((asked) =>
    subjects.map((subject): TracedPart => {
      const own = consents.filter(({ policy }) => policy.subject === subject);
      const part = {
        ...question,
        purpose: [asked.purpose],
        actions: [asked.action],
        ...(subject === undefined ? {} : { subjects: [subject] }),
      };
      const { outcome, reason } = decide(part, own, context);
      return {
        purpose: asked.purpose,
        action: asked.action,
        subject,
        outcome,
        reason,
        consents: standings(own, facts.at).map((standing) => traceConsent(standing, asked, facts)),
      };
    }),
  );
}

function traceConsent(standing: Standing, asked: Asked, facts: Facts): TracedConsent {
  const { policy, version } = standing.held;
  const saying = say(policy, asked, facts);
  const traced = (provision: Traceable, depth: number): TracedProvision[] => {
    const elements = elementsOf(provision, asked, facts);
    return [
      {
        path: provision.path,
        kind: provision.kind,
        depth,
        elements,
        match: all(elements),
        speaks: saying?.path === provision.path && saying.outcome === provision.kind,
      },
      ...provision.exceptions.flatMap((exception) => traced(exception, depth + 1)),
    ];
  };
  return {
    consent: policy.id,
    version,
    standing: standingOf(standing, facts.at),
    says: saying?.outcome ?? 'nothing',
    isOfOtherScope: policy.scope === 'research' && asked.scope !== 'research',
    provisions: traced(baseOf(policy), 0),
  };
}

type Traceable = Pick<CompiledProvision, 'path' | 'kind' | 'period' | 'criteria' | 'exceptions'>;

/** Without the consent's period, which says whether it is in force, not what it says. */
function baseOf({ basePath, base, coverage, exceptions }: CompiledPolicy): Traceable {
  return { path: basePath, kind: base, criteria: coverage, exceptions };
}

function standingOf({ inForce, superseded, ended, held }: Standing, at: number): TracedConsent['standing'] {
  if (inForce) return 'in force';
  if (superseded) return 'superseded';
  if (ended !== undefined) return ended;
  return held.policy.status === 'active' && (held.policy.period?.from ?? at) > at
    ? 'not yet'
    : 'never active';
}

function elementsOf({ kind, period, criteria }: Traceable, asked: Asked, facts: Facts): TracedElement[] {
  const elements: TracedElement[] = [];
  if (period !== undefined) elements.push({ element: 'period', match: word(contains(period, facts.at)) });
  const { actor, purposes, ...others } = criteria;
  if (purposes !== undefined || asked.mustBeNamed) {
    elements.push({ element: 'purposes', match: word(matchPurpose(purposes, kind, asked)) });
  }
  for (const [role, references] of Object.entries(actor ?? {}) as [string, unknown][]) {
    const match = matchCriteria({ actor: { [role]: references } }, asked, facts);
    elements.push({ element: role as keyof ActorCriteria, match: WORDS[match] });
  }
  for (const [element, value] of Object.entries(others)) {
    const match = matchCriteria({ [element]: value as never }, asked, facts);
    elements.push({ element: element as keyof Criteria, match: WORDS[match] });
  }
  return elements;
}

const WORDS: Readonly<Record<Match, TracedElement['match']>> = {
  [NO]: 'no',
  [UNKNOWN]: 'unknown',
  [YES]: 'yes',
};

function word(matches: boolean): TracedElement['match'] {
  return matches ? 'yes' : 'no';
}

function all(elements: readonly TracedElement[]): TracedElement['match'] {
  if (elements.some(({ match }) => match === 'no')) return 'no';
  return elements.some(({ match }) => match === 'unknown') ? 'unknown' : 'yes';
}
