import { z } from 'zod';
import { DISPOSITIONS, STUDY_CHOICES } from '../../domain/study-choices.js';
import { digest, instant } from '../primitives.js';
import { STOPS, person, statedTerms, studyFacts } from '../values/studies.js';
import { consentFiled } from './consents.js';
import { evidenceSchema } from './evidence.js';
import { idSchema, memberReferenceSchema, pageOf, transactionSchema } from './shared.js';

const { title, registration, period, status } = studyFacts;

/** What is stated at every site alike. */
const termsSchema = z.strictObject({
  ...statedTerms.shape,
  protocols: z
    .array(
      z.strictObject({
        version: idSchema,
        digest: digest.describe('SHA-256 of the document, base64url'),
        from: instant,
        consent: z
          .enum(['needed', 'not-needed'])
          .describe('whether participants on an earlier version consent again'),
        deadline: instant.exactOptional().describe('by when; only where it is needed'),
      }),
    )
    .min(1)
    .max(256)
    .describe('in the order in which they came; earlier ones stay as they are'),
  thirdParties: z.array(memberReferenceSchema).max(16).describe('members that data may be shared with'),
  profile: z
    .strictObject({ name: idSchema, version: idSchema, digest })
    .optional()
    .describe(
      'how data are pseudonymised before they leave; absent when stated: as the software’s own profile says',
    ),
});

export const studyBody = z
  .strictObject({
    title,
    registration: registration.describe('identifier in a public registry, such as NCT01234567'),
    sites: z.array(memberReferenceSchema).min(1).max(64),
    period,
    status,
    terms: termsSchema.describe('what the members of the study know; nobody else does'),
  })
  .meta({ id: 'StudyStated' });
export type StudyInput = z.infer<typeof studyBody>;

export const studyDocument = z
  .strictObject({
    study: idSchema,
    version: z.int(),
    sponsor: memberReferenceSchema,
    title: z.string(),
    registration: z.string().optional(),
    sites: z.array(memberReferenceSchema),
    period: z.strictObject({ start: z.string(), end: z.string().optional() }),
    status: z.enum(['active', 'ended']),
    terms: z
      .array(z.strictObject({ site: memberReferenceSchema, version: z.int(), terms: termsSchema }))
      .describe('of the sites whose terms this member may read'),
  })
  .meta({ id: 'Study' });
export type StudyDocument = z.infer<typeof studyDocument>;

export const studyList = z.strictObject({ studies: z.array(studyDocument) }).meta({ id: 'StudyList' });

export const enrolmentParams = z.strictObject({ id: idSchema, subject: idSchema });
export const enrolmentBody = z.strictObject({
  status: z.enum(['invited', 'active', 'suspended', 'completed']),
});
export const enrolmentNoted = transactionSchema
  .extend({ study: idSchema, subject: idSchema, status: z.string() })
  .meta({ id: 'EnrolmentNoted' });

const choices = z
  .array(z.enum(STUDY_CHOICES))
  .min(1)
  .max(STUDY_CHOICES.length)
  .describe('what the participant says yes to; `main` or `future`, since nothing flows without');
const collected = z
  .array(z.strictObject({ choice: z.enum(STUDY_CHOICES), disposition: z.enum(DISPOSITIONS) }))
  .max(STUDY_CHOICES.length)
  .optional()
  .describe('what becomes of what was collected under choices that are withdrawn');

const chosen = { subject: idSchema, protocol: idSchema, choices, collected } as const;

export const studyFormBody = z.strictObject(chosen);
export const studyForm = z
  .strictObject({
    version: z.int().describe('number of the version that it would be'),
    resource: z.record(z.string(), z.json()).describe('FHIR Consent (R4)'),
  })
  .meta({ id: 'StudyConsentForm' });

export const studyConsentBody = z.strictObject({ ...chosen, evidence: evidenceSchema });
export type StudyConsentInput = z.infer<typeof studyFormBody>;
export const studyConsentFiled = consentFiled;

