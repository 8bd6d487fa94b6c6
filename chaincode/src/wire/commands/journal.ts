import { z } from 'zod';
import { base64UrlBytes, commandSalt, digest, instant } from '../primitives.js';
import { MAX_JOURNAL_LENGTH } from '../values/events.js';
import { MAX_JWS_LENGTH } from '../request-object.js';

/** Most entries in one transaction. */
export const MAX_JOURNAL_ENTRIES = 20;

/** Most commitments in one transaction. */
export const MAX_COMMITMENTS = 100;

/** What was released while the ledger was out of reach, with what both gateways signed then. */
export const logJournal = z.strictObject({
  v: z.literal(1),
  salt: commandSalt,
  command: z.literal('log-journal'),
  entries: z
    .array(
      z.strictObject({
        request: z.string().max(MAX_JWS_LENGTH),
        custodian: z.string().max(MAX_JOURNAL_LENGTH),
        /** Absent: no key left. */
        requester: z.string().max(MAX_JOURNAL_LENGTH).exactOptional(),
      }),
    )
    .min(1)
    .max(MAX_JOURNAL_ENTRIES),
});

/** A member commits to entries of its own journal, in their order; everybody sees it, and what they say stays with those who have them. */
export const commitJournal = z.strictObject({
  v: z.literal(1),
  command: z.literal('commit-journal'),
  chain: base64UrlBytes(16),
  /** Place of the first of them. */
  from: z.int().min(0),
  entries: z
    .array(z.strictObject({ entry: digest, due: instant }))
    .min(1)
    .max(MAX_COMMITMENTS),
});
