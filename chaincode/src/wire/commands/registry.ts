import { z } from 'zod';
import { ledgerId } from '../primitives.js';
import { memberStatement } from '../values/member.js';
import { stateStudy } from './studies.js';

/** Everything in a registry command is public; it goes in as an argument. */
export const foundLedger = z.strictObject({
  v: z.literal(1),
  command: z.literal('found-ledger'),
  id: ledgerId,
});

/** A member states who it is and which keys it has; again, whenever that changes. */
export const registerMember = z.strictObject({
  v: z.literal(1),
  command: z.literal('register-member'),
  member: memberStatement,
});

/** An oversight organisation ends an epoch and begins the next. Who comes second is refused, and changes nothing. */
export const moveEpoch = z.strictObject({
  v: z.literal(1),
  command: z.literal('move-epoch'),
  /** Of the epoch that begins. */
  number: z.int().min(1),
});

export const registryCommand = z.discriminatedUnion('command', [
  foundLedger,
  registerMember,
  moveEpoch,
  stateStudy,
]);
export type RegistryCommand = z.infer<typeof registryCommand>;
