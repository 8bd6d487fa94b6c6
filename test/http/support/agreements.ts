import { randomUUID } from 'node:crypto';
import {
  agreementList,
  legalBasisList,
  type AgreementDocument,
  type AgreementInput,
  type LegalBasisDocument,
  type LegalBasisInput,
} from '@consent-ledger/chaincode/wire/http';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.js';
import type { Answer, TestMember } from './consortium.js';

/** Calls as who speaks for the member: its privacy officer, at oversight its auditor. */
export async function signing(
  member: TestMember,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: object,
): Promise<Answer> {
  const token = await member.token('officer', [member.name === 'sentinel' ? 'auditor' : 'privacy-officer']);
  return member.call(method, path, { token, ...(body === undefined ? {} : { body }) });
}

async function done(answering: Promise<Answer>): Promise<Answer> {
  const answer = await answering;
  expect(answer.status, answer.bytes.toString()).to.equal(200);
  return answer;
}

export function agreementBody(changes: Partial<AgreementInput> = {}): AgreementInput {
  return { purposes: ['COC'], ...changes };
}

export async function agreementBetween(
  at: TestMember,
  one: TestMember,
  other: TestMember,
): Promise<AgreementDocument | undefined> {
  const { json } = await done(signing(at, 'GET', '/v1/agreements'));
  const { agreements } = agreementList.parse(json);
  return agreements.find(({ members }) => [one, other].every(({ reference }) => members.includes(reference)));
}

/** One proposes; gives what names the proposal once the other one's gateway knows it. */
export async function proposeTo(
  from: TestMember,
  to: TestMember,
  body: AgreementInput = agreementBody(),
): Promise<string> {
  const { json } = await done(signing(from, 'PUT', `/v1/agreements/${to.name}/proposal`, body));
  const { proposed } = json as { proposed?: { proposal: string } };
  await eventually(async () => {
    const known = await agreementBetween(to, from, to);
    expect(known?.proposed?.proposal).to.equal(proposed?.proposal);
  });
  return proposed?.proposal ?? '';
}

export async function agreeOn(
  from: TestMember,
  to: TestMember,
  body: AgreementInput = agreementBody(),
): Promise<void> {
  const proposal = await proposeTo(from, to, body);
  await done(signing(to, 'POST', `/v1/agreements/${from.name}/acceptance`, { proposal }));
}

export function newBasis(): string {
  return `lb-${randomUUID().slice(0, 8)}`;
}

export function legalBasisBody(
  requester: TestMember,
  changes: Partial<LegalBasisInput> = {},
): LegalBasisInput {
  return {
    requester: requester.reference,
    purposes: ['PUBHLTH'],
    cites: ['45 CFR 164.512(b)(1)(i)'],
    jurisdiction: 'US',
    ...changes,
  };
}

export async function legalBasisAt(at: TestMember, id: string): Promise<LegalBasisDocument | undefined> {
  const { json } = await done(signing(at, 'GET', '/v1/legal-bases'));
  return legalBasisList.parse(json).legalBases.find(({ legalBasis }) => legalBasis === id);
}

/** Oversight proposes; gives what names the proposal once the gateway knows it that shall confirm. */
export async function proposeBasis(
  oversight: TestMember,
  confirming: TestMember,
  body: LegalBasisInput,
  id = newBasis(),
): Promise<{ id: string; proposal: string }> {
  await done(signing(oversight, 'PUT', `/v1/legal-bases/${id}/proposal`, body));
  const proposal = await eventually(async () => {
    const proposed = (await legalBasisAt(confirming, id))?.proposed?.proposal;
    if (proposed === undefined) throw new Error('the proposal has not come');
    return proposed;
  });
  return { id, proposal };
}

export async function registerBasis(
  oversight: TestMember,
  confirming: TestMember,
  body: LegalBasisInput,
): Promise<string> {
  const { id, proposal } = await proposeBasis(oversight, confirming, body);
  await done(signing(confirming, 'POST', `/v1/legal-bases/${id}/confirmation`, { proposal }));
  return id;
}
