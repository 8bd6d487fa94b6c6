import {
  digestOf,
  statedLegalBasis,
  type CommandOf,
  type LegalBasisProposal,
  type LegalBasisVersion,
} from '@consent-ledger/chaincode/wire';
import type { LegalBasisDocument, LegalBasisInput } from '@consent-ledger/chaincode/wire/http';
import type { RegisteringOptions } from './agreements.js';
import type { Members } from './members.js';
import { Refusal } from './refusal.js';
import type { Committed } from './transactions.js';

type LegalBasisCommand = CommandOf<
  'propose-legal-basis' | 'confirm-legal-basis' | 'drop-legal-basis' | 'end-legal-basis'
>;
type LegalBasisChanged = LegalBasisDocument & Committed;

/** The terms but for who may rely on them, which the ledger knows by another name than FHIR. */
const stated = statedLegalBasis.omit({ requester: true });

/** Proposes a legal basis, or the next version of one. Throws a Refusal. */
export async function proposeLegalBasis(
  basis: string,
  { requester, ...terms }: LegalBasisInput,
  options: RegisteringOptions,
): Promise<LegalBasisChanged> {
  const { members, registered } = options;
  const mspId = members.byReference(requester)?.mspId;
  if (mspId === undefined) {
    const errors = [{ path: '$.requester', message: 'must be a member of this consortium' }];
    throw new Refusal('body-malformed', { errors });
  }
  const version = (registered.legalBasis(basis)?.version ?? 0) + 1;
  const command = 'propose-legal-basis';
  return run({ v: 1, command, basis, version, requester: mspId, ...stated.parse(terms) }, options);
}

/** Confirms the proposal of that digest. Throws a Refusal. */
export async function confirmLegalBasis(
  basis: string,
  proposal: string,
  options: RegisteringOptions,
): Promise<LegalBasisChanged> {
  return run({ v: 1, command: 'confirm-legal-basis', basis, proposal }, options);
}

/** Throws a Refusal. */
export async function dropLegalBasis(basis: string, options: RegisteringOptions): Promise<LegalBasisChanged> {
  return run({ v: 1, command: 'drop-legal-basis', basis }, options);
}

/** Throws a Refusal. */
export async function endLegalBasis(basis: string, options: RegisteringOptions): Promise<LegalBasisChanged> {
  return run({ v: 1, command: 'end-legal-basis', basis }, options);
}

export function listLegalBases(options: RegisteringOptions): LegalBasisDocument[] {
  const { registered } = options;
  const all = [...registered.legalBases(), ...registered.legalBasisProposals()];
  return [...new Set(all.map(({ basis }) => basis))].sort().map((basis) => describe(basis, options));
}

async function run(command: LegalBasisCommand, options: RegisteringOptions): Promise<LegalBasisChanged> {
  const { transaction, block } = await options.transactions.run(command, { contract: 'registry' });
  return { ...describe(command.basis, options), transaction, block };
}

function describe(basis: string, { members, registered }: RegisteringOptions): LegalBasisDocument {
  const newest = registered.legalBasis(basis);
  const proposal = registered.legalBasisProposal(basis);
  const isOpen = proposal?.status === 'open' && proposal.version === (newest?.version ?? 0) + 1;
  return {
    legalBasis: basis,
    ...(newest === undefined ? {} : { registered: describeVersion(newest, members) }),
    ...(isOpen ? { proposed: describeProposal(proposal, members) } : {}),
    versions: registered.legalBasisVersions(basis).map((version) => describeVersion(version, members)),
  };
}

function describeVersion(value: LegalBasisVersion, members: Members): LegalBasisDocument['versions'][number] {
  const { version, status, organization, by, at } = value;
  const who = by.map((mspId) => members.referenceOf(mspId));
  return { version, status, by: who, at, requester: organization, ...stated.parse(value) };
}

function describeProposal(
  value: LegalBasisProposal,
  members: Members,
): NonNullable<LegalBasisDocument['proposed']> {
  const { version, by, at } = value;
  return {
    proposal: digestOf(value),
    version,
    by: members.referenceOf(by),
    at,
    requester: members.referenceOf(value.requester),
    ...stated.parse(value),
  };
}
