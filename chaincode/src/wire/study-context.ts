import type { StudyContext } from '../domain/index.js';
import { organizationReference } from './names.js';
import type { Custody, Enrolment, Member, Study, StudyTerms } from './values/index.js';

/** A study as the ledger has it: what is public, and what its members know at one site. */
export interface RegisteredStudy {
  readonly study: Study;
  readonly terms: StudyTerms;
}

/** Whether the site says of a participant that no data flows for the study. */
export function pausesStudy(enrolment: Enrolment | undefined): boolean {
  return enrolment?.status === 'suspended' || enrolment?.status === 'completed';
}

/**
 * A study as a decision reads it. Where the custodian is no site, or the requester neither the sponsor nor a third party,
 * the lists say so.
 *
 * @param paused references of the subjects of whom the site says that no data flows
 */
export function studyContext(
  { study, terms }: RegisteredStudy,
  custody: Pick<Custody, 'custodian' | 'organization'>,
  requester: Pick<Member, 'mspId' | 'name'>,
  paused: readonly string[],
): StudyContext {
  return {
    id: study.study,
    requesters: [
      ...(requester.mspId === study.sponsor ? [organizationReference(requester.name)] : []),
      ...terms.thirdParties,
    ],
    sites: study.sites.includes(custody.custodian) ? [custody.organization] : [],
    purposes: terms.purposes,
    ...(terms.data === undefined ? {} : { data: terms.data }),
    status: study.status,
    period: study.period,
    approval: { start: terms.approval.start, end: terms.approval.end },
    protocols: terms.protocols,
    profile: terms.profile,
    paused,
  };
}
