import { canonicalBytes, MATCH_ASKED_TYP } from '@consent-ledger/chaincode/wire';
import type { Demographics } from '@consent-ledger/chaincode/wire/http';
import { sealMessage } from '@consent-ledger/gateway/internal/release/sealed-message';
import { matchPerson } from '@consent-ledger/gateway/internal/usecases/matching/answer-match';
import { randomInt } from 'node:crypto';
import type { TestMember } from './consortium.js';
import { claimsOf, encryptionKeyOf, signedBy } from './requests.js';

/** Somebody who is nobody else: whose family name no other test uses. */
export function patientOf(change: Partial<Demographics> = {}): Demographics {
  const letters = Array.from({ length: 10 }, () => String.fromCharCode(97 + randomInt(26))).join('');
  return {
    resourceType: 'Patient',
    name: [{ family: `Quist${letters}`, given: ['Amalia'] }],
    gender: 'female',
    birthDate: '1971-03-04',
    address: [{ postalCode: '8001' }],
    ...change,
  };
}

/** What an EHR sends: more than is compared. */
export function matchParameters(
  custodian: string,
  patient: object,
  {
    purpose = ['TREAT'],
    onlyCertainMatches = true,
  }: { purpose?: string[]; onlyCertainMatches?: boolean } = {},
): object {
  return {
    resourceType: 'Parameters',
    parameter: [
      {
        name: 'resource',
        resource: { ...patient, active: true, id: 'local-7', maritalStatus: { text: 'M' } },
      },
      { name: 'onlyCertainMatches', valueBoolean: onlyCertainMatches },
      { name: 'custodian', valueReference: { reference: custodian } },
      ...purpose.map((code) => ({ name: 'purpose', valueCode: code })),
    ],
  };
}

/** What one gateway sends another, made by hand. */
export async function matchRequest(
  by: TestMember,
  to: TestMember,
  patient: object,
  claims: object = {},
): Promise<{ readonly request: string; readonly demographics: string }> {
  const asked = canonicalBytes({ patient, onlyCertainMatches: true });
  const demographics = await sealMessage(asked, MATCH_ASKED_TYP, encryptionKeyOf(to));
  const search = { person: matchPerson(demographics), limit: 1 };
  return { request: await signedBy(by, { ...claimsOf(by, to, []), search, ...claims }), demographics };
}
