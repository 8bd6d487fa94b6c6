/** Code systems that a consent's evaluated elements may use. */
export const SYSTEMS = {
  purpose: 'http://terminology.hl7.org/CodeSystem/v3-ActReason',
  confidentiality: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality',
  actCode: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
  participation: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
  action: 'http://terminology.hl7.org/CodeSystem/consentaction',
  scope: 'http://terminology.hl7.org/CodeSystem/consentscope',
} as const;

/** Codings of these systems name a resource type; codings of any other name a class of record. */
export const RESOURCE_TYPE_SYSTEMS: readonly string[] = [
  'http://hl7.org/fhir/resource-types',
  'http://hl7.org/fhir/fhir-types',
];

/** What the extensions of this ledger are called: none is carried, so that a misspelt one is not ignored. */
export const OWN_EXTENSIONS = 'urn:consent-ledger:';

/** Extension of Consent that names a consent which this one supersedes (`valueReference`, repeatable). */
export const SUPERSEDES = 'urn:consent-ledger:fhir:supersedes';

/**
 * Extension of Consent that names the study that it is for and the protocol version that was consented to
 * (`valueReference`, `ResearchStudy/<id>/_history/<version>`).
 */
export const STUDY = 'urn:consent-ledger:fhir:study';

/** Extension of a study's consent: one choice that was made (`valueCode`, repeatable); shown, while the provisions decide. */
export const STUDY_CHOICE = 'urn:consent-ledger:fhir:study-choice';

/** Extension of a study's consent: what becomes of what was collected under a choice that is withdrawn. */
export const STUDY_COLLECTED = 'urn:consent-ledger:fhir:study-collected';

/** Extension of Consent that names a consent whose denies stand, although they defeat what this one permits. */
export const ACKNOWLEDGES = 'urn:consent-ledger:fhir:acknowledges';
