import { z } from 'zod';
import { code, digest, fhirDate, instant, mspId, reference, unique, version } from '../primitives.js';

/** FHIR dates or instants; an end that is absent is open. */
export const openPeriod = z.strictObject({
  start: fhirDate.exactOptional(),
  end: fhirDate.exactOptional(),
});

/** What two members agree on. Public: nothing in it is about a person. */
export const agreementTerms = {
  /** v3 ActReason codes, or `system|code`; each covers what descends from it. */
  purposes: unique(code, 1, 64),
  /** When it holds. Absent: from the block that it is in, until somebody ends it. */
  period: openPeriod.exactOptional(),
  /** SHA-256 of the document that both have signed. */
  document: digest.exactOptional(),
} as const;

/** The terms, out of anything that holds them; the rest of that is left out. */
export const statedAgreement = z.object(agreementTerms);

/** MSP ids of the two, in their order as texts: there is one agreement for each pair. */
const parties = z.tuple([mspId, mspId]).refine(([one, other]) => one < other);

/** Public values `agreement/<MSPID>/<MSPID>` (the newest) and `agreement-version/<MSPID>/<MSPID>/<version>` (each, for ever). */
export const agreementVersion = z.strictObject({
  v: z.literal(1),
  parties,
  /** The two as FHIR names them, in the order of `parties`. */
  organizations: z.tuple([reference, reference]),
  version,
  ...agreementTerms,
  status: z.enum(['active', 'ended']),
  /** MSP ids of whose doing it is: who proposed and who accepted; or the one that ended it. */
  by: unique(mspId, 1, 2),
  at: instant,
});
export type AgreementVersion = z.infer<typeof agreementVersion>;

/**
 * Public value `agreement-proposal/<MSPID>/<MSPID>`: what one of the two proposes to the other. No decision reads it. It is open for as long
 * as its version is the one after the newest agreement's and nobody has dropped it.
 */
export const agreementProposal = z.strictObject({
  v: z.literal(1),
  parties,
  version,
  ...agreementTerms,
  status: z.enum(['open', 'dropped']),
  /** MSP id of who proposed it; where it was dropped, of who did that. */
  by: mspId,
  at: instant,
});
export type AgreementProposal = z.infer<typeof agreementProposal>;
