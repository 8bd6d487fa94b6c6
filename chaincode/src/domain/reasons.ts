import type { ReasonCode } from './answer.js';

/** What a requester is told. All reasons that would tell something of the subject are the same to it. */
export type OutwardCode = 'permitted' | 'not-permitted' | 'member-not-active';

/** Where the information-blocking rules let a denial stand (45 CFR part 171). */
export interface InformationBlockingException {
  readonly cites: string;
  readonly name: string;
}

export interface Reason {
  readonly outcome: 'permit' | 'deny';
  /** The rule of combination that gives it (docs/consent.md). */
  readonly rule: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
  /** For the log, oversight and the custodian's own staff. */
  readonly logged: string;
  /** What was wanting, for a denial. */
  readonly unmet?: string;
  /** For the subject, who may know what concerns their own consents. */
  readonly subject: string;
  readonly requester: OutwardCode;
  /** Absent for a permit. */
  readonly exception?: InformationBlockingException;
}

const PRECONDITION: InformationBlockingException = {
  cites: '45 CFR 171.202(b)',
  name: 'Privacy exception: precondition not satisfied',
};
const INDIVIDUAL_REQUEST: InformationBlockingException = {
  cites: '45 CFR 171.202(e)',
  name: "Privacy exception: respecting an individual's request not to share information",
};
const SECURITY: InformationBlockingException = {
  cites: '45 CFR 171.203',
  name: 'Security exception',
};

/** Texts that go with the outward codes: the same for every reason behind one code. */
export const outwardTexts: Readonly<Record<OutwardCode, string>> = {
  permitted: 'The request is permitted.',
  'not-permitted': 'The request is not permitted.',
  'member-not-active': 'The requesting member is not an active member of this consortium.',
};

/**
 * Every reason with its inward and outward forms and the information-blocking exception that it falls under.
 *
 * To a requester every denial that looked at the subject, the record or a consent reads `not-permitted`. The
 * unmet preconditions of an emergency or an agreement are among them: they are only looked at once the subject
 * is known, so that telling them apart would tell who is a patient here.
 */
