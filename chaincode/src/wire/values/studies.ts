import { z } from 'zod';
import { DISPOSITIONS, STUDY_CHOICES } from '../../domain/study-choices.js';
import {
  code,
  coding,
  digest,
  fhirDate,
  fhirId,
  instant,
  mspId,
  reference,
  unique,
  valueSalt,
  version,
} from '../primitives.js';
import { EVIDENCE_KINDS } from './evidence.js';

/** Text that registries publish: no control characters. */
const publicText = z.string().regex(/^[^\p{C}]{1,300}$/u);
const period = z.strictObject({ start: fhirDate, end: fhirDate.exactOptional() });

/** What trial registries publish of a study (WHO Trial Registration Data Set, items 1 to 16), as its sponsor states it. */
export const studyFacts = {
  study: fhirId,
  /** One more than the version that is there; 1 for the first. */
  version,
  /** MSP id. */
  sponsor: mspId,
  title: publicText,
  /** Identifier in a public registry, such as `NCT01234567`. */
  registration: code.exactOptional(),
  /** MSP ids of the hospitals where it is run. */
  sites: unique(mspId, 1, 64),
  /** When it starts and ends, FHIR dates. */
  period,
  status: z.enum(['active', 'ended']),
} as const;

/** Public value `study/<id>`. */
export const study = z.strictObject({
  v: z.literal(1),
  ...studyFacts,
  /** `Organization/<name>` of the sponsor. */
  organization: reference,
  at: instant,
  /** MSP id of who stated this version. */
  by: mspId,
});
export type Study = z.infer<typeof study>;

export const protocolVersion = z
  .strictObject({
    version: fhirId,
    /** SHA-256 of the document. */
    digest,
    from: instant,
    consent: z.enum(['needed', 'not-needed']),
    deadline: instant.exactOptional(),
  })
  .refine(({ consent, deadline }) => consent === 'needed' || deadline === undefined, { path: ['deadline'] })
  .refine(({ from, deadline }) => deadline === undefined || deadline >= from, { path: ['deadline'] });

const dispositions = z
  .array(z.enum(DISPOSITIONS))
  .min(1)
  .max(DISPOSITIONS.length)
  .refine((items) => new Set(items).size === items.length);

/** Purpose codes of the Data Use Ontology (GA4GH): `DUO:` and seven digits. */
const dataUse = z.string().regex(/^DUO:\d{7}$/);

/** Under what data leave for a study: name and version for people, the digest of its canonical text for everybody else. */
export const profileNamed = z.strictObject({ name: fhirId, version: fhirId, digest });
export type ProfileNamed = z.infer<typeof profileNamed>;

/** What a study's members know of it at one site. */
export const studyTermsFields = {
  study: fhirId,
  version,
  /** In the order in which they came; earlier ones stay as they are. */
  protocols: z
    .array(protocolVersion)
    .min(1)
    .max(256)
    .refine((all) => new Set(all.map((one) => one.version)).size === all.length),
  /** v3 ActReason codes; each covers what descends from it. */
  purposes: unique(code, 1, 16),
  dataUse: unique(dataUse, 0, 16),
  data: z
    .strictObject({
      resourceTypes: unique(z.string().regex(/^[A-Z][A-Za-z]{1,63}$/), 1, 64).exactOptional(),
      classes: z.array(coding).min(1).max(64).exactOptional(),
      codes: z.array(coding).min(1).max(256).exactOptional(),
      period: z
        .strictObject({ start: fhirDate.exactOptional(), end: fhirDate.exactOptional() })
        .exactOptional(),
    })
    .exactOptional(),
  approval: z.strictObject({ reference: code, start: fhirDate, end: fhirDate }),
  /** What participants are asked, each by itself. */
  choices: z
    .array(z.enum(STUDY_CHOICES))
    .min(1)
    .refine((items) => new Set(items).size === items.length && items.includes('main')),
  /** Members with whom data may be shared, where the participant agrees: `Organization/<name>`. */
  thirdParties: unique(reference, 0, 16),
  /** What may become of what was collected, by law and approval; the first is done where nothing is said. */
  withdrawal: z.strictObject({ data: dispositions, samples: dispositions }),
  /** Days within which the sponsor must say that it stopped. */
  stopWithinDays: z.int().min(1).max(365),
  /** How data are pseudonymised before they leave. */
  profile: profileNamed,
} as const;

/** What is stated of a study at a site, out of anything that holds it; the rest of that is left out. */
export const statedTerms = z.object(studyTermsFields).omit({ study: true, version: true });

/** Private value `terms` of a study collection. */
export const studyTerms = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  ...studyTermsFields,
  /** MSP ids. */
  site: mspId,
  sponsor: mspId,
  at: instant,
  by: mspId,
});
export type StudyTerms = z.infer<typeof studyTerms>;

/** Private value `studies` of a study collection, written once: the secret that its other keys are made with. */
export const studies = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  site: mspId,
  sponsor: mspId,
  pepper: digest,
});
export type Studies = z.infer<typeof studies>;

/** What the site says of a participation; what participants say is in their consents. */
export const ENROLMENTS = ['invited', 'active', 'suspended', 'completed'] as const;
export type EnrolmentStatus = (typeof ENROLMENTS)[number];

/** Private value `enrolment` of a custody collection. */
export const enrolment = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  study: fhirId,
  subject: fhirId,
  status: z.enum(ENROLMENTS),
  at: instant,
});
export type Enrolment = z.infer<typeof enrolment>;

/** How a participation stands in its own right; whether a new consent is due follows from the protocol and the terms. */
export const PARTICIPATIONS = [
  'invited',
  'consented',
  'active',
  'suspended',
  'withdrawn',
  'completed',
] as const;
export type ParticipationStatus = (typeof PARTICIPATIONS)[number];

/** A participant's pseudonym in one study. */
export const person = z.string().regex(/^[A-Za-z0-9_-]{22}$/);

const collected = z.strictObject({ choice: z.enum(STUDY_CHOICES), disposition: z.enum(DISPOSITIONS) });

/** Private value `participation` of a study collection: what the sponsor may know of a participant. */
export const participation = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  study: fhirId,
  site: mspId,
  sponsor: mspId,
  person,
  version,
  status: z.enum(PARTICIPATIONS),
  /** Protocol version that was consented to. */
  protocol: fhirId.exactOptional(),
  evidence: z.enum(EVIDENCE_KINDS).exactOptional(),
  choices: z.array(z.enum(STUDY_CHOICES)).max(STUDY_CHOICES.length),
  /** What shall become of what was collected under choices that are withdrawn; `main` stands for all. */
  collected: z.array(collected).max(STUDY_CHOICES.length),
  /** When it became as it is, by the transaction that says so. */
  at: instant,
});
export type Participation = z.infer<typeof participation>;

/** What a sponsor did when a participant withdrew. */
export const STOPS = ['stopped', 'destroyed', 'kept'] as const;

/** Private value `stopping` of a study collection, written once: the sponsor's signed word that it stopped. */
export const stopping = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  study: fhirId,
  site: mspId,
  sponsor: mspId,
  person,
  action: z.enum(STOPS),
  on: instant,
  /** Compact JWS. */
  statement: z.string().max(16_384),
  at: instant,
});
export type Stopping = z.infer<typeof stopping>;
