import type { Signature, Statement } from '@consent-ledger/chaincode/wire';
import type { StatementInput, StatementMade } from '@consent-ledger/chaincode/wire/http';
import type { Signer } from '../../support/signers.js';
import type { Answer, TestMember } from './consortium.js';
import { FORM } from './people.js';

export const WITNESSED = { kind: 'witnessed', form: FORM } as const;

/** What a member's gateway says is to be signed; fails where it refuses. */
export async function statementFor(
  member: TestMember,
  input: StatementInput | object,
  custodian?: TestMember,
): Promise<StatementMade> {
  const answer = await askForStatement(member, input, custodian);
  if (answer.status !== 200) throw new Error(answer.bytes.toString());
  return answer.json as StatementMade;
}

export async function askForStatement(
  member: TestMember,
  input: StatementInput | object,
  custodian?: TestMember,
): Promise<Answer> {
  const token = await member.token('portal', ['consent-portal', 'auditor']);
  const query = custodian === undefined ? '' : `?custodian=${custodian.reference}`;
  return member.call('POST', `/v1/statements${query}`, { token, body: input });
}

export function signatureOn({ statement, nonce, date }: StatementMade, signer: Signer): Signature {
  return { nonce, date, proof: signer.prove(statement as unknown as Statement) };
}

export function signedOn(made: StatementMade, signer: Signer): Signature & { readonly kind: 'signed' } {
  return { kind: 'signed', ...signatureOn(made, signer) };
}

/** The key as it goes over HTTP: its relying party is the gateway's to say. */
export function givenOf({ given }: Signer): object {
  if (given.kind === 'jwk') return given;
  const { kind, credential, cose } = given;
  return { kind, credential, cose };
}

/** Registers a key before a witness. */
export async function registerKey(member: TestMember, subject: string, signer: Signer): Promise<Answer> {
  const made = await statementFor(member, { statement: 'key', subject, key: givenOf(signer) });
  const token = await member.token('clerk', ['consent-clerk']);
  return member.call('POST', `/v1/subjects/${subject}/keys`, {
    token,
    body: { key: givenOf(signer), evidence: WITNESSED, possession: signatureOn(made, signer) },
  });
}

/** As an application of the subject's would: it may pass on what is signed, and attest nothing. */
export async function callAsPortal(member: TestMember, path: string, body: object): Promise<Answer> {
  const token = await member.token('portal', ['consent-portal']);
  return member.call('POST', path, { token, body });
}

export async function callAsClerk(member: TestMember, path: string, body: object): Promise<Answer> {
  const token = await member.token('clerk', ['consent-clerk']);
  return member.call('POST', path, { token, body });
}
