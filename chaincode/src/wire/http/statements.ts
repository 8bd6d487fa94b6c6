import { z } from 'zod';
import { DISPOSITIONS } from '../../domain/study-choices.js';
import { codedReason, kid, version } from '../primitives.js';
import { signingKeySchema } from './evidence.js';
import { delegationTermsBody } from './delegations.js';
import { idSchema } from './shared.js';
import { givenKeyBody } from './subject-keys.js';

const delegation = idSchema.optional().describe('where a delegate says it: by what right');

/** What somebody is about to say in a subject's name. */
export const statementBody = z
  .discriminatedUnion('statement', [
    z.strictObject({
      statement: z.literal('consent'),
      resource: z.record(z.string().max(256), z.json()).describe('FHIR Consent; its `id` is not signed'),
      version: version
        .optional()
        .describe('of a change: the number of the new version; then the resource has the id of its consent'),
      delegation,
    }),
    z.strictObject({
      statement: z.literal('withdrawal'),
      consent: idSchema,
      reason: codedReason.optional(),
      collected: z.enum(DISPOSITIONS).optional(),
      delegation,
    }),
    z.strictObject({
      statement: z.literal('key'),
      subject: idSchema,
      key: givenKeyBody,
      replaces: kid.optional(),
    }),
    z.strictObject({ statement: z.literal('key-end'), subject: idSchema, key: kid }),
    z.strictObject({ statement: z.literal('delegation'), subject: idSchema, ...delegationTermsBody }),
    z.strictObject({
      statement: z.literal('delegation-end'),
      subject: idSchema,
      delegation: idSchema,
      as: z.enum(['subject', 'delegate']).default('subject').describe('who gives it up'),
    }),
  ])
  .meta({ id: 'StatementInput' });
export type StatementInput = z.infer<typeof statementBody>;

/** What to sign. */
export const statementMade = z
  .strictObject({
    statement: z.record(z.string(), z.json()).describe('what is said, to be shown to whoever signs'),
    bytes: z.string().describe('its canonical JSON (RFC 8785), base64url: the payload of a JWS'),
    challenge: z.string().describe('SHA-256 of the bytes, base64url: the challenge for a passkey'),
    nonce: z.string().describe('goes into the evidence, as it is'),
    date: z.string().describe('goes into the evidence, as it is'),
    consent: idSchema.optional().describe('id of the consent that it gives; its resource must have it'),
    delegation: idSchema.optional().describe('id of the delegation that it registers'),
    keys: z.array(signingKeySchema).describe('registered keys of whoever says it, which can sign it now'),
  })
  .meta({ id: 'StatementToSign' });
export type StatementMade = z.infer<typeof statementMade>;
