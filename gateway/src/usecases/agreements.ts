import {
  digestOf,
  statedAgreement as stated,
  type AgreementProposal,
  type AgreementVersion,
  type CommandOf,
} from '@consent-ledger/chaincode/wire';
import type { AgreementDocument, AgreementInput } from '@consent-ledger/chaincode/wire/http';
import type { Members } from './members.js';
import { Refusal } from './refusal.js';
import type { RegisteredView } from './registered-view.js';
import type { Committed, Transactions } from './transactions.js';

export interface RegisteringOptions {
  readonly members: Members;
  readonly registered: RegisteredView;
  readonly transactions: Transactions;
}

type AgreementCommand = CommandOf<
  'propose-agreement' | 'accept-agreement' | 'drop-agreement' | 'end-agreement'
>;
type AgreementChanged = AgreementDocument & Committed;

/** Proposes to the member of that name. Throws a Refusal. */
export async function proposeAgreement(
  name: string,
  terms: AgreementInput,
  options: RegisteringOptions,
): Promise<AgreementChanged> {
  const other = otherMember(name, options);
  const newest = options.registered.agreement(options.members.own.mspId, other);
  const version = (newest?.version ?? 0) + 1;
  return run({ v: 1, command: 'propose-agreement', with: other, version, ...stated.parse(terms) }, options);
}

/** Accepts the proposal of that digest. Throws a Refusal. */
export async function acceptAgreement(
  name: string,
  proposal: string,
  options: RegisteringOptions,
): Promise<AgreementChanged> {
  return run({ v: 1, command: 'accept-agreement', with: otherMember(name, options), proposal }, options);
}

/** Declines, or takes back, what is proposed. Throws a Refusal. */
export async function dropAgreement(name: string, options: RegisteringOptions): Promise<AgreementChanged> {
  return run({ v: 1, command: 'drop-agreement', with: otherMember(name, options) }, options);
}

/** Throws a Refusal. */
export async function endAgreement(name: string, options: RegisteringOptions): Promise<AgreementChanged> {
  return run({ v: 1, command: 'end-agreement', with: otherMember(name, options) }, options);
}

/** Of all members, each two once. */
export function listAgreements(options: RegisteringOptions): AgreementDocument[] {
  const { registered } = options;
  const pairs = new Map<string, readonly [string, string]>();
  for (const { parties } of [...registered.agreements(), ...registered.agreementProposals()])
    pairs.set(parties.join('/'), parties);
  return [...pairs.keys()].sort().flatMap((key) => {
    const parties = pairs.get(key);
    return parties === undefined ? [] : [describe(parties, options)];
  });
}

async function run(command: AgreementCommand, options: RegisteringOptions): Promise<AgreementChanged> {
  const { members, transactions } = options;
  const { transaction, block } = await transactions.run(command, { contract: 'registry' });
  return { ...describe([members.own.mspId, command.with], options), transaction, block };
}

function describe(
  [one, other]: readonly [string, string],
  { members, registered }: RegisteringOptions,
): AgreementDocument {
  const newest = registered.agreement(one, other);
  const proposal = registered.agreementProposal(one, other);
  const isOpen = proposal?.status === 'open' && proposal.version === (newest?.version ?? 0) + 1;
  return {
    members: [one, other].sort().map((mspId) => members.referenceOf(mspId)),
    ...(newest === undefined ? {} : { agreed: describeVersion(newest, members) }),
    ...(isOpen ? { proposed: describeProposal(proposal, members) } : {}),
    versions: registered.agreementVersions(one, other).map((version) => describeVersion(version, members)),
  };
}

function describeVersion(value: AgreementVersion, members: Members): AgreementDocument['versions'][number] {
  const { version, status, by, at } = value;
  const who = by.map((mspId) => members.referenceOf(mspId));
  return { version, status, by: who, at, ...stated.parse(value) };
}

function describeProposal(
  value: AgreementProposal,
  members: Members,
): NonNullable<AgreementDocument['proposed']> {
  const { version, by, at } = value;
  return { proposal: digestOf(value), version, by: members.referenceOf(by), at, ...stated.parse(value) };
}

function otherMember(name: string, { members }: RegisteringOptions): string {
  const member = members.byReference(`Organization/${name}`);
  if (member === undefined) throw new Refusal('member-unknown');
  return member.mspId;
}
