import { z } from 'zod';
import { commandSalt, fhirId, kid } from '../primitives.js';
import { delegationTerms } from '../values/delegations.js';
import { evidence, signature } from '../values/evidence.js';
import { givenKey } from '../values/subject-keys.js';

const envelope = { v: z.literal(1), salt: commandSalt } as const;

/**
 * Registers a key in a subject's name. `evidence` says that the subject wants it, `possession` is the new
 * key's own signature; a key that takes the place of another is signed for by that one, or witnessed.
 */
export const registerKey = z.strictObject({
  ...envelope,
  command: z.literal('register-key'),
  subject: fhirId,
  key: givenKey,
  replaces: kid.exactOptional(),
  evidence,
  possession: signature,
});

/** A key is lost, or in other hands. */
export const revokeKey = z.strictObject({
  ...envelope,
  command: z.literal('revoke-key'),
  subject: fhirId,
  key: kid,
  evidence,
});

export const registerDelegation = z.strictObject({
  ...envelope,
  command: z.literal('register-delegation'),
  ...delegationTerms,
  evidence,
});

/** Revoked by the subject, or given back by the delegate. */
export const endDelegation = z.strictObject({
  ...envelope,
  command: z.literal('end-delegation'),
  delegation: fhirId,
  subject: fhirId,
  evidence,
});