export const reasons: Readonly<Record<ReasonCode, Reason>> = {
  'member-not-active': {
    outcome: 'deny',
    rule: 1,
    logged: "The requester's member is unknown or suspended.",
    unmet: 'an active member as requester',
    subject: 'An organisation asked that is not an active member.',
    requester: 'member-not-active',
    exception: SECURITY,
  },
  'not-known': {
    outcome: 'deny',
    rule: 1,
    logged: 'The subject or the record is unknown or erased.',
    unmet: 'a subject and a record that are held here',
    subject: 'Nothing is held here that was asked for.',
    requester: 'not-permitted',
    exception: PRECONDITION,
  },
  'legal-basis': {
    outcome: 'permit',
    rule: 2,
    logged: 'A registered legal basis in force names this requester and purpose.',
    subject: 'The law permits or requires this access.',
    requester: 'permitted',
  },
  'break-glass': {
    outcome: 'permit',
    rule: 3,
    logged: 'Break-glass by an emergency role with a reason; it will be reviewed.',
    subject: 'The record was opened in an emergency; the access will be reviewed.',
    requester: 'permitted',
  },
  'break-glass-forbidden': {
    outcome: 'deny',
    rule: 3,
    logged: 'A consent in force forbids break-glass by name.',
    unmet: 'a subject who does not forbid emergency access',
    subject: 'You have forbidden emergency access.',
    requester: 'not-permitted',
    exception: INDIVIDUAL_REQUEST,
  },
  'break-glass-incomplete': {
    outcome: 'deny',
    rule: 3,
    logged: 'Break-glass was asked without an emergency reason or without an emergency role.',
    unmet: 'an emergency reason and an emergency role',
    subject: 'Emergency access was asked for without what it needs.',
    requester: 'not-permitted',
    exception: PRECONDITION,
  },
  'agreement-missing': {
    outcome: 'deny',
    rule: 4,
    logged: 'The purpose needs an agreement, and none in force names both members and the purpose.',
    unmet: 'an agreement in force between both members for the purpose',
    subject: 'The organisations have no agreement for this purpose.',
    requester: 'not-permitted',
    exception: PRECONDITION,
  },
  'study-not-known': {
    outcome: 'deny',
    rule: 4,
    logged: 'The study is not registered, or not with this requester and this custodian.',
    unmet: 'a registered study of the requester that is run at the custodian',
    subject: 'An organisation asked for a study that is not one of its own here.',
    requester: 'not-permitted',
    exception: PRECONDITION,
  },
  'study-not-in-force': {
    outcome: 'deny',
    rule: 4,
    logged: 'The study does not run, or its ethics approval has expired or not begun.',
    unmet: 'a study that runs, with an ethics approval in force',
    subject: 'The study is not running, or has no approval at the moment.',
    requester: 'not-permitted',
    exception: PRECONDITION,
  },
  'beyond-study': {
    outcome: 'deny',
    rule: 4,
    logged: 'The study does not cover the purpose or the data.',
    unmet: 'a purpose and data that the study states',
    subject: 'The study does not include this.',
    requester: 'not-permitted',
    exception: PRECONDITION,
  },
  'participation-not-active': {
    outcome: 'deny',
    rule: 4,
    logged: 'The site has suspended the participation, or it is completed.',
    unmet: 'a participation that is neither suspended nor completed',
    subject: 'Your participation in the study is suspended or completed.',
    requester: 'not-permitted',
    exception: PRECONDITION,
  },
  'denied-by-consent': {
    outcome: 'deny',
    rule: 5,
    logged: 'A consent in force denies.',
    unmet: 'no consent in force that denies',
    subject: 'One of your consents denies this.',
    requester: 'not-permitted',
    exception: INDIVIDUAL_REQUEST,
  },
  'permitted-by-consent': {
    outcome: 'permit',
    rule: 6,
    logged: 'A consent in force permits, and none denies.',
    subject: 'One of your consents permits this.',
    requester: 'permitted',
  },
  'reconsent-overdue': {
    outcome: 'deny',
    rule: 6,
    logged: 'The consent is to an earlier protocol version, and the time to consent to a later one is over.',
    unmet: 'a consent to a protocol version that still counts',
    subject: 'The study has changed, and you have not consented to the change in time.',
    requester: 'not-permitted',
    exception: PRECONDITION,
  },
  'evidence-insufficient': {
    outcome: 'deny',
    rule: 6,
    logged: 'A consent in force permits, but the purpose needs one that the subject has signed.',
    unmet: 'a consent with a verified signature of the subject',
    subject: 'This purpose needs a consent that you have signed yourself.',
    requester: 'not-permitted',
    exception: PRECONDITION,
  },
  'not-covered-by-consent': {
    outcome: 'deny',
    rule: 7,
    logged: 'The subject has consented for this purpose, but not to this.',
    unmet: 'a consent that covers the requester, the record and the action',
    subject: 'Your consents do not cover this.',
    requester: 'not-permitted',
    exception: PRECONDITION,
  },
  'permitted-by-implied-policy': {
    outcome: 'permit',
    rule: 8,
    logged: "No consent speaks, and the custodian's implied policy permits.",
    subject: 'You have decided nothing about this, and the policy of the organisation permits it.',
    requester: 'permitted',
  },
  'consent-withdrawn': {
    outcome: 'deny',
    rule: 8,
    logged: 'The consent that permitted this has been withdrawn.',
    unmet: 'a consent in force that permits',
    subject: 'You have withdrawn the consent that permitted this.',
    requester: 'not-permitted',
    exception: PRECONDITION,
  },
  'consent-expired': {
    outcome: 'deny',
    rule: 8,
    logged: 'The period of the consent that permitted this has ended.',
    unmet: 'a consent in force that permits',
    subject: 'The consent that permitted this has ended.',
    requester: 'not-permitted',
    exception: PRECONDITION,
  },
  'no-consent': {
    outcome: 'deny',
    rule: 8,
    logged: 'No consent speaks, and the implied policy does not permit.',
    unmet: 'a consent in force that permits',
    subject: 'You have not consented to this.',
    requester: 'not-permitted',
    exception: PRECONDITION,
  },
};
