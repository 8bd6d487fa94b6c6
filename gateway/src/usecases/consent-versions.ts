import type { PolicyInForce } from '@consent-ledger/chaincode/domain';
import {
  consentVersionId,
  type Consent,
  type FhirResource,
  type WithdrawalEntry,
} from '@consent-ledger/chaincode/wire';
import type { CustodyView, Held } from './custody-view.js';
import { Refusal } from './refusal.js';

/** A consent as the ledger holds it, in its newest version, and whether it was withdrawn. */
export interface FiledConsent extends Held<Consent> {
  readonly withdrawal: WithdrawalEntry | undefined;
}

/** One version of a consent as FHIR counts them: each that was filed, and at last the withdrawal. */
export interface ConsentVersion {
  readonly consent: string;
  readonly version: number;
  readonly subject: string;
  readonly resource: FhirResource;
  /** FHIR instant. */
  readonly at: string;
  readonly isWithdrawal: boolean;
}

/** Throws a Refusal `consent-unknown`. */
export function findConsent(consent: string, custody: CustodyView): FiledConsent {
  const first = custody.get('consent', consent);
  if (first === undefined) throw new Refusal('consent-unknown');
  const { subject } = first.value;
  const version =
    custody.get('policies', subject)?.value.consents.find((filed) => filed.consent === consent)?.version ?? 1;
  const held = version === 1 ? first : custody.get('consent', ...consentVersionId(consent, version));
  // The ledger writes both in one transaction: the peer still lacks one of them.
  if (held === undefined) throw new Refusal('event-pending');
  return { ...held, withdrawal: withdrawalOf(held.value, custody) };
}

/** The newest version, which a withdrawal is where there is one. Throws a Refusal `consent-unknown`. */
export function newestVersion(consent: string, custody: CustodyView): ConsentVersion {
  const { value, withdrawal } = findConsent(consent, custody);
  return withdrawal === undefined ? versionOf(value) : withdrawnVersion(value, withdrawal);
}

/** Version `version` of a consent; undefined where there is none. Throws a Refusal `consent-unknown`. */
export function versionAt(
  consent: string,
  version: number,
  custody: CustodyView,
): ConsentVersion | undefined {
  const newest = newestVersion(consent, custody);
  if (version === newest.version) return newest;
  if (version > newest.version) return undefined;
  const held = custody.get('consent', ...consentVersionId(consent, version));
  return held === undefined ? undefined : versionOf(held.value);
}

export function withdrawalOf(
  { consent, subject }: Consent,
  custody: CustodyView,
): WithdrawalEntry | undefined {
  return custody.get('withdrawal', subject)?.value.withdrawals.find((entry) => entry.consent === consent);
}

/** What a subject's consents say by now, and when they were withdrawn. */
export function policiesInForce(subject: string, custody: CustodyView): PolicyInForce[] {
  const withdrawn = custody.get('withdrawal', subject)?.value.withdrawals ?? [];
  return (custody.get('policies', subject)?.value.consents ?? []).map(
    ({ consent, policy, evidence, version }) => {
      const at = withdrawn.find((entry) => entry.consent === consent)?.at;
      return { policy, evidence, version, ...(at === undefined ? {} : { withdrawnAt: Date.parse(at) }) };
    },
  );
}

function versionOf({ consent, version, subject, resource, filedAt }: Consent): ConsentVersion {
  return { consent, version, subject, resource, at: filedAt, isWithdrawal: false };
}

/** `inactive` is how FHIR says that a consent was revoked. */
function withdrawnVersion(value: Consent, { at }: WithdrawalEntry): ConsentVersion {
  const resource = { ...value.resource, status: 'inactive' };
  return { ...versionOf(value), version: value.version + 1, resource, at, isWithdrawal: true };
}
