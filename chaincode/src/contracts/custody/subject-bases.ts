import { isKnownPurpose } from '../../domain/purposes.js';
import { parsePeriod } from '../../domain/time.js';
import type { OpenCustody } from '../../state/index.js';
import type {
  CommandOf,
  FiledBasis,
  Policies,
  SubjectBasis,
  SubjectBasisProposal,
  SubjectBasisProposals,
} from '../../wire/index.js';
import { instantOf } from '../../wire/instant.js';
import { organizationReference } from '../../wire/names.js';
import { Refusal } from '../../wire/refusal.js';
import { subjectBasisProposalDigest } from '../../wire/subject-bases.js';
import { isOversightKind } from '../../wire/values/member.js';
import {
  filedBasis,
  MAX_BASIS_PROPOSALS,
  MAX_SUBJECT_BASES,
  statedSubjectBasis,
} from '../../wire/values/subject-bases.js';
import type { Call } from '../call.js';
import { activeMember, wrongLabels, wrongTerms } from '../registry/terms.js';
import { requireSubject } from './register-subject.js';

/*
 * A legal basis about one patient (docs/architecture.md, "Legal bases about one patient"): a court order, a subpoena, a report about
 * somebody. It lies where what the patient consents to lies, and so does what is proposed. As with a general one it takes two, neither of
 * which gains by it, and one of which is oversight; here both are of those who may read of the patient at all.
 */

/**
 * Proposes one, or the next version of one.
 * @throws Refusal `legal-basis-party-refused`, `legal-basis-version-conflict`, `legal-basis-limit-reached`,
 * `legal-basis-terms-refused` with the paths
 */
export async function proposeSubjectBasis(
  { at, caller, publicState }: Call,
  open: OpenCustody,
  command: CommandOf<'propose-subject-basis'>,
): Promise<void> {
  const { basis, subject, version } = command;
  const terms = statedSubjectBasis.parse(command);
  if (terms.requester === caller.mspId) throw new Refusal('legal-basis-party-refused');
  const { proposed, filed } = await readBases(open, subject);
  if (version !== versionAfter(filed, basis)) throw new Refusal('legal-basis-version-conflict');
  const others = proposed.filter((one) => one.basis !== basis);
  const isNew = filed.every((one) => one.basis !== basis);
  if (others.length >= MAX_BASIS_PROPOSALS || (isNew && filed.length >= MAX_SUBJECT_BASES))
    throw new Refusal('legal-basis-limit-reached');
  const { purposeSystems } = open.custody.policy;
  const unknown = terms.purposes.flatMap((purpose, index) =>
    isKnownPurpose(purpose, purposeSystems) ? [] : [`$.purposes[${index}]`],
  );
  const wrong = [...new Set([...unknown, ...wrongTerms(terms)])];
  if ((await activeMember(publicState, terms.requester)) === undefined) wrong.push('$.requester');
  wrong.push(...wrongLabels(terms));
  if (isOver(terms.period, at)) wrong.push('$.period.end');
  if (wrong.length > 0) throw new Refusal('legal-basis-terms-refused', wrong);
  putProposals(open, subject, [...others, { basis, version, ...terms, by: caller.mspId, at: instantOf(at) }]);
}

/**
 * Confirms what another proposed: from the block that this is in, it is in force.
 * @throws Refusal `legal-basis-party-refused`, `legal-basis-not-proposed`, `legal-basis-limit-reached`
 */
export async function confirmSubjectBasis(
  call: Call,
  open: OpenCustody,
  { basis, subject, proposal: meant }: CommandOf<'confirm-subject-basis'>,
): Promise<void> {
  const { at, caller } = call;
  const { proposed, filed } = await readBases(open, subject);
  const proposal = proposed.find((one) => one.basis === basis);
  if (
    proposal?.version !== versionAfter(filed, basis) ||
    subjectBasisProposalDigest(subject, proposal) !== meant
  )
    throw new Refusal('legal-basis-not-proposed');
  // Many may have been proposed while there was room.
  if (filed.length >= MAX_SUBJECT_BASES && filed.every((one) => one.basis !== basis))
    throw new Refusal('legal-basis-limit-reached');
  const organization = await guardParties(call, proposal);
  await write(open, {
    basis,
    version: proposal.version,
    subject,
    ...statedSubjectBasis.parse(proposal),
    organization,
    status: 'active',
    by: [proposal.by, caller.mspId],
    at: instantOf(at),
  });
  putProposals(
    open,
    subject,
    proposed.filter((one) => one !== proposal),
  );
}

