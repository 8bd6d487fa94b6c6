import { createHash, randomUUID } from 'node:crypto';
import {
  subjectBasisList,
  type SubjectBasisDocument,
  type SubjectBasisInput,
} from '@consent-ledger/chaincode/wire/http';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.js';
import { signing } from './agreements.js';
import type { Answer, TestMember } from './consortium.js';

export const ORDER = createHash('sha256').update('the order').digest('base64url');

/** Where a legal basis about one patient of Riverside's is addressed, at a gateway of those who read of the patient. */
export interface BasisPlace {
  readonly custodian: TestMember;
  readonly subject: string;
  readonly id: string;
}

export function newPrivateBasis(): string {
  return `private.${randomUUID().slice(0, 8)}`;
}

export function subjectBasisBody(
  requester: TestMember,
  changes: Partial<SubjectBasisInput> = {},
): SubjectBasisInput {
  return {
    requester: requester.reference,
    purposes: ['HRESCH'],
    cites: ['45 CFR 164.512(e)(1)(i)'],
    jurisdiction: 'US-NY',
    period: { start: '2026', end: '2100' },
    document: ORDER,
    ...changes,
  };
}

/** Calls as who speaks for the member; names the custodian wherever that is another. */
export async function atBasis(
  at: TestMember,
  { custodian, subject, id }: BasisPlace,
  step: 'proposal' | 'confirmation' | 'refusal' | 'end',
  body?: object,
): Promise<Answer> {
  const query = at === custodian ? '' : `?custodian=${custodian.reference}`;
  const path = `/v1/subjects/${subject}/legal-bases/${id}/${step}${query}`;
  return signing(at, step === 'proposal' ? 'PUT' : 'POST', path, body);
}

export async function basesAbout(
  at: TestMember,
  { custodian, subject }: Pick<BasisPlace, 'custodian' | 'subject'>,
): Promise<SubjectBasisDocument[]> {
  const query = at === custodian ? '' : `?custodian=${custodian.reference}`;
  const answer = await signing(at, 'GET', `/v1/subjects/${subject}/legal-bases${query}`);
  expect(answer.status, answer.bytes.toString()).to.equal(200);
  return subjectBasisList.parse(answer.json).legalBases;
}

/** The custodian proposes; gives what names the proposal once oversight's gateway knows it. */
export async function proposeAbout(
  place: BasisPlace,
  oversight: TestMember,
  body: SubjectBasisInput,
): Promise<string> {
  const answer = await atBasis(place.custodian, place, 'proposal', body);
  expect(answer.status, answer.bytes.toString()).to.equal(200);
  const { proposed } = answer.json as { proposed?: { proposal: string } };
  await eventually(async () => {
    const found = (await basesAbout(oversight, place)).find(({ legalBasis }) => legalBasis === place.id);
    expect(found?.proposed?.proposal).to.equal(proposed?.proposal);
  });
  return proposed?.proposal ?? '';
}

/** The custodian proposes, oversight confirms, and the custodian's gateway knows it. */
export async function registerAbout(
  place: BasisPlace,
  oversight: TestMember,
  body: SubjectBasisInput,
): Promise<void> {
  const proposal = await proposeAbout(place, oversight, body);
  const answer = await atBasis(oversight, place, 'confirmation', { proposal });
  expect(answer.status, answer.bytes.toString()).to.equal(200);
  await eventually(async () => {
    const found = (await basesAbout(place.custodian, place)).find(
      ({ legalBasis }) => legalBasis === place.id,
    );
    expect(found?.registered?.status).to.equal('active');
  });
}
