import { z } from '@consent-ledger/chaincode/wire';

const file = z
  .string()
  .min(1)
  .max(4096)
  .describe('path; a relative one is relative to the configuration file');

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

const smtpSchema = z
  .strictObject({
    host: z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/),
    port: z.int().min(1).max(65535).default(587),
    tls: z.enum(['implicit', 'starttls', 'none']).default('starttls').describe('none: on this machine alone'),
    tlsCa: file.optional().describe('PEM of the CA of the server; absent: the public ones'),
    user: z.string().min(1).max(256).optional(),
    passwordFile: file.optional().describe('file of mode 0600 that holds the password'),
    from: z.email().max(254),
  })
  .refine(({ user, passwordFile }) => (user === undefined) === (passwordFile === undefined), {
    path: ['passwordFile'],
    message: 'belongs to a user, and the user to it',
  })
  .refine(({ host, tls }) => tls !== 'none' || LOOPBACK.has(host), {
    path: ['tls'],
    message: 'none is for this machine alone',
  })
  .readonly();
export type SmtpConfiguration = z.output<typeof smtpSchema>;

const webhooksSchema = z
  .strictObject({
    hosts: z
      .array(z.string().regex(/^[a-z0-9.-]{1,253}(?::\d{1,5})?$/, 'host, or host:port'))
      .min(1)
      .max(64)
      .describe('that webhooks of subjects may go to'),
    tlsCa: file.optional().describe('PEM of the CA of those hosts; absent: the public ones'),
  })
  .readonly();

/** How what is to be brought is tried again. */
const trying = {
  /** Before it is tried a second time; then twice as long each time, at most an hour. */
  retryMs: z.int().min(10).default(5_000),
  /** What could not be brought for so long is given up. */
  giveUpMs: z
    .int()
    .min(1_000)
    .default(3 * 86_400_000),
};

/** How subjects are told what is done in their name. */
export const notificationsSchema = z
  .strictObject({
    portal: z.url({ protocol: /^https$/ }).describe('where a subject signs in to see what was done'),
    smtp: smtpSchema.optional(),
    webhooks: webhooksSchema.optional(),
    ...trying,
  })
  .readonly();

/** Where alerts about a sponsor's studies are pushed, signed. */
export const studyAlertsSchema = z
  .strictObject({
    webhooks: z
      .array(
        z
          .strictObject({
            url: z.url({ protocol: /^https$/ }).max(2048),
            studies: z
              .array(z.string().regex(/^[A-Za-z0-9.-]{1,64}$/, 'the id of a study'))
              .min(1)
              .max(1_000)
              .optional()
              .describe('those alone; absent: all of this sponsor'),
          })
          .readonly(),
      )
      .min(1)
      .max(16)
      .refine(
        (hooks) => new Set(hooks.map(({ url }) => url)).size === hooks.length,
        'an address is there twice',
      ),
    tlsCa: file.optional().describe('PEM of the CA of those hosts; absent: the public ones'),
    ...trying,
  })
  .readonly();
