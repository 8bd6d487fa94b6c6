import { z } from 'zod';
import { compactJws, idSchema, memberReferenceSchema, pageOf } from './shared.js';

export const journalEntryBody = z
  .strictObject({ entry: compactJws(64 * 1024) })
  .meta({ id: 'JournalEntryBody' });

/** Keys of the records that an entry is good for; none where it came late, or again. */
export const journalKeys = z
  .strictObject({
    keys: z.array(z.strictObject({ record: idSchema, jwe: z.string().max(4_096) })).max(50),
  })
  .meta({ id: 'JournalKeys' });
export type JournalKeys = z.infer<typeof journalKeys>;

export const listJournalQuery = z.strictObject({ ...pageOf(/^\d{1,15}$/) });

export const journalPage = z
  .strictObject({
    chain: z.string().describe('name of this gateway’s journal'),
    entries: z.array(
      z.strictObject({
        seq: z.int(),
        role: z.enum(['custodian', 'requester']),
        custodian: memberReferenceSchema,
        requester: memberReferenceSchema,
        event: z.string().describe('key of the event that it has, or will have, on the ledger'),
        at: z.string(),
        due: z.string().describe('by when it has to be on the ledger'),
        isCountersigned: z.boolean().describe('false: the requester has not signed, and no key left'),
        isCommitted: z.boolean().describe('its digest is on the ledger'),
        isSettled: z
          .boolean()
          .describe('the event is on the ledger; at a requester: the custodian has its entry'),
        isOverdue: z.boolean(),
        entry: z.string().describe('what this member signed (JWS)'),
        other: z.string().optional().describe('what the other member signed (JWS)'),
      }),
    ),
    next: z.string().optional().describe('give it as `after` for the page that follows'),
  })
  .meta({ id: 'JournalPage' });
export type JournalPage = z.infer<typeof journalPage>;
export type ListJournalQuery = z.infer<typeof listJournalQuery>;

/** By what a finding is about: member, journal, place, entry and rule. */
export const listJournalFindingsQuery = z.strictObject({
  ...pageOf(/^[A-Za-z0-9]{1,40}\.[\w-]{22}\.\d{16}\.[\w-]{43}\.[a-z-]{1,40}$/),
});
export type ListJournalFindingsQuery = z.infer<typeof listJournalFindingsQuery>;

export const journalFindingList = z
  .strictObject({
    findings: z.array(
      z.strictObject({
        rule: z.enum(['entry-without-event', 'entry-not-committed', 'chain-broken', 'logged-late']),
        member: memberReferenceSchema.describe('whose entry it is'),
        chain: z.string(),
        seq: z.int(),
        entry: z.string().describe('SHA-256 of the entry'),
        due: z.string(),
        event: z.string().optional(),
        custodian: memberReferenceSchema.optional(),
        requester: memberReferenceSchema.optional(),
      }),
    ),
    next: z.string().optional().describe('give it as `after` for the page that follows'),
  })
  .meta({ id: 'JournalFindingList' });
export type JournalFindingList = z.infer<typeof journalFindingList>;
