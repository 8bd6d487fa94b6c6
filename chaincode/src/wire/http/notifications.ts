import { z } from 'zod';
import { idSchema } from './shared.js';

export const NOTICE_KINDS = [
  'consent-filed',
  'consent-changed',
  'consent-withdrawn',
  'key-registered',
  'key-ended',
  'delegation-registered',
  'delegation-ended',
  'legal-basis-registered',
  'legal-basis-ended',
  'contacts-changed',
  'emergency-access',
  'amendment-requested',
  'amendment-extended',
  'amendment-accepted',
  'amendment-denied',
] as const;

export const CHANNELS = ['mail', 'webhook'] as const;

/** Where a subject is told. Kept sealed at this gateway; never on the ledger, in a log or in an answer. */
export const contactsBody = z
  .strictObject({
    mail: z.email().max(254).optional(),
    webhook: z
      .url({ protocol: /^https$/ })
      .max(2_048)
      .refine((url) => URL.parse(url)?.username === '' && URL.parse(url)?.password === '', {
        message: 'must be an https URL without user and password',
      })
      .optional(),
  })
  .describe('all of them: what is not given is forgotten');
export type ContactsInput = z.infer<typeof contactsBody>;

export const contactsKept = z
  .strictObject({ subject: idSchema, channels: z.array(z.enum(CHANNELS)) })
  .meta({ id: 'ContactsKept' });

/** What was done in a subject's name, and whether they have been told. */
export const notificationList = z
  .strictObject({
    subject: idSchema,
    channels: z.array(z.enum(CHANNELS)).describe('on which the subject is told by now'),
    notifications: z.array(
      z.strictObject({
        id: z.string(),
        kind: z.enum(NOTICE_KINDS),
        about: z
          .string()
          .optional()
          .describe(
            'id of the consent, key, delegation or legal basis; of an emergency access the one under which it is reviewed',
          ),
        at: z.string(),
        transaction: z.string().optional(),
        block: z.int().optional(),
        deliveries: z.array(
          z.strictObject({
            channel: z.enum(CHANNELS),
            status: z.enum(['waiting', 'sent', 'failed']),
            attempts: z.int(),
            at: z.string().optional().describe('when it was sent, or given up'),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'NotificationList' });
export type NotificationList = z.infer<typeof notificationList>;

export const jwksDocument = z
  .strictObject({ keys: z.array(z.record(z.string(), z.json())) })
  .describe('public signing keys of this member (RFC 7517): what its webhooks are signed with')
  .meta({ id: 'Jwks' });
