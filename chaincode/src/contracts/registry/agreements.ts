import type { AgreementProposal, AgreementVersion, CommandOf, Member } from '../../wire/index.js';
import { digestOf } from '../../wire/canonical.js';
import { instantOf } from '../../wire/instant.js';
import { partiesOf } from '../../wire/keys.js';
import { organizationReference } from '../../wire/names.js';
import { Refusal } from '../../wire/refusal.js';
import { statedAgreement } from '../../wire/values/agreements.js';
import type { Call } from '../call.js';
import { activeMember, wrongTerms } from './terms.js';

/*
 * An agreement is made by two transactions, each signed by a client of the member whose consent it is. The proposal lies under a key of
 * its own, so that whoever only proposes makes no decision in flight invalid.
 */

/**
 * Proposes what shall be agreed, in the place of what the two had proposed before.
 * @throws Refusal `agreement-party-refused`, `agreement-version-conflict`, `agreement-terms-refused` with the paths that are wrong
 */
export async function proposeAgreement(call: Call, command: CommandOf<'propose-agreement'>): Promise<void> {
  const { at, caller, publicState } = call;
  const { version } = command;
  const terms = statedAgreement.parse(command);
  await requireParties(call, command.with);
  const newest = await publicState.agreement(caller.mspId, command.with);
  // So the key is read before it is written, and of two proposals at one time the second is proposed anew.
  await publicState.agreementProposal(caller.mspId, command.with);
  if (version !== (newest?.version ?? 0) + 1) throw new Refusal('agreement-version-conflict');
  const wrong = wrongTerms(terms);
  if (wrong.length > 0) throw new Refusal('agreement-terms-refused', wrong);
  publicState.putAgreementProposal({
    v: 1,
    parties: partiesOf(caller.mspId, command.with),
    version,
    ...terms,
    status: 'open',
    by: caller.mspId,
    at: instantOf(at),
  });
}

/**
 * Accepts the other's proposal: from the block that this is in, it is what is agreed.
 * @throws Refusal `agreement-party-refused`, `agreement-not-proposed`
 */
export async function acceptAgreement(call: Call, command: CommandOf<'accept-agreement'>): Promise<void> {
  const { caller } = call;
  const members = await requireParties(call, command.with);
  const { newest, proposal } = await read(call, command.with);
  const isMeant =
    proposal !== undefined &&
    isOpen(proposal, newest) &&
    proposal.by === command.with &&
    digestOf(proposal) === command.proposal;
  if (!isMeant) throw new Refusal('agreement-not-proposed');
  put(call, members, proposal, {
    version: proposal.version,
    status: 'active',
    by: [proposal.by, caller.mspId],
  });
}

/**
 * Takes the own proposal back, or declines the other's. Where nothing is proposed, nothing changes.
 * @throws Refusal `agreement-unknown`
 */
export async function dropAgreement(call: Call, command: CommandOf<'drop-agreement'>): Promise<void> {
  const { at, caller, publicState } = call;
  const { newest, proposal } = await read(call, command.with);
  if (proposal === undefined) throw new Refusal('agreement-unknown');
  if (!isOpen(proposal, newest)) return;
  publicState.putAgreementProposal({
    ...proposal,
    status: 'dropped',
    by: caller.mspId,
    at: instantOf(at),
  });
}

/**
 * Ends what is agreed, by either of the two alone, at once. What is ended already stays as it is. Since the version moves on, what was
 * proposed before is not open any more: nobody brings back by an acceptance what the other has just ended.
 * @throws Refusal `agreement-unknown`
 */
export async function endAgreement(call: Call, command: CommandOf<'end-agreement'>): Promise<void> {
  const { caller, publicState } = call;
  const newest = await publicState.agreement(caller.mspId, command.with);
  if (newest === undefined) throw new Refusal('agreement-unknown');
  if (newest.status === 'ended') return;
  const { version, organizations } = newest;
  put(call, organizations, newest, { version: version + 1, status: 'ended', by: [caller.mspId] });
}

async function read(
  { caller, publicState }: Call,
  other: string,
): Promise<{ newest: AgreementVersion | undefined; proposal: AgreementProposal | undefined }> {
  return {
    newest: await publicState.agreement(caller.mspId, other),
    proposal: await publicState.agreementProposal(caller.mspId, other),
  };
}

function isOpen({ status, version }: AgreementProposal, newest: AgreementVersion | undefined): boolean {
  return status === 'open' && version === (newest?.version ?? 0) + 1;
}

/** The two as FHIR names them, in the order of their MSP ids. */
async function requireParties({ caller, publicState }: Call, other: string): Promise<[string, string]> {
  const [one, two] = partiesOf(caller.mspId, other);
  const first = await activeMember(publicState, one);
  const second = await activeMember(publicState, two);
  if (one === two || first === undefined || second === undefined)
    throw new Refusal('agreement-party-refused');
  return [referenceOf(first), referenceOf(second)];
}

function referenceOf({ name }: Member): string {
  return organizationReference(name);
}

function put(
  { at, publicState }: Call,
  organizations: [string, string],
  stated: AgreementVersion | AgreementProposal,
  next: Pick<AgreementVersion, 'version' | 'status' | 'by'>,
): void {
  publicState.putAgreement({
    v: 1,
    parties: stated.parties,
    organizations,
    ...statedAgreement.parse(stated),
    ...next,
    at: instantOf(at),
  });
}
