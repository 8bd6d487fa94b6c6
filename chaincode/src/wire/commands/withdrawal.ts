import { z } from 'zod';
import { DISPOSITIONS } from '../../domain/study-choices.js';
import { codedReason, commandSalt, fhirId } from '../primitives.js';
import { evidence } from '../values/evidence.js';

export const withdraw = z.strictObject({
  v: z.literal(1),
  salt: commandSalt,
  command: z.literal('withdraw'),
  consent: fhirId,
  subject: fhirId,
  evidence,
  reason: codedReason.exactOptional(),
  /** Of a study's consent: what shall become of what was collected. */
  collected: z.enum(DISPOSITIONS).exactOptional(),
});

export const withdrawalCommand = z.discriminatedUnion('command', [withdraw]);
export type WithdrawalCommand = z.infer<typeof withdrawalCommand>;
