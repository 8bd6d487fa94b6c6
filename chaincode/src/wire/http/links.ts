import { z } from 'zod';
import { idSchema, memberReferenceSchema } from './shared.js';

export const linkParams = z.strictObject({ id: idSchema, link: idSchema });

export const makeLinkBody = z
  .strictObject({
    minutes: z
      .int()
      .min(1)
      .max(43_200)
      .default(1_440)
      .describe('how long it is good; a day of itself, 30 days at most'),
  })
  .meta({ id: 'MakeLink' });

export const linkMade = z
  .strictObject({
    link: idSchema.describe('by which it is ended'),
    custodian: memberReferenceSchema,
    person: z.string().describe('`person` of a search; told now and never again'),
    text: z.string().describe('for a QR code: custodian and person'),
    expiresAt: z.string(),
  })
  .meta({ id: 'LinkMade' });

const heldLink = z
  .strictObject({
    link: idSchema,
    createdAt: z.string(),
    expiresAt: z.string(),
    endedAt: z.string().optional(),
    uses: z
      .array(
        z.strictObject({
          at: z.string(),
          member: memberReferenceSchema,
          user: z.string().describe('pseudonym of the user at that member'),
        }),
      )
      .describe('who named the subject by it, oldest first; what they were told is in the access log'),
  })
  .meta({ id: 'HeldLink' });

export const linkEnded = heldLink;
export const linkList = z
  .strictObject({ links: z.array(heldLink).describe('newest first') })
  .meta({ id: 'LinkList' });

export type LinkMade = z.infer<typeof linkMade>;
export type LinkList = z.infer<typeof linkList>;
