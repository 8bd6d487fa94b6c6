import { z } from 'zod';
import { MAX_SLIP_JWS_LENGTH } from '../slip-token.js';
import { compactJws, idSchema, memberReferenceSchema, numberedPage } from './shared.js';

export const slipBody = z
  .strictObject({
    slip: compactJws(MAX_SLIP_JWS_LENGTH),
  })
  .meta({ id: 'SlipDelivery' });

export const slipReceived = z
  .strictObject({
    slip: idSchema,
    status: z.enum(['kept', 'known']).describe('`known`: nothing newer than what is here already'),
  })
  .meta({ id: 'SlipReceived' });

export const listSlipsQuery = z.strictObject({
  custodian: memberReferenceSchema.optional(),
  ...numberedPage,
});

const slipStanding = z.enum(['current', 'ended']).describe('`ended`: the consent names this member no more');

export const slipDocument = z
  .strictObject({
    slip: idSchema,
    custodian: memberReferenceSchema,
    consent: idSchema,
    version: z.int().describe('of the consent'),
    person: z.string().describe("the subject's pseudonym in all slips of this custodian for this member"),
    names: slipStanding,
    at: z.string().describe('instant of the filing'),
    policy: z
      .record(z.string(), z.json())
      .optional()
      .describe('what of the consent concerns this member, compiled'),
    noted: z
      .enum(['withdrawn'])
      .optional()
      .describe('what the custodian said of it; ask for the verification'),
    receivedAt: z.string(),
  })
  .meta({ id: 'Slip' });
export type SlipDocument = z.infer<typeof slipDocument>;

export const slipPage = z
  .strictObject({
    slips: z.array(slipDocument),
    next: z
      .string()
      .optional()
      .describe('give it as `after` for the page that follows; absent: this is the end'),
  })
  .meta({ id: 'SlipPage' });

export const SLIP_STATUSES = ['current', 'changed', 'withdrawn', 'purged', 'unknown'] as const;

export const slipVerification = z
  .strictObject({
    slip: idSchema,
    status: z
      .enum(SLIP_STATUSES)
      .describe(
        '`current`: the ledger has exactly these bytes; `changed`: it has others; `withdrawn`: the consent is withdrawn; `purged`: the ledger had it and has it no more; `unknown`: the own peer never had it',
      ),
    version: z.int(),
    names: slipStanding,
    height: z.int().describe('number of blocks that the own peer had at least'),
  })
  .meta({ id: 'SlipVerification' });

export type ListSlipsQuery = z.infer<typeof listSlipsQuery>;
export type SlipPage = z.infer<typeof slipPage>;
export type SlipReceived = z.infer<typeof slipReceived>;
export type SlipVerification = z.infer<typeof slipVerification>;
