import type { z } from 'zod';
import type { PrivateKind } from '../keys.js';
import { consent, policies, withdrawals, withdrawn } from './consents.js';
import { amendment, amendmentTold } from './amendments.js';
import { delegation, delegationEnd } from './delegations.js';
import { accessEvent, delivery, details, review } from './events.js';
import { erasure } from './erasures.js';
import { descriptor, subject } from './records.js';
import { slip } from './slips.js';
import { subjectBasis, subjectBasisProposals } from './subject-bases.js';
import { enrolment, participation, stopping, studyTerms } from './studies.js';
import { keyCount, keyEnd, subjectKey } from './subject-keys.js';

export * from './agreements.js';
export * from './amendments.js';
export * from './compiled-policy.js';
export * from './consents.js';
export * from './custody.js';
export * from './delegations.js';
export * from './epoch.js';
export * from './erasures.js';
export * from './events.js';
export * from './evidence.js';
export * from './journal.js';
export * from './legal-bases.js';
export * from './member.js';
export * from './records.js';
export * from './slips.js';
export * from './studies.js';
export * from './subject-bases.js';
export * from './subject-keys.js';

/** Schema of the private value of each kind: for readers that did not write it, such as gateway and auditor. */
export const privateValues = {
  subject,
  descriptor,
  consent,
  policies,
  event: accessEvent,
  details,
  delivery,
  review,
  withdrawal: withdrawals,
  withdrawn,
  key: subjectKey,
  keyend: keyEnd,
  keycount: keyCount,
  delegation,
  delegationend: delegationEnd,
  slip,
  erasure,
  enrolment,
  terms: studyTerms,
  participation,
  stopping,
  basis: subjectBasis,
  basisproposals: subjectBasisProposals,
  amendment,
  amendmenttold: amendmentTold,
} as const satisfies Record<PrivateKind, z.ZodType>;

/** Type of the private value of a kind. */
export type PrivateValue<Kind extends PrivateKind> = z.infer<(typeof privateValues)[Kind]>;
