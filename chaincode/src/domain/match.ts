import type { Asked, Facts } from './facts.js';
import {
  sensitivityDenied,
  sensitivityTolerated,
  sensitivityWithin,
  RESTRICTED,
  type Labelling,
} from './labels.js';
import type {
  ActorCriteria,
  ContentCriteria,
  Criteria,
  DataCriteria,
  LabelCriteria,
  ProvisionKind,
} from './policy.js';
import type { Coding } from './question.js';
import { encloses, overlaps } from './time.js';

/**
 * Does it match? What is not known about a record or a requester is `UNKNOWN`: it counts as a match on the
 * way to a deny and as none on the way to a permit. The numbers make AND the minimum and OR the maximum.
 */
export const NO = 0;
export const UNKNOWN = 1;
export const YES = 2;
export type Match = typeof NO | typeof UNKNOWN | typeof YES;

/** Everything a provision constrains but its purposes and its period. */
export function matchCriteria(criteria: Criteria, asked: Asked, facts: Facts): Match {
  const { actor, actions, labels, contents, codes, dataPeriod, data } = criteria;
  const { record } = facts;
  if (actions !== undefined && !actions.includes(asked.action)) return NO;
  let match: Match = YES;
  if (actor !== undefined) match = both(match, matchActor(actor, facts));
  if (match !== NO && labels !== undefined) match = both(match, matchLabels(labels, record.labels));
  if (match !== NO && contents !== undefined) {
    for (const content of contents) match = both(match, matchContent(content, facts));
  }
  if (match !== NO && codes !== undefined) match = both(match, matchCodings(codes, record.codes));
  if (match !== NO && dataPeriod !== undefined) {
    const { authored } = record;
    const inside = dataPeriod.reading === 'permit' ? encloses : overlaps;
    match = both(match, authored === undefined ? UNKNOWN : known(inside(dataPeriod.interval, authored)));
  }
  if (match !== NO && data !== undefined) {
    match = both(
      match,
      anyOf(data, (item) => matchData(item, facts)),
    );
  }
  return match;
}

/**
 * A permit covers what must be named only where it names it (`CLINTRL`, `POPHLTH`); what it lets through to a deny
 * inside it, and break-glass, are the caller's to judge, since that depends on what the permit lies in and leads to.
 */
export function matchPurpose(
  purposes: readonly string[] | undefined,
  kind: ProvisionKind,
  asked: Asked,
): boolean {
  if (kind === 'permit' && asked.mustBeNamed) return purposes?.includes(asked.purpose) === true;
  if (purposes === undefined) return true;
  const { purpose, lineage } = asked;
  for (const named of purposes) if (named === purpose || lineage?.has(named) === true) return true;
  return false;
}

function matchActor(actor: ActorCriteria, facts: Facts): Match {
  const { recipients, custodians, authors } = actor;
  let match: Match = YES;
  if (recipients !== undefined) {
    const { organizations, others } = recipients;
    const byMember = organizations.includes(facts.member) || others.includes(facts.member);
    if (!byMember) match = others.length === 0 ? NO : matchAny(others, facts.references);
  }
  if (custodians !== undefined) {
    const { custodian } = facts;
    match = both(match, custodian === undefined ? UNKNOWN : known(custodians.includes(custodian)));
  }
  if (authors !== undefined) match = both(match, matchAny(authors, facts.record.author));
  return match;
}

function matchContent(content: ContentCriteria, facts: Facts): Match {
  const { resourceTypes, classes } = content;
  const { record } = facts;
  let match: Match = NO;
  if (resourceTypes.length > 0) {
    match = record.resourceType === undefined ? UNKNOWN : known(resourceTypes.includes(record.resourceType));
  }
  return classes.length === 0 ? match : either(match, matchCodings(classes, record.classes));
}

function matchCodings(wanted: readonly Coding[], known_: readonly Coding[] | undefined): Match {
  if (known_ === undefined) return UNKNOWN;
  return known(
    wanted.some((want) => known_.some(({ system, code }) => want.code === code && want.system === system)),
  );
}

function matchData({ meaning, reference }: DataCriteria, facts: Facts): Match {
  const { record } = facts;
  if (meaning === 'authoredby') return matchOne(reference, record.author);
  const itself = record.reference === undefined ? UNKNOWN : known(record.reference === reference);
  if (meaning === 'instance') return itself;
  const below = either(itself, matchOne(reference, record.refersTo));
  return meaning === 'dependents' ? below : either(below, matchOne(reference, record.referredToBy));
}

/** docs/consent.md, "Security labels". */
function matchLabels(criteria: LabelCriteria, labelling: Labelling | undefined): Match {
  if (labelling === undefined) return UNKNOWN;
  const { confidentiality, sensitivity } = criteria;
  const { level, sensitivities } = labelling;
  if (criteria.reading === 'deny') {
    return known(
      confidentiality.some((rank) => level >= rank) ||
        sensitivities.some((label) => sensitivityDenied(sensitivity, label)),
    );
  }
  const byLevel = confidentiality.some((rank) => level <= rank);
  if (sensitivity.length === 0) return known(byLevel);
  if (!sensitivities.every((label) => sensitivityTolerated(sensitivity, label))) return NO;
  return known(
    byLevel || (level <= RESTRICTED && sensitivities.some((label) => sensitivityWithin(sensitivity, label))),
  );
}

function matchAny(wanted: readonly string[], have: readonly string[] | undefined): Match {
  return have === undefined ? UNKNOWN : known(wanted.some((reference) => have.includes(reference)));
}

function matchOne(wanted: string, have: readonly string[] | undefined): Match {
  return have === undefined ? UNKNOWN : known(have.includes(wanted));
}

function anyOf<T>(items: readonly T[], match: (item: T) => Match): Match {
  let found: Match = NO;
  for (const item of items) found = either(found, match(item));
  return found;
}

function known(matches: boolean): Match {
  return matches ? YES : NO;
}

function both(a: Match, b: Match): Match {
  return a < b ? a : b;
}

function either(a: Match, b: Match): Match {
  return a > b ? a : b;
}
