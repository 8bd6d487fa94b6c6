import { z } from 'zod';
import { mapping } from './mapping.js';
import { duration } from './quantities.js';

const URL_OF = 'the https:// address of a webhook';

const webhook = mapping({
  url: z.url({ protocol: /^https$/, error: URL_OF }).max(2_048, 'a shorter address'),
  /** Ids of studies; absent: all of this sponsor. */
  studies: z
    .array(
      z.string('the id of a study').regex(/^[A-Za-z0-9.-]{1,64}$/, 'the id of a study'),
      'a list of studies',
    )
    .min(1, 'at least one study')
    .max(1_000, 'at most 1000 studies')
    .optional(),
});

/** Where a sponsor's systems are told of withdrawals, expiry and overdue consents: its gateway's `studyAlerts`. */
export const studyAlertsSchema = mapping({
  webhooks: z
    .array(webhook, 'a list of webhooks')
    .min(1, 'at least one webhook')
    .max(16, 'at most 16 webhooks')
    .refine((hooks) => new Set(hooks.map(({ url }) => url)).size === hooks.length, 'addresses that differ'),
  /** PEM of the CA of those hosts; absent: those that Node trusts. */
  caFile: z.string('a file name').min(1, 'a file name').max(4_096, 'a shorter file name').optional(),
  retry: duration(10, 3_600_000).optional(),
  giveUp: duration(1_000, 30 * 86_400_000).optional(),
});
export type StudyAlerts = z.output<typeof studyAlertsSchema>;

/** What a gateway's configuration says where a topology says this. */
export function studyAlertSettings({ webhooks, caFile, retry, giveUp }: StudyAlerts): object {
  return {
    webhooks,
    ...(caFile === undefined ? {} : { tlsCa: caFile }),
    ...(retry === undefined ? {} : { retryMs: retry }),
    ...(giveUp === undefined ? {} : { giveUpMs: giveUp }),
  };
}