/** How a participation is told: what follows from the protocol and the terms as of now included. */
export const SHOWN_STATUSES = [
  'invited',
  'consented',
  'active',
  'reconsent-due',
  'reconsent-overdue',
  'suspended',
  'withdrawn',
  'completed',
] as const;
export type ShownStatus = (typeof SHOWN_STATUSES)[number];

const counted = z.strictObject({
  site: memberReferenceSchema,
  protocol: idSchema.optional(),
  status: z.enum(SHOWN_STATUSES),
  count: z.int(),
});

export const studyCounts = z
  .strictObject({
    study: idSchema,
    height: z.int().describe('number of blocks that were counted'),
    total: z.int(),
    counts: z.array(counted),
  })
  .meta({ id: 'StudyCounts' });
export type StudyCounts = z.infer<typeof studyCounts>;

const participationLine = z.strictObject({
  site: memberReferenceSchema,
  person: z.string().describe("the participant's pseudonym in this study"),
  status: z.enum(SHOWN_STATUSES),
  protocol: idSchema.optional(),
  evidence: z.string().optional(),
  choices: z.array(z.enum(STUDY_CHOICES)),
  collected: z.array(z.strictObject({ choice: z.enum(STUDY_CHOICES), disposition: z.enum(DISPOSITIONS) })),
  deadline: z.string().optional().describe('by when a new consent is needed'),
  since: z.string(),
  transaction: z.string(),
  block: z.int(),
});
export type ParticipationLine = z.infer<typeof participationLine>;

export const participationsQuery = z.strictObject({
  site: memberReferenceSchema.optional(),
  status: z.enum(['invited', 'consented', 'active', 'suspended', 'withdrawn', 'completed']).optional(),
  protocol: idSchema.optional(),
  ...pageOf(/^[A-Za-z0-9_-]{22}$/),
});
export type ParticipationsQuery = z.infer<typeof participationsQuery>;

const next = z.string().optional().describe('give it as `after` for what follows');

export const participationPage = z
  .strictObject({ participations: z.array(participationLine), next })
  .meta({ id: 'ParticipationPage' });
export type ParticipationPage = z.infer<typeof participationPage>;

export const changesQuery = z.strictObject(pageOf(/^\d{12}\.\d{5}\.[0-9a-f]{16}$/));

const participationChange = z.strictObject({
  position: z.string(),
  site: memberReferenceSchema,
  person,
  status: z.string(),
  protocol: idSchema.optional(),
  at: z.string(),
  block: z.int(),
});
export type ParticipationChange = z.infer<typeof participationChange>;

export const changesPage = z
  .strictObject({
    changes: z.array(participationChange),
    next: z.string().optional().describe('give it as `after` for what follows, now or later'),
  })
  .meta({ id: 'ParticipationChanges' });
export type ChangesPage = z.infer<typeof changesPage>;

export const ALERTS = [
  'stop-due',
  'stop-overdue',
  'reconsent-due',
  'reconsent-overdue',
  'approval-expiring',
  'approval-expired',
] as const;

const alert = z.strictObject({
  kind: z.enum(ALERTS),
  site: memberReferenceSchema,
  person: person.optional().describe('of a withdrawal that the sponsor has to acknowledge'),
  collected: z.string().optional().describe('what shall become of what was collected'),
  protocol: idSchema.optional(),
  count: z.int().optional(),
  due: z.string().optional(),
});
export type Alert = z.infer<typeof alert>;
export const alertList = z.strictObject({ alerts: z.array(alert) }).meta({ id: 'StudyAlerts' });

export const exportQuery = z.strictObject({ format: z.enum(['csv', 'fhir']).default('csv') });

export const stopBody = z.strictObject({
  site: memberReferenceSchema,
  person,
  action: z.enum(STOPS),
  on: instant.describe('when it was done'),
});
export const stopAcknowledged = transactionSchema
  .extend({ study: idSchema, person, action: z.enum(STOPS), on: z.string() })
  .meta({ id: 'StopAcknowledged' });
