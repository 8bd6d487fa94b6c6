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

/** Journals that a member may ever have begun: one, and another each time that the file was lost. */
export const MAX_JOURNALS = 32;

/** Public value `journal-chains/<MSPID>`: names of the journals that a member has committed to, in the order in which it began them. */
export const journalChains = z.strictObject({
  v: z.literal(1),
  mspId,
  chains: z.array(base64UrlBytes(16)).min(1).max(MAX_JOURNALS),
});
export type JournalChains = z.infer<typeof journalChains>;
