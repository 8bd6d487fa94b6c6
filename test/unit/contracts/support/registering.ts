import {
  type CustodyCommand,
  agreementProposalKey,
  digestOf,
  legalBasisProposalKey,
  subjectBasisProposalDigest,
  subjectBasisProposals,
  type RegistryCommand,
} from '@consent-ledger/chaincode/wire';
import type { Simulation } from './fake-ledger.js';
import { SUBJECT, sha } from './fixtures.js';
import { LAKESIDE, RIVERSIDE, SENTINEL, must, succeeded, type World } from './world.js';

type Given<Name> = Omit<Extract<RegistryCommand, { command: Name }>, 'v'>;
export type AgreementGiven = Given<'propose-agreement'>;
export type LegalBasisGiven = Given<'propose-legal-basis'>;

export const BASIS = 'lb-reporting';

/** Riverside's or Lakeside's proposal to the other one. */
export function agreementOf(changes: Partial<AgreementGiven> = {}): AgreementGiven {
  return { command: 'propose-agreement', with: LAKESIDE, version: 1, purposes: ['TREAT'], ...changes };
}

/** Lakeside may report to public health. */
export function legalBasisOf(changes: Partial<LegalBasisGiven> = {}): LegalBasisGiven {
  return {
    command: 'propose-legal-basis',
    basis: BASIS,
    version: 1,
    requester: LAKESIDE,
    purposes: ['PUBHLTH'],
    cites: ['45 CFR 164.512(b)(1)(i)'],
    jurisdiction: 'US',
    ...changes,
  };
}

export const PRIVATE_BASIS = 'private.order-17';

type PrivateGiven = Omit<Extract<CustodyCommand, { command: 'propose-subject-basis' }>, 'v' | 'salt'>;

/** A court orders that Lakeside may have what Riverside has of the subject, for a year. */
export function subjectBasisOf(changes: Partial<PrivateGiven> = {}): PrivateGiven {
  return {
    command: 'propose-subject-basis',
    subject: SUBJECT,
    basis: PRIVATE_BASIS,
    version: 1,
    requester: LAKESIDE,
    purposes: ['TREAT'],
    cites: ['45 CFR 164.512(e)(1)(i)'],
    jurisdiction: 'US-NY',
    period: { start: '2026', end: '2027' },
    document: sha('the order'),
    ...changes,
  };
}

/** What names the proposal about the subject as it stands, when it is confirmed. */
export function proposedAbout(world: World, basis = PRIVATE_BASIS, subject = SUBJECT): string {
  const { proposals } = subjectBasisProposals.parse(world.value('basisproposals', subject));
  return subjectBasisProposalDigest(subject, must(proposals.find((one) => one.basis === basis)));
}

/** Riverside proposes and Sentinel confirms. */
export async function registerAbout(world: World, changes: Partial<PrivateGiven> = {}): Promise<void> {
  const { basis, subject } = subjectBasisOf(changes);
  await world.custody(subjectBasisOf(changes));
  const proposal = proposedAbout(world, basis, subject);
  succeeded(
    await world.tryCustody(
      { command: 'confirm-subject-basis', subject, basis, proposal },
      { mspId: SENTINEL },
    ),
  );
}

/** What names the proposal as it stands, when it is accepted. */
export function proposedBetween(world: World, one = RIVERSIDE, other = LAKESIDE): string {
  return digestOf(must(world.ledger.values().get(`/${agreementProposalKey(one, other)}`)));
}

/** What names the proposal as it stands, when it is confirmed. */
export function proposedBasis(world: World, basis = BASIS): string {
  return digestOf(must(world.ledger.values().get(`/${legalBasisProposalKey(basis)}`)));
}

/** Riverside proposes and Lakeside accepts. */
export async function agree(world: World, changes: Partial<AgreementGiven> = {}): Promise<void> {
  await world.register(agreementOf(changes), { mspId: RIVERSIDE });
  const proposal = proposedBetween(world);
  await world.register({ command: 'accept-agreement', with: RIVERSIDE, proposal }, { mspId: LAKESIDE });
}

/** Sentinel proposes and Riverside confirms. */
export async function registerBasis(world: World, changes: Partial<LegalBasisGiven> = {}): Promise<void> {
  await world.register(legalBasisOf(changes), { mspId: SENTINEL });
  await confirm(world, changes.basis);
}

export async function confirm(world: World, basis = BASIS): Promise<Simulation> {
  const command = { command: 'confirm-legal-basis', basis, proposal: proposedBasis(world, basis) } as const;
  return world.register(command, { mspId: RIVERSIDE });
}
