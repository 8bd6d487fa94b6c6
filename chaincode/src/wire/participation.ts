import { standings } from '../domain/standing.js';
import type { Collected, Evidence, PolicyInForce, StudyChoice, StudyConsent } from '../domain/index.js';
import { canonicalText } from './canonical.js';
import type {
  EnrolmentStatus,
  Enrolment,
  Participation,
  ParticipationStatus,
  StudyTerms,
  Withdrawals,
} from './values/index.js';

/** What custody and terms say of one subject's participation in a study. */
export interface ParticipationState {
  readonly study: string;
  readonly enrolment: Enrolment | undefined;
  /** The subject's consents; undefined where the subject is not known. */
  readonly consents: readonly PolicyInForce[] | undefined;
  readonly withdrawals: Withdrawals | undefined;
  readonly terms: StudyTerms;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What follows for the sponsor to know. */
export interface DerivedParticipation {
  readonly status: ParticipationStatus;
  readonly protocol?: string;
  readonly evidence?: Evidence;
  readonly choices: readonly StudyChoice[];
  readonly collected: readonly Collected[];
}

interface OfStudy {
  readonly held: PolicyInForce;
  readonly study: StudyConsent;
  readonly inForce: boolean;
}

/**
 * How a participation stands: from the consents to the study, which are the truth, and from what the site says. Undefined where
 * there is none. Used by endorsers, gateways and auditors alike.
 */
export function participationOf(state: ParticipationState): DerivedParticipation | undefined {
  const { enrolment, terms } = state;
  const own = consentsOf(state);
  const standing = newest(
    own.filter(({ inForce }) => inForce),
    terms,
  );
  if (standing !== undefined) {
    const { held, study } = standing;
    return {
      status: statusOf(enrolment?.status),
      protocol: study.protocol,
      evidence: held.evidence,
      choices: study.choices,
      collected: study.collected ?? [],
    };
  }
  const ended = newest(own, terms);
  if (ended !== undefined) {
    return {
      status: 'withdrawn',
      protocol: ended.study.protocol,
      evidence: ended.held.evidence,
      choices: [],
      collected: [{ choice: 'main', disposition: dispositionOf(state, ended.held.policy.id) }],
    };
  }
  return enrolment === undefined ? undefined : { status: 'invited', choices: [], collected: [] };
}

type Said = Pick<Participation, 'status' | 'protocol' | 'evidence'> & {
  readonly choices: readonly unknown[];
  readonly collected: readonly unknown[];
};

/** Whether what was told is what there is to tell. */
export function isAsTold(
  told: Participation | undefined,
  derived: DerivedParticipation | undefined,
): boolean {
  if (told === undefined || derived === undefined) return told === derived;
  return canonicalText(said(told)) === canonicalText(said(derived));
}

function said({ status, protocol, evidence, choices, collected }: Said): object {
  return {
    status,
    ...(protocol === undefined ? {} : { protocol }),
    ...(evidence === undefined ? {} : { evidence }),
    choices,
    collected,
  };
}

/** From which status the site may bring a participation to which other. */
const LEGAL: Readonly<Record<EnrolmentStatus, readonly (ParticipationStatus | undefined)[]>> = {
  invited: [undefined],
  active: ['consented', 'suspended'],
  suspended: ['consented', 'active'],
  completed: ['consented', 'active', 'suspended'],
};

export function mayBecome(from: ParticipationStatus | undefined, to: EnrolmentStatus): boolean {
  return LEGAL[to].includes(from);
}

function consentsOf({ study, consents = [], at }: ParticipationState): OfStudy[] {
  return standings(consents, at).flatMap(({ held, inForce }) => {
    const { study: own, base } = held.policy;
    return own?.study === study && base === 'permit' ? [{ held, study: own, inForce }] : [];
  });
}

/** The one to the latest protocol version. */
function newest(own: readonly OfStudy[], { protocols }: StudyTerms): OfStudy | undefined {
  const rank = ({ study }: OfStudy): number =>
    protocols.findIndex(({ version }) => version === study.protocol);
  return own.reduce<OfStudy | undefined>(
    (found, one) => (found === undefined || rank(one) >= rank(found) ? one : found),
    undefined,
  );
}

function statusOf(enrolment: EnrolmentStatus | undefined): ParticipationStatus {
  return enrolment === undefined || enrolment === 'invited' ? 'consented' : enrolment;
}

/** What the participant said, where the study may do it, else what it does where nothing is said. */
function dispositionOf(
  { withdrawals, terms }: ParticipationState,
  consent: string,
): Collected['disposition'] {
  const [first = 'keep'] = terms.withdrawal.data;
  const said = withdrawals?.withdrawals.find((entry) => entry.consent === consent)?.collected;
  return said !== undefined && terms.withdrawal.data.includes(said) ? said : first;
}
