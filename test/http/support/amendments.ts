import { expect } from 'chai';
import type { Answer, TestMember } from './consortium.js';

export const DENIAL = {
  outcome: 'denied',
  ground: 'accurate-and-complete',
  text: 'It is as it was measured',
} as const;

/** Id of a new request to amend a record. */
export async function askForAmendment(member: TestMember, body: object): Promise<string> {
  const token = await member.token('clerk', ['consent-clerk']);
  const answer = await member.call('POST', '/v1/amendments', { token, body });
  expect(answer.status, answer.bytes.toString()).to.equal(201);
  return String(answer.json['amendment']);
}

/** A step that the privacy officer takes, and that must be taken. */
export async function amendmentStep(
  member: TestMember,
  id: string,
  step: string,
  body: object,
): Promise<Answer> {
  const token = await member.token('officer', ['privacy-officer']);
  const answer = await member.call('POST', `/v1/amendments/${id}/${step}`, { token, body });
  expect(answer.status, answer.bytes.toString()).to.equal(200);
  return answer;
}
