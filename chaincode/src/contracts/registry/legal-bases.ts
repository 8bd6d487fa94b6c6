import type { CommandOf, LegalBasisProposal, LegalBasisVersion } from '../../wire/index.js';
import { digestOf } from '../../wire/canonical.js';
import { instantOf } from '../../wire/instant.js';
import { organizationReference } from '../../wire/names.js';
import { Refusal } from '../../wire/refusal.js';
import { isOversightKind } from '../../wire/values/member.js';
import { statedLegalBasis } from '../../wire/values/legal-bases.js';
import type { Call } from '../call.js';
import { activeMember, wrongLabels, wrongTerms } from './terms.js';

/*
 * A legal basis lets a member have what no consent gives it, so it takes two: an oversight organisation proposes, another member confirms,
 * and neither is the one that gains (docs/consent.md "What they say together", 2).
 */

/**
 * Proposes a legal basis, or the next version of one.
 * @throws Refusal `legal-basis-party-refused`, `legal-basis-version-conflict`, `legal-basis-terms-refused` with the paths
 */
export async function proposeLegalBasis(
  { at, caller, publicState }: Call,
  command: CommandOf<'propose-legal-basis'>,
): Promise<void> {
  const { basis, version } = command;
  const terms = statedLegalBasis.parse(command);
  if (terms.requester === caller.mspId) throw new Refusal('legal-basis-party-refused');
  const newest = await publicState.legalBasis(basis);
  // As with agreements: read before it is written.
  await publicState.legalBasisProposal(basis);
  if (version !== (newest?.version ?? 0) + 1) throw new Refusal('legal-basis-version-conflict');
  const wrong = wrongTerms(terms);
  if ((await activeMember(publicState, terms.requester)) === undefined) wrong.push('$.requester');
  wrong.push(...wrongLabels(terms));
  if (wrong.length > 0) throw new Refusal('legal-basis-terms-refused', wrong);
  publicState.putLegalBasisProposal({
    v: 1,
    basis,
    version,
    ...terms,
    status: 'open',
    by: caller.mspId,
    at: instantOf(at),
  });
}

/**
 * Confirms what oversight proposed: from the block that this is in, it is in force.
 * @throws Refusal `legal-basis-party-refused`, `legal-basis-not-proposed`
 */
export async function confirmLegalBasis(
  { at, caller, publicState }: Call,
  command: CommandOf<'confirm-legal-basis'>,
): Promise<void> {
  const { basis } = command;
  const newest = await publicState.legalBasis(basis);
  const proposal = await publicState.legalBasisProposal(basis);
  if (proposal === undefined || !isOpen(proposal, newest) || digestOf(proposal) !== command.proposal)
    throw new Refusal('legal-basis-not-proposed');
  const { by, version } = proposal;
  const terms = statedLegalBasis.parse(proposal);
  const confirming = await activeMember(publicState, caller.mspId);
  const gains = await activeMember(publicState, terms.requester);
  if (confirming === undefined || gains === undefined || [by, gains.mspId].includes(caller.mspId))
    throw new Refusal('legal-basis-party-refused');
  publicState.putLegalBasis({
    v: 1,
    basis,
    version,
    ...terms,
    organization: organizationReference(gains.name),
    status: 'active',
    by: [by, caller.mspId],
    at: instantOf(at),
  });
}

/**
 * Takes a proposal back. Where nothing is proposed, nothing changes.
 * @throws Refusal `legal-basis-unknown`
 */
export async function dropLegalBasis(
  { at, caller, publicState }: Call,
  { basis }: CommandOf<'drop-legal-basis'>,
): Promise<void> {
  const newest = await publicState.legalBasis(basis);
  const proposal = await publicState.legalBasisProposal(basis);
  if (proposal === undefined) throw new Refusal('legal-basis-unknown');
  if (!isOpen(proposal, newest)) return;
  publicState.putLegalBasisProposal({
    ...proposal,
    status: 'dropped',
    by: caller.mspId,
    at: instantOf(at),
  });
}

/**
 * Ends a legal basis at once, and with it what was proposed to follow it. What is ended already stays as it is.
 * @throws Refusal `legal-basis-unknown`, `legal-basis-party-refused`
 */
export async function endLegalBasis(
  { at, caller, publicState }: Call,
  { basis }: CommandOf<'end-legal-basis'>,
): Promise<void> {
  const newest = await publicState.legalBasis(basis);
  if (newest === undefined) throw new Refusal('legal-basis-unknown');
  const member = await activeMember(publicState, caller.mspId);
  const mayEnd = member !== undefined && (isOversightKind(member.kind) || newest.by.includes(member.mspId));
  if (!mayEnd) throw new Refusal('legal-basis-party-refused');
  if (newest.status === 'ended') return;
  publicState.putLegalBasis({
    ...newest,
    version: newest.version + 1,
    status: 'ended',
    by: [caller.mspId],
    at: instantOf(at),
  });
}

function isOpen({ status, version }: LegalBasisProposal, newest: LegalBasisVersion | undefined): boolean {
  return status === 'open' && version === (newest?.version ?? 0) + 1;
}
