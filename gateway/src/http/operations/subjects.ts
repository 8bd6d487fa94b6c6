import type { RelyingParty } from '@consent-ledger/chaincode/wire';
import type { StatementInput } from '@consent-ledger/chaincode/wire/http';
import type { Notices } from '../../ports/notices.js';
import type { CustodyView } from '../../usecases/custody-view.js';
import {
  endDelegation,
  listDelegations,
  newDelegationId,
  registerDelegation,
} from '../../usecases/delegations.js';
import { filedEvidence } from '../../usecases/evidence.js';
import type { Members } from '../../usecases/members.js';
import { makeStatement } from '../../usecases/statements.js';
import { listKeys, namedKey, registerKey, revokeKey } from '../../usecases/subject-keys.js';
import type { Transactions } from '../../usecases/transactions.js';
import { withoutServerMeta } from '../fhir/consent-resource.js';
import type { HandlersOf } from '../handlers.js';
import { witnessFor } from '../witness.js';

export interface SubjectOptions {
  readonly own: CustodyView;
  readonly transactions: Transactions;
  readonly pseudonymKey: Uint8Array;
  /** Relying parties that passkeys may be registered for. */
  readonly passkeys: readonly RelyingParty[];
}

type SubjectOperation = 'registerKey' | 'replaceKey' | 'revokeKey' | 'registerDelegation' | 'endDelegation';

/** Keys and delegations, at a custodian. */
export function subjectHandlers({
  own,
  transactions,
  pseudonymKey,
  passkeys,
}: SubjectOptions): HandlersOf<SubjectOperation> {
  return {
    registerKey: async ({ params: { id: subject }, body, user }) => {
      const evidence = filedEvidence(body.evidence, witnessFor(user, pseudonymKey));
      const { possession } = body;
      const terms = { subject, evidence, possession };
      const done = await registerKey(namedKey(body.key, passkeys), terms, own, transactions);
      return { headers: locationOf(subject), body: { subject, ...done } };
    },
    replaceKey: async ({ params: { id: subject, key: replaces }, body, user }) => {
      const evidence = filedEvidence(body.evidence, witnessFor(user, pseudonymKey));
      const { possession } = body;
      const terms = { subject, replaces, evidence, possession };
      const done = await registerKey(namedKey(body.key, passkeys), terms, own, transactions);
      return { headers: locationOf(subject), body: { subject, ...done } };
    },
    revokeKey: async ({ params: { id: subject, key }, body, user }) => {
      const evidence = filedEvidence(body.evidence, witnessFor(user, pseudonymKey));
      const committed = await revokeKey({ subject, key, evidence }, own, transactions);
      return { body: { subject, key, ...committed } };
    },
    registerDelegation: async ({ params: { id: subject }, body, user }) => {
      const { delegation = newDelegationId(), delegate, relationship, scope, period } = body;
      const evidence = filedEvidence(body.evidence, witnessFor(user, pseudonymKey));
      const terms = { delegation, subject, delegate, relationship, scope, period, evidence };
      const committed = await registerDelegation(terms, own, transactions);
      const Location = `/v1/subjects/${subject}/delegations`;
      return { headers: { Location }, body: { subject, delegation, ...committed } };
    },
    endDelegation: async ({ params: { id: subject, delegation }, body, user }) => {
      const evidence = filedEvidence(body.evidence, witnessFor(user, pseudonymKey));
      const committed = await endDelegation({ delegation, subject, evidence }, own, transactions);
      return { body: { subject, delegation, ...committed } };
    },
  };
}

function locationOf(subject: string): { Location: string } {
  return { Location: `/v1/subjects/${subject}/keys` };
}

export interface StatementOptions {
  readonly members: Members;
  readonly notices: Notices;
  readonly ledgerId: string;
  readonly now: () => number;
  readonly passkeys: readonly RelyingParty[];
  /** The custody that a call is about: the own one, or at oversight the one that it names. */
  readonly custodyFor: (custodian: string | undefined) => CustodyView;
}

/** What custodians and oversight tell of keys and delegations, and what somebody must sign. */
export function statementHandlers(
  options: StatementOptions,
): HandlersOf<'makeStatement' | 'listKeys' | 'listDelegations'> {
  const { custodyFor, members, notices } = options;
  return {
    makeStatement: ({ query, body }) => {
      const custody = custodyFor(query.custodian);
      // What is signed is what would be filed.
      const input =
        body.statement === 'consent' ? { ...body, resource: withoutServerMeta(body.resource) } : body;
      return Promise.resolve({ body: makeStatement(input as StatementInput, custody, options) });
    },
    listKeys: ({ params: { id: subject }, query }) => {
      const keys = listKeys(subject, custodyFor(query.custodian), notices, members);
      return Promise.resolve({ body: { subject, keys } });
    },
    listDelegations: ({ params: { id: subject }, query }) => {
      const delegations = listDelegations(subject, custodyFor(query.custodian), notices, members);
      return Promise.resolve({ body: { subject, delegations } });
    },
  };
}
