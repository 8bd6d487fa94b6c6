import { custody, descriptor, member, millisecondsOf, type Member } from '@consent-ledger/chaincode/wire';
import type { Changes } from '../changes.js';
import { parseValue, type ValueAt } from './value-at.js';

export function foldCustody(value: ValueAt, changes: Changes): boolean {
  const found = parseValue(custody, value);
  if (found === undefined) return false;
  changes.add('custody', {
    position: value.position,
    key_hash: value.keyHash,
    custodian: found.custodian,
    organization: found.organization,
    review_hours: found.policy.reviewHours,
  });
  return true;
}

export function foldDescriptor(value: ValueAt, changes: Changes): boolean {
  const found = parseValue(descriptor, value);
  if (found === undefined) return false;
  changes.add('descriptor', {
    position: value.position,
    key_hash: value.keyHash,
    custodian: value.custodian,
    record: found.record,
    version: found.version,
    subjects: JSON.stringify(found.subjects),
    status: found.status,
    media_type: found.mediaType,
    facts: JSON.stringify(found.facts),
    at: millisecondsOf(found.registeredAt),
    reason: found.reason ?? null,
  });
  return true;
}

/** A member as the ledger has it, under a public key. */
export function foldMember(position: number, value: Uint8Array, changes: Changes): boolean {
  const found = readMember(value);
  if (found === undefined) return false;
  const { mspId, name, kind, displayName, gateway, status } = found;
  changes.add('member', { position, msp_id: mspId, name, kind, display_name: displayName, gateway, status });
  return true;
}

function readMember(value: Uint8Array): Member | undefined {
  try {
    return member.safeParse(JSON.parse(Buffer.from(value).toString('utf8'))).data;
  } catch {
    return undefined; // Not JSON.
  }
}
