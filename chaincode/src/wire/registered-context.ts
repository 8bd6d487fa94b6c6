import type { Agreement, DecisionContext, LegalBasis } from '../domain/index.js';
import { BREAK_GLASS, purposesCover } from '../domain/purposes.js';
import {
  isSubjectBasis,
  type AgreementVersion,
  type Custody,
  type LegalBasisVersion,
} from './values/index.js';

/** What members have registered for all to read, as far as a decision may need it. */
export interface RegisteredState {
  readonly agreements: {
    /** The newest version of what two members, by their MSP ids, have agreed on. */
    get(one: string, other: string): Promise<AgreementVersion | undefined>;
  };
  readonly legalBases: {
    /** The newest version. */
    get(basis: string): Promise<LegalBasisVersion | undefined>;
  };
}

interface Asked {
  readonly purpose: readonly string[];
  readonly legalBasis?: string | undefined;
}

/** Whether a decision at that custodian rests on what it has agreed on with the requester, or on that nothing is. */
export function needsAgreement(
  { custodian, policy }: Pick<Custody, 'custodian' | 'policy'>,
  { purpose }: Asked,
  requester: string,
): boolean {
  // What breaking the glass comes to is decided before any agreement is looked at.
  return (
    requester !== custodian &&
    purpose.some((asked) => asked !== BREAK_GLASS && purposesCover(policy.agreementPurposes, asked))
  );
}

/** Reads what the decision needs of that, and nothing else: in a transaction, what is read is what it rests on. */
export async function readRegistered(
  { agreements, legalBases }: RegisteredState,
  custody: Pick<Custody, 'custodian' | 'policy'>,
  asked: Asked,
  requester: string,
): Promise<Pick<DecisionContext, 'agreements' | 'legalBases'>> {
  const agreement = needsAgreement(custody, asked, requester)
    ? await agreements.get(custody.custodian, requester)
    : undefined;
  const { legalBasis } = asked;
  // The id of one about a patient never shows in what a transaction reads in public.
  const basis =
    legalBasis === undefined || isSubjectBasis(legalBasis) ? undefined : await legalBases.get(legalBasis);
  return registeredContext(agreement, basis);
}

export function registeredContext(
  agreement: AgreementVersion | undefined,
  basis: LegalBasisVersion | undefined,
): Pick<DecisionContext, 'agreements' | 'legalBases'> {
  return {
    ...(agreement === undefined ? {} : { agreements: [agreementContext(agreement)] }),
    ...(basis === undefined ? {} : { legalBases: [legalBasisContext(basis)] }),
  };
}

function agreementContext({ organizations, purposes, period, status }: AgreementVersion): Agreement {
  return { parties: organizations, purposes, status, ...(period === undefined ? {} : { period }) };
}

function legalBasisContext(version: LegalBasisVersion): LegalBasis {
  const { basis, organization, purposes, labels, cites, period, status } = version;
  return {
    id: basis,
    requester: organization,
    purposes,
    cites,
    status,
    ...(labels === undefined ? {} : { labels }),
    ...(period === undefined ? {} : { period }),
  };
}
