import type { FhirResource } from '../fhir-json.js';
import type { Consent, Withdrawn } from '../values/consents.js';
import type { RelyingParty, SubjectKey } from '../values/subject-keys.js';
import { consentDigest, type StatementContent } from './statement.js';

/*
 * What a person says with each act, made of what the ledger holds of it: by endorsers, by gateways that ask for a
 * signature, and by auditors.
 */

/** The first version's id derives from the statement; a later one says which consent it changes. */
export function consentContent({
  resource,
  consent,
  version,
}: {
  readonly resource: FhirResource;
  readonly consent: string;
  readonly version: Consent['version'];
}): Extract<StatementContent, { statement: 'consent' }> {
  return {
    statement: 'consent',
    consent: consentDigest(resource),
    ...(version > 1 && { id: consent, version }),
  };
}

export function withdrawalContent({
  consent,
  reason,
  collected,
}: {
  readonly consent: string;
  readonly reason?: Withdrawn['reason'] | undefined;
  readonly collected?: Withdrawn['collected'] | undefined;
}): Extract<StatementContent, { statement: 'withdrawal' }> {
  return {
    statement: 'withdrawal',
    consent,
    ...(reason !== undefined && { reason }),
    ...(collected !== undefined && { collected }),
  };
}

export function keyContent({
  key,
  replaces,
  relyingParty,
}: {
  readonly key: string;
  readonly replaces?: SubjectKey['replaces'] | undefined;
  readonly relyingParty?: RelyingParty | undefined;
}): Extract<StatementContent, { statement: 'key' }> {
  return {
    statement: 'key',
    key,
    ...(replaces !== undefined && { replaces }),
    ...(relyingParty !== undefined && { relyingParty }),
  };
}
