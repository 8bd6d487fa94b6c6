import { z } from 'zod';
import { delegationPeriod, delegationScope, RELATIONSHIPS } from '../values/delegations.js';
import { evidenceSchema, ownEvidenceSchema } from './evidence.js';
import { idSchema, memberReferenceSchema, transactionSchema } from './shared.js';

export const delegationTermsBody = {
  delegation: idSchema
    .optional()
    .describe('absent: the gateway makes one; needed where the terms were signed'),
  delegate: idSchema.describe('who acts: another registered subject'),
  relationship: z.enum(RELATIONSHIPS),
  scope: delegationScope,
  period: delegationPeriod,
} as const;

export const registerDelegationBody = z.strictObject({
  ...delegationTermsBody,
  evidence: ownEvidenceSchema.describe(
    "signed by the subject, or witnessed, with the form's or the court order's hash",
  ),
});

export const delegationRegistered = transactionSchema
  .extend({ subject: idSchema, delegation: idSchema })
  .meta({ id: 'DelegationRegistered' });

export const endDelegationBody = z.strictObject({
  evidence: evidenceSchema.describe('of the subject, or of the delegate under this very delegation'),
});

export const delegationParams = z.strictObject({ id: idSchema, delegation: idSchema });

const evidenceKind = z.enum(['signed', 'witnessed', 'delegated']);

export const delegationList = z
  .strictObject({
    subject: idSchema,
    delegations: z.array(
      transactionSchema.extend({
        delegation: idSchema,
        delegate: idSchema,
        relationship: z.enum(RELATIONSHIPS),
        scope: delegationScope,
        period: delegationPeriod,
        evidence: evidenceKind,
        registeredAt: z.string(),
        registeredBy: memberReferenceSchema,
        ended: z.strictObject({ at: z.string(), evidence: evidenceKind }).optional(),
      }),
    ),
  })
  .meta({ id: 'DelegationList' });
export type DelegationList = z.infer<typeof delegationList>;
