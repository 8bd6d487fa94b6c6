import { studySecretFor } from '@consent-ledger/chaincode/wire';
import type { KeyObject } from 'node:crypto';

/** What one participant's data have in place of what they say, in one study. */
export interface Pseudonyms {
  /** The participant's pseudonym in the study, as its sponsor knows it. */
  readonly person: string;
  /** By how many days dates are moved; never 0. */
  readonly days: number;
  /** A resource's id in the study, out of its type and its id at the site. */
  readonly idOf: (reference: string) => string;
}

const ID_BYTES = 16;

/**
 * Everything follows from the site's secret of the study, which neither the sponsor nor any other study has: so it is the same for all
 * data of a participant, whenever they leave, and two studies' have nothing in common.
 *
 * @param pepper of the site's custody
 */
export function pseudonymsOf(
  pepper: Uint8Array | KeyObject,
  { study, subject, person }: { readonly study: string; readonly subject: string; readonly person: string },
  shiftDays: number,
): Pseudonyms {
  const drawn = studySecretFor(pepper, study, 'date-shift', subject).readUIntBE(0, 6) % (2 * shiftDays);
  return {
    person,
    days: drawn < shiftDays ? drawn - shiftDays : drawn - shiftDays + 1,
    idOf: (reference) =>
      studySecretFor(pepper, study, 'resource', reference).subarray(0, ID_BYTES).toString('hex'),
  };
}
