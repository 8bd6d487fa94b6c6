import { z } from 'zod';
import { checkpointNoteText, checkpointSignature } from '../checkpoint.js';
import { ledgerId } from '../primitives.js';
import { memberStatement } from '../values/member.js';
import {
  acceptAgreement,
  confirmLegalBasis,
  dropAgreement,
  dropLegalBasis,
  endAgreement,
  endLegalBasis,
  proposeAgreement,
  proposeLegalBasis,
} from './agreements.js';
import { commitJournal } from './journal.js';
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

/** A member signs what it has worked out of the history up to a block, with the key of the certificate that it calls with. */
export const signCheckpoint = z.strictObject({
  v: z.literal(1),
  command: z.literal('sign-checkpoint'),
  checkpoint: checkpointNoteText,
  signature: checkpointSignature,
});

export const registryCommand = z.discriminatedUnion('command', [
  foundLedger,
  registerMember,
  moveEpoch,
  stateStudy,
  signCheckpoint,
  proposeAgreement,
  acceptAgreement,
  dropAgreement,
  endAgreement,
  proposeLegalBasis,
  confirmLegalBasis,
  dropLegalBasis,
  endLegalBasis,
  commitJournal,
]);
export type RegistryCommand = z.infer<typeof registryCommand>;
