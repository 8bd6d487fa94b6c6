import type { DenyReason, PseudonymiseObligation } from './answer.js';
import type { ContextPeriod, DecisionContext } from './context.js';
import type { Asked, Facts } from './facts.js';
import { isInForce } from './legal-basis.js';
import { matchCriteria, YES } from './match.js';
import type { CompiledPolicy, ContentCriteria, Criteria } from './policy.js';
import { purposesCover } from './purposes.js';
import { withoutVersion } from './references.js';
import { earlier } from './say.js';
import type { ProtocolStanding, StudyContext, StudyData, StudyProtocol } from './study-types.js';
import { parseInstant, parsePeriod } from './time.js';

/**
 * How a consent to a protocol version stands at an instant. Versions that need no new consent disturb nobody; of those that
 * do, the earliest deadline counts.
 */
export function protocolStanding(
  protocols: readonly StudyProtocol[],
  version: string,
  at: number,
): ProtocolStanding {
  const index = protocols.findIndex((protocol) => protocol.version === version);
  if (index < 0) return { kind: 'unknown' };
  const later = protocols
    .slice(index + 1)
    .filter(({ consent, from }) => consent === 'needed' && instant(from) <= at);
  const [first] = later;
  if (first === undefined) return { kind: 'current' };
  let due = first;
  for (const protocol of later) if (deadlineOf(protocol) < deadlineOf(due)) due = protocol;
  const deadline = deadlineOf(due);
  if (deadline === Infinity) return { kind: 'due', version: due.version };
  return { kind: at < deadline ? 'due' : 'overdue', version: due.version, deadline };
}

/** Why a question for a study is denied whatever the consents say; undefined where nothing stands against it. */
export function studyForbids(
  asked: Asked,
  subject: string | undefined,
  facts: Facts,
  study: StudyContext | undefined,
): DenyReason | undefined {
  if (study?.id !== facts.study || study === undefined) return 'study-not-known';
  const { custodian, member } = facts;
  const isIts = study.requesters.map(withoutVersion).includes(member);
  const isSite = custodian !== undefined && study.sites.map(withoutVersion).includes(custodian);
  if (!isIts || !isSite) return 'study-not-known';
  const { status, approval, period } = study;
  const runs = isInForce(period === undefined ? { status } : { status, period }, facts.at);
  if (!runs || !isInForce({ status: 'active', period: approval }, facts.at)) return 'study-not-in-force';
  const isWithin = matchCriteria(criteriaOf(study.data), asked, facts) === YES;
  if (!purposesCover(study.purposes, asked.purpose) || !isWithin) return 'beyond-study';
  const isPaused = subject !== undefined && study.paused?.map(withoutVersion).includes(subject) === true;
  return isPaused ? 'participation-not-active' : undefined;
}

/** Whether a consent is one that a question for this study, or for none, can be permitted by. */
export function isOfStudy({ study }: CompiledPolicy, facts: Facts): boolean {
  return study?.study === facts.study;
}

/** Whether a study's consent is to a protocol version that still counts. */
export function isUpToDate(policy: CompiledPolicy, facts: Facts, study: StudyContext | undefined): boolean {
  if (policy.study === undefined) return true;
  const { kind } = protocolStanding(study?.protocols ?? [], policy.study.protocol, facts.at);
  return kind === 'current' || kind === 'due';
}

/** When the first of what a permit for a study rests on ends: the study, its approval, or the time to consent again. */
export function studyUntil(
  policies: readonly CompiledPolicy[],
  facts: Facts,
  study: StudyContext | undefined,
): number | undefined {
  if (study === undefined || facts.study === undefined) return undefined;
  let until = earlier(endOf(study.period), endOf(study.approval));
  for (const policy of policies) {
    if (policy.study === undefined) continue;
    const standing = protocolStanding(study.protocols, policy.study.protocol, facts.at);
    if (standing.kind === 'due') until = earlier(until, standing.deadline);
  }
  return until;
}

/** What leaves for a study leaves pseudonymised, whoever it goes to and for whatever reason it is permitted. */
export function pseudonymisationOf(
  { study, member, custodian }: Facts,
  { studies }: DecisionContext,
): PseudonymiseObligation | undefined {
  if (study === undefined || member === custodian) return undefined;
  const profile = studies?.find(({ id }) => id === study)?.profile;
  return profile === undefined
    ? undefined
    : { code: 'pseudonymise', profile: profile.name, version: profile.version, digest: profile.digest };
}

function criteriaOf(data: StudyData = {}): Criteria {
  const { resourceTypes, classes, codes, period } = data;
  const contents: ContentCriteria[] = [];
  if (resourceTypes !== undefined) contents.push({ resourceTypes, classes: [] });
  if (classes !== undefined) contents.push({ resourceTypes: [], classes });
  const interval = period === undefined ? undefined : intervalOf(period);
  return {
    ...(contents.length === 0 ? {} : { contents }),
    ...(codes === undefined ? {} : { codes }),
    ...(interval === undefined ? {} : { dataPeriod: { interval, reading: 'permit' as const } }),
  };
}

function endOf(period: ContextPeriod | undefined): number | undefined {
  return period === undefined ? undefined : intervalOf(period)?.until;
}

function intervalOf({ start, end }: ContextPeriod): { from?: number; until?: number } | undefined {
  const parsed = parsePeriod(start, end);
  return 'interval' in parsed ? parsed.interval : undefined;
}

function deadlineOf({ deadline }: StudyProtocol): number {
  return deadline === undefined ? Infinity : instant(deadline);
}

function instant(text: string): number {
  const at = parseInstant(text);
  if (at === undefined) throw new RangeError('a study has not been validated: a time is no instant');
  return at;
}
