import { z } from 'zod';
import { compactJws, idSchema, loggedEvent } from './shared.js';

/** Something that a person writes of a person, of so many characters at most; no control characters. */
const words = (most: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{C}]+$/u, 'must be plain text');

const humanName = z.strictObject({
  family: words(100),
  given: z.array(words(100)).min(1).max(8),
});

const demographicsShape = {
  identifier: z
    .array(z.strictObject({ system: z.string().regex(/^[!-~]{1,256}$/), value: words(100) }))
    .max(16)
    .optional(),
  name: z.array(humanName).min(1).max(8),
  gender: z.enum(['male', 'female', 'other', 'unknown']).optional(),
  birthDate: z.iso.date(),
  address: z
    .array(
      z.strictObject({
        line: z.array(words(200)).max(4).optional(),
        city: words(100).optional(),
        postalCode: words(20).optional(),
        country: words(60).optional(),
      }),
    )
    .max(8)
    .optional(),
  telecom: z
    .array(z.strictObject({ system: z.enum(['phone', 'email', 'sms']), value: words(254) }))
    .max(8)
    .optional(),
};

/** What people are told apart by: elements of FHIR's Patient, and no others. */
export const demographicsSchema = z
  .strictObject({ resourceType: z.literal('Patient'), ...demographicsShape })
  .meta({ id: 'Demographics' });

export const putDemographicsBody = z
  .strictObject({
    patient: demographicsSchema
      .nullable()
      .describe('null: nobody finds this subject by demographics any more'),
  })
  .meta({ id: 'PutDemographics' });

export const demographicsHeld = z
  .strictObject({
    subject: idSchema,
    patient: demographicsSchema.nullable(),
    changedAt: z.string().optional(),
  })
  .meta({ id: 'DemographicsHeld' });

/** `Parameters` of FHIR's Patient/$match. */
export const fhirParametersBody = z.record(z.string().max(256), z.json()).describe('FHIR Parameters');

/** Compact JWE; with integrated encryption (draft-ietf-jose-hpke-encrypt section 5) it has neither IV nor tag. */
const jwe = z
  .string()
  .min(40)
  .max(64 * 1024)
  .regex(/^[\w-]+\.[\w-]+\.(?:[\w-]+\.[\w-]+\.[\w-]+|\.[\w-]+\.)$/, 'must be a compact JWE');

/** Between gateways: who asks, signed, and whom they mean, for nobody but the custodian to read. */
export const matchBody = z
  .strictObject({
    request: compactJws(64 * 1024),
    demographics: jwe,
  })
  .meta({ id: 'MatchRequest' });

export const matchAnswer = z
  .strictObject({
    event: loggedEvent,
    answer: jwe.describe('for the key that the request named; of one length, whatever it says'),
  })
  .meta({ id: 'MatchAnswer' });

/** What is in the JWE that the custodian opens. */
export const matchAsked = z.strictObject({ patient: demographicsSchema, onlyCertainMatches: z.boolean() });

export const matchGrade = z.enum(['certain', 'probable']);

/** What is in the JWE that the requester opens. */
export const matchFound = z.strictObject({
  event: z.string(),
  match: z
    .strictObject({
      person: z.string().regex(/^found\/[A-Za-z0-9_-]{1,1000}$/),
      grade: matchGrade,
      score: z.number().min(0).max(1),
      expiresAt: z.string(),
    })
    .nullable(),
});

export type Demographics = z.infer<typeof demographicsSchema>;
export type DemographicsHeld = z.infer<typeof demographicsHeld>;
export type MatchBody = z.infer<typeof matchBody>;
export type MatchAnswer = z.infer<typeof matchAnswer>;
export type MatchAsked = z.infer<typeof matchAsked>;
export type MatchFound = z.infer<typeof matchFound>;
export type MatchGrade = z.infer<typeof matchGrade>;
