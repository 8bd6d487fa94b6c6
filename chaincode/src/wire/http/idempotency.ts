import { z } from 'zod';

/** Header of the IETF's draft "The Idempotency-Key HTTP Header Field" (httpapi), as Node names it. */
export const IDEMPOTENCY_HEADER = 'idempotency-key';

/**
 * What a user calls and what changes something, by the name of its operation. The other POSTs ask; what another member's gateway calls is
 * bound by what it signs.
 */
export const IDEMPOTENT_OPERATIONS: ReadonlySet<string> = new Set([
  'registerSubject',
  'fileConsent',
  'withdrawConsent',
  'registerKey',
  'replaceKey',
  'revokeKey',
  'registerDelegation',
  'endDelegation',
  'putContacts',
  'eraseSubject',
  'requestAmendment',
  'extendAmendment',
  'answerAmendment',
  'disagreeWithAmendment',
  'rebutAmendment',
  'tellOfAmendment',
  'putRecord',
  'putBundle',
  'relabelRecord',
  'requestAccess',
  'reviewEmergency',
  'fhirCreate',
  'fhirUpdate',
  'putStudy',
  'enrol',
  'fileStudyConsent',
  'acknowledgeStop',
  'proposeAgreement',
  'acceptAgreement',
  'dropAgreement',
  'endAgreement',
  'proposeLegalBasis',
  'confirmLegalBasis',
  'dropLegalBasis',
  'endLegalBasis',
  'proposeSubjectBasis',
  'confirmSubjectBasis',
  'dropSubjectBasis',
  'endSubjectBasis',
  'searchRecords',
  'takeCohort',
  'makeLink',
  'endLink',
  'fhirMatch',
  'putDemographics',
]);

/** Their answers tell what is kept of somebody, or a secret, so none is written down: when such a request comes again it is known, and refused. */
export const UNKEPT_ANSWERS: ReadonlySet<string> = new Set([
  'requestAccess',
  'searchRecords',
  'takeCohort',
  'makeLink',
  'fhirMatch',
  'putDemographics',
]);

/** A string of RFC 8941, or the same without its quotation marks, as many clients send it. */
export const idempotencyKey = z
  .string()
  .max(258)
  .regex(/^(?:"[ !#-[\]-~]{1,256}"|[A-Za-z0-9._~:-]{1,256})$/, 'must be a key of 1 to 256 characters')
  .transform((text) => (text.startsWith('"') ? text.slice(1, -1) : text))
  .optional();

export const idempotencyHeaders = z.looseObject({
  [IDEMPOTENCY_HEADER]: z
    .string()
    .max(258)
    .optional()
    .describe(
      'the same request under the same key is done once, and answered with the same answer for 24 hours',
    ),
});
