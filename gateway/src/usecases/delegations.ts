import { randomBytes } from 'node:crypto';
import type { CommandOf } from '@consent-ledger/chaincode/wire';
import type { DelegationList } from '@consent-ledger/chaincode/wire/http';
import type { Notices } from '../ports/notices.js';
import type { CustodyView } from './custody-view.js';
import type { Members } from './members.js';
import { freshBytes } from './idempotent-run.js';
import { Refusal } from './refusal.js';
import type { Committed, Transactions } from './transactions.js';

type Terms = Omit<CommandOf<'register-delegation'>, 'v' | 'salt' | 'command'>;

/** Id of a new delegation: 128 random bits. */
export function newDelegationId(): string {
  return freshBytes('delegation', 16).toString('hex');
}

/** Registers who may act for a subject. Throws a Refusal: the chaincode's own. */
export function registerDelegation(
  terms: Terms,
  custody: CustodyView,
  transactions: Transactions,
): Promise<Committed> {
  const command = { v: 1, command: 'register-delegation', salt: freshSalt(), ...terms } as const;
  return transactions.run(command, { contract: 'custody', custodian: custody.custodian });
}

/** Ends a delegation; what stands is the first end. Throws a Refusal: the chaincode's own. */
export async function endDelegation(
  terms: Pick<CommandOf<'end-delegation'>, 'delegation' | 'subject' | 'evidence'>,
  custody: CustodyView,
  transactions: Transactions,
): Promise<Committed> {
  const ended = custody.get('delegationend', terms.delegation);
  if (ended?.value.subject === terms.subject) {
    return { transaction: ended.transaction, block: ended.block };
  }
  const command = { v: 1, command: 'end-delegation', salt: freshSalt(), ...terms } as const;
  return await transactions.run(command, { contract: 'custody', custodian: custody.custodian });
}

/** All delegations of a subject, those that ended too, oldest first. Throws a Refusal `subject-unknown`. */
export function listDelegations(
  subject: string,
  custody: CustodyView,
  notices: Notices,
  members: Members,
): DelegationList['delegations'] {
  if (custody.get('subject', subject) === undefined) throw new Refusal('subject-unknown');
  const registered = notices
    .about(custody.custodian, subject)
    .filter(({ kind }) => kind === 'delegation-registered');
  return registered.flatMap(({ about }) => {
    const held = custody.get('delegation', about);
    if (held === undefined) return [];
    const { delegation, delegate, relationship, scope, period, evidence, registeredAt, registeredBy } =
      held.value;
    const end = custody.get('delegationend', about)?.value;
    return [
      {
        delegation,
        delegate,
        relationship,
        scope,
        period,
        evidence: evidence.kind,
        registeredAt,
        registeredBy: members.referenceOf(registeredBy),
        ...(end === undefined ? {} : { ended: { at: end.endedAt, evidence: end.evidence.kind } }),
        transaction: held.transaction,
        block: held.block,
      },
    ];
  });
}

function freshSalt(): string {
  return randomBytes(32).toString('base64url');
}
