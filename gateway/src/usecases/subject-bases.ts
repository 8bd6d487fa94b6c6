import { randomBytes } from 'node:crypto';
import {
  statedSubjectBasis,
  subjectBasisProposalDigest,
  type CommandOf,
  type SubjectBasis,
  type SubjectBasisProposal,
} from '@consent-ledger/chaincode/wire';
import type { SubjectBasisDocument, SubjectBasisInput } from '@consent-ledger/chaincode/wire/http';
import type { CustodyView } from './custody-view.js';
import type { Members } from './members.js';
import { Refusal } from './refusal.js';
import type { Committed, Transactions } from './transactions.js';

export interface SubjectBasisOptions {
  readonly members: Members;
  readonly transactions: Transactions;
}

/** Which legal basis, about whom, and whose patient that is. */
export interface SubjectBasisPlace {
  readonly custody: CustodyView;
  readonly subject: string;
  readonly basis: string;
}

type Given<Command> = Command extends unknown ? Omit<Command, 'v' | 'salt' | 'subject' | 'basis'> : never;
type SubjectBasisCommand = Given<
  CommandOf<'propose-subject-basis' | 'confirm-subject-basis' | 'drop-subject-basis' | 'end-subject-basis'>
>;
type SubjectBasisChanged = SubjectBasisDocument & Committed;

/** The terms but for who may rely on them, which the ledger knows by another name than FHIR. */
const stated = statedSubjectBasis.omit({ requester: true });

/** Proposes one, or the next version of one. Throws a Refusal. */
export async function proposeSubjectBasis(
  place: SubjectBasisPlace,
  { requester, ...terms }: SubjectBasisInput,
  options: SubjectBasisOptions,
): Promise<SubjectBasisChanged> {
  const mspId = options.members.byReference(requester)?.mspId;
  if (mspId === undefined) {
    const errors = [{ path: '$.requester', message: 'must be a member of this consortium' }];
    throw new Refusal('body-malformed', { errors });
  }
  const version = newestOf(place, place.basis) + 1;
  const command = 'propose-subject-basis';
  return run({ command, version, requester: mspId, ...stated.parse(terms) }, place, options);
}

/** Confirms the proposal of that digest. Throws a Refusal. */
export async function confirmSubjectBasis(
  place: SubjectBasisPlace,
  proposal: string,
  options: SubjectBasisOptions,
): Promise<SubjectBasisChanged> {
  return run({ command: 'confirm-subject-basis', proposal }, place, options);
}

/** Throws a Refusal. */
export async function dropSubjectBasis(
  place: SubjectBasisPlace,
  options: SubjectBasisOptions,
): Promise<SubjectBasisChanged> {
  return run({ command: 'drop-subject-basis' }, place, options);
}

/** Ends one; what is ended already stays as it is. Throws a Refusal. */
export async function endSubjectBasis(
  place: SubjectBasisPlace,
  options: SubjectBasisOptions,
): Promise<SubjectBasisChanged> {
  const { custody, subject, basis } = place;
  const held = custody.get('basis', subject, basis, `${newestOf(place, basis)}`);
  // What writes nothing has no place on the ledger.
  if (held?.value.status === 'ended')
    return {
      ...describe(place, basis, options.members),
      transaction: held.transaction,
      block: held.block,
    };
  return run({ command: 'end-subject-basis' }, place, options);
}

/** All about one patient, by their ids. Throws a Refusal `subject-unknown`. */
export function listSubjectBases(
  place: Omit<SubjectBasisPlace, 'basis'>,
  { members }: Pick<SubjectBasisOptions, 'members'>,
): SubjectBasisDocument[] {
  const { custody, subject } = place;
  if (custody.get('subject', subject) === undefined) throw new Refusal('subject-unknown');
  const all = [
    ...(custody.get('policies', subject)?.value.legalBases ?? []),
    ...(custody.get('basisproposals', subject)?.value.proposals ?? []),
  ];
  return [...new Set(all.map(({ basis }) => basis))].sort().map((basis) => describe(place, basis, members));
}

async function run(
  command: SubjectBasisCommand,
  place: SubjectBasisPlace,
  { members, transactions }: SubjectBasisOptions,
): Promise<SubjectBasisChanged> {
  const { custody, subject, basis } = place;
  const salt = randomBytes(32).toString('base64url');
  const { transaction, block } = await transactions.run(
    { v: 1, salt, subject, basis, ...command },
    { contract: 'custody', custodian: custody.custodian },
  );
  return { ...describe(place, basis, members), transaction, block };
}

/** Number of the newest version; 0 where none is registered. */
function newestOf({ custody, subject }: Omit<SubjectBasisPlace, 'basis'>, basis: string): number {
  const filed = custody.get('policies', subject)?.value.legalBases ?? [];
  return filed.find((one) => one.basis === basis)?.version ?? 0;
}

function describe(
  place: Omit<SubjectBasisPlace, 'basis'>,
  basis: string,
  members: Members,
): SubjectBasisDocument {
  const { custody, subject } = place;
  const newest = newestOf(place, basis);
  const versions = Array.from({ length: newest }, (_, index) => index + 1).flatMap((number) => {
    const held = custody.get('basis', subject, basis, `${number}`);
    return held === undefined ? [] : [describeVersion(held.value, members)];
  });
  const registered = versions.at(-1);
  const proposals = custody.get('basisproposals', subject)?.value.proposals ?? [];
  // What was proposed before an end cannot be confirmed any more.
  const proposal = proposals.find((one) => one.basis === basis && one.version === newest + 1);
  return {
    subject,
    legalBasis: basis,
    ...(registered === undefined ? {} : { registered }),
    ...(proposal === undefined ? {} : { proposed: describeProposal(subject, proposal, members) }),
    versions,
  };
}

function describeVersion(value: SubjectBasis, members: Members): SubjectBasisDocument['versions'][number] {
  const { version, status, organization, by, at } = value;
  const who = by.map((mspId) => members.referenceOf(mspId));
  return { version, status, by: who, at, requester: organization, ...stated.parse(value) };
}

function describeProposal(
  subject: string,
  proposal: SubjectBasisProposal,
  members: Members,
): NonNullable<SubjectBasisDocument['proposed']> {
  const { version, by, at, requester } = proposal;
  return {
    proposal: subjectBasisProposalDigest(subject, proposal),
    version,
    by: members.referenceOf(by),
    at,
    requester: members.referenceOf(requester),
    ...stated.parse(proposal),
  };
}
