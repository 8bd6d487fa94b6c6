import { compileConsent } from '@consent-ledger/chaincode/domain';
import {
  consent,
  delegation,
  delegationEnd,
  erasure,
  keyEnd,
  millisecondsOf,
  subject,
  subjectBasis,
  subjectKey,
  withdrawn,
  type FiledEvidence,
} from '@consent-ledger/chaincode/wire';
import type { Changes } from '../changes.js';
import { parseValue, type ValueAt } from './value-at.js';

export function foldSubject(value: ValueAt, changes: Changes): boolean {
  const found = parseValue(subject, value);
  if (found === undefined) return false;
  addAct(value, changes, {
    subject: found.subject,
    act: 'registered',
    reference: found.subject,
    at: found.registeredAt,
  });
  return true;
}

/** Who is erased, and when. Of a record's tombstone there is nothing to tell but that the record is gone. */
export function foldErasure(value: ValueAt, changes: Changes): boolean {
  const found = parseValue(erasure, value);
  if (found === undefined) return false;
  if (found.of !== 'subject') return true;
  const { subject: erased, reference, at } = found;
  addAct(value, changes, { subject: erased, act: 'erased', reference, at });
  return true;
}

/** Compiled again, by the same compiler that endorsers compile with: what it means is what was decided by. */
export function foldConsent(value: ValueAt, changes: Changes): boolean {
  const found = parseValue(consent, value);
  if (found === undefined) return false;
  const compiled = compileConsent(found.resource, { purposeSystems: systemsIn(found.resource) });
  const policy = compiled.ok ? compiled.policy : undefined;
  changes.add('consent', {
    position: value.position,
    key_hash: value.keyHash,
    custodian: value.custodian,
    consent: found.consent,
    version: found.version,
    subject: found.subject,
    evidence: found.evidence.kind,
    filed_at: millisecondsOf(found.filedAt),
    filed_by: found.filedBy,
    digest: found.digest,
    period_until: policy?.period?.until ?? null,
    resource: JSON.stringify(found.resource),
    policy: policy === undefined ? null : JSON.stringify(policy),
  });
  return true;
}

/** Which systems of purposes the custodian has registered was asked by those who endorsed it. */
function systemsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) =>
    name === 'system' && typeof part === 'string' ? [part] : systemsIn(part),
  );
}

export function foldWithdrawn(value: ValueAt, changes: Changes): boolean {
  const found = parseValue(withdrawn, value);
  if (found === undefined) return false;
  changes.add('withdrawal', {
    position: value.position,
    key_hash: value.keyHash,
    custodian: value.custodian,
    consent: found.consent,
    subject: found.subject,
    evidence: found.evidence.kind,
    at: millisecondsOf(found.at),
    taken_by: found.by,
    reason: found.reason ?? null,
  });
  return true;
}

export function foldKey(value: ValueAt, changes: Changes): boolean {
  const found = parseValue(subjectKey, value);
  if (found === undefined) return false;
  addAct(value, changes, {
    subject: found.subject,
    act: 'key-registered',
    reference: found.key,
    at: found.registeredAt,
    by: found.registeredBy,
    evidence: found.evidence,
    more: {
      kind: found.passkey === undefined ? 'key' : 'passkey',
      ...(found.replaces !== undefined && { replaces: found.replaces }),
    },
  });
  return true;
}

export function foldKeyEnd(value: ValueAt, changes: Changes): boolean {
  const found = parseValue(keyEnd, value);
  if (found === undefined) return false;
  addAct(value, changes, {
    subject: found.subject,
    act: 'key-ended',
    reference: found.key,
    at: found.endedAt,
    by: found.endedBy,
    evidence: found.evidence,
    more: { reason: found.reason },
  });
  return true;
}

export function foldDelegation(value: ValueAt, changes: Changes): boolean {
  const found = parseValue(delegation, value);
  if (found === undefined) return false;
  const { delegate, relationship, scope, period } = found;
  addAct(value, changes, {
    subject: found.subject,
    act: 'delegation-registered',
    reference: found.delegation,
    at: found.registeredAt,
    by: found.registeredBy,
    evidence: found.evidence,
    more: { delegate, relationship, scope, period },
  });
  return true;
}

export function foldDelegationEnd(value: ValueAt, changes: Changes): boolean {
  const found = parseValue(delegationEnd, value);
  if (found === undefined) return false;
  addAct(value, changes, {
    subject: found.subject,
    act: 'delegation-ended',
    reference: found.delegation,
    at: found.endedAt,
    by: found.endedBy,
    evidence: found.evidence,
  });
  return true;
}

/** An order, a subpoena or a report about a subject, from when it holds, and when it has ended. */
export function foldBasis(value: ValueAt, changes: Changes): boolean {
  const found = parseValue(subjectBasis, value);
  if (found === undefined) return false;
  const { basis, version, status, by, organization, purposes, labels, cites, period, document } = found;
  addAct(value, changes, {
    subject: found.subject,
    act: status === 'active' ? 'legal-basis-registered' : 'legal-basis-ended',
    reference: basis,
    at: found.at,
    by: by.at(-1) ?? '',
    more: { version, parties: by, requester: organization, purposes, labels, cites, period, document },
  });
  return true;
}

export interface Act {
  readonly subject: string;
  readonly act: string;
  readonly reference: string;
  readonly at: string;
  readonly by?: string;
  readonly evidence?: FiledEvidence;
  readonly more?: object;
}

export function addAct(
  value: ValueAt,
  changes: Changes,
  { subject, act, reference, at, by, evidence, more }: Act,
): void {
  changes.add('subject_act', {
    position: value.position,
    key_hash: value.keyHash,
    custodian: value.custodian,
    subject,
    act,
    reference,
    at: millisecondsOf(at),
    done_by: by ?? null,
    evidence: evidence?.kind ?? null,
    more: JSON.stringify(more ?? {}),
  });
}
