import { z } from 'zod';
import { codedReason, commandSalt, fhirId, privateKeyText, unique } from '../primitives.js';
import { erasureGround } from '../values/erasures.js';

/** Most values that one transaction purges beside those that every subject has. */
export const MAX_ERASED_VALUES = 1_000;

/**
 * Erases a subject: writes the tombstone and purges what the keys name, as far as it is the subject's. Of an erased subject it
 * purges what is left, and the tombstone stays as it is.
 */
export const eraseSubject = z.strictObject({
  v: z.literal(1),
  salt: commandSalt,
  command: z.literal('erase-subject'),
  subject: fhirId,
  ground: erasureGround,
  reference: codedReason,
  /** Keys in the custody collection. */
  values: unique(privateKeyText, 0, MAX_ERASED_VALUES),
  /** Keys in the withdrawal collection. */
  withdrawals: unique(privateKeyText, 0, MAX_ERASED_VALUES),
});
