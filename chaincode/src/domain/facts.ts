import { isResearch, lineageOf, mustBeNamed, BREAK_GLASS } from './purposes.js';
import { readLabels, type Labelling } from './labels.js';
import type { Interval } from './policy.js';
import type { Action, Authored, Coding, Question } from './question.js';
import { withoutVersion, withoutVersions } from './references.js';
import { parseDateTime, parseInstant, parsePeriod } from './time.js';

/** What a question says, read once: references less their versions, times as epoch milliseconds. */
export interface Facts {
  readonly at: number;
  readonly custodian: string | undefined;
  readonly member: string;
  /** Undefined is unknown. */
  readonly references: readonly string[] | undefined;
  readonly roles: readonly string[];
  readonly record: RecordKnowledge;
  readonly emergency: boolean;
  readonly legalBasis: string | undefined;
  /** Undefined: it is asked for no study. */
  readonly study: string | undefined;
}

/** What is known of the record; undefined is unknown. */
export interface RecordKnowledge {
  readonly reference: string | undefined;
  readonly resourceType: string | undefined;
  readonly classes: readonly Coding[] | undefined;
  readonly codes: readonly Coding[] | undefined;
  readonly labels: Labelling | undefined;
  readonly authored: Interval | undefined;
  readonly author: readonly string[] | undefined;
  readonly refersTo: readonly string[] | undefined;
  readonly referredToBy: readonly string[] | undefined;
}

/** One purpose and one action of a question: each is decided on its own. */
export interface Asked {
  readonly purpose: string;
  /** The purpose with all that it descends from; undefined where it descends from nothing. */
  readonly lineage: ReadonlySet<string> | undefined;
  readonly action: Action;
  readonly breakGlass: boolean;
  readonly mustBeNamed: boolean;
  readonly scope: 'privacy' | 'research';
}

export function readFacts(question: Question): Facts {
  const record = question.record ?? {};
  const { requester } = question;
  return {
    at: instant(question.at),
    custodian: question.custodian === undefined ? undefined : withoutVersion(question.custodian),
    member: withoutVersion(requester.member),
    references: read(requester.references),
    roles: requester.roles ?? [],
    record: {
      reference: record.reference === undefined ? undefined : withoutVersion(record.reference),
      resourceType: record.resourceType,
      classes: record.classes,
      codes: record.codes,
      labels: record.labels === undefined ? undefined : readLabels(record.labels),
      authored: record.authored === undefined ? undefined : span(record.authored),
      author: read(record.author),
      refersTo: read(record.refersTo),
      referredToBy: read(record.referredToBy),
    },
    emergency: (question.emergency?.reason ?? '').trim() !== '',
    legalBasis: question.legalBasis,
    study: question.study,
  };
}

/** Each purpose with each action. */
export function readAsked(
  question: Question,
  actions: readonly Action[] = question.actions ?? DEFAULT_ACTIONS,
): readonly Asked[] {
  const asked: Asked[] = [];
  for (const purpose of question.purpose) {
    for (const action of actions) {
      asked.push({
        purpose,
        lineage: lineageOf(purpose),
        action,
        breakGlass: purpose === BREAK_GLASS,
        mustBeNamed: mustBeNamed(purpose),
        scope: isResearch(purpose) ? 'research' : 'privacy',
      });
    }
  }
  return asked;
}

export const DEFAULT_ACTIONS: readonly Action[] = ['access'];

function read(references: readonly string[] | undefined): readonly string[] | undefined {
  return references === undefined ? undefined : withoutVersions(references);
}

function instant(text: string): number {
  const at = parseInstant(text);
  if (at === undefined) throw new RangeError('the question has not been validated: at is no instant');
  return at;
}

function span(authored: Authored): Interval | undefined {
  if (typeof authored === 'string') return parseDateTime(authored);
  const period = parsePeriod(authored.start, authored.end);
  return 'interval' in period ? period.interval : undefined;
}