/**
 * Takes back what is proposed, or declines it.
 * @throws Refusal `legal-basis-unknown`
 */
export async function dropSubjectBasis(
  _call: Call,
  open: OpenCustody,
  { basis, subject }: CommandOf<'drop-subject-basis'>,
): Promise<void> {
  const { proposed } = await readBases(open, subject);
  const others = proposed.filter((one) => one.basis !== basis);
  if (others.length === proposed.length) throw new Refusal('legal-basis-unknown');
  putProposals(open, subject, others);
}

/**
 * Ends one at once. What is ended already stays as it is; what was proposed to follow it can no longer be confirmed.
 * @throws Refusal `legal-basis-unknown`
 */
export async function endSubjectBasis(
  { at, caller }: Call,
  open: OpenCustody,
  { basis, subject }: CommandOf<'end-subject-basis'>,
): Promise<void> {
  const { filed } = await readBases(open, subject);
  const newest = filed.find((one) => one.basis === basis);
  if (newest === undefined) throw new Refusal('legal-basis-unknown');
  if (newest.status === 'ended') return;
  const standing = await open.values.get('basis', subject, basis, `${newest.version}`);
  if (standing === undefined) throw new Refusal('legal-basis-unknown');
  await write(open, {
    basis,
    version: newest.version + 1,
    subject,
    ...statedSubjectBasis.parse(standing),
    organization: standing.organization,
    status: 'ended',
    by: [caller.mspId],
    at: instantOf(at),
  });
}

/** @throws Refusal `subject-unknown`, `subject-erased` */
async function readBases(
  open: OpenCustody,
  subject: string,
): Promise<{ readonly proposed: SubjectBasisProposals['proposals']; readonly filed: FiledBasis[] }> {
  await requireSubject(open, subject);
  const proposals = await open.values.get('basisproposals', subject);
  const policies = await open.values.get('policies', subject);
  return { proposed: proposals?.proposals ?? [], filed: policies?.legalBases ?? [] };
}

/** Two active members, one of them oversight, neither the one that gains; gives who gains, as FHIR names it. */
async function guardParties(
  { caller, publicState }: Call,
  { by, requester }: SubjectBasisProposal,
): Promise<string> {
  const proposing = await activeMember(publicState, by);
  const confirming = await activeMember(publicState, caller.mspId);
  const gains = await activeMember(publicState, requester);
  if (
    proposing === undefined ||
    confirming === undefined ||
    gains === undefined ||
    new Set([proposing.mspId, confirming.mspId, gains.mspId]).size < 3 ||
    ![proposing.kind, confirming.kind].some(isOversightKind)
  )
    throw new Refusal('legal-basis-party-refused');
  return organizationReference(gains.name);
}

/** One that has ended already could never let anybody open anything. */
function isOver({ start, end }: SubjectBasisProposal['period'], at: number): boolean {
  const parsed = parsePeriod(start, end);
  return 'interval' in parsed && (parsed.interval.until ?? Infinity) <= at;
}

function versionAfter(filed: readonly FiledBasis[], basis: string): number {
  return (filed.find((one) => one.basis === basis)?.version ?? 0) + 1;
}

function putProposals(
  { values }: OpenCustody,
  subject: string,
  proposals: SubjectBasisProposals['proposals'],
): void {
  values.put('basisproposals', [subject], { subject, proposals });
}

/** The version itself, for the history, and in the subject's policies what a decision needs of it. */
async function write(open: OpenCustody, version: Omit<SubjectBasis, 'v' | 'salt'>): Promise<void> {
  const { values } = open;
  const { basis, subject } = version;
  const id = [subject, basis, `${version.version}`] as const;
  const policies = await values.get('policies', subject);
  if (policies === undefined || (await values.get('basis', ...id)) !== undefined)
    throw new Refusal('legal-basis-version-conflict');
  values.put('basis', id, version);
  values.put('policies', [subject], {
    subject,
    consents: policies.consents,
    legalBases: withBasis(policies, filedBasis.strip().parse(version)),
  });
}

function withBasis({ legalBases = [] }: Policies, basis: FiledBasis): FiledBasis[] {
  return [...legalBases.filter((one) => one.basis !== basis.basis), basis];
}
