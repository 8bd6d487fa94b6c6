import { randomBytes, randomUUID } from 'node:crypto';
import { studyResource } from '@consent-ledger/chaincode/domain';
import type {
  CommandOf,
  Consent,
  FhirResource,
  FiledEvidence,
  RegisteredStudy,
} from '@consent-ledger/chaincode/wire';
import type { StudyConsentInput } from '@consent-ledger/chaincode/wire/http';
import { fileConsent } from './consents.js';
import type { CustodyView } from './custody-view.js';
import { withSignedId } from './evidence.js';
import { Refusal } from './refusal.js';
import type { StudyView } from './study-view.js';
import type { Committed, Transactions } from './transactions.js';

export interface StudySite {
  readonly custody: CustodyView;
  readonly studies: StudyView;
  readonly transactions: Transactions;
  readonly ledgerId: string;
}

/** The text that a participant's choices make, and which version of their consent it would be. */
export interface StudyForm {
  readonly version: number;
  readonly resource: FhirResource;
}

/** Throws a Refusal: `study-unknown`, `subject-unknown`, `body-malformed`. */
export function makeStudyConsent(
  id: string,
  chosen: StudyConsentInput,
  { custody, studies }: StudySite,
): StudyForm {
  const registered = requireStudy(id, custody, studies);
  const { subject, protocol, choices, collected = [] } = chosen;
  if (!choices.includes('main') && !choices.includes('future')) {
    const errors = [{ path: '$.choices', message: 'must hold main or future: withdraw the consent instead' }];
    throw new Refusal('body-malformed', { errors });
  }
  const policies = custody.get('policies', subject);
  if (policies === undefined) throw new Refusal('subject-unknown');
  const before = policies.value.consents.find(({ policy }) => policy.study?.study === id);
  const resource = studyResource({
    id: before?.consent ?? randomUUID(),
    subject,
    study: id,
    protocol,
    choices,
    collected,
    sponsor: registered.study.organization,
    thirdParties: registered.terms.thirdParties,
  });
  return { version: (before?.version ?? 0) + 1, resource: resource as FhirResource };
}

/** Files the consent that the choices make, as the first or the next version of the participant's consent to the study. */
export function fileStudyConsent(
  id: string,
  chosen: StudyConsentInput,
  evidence: FiledEvidence,
  site: StudySite,
): Promise<Committed & { readonly filed: Consent }> {
  const { custody, transactions, ledgerId } = site;
  const { version, resource: made } = makeStudyConsent(id, chosen, site);
  const place = { ledgerId, custodian: custody.custodian };
  const resource = version === 1 ? withSignedId(made, evidence, place) : made;
  return fileConsent({ resource, evidence, ...(version === 1 ? {} : { version }) }, custody, transactions);
}

/** Notes what the site says of a participation. */
export async function enrol(
  study: string,
  subject: string,
  status: CommandOf<'enrol'>['status'],
  { custody, studies, transactions }: StudySite,
): Promise<Committed> {
  requireStudy(study, custody, studies);
  const held = custody.get('enrolment', study, subject);
  // What is there already is not written again.
  if (held?.value.status === status) return { transaction: held.transaction, block: held.block };
  const salt = randomBytes(32).toString('base64url');
  const command: CommandOf<'enrol'> = { v: 1, command: 'enrol', salt, study, subject, status };
  return transactions.run(command, { contract: 'custody', custodian: custody.custodian });
}

function requireStudy(id: string, custody: CustodyView, studies: StudyView): RegisteredStudy {
  const registered = studies.registered(id, custody.custodian);
  if (registered === undefined) throw new Refusal('study-unknown');
  return registered;
}
