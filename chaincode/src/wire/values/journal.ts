import { z } from 'zod';
import { base64UrlBytes, digest, instant, mspId } from '../primitives.js';

/**
 * Public value `journal/<MSPID>/<chain>/<seq>`: a member has an entry of its emergency journal with that digest there. It names no other
 * member, and nobody can tell from it what the entry says. Written once, after the one before it.
 */
export const journalCommitment = z.strictObject({
  v: z.literal(1),
  mspId,
  chain: base64UrlBytes(16),
  seq: z.int().min(0),
  /** SHA-256 of the entry's text. */
  entry: digest,
  /** By when an event has it. */
  due: instant,
  at: instant,
});
export type JournalCommitment = z.infer<typeof journalCommitment>;
