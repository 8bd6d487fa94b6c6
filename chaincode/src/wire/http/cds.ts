import { z } from 'zod';
import { idSchema, purposeSchema } from './shared.js';

/** Id of the service and name of its hook, as the ONC LEAP consent project has published them. */
export const CONSENT_CONSULT = 'patient-consent-consult';

/** Extension of a call that names the legal basis which the requester would name: the published context has no place for one. */
export const CDS_LEGAL_BASIS = 'urn:consent-ledger:legal-basis';

/** System of the identifier that is a subject's pseudonym here. */
export const SUBJECT_SYSTEM = 'urn:consent-ledger:subject';

const text = z.string().min(1).max(256);
const identifier = z.strictObject({ system: text.optional(), value: text });
const coded = z.strictObject({ system: text, code: text });

export const cdsConsultBody = z
  .strictObject({
    hook: z.literal(CONSENT_CONSULT),
    hookInstance: z.string().min(1).max(128),
    context: z.strictObject({
      patientId: z
        .union([text, z.array(identifier).min(1).max(16)], 'must be an id, or a list of identifiers')
        .describe(
          `the subject's id here: system ${SUBJECT_SYSTEM} or none; other identifiers are passed over`,
        ),
      actor: z
        .array(identifier)
        .min(1)
        .max(16)
        .describe('Organization/<member> is the requester, other references its user; others are unknown'),
      purposeOfUse: z.union(
        [purposeSchema, z.array(purposeSchema).min(1).max(8)],
        'must be a purpose of use, or a list of them',
      ),
      category: z
        .array(coded)
        .min(1)
        .max(8)
        .optional()
        .describe('the scope of a consent, which here follows from the purpose'),
      class: z
        .array(coded)
        .min(1)
        .max(8)
        .optional()
        .describe('each is decided on its own, and all must permit'),
    }),
    fhirServer: z.string().max(2_048).optional().describe('not used: everything is known here'),
    fhirAuthorization: z.looseObject({}).optional().describe('not used'),
    prefetch: z.looseObject({}).optional().describe('not used'),
    extension: z
      .looseObject({ [CDS_LEGAL_BASIS]: idSchema.optional() })
      .optional()
      .describe(
        `${CDS_LEGAL_BASIS}: id of the legal basis that the requester would name; others are not used`,
      ),
  })
  .meta({ id: 'PatientConsentConsult' });

export const CONSENT_DECISIONS = ['CONSENT_PERMIT', 'CONSENT_DENY', 'NO_CONSENT'] as const;
export type ConsentDecision = (typeof CONSENT_DECISIONS)[number];

const obligation = z.strictObject({
  id: coded,
  parameters: z
    .strictObject({
      codes: z.array(coded).optional().describe('what carries one of these must be redacted'),
      exceptAnyOfCodes: z.array(coded).optional().describe('what carries none of these must be redacted'),
      at: z.string().optional(),
    })
    .optional(),
});

export const cdsCards = z
  .strictObject({
    cards: z.array(
      z.strictObject({
        uuid: z.string(),
        summary: z.enum(CONSENT_DECISIONS),
        detail: z.string(),
        indicator: z.enum(['info', 'warning', 'critical']),
        source: z.strictObject({ label: z.string(), url: z.string() }),
        extension: z.strictObject({
          decision: z.enum(CONSENT_DECISIONS),
          obligations: z.array(obligation),
          basedOn: z.string().optional().describe('address of the consent'),
          outcome: z.enum(['permit', 'deny']).describe('what a release would be answered'),
          reason: z.string().describe('code of docs/consent.md'),
          height: z.int().describe('number of blocks that it stands on'),
          rules: z.string(),
        }),
      }),
    ),
  })
  .meta({ id: 'CdsCards' });

export const cdsServices = z
  .strictObject({
    services: z.array(
      z.strictObject({
        hook: z.string(),
        id: z.string(),
        title: z.string(),
        description: z.string(),
        usageRequirements: z.string(),
      }),
    ),
  })
  .meta({ id: 'CdsServices' });

export type CdsConsultInput = z.infer<typeof cdsConsultBody>;
export type CdsCards = z.infer<typeof cdsCards>;
