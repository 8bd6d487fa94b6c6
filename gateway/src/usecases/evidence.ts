import {
  consentContent,
  signedConsentId,
  statementOf,
  withoutIdentifyingText,
  type FhirResource,
  type FiledEvidence,
  type Signed,
} from '@consent-ledger/chaincode/wire';
import type { EvidenceInput } from '@consent-ledger/chaincode/wire/http';
import { subjectOf } from './consents.js';

/** On which ledger, and at whose custody, something is said. */
export interface Place {
  readonly ledgerId: string;
  /** MSP id. */
  readonly custodian: string;
}

/**
 * Evidence as the ledger takes it.
 * @param witness pseudonym of whoever attests it; called only where somebody does, and throws where they may not
 */
export function filedEvidence<Input extends EvidenceInput>(
  input: Input,
  witness: () => string,
): Extract<FiledEvidence, { kind: Input['kind'] }>;
export function filedEvidence(input: EvidenceInput, witness: () => string): FiledEvidence {
  switch (input.kind) {
    case 'signed':
      return input;
    case 'witnessed':
      return { ...input, by: witness() };
    case 'delegated':
      return { ...input, act: filedEvidence(input.act, witness) };
  }
}

/**
 * The resource with the id that derives from what was signed, where it has none. Any other id is left for the chaincode
 * to refuse. Throws a Refusal `consent-refused` where it does not say whose it is.
 */
export function withSignedId(resource: FhirResource, evidence: FiledEvidence, place: Place): FhirResource {
  const signature = signatureIn(evidence);
  if (signature === undefined || resource['id'] !== undefined) return resource;
  const statement = statementOf(
    {
      ...consentContent({ resource: withoutIdentifyingText(resource).resource, consent: '', version: 1 }),
      ...(evidence.kind === 'delegated' ? { delegation: evidence.delegation } : {}),
    },
    {
      ledger: place.ledgerId,
      custodian: place.custodian,
      subject: subjectOf(resource),
      nonce: signature.nonce,
      date: signature.date,
    },
  );
  return { ...resource, id: signedConsentId(statement) };
}

function signatureIn(evidence: FiledEvidence): Signed | undefined {
  if (evidence.kind === 'signed') return evidence;
  return evidence.kind === 'delegated' && evidence.act.kind === 'signed' ? evidence.act : undefined;
}
