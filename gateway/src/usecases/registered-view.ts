import {
  AGREEMENT_PREFIX,
  AGREEMENT_PROPOSAL_PREFIX,
  AGREEMENT_VERSION_PREFIX,
  LEGAL_BASIS_PREFIX,
  LEGAL_BASIS_PROPOSAL_PREFIX,
  LEGAL_BASIS_VERSION_PREFIX,
  agreementKey,
  agreementProposal,
  agreementProposalKey,
  agreementVersion,
  legalBasisKey,
  legalBasisProposal,
  legalBasisProposalKey,
  legalBasisVersion,
  partiesOf,
  type AgreementProposal,
  type AgreementVersion,
  type LegalBasisProposal,
  type LegalBasisVersion,
} from '@consent-ledger/chaincode/wire';
import type { Projection } from '../ports/projection.js';

interface Schema<Value> {
  parse(value: unknown): Value;
}

/** Agreements and legal bases as the projection has them: what is in force, what is proposed, and every version that there was. */
export class RegisteredView {
  constructor(private readonly projection: Pick<Projection, 'publicValue' | 'publicValues'>) {}

  /** The newest version of what two members, by their MSP ids, have agreed on. */
  agreement(one: string, other: string): AgreementVersion | undefined {
    return this.#at(agreementKey(one, other), agreementVersion);
  }

  /** What is proposed, or was last. */
  agreementProposal(one: string, other: string): AgreementProposal | undefined {
    return this.#at(agreementProposalKey(one, other), agreementProposal);
  }

  agreements(): readonly AgreementVersion[] {
    return this.#all(AGREEMENT_PREFIX, agreementVersion);
  }

  agreementProposals(): readonly AgreementProposal[] {
    return this.#all(AGREEMENT_PROPOSAL_PREFIX, agreementProposal);
  }

  /** Every version of what two members agreed on, oldest first. */
  agreementVersions(one: string, other: string): readonly AgreementVersion[] {
    const pair = partiesOf(one, other).join('/');
    return this.#all(`${AGREEMENT_VERSION_PREFIX}${pair}/`, agreementVersion);
  }

  /** The newest version of a legal basis. */
  legalBasis(basis: string): LegalBasisVersion | undefined {
    return this.#at(legalBasisKey(basis), legalBasisVersion);
  }

  /** What is proposed, or was last. */
  legalBasisProposal(basis: string): LegalBasisProposal | undefined {
    return this.#at(legalBasisProposalKey(basis), legalBasisProposal);
  }

  legalBases(): readonly LegalBasisVersion[] {
    return this.#all(LEGAL_BASIS_PREFIX, legalBasisVersion);
  }

  legalBasisProposals(): readonly LegalBasisProposal[] {
    return this.#all(LEGAL_BASIS_PROPOSAL_PREFIX, legalBasisProposal);
  }

  /** Every version of a legal basis, oldest first. */
  legalBasisVersions(basis: string): readonly LegalBasisVersion[] {
    return this.#all(`${LEGAL_BASIS_VERSION_PREFIX}${basis}/`, legalBasisVersion);
  }

  #at<Value>(key: string, schema: Schema<Value>): Value | undefined {
    const value = this.projection.publicValue(key);
    return value === undefined ? undefined : schema.parse(parse(value));
  }

  #all<Value>(prefix: string, schema: Schema<Value>): readonly Value[] {
    return this.projection.publicValues(prefix).map(({ value }) => schema.parse(parse(value)));
  }
}

function parse(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString('utf8'));
}
